//! Stages 3 and 4: the four edge rules, and one sort.

use super::group::Node;
use super::links::{Links, Touched};
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::Scene;
use crate::model::{Id, Kind, Object, Status, Strength};
use crate::{Error, Result};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::{BTreeMap, BTreeSet};

/// Why one step stands before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeRule {
    /// What is needed is made before its users.
    Build,
    /// Users are dropped, or let go, before what they used.
    Teardown,
    /// A name is free before it is taken again.
    Identity,
    /// An object is altered after its old users are gone and before its new ones come.
    Touch,
    /// Tables are linked when both are settled.
    Link,
}

impl EdgeRule {
    pub fn reason(self) -> &'static str {
        match self {
            EdgeRule::Build => "build: it is made before what needs it",
            EdgeRule::Teardown => "teardown: what needs it goes first",
            EdgeRule::Identity => "identity: the name must be free",
            EdgeRule::Touch => "touch: altered between its old users and its new ones",
            EdgeRule::Link => "link: tables are tied when both are as they will be, untied before either changes",
        }
    }
}

/// How ties are broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// As a reader expects: kind, then name.
    Reader,
    /// By a hash, so that names cannot hide a missing edge; for tests.
    Hostile(u64),
}

/// Nodes in an order that satisfies every edge, and for each the nodes it waited for.
pub struct Ordered {
    pub nodes: Vec<Node>,
    pub needs: Vec<Vec<(usize, EdgeRule)>>,
}

/// Orders the nodes.
pub fn order(engine: &dyn Engine, scene: &Scene, nodes: Vec<Node>, tie: Tie) -> Result<Ordered> {
    let graph = edges(engine, scene, &nodes)?;
    let mut waiting: Vec<usize> =
        graph.node_indices().map(|n| graph.edges_directed(n, petgraph::Incoming).count()).collect();
    let keys: Vec<Key> = nodes.iter().map(|n| Key::new(engine, scene, n, tie)).collect();
    let wishes = wishes(scene, &nodes);
    let mut unmet = vec![0; nodes.len()];
    wishes.iter().flatten().for_each(|after| unmet[*after] += 1);
    // What is ready: what acts on others last, and what has wishes when they are met.
    let entry = |i: usize, unmet: &[usize]| (keys[i].late, unmet[i] > 0, &keys[i], i);
    let mut ready: BTreeSet<(bool, bool, &Key, usize)> =
        (0..nodes.len()).filter(|i| waiting[*i] == 0).map(|i| entry(i, &unmet)).collect();
    let mut sequence = Vec::with_capacity(nodes.len());
    while let Some((_, _, _, next)) = ready.pop_first() {
        sequence.push(next);
        for after in &wishes[next] {
            let there = ready.remove(&entry(*after, &unmet));
            unmet[*after] -= 1;
            if there {
                ready.insert(entry(*after, &unmet));
            }
        }
        for edge in graph.edges(NodeIndex::new(next)) {
            let to = edge.target().index();
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.insert(entry(to, &unmet));
            }
        }
    }
    if sequence.len() < nodes.len() {
        return Err(cycle(&graph, &nodes));
    }
    let mut place = vec![0; nodes.len()];
    sequence.iter().enumerate().for_each(|(at, n)| place[*n] = at);
    let needs = sequence.iter().map(|n| {
        let before = graph.edges_directed(NodeIndex::new(*n), petgraph::Incoming);
        let mut before: Vec<(usize, EdgeRule)> = before.map(|e| (place[e.source().index()], *e.weight())).collect();
        before.sort();
        before.dedup_by_key(|(at, _)| *at);
        before
    });
    let needs = needs.collect();
    let mut slots: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    let nodes = sequence.iter().filter_map(|n| slots[*n].take()).collect();
    Ok(Ordered { nodes, needs })
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    late: bool,
    hash: u64,
    kind: Kind,
    verb: u8,
    /// What it is a part of, and which of its parts: new columns come in the order of the file.
    holder: Id,
    position: u32,
    id: Id,
}

impl Key {
    fn new(engine: &dyn Engine, scene: &Scene, node: &Node, tie: Tie) -> Key {
        let verb = match node.deltas.first() {
            Some(Delta::Drop(_)) => 0,
            Some(Delta::Set { .. } | Delta::Rename { .. }) | None => 1,
            Some(Delta::Add(_)) => 2,
        };
        let hash = match tie {
            Tie::Reader => 0,
            Tie::Hostile(seed) => {
                let text = format!("{seed}{verb}{}", node.subject);
                let bytes = crate::model::Fingerprint::of_parts([text.as_bytes()]).to_string();
                u64::from_str_radix(&bytes, 16).unwrap_or(0)
            }
        };
        let late = node.deltas.iter().any(|d| engine.acts_on_others(d.id()));
        let id = node.subject.clone();
        let object = scene.to.get(&id).or(scene.from.get(&id));
        let (kind, holder) = (id.kind, object.and_then(|o| o.parent()).unwrap_or(&id).clone());
        Key { late, hash, kind, verb, holder, position: object.map_or(0, |o| o.position()), id }
    }
}

/// Which node adds, drops and alters which object.
#[derive(Default)]
struct Doers<'a> {
    adds: BTreeMap<&'a Id, usize>,
    drops: BTreeMap<&'a Id, usize>,
    sets: BTreeMap<&'a Id, usize>,
    /// Nodes that alter an object along with their own.
    along: BTreeMap<&'a Id, Vec<usize>>,
}

fn edges(engine: &dyn Engine, scene: &Scene, nodes: &[Node]) -> Result<DiGraph<usize, EdgeRule>> {
    let mut doers = Doers::default();
    for (i, node) in nodes.iter().enumerate() {
        for delta in &node.deltas {
            match delta {
                Delta::Add(id) => doers.adds.insert(id, i),
                Delta::Drop(id) => doers.drops.insert(id, i),
                Delta::Set { id, .. } | Delta::Rename { to: id, .. } => doers.sets.insert(id, i),
            };
        }
        for id in &node.along {
            doers.along.entry(id).or_default().push(i);
        }
        // A rebuilt table is altered even when all of its deltas are about its parts.
        if node.action == super::Action::Rebuild {
            doers.sets.insert(&node.subject, i);
        }
    }
    let mut found: BTreeSet<(usize, usize, EdgeRule)> = BTreeSet::new();
    let mut edge = |before: Option<&usize>, after: usize, rule: EdgeRule| {
        if let Some(before) = before.filter(|b| **b != after) {
            found.insert((*before, after, rule));
        }
    };
    for (i, node) in nodes.iter().enumerate() {
        for delta in &node.deltas {
            let id = delta.id();
            let new_refs = scene.to.get(id).into_iter().flat_map(needs);
            let old_refs = scene.from.get(id).into_iter().flat_map(needs);
            if !matches!(delta, Delta::Drop(_)) {
                for to in new_refs {
                    edge(doers.adds.get(to), i, EdgeRule::Build);
                    edge(doers.sets.get(to), i, EdgeRule::Touch);
                    if let Delta::Add(_) = delta {
                        doers
                            .along
                            .get(to)
                            .into_iter()
                            .flatten()
                            .for_each(|before| edge(Some(before), i, EdgeRule::Touch));
                    }
                }
            }
            if !matches!(delta, Delta::Add(_)) {
                for to in old_refs {
                    if let Some(after) = doers.drops.get(to) {
                        edge(Some(&i), *after, EdgeRule::Teardown);
                    }
                    if let Delta::Drop(_) = delta {
                        let altered = doers.sets.get(to).into_iter().chain(doers.along.get(to).into_iter().flatten());
                        altered.for_each(|after| edge(Some(&i), *after, EdgeRule::Touch));
                    }
                }
            }
            if let Delta::Add(id) = delta {
                edge(doers.drops.get(id), i, EdgeRule::Identity);
            }
        }
    }
    for (before, after) in same_names(engine, scene, nodes)? {
        edge(Some(&before), after, EdgeRule::Identity);
    }
    for (before, after) in followed(scene, nodes, &doers).into_iter().chain(linked(engine, scene, nodes)?) {
        edge(Some(&before), after, EdgeRule::Link);
    }
    let mut graph = DiGraph::with_capacity(nodes.len(), found.len());
    for i in 0..nodes.len() {
        graph.add_node(i);
    }
    for (before, after, rule) in found {
        graph.add_edge(NodeIndex::new(before), NodeIndex::new(after), rule);
    }
    Ok(graph)
}

/// For each node those that had better come after it. A wish that would close a circle is not met: it is no edge.
fn wishes(scene: &Scene, nodes: &[Node]) -> Vec<Vec<usize>> {
    let mut makers: BTreeMap<&Id, usize> = BTreeMap::new();
    let made = |delta: &Delta| !matches!(delta, Delta::Drop(_));
    for (i, node) in nodes.iter().enumerate() {
        makers.extend(node.deltas.iter().filter(|d| made(d)).map(|d| (d.id(), i)));
    }
    let mut wishes = vec![BTreeSet::new(); nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        let objects = node.deltas.iter().filter(|d| made(d)).filter_map(|d| scene.to.get(d.id()));
        for before in objects.flat_map(|o| &o.head().after).filter_map(|id| makers.get(id)).filter(|b| **b != i) {
            wishes[*before].insert(i);
        }
    }
    wishes.into_iter().map(|set| set.into_iter().collect()).collect()
}

/// What an object needs. What it follows is not needed: it joins it, or is linked with it later.
pub fn needs(object: &Object) -> impl Iterator<Item = &Id> {
    let strong = object.refs().iter().filter(|r| matches!(r.strength, Strength::Normal | Strength::Auto));
    strong.map(|r| &r.to).filter(|to| !object.has_ref(to, Strength::Follow))
}

/// A pending part that stands in no CREATE is pending for want of a link's other parts: it is made when the link is there, and
/// what follows it as well.
fn comes_late(engine: &dyn Engine, scene: &Scene, id: &Id) -> bool {
    let late = |o: &Object| o.status() == Status::Pending && engine.rule(o.id().kind).is_ok_and(|r| r.clause.is_none());
    scene.to.get(id).is_some_and(|o| late(o) || o.leaders().filter_map(|l| scene.to.get(l)).any(late))
}

/// A follower with a node of its own: it is there before its leader comes, altered after it, and goes after it has gone.
fn followed(scene: &Scene, nodes: &[Node], doers: &Doers) -> Vec<(usize, usize)> {
    let links = Links::of(*scene);
    let mut pairs = Vec::new();
    for (i, delta) in nodes.iter().enumerate().flat_map(|(i, n)| n.deltas.iter().map(move |d| (i, d))) {
        let side = if matches!(delta, Delta::Drop(_)) { scene.from } else { scene.to };
        let Some(follower) = side.get(delta.id()) else { continue };
        for leader in follower.leaders() {
            let late = scene.to.get(leader).is_some_and(|l| l.status() == Status::Pending);
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
fn linked(engine: &dyn Engine, scene: &Scene, nodes: &[Node]) -> Result<Vec<(usize, usize)>> {
    let all = nodes
        .iter()
        .enumerate()
        .flat_map(|(i, n)| n.deltas.iter().map(move |d| (i, d.id(), matches!(d, Delta::Drop(_)))));
    let touched = Touched::new(scene, all);
    // A foreign key to a table that goes as well goes before that, whatever becomes of its partitions.
    let drops: BTreeSet<&Id> =
        nodes.iter().flat_map(|n| &n.deltas).filter(|d| matches!(d, Delta::Drop(_))).map(Delta::id).collect();
    let needs_dropped = |part: &Id| {
        let refs = scene.from.get(part).into_iter().flat_map(|o| o.refs());
        refs.filter(|r| r.strength == Strength::Normal).any(|r| drops.contains(&r.to))
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
        for whole in link.wholes() {
            if !alone && nodes[i].subject == *whole {
                continue;
            }
            for (other, part, part_dropped) in touched.parts(whole).filter(|(other, ..)| *other != i) {
                match dropped {
                    false if !part_dropped && comes_late(engine, scene, part) => pairs.push((i, other)),
                    true if alone || !part_dropped || !needs_dropped(part) => pairs.push((i, other)),
                    false if alone || engine.rule(part.kind)?.clause.is_some() => pairs.push((other, i)),
                    _ => {}
                }
            }
        }
    }
    Ok(pairs)
}

/// Pairs of nodes of which the first frees a name that the second takes.
fn same_names(engine: &dyn Engine, scene: &Scene, nodes: &[Node]) -> Result<Vec<(usize, usize)>> {
    let mut freed: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
    let mut taken: Vec<(Vec<String>, usize)> = Vec::new();
    for (i, node) in nodes.iter().enumerate() {
        for delta in &node.deltas {
            let rule = engine.rule(delta.id().kind)?;
            match delta {
                Delta::Drop(id) => {
                    let names = scene.from.get(id).map(|o| (rule.namespace)(o)).unwrap_or_default();
                    names.into_iter().for_each(|n| freed.entry(n).or_default().push(i));
                }
                Delta::Add(id) => {
                    let names = scene.to.get(id).map(|o| (rule.namespace)(o)).unwrap_or_default();
                    taken.extend(names.into_iter().map(|n| (n, i)));
                }
                Delta::Set { .. } | Delta::Rename { .. } => {}
            }
        }
    }
    let pairs = taken
        .into_iter()
        .flat_map(|(name, after)| freed.get(&name).into_iter().flatten().map(move |before| (*before, after)));
    Ok(pairs.collect())
}

/// A cycle is a bug in a rule: it is reported with the rules in it, never repaired.
fn cycle(graph: &DiGraph<usize, EdgeRule>, nodes: &[Node]) -> Error {
    let knots = petgraph::algo::kosaraju_scc(graph).into_iter().filter(|c| c.len() > 1);
    let mut error = Error::failed("the steps of the plan need each other in a circle: a bug in msr's rules")
        .hint("please report it with the schema; two smaller plans may get past it");
    for knot in knots.take(3) {
        let members: BTreeSet<_> = knot.iter().copied().collect();
        for edge in
            graph.edge_references().filter(|e| members.contains(&e.source()) && members.contains(&e.target())).take(20)
        {
            let (a, b) = (&nodes[edge.source().index()], &nodes[edge.target().index()]);
            error = error.detail(format!(
                "{:?} {} before {:?} {} ({})",
                a.action,
                a.subject,
                b.action,
                b.subject,
                edge.weight().reason()
            ));
        }
    }
    error
}
