//! The edges that links make: followers around their leaders, links after both of their ends.

use super::links::{Links, root};
use super::node::Node;
use super::order::Doers;
use crate::Result;
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::Scene;
use crate::model::{Catalog, Id, Kind, Object, Status, Strength};
use std::collections::BTreeMap;

/// A follower with a node of its own: it is there before its leader comes, altered after it, and goes after it has gone.
pub fn followed(engine: &dyn Engine, scene: &Scene, nodes: &[Node], doers: &Doers) -> Vec<(usize, usize)> {
    let links = Links::of(*scene);
    let mut pairs = Vec::new();
    for (i, delta) in nodes.iter().enumerate().flat_map(|(i, n)| n.deltas.iter().map(move |d| (i, d))) {
        let side = if matches!(delta, Delta::Drop(_)) { scene.from } else { scene.to };
        let Some(follower) = side.get(delta.id()) else { continue };
        for leader in follower.leaders() {
            let pending = scene.to.get(leader).is_some_and(|l| l.status() == Status::Pending);
            let late = pending || made_late(engine, scene.to, leader);
            if late && let (Delta::Add(_), Some(leader)) = (delta, doers.adds.get(leader)) {
                pairs.push((*leader, i));
            } else if links.together(scene.replaced, follower.id(), leader) {
                pairs.extend(match delta {
                    Delta::Add(_) => doers.adds.get(leader).map(|leader| (i, *leader)),
                    Delta::Drop(_) => doers.drops.get(leader).map(|leader| (*leader, i)),
                    Delta::Set { .. } | Delta::Rename { .. } => doers.sets.get(leader).map(|leader| (*leader, i)),
                });
            }
        }
    }
    pairs
}

/// A link is made when both of its ends are settled, and broken before either changes.
pub fn linked(engine: &dyn Engine, scene: &Scene, nodes: &[Node], doers: &Doers) -> Result<Vec<(usize, usize)>> {
    let all = nodes
        .iter()
        .enumerate()
        .flat_map(|(i, n)| n.deltas.iter().map(move |d| (i, d.id(), matches!(d, Delta::Drop(_)))));
    let touched = Touched::new(scene, all);
    // A foreign key to a table that goes as well goes before that, whatever becomes of its partitions.
    let needs_dropped = |part: &Id| {
        let refs = scene.from.get(part).into_iter().flat_map(|o| o.refs());
        refs.filter(|r| r.strength == Strength::Normal).any(|r| doers.drops.contains_key(&r.to))
    };
    let mut pairs = Vec::new();
    for (i, delta) in nodes.iter().enumerate().flat_map(|(i, n)| n.deltas.iter().map(move |d| (i, d))) {
        let (side, dropped) = match delta {
            Delta::Add(_) => (scene.to, false),
            Delta::Drop(_) => (scene.from, true),
            Delta::Set { .. } | Delta::Rename { .. } => continue,
        };
        let Some(link) = side.get(delta.id()) else { continue };
        // A link that has a step to itself can wait for anything, since nothing waits for a link. One that stands inside a
        // table's CREATE or goes with its table waits only for what shapes the other end.
        let alone = nodes[i].subject == *link.id() && link.parent().is_some();
        if dropped && !alone {
            pairs.extend(keys_to_wholes(scene, doers, link).map(|key| (key, i)));
        }
        for whole in link.refs().iter().filter(|r| r.strength == Strength::Whole) {
            if !alone && nodes[i].subject == whole.to {
                continue;
            }
            for (other, part, part_dropped) in touched.parts(&whole.to).filter(|(other, ..)| *other != i) {
                match dropped {
                    false if !part_dropped && made_late(engine, scene.to, part) => pairs.push((i, other)),
                    // It went first, so that it comes back last.
                    true if part_dropped && made_late(engine, scene.from, part) => pairs.push((other, i)),
                    true if alone || !part_dropped || !needs_dropped(part) => pairs.push((i, other)),
                    false if alone || engine.rule(part.kind)?.clause.is_some() => pairs.push((other, i)),
                    _ => {}
                }
            }
        }
    }
    Ok(pairs)
}

/// Foreign keys to a table are ones to its partitions too, and those that go do so before any of these is dropped.
fn keys_to_wholes<'a>(scene: &Scene<'a>, doers: &'a Doers, link: &'a Object) -> impl Iterator<Item = usize> + use<'a> {
    let from = scene.from;
    let own = from.root(link.id());
    let wholes = move |link: &'a Object| link.wholes().filter(move |whole| from.root(link.id()) != *whole);
    let mut all: Vec<&Id> = wholes(link).collect();
    let mut seen = 0;
    while let Some(whole) = all.get(seen).copied() {
        seen += 1;
        let above = from.children(whole).flat_map(wholes);
        all.extend(above.collect::<Vec<_>>());
    }
    let to = |whole: &'a Id| from.users(whole).filter(|o| o.id().kind == Kind::ForeignKey);
    // Those of the tables themselves go with them.
    let of_others = |key: &&Object| from.root(key.id()) != own && !all.contains(&from.root(key.id()));
    let keys: Vec<&Object> = all.iter().copied().flat_map(to).filter(of_others).collect();
    keys.into_iter().filter_map(|key| doers.drops.get(key.id()).copied())
}

/// A pending part that stands in no CREATE is pending for want of a link's other parts: it is made when the link is there, and
/// what follows it as well.
pub fn comes_late(engine: &dyn Engine, catalog: &Catalog, id: &Id) -> bool {
    let late = |o: &Object| o.status() == Status::Pending && engine.rule(o.id().kind).is_ok_and(|r| r.clause.is_none());
    // Links make no circles.
    catalog.get(id).is_some_and(|o| late(o) || o.leaders().any(|leader| comes_late(engine, catalog, leader)))
}

/// Whether it is made when the links are there: what comes late, and what is pending in a table whose heirs are made with it,
/// where it would be in force in all of them if it were there before them.
pub fn made_late(engine: &dyn Engine, catalog: &Catalog, id: &Id) -> bool {
    let born_with = |heir: &Object| {
        let mut links = catalog.ties().filter(|link| link.parent() == heir.parent());
        links.any(|link| engine.rule(link.id().kind).is_ok_and(|r| r.clause.is_some()))
    };
    let pending = |o: &Object| o.status() == Status::Pending;
    let bound = |heir: &Object, to: &Object| heir.has_ref(to.id(), Strength::Auto) && born_with(heir);
    let heirs = |o: &Object| {
        pending(o) && catalog.users(o.id()).any(|user| user.has_ref(o.id(), Strength::Follow) && bound(user, o))
    };
    let follows = |o: &Object| o.leaders().filter_map(|l| catalog.get(l)).any(|l| pending(l) && bound(o, l));
    comes_late(engine, catalog, id) || catalog.get(id).is_some_and(|o| heirs(o) || follows(o))
}

/// What a step does to objects of one table, for the links that want it settled.
struct Touched<'a> {
    by_table: BTreeMap<&'a Id, Vec<(usize, &'a Id, bool)>>,
}

impl<'a> Touched<'a> {
    /// Of numbered deltas: the object and whether it is dropped.
    fn new(scene: &Scene<'a>, deltas: impl Iterator<Item = (usize, &'a Id, bool)>) -> Touched<'a> {
        let mut by_table: BTreeMap<&Id, Vec<_>> = BTreeMap::new();
        for (node, id, dropped) in deltas {
            by_table.entry(root(scene, id)).or_default().push((node, id, dropped));
        }
        Touched { by_table }
    }

    /// The nodes that touch the table or a part of it.
    fn parts(&self, table: &Id) -> impl Iterator<Item = (usize, &'a Id, bool)> {
        self.by_table.get(table).into_iter().flatten().copied()
    }
}
