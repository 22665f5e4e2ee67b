//! What a plan is about: what is managed, and how much of the present state its proof must copy.

use crate::diff::Delta;
use crate::model::{Catalog, Id, Kind, Object, Strength};
use std::collections::{BTreeMap, BTreeSet};

/// Leaves owners and grants of `base` alone where `goal` says nothing of them: they are managed only where declared.
pub fn only_managed(base: &mut Catalog, goal: &Catalog) {
    let subject = |id: &Id| (id.kind, id.path[..id.path.len().saturating_sub(usize::from(id.kind == Kind::Grant))].to_vec());
    let declared: BTreeSet<_> = goal.ids().filter(|id| managed_where_declared(id)).map(subject).collect();
    base.retain(|o| !managed_where_declared(o.id()) || declared.contains(&subject(o.id())));
}

fn managed_where_declared(id: &Id) -> bool {
    matches!(id.kind, Kind::Owner | Kind::Grant)
}

/// The objects of `base` that a proof of these deltas needs: what they touch, all that depends on it, and all that any of
/// these depends on; `whole` tables come with all of their parts.
pub fn needed(base: &Catalog, goal: &Catalog, deltas: &[Delta], whole: bool) -> BTreeSet<Id> {
    let dependents = base.dependents();
    let mut affected: BTreeSet<&Id> = BTreeSet::new();
    let mut queue: Vec<&Id> = deltas.iter().map(touched).collect();
    while let Some(id) = queue.pop() {
        if affected.insert(id) {
            queue.extend(dependents.get(id).into_iter().flatten().map(|o| o.id()));
        }
    }
    let mut parts: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
    for object in base.iter().filter(|o| whole && !matches!(o.id().kind, Kind::Index | Kind::Trigger)) {
        object.parent().into_iter().for_each(|parent| parts.entry(parent).or_default().push(object.id()));
    }
    let ends = ends(base, goal);
    let mut queue: Vec<&Id> = affected.into_iter().collect();
    let mut seen: BTreeSet<&Id> = BTreeSet::new();
    while !queue.is_empty() {
        while let Some(id) = queue.pop() {
            if !seen.insert(id) {
                continue;
            }
            queue.extend(parts.get(id).into_iter().flatten());
            for object in base.get(id).into_iter().chain(goal.get(id)) {
                queue.extend(object.refs().iter().map(|r| &r.to).chain(object.parent()));
                queue.extend(wholes(object).flat_map(|end| ends.get(end).into_iter().flatten()));
            }
        }
        // A link both of whose ends are copied is copied as well: what is done to one end reaches the other.
        let linked = base.iter().filter(|o| wholes(o).next().is_some() && !seen.contains(o.id()));
        queue.extend(linked.filter(|o| wholes(o).all(|end| seen.contains(end))).map(Object::id));
    }
    seen.into_iter().filter(|id| base.contains(id)).cloned().collect()
}

/// What the object links.
fn wholes(object: &Object) -> impl Iterator<Item = &Id> {
    object.refs().iter().filter(|r| r.strength == Strength::Whole).map(|r| &r.to)
}

/// All parts of what is linked to something.
fn ends<'a>(base: &'a Catalog, goal: &'a Catalog) -> BTreeMap<&'a Id, Vec<&'a Id>> {
    let mut ends: BTreeMap<&Id, Vec<&Id>> = base.iter().chain(goal.iter()).flat_map(wholes).map(|end| (end, vec![])).collect();
    for object in base.iter().filter(|_| !ends.is_empty()).collect::<Vec<_>>() {
        if let Some(parts) = ends.get_mut(base.root(object.id())) {
            parts.push(object.id());
        }
    }
    ends
}

fn touched(delta: &Delta) -> &Id {
    match delta {
        Delta::Rename { from, .. } => from,
        other => other.id(),
    }
}
