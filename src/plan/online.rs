//! Which relations are changed online: those that were there before and are large, or all, or none.

use super::Step;
use super::make::Inputs;
use super::node::Node;
use crate::Result;
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::Scene;
use crate::model::{Catalog, Id, Kind, Object};
use std::collections::BTreeSet;

/// Rows of this many bytes are read or sorted in about 0.1 s: up to there one statement that holds its lock is as good as many
/// that do not, and sooner done.
pub const DEFAULT_SIZE: u64 = 10 << 20;

/// When a relation is changed online.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    #[default]
    Auto,
    Always,
    Never,
}

/// `online` and `online_from` of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Online {
    pub when: When,
    /// From how many bytes on a relation is large.
    pub from: u64,
    /// Whether what an old application still uses is taken from it in a phase of its own.
    pub phases: bool,
}

impl Default for Online {
    fn default() -> Online {
        Online { when: When::Auto, from: DEFAULT_SIZE, phases: true }
    }
}

/// The relations that the deltas are about and that are to be changed online, under the names that they have in `from`.
pub fn busy(
    inputs: &mut Inputs,
    renames: &[Node],
    from: &Catalog,
    goal: &Catalog,
    deltas: &[Delta],
) -> Result<BTreeSet<Id>> {
    let mut concerned = concerned(from, goal, deltas);
    let named = renames.iter().flat_map(|n| &n.deltas).filter_map(|d| match d {
        Delta::Rename { to, .. } if matches!(to.kind, Kind::Table | Kind::Column) => Some(from.root(to).clone()),
        _ => None,
    });
    concerned.extend(named.filter(|id| id.kind == Kind::Table && from.contains(id)));
    let (when, limit) = (inputs.online.when, inputs.online.from);
    match (when, inputs.target.as_mut()) {
        (When::Never, _) | (When::Auto, None) => Ok(BTreeSet::new()),
        (When::Always, _) => Ok(concerned),
        (When::Auto, Some(session)) => {
            let sizes = session.figures()?.bytes;
            let size = |id: &Id| sizes.get(&name_before(renames, id.clone()).path.join(".")).copied();
            let total =
                |id: &Id| with_partitions(from, &BTreeSet::from([id.clone()])).iter().filter_map(size).sum::<u64>();
            Ok(concerned.into_iter().filter(|id| total(id) >= limit).collect())
        }
    }
}

/// Says of each step that is done at once why that is so.
pub fn hold(engine: &dyn Engine, scene: Scene, steps: &mut [Step]) {
    for step in steps {
        step.held = step.deltas.iter().find_map(|delta| engine.hindrance(&scene, delta));
    }
}

/// What is to be changed online and is not: there is no ladder for it.
pub fn at_once(busy: &BTreeSet<Id>, steps: &[Step]) -> Vec<String> {
    let bare = |name: &str| name.replace('"', "");
    let mut notes = Vec::new();
    for step in steps {
        let rewritten = |id: &&Id| step.rewrites.iter().any(|name| bare(name) == bare(&id.path.join(".")));
        let why = step.held.as_ref().map(|why| format!(", since {why}")).unwrap_or_default();
        match busy.iter().find(rewritten) {
            Some(id) => notes.push(format!(
                "step {} writes {id} anew, which nobody can read or write meanwhile: msr has no ladder for it{why}",
                step.id
            )),
            None if step.held.is_some() => notes.push(format!("step {} is done at once{why}", step.id)),
            None => {}
        }
    }
    notes
}

/// Relations that were there and that a delta is about, or that what it is about refers to: a foreign key's other table.
fn concerned(from: &Catalog, goal: &Catalog, deltas: &[Delta]) -> BTreeSet<Id> {
    let mut found = BTreeSet::new();
    for delta in deltas {
        for (catalog, object) in [from, goal].into_iter().filter_map(|c| Some((c, c.get(delta.id())?))) {
            found.insert(catalog.root(object.id()).clone());
            found.extend(object.refs().iter().map(|r| catalog.root(&r.to).clone()));
            // Of another set of labels, the columns that hold them.
            let holds = |o: &&Object| object.id().kind == Kind::Enum && o.id().kind == Kind::Column;
            found.extend(catalog.users(object.id()).filter(holds).map(|o| catalog.root(o.id()).clone()));
        }
    }
    let relation = |id: &Id| matches!(id.kind, Kind::Table | Kind::MaterializedView);
    let goes = |id: &Id| deltas.iter().any(|d| matches!(d, Delta::Drop(gone) if gone == id));
    found.retain(|id| relation(id) && from.contains(id) && (goal.contains(id) || goes(id)));
    found
}

/// The relations, and the tables that are a part of them.
fn with_partitions(catalog: &Catalog, of: &BTreeSet<Id>) -> BTreeSet<Id> {
    let mut found = of.clone();
    let mut queue: Vec<Id> = of.iter().cloned().collect();
    while let Some(id) = queue.pop() {
        let heirs = catalog.users(&id).filter(|o| o.wholes().any(|whole| *whole == id)).filter_map(Object::parent);
        queue.extend(heirs.filter(|heir| found.insert((*heir).clone())).cloned());
    }
    found
}

/// The name that the relation or column still has in the database.
pub fn name_before(renames: &[Node], id: Id) -> Id {
    let pairs = renames.iter().rev().flat_map(|n| &n.deltas).filter_map(|d| match d {
        Delta::Rename { from, to } => Some((from, to)),
        _ => None,
    });
    pairs.fold(id, |id, (from, to)| {
        let (whole, within) = (id.path.len(), to.path.len());
        let whole_of = to.kind == Kind::Schema || to.kind == Kind::Table && id.kind == Kind::Column;
        let same = id.path.starts_with(&to.path) && (id.kind == to.kind || whole_of);
        match same && within <= whole {
            true => Id { kind: id.kind, path: from.path.iter().chain(&id.path[within..]).cloned().collect() },
            false => id,
        }
    })
}
