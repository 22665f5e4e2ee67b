//! SIGINT and SIGTERM: the first one asks, the second SIGINT insists.

use msr::Failure;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard};

/// The signal that asked to stop, or 0. Read at each step boundary and while waiting.
static ASKED: AtomicI32 = AtomicI32::new(0);

type Cancel = Box<dyn Fn() + Send>;

/// What stops the statement that is running, of each session that the run has opened: one that is idle or gone has none.
static SESSIONS: Mutex<Vec<Cancel>> = Mutex::new(Vec::new());

/// The session's statements are cancelled, too, when a signal asks to stop.
pub fn also(cancel: Option<Cancel>) {
    sessions().extend(cancel);
}

fn sessions() -> MutexGuard<'static, Vec<Cancel>> {
    SESSIONS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Only commands that change a database call this: all others may be killed at any time.
pub fn watch() {
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let before = ASKED.swap(signal, Ordering::SeqCst);
            if before == SIGINT && signal == SIGINT {
                std::process::exit(i32::from(Failure::Interrupted.exit_code()));
            }
            super::output::stopping();
            // The newest first: the server of an older one may be gone, and keeps who asks it waiting.
            sessions().iter().rev().for_each(|cancel| cancel());
        }
    });
}

/// Why to stop, if a signal asked for it.
pub fn asked() -> Option<Failure> {
    match ASKED.load(Ordering::SeqCst) {
        SIGINT => Some(Failure::Interrupted),
        SIGTERM => Some(Failure::Terminated),
        _ => None,
    }
}
