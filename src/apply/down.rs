//! Plans are undone by their down-steps, newest first. The files are not needed: the journal has the plans.

use super::batch::{self, Way, Work};
use super::history::{History, Past};
use super::journal::{Entry, Event as Happened};
use super::observe::{self, Standing};
use super::run::{allowed, failed, verify};
use super::target::Target;
use super::{Event, Options, Outcome, Report, gate, lock, purge};
use crate::engine::{Engine, Session};
use crate::error::closest;
use crate::model::Catalog;
use crate::plan::file::Loaded;
use crate::{Error, Result};
use std::time::Instant;

/// Undoes every plan newer than the version `to`; without it the newest one, with `0` all of them.
pub fn down(
    engine: &dyn Engine,
    session: &mut dyn Session,
    to: Option<&str>,
    options: &Options,
    events: &mut dyn FnMut(Event),
) -> Result<Vec<Report>> {
    let mut target = Target::new(session, options, events);
    lock::held(&mut target, |target| back(target, engine, to))
}

fn back(target: &mut Target, engine: &dyn Engine, to: Option<&str>) -> Result<Vec<Report>> {
    let history = target.read_journal()?;
    let mut plans = Vec::new();
    for past in chosen(&history, to)? {
        plans.push((past, past.plan(target.journal())?));
    }
    if plans.is_empty() {
        return Ok(vec![]);
    }
    let mut roles = &plans[0].1.plan.header.roles;
    target.look_as(&plans[0].1.plan);
    let mut live = target.session().inspect()?;
    // All that can be refused is refused before anything is undone; only the newest plan's standing can be seen yet.
    for (i, (past, loaded)) in plans.iter().enumerate() {
        let plan = &loaded.plan;
        gate::engine(plan, engine, target.session().server())?;
        purge::refuse_purged(past, loaded)?;
        let done = if i == 0 { standing(loaded, past, &live)?.done } else { past.batches.min(plan.batches.len()) };
        let steps = plan.batches[..done].iter().flat_map(|b| plan.batch_steps(b));
        gate::way_back(plan, steps.clone(), &target.options.policy())?;
        gate::fits(plan, &plan.batches[..done], target.session().server())?;
        allowed(target, plan, steps, Way::Down)?;
    }
    target.make_ready()?;
    let mut reports = Vec::new();
    for (past, loaded) in &plans {
        if loaded.plan.header.roles != *roles {
            roles = &loaded.plan.header.roles;
            target.look_as(&loaded.plan);
            live = target.session().inspect()?;
        }
        target.tag(Some(&loaded.plan), None);
        let report = undo(target, past, loaded, &mut live);
        reports.push(report.map_err(|error| failed(target, loaded, error))?);
    }
    Ok(reports)
}

fn chosen<'a>(history: &'a History, to: Option<&str>) -> Result<Vec<&'a Past>> {
    let standing = history.standing();
    match to {
        None => Ok(standing.into_iter().take(1).collect()),
        Some("0") => Ok(standing),
        Some(version) => {
            let known: Vec<&str> = standing.iter().map(|p| &*p.version).collect();
            let keep = standing.iter().position(|p| p.version == version).ok_or_else(|| {
                let error = Error::refused(format!("no plan of the version `{version}` stands in this database"))
                    .detail(format!("there are: {}", if known.is_empty() { "none".into() } else { known.join(", ") }));
                closest(version, &known).map_or(error.clone(), |near| error.hint(format!("did you mean `{near}`?")))
            })?;
            Ok(standing.into_iter().take(keep).collect())
        }
    }
}

fn standing(loaded: &Loaded, past: &Past, live: &Catalog) -> Result<Standing> {
    observe::standing(&loaded.plan, live, past.batches)
        .map_err(|e| e.during("cannot undo, as the database is not what the plan left").hint("`msr drift` shows it"))
}

fn undo(target: &mut Target, past: &Past, loaded: &Loaded, live: &mut Catalog) -> Result<Report> {
    let (start, plan) = (Instant::now(), &loaded.plan);
    let standing = standing(loaded, past, live)?;
    // What is filled again later is filled from the beginning.
    target.journal().forget_places(&loaded.checksum)?;
    let mut report = Report::new(plan, Outcome::Undone);
    let mut done = standing.done;
    if !standing.half.is_empty() {
        // Half of a batch is taken back like a whole one: its down-steps are what removes it.
        let half = &standing.half[..];
        batch::run(target, Work { plan, checksum: &loaded.checksum, index: standing.done, way: Way::Down, half })?;
        done = plan.lands(standing.done);
    }
    for index in plan.way_back(done) {
        batch::run(target, Work { plan, checksum: &loaded.checksum, index, way: Way::Down, half: &[] })?;
        report.batches += 1;
        report.steps += plan.batch_steps(&plan.batches[index]).len();
    }
    *live = verify(target, plan, 0, live, &mut report.notes)?;
    report.live = Some(live.fingerprint());
    report.millis = start.elapsed().as_millis() as u64;
    let entry = target.entry(Happened::Undone, plan, &loaded.checksum)?;
    target.append(Entry { live: report.live.map(|f| f.to_string()), ..entry })?;
    Ok(report)
}
