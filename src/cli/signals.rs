//! SIGINT and SIGTERM: the first one asks, the second SIGINT insists.

use msr::Failure;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard};

/// The signal that asked to stop, or 0. Read at each step boundary and while waiting.
static ASKED: AtomicI32 = AtomicI32::new(0);

static WATCHED: AtomicBool = AtomicBool::new(false);

/// Whether signals ask, and end nothing by themselves.
pub fn watched() -> bool {
    WATCHED.load(Ordering::SeqCst)
}

type Cancel = Box<dyn Fn() + Send>;

/// What stops what is running when a signal asks for it: the statement of each session that the run has opened (one that is idle
/// or gone has none), and a hook.
static CANCELS: Mutex<Vec<Cancel>> = Mutex::new(Vec::new());

/// The session's statements are cancelled from now on.
pub fn also(cancel: Option<Cancel>) {
    cancels().extend(cancel);
}

/// As long as the work takes, and only by a signal that comes meanwhile. Nothing else is registered by it.
pub fn during<T>(cancel: Option<Cancel>, work: impl FnOnce() -> T) -> T {
    let before = cancels().len();
    also(cancel);
    let done = work();
    cancels().truncate(before);
    done
}

fn cancels() -> MutexGuard<'static, Vec<Cancel>> {
    CANCELS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Only commands that change a database call this: all others may be killed at any time.
pub fn watch() {
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    WATCHED.store(true, Ordering::SeqCst);
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let before = ASKED.swap(signal, Ordering::SeqCst);
            if before == SIGINT && signal == SIGINT {
                std::process::exit(i32::from(Failure::Interrupted.exit_code()));
            }
            super::output::stopping();
            // The newest first: the server of an older one may be gone, and keeps who asks it waiting.
            cancels().iter().rev().for_each(|cancel| cancel());
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
