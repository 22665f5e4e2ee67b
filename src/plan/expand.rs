//! Stage 1: what must be done besides what was asked. An object that can't be changed in place is dropped and created
//! again, and so is everything that hangs on it: the smallest set, found by the catalog's own dependencies.

use super::links::Links;
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::{Around, Change, How, Scene};
use crate::model::{Id, Object, Strength};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Deltas by what they do; an id that is in both `drops` and `adds` is replaced.
#[derive(Debug, Default, Clone)]
pub struct Work {
    pub drops: BTreeSet<Id>,
    pub adds: BTreeSet<Id>,
    pub sets: BTreeMap<Id, Vec<Delta>>,
    /// Tables that are to be built anew.
    pub rebuilds: BTreeSet<Id>,
}

impl Work {
    /// What is dropped and comes back.
    pub fn replaced(&self) -> BTreeSet<Id> {
        self.drops.intersection(&self.adds).cloned().collect()
    }
}

impl Work {
    fn new(deltas: &[Delta]) -> Work {
        let mut work = Work::default();
        for delta in deltas {
            match delta {
                Delta::Add(id) => drop(work.adds.insert(id.clone())),
                Delta::Drop(id) => drop(work.drops.insert(id.clone())),
                Delta::Set { id, .. } => work.sets.entry(id.clone()).or_default().push(delta.clone()),
                // Renames are done, and read back, before anything is compared: see rename.rs.
                Delta::Rename { .. } => {}
            }
        }
        work
    }
}

struct Expander<'a> {
    engine: &'a dyn Engine,
    scene: Scene<'a>,
    links: Links<'a>,
    work: Work,
    queue: Vec<Id>,
    /// Who takes a name that may not be there twice.
    taken: BTreeMap<Vec<String>, BTreeSet<Id>>,
    /// What had to be out of the way of some change.
    around: Vec<Around>,
}

/// Completes the deltas.
pub fn expand(engine: &dyn Engine, scene: Scene, deltas: &[Delta]) -> Result<Work> {
    let (links, work) = (Links::of(scene), Work::new(deltas));
    let mut e = Expander { engine, scene, links, work, queue: vec![], taken: BTreeMap::new(), around: vec![] };
    for id in e.work.adds.iter().cloned().collect::<Vec<_>>() {
        e.take_names(&id)?;
    }
    for id in e.work.sets.keys().cloned().collect::<Vec<_>>() {
        e.alter(&id)?;
    }
    for id in e.work.adds.iter().chain(&e.work.drops).cloned().collect::<Vec<_>>() {
        e.note_rebuild(&id)?;
    }
    e.queue.extend(e.work.drops.iter().cloned());
    while let Some(id) = e.queue.pop() {
        e.dropped(&id)?;
    }
    e.spare_outsiders()?;
    Ok(e.work)
}

impl<'a> Expander<'a> {
    fn dependents_of(&self, id: &Id) -> Vec<&'a Object> {
        self.scene.from.users(id).collect()
    }

    /// Looks how the changes of one object can be made.
    fn alter(&mut self, id: &Id) -> Result<()> {
        // It may have been replaced on account of another one.
        let Some(deltas) = self.work.sets.get(id).cloned() else { return Ok(()) };
        for delta in &deltas {
            let (how, blocks) = answer(self.engine, &self.scene, delta)?;
            match how {
                How::Refuse(why) => return Err(Error::refused(why).code(crate::error::code::NO_WAY)),
                How::Ask { why, write } => return Err(Error::refused(why).code(crate::error::code::ASKS).hint(write)),
                How::Replace => return self.replace(id, None),
                How::Rebuild(table) => self.rebuild(&table)?,
                How::Nothing | How::With(_) | How::Clause(..) | How::Ladder(_) => {}
            }
            self.around.extend(blocks.iter().cloned());
            for (around, kinds) in blocks {
                for dependent in
                    self.dependents_of(&around).into_iter().filter(|d| !d.has_ref(&around, Strength::Follow))
                {
                    if kinds.contains(&dependent.id().kind) && dependent.id() != id && self.survives(dependent.id()) {
                        self.replace(dependent.id(), Some(id))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A column or key whose coming or going needs a rebuild of its table.
    fn note_rebuild(&mut self, id: &Id) -> Result<()> {
        let rule = self.engine.rule(id.kind)?;
        let how = match (self.work.drops.contains(id), self.scene.from.get(id), self.scene.to.get(id)) {
            (true, Some(old), _) => (rule.drop)(&self.scene, old),
            (false, _, Some(new)) => (rule.create)(&self.scene, new, &[]),
            _ => return Ok(()),
        };
        match how {
            How::Rebuild(table) if self.scene.from.contains(&table) && self.scene.to.contains(&table) => {
                self.rebuild(&table)
            }
            _ => Ok(()),
        }
    }

    /// A rebuilt table takes down what hangs on it and does not stand in its `CREATE`.
    fn rebuild(&mut self, table: &Id) -> Result<()> {
        if !self.work.rebuilds.insert(table.clone()) {
            return Ok(());
        }
        for part in self.scene.from.family(table) {
            for dependent in self.dependents_of(part) {
                let hangs = dependent.refs().iter().any(|r| r.to == *part && r.strength == Strength::Auto);
                let inside = self.engine.rule(dependent.id().kind)?.clause.is_some();
                if hangs && !inside && self.survives(dependent.id()) {
                    self.replace(dependent.id(), Some(table))?;
                }
            }
        }
        Ok(())
    }

    fn survives(&self, id: &Id) -> bool {
        !self.work.drops.contains(id) && self.scene.from.contains(id) && self.scene.to.contains(id)
    }

    fn replace(&mut self, id: &Id, because_of: Option<&Id>) -> Result<()> {
        let rule = self.engine.rule(id.kind)?;
        if let (Some(cause), Some(old)) = (because_of, self.scene.from.get(id))
            && let Some(lost) = rule.loses.and_then(|loses| loses(old))
        {
            return Err(Error::refused(format!(
                    "cannot change {cause}: {id} depends on it and would have to be dropped and created again, which loses {lost}"
                ))
                .hint(format!("change {id} so that it no longer depends on {cause} in a plan of its own, then plan again")));
        }
        self.work.sets.remove(id);
        self.work.drops.insert(id.clone());
        self.work.adds.insert(id.clone());
        self.queue.push(id.clone());
        self.take_names(id)?;
        self.note_rebuild(id)
    }

    /// What depends on a dropped object and stays must let go of it first, or come back after it.
    fn dropped(&mut self, id: &Id) -> Result<()> {
        let comes_back = self.work.adds.contains(id) || self.name_is_taken_again(id)?;
        for dependent in self.dependents_of(id) {
            let other = dependent.id();
            if dependent.has_ref(id, Strength::Follow) {
                // What it loses is lost with the one that it follows.
                if self.survives(other) && self.goes_along(dependent, id) {
                    self.replace(other, None)?;
                }
            } else if self.survives(other) && (dependent.parent() == Some(id) || self.is_with_whole(dependent, id)) {
                // What a part loses is lost with the whole, which says so.
                self.replace(other, None)?;
            } else if self.survives(other) && (comes_back || !self.lets_go(dependent, id)) {
                self.replace(other, Some(id))?;
            }
        }
        Ok(())
    }

    /// What is not managed stays as it is: it can be neither dropped nor made again with what it needs.
    fn spare_outsiders(&self) -> Result<()> {
        let in_the_way = |o: &Object, to: &Id| {
            let gone = self.work.drops.contains(to) && (self.work.adds.contains(to) || !o.id().kind.is_about_another());
            gone || self.around.iter().any(|(id, kinds)| id == to && kinds.contains(&o.id().kind))
        };
        for outsider in self.scene.from.outside() {
            if let Some(need) = outsider.refs().iter().map(|r| &r.to).find(|to| in_the_way(outsider, to)) {
                let verb =
                    if self.work.adds.contains(need) || !self.work.drops.contains(need) { "change" } else { "drop" };
                return Err(Error::refused(format!(
                    "cannot {verb} {need}: {} needs it and is excluded",
                    outsider.id()
                ))
                .hint(format!("change {} by hand first, or let msr manage it", outsider.id())));
            }
        }
        Ok(())
    }

    /// Whether the engine drops it with a part of something that goes: a sequence with the column of a table.
    fn is_with_whole(&self, dependent: &Object, part: &Id) -> bool {
        let mut wholes = self.scene.from.ancestors(part);
        dependent.has_ref(part, Strength::Auto) && wholes.any(|whole| self.work.drops.contains(whole))
    }

    fn goes_along(&self, follower: &'a Object, leader: &Id) -> bool {
        let leader = self.scene.from.get(leader);
        leader.is_some_and(|leader| self.links.goes_along(&self.work.drops, follower, leader.id()))
    }

    /// Whether the dependent is altered so that it no longer needs `id`.
    fn lets_go(&self, dependent: &Object, id: &Id) -> bool {
        let needs_it_still =
            self.scene.to.get(dependent.id()).is_some_and(|new| new.refs().iter().any(|r| r.to == *id));
        // What the engine drops silently with the object does not survive it, altered or not.
        let goes_along = dependent.refs().iter().any(|r| r.to == *id && r.strength == Strength::Auto);
        let in_rebuild = self.scene.from.ancestors(dependent.id()).any(|a| self.work.rebuilds.contains(a));
        in_rebuild
            || (!needs_it_still && self.work.sets.contains_key(dependent.id()) && !goes_along)
            || (goes_along && self.is_only_owner(dependent, id))
    }

    /// A sequence that stays while its owning column goes is first disowned, which is one of its own deltas.
    fn is_only_owner(&self, dependent: &Object, id: &Id) -> bool {
        let deltas = self.work.sets.get(dependent.id());
        let disowned =
            deltas.is_some_and(|d| d.iter().any(|d| matches!(d, Delta::Set { attr, .. } if attr == "owned_by")));
        disowned && !self.scene.to.get(dependent.id()).is_some_and(|new| new.refs().iter().any(|r| r.to == *id))
    }

    fn take_names(&mut self, id: &Id) -> Result<()> {
        let names = self.scene.to.get(id).map(self.engine.rule(id.kind)?.namespace).unwrap_or_default();
        for name in names {
            self.taken.entry(name).or_default().insert(id.clone());
        }
        Ok(())
    }

    fn name_is_taken_again(&self, id: &Id) -> Result<bool> {
        let Some(old) = self.scene.from.get(id) else { return Ok(false) };
        let names = (self.engine.rule(id.kind)?.namespace)(old);
        Ok(names.iter().filter_map(|name| self.taken.get(name)).flatten().any(|taker| taker != id))
    }
}

/// How one attribute is changed, and which kinds it needs out of the way.
pub fn answer(engine: &dyn Engine, scene: &Scene, delta: &Delta) -> Result<(How, Vec<Around>)> {
    let Delta::Set { id, attr, from, to } = delta else { return Ok((How::Nothing, vec![])) };
    let (Some(old), Some(new)) = (scene.from.get(id), scene.to.get(id)) else {
        return Err(Error::failed(format!("{id} is to change its {attr} and is missing on one side: a bug in msr")));
    };
    let rule = engine.rule(id.kind)?.set_rule(attr).ok_or_else(|| {
        Error::refused(format!(
            "cannot change {attr} of {id} from `{from}` to `{to}`: msr has no rule for it on `{}`",
            engine.name()
        ))
    })?;
    let change = Change { old, new, attr, from, to };
    Ok(((rule.how)(scene, &change), (rule.blocks)(scene, &change)))
}
