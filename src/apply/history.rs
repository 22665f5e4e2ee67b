//! What the journal's entries come to, plan by plan.

use super::journal::{self, Entry, Event, Journal};
use crate::engine::Session;
use crate::model::Fingerprint;
use crate::plan::file::{self, Loaded};
use crate::{Error, Result};

/// How far a plan has come, as the journal tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A run began and nothing of it stands.
    Begun,
    PartApplied,
    /// All but the contract phase, which waits.
    Expanded,
    Applied,
    Failed,
    Undone,
}

/// The past of one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    pub version: String,
    pub name: String,
    pub checksum: String,
    pub state: State,
    /// Batches that stand.
    pub batches: usize,
    /// Number of the entry with which its last run forward began: newer ones are undone first.
    pub began: i64,
    /// Of the entry that gave it its state.
    pub at: String,
    pub who: String,
    /// How long its batches took.
    pub millis: i64,
    pub error: Option<String>,
    /// What it put out of the way is gone for good.
    pub purged: bool,
}

impl Past {
    /// The plan itself, which the journal keeps.
    pub fn plan(&self, journal: &mut dyn Journal) -> Result<Loaded> {
        let name = format!("{}_{}.ron", self.version, self.name);
        let text = journal.plan(&self.checksum)?;
        let text =
            text.ok_or_else(|| Error::refused(format!("the journal of this database has lost the plan `{name}`")))?;
        let loaded = file::read(&text, &name).map_err(|e| e.during("cannot read a plan in the journal"))?;
        if loaded.checksum != self.checksum {
            return Err(Error::refused(format!("the plan `{name}` in the journal is not the one that was applied")));
        }
        Ok(loaded)
    }

    /// Whether there is something of it in the database.
    pub fn stands(&self) -> bool {
        matches!(self.state, State::Applied | State::Expanded) || self.batches > 0
    }
}

/// All plans that the database has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    pub plans: Vec<Past>,
    /// The newest baseline: plans up to its version are part of what was found.
    pub baseline: Option<Baseline>,
}

/// That a database was taken under management.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    pub version: String,
    pub name: String,
    pub at: String,
    pub who: String,
}

impl History {
    pub fn of(entries: &[Entry]) -> History {
        let mut history = History::default();
        for entry in entries {
            match entry.event {
                Event::Baseline => {
                    let Entry { version, name, at, who, .. } = entry.clone();
                    history.baseline = Some(Baseline { version, name, at, who });
                }
                _ => history.add(entry),
            }
        }
        history
    }

    fn add(&mut self, e: &Entry) {
        let known = self.plans.iter().position(|p| p.checksum == e.checksum);
        let past = match known {
            Some(i) => &mut self.plans[i],
            None => {
                self.plans.push(first(e));
                self.plans.last_mut().expect("was just pushed")
            }
        };
        match e.event {
            Event::Started => {
                past.began = e.number;
                if !past.stands() {
                    past.millis = 0;
                }
                if !matches!(past.state, State::Applied | State::Expanded) {
                    past.state = part(e);
                }
            }
            Event::Batch => past.state = part(e),
            Event::Expanded => past.state = State::Expanded,
            Event::Applied => (past.state, past.purged) = (State::Applied, false),
            Event::Undone => past.state = State::Undone,
            Event::Failed if past.stands() => {}
            Event::Failed => past.state = State::Failed,
            Event::Baseline => {}
            Event::Purged => {
                past.purged = true;
                return;
            }
        }
        past.error = e.error.clone();
        if e.event != Event::Failed {
            past.batches = usize::try_from(e.batch).unwrap_or(0);
        }
        past.millis += e.millis;
        (past.at, past.who) = (e.at.clone(), e.who.clone());
    }

    pub fn get(&self, checksum: &str) -> Option<&Past> {
        self.plans.iter().find(|p| p.checksum == checksum)
    }

    /// Whether the plan was there before msr was, and is not known to have been applied.
    pub fn covers(&self, version: &str, checksum: &str) -> bool {
        self.baseline.as_ref().is_some_and(|b| version <= b.version.as_str()) && self.get(checksum).is_none()
    }

    /// What is in the database, newest first.
    pub fn standing(&self) -> Vec<&Past> {
        let mut all: Vec<&Past> = self.plans.iter().filter(|p| p.stands()).collect();
        all.sort_by_key(|p| std::cmp::Reverse(p.began));
        all
    }
}

fn part(e: &Entry) -> State {
    if e.batch > 0 { State::PartApplied } else { State::Begun }
}

fn first(e: &Entry) -> Past {
    Past {
        version: e.version.clone(),
        name: e.name.clone(),
        checksum: e.checksum.clone(),
        state: State::Begun,
        batches: 0,
        began: e.number,
        at: String::new(),
        who: String::new(),
        millis: 0,
        error: None,
        purged: false,
    }
}

/// The state that the same statements led to before (as far as they could: a contract phase may wait), if the database is
/// still in it: then there is nothing to plan, and no scratch database is needed to say so. Asked without the present state
/// (`live`) it is judged by its stamp.
pub fn settled(
    entries: &[Entry],
    session: &mut dyn Session,
    desired: &str,
    live: Option<Fingerprint>,
) -> Result<Option<Fingerprint>> {
    let history = History::of(entries);
    // An expand phase of which nothing is to be seen leaves what was there before, and so does its undoing.
    let waits = |e: &Entry| history.get(&e.checksum).is_some_and(|p| p.state == State::Expanded);
    let led = |e: &Entry| match e.event {
        Event::Applied | Event::Baseline => true,
        Event::Expanded => waits(e),
        _ => false,
    };
    let same = entries.iter().rev().filter(|e| e.desired.as_deref() == Some(desired) && led(e));
    if let Some(live) = live {
        let text = live.to_string();
        return Ok(same.into_iter().any(|e| e.live.as_deref() == Some(&text)).then_some(live));
    }
    let stamped: Vec<&Entry> = same.filter(|e| e.stamp.is_some()).collect();
    if stamped.is_empty() {
        return Ok(None);
    }
    let stamp = journal::stamp(session)?;
    let found = stamped.iter().find(|e| e.stamp == stamp);
    Ok(found.and_then(|e| e.live.as_deref()).and_then(|live| live.parse().ok()))
}
