//! After the sort: what waits until the old application is gone is put behind all the rest.
//!
//! Rungs say of themselves that they contract. What can be done only after them waits with them; and what only goes to make
//! way for them (the view of a table that goes) goes no sooner than they do.

use super::Action;
use super::node::Node;
use super::order::{EdgeRule, Ordered};
use crate::diff::Delta;
use crate::engine::how::{Phase, Rung};

type Needs = Vec<Vec<(usize, EdgeRule)>>;

/// Cuts nodes in two where they must be, and moves the later halves to the end.
pub fn split(ordered: Ordered) -> Ordered {
    let Ordered { nodes, needs } = ordered;
    if !nodes.iter().any(contracts) {
        return Ordered { nodes, needs };
    }
    let late = late(&nodes, &needs);
    let halves: Vec<(Option<Node>, Option<Node>)> =
        nodes.into_iter().zip(&late).map(|(node, late)| cut(node, *late)).collect();
    let soon = halves.iter().filter(|(soon, _)| soon.is_some()).count();
    // Where each half stands from now on.
    let (mut places, mut next) = (Vec::with_capacity(halves.len()), (0, soon));
    for (first, second) in &halves {
        places.push((first.as_ref().map(|_| next.0), second.as_ref().map(|_| next.1)));
        next.0 += usize::from(first.is_some());
        next.1 += usize::from(second.is_some());
    }
    let (mut firsts, mut seconds): (Ordered, Ordered) = Default::default();
    for (i, (first, second)) in halves.into_iter().enumerate() {
        if let Some(node) = first {
            firsts.nodes.push(node);
            firsts.needs.push(needs[i].iter().filter_map(|(at, rule)| Some((places[*at].0?, *rule))).collect());
        }
        if let Some(node) = second {
            let own = places[i].0.map(|at| (at, EdgeRule::Touch));
            let others = needs[i].iter().filter_map(|(at, rule)| Some((places[*at].1.or(places[*at].0)?, *rule)));
            seconds.nodes.push(node);
            seconds.needs.push(others.chain(own).collect());
        }
    }
    firsts.nodes.extend(seconds.nodes);
    firsts.needs.extend(seconds.needs);
    firsts
}

fn contracts(node: &Node) -> bool {
    node.rungs.iter().any(|r| r.phase == Phase::Contract)
}

/// Whether nothing of the node is done before.
fn waits_whole(node: &Node) -> bool {
    contracts(node) && node.rungs.iter().all(|r| r.phase == Phase::Contract)
}

/// Whether what the node is for is there once its first half is done.
fn is_done_early(node: &Node) -> bool {
    matches!(node.action, Action::Create | Action::Rename) && !node.waits
}

/// The nodes that wait whole.
fn late(nodes: &[Node], needs: &Needs) -> Vec<bool> {
    let mut late = vec![false; nodes.len()];
    for i in 0..nodes.len() {
        late[i] = needs[i].iter().any(|(at, _)| late[*at] || contracts(&nodes[*at]) && !is_done_early(&nodes[*at]));
    }
    let mut users: Needs = vec![vec![]; nodes.len()];
    for (i, of) in needs.iter().enumerate() {
        of.iter().for_each(|(at, rule)| users[*at].push((i, *rule)));
    }
    for i in (0..nodes.len()).rev() {
        let drops = nodes[i].deltas.iter().all(|d| matches!(d, Delta::Drop(_)));
        let goes = matches!(nodes[i].action, Action::Drop | Action::Replace) && drops;
        let waits = |(at, rule): &(usize, EdgeRule)| {
            let makes_way = matches!(rule, EdgeRule::Teardown | EdgeRule::Touch);
            late[*at] || contracts(&nodes[*at]) && makes_way || waits_whole(&nodes[*at])
        };
        if goes && !users[i].is_empty() && users[i].iter().all(waits) {
            late[i] = true;
        }
    }
    late
}

/// The part of a node that can be done at once, and the part that waits.
fn cut(mut node: Node, late: bool) -> (Option<Node>, Option<Node>) {
    if late {
        node.rungs.iter_mut().for_each(|r| r.phase = Phase::Contract);
        node.phase = Phase::Contract;
        return (None, Some(node));
    }
    if !contracts(&node) {
        return (Some(node), None);
    }
    let (second, first): (Vec<Rung>, Vec<Rung>) =
        std::mem::take(&mut node.rungs).into_iter().partition(|r| r.phase == Phase::Contract);
    if first.is_empty() {
        return (None, Some(Node { rungs: second, phase: Phase::Contract, ..node }));
    }
    let part = |rungs: Vec<Rung>, phase, deltas| {
        // The way back of the whole half: those of its first rungs, up to the first that has none of its own.
        let known: Vec<&Vec<Rung>> = rungs.iter().map_while(|r| r.back.as_ref()).collect();
        let down = known.into_iter().rev().flatten().cloned().collect();
        let back_loses = node.back_loses.clone().filter(|_| phase == Phase::Expand);
        Node { rungs, phase, deltas, part: true, down: Some(down), back_loses, ..node.clone() }
    };
    let (early, wait) = match is_done_early(&node) {
        true => (node.deltas.clone(), vec![]),
        false => (vec![], node.deltas.clone()),
    };
    (Some(part(first, Phase::Expand, early)), Some(part(second, Phase::Contract, wait)))
}
