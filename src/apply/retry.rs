//! What did not get its locks is tried again, until there is no more patience.

use super::batch::Attempt;
use super::target::Target;
use super::{Event, lock};
use std::time::{Duration, Instant};

/// Attempts until one comes about, or fails for another reason.
pub fn run(target: &mut Target, mut attempt: impl FnMut(&mut Target) -> Attempt<()>) -> Attempt<()> {
    let (start, mut pause) = (Instant::now(), Duration::from_millis(100));
    for number in 1.. {
        let Err(trouble) = attempt(target) else { break };
        let spent = number >= target.options.attempts || start.elapsed() >= target.options.lock_wait;
        if !trouble.passes() || spent || target.stopped().is_some() {
            return Err(trouble);
        }
        let wait = lock::jitter(pause);
        target.tell(Event::Retry { attempt: number, why: trouble.why(), wait });
        std::thread::sleep(wait);
        pause = (pause * 3 / 2).min(Duration::from_secs(5));
    }
    Ok(())
}
