//! What a plan is about: what is managed, and how much of the present state its proof must copy.

use crate::diff::{Delta, diff};
use crate::engine::Engine;
use crate::model::{Catalog, Id, Kind, Object, Status};
use serde::Deserialize;
use std::collections::BTreeSet;

/// How much of what is said about objects is managed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// Of the objects that the schema files speak of in this way.
    #[default]
    Declared,
    /// Of all objects: what is not declared goes.
    All,
    /// Of none, declared or not.
    None,
}

/// `[manage]` of the settings file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manage {
    pub grants: Extent,
    pub owners: Extent,
    pub default_privileges: Extent,
    pub security_labels: Extent,
}

impl Manage {
    fn extent(self, kind: Kind) -> Option<Extent> {
        match kind {
            Kind::Owner => Some(self.owners),
            Kind::Grant => Some(self.grants),
            Kind::SecurityLabel => Some(self.security_labels),
            Kind::DefaultPrivilege => Some(self.default_privileges),
            // One that is a secret in the schema files is set by hand.
            Kind::Connection => Some(Extent::Declared),
            _ => None,
        }
    }
}

/// Leaves out owners and grants of a state that was read where `goal` says nothing of them: what default privileges of somebody
/// else's gave to a new object is theirs.
pub fn only_managed(manage: Manage, state: &mut Catalog, goal: &Catalog) {
    let declared = declared(goal);
    let managed = |id: &Id| declared.contains(&subject(id)) || manage.extent(id.kind) == Some(Extent::All);
    state.retain(|o| !is_said(o.id()) || managed(o.id()));
}

/// Owners and grants are managed only where the schema files speak of them, unless `[manage]` says otherwise: where they are
/// not, what the database has is carried over into the goal, so that it is left alone, and comes back with an object that must
/// be created again.
pub fn carry_over(manage: Manage, base: &Catalog, goal: &mut Catalog) {
    goal.says_all_rights = manage.grants == Extent::All;
    goal.retain(|o| manage.extent(o.id().kind) != Some(Extent::None));
    let declared = declared(goal);
    let stays = |o: &&Object| {
        o.parent().is_none_or(|parent| goal.contains(parent)) && o.refs().iter().all(|r| goal.contains(&r.to))
    };
    let unmanaged = |id: &Id| match manage.extent(id.kind) {
        None | Some(Extent::All) => false,
        Some(Extent::None) => true,
        Some(Extent::Declared) => is_said(id) && !declared.contains(&subject(id)),
    };
    let adopted: Vec<Object> = base.iter().filter(|o| unmanaged(o.id())).filter(stays).cloned().collect();
    adopted.into_iter().for_each(|o| goal.insert(o));
}

/// Kind of what is said, and of what.
type Subject = (Kind, Vec<Box<str>>);

/// Rights on a column are rights on its table: who speaks of the one speaks of the other.
fn subject(id: &Id) -> Subject {
    let path = match (id.kind, id.at(0) == Kind::Column.name()) {
        (Kind::Grant, true) => &id.path[1..3],
        (Kind::Grant, false) if RELATIONS.iter().any(|k| k.name() == id.at(0)) => &id.path[1..id.path.len() - 1],
        (Kind::Grant, false) => &id.path[..id.path.len() - 1],
        _ => &id.path[..],
    };
    (id.kind, path.to_vec())
}

const RELATIONS: &[Kind] = &[Kind::Table, Kind::ForeignTable, Kind::View, Kind::MaterializedView];

fn declared(goal: &Catalog) -> BTreeSet<Subject> {
    goal.ids().filter(|id| is_said(id)).map(subject).collect()
}

fn is_said(id: &Id) -> bool {
    id.kind.is_about_another() && id.kind != Kind::Comment
}

/// What must be done, less what nobody asked for: default privileges stay unless the goal says something of the same maker,
/// schema and sort of objects. Unlike grants they are not left out of the base, since they act on what the plan makes.
pub fn deltas(manage: Manage, base: &Catalog, goal: &Catalog) -> Vec<Delta> {
    let mut deltas = diff(base, goal);
    deltas.retain(|delta| !is_undeclared(manage, delta, goal));
    deltas
}

/// What must be done to a state so that it is what the goal says, less what the goal does not speak of.
pub fn unlike(manage: Manage, mut state: Catalog, goal: &Catalog) -> Vec<Delta> {
    let mut goal = goal.clone();
    only_managed(manage, &mut state, &goal);
    carry_over(manage, &state, &mut goal);
    deltas(manage, &state, &goal)
}

pub fn is_undeclared(manage: Manage, delta: &Delta, goal: &Catalog) -> bool {
    let said = |id: &Id| goal.of_kind(id.kind).any(|g| g.id().path[..3] == id.path[..3]);
    // Those for a schema go with it.
    let stays = |id: &Id| id.at(1).is_empty() || goal.contains(&Id::new(Kind::Schema, [id.at(1)]));
    let managed = manage.default_privileges == Extent::All;
    matches!(delta, Delta::Drop(id) if id.kind == Kind::DefaultPrivilege && !managed && stays(id) && !said(id))
}

/// The objects of `base` that a proof of these deltas needs: what they touch, all that depends on it, all that acts on
/// others, and all that any of these depends on, managed or not; whole tables, where the engine has only those, come with all of their parts.
pub fn needed(engine: &dyn Engine, base: &Catalog, goal: &Catalog, deltas: &[&Delta]) -> BTreeSet<Id> {
    needed_with(engine, base, goal, deltas, &[])
}

/// The same, with these objects and what they depend on besides.
pub fn needed_with(
    engine: &dyn Engine,
    base: &Catalog,
    goal: &Catalog,
    deltas: &[&Delta],
    more: &[&Id],
) -> BTreeSet<Id> {
    let whole_base = base.whole();
    let mut affected: BTreeSet<&Id> = BTreeSet::new();
    let mut queue: Vec<&Id> = deltas.iter().copied().map(touched).collect();
    while let Some(id) = queue.pop() {
        if affected.insert(id) {
            queue.extend(base.users(id).map(|o| o.id()));
        }
    }
    affected.extend(base.ids().filter(|id| engine.acts_on_others(id)));
    // There or back, a table may have to be rebuilt, and that names its indexes and triggers.
    if engine.whole_tables() {
        let roots = deltas.iter().map(|delta| match touched(delta) {
            id if base.contains(id) => base.root(id),
            id => goal.root(id),
        });
        affected.extend(roots.filter(|root| base.contains(root)).flat_map(|root| base.family(root)));
    }
    // What the schema files make of a value may be made of any of its columns.
    let said = |delta: &&Delta| goal.get(touched(delta)).is_some_and(|o| o.head().using.is_some());
    let tables = deltas.iter().copied().filter(said).map(|delta| goal.root(touched(delta)));
    // A view that stands in for a table while a column of it has two names shows all of them.
    let renamed = deltas.iter().filter(|d| matches!(d, Delta::Rename { from, .. } if from.kind == Kind::Column));
    let tables = tables.chain(renamed.map(|delta| base.root(touched(delta))));
    affected.extend(tables.flat_map(|table| base.children(table)).map(Object::id).filter(|id| id.kind == Kind::Column));
    // What is revoked on a table is revoked on its columns: rights on one thing are copied all or none.
    let rights: BTreeSet<Subject> = affected.iter().filter(|id| id.kind == Kind::Grant).map(|id| subject(id)).collect();
    if !rights.is_empty() {
        affected.extend(base.of_kind(Kind::Grant).map(Object::id).filter(|id| rights.contains(&subject(id))));
    }
    // What is pending may be so for want of a part of a table that is tied to its own.
    let pending = |id: &&Id| [base, goal].iter().any(|c| c.get(id).is_some_and(|o| o.status() == Status::Pending));
    let waiting: BTreeSet<&Id> = deltas.iter().copied().map(touched).filter(pending).map(|id| goal.root(id)).collect();
    let ties = base.ties().filter(|o| !waiting.is_empty() && o.wholes().any(|end| waiting.contains(end)));
    affected.extend(ties.map(Object::id));
    // What becomes a part of a thing may have to have its owner.
    let refs = deltas.iter().filter_map(|delta| goal.get(touched(delta))).flat_map(|o| o.refs());
    let owners: Vec<Id> = refs.map(|r| Id::about(Kind::Owner, goal.root(&r.to))).collect();
    affected.extend(owners.iter().filter(|id| base.contains(id)));
    // What gets another name may need something under that: the schema that it goes to.
    let names = deltas.iter().filter_map(|d| if let Delta::Rename { to, .. } = d { Some(to) } else { None });
    let base = &*whole_base;
    let whole = engine.whole_tables();
    let is_part = |o: &&Object| whole && !matches!(o.id().kind, Kind::Index | Kind::Trigger);
    let mut queue: Vec<&Id> = affected.into_iter().chain(names).chain(more.iter().copied()).collect();
    let mut seen: BTreeSet<&Id> = BTreeSet::new();
    while !queue.is_empty() {
        while let Some(id) = queue.pop() {
            if !seen.insert(id) {
                continue;
            }
            // An extension brings its comment along, so a copy without it would differ.
            let comments = base.users(id).filter(|o| base.contains(id) && o.id().kind == Kind::Comment);
            queue.extend(comments.map(Object::id));
            // Who needs a type needs it with all that it is made of.
            let made_of = base.children(id).filter(|o| matches!(o.id().kind, Kind::Attribute | Kind::Function));
            queue.extend(made_of.chain(base.children(id).filter(is_part)).map(Object::id));
            for object in base.get(id).into_iter().chain(goal.get(id)) {
                queue.extend(object.refs().iter().map(|r| &r.to).chain(object.parent()));
                queue.extend(object.wholes().flat_map(|end| base.family(end)));
            }
        }
        // A tie both of whose ends are copied is copied as well: what is done to one end reaches the other.
        let ties = base.ties().filter(|o| !seen.contains(o.id()));
        queue.extend(ties.filter(|o| o.wholes().all(|end| seen.contains(end))).map(Object::id));
    }
    seen.into_iter().filter(|id| base.contains(id)).cloned().collect()
}

fn touched(delta: &Delta) -> &Id {
    match delta {
        Delta::Rename { from, .. } => from,
        other => other.id(),
    }
}
