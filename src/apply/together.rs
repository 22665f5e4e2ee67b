//! Every pending plan in one transaction: all of them, or nothing.
//!
//! Each plan is looked at, done and looked at again inside the transaction, whose end makes plans and journal stand together.

use super::batch::{self, Attempt, Trouble, Way, Work};
use super::journal::{Entry, Event as Happened};
use super::migrate::Saved;
use super::run::{allowed, finish, judge, outcome, rows_let_through, verify};
use super::target::Target;
use super::{Event, Outcome, Report, gate, settle};
use crate::engine::Engine;
use crate::engine::how::Server;
use crate::model::Catalog;
use crate::plan::{Batch, Plan};
use crate::{Error, Failure, Result};
use std::borrow::Cow;
use std::time::Instant;

/// A plan, and the one batch of it that is to be done.
struct Part<'a> {
    saved: &'a Saved,
    index: usize,
}

impl<'a> Part<'a> {
    fn plan(&self) -> &'a Plan {
        &self.saved.loaded.plan
    }

    /// All that is refused on what the database looks like, and the notes.
    fn judge(&self, target: &Target, live: &Catalog) -> Result<Vec<String>> {
        let (standing, notes) = judge(target, self.plan(), self.index, live)?;
        if standing.done == self.index {
            return Ok(notes);
        }
        Err(Error::refused(format!("`{}` is done already, in part or whole, and not in the journal", self.saved.file))
            .hint("`MSR_APPLY_TRANSACTION=plan` does what is left of it, and writes down the rest"))
    }

    fn work(&self) -> Work<'a> {
        let loaded = &self.saved.loaded;
        Work { plan: &loaded.plan, checksum: &loaded.checksum, index: self.index, way: Way::Up, half: &[] }
    }
}

/// Applies the plans, or refuses before the first statement.
pub fn run(target: &mut Target, engine: &dyn Engine, pending: &[&Saved]) -> Result<Vec<Report>> {
    let parts = parts(target, pending)?;
    let Some(first) = parts.first() else { return Ok(vec![]) };
    fits(engine, target.session().server(), &parts)?;
    for part in &parts {
        let steps = part.plan().batch_steps(&part.plan().batches[part.index]);
        let denied = gate::denied(part.plan(), steps, &target.options.policy());
        denied.map_err(|e| e.during(format!("`{}`", part.saved.file)))?;
    }
    for part in &parts {
        let steps = part.plan().batch_steps(&part.plan().batches[part.index]);
        allowed(target, part.plan(), steps, Way::Up).map_err(|e| e.during(format!("`{}`", part.saved.file)))?;
    }
    // The plans after the first begin at what is not there yet: they are looked at when it is. Their rows are not asked; what
    // is in their way makes a statement fail, and nothing stands.
    target.look_as(first.plan());
    let live = target.session().inspect()?;
    let notes = first.judge(target, &live)?;
    let rows = rows_let_through(target, first.plan(), first.index..first.index + 1)?;
    notes.into_iter().chain(rows).for_each(|note| target.tell(Event::Note(note)));
    target.make_ready()?;
    for part in &parts {
        (target.options.before_batch)(&part.work().turn()).map_err(|e| e.detail("nothing was changed"))?;
    }
    all(target, &parts, &live)
}

/// What is left of each plan, which must be one batch that runs in a transaction.
fn parts<'a>(target: &mut Target, pending: &[&'a Saved]) -> Result<Vec<Part<'a>>> {
    let history = target.read_journal()?;
    let mut parts = vec![];
    for saved in pending {
        let plan = &saved.loaded.plan;
        let done = history.get(&saved.loaded.checksum).map_or(0, |past| past.batches);
        let end = gate::end(plan, target.options.phases);
        let left = plan.batches.get(done..end).unwrap_or_default();
        match left {
            [only] if only.transaction && plan.batch_steps(only).iter().all(|s| s.fill.is_none()) => {
                parts.push(Part { saved, index: done });
            }
            _ => return Err(apart(saved, left)),
        }
    }
    Ok(parts)
}

fn apart(saved: &Saved, left: &[Batch]) -> Error {
    let plan = &saved.loaded.plan;
    let mut error = Error::refused(format!("`{}` can't share one transaction with other plans", saved.file));
    for batch in left {
        let step = &plan.steps[batch.first - 1];
        let why = match (step.fill.is_some(), batch.transaction) {
            (true, _) => "is filled in transactions of its own",
            (_, false) => "can't run inside a transaction",
            _ => "begins a transaction of its own",
        };
        error = error.detail(format!("step {}, {}, {why}", step.id, step.subject));
    }
    error.hint("`MSR_APPLY_TRANSACTION=plan` applies each plan by itself; `msr migrate VERSION` stops before this one")
}

/// A server's lock table has an end, and others have locks in it.
fn fits(engine: &dyn Engine, server: &Server, parts: &[Part]) -> Result<()> {
    let weight: usize = parts.iter().map(|part| part.plan().weight(&part.plan().batches[part.index])).sum();
    match engine.transaction_budget(server) {
        Some(budget) if weight > budget => Err(Error::refused(format!(
            "these {} plans are too much for one transaction: about {weight} locks, and this server has {budget} for them",
            parts.len()
        ))
        .hint("`msr migrate VERSION` applies fewer of them at once")),
        _ => Ok(()),
    }
}

fn all(target: &mut Target, parts: &[Part], live: &Catalog) -> Result<Vec<Report>> {
    let before = target.head.clone();
    let (mut reports, mut at) = (vec![], 0);
    let locks: Vec<(&str, &str)> = parts.iter().flat_map(|part| part.work().locks()).collect();
    let done = super::retry::run(target, &locks, |target| {
        target.head = before.clone();
        (reports, at) = (vec![], 0);
        once(target, parts, live, &mut reports, &mut at)
    });
    if let Err(trouble) = done {
        let (part, unknown) = (&parts[at], matches!(*trouble, Trouble::Commit(_)));
        let error = batch::told(target, part.work(), *trouble).during(format!("`{}`", part.saved.file));
        if unknown || error.failure == Failure::Unknown {
            return Err(error);
        }
        target.head = before;
        return Err(failed(target, part, error.detail("nothing stands of the plans that share this transaction")));
    }
    target.mind_vacuums(&[])?;
    parts.iter().for_each(|part| target.tell(Event::Batch(part.work().turn())));
    Ok(reports)
}

/// Writes the error into the journal where that is possible, and hands it on.
fn failed(target: &mut Target, part: &Part, error: Error) -> Error {
    if let Ok(entry) = target.entry(Happened::Failed, part.plan(), &part.saved.loaded.checksum) {
        let _ = target.append(Entry { error: Some(error.to_string()), batch: part.index as i64, ..entry });
    }
    error
}

/// One attempt, whole or not at all.
fn once(target: &mut Target, parts: &[Part], live: &Catalog, reports: &mut Vec<Report>, at: &mut usize) -> Attempt<()> {
    target.session().begin()?;
    for (i, part) in parts.iter().enumerate() {
        *at = i;
        match one(target, part, (i == 0).then_some(live)) {
            Ok(report) => reports.push(report),
            Err(trouble) => {
                // Where this fails the connection is gone, and the transaction with it.
                let _ = target.session().rollback();
                return Err(trouble);
            }
        }
    }
    let Err(error) = target.session().commit() else { return Ok(()) };
    match target.head.clone() {
        Some(last) if error.disconnected => settle::settle(target, error, last),
        _ => {
            let _ = target.session().rollback();
            Err(error.into())
        }
    }
}

/// One plan, inside the transaction; `live` is what was found before it, if that was judged already.
fn one(target: &mut Target, part: &Part, live: Option<&Catalog>) -> Attempt<Report> {
    let (start, plan, loaded) = (Instant::now(), part.plan(), &part.saved.loaded);
    let told = |e: Error| Box::new(Trouble::Told(e));
    target.look_as(plan);
    target.tell(Event::Begins(part.work().turn()));
    let before = match live {
        Some(live) => Cow::Borrowed(live),
        None => {
            let live = target.session().inspect().map_err(told)?;
            part.judge(target, &live).map_err(told)?;
            Cow::Owned(live)
        }
    };
    let begun = target.entry(Happened::Started, plan, &loaded.checksum)?;
    let begun = Entry { batch: part.index as i64, plan: Some(part.saved.text.clone()), ..begun };
    target.append(begun).map_err(told)?;
    let steps = batch::send(target, part.work())?;
    let count = steps.len();
    let entry = batch::entry(target, part.work(), steps, start)?;
    target.append(entry).map_err(told)?;
    let end = part.index + 1;
    let mut notes = vec![];
    let live = verify(target, plan, end, &before, &mut notes).map_err(told)?;
    let whole = end == plan.batches.len();
    let mut report = Report::new(plan, if whole { Outcome::Applied } else { Outcome::Expanded });
    (report.steps, report.batches, report.live, report.notes) = (count, 1, Some(live.fingerprint()), notes);
    finish(target, loaded, &part.saved.text, end, outcome(&report)).map_err(told)?;
    report.millis = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(report)
}
