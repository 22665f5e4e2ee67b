//! What did not get its locks is tried again, until there is no more patience.

use super::batch::Attempt;
use super::target::Target;
use super::{Event, lock};
use std::time::{Duration, Instant};

/// Attempts until one comes about, or fails for another reason; how long the last one took. It takes these locks.
pub fn run(
    target: &mut Target,
    locks: &[(&str, &str)],
    mut attempt: impl FnMut(&mut Target) -> Attempt<()>,
) -> Attempt<Duration> {
    let (start, mut pause, mut begun) = (Instant::now(), Duration::from_millis(100), Instant::now());
    let relations: Vec<&str> = locks.iter().map(|(relation, _)| *relation).collect();
    for number in 1.. {
        begun = Instant::now();
        let Err(trouble) = attempt(target) else { break };
        let blockers = if trouble.passes() { target.look_around(locks) } else { vec![] };
        let spent = number >= target.options.attempts || start.elapsed() >= target.options.lock_wait;
        if !trouble.passes() || spent || target.stopped().is_some() {
            return Err(trouble);
        }
        let wait = lock::jitter(pause);
        target.tell(Event::Retry { attempt: number, why: trouble.why(), wait, blockers });
        std::thread::sleep(wait);
        pause = (pause * 3 / 2).min(Duration::from_secs(5));
        target.mind_vacuums(&relations)?;
    }
    Ok(begun.elapsed())
}
