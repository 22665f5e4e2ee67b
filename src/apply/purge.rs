//! What contract phases put out of the way is removed for good, once it has been there long enough.

use super::history::{History, Past, State};
use super::journal::{Entry, Event as Happened};
use super::target::Target;
use super::{Event, Options, lock};
use crate::engine::Session;
use crate::lint::plans::loss;
use crate::model::Id;
use crate::plan::file::Loaded;
use crate::plan::{Level, Step};
use crate::{Error, Result};
use std::time::Duration;

/// One thing that is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    pub version: String,
    pub name: String,
    /// What it was.
    pub subject: Id,
    /// When its plan was applied; server clock.
    pub at: String,
}

/// What is parked for at least so long.
pub fn due(session: &mut dyn Session, older: Duration) -> Result<Vec<Parked>> {
    let history = History::of(&super::journal::read(session.journal())?);
    let plans = plans(session, &history, older)?;
    Ok(plans.iter().flat_map(|(past, loaded)| of_plan(past, loaded)).collect())
}

fn of_plan(past: &Past, loaded: &Loaded) -> Vec<Parked> {
    let parked = |step: &Step| Parked {
        version: past.version.clone(),
        name: past.name.clone(),
        subject: step.subject.clone(),
        at: past.at.clone(),
    };
    steps(loaded).map(parked).collect()
}

fn steps(loaded: &Loaded) -> impl Iterator<Item = &Step> {
    loaded.plan.steps.iter().filter(|s| !s.purge.is_empty())
}

/// The plans that parked something, oldest first.
fn plans<'a>(session: &mut dyn Session, history: &'a History, older: Duration) -> Result<Vec<(&'a Past, Loaded)>> {
    let unreadable = |text: &str| Error::failed(format!("cannot read `{text}` as a time of the server's clock"));
    let time = |text: &str| text.parse::<jiff::Timestamp>().map_err(|_| unreadable(text));
    let now = session.journal().now()?;
    let now = time(&now)?;
    let mut found = vec![];
    for past in history.standing().into_iter().rev().filter(|p| p.state == State::Applied && !p.purged) {
        let age = now.duration_since(time(&past.at)?);
        if age < jiff::SignedDuration::try_from(older).unwrap_or(jiff::SignedDuration::MAX) {
            continue;
        }
        let loaded = past.plan(session.journal())?;
        if steps(&loaded).next().is_some() {
            found.push((past, loaded));
        }
    }
    Ok(found)
}

/// Removes it, one transaction a plan.
pub fn purge(
    session: &mut dyn Session,
    older: Duration,
    options: &Options,
    events: &mut dyn FnMut(Event),
) -> Result<Vec<Parked>> {
    let mut target = Target::new(session, options, events);
    lock::held(&mut target, |target| {
        let history = target.read_journal()?;
        let plans = plans(target.session(), &history, older)?;
        allowed(&plans, options)?;
        if plans.is_empty() {
            return Ok(vec![]);
        }
        target.make_ready()?;
        let mut gone = vec![];
        for (past, loaded) in &plans {
            target.tag(Some(&loaded.plan), None);
            target.session().begin()?;
            if let Err(error) = one(target, past, loaded) {
                // Where this fails the connection is gone, and the transaction with it.
                let _ = target.session().rollback();
                return Err(error.during(format!("cannot purge what `{}` put out of the way", past.name)));
            }
            target.session().commit()?;
            gone.extend(of_plan(past, loaded));
        }
        Ok(gone)
    })
}

fn one(target: &mut Target, past: &Past, loaded: &Loaded) -> Result<()> {
    for sql in steps(loaded).flat_map(|s| &s.purge) {
        target.session().execute(sql).map_err(|e| Error::from(e).detail(sql.clone()))?;
    }
    let entry = target.entry(Happened::Purged, &loaded.plan, &loaded.checksum)?;
    target.append(Entry { batch: past.batches as i64, ..entry })
}

/// Data is gone only where the user has named it.
fn allowed(plans: &[(&Past, Loaded)], options: &Options) -> Result<()> {
    let policy = options.policy();
    let mut error = Error::refused("purging destroys data");
    let mut rules = vec![];
    for step in plans.iter().flat_map(|(_, loaded)| steps(loaded)) {
        let rule = loss(step.subject.kind, true);
        if policy.level(rule, Level::Deny, &[&step.subject]).0 == Level::Deny {
            error = error.detail(format!("{} ({rule})", step.subject));
            rules.push(rule);
        }
    }
    rules.sort();
    rules.dedup();
    let flags: Vec<String> = rules.iter().map(|r| format!("--allow {r}")).collect();
    if rules.is_empty() { Ok(()) } else { Err(error.hint(format!("if that is meant, say so: `{}`", flags.join(" ")))) }
}

/// A plan whose parked things are gone can't be undone.
pub fn refuse_purged(past: &Past, loaded: &Loaded) -> Result<()> {
    if !past.purged {
        return Ok(());
    }
    let error =
        Error::refused(format!("the plan `{}` can't be undone: what it put out of the way was purged", past.name));
    let error = steps(loaded).fold(error, |e, step| e.detail(step.subject.to_string()));
    Err(error.hint("go forward instead: change the schema files and make a new plan"))
}
