//! SIGINT and SIGTERM: the first one asks, the second SIGINT insists.

use msr::Failure;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::atomic::{AtomicI32, Ordering};

/// The signal that asked to stop, or 0. Read at each step boundary and while waiting.
static ASKED: AtomicI32 = AtomicI32::new(0);

/// Only commands that change a database call this: all others may be killed at any time. `cancel` stops the statement
/// that is running.
pub fn watch(cancel: Option<Box<dyn Fn() + Send>>) {
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let before = ASKED.swap(signal, Ordering::SeqCst);
            if before == SIGINT && signal == SIGINT {
                std::process::exit(i32::from(Failure::Interrupted.exit_code()));
            }
            super::output::stopping();
            cancel.iter().for_each(|cancel| cancel());
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
