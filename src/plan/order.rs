//! Stages 3 and 4: the four edge rules, and one sort.

use super::node::Node;
use super::tied::{followed, linked};
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::Scene;
use crate::model::{Id, Kind, Object, Strength};
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
    /// What takes over values is there before they go.
    Values,
}

impl EdgeRule {
    pub fn reason(self) -> &'static str {
        match self {
            EdgeRule::Build => "build: it is made before what needs it",
            EdgeRule::Teardown => "teardown: what needs it goes first",
            EdgeRule::Identity => "identity: the name must be free",
            EdgeRule::Touch => "touch: altered between its old users and its new ones",
            EdgeRule::Link => "link: tables are tied when both are as they will be, untied before either changes",
            EdgeRule::Values => "values: what takes them over is there before they go",
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
#[derive(Default)]
pub struct Ordered {
    pub nodes: Vec<Node>,
    pub needs: Vec<Vec<(usize, EdgeRule)>>,
}

/// Orders the nodes.
pub fn order(engine: &dyn Engine, scene: &Scene, nodes: Vec<Node>, tie: Tie) -> Result<Ordered> {
    let doers = Doers::of(&nodes);
    let graph = edges(engine, scene, &nodes, &doers)?;
    let mut waiting: Vec<usize> =
        graph.node_indices().map(|n| graph.edges_directed(n, petgraph::Incoming).count()).collect();
    let keys: Vec<Key> = nodes.iter().map(|n| Key::new(engine, scene, n, tie)).collect();
    let wishes = wishes(scene, &nodes, &doers);
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
    /// What takes its time comes after all that can be done at once, so that nothing that is made again is away for long; and
    /// of that, first what was there before.
    slow: u8,
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
        let place = object.map_or(0, |o| o.position());
        // The last goes first, so that they come back in their order.
        let position = if verb == 0 { u32::MAX - place } else { place };
        let slow = match node.rungs.iter().any(|r| r.alone || !r.transactional) {
            false => 0,
            true if scene.replaced.contains(&id) => 1,
            true => 2,
        };
        Key { late, slow, hash, kind, verb, holder, position, id }
    }
}

/// Which node adds, drops and alters which object.
#[derive(Default)]
pub struct Doers<'a> {
    pub adds: BTreeMap<&'a Id, usize>,
    pub drops: BTreeMap<&'a Id, usize>,
    pub sets: BTreeMap<&'a Id, usize>,
    /// Nodes that alter an object along with their own.
    pub along: BTreeMap<&'a Id, Vec<usize>>,
}

impl<'a> Doers<'a> {
    fn of(nodes: &'a [Node]) -> Doers<'a> {
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
        doers
    }
}

fn edges(engine: &dyn Engine, scene: &Scene, nodes: &[Node], doers: &Doers) -> Result<DiGraph<usize, EdgeRule>> {
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
                    let used = || scene.from.get(id).is_some_and(|old| needs(old).any(|had| had == to));
                    if matches!(delta, Delta::Add(_)) || !used() {
                        // What alters the same thing along with its own is no user that waits for it.
                        let along = doers.along.get(to).into_iter().flatten().filter(|_| !node.along.contains(to));
                        along.for_each(|before| edge(Some(before), i, EdgeRule::Touch));
                    }
                }
            }
            if !matches!(delta, Delta::Add(_)) {
                for to in old_refs {
                    if let Some(after) = doers.drops.get(to) {
                        edge(Some(&i), *after, EdgeRule::Teardown);
                    }
                    if let Delta::Drop(_) = delta {
                        let along = doers.along.get(to).into_iter().flatten().filter(|_| !node.along.contains(to));
                        let altered = doers.sets.get(to).into_iter().chain(along);
                        altered.for_each(|after| edge(Some(&i), *after, EdgeRule::Touch));
                    }
                }
            }
            match delta {
                Delta::Add(id) => edge(doers.drops.get(id), i, EdgeRule::Identity),
                Delta::Drop(id) => {
                    made_of_others(scene, id).for_each(|new| edge(doers.adds.get(new), i, EdgeRule::Values));
                }
                Delta::Set { .. } | Delta::Rename { .. } => {}
            }
        }
    }
    for (before, after) in same_names(engine, scene, nodes)? {
        edge(Some(&before), after, EdgeRule::Identity);
    }
    for (before, after) in followed(engine, scene, nodes, doers).into_iter().chain(linked(engine, scene, nodes, doers)?)
    {
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
fn wishes(scene: &Scene, nodes: &[Node], doers: &Doers) -> Vec<Vec<usize>> {
    let (drops, others) = (|id| doers.drops.get(id), |id| doers.adds.get(id).or_else(|| doers.sets.get(id)));
    let mut wishes = vec![BTreeSet::new(); nodes.len()];
    let deltas = nodes.iter().enumerate().flat_map(|(i, node)| node.deltas.iter().map(move |d| (i, d)));
    for (i, delta) in deltas {
        let gone = matches!(delta, Delta::Drop(_));
        let object = if gone { scene.from } else { scene.to }.get(delta.id());
        // What is made anew goes in one node and comes in another.
        let doer = |id| if gone { drops(id).or_else(|| others(id)) } else { others(id).or_else(|| drops(id)) };
        let others = object.into_iter().flat_map(|o| &o.head().after).filter_map(doer).filter(|o| **o != i);
        for other in others {
            // What comes last goes first.
            let (before, after) = if gone { (i, *other) } else { (*other, i) };
            wishes[before].insert(after);
        }
    }
    wishes.into_iter().map(|set| set.into_iter().collect()).collect()
}

/// The new columns beside one that goes which the schema files make of others: they may take over its values.
fn made_of_others<'a>(scene: &Scene<'a>, id: &Id) -> impl Iterator<Item = &'a Id> {
    let (from, to) = (scene.from, scene.to);
    let beside = from.get(id).and_then(Object::parent).filter(|_| id.kind == Kind::Column && !to.contains(id));
    let new = move |o: &&Object| o.head().using.is_some() && !from.contains(o.id());
    beside.into_iter().flat_map(|table| to.children(table)).filter(new).map(Object::id)
}

/// What an object needs. What it follows is not needed: it joins it, or is linked with it later.
pub fn needs(object: &Object) -> impl Iterator<Item = &Id> {
    let strong = object.refs().iter().filter(|r| matches!(r.strength, Strength::Normal | Strength::Auto));
    strong.map(|r| &r.to).filter(|to| !object.has_ref(to, Strength::Follow))
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
