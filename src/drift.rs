//! What a database is besides what it should be: by the plans that it was given, and by the schema files.

use crate::apply::history::History;
use crate::apply::journal::{self, Entry};
use crate::apply::observe;
use crate::diff::Delta;
use crate::engine::Session;
use crate::model::{Catalog, Fingerprint, Id, Object, Roles};
use crate::plan::Manage;
use crate::plan::file::Loaded;
use crate::{Result, plan};
use std::collections::{BTreeMap, BTreeSet};

/// What the journal says of the state that the last run left.
pub struct Left {
    /// Version and name of the newest plan that stands, or of the baseline.
    pub version: String,
    pub name: String,
    /// Of the whole catalog, and the stamp that it had, as the last run saw them.
    pub live: Option<Fingerprint>,
    pub stamp: Option<String>,
    /// What stands, oldest first, and how many batches of it.
    pub plans: Vec<(Loaded, usize)>,
    /// Whether the plans begin at a state that was found and not made.
    pub found: bool,
}

/// Reads the journal; `None` where it tells of nothing.
pub fn left(session: &mut dyn Session) -> Result<Option<Left>> {
    let entries = journal::read(session.journal())?;
    // What began and did not end has no state of its own: then there is none to be compared with as a whole.
    let seen = entries.last().filter(|e| e.live.is_some());
    let history = History::of(&entries);
    let mut plans = vec![];
    for past in history.standing().into_iter().rev() {
        plans.push((past.plan(session.journal())?, past.batches));
    }
    let baseline = entries.iter().rev().find(|e| e.event == journal::Event::Baseline);
    let newest = history.standing().first().map(|p| (p.version.clone(), p.name.clone()));
    let Some((version, name)) = newest.or_else(|| baseline.map(|e| (e.version.clone(), e.name.clone()))) else {
        return Ok(None);
    };
    Ok(Some(Left {
        version,
        name,
        live: seen.and_then(whole),
        stamp: seen.and_then(|e| e.stamp.clone()),
        plans,
        found: baseline.is_some(),
    }))
}

fn whole(entry: &Entry) -> Option<Fingerprint> {
    entry.live.as_deref()?.parse().ok()
}

impl Left {
    /// The roles that the newest plan speaks of: scratch must have them.
    pub fn roles(&self) -> Roles {
        self.plans.last().map(|(loaded, _)| loaded.plan.header.roles.clone()).unwrap_or_default()
    }

    /// Whether nothing has changed since, as far as the whole tells; `None` where it does not. The stamp is asked first: it
    /// needs no reading of the catalog.
    pub fn unchanged(&self, session: &mut dyn Session) -> Result<Option<bool>> {
        if self.stamp.is_some() && journal::stamp(session)? == self.stamp {
            return Ok(Some(true));
        }
        let Some(live) = self.live else { return Ok(None) };
        session.look_at_roles(&self.roles());
        Ok(Some(session.inspect()?.fingerprint() == live))
    }

    /// The catalog that the plans lead to, made on an empty scratch database; `None` where they do not begin with one.
    pub fn replayed(&self, scratch: &mut dyn Session) -> Result<Option<Catalog>> {
        let Some((first, _)) = self.plans.first().filter(|_| !self.found) else { return Ok(None) };
        if scratch.inspect()?.fingerprint() != first.plan.header.base {
            return Ok(None);
        }
        for (loaded, batches) in &self.plans {
            plan::replay(scratch, &loaded.plan, *batches)
                .map_err(|e| e.during(format!("replaying `{}`", loaded.plan.header.name)))?;
        }
        scratch.inspect().map(Some)
    }

    /// Without that catalog: the objects that the plans touched, by their fingerprints.
    pub fn touched(&self, live: &Catalog) -> Vec<Difference> {
        let mut expected: BTreeMap<&Id, Option<Fingerprint>> = BTreeMap::new();
        for (loaded, batches) in &self.plans {
            expected.extend(loaded.plan.relies.iter().map(|(id, then)| (id, Some(*then))));
            expected.extend(observe::expected(&loaded.plan, *batches));
        }
        let differs = expected.into_iter().filter_map(|(id, then)| {
            let how = match (live.get(id).map(Fingerprint::of), then) {
                (now, then) if now == then => return None,
                (None, _) => How::Missing,
                (Some(_), None) => How::Extra,
                (Some(_), Some(_)) => How::Changed(vec![]),
            };
            Some(Difference { id: id.clone(), parent: parent(live, id), how })
        });
        differs.collect()
    }
}

/// How one object differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub id: Id,
    pub parent: Option<Id>,
    pub how: How,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// It should be there.
    Missing,
    /// It should not be there.
    Extra,
    /// Attribute, what it should be, what it is; empty where only the fingerprint was kept.
    Changed(Vec<(String, String, String)>),
}

fn parent(catalog: &Catalog, id: &Id) -> Option<Id> {
    catalog.get(id).and_then(Object::parent).cloned()
}

/// What the live database is otherwise than expected. Owners and grants that the expected state does not speak of are
/// somebody else's.
pub fn between(manage: Manage, live: &Catalog, expected: &Catalog) -> Vec<Difference> {
    let mut all: BTreeMap<Id, How> = BTreeMap::new();
    for delta in plan::unlike(manage, live.clone(), expected) {
        match delta {
            Delta::Add(id) => drop(all.insert(id, How::Missing)),
            Delta::Drop(id) => drop(all.insert(id, How::Extra)),
            Delta::Set { id, attr, from, to } => {
                if let How::Changed(attrs) = all.entry(id).or_insert(How::Changed(vec![])) {
                    attrs.push((attr, to.to_string(), from.to_string()));
                }
            }
            Delta::Rename { .. } => {}
        }
    }
    let of = |id: &Id| parent(live, id).or_else(|| parent(expected, id));
    all.into_iter().map(|(id, how)| Difference { parent: of(&id), id, how }).collect()
}

/// Without the parts of what is missing or too much as a whole.
pub fn folded(all: &[Difference]) -> Vec<&Difference> {
    let changed = |d: &&Difference| matches!(d.how, How::Changed(_));
    let whole: BTreeSet<&Id> = all.iter().filter(|d| !changed(d)).map(|d| &d.id).collect();
    all.iter().filter(|d| changed(d) || !d.parent.as_ref().is_some_and(|id| whole.contains(id))).collect()
}
