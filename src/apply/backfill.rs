//! Rows get values in small batches, by the primary key. Each batch is a transaction of its own, in which the journal keeps how
//! far it is: a run that was killed goes on after the last row of the last batch that was committed.

use super::batch::{self, Attempt, Trouble, Work};
use super::journal::{Place, StepRecord};
use super::target::Target;
use super::{Event, lock, settle};
use crate::plan::{Fill, Step};
use std::time::{Duration, Instant};

/// Rows of the first batch, and of any.
const FIRST: u64 = 500;
const LEAST: u64 = 50;
const MOST: u64 = 50_000;
/// How often replicas are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Fills all that is left to fill, then journals the step; what is sent is told to be the step's.
pub fn run(target: &mut Target, work: Work, step: &Step, fill: &Fill) -> Attempt<()> {
    target.as_step(work.plan, step.id, |target| all(target, work, step, fill))
}

fn all(target: &mut Target, work: Work, step: &Step, fill: &Fill) -> Attempt<()> {
    let clock = target.journal().now()?;
    let start = Instant::now();
    let of = target.session().about(&fill.table).unwrap_or(0);
    let mut place = target.journal().place(work.checksum, step.id)?.unwrap_or_default();
    let (mut size, mut looked, mut seen, mut failed) = (FIRST, Instant::now() - LOOK, place.rows, 0);
    target.tell(Event::Step { step: step.id, of: work.plan.steps.len(), subject: step.subject.clone(), back: false });
    loop {
        if let Some(failure) = target.stopped() {
            return Err(Box::new(Trouble::Stopped(failure, step.id)));
        }
        if looked.elapsed() >= LOOK {
            wait_for_replicas(target)?;
            looked = Instant::now();
        }
        let begun = Instant::now();
        match one(target, work, step, fill, &mut place, size) {
            Ok(true) => failed = 0,
            Ok(false) => break,
            // Somebody has a row for long: this batch gives way, not the work of all before it.
            Err(trouble) if trouble.passes() && failed < target.options.attempts => {
                failed += 1;
                size = (size / 2).max(LEAST);
                let wait = lock::jitter(begun.elapsed().max(LOOK / 10) * failed).min(LOOK * 5);
                target.tell(Event::Retry { attempt: failed, why: trouble.why(), wait, blockers: vec![] });
                std::thread::sleep(wait);
                continue;
            }
            Err(trouble) => return Err(trouble),
        }
        seen += size;
        target.tell(Event::Filling { rows: seen.min(of), of });
        let took = begun.elapsed();
        size = next_size(size, took, target.options.pace.batch);
        std::thread::sleep(took * target.options.pace.rest / 100);
    }
    let millis = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    target.tell(Event::StepDone { step: step.id, millis });
    done(target, work, step, (clock, start))
}

/// As many rows as take as long as they should, by what the last ones took; never many times more at once.
fn next_size(size: u64, took: Duration, wanted: Duration) -> u64 {
    let ratio = wanted.as_secs_f64() / took.as_secs_f64().max(0.000_1);
    ((size as f64 * ratio.clamp(0.2, 2.0)) as u64).clamp(LEAST, MOST)
}

/// One batch, with its place in the journal; whether there was one left.
fn one(target: &mut Target, work: Work, step: &Step, fill: &Fill, place: &mut Place, size: u64) -> Attempt<bool> {
    target.session().begin()?;
    let after = (!place.key.is_empty()).then_some(&place.key[..]);
    let filled = target.session().fill(fill, after, size).and_then(|filled| {
        let Some(key) = filled.last else { return Ok(None) };
        let next = Place { key, rows: place.rows + filled.changed };
        target.journal().keep_place(work.checksum, step.id, &next)?;
        Ok(Some(next))
    });
    let next = match filled {
        Ok(next) => next,
        Err(error) => {
            // Where this fails the connection is gone, and the transaction with it.
            let _ = target.session().rollback();
            return Err(Box::new(Trouble::Statement { step: step.id, sql: fill.whole(), error }));
        }
    };
    // A batch of which it is not known whether it was committed is looked for in the journal by the next run.
    target.session().commit()?;
    let goes_on = next.is_some();
    *place = next.unwrap_or_else(|| std::mem::take(place));
    Ok(goes_on)
}

fn wait_for_replicas(target: &mut Target) -> Attempt<()> {
    let mut told = false;
    // A role that may not see them has none to wait for.
    while let Some(behind) = target.session().lag().ok().filter(|lag| *lag > target.options.pace.lag) {
        if !std::mem::replace(&mut told, true) {
            target.tell(Event::Lagging { behind });
        }
        if target.stopped().is_some() {
            break;
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// The entry of the batch, and no place any more: the same plan, undone and applied again, begins anew.
fn done(target: &mut Target, work: Work, step: &Step, (clock, start): (String, Instant)) -> Attempt<()> {
    let hash = batch::hash_of(step, batch::Way::Up);
    let millis = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
    let record = StepRecord { step: step.id, hash, started: clock, millis };
    target.session().begin()?;
    let entry = match journaled(target, work, record, start) {
        Ok(entry) => entry,
        Err(trouble) => {
            let _ = target.session().rollback();
            return Err(trouble);
        }
    };
    match target.session().commit() {
        Ok(()) => target.head = Some(entry),
        Err(error) if error.disconnected => return settle::settle(target, error, entry),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn journaled(target: &mut Target, work: Work, record: StepRecord, start: Instant) -> Attempt<super::journal::Entry> {
    target.journal().forget_places(work.checksum)?;
    let entry = batch::entry(target, work, vec![record], start)?;
    let head = target.head.clone();
    target.journal().append(head.as_ref(), entry)?.ok_or_else(|| Box::new(Trouble::Faster))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_grow_and_shrink_towards_their_time() {
        let wanted = Duration::from_millis(50);
        assert_eq!(next_size(500, Duration::from_millis(10), wanted), 1000);
        assert_eq!(next_size(500, Duration::from_millis(100), wanted), 250);
        assert_eq!(next_size(500, Duration::from_secs(10), wanted), 100);
        assert_eq!(next_size(LEAST, Duration::from_secs(10), wanted), LEAST);
        assert_eq!(next_size(MOST, Duration::ZERO, wanted), MOST);
    }
}
