//! The end of stage 2: what is done to a follower joins the node that does it to its leader, or that makes or breaks the link
//! between them. One statement does both, and there is no way back from a half.

use super::links::Links;
use super::node::Node;
use super::tied::made_late;
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::Scene;
use crate::model::{Id, Object, Strength};
use std::collections::BTreeMap;

/// Which node does what to which object.
struct Places {
    adds: BTreeMap<Id, usize>,
    drops: BTreeMap<Id, usize>,
    sets: BTreeMap<Id, usize>,
}

impl Places {
    fn new(nodes: &[Node]) -> Places {
        let mut places = Places { adds: BTreeMap::new(), drops: BTreeMap::new(), sets: BTreeMap::new() };
        for (i, delta) in nodes.iter().enumerate().flat_map(|(i, n)| n.deltas.iter().map(move |d| (i, d))) {
            match delta {
                Delta::Add(id) => places.adds.insert(id.clone(), i),
                Delta::Drop(id) => places.drops.insert(id.clone(), i),
                Delta::Set { id, .. } | Delta::Rename { to: id, .. } => places.sets.insert(id.clone(), i),
            };
        }
        places
    }
}

/// Joins followers to leaders.
pub fn lead<'a>(engine: &dyn Engine, scene: &Scene<'a>, links: &Links<'a>, nodes: Vec<Node>) -> Vec<Node> {
    let places = Places::new(&nodes);
    let of = |(i, node)| leader(engine, scene, links, node, &places).filter(|l| *l != i);
    let leaders: Vec<Option<usize>> = nodes.iter().enumerate().map(of).collect();
    // The leader of leaders, and how far it is: a partition of a partition follows from two steps away.
    let root = |i: usize| {
        let (mut root, mut depth) = (i, 0);
        while let Some(up) = leaders[root].filter(|_| depth <= nodes.len()) {
            (root, depth) = (up, depth + 1);
        }
        (root, depth)
    };
    let mut plan: Vec<(usize, usize, usize)> = (0..nodes.len()).map(|i| (root(i).1, root(i).0, i)).collect();
    plan.sort();
    let mut slots: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    for (_, root, follower) in plan.into_iter().filter(|(depth, ..)| *depth > 0) {
        if let (Some(taken), Some(leader)) = (slots[follower].take(), slots[root].as_mut()) {
            leader.absorb(engine, taken);
        }
    }
    slots.into_iter().flatten().collect()
}

/// The node that the given one joins.
fn leader<'a>(
    engine: &dyn Engine,
    scene: &Scene<'a>,
    links: &Links<'a>,
    node: &Node,
    places: &Places,
) -> Option<usize> {
    if let Some(with) = &node.with {
        // Of two that come or go together, neither is altered.
        let alike = match node.deltas.first()? {
            Delta::Add(_) => places.adds.get(with),
            Delta::Drop(_) => places.drops.get(with),
            Delta::Set { .. } | Delta::Rename { .. } => None,
        };
        return places.sets.get(with).or(alike).copied();
    }
    let id = &node.subject;
    let adds = matches!(node.deltas.first()?, Delta::Add(_));
    if matches!(node.deltas.first()?, Delta::Drop(_)) {
        return None;
    }
    let sides = [scene.to.get(id), scene.from.get(id)];
    let objects: Vec<&Object> = sides.into_iter().flatten().collect();
    for (object, leader) in objects.iter().flat_map(|o| o.leaders().map(move |l| (o, l))) {
        let late = adds && made_late(engine, scene.to, leader);
        if let Some(found) = places.adds.get(leader).filter(|_| late) {
            return Some(*found);
        }
        if links.together(scene.replaced, object.id(), leader) {
            let bound = object.has_ref(leader, Strength::Auto);
            let of_same = places
                .adds
                .get(leader)
                .filter(|_| bound)
                .or_else(|| places.sets.get(leader).filter(|_| bound || !adds));
            if let Some(found) = of_same {
                return Some(*found);
            }
        } else if let (true, Some(link)) = (node.is_silent(), links.between(object.id(), leader)) {
            return places.adds.get(link).or_else(|| places.drops.get(link)).copied();
        }
    }
    None
}
