//! A plan is applied.

use super::batch::{self, Way, Work};
use super::history::{Past, State};
use super::journal::{self, Entry, Event as Happened};
use super::observe::{self, Standing};
use super::target::Target;
use super::{Event, Options, Outcome, Phases, Report, gate, lock, probe};
use crate::diff::Delta;
use crate::engine::{Engine, Session, Wants};
use crate::model::{Catalog, Id};
use crate::plan::file::Loaded;
use crate::plan::{Plan, Step, Transaction};
use crate::{Error, Failure, Result};
use std::sync::Arc;
use std::time::Instant;

/// Applies one plan; `text` is its file's, kept in the journal for the way back.
pub fn apply(
    loaded: &Loaded,
    text: &Arc<str>,
    engine: &dyn Engine,
    session: &mut dyn Session,
    options: &Options,
    events: &mut dyn FnMut(Event),
) -> Result<Report> {
    gate::engine(&loaded.plan, engine, session.server())?;
    let mut target = Target::new(session, options, events);
    lock::held(&mut target, |target| forward(target, loaded, text))
}

/// The same under a lock that is held already.
pub(super) fn forward(target: &mut Target, loaded: &Loaded, text: &Arc<str>) -> Result<Report> {
    let (start, plan) = (Instant::now(), &loaded.plan);
    let history = target.read_journal()?;
    let past = history.get(&loaded.checksum);
    if past.is_some_and(|p| finished(p, target.options.phases)) {
        return Ok(Report::new(plan, Outcome::Already));
    }
    target.look_as(plan);
    let live = target.session().inspect()?;
    let (standing, notes) = judge(target, plan, past.map_or(0, |p| p.batches), &live)?;
    let end = gate::end(plan, target.options.phases).max(standing.done);
    let steps = plan.batches[standing.done..end].iter().flat_map(|b| plan.batch_steps(b));
    gate::denied(plan, steps.clone(), &target.options.policy())?;
    gate::fits(plan, &plan.batches[standing.done..end], target.session().server())?;
    allowed(target, plan, steps.clone(), Way::Up)?;
    let notes = [notes, rows_let_through(target, plan, standing.done..end)?, shared(target, plan)].concat();
    for note in &notes {
        target.tell(Event::Note(note.clone()));
    }
    target.make_ready()?;
    let mut report = Report::new(plan, if end == plan.batches.len() { Outcome::Applied } else { Outcome::Expanded });
    (report.steps, report.batches, report.notes) = (steps.count(), end - standing.done, notes);
    let done = go(target, loaded, text, &standing, end);
    let (live, stamp) = match done.and_then(|()| settled(target, plan, end, live, standing.done, &mut report.notes)) {
        Ok((live, stamp)) => (live, stamp),
        Err(error) => return Err(failed(target, loaded, error)),
    };
    report.live = live.map(|l| l.fingerprint());
    finish(target, loaded, text, end, Entry { stamp, ..outcome(&report) })?;
    report.millis = start.elapsed().as_millis() as u64;
    Ok(report)
}

/// What the last entry of a plan says of how it came out.
pub(super) fn outcome(report: &Report) -> Entry {
    let event = if report.outcome == Outcome::Applied { Happened::Applied } else { Happened::Expanded };
    Entry { live: report.live.map(|f| f.to_string()), ..Entry::new(event) }
}

/// Appends the last entry of a plan.
pub(super) fn finish(target: &mut Target, loaded: &Loaded, text: &Arc<str>, end: usize, last: Entry) -> Result<()> {
    let header = &loaded.plan.header;
    // Only where nothing else differs either may a later run conclude from the same statements that all is well.
    let goal = last.live.as_ref() == Some(&header.goal.to_string());
    let whole = last.event == Happened::Expanded && target.options.verify || goal;
    let Entry { version, name, checksum, who, .. } = target.entry(last.event, &loaded.plan, &loaded.checksum)?;
    let (desired, plan) = (header.desired.clone().filter(|_| whole), Some(text.clone()));
    target.append(Entry { version, name, checksum, who, batch: end as i64, desired, plan, ..last })
}

/// Said of a plan that was made when steps were to share transactions.
fn shared(target: &Target, plan: &Plan) -> Vec<String> {
    let shares = target.options.transaction == Transaction::Step && plan.batches.iter().any(|b| b.first < b.last);
    let note =
        "the steps of this plan share transactions, as they did where it was made; `msr plan --rebase` parts them";
    shares.then(|| note.to_string()).into_iter().collect()
}

/// Refuses where the role may not do what the steps do.
pub(super) fn allowed<'a>(
    target: &mut Target,
    plan: &'a Plan,
    steps: impl IntoIterator<Item = &'a Step>,
    way: Way,
) -> Result<()> {
    let mut wants = Wants { deltas: vec![], sql: vec![], relies: plan.relies.iter().map(|(id, _)| id).collect() };
    for step in steps {
        let there = |delta: &Delta| if way == Way::Up { delta.clone() } else { delta.inverse() };
        wants.deltas.extend(step.deltas.iter().map(there));
        wants.sql.extend(batch::statements(step, way).iter().map(String::as_str));
    }
    let lacking = target.session().lacking(&wants)?;
    if lacking.is_empty() {
        return Ok(());
    }
    let who = target.session().role()?;
    let error = Error::refused(format!("the role `{who}` may not do all that the plan `{}` does", plan.header.name))
        .code(crate::error::code::NO_PRIVILEGE);
    let error = lacking.into_iter().fold(error, |e, grant| e.detail(format!("{grant};")));
    Err(error.hint("nothing was changed: let somebody who may run these grants, or connect as a role that may"))
}

/// Refuses where rows are in the way; what could not be told is noted.
pub(super) fn rows_let_through(
    target: &mut Target,
    plan: &Plan,
    batches: std::ops::Range<usize>,
) -> Result<Vec<String>> {
    let (early, limit) = (batches.start == 0, target.options.probe_time);
    let answers = probe::look(target.session(), plan, batches, early, limit)?;
    match probe::refusal(plan, &answers) {
        Some(refusal) => Err(refusal),
        None => Ok(answers.notes(plan)),
    }
}

/// Whether the journal says that there is nothing to do, so that nothing need be looked at.
pub(super) fn finished(past: &Past, phases: Phases) -> bool {
    past.state == State::Applied || past.state == State::Expanded && phases == Phases::Expand
}

/// All that is refused on what the database looks like. Notes are what differs and stands in nobody's way.
pub(super) fn judge(target: &Target, plan: &Plan, journaled: usize, live: &Catalog) -> Result<(Standing, Vec<String>)> {
    let standing = observe::standing(plan, live, journaled)?;
    observe::relied_upon(plan, live)?;
    let expanded = gate::end(plan, Phases::Expand);
    if target.options.phases == Phases::Contract && standing.done < expanded {
        return Err(Error::refused(format!("the expand phase of the plan `{}` is not done yet", plan.header.name))
            .code(crate::error::code::NOT_EXPANDED)
            .hint("`--phase all` does both, once no old application runs"));
    }
    let mut notes = vec![];
    if standing.done == 0 && live.fingerprint() != plan.header.base {
        let drift = "this database has changed since the plan was made, in ways that the plan does not care about";
        if target.options.strict {
            return Err(Error::refused(drift)
                .detail(format!("it is {}, the plan was made on {}", live.fingerprint(), plan.header.base))
                .hint("`msr drift` shows the difference; without `--strict` the plan can be applied"));
        }
        notes.push(drift.to_string());
    }
    Ok((standing, notes))
}

fn go(target: &mut Target, loaded: &Loaded, text: &Arc<str>, standing: &Standing, end: usize) -> Result<()> {
    let plan = &loaded.plan;
    if standing.done > 0 {
        target.tell(Event::Resumes { done: standing.done, of: plan.batches.len() });
    }
    let entry = target.entry(Happened::Started, plan, &loaded.checksum)?;
    target.append(Entry { batch: standing.done as i64, plan: Some(text.clone()), ..entry })?;
    for index in standing.done..end {
        let half = if index == standing.done { &standing.half[..] } else { &[] };
        batch::run(target, Work { plan, checksum: &loaded.checksum, index, way: Way::Up, half })?;
    }
    Ok(())
}

/// The catalog as it is when all is done, `None` where nobody looked; and its stamp, where that tells all there is to tell.
fn settled(
    target: &mut Target,
    plan: &Plan,
    end: usize,
    before: Catalog,
    done: usize,
    notes: &mut Vec<String>,
) -> Result<(Option<Catalog>, Option<String>)> {
    if end == done {
        promised(target, plan, end, (&before, &before), notes)?;
        return Ok((Some(before), None));
    }
    if !target.options.verify {
        return Ok((None, None));
    }
    // Taken first: what changes from now on is in no state that this stamp will ever stand for.
    let stamp = journal::stamp(target.session())?;
    let live = verify(target, plan, end, &before, notes)?;
    let stamp = stamp.filter(|_| live.is_complete());
    Ok((Some(live), stamp))
}

/// Looks again.
pub(super) fn verify(
    target: &mut Target,
    plan: &Plan,
    done: usize,
    before: &Catalog,
    notes: &mut Vec<String>,
) -> Result<Catalog> {
    target.tell(Event::Checking);
    let live = target.session().inspect()?;
    promised(target, plan, done, (before, &live), notes)?;
    Ok(live)
}

/// Every object that the plan touches must be what it promised, and nothing more. What else has come meanwhile is noted.
fn promised(
    target: &mut Target,
    plan: &Plan,
    done: usize,
    (before, live): (&Catalog, &Catalog),
    notes: &mut Vec<String>,
) -> Result<()> {
    let expected = observe::mismatches(plan, live, done).into_iter();
    let mut differs: Vec<String> = expected.map(|(id, then)| observe::difference(live, id, then)).collect();
    let (parts, rest) = observe::besides(plan, before, live)?;
    let unforeseen = |id: &Id| observe::difference(live, id, None);
    differs.extend(parts.iter().map(unforeseen));
    if target.options.strict {
        differs.extend(rest.iter().map(unforeseen));
    } else if !rest.is_empty() {
        let names: Vec<String> = rest.iter().map(Id::to_string).collect();
        let note = format!("this has come meanwhile, and not by the plan: {}", names.join(", "));
        target.tell(Event::Note(note.clone()));
        notes.push(note);
    }
    if differs.is_empty() {
        return Ok(());
    }
    let error = Error::failed(format!("`{}` ran, but the database is not what the plan promised", plan.header.name));
    let error = differs.into_iter().fold(error, Error::detail);
    Err(error.hint("something else changes the schema, and `msr drift` shows what; take that back and run again"))
}

/// Writes the error into the journal where that is possible, and hands it on.
pub(super) fn failed(target: &mut Target, loaded: &Loaded, error: Error) -> Error {
    if error.failure != Failure::Unknown
        && let Ok(entry) = target.entry(Happened::Failed, &loaded.plan, &loaded.checksum)
    {
        let batches = standing_batches(target);
        let _ = target.append(Entry { error: Some(error.to_string()), batch: batches, ..entry });
    }
    error
}

/// What the last entry says of batches.
fn standing_batches(target: &Target) -> i64 {
    target.head.as_ref().map_or(0, |h| h.batch)
}
