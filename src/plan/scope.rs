//! What a plan is about: what is managed, and how much of the present state its proof must copy.

use crate::diff::Delta;
use crate::model::{Catalog, Id, Kind, Object};
use std::collections::BTreeSet;

/// Owners and grants are managed only where the schema files speak of them: where they do not, what the database has is
/// carried over into the goal, so that it is left alone, and comes back with an object that must be created again.
pub fn carry_over(base: &Catalog, goal: &mut Catalog) {
    let subject = |id: &Id| (id.kind, id.path[..id.path.len().saturating_sub(usize::from(id.kind == Kind::Grant))].to_vec());
    let declared: BTreeSet<_> = goal.ids().filter(|id| managed_where_declared(id)).map(subject).collect();
    let said = base.iter().filter(|o| managed_where_declared(o.id()) && !declared.contains(&subject(o.id())));
    let kept: Vec<_> = said.filter(|o| o.parent().is_some_and(|p| goal.contains(p))).cloned().collect();
    kept.into_iter().for_each(|o| goal.insert(o));
}

fn managed_where_declared(id: &Id) -> bool {
    matches!(id.kind, Kind::Owner | Kind::Grant)
}

/// The objects of `base` that a proof of these deltas needs: what they touch, all that depends on it, and all that any of
/// these depends on; `whole` tables come with all of their parts.
pub fn needed(base: &Catalog, goal: &Catalog, deltas: &[Delta], whole: bool) -> BTreeSet<Id> {
    let mut affected: BTreeSet<&Id> = BTreeSet::new();
    let mut queue: Vec<&Id> = deltas.iter().map(touched).collect();
    while let Some(id) = queue.pop() {
        if affected.insert(id) {
            queue.extend(base.users(id).map(|o| o.id()));
        }
    }
    let is_part = |o: &&Object| whole && !matches!(o.id().kind, Kind::Index | Kind::Trigger);
    let mut needed: BTreeSet<Id> = BTreeSet::new();
    let mut queue: Vec<&Id> = affected.into_iter().collect();
    let mut seen: BTreeSet<&Id> = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if !seen.insert(id) {
            continue;
        }
        if base.contains(id) {
            needed.insert(id.clone());
            // An extension brings its comment along, so a copy without it would differ.
            queue.extend(base.users(id).filter(|o| o.id().kind == Kind::Comment).map(Object::id));
        }
        queue.extend(base.children(id).filter(is_part).map(Object::id));
        for object in base.get(id).into_iter().chain(goal.get(id)) {
            queue.extend(object.refs().iter().map(|r| &r.to).chain(object.parent()));
        }
    }
    needed
}

fn touched(delta: &Delta) -> &Id {
    match delta {
        Delta::Rename { from, .. } => from,
        other => other.id(),
    }
}
