//! Stage 2: from single deltas to nodes, each of which becomes one step. New tables adopt their columns, keys and checks;
//! dropped objects take along what the engine drops with them; a rebuilt table takes all of its own changes.

use super::Action;
use super::expand::{Work, answer};
use super::links::Links;
use super::node::Node;
use super::order::needs;
use super::tied::made_late;
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::{Change, How, Scene};
use crate::model::{Id, Object, Status, Strength, Value};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Names, by the drop after which they are free.
type Freed<'a> = BTreeMap<Vec<String>, &'a Id>;

struct Grouper<'a> {
    engine: &'a dyn Engine,
    scene: Scene<'a>,
    work: &'a Work,
    links: Links<'a>,
}

/// Makes the nodes, in no order that matters.
pub fn group(engine: &dyn Engine, scene: Scene, work: &Work) -> Result<Vec<Node>> {
    let g = Grouper { engine, scene, work, links: Links::of(scene) };
    let mut nodes = Vec::new();
    let mut rebuilds: BTreeMap<&Id, Vec<Delta>> = work.rebuilds.iter().map(|t| (t, vec![])).collect();
    let drops = g.fold_drops();
    let freed = g.freed(&drops)?;
    for (root, folded) in drops {
        match g.rebuild_of(root) {
            Some(table) => rebuilds.entry(table).or_default().extend(all_of(root, &folded, Delta::Drop)),
            None => nodes.push(g.drop_node(root, &folded)?),
        }
    }
    for (root, folded) in g.fold_adds(&freed)? {
        match g.rebuild_of(root) {
            Some(table) => rebuilds.entry(table).or_default().extend(all_of(root, &folded, Delta::Add)),
            None => nodes.push(g.add_node(root, &folded)?),
        }
    }
    for (id, deltas) in &work.sets {
        match g.rebuild_of(id) {
            Some(table) => rebuilds.entry(table).or_default().extend(deltas.iter().cloned()),
            None => nodes.push(g.set_node(id, deltas)?),
        }
    }
    for (table, deltas) in rebuilds {
        nodes.push(g.rebuild_node(table, deltas)?);
    }
    for node in nodes.iter_mut().filter(|node| engine.alters_holder(&node.subject)) {
        let holder = scene.to.get(&node.subject).or(scene.from.get(&node.subject)).and_then(Object::parent);
        node.along.extend(holder.cloned());
    }
    Ok(super::lead::lead(engine, &scene, &g.links, nodes))
}

fn all_of(root: &Id, folded: &[&Id], delta: fn(Id) -> Delta) -> Vec<Delta> {
    std::iter::once(root).chain(folded.iter().copied()).map(|id| delta(id.clone())).collect()
}

impl<'a> Grouper<'a> {
    /// The table whose rebuild takes care of this object.
    fn rebuild_of(&self, id: &Id) -> Option<&'a Id> {
        let has_clause = self.engine.rule(id.kind).is_ok_and(|r| r.clause.is_some());
        let mut above = self.scene.from.ancestors(id).chain(self.scene.to.ancestors(id)).filter(|_| has_clause);
        self.work.rebuilds.get(id).or_else(|| above.find_map(|a| self.work.rebuilds.get(a)))
    }

    /// Dropped objects that the engine does not drop by itself, each with those that go along.
    fn fold_drops(&self) -> Vec<(&'a Id, Vec<&'a Id>)> {
        let alone = self.in_circles(&self.roots_of_drops(&BTreeSet::new()));
        let mut roots: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
        for (id, root) in self.roots_of_drops(&alone) {
            let folded = roots.entry(root).or_default();
            if root != id {
                folded.push(id);
            }
        }
        roots.into_iter().collect()
    }

    /// What each dropped object goes with; those that are to go `alone` go with what they follow at most.
    fn roots_of_drops(&self, alone: &BTreeSet<&Id>) -> BTreeMap<&'a Id, &'a Id> {
        let root = |id: &'a Id| {
            let (mut root, mut seen) = (id, BTreeSet::new());
            while let Some(up) = self.carrier(root, alone).filter(|up| seen.insert(*up)) {
                root = up;
            }
            (id, root)
        };
        self.work.drops.iter().map(root).collect()
    }

    /// The dropped object that takes the given one with it.
    fn carrier(&self, id: &'a Id, alone: &BTreeSet<&Id>) -> Option<&'a Id> {
        let old = self.scene.from.get(id)?;
        // What is pending beside its table's links goes before them, and comes back after them.
        let whole = |table: &Id| self.scene.from.users(table).any(|o| o.has_ref(table, Strength::Whole));
        if old.parent().is_some_and(whole) && made_late(self.engine, self.scene.from, id) {
            return old.leaders().find_map(|leader| self.work.drops.get(leader));
        }
        // A link that goes with its table is there until then.
        let linked = |leader: &'a Id| match self.links.between(id, leader) {
            Some(link) if alone.contains(id) => !self.scene.to.contains(link) && self.carrier(link, alone).is_some(),
            _ => self.links.together(self.scene.replaced, id, leader),
        };
        let auto = old.refs().iter().filter(|r| r.strength == Strength::Auto).map(|r| &r.to);
        let mut carriers = auto.filter(|to| match old.has_ref(to, Strength::Follow) {
            true => linked(to),
            false => !alone.contains(id),
        });
        carriers.find_map(|to| self.work.drops.get(to).filter(|to| *to != id))
    }

    /// Folded drops on whose account two roots would each have to go before the other: two tables with foreign keys to one
    /// another.
    fn in_circles(&self, root_of: &BTreeMap<&'a Id, &'a Id>) -> BTreeSet<&'a Id> {
        let mut graph = petgraph::graphmap::DiGraphMap::<&Id, ()>::new();
        let needed = |id: &Id| {
            let refs = self.scene.from.get(id).into_iter().flat_map(needs);
            refs.filter_map(|to| root_of.get(to).copied()).collect::<Vec<_>>()
        };
        for (id, root) in root_of {
            for to in needed(id).into_iter().filter(|to| to != root) {
                graph.add_edge(*root, to, ());
            }
        }
        let knots = petgraph::algo::kosaraju_scc(&graph);
        let knot_of: BTreeMap<&Id, usize> = knots
            .iter()
            .enumerate()
            .filter(|(_, k)| k.len() > 1)
            .flat_map(|(i, k)| k.iter().map(move |id| (*id, i)))
            .collect();
        let crosses = |id: &Id, root: &Id| {
            knot_of.get(root).is_some_and(|own| needed(id).iter().any(|to| *to != root && knot_of.get(to) == Some(own)))
        };
        // An object that stays lets go of the root first, and the part of the root that uses it goes before that: the default
        // from a sequence that gets another owner.
        let of_root = |id: &Id, root: &Id| {
            self.scene
                .from
                .get(id)
                .is_some_and(|o| o.refs().iter().any(|r| root_of.get(&r.to).is_some_and(|to| *to == root)))
        };
        let used = |id: &Id| self.scene.from.get(id).into_iter().flat_map(|o| o.refs()).map(|r| &r.to);
        let lets_go = |id: &Id, root: &Id| used(id).any(|to| self.work.sets.contains_key(to) && of_root(to, root));
        let apart = |id: &Id, root: &Id| id != root && (crosses(id, root) || lets_go(id, root));
        root_of.iter().filter(|(id, root)| apart(id, root)).map(|(id, _)| *id).collect()
    }

    /// Which drop frees which name.
    fn freed(&self, drops: &[(&'a Id, Vec<&'a Id>)]) -> Result<Freed<'a>> {
        let mut freed = Freed::new();
        for (root, folded) in drops {
            for id in std::iter::once(root).chain(folded) {
                let names = self.scene.from.get(id).map(self.engine.rule(id.kind)?.namespace).unwrap_or_default();
                freed.extend(names.into_iter().map(|name| (name, *root)));
            }
        }
        Ok(freed)
    }

    /// Whether the part takes a name that another object still has, and that the root need not wait for: a new table may
    /// have to be there before the old one, whose key has the name of the new key, can go.
    fn waits_for_name(&self, id: &Id, root: &Id, freed: &Freed<'a>) -> Result<bool> {
        let taken = |id: &Id| -> Result<BTreeSet<&Id>> {
            let names = self.scene.to.get(id).map(self.engine.rule(id.kind)?.namespace).unwrap_or_default();
            Ok(names.iter().filter_map(|name| freed.get(name).copied()).collect())
        };
        Ok(!taken(id)?.is_subset(&taken(root)?))
    }

    /// Added objects, each with those that are written inside its `CREATE`.
    fn fold_adds(&self, freed: &Freed<'a>) -> Result<Vec<(&'a Id, Vec<&'a Id>)>> {
        let mut root_of: BTreeMap<&Id, &Id> = BTreeMap::new();
        let mut inside: BTreeMap<&Id, Vec<&Object>> = BTreeMap::new();
        // Parents before parts: a default folds into its column, the column into its table.
        let mut by_depth: Vec<&Id> = self.work.adds.iter().collect();
        by_depth.sort_by_key(|id| self.depth(id));
        for id in by_depth {
            let parent = self.scene.to.get(id).and_then(Object::parent).and_then(|p| root_of.get(p).copied());
            // What is pending would be in force if it stood inside a CREATE, and what follows it is not there yet.
            let present = self.scene.to.get(id).is_some_and(|o| o.status() == Status::Present);
            let early = present && !made_late(self.engine, self.scene.to, id);
            let has_clause = early && self.engine.rule(id.kind)?.clause.is_some();
            let root = match parent {
                Some(root)
                    if has_clause
                        && !self.waits_for_name(id, root, freed)?
                        && !self.has_twin(id, inside.get(root))?
                        && !self.needs_root_first(id, root, &root_of) =>
                {
                    root
                }
                _ => id,
            };
            root_of.insert(id, root);
            inside.entry(root).or_default().extend(self.scene.to.get(id));
        }
        let mut roots: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
        for (id, root) in root_of {
            let folded = roots.entry(root).or_default();
            if id != root {
                folded.push(id);
            }
        }
        Ok(roots.into_iter().collect())
    }

    /// Whether something just like `id`, or a key of the same columns, with a name of its own, already stands inside the root's
    /// `CREATE`: PostgreSQL makes one index of two keys alike in one statement, and drops the second key without a word.
    fn has_twin(&self, id: &Id, inside: Option<&Vec<&Object>>) -> Result<bool> {
        let Some(object) = self.scene.to.get(id) else { return Ok(false) };
        if (self.engine.rule(id.kind)?.namespace)(object).is_empty() {
            return Ok(false);
        }
        let columns = |o: &Object| Some(o.attr("columns")).filter(|columns| *columns != Value::None);
        let same = |other: &Object| match columns(object) {
            Some(of) => columns(other) == Some(of),
            None => other.id().kind == id.kind && other.attrs() == object.attrs(),
        };
        let siblings = inside.into_iter().flatten().filter(|other| other.parent() == object.parent());
        Ok(siblings.copied().any(same))
    }

    fn depth(&self, id: &Id) -> usize {
        let mut depth = 0;
        let mut at = self.scene.to.get(id).and_then(Object::parent);
        while let Some(parent) = at {
            depth += 1;
            at = self.scene.to.get(parent).and_then(Object::parent);
        }
        depth
    }

    /// Whether something that `id` needs can only be made when the root is there: then it can't stand inside the root's
    /// `CREATE`. A serial column's default needs its sequence, which the column owns.
    fn needs_root_first(&self, id: &Id, root: &'a Id, root_of: &BTreeMap<&Id, &Id>) -> bool {
        let leads = self.leaders_of(root);
        let of_root = |x: &Id| root_of.get(x) == Some(&root) || self.scene.to.ancestors(x).any(|a| a == root);
        let in_root = |x: &Id| x == root || leads.contains(x) || of_root(x);
        let new_refs = |x: &Id| self.scene.to.get(x).into_iter().flat_map(|o| o.refs()).map(|r| &r.to);
        let mut queue: Vec<&Id> = new_refs(id).filter(|to| !in_root(to)).collect();
        let mut seen = BTreeSet::new();
        while let Some(at) = queue.pop() {
            let moves = self.work.adds.contains(at) || self.work.sets.contains_key(at);
            if !moves || !seen.insert(at) {
                continue;
            }
            if in_root(at) {
                return true;
            }
            queue.extend(new_refs(at));
        }
        false
    }

    /// What `id` follows, directly and by way of others: it is made in the same step.
    fn leaders_of(&self, id: &'a Id) -> BTreeSet<&'a Id> {
        let mut found = BTreeSet::new();
        let mut queue = vec![id];
        while let Some(object) = queue.pop().and_then(|id| self.scene.to.get(id)) {
            let together = object.leaders().filter(|l| self.links.together(self.scene.replaced, object.id(), l));
            queue.extend(together.filter(|l| found.insert(*l)));
        }
        found
    }

    fn drop_node(&self, root: &Id, folded: &[&Id]) -> Result<Node> {
        let rule = self.engine.rule(root.kind)?;
        let old = self.scene.from.get(root).ok_or_else(|| missing(root))?;
        let how = (rule.drop)(&self.scene, old);
        let comes_back = self.work.adds.contains(root);
        let action = if comes_back { Action::Replace } else { Action::Drop };
        let mut node = Node::new(root, action, all_of(root, folded, Delta::Drop));
        node.loses = rule.loses.and_then(|loses| loses(old));
        let mut node = self.answered(node, how)?;
        if node.with.is_some() {
            node.loses = None;
        }
        if node.rungs.iter().any(|r| r.purge.is_some()) {
            // Nothing is lost yet, and nothing has to be made again.
            node.loses = None;
            node.down = Some(node.rungs.iter().rev().flat_map(|r| r.back.clone().unwrap_or_default()).collect());
        }
        Ok(node)
    }

    fn add_node(&self, root: &Id, folded: &[&Id]) -> Result<Node> {
        let rule = self.engine.rule(root.kind)?;
        let new = self.scene.to.get(root).ok_or_else(|| missing(root))?;
        let mut parts: Vec<&Object> = folded.iter().filter_map(|id| self.scene.to.get(id)).collect();
        parts.sort_by_key(|o| (o.id().kind, o.position(), o.id().clone()));
        let how = (rule.create)(&self.scene, new, &parts);
        let node = Node::new(root, Action::Create, all_of(root, folded, Delta::Add));
        let mut node = self.answered(node, how)?;
        node.back_loses = rule.loses.and_then(|loses| loses(new));
        Ok(node)
    }

    fn set_node(&self, id: &Id, deltas: &[Delta]) -> Result<Node> {
        let rule = self.engine.rule(id.kind)?;
        let mut node = Node::new(id, Action::Alter, deltas.to_vec());
        let mut lost = Vec::new();
        // In the order of the rule's table, which knows what must be said first.
        let place = |d: &&Delta| match d {
            Delta::Set { attr, .. } => rule.set.iter().position(|s| s.attr == attr.as_str()),
            _ => None,
        };
        let mut ordered: Vec<&Delta> = deltas.iter().collect();
        ordered.sort_by_key(place);
        for delta in ordered {
            let (how, around) = answer(self.engine, &self.scene, delta)?;
            node.along.extend(around.into_iter().map(|(id, _)| id).filter(|other| other != id));
            lost.extend(self.lost_by(delta)?);
            node = self.answered(node, how)?;
        }
        let parked = node.with.is_some() || node.rungs.iter().any(|r| r.purge.is_some());
        node.loses = (!lost.is_empty() && !parked).then(|| lost.join(", "));
        Ok(node)
    }

    /// Data that is gone for good with an object or with what an attribute was.
    fn lost_by(&self, delta: &Delta) -> Result<Option<String>> {
        let rule = self.engine.rule(delta.id().kind)?;
        let (old, new) = (self.scene.from.get(delta.id()), self.scene.to.get(delta.id()));
        Ok(match (delta, old, new) {
            (Delta::Drop(_), Some(old), _) => rule.loses.and_then(|loses| loses(old)),
            (Delta::Set { attr, from, to, .. }, Some(old), Some(new)) => {
                let loses = rule.set_rule(attr).and_then(|s| s.loses);
                loses.and_then(|loses| loses(&self.scene, &Change { old, new, attr, from, to }))
            }
            _ => None,
        })
    }

    fn rebuild_node(&self, table: &Id, deltas: Vec<Delta>) -> Result<Node> {
        let rungs = self.engine.rebuild(&self.scene, table, &deltas)?;
        let mut lost = Vec::new();
        for delta in &deltas {
            lost.extend(self.lost_by(delta)?);
        }
        let mut node = Node::new(table, Action::Rebuild, deltas);
        node.rungs = rungs;
        node.loses = (!lost.is_empty()).then(|| lost.join(", "));
        Ok(node)
    }

    fn answered(&self, mut node: Node, how: How) -> Result<Node> {
        match how {
            How::Nothing => {}
            How::With(other) => node.with = Some(other),
            How::Clause(table, text) => node.clauses.push((table, text)),
            How::Ladder(rungs) => {
                node.flush_clauses(self.engine);
                node.rungs.extend(rungs);
            }
            How::Refuse(why) => return Err(Error::refused(why).code(crate::error::code::NO_WAY)),
            How::Ask { why, write } => return Err(Error::refused(why).code(crate::error::code::ASKS).hint(write)),
            How::Replace | How::Rebuild(_) => {
                return Err(Error::failed(format!(
                    "{} was answered with a replacement out of place: a bug in msr",
                    node.subject
                )));
            }
        }
        Ok(node)
    }
}

fn missing(id: &Id) -> Error {
    Error::failed(format!("{id} is to be planned for and is in no catalog: a bug in msr"))
}
