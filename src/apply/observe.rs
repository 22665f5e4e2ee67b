//! Where a database stands in a plan: read from its catalog.

use crate::diff::Delta;
use crate::model::{Catalog, Fingerprint, Id, Object, Status};
use crate::plan::{Batch, Plan, Touch};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// How many batches of the plan stand, and what the next one left half done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub done: usize,
    /// Objects that a killed or failed step outside of a transaction left unfinished: an INVALID index.
    pub half: Vec<Id>,
}

/// What every object that the plan touches is once the first `done` batches stand.
pub fn expected(plan: &Plan, done: usize) -> BTreeMap<&Id, Option<Fingerprint>> {
    let mut all = BTreeMap::new();
    for (i, batch) in plan.batches.iter().enumerate() {
        for touch in &batch.touches {
            let state = all.entry(&touch.id).or_insert(touch.before);
            if i < done {
                *state = touch.after;
            }
        }
    }
    all
}

fn state(live: &Catalog, id: &Id) -> Option<Fingerprint> {
    live.get(id).map(Fingerprint::of)
}

/// Objects that are not what they are once the first `done` batches stand.
pub fn mismatches<'a>(plan: &'a Plan, live: &Catalog, done: usize) -> Vec<(&'a Id, Option<Fingerprint>)> {
    expected(plan, done).into_iter().filter(|(id, state_then)| state(live, id) != *state_then).collect()
}

/// For each number of batches from none to all, how many objects differ from what they are then. Goes over the touches
/// once, not once per number.
fn differing(plan: &Plan, live: &Catalog) -> Vec<usize> {
    let mut expected = expected(plan, 0);
    let live: BTreeMap<&Id, Option<Fingerprint>> = expected.keys().map(|id| (*id, state(live, id))).collect();
    let mut count = expected.iter().filter(|(id, then)| live[*id] != **then).count();
    let mut counts = vec![count];
    for touch in plan.batches.iter().map(|b| &b.touches) {
        for touch in touch {
            let was = expected.insert(&touch.id, touch.after).flatten();
            count -= usize::from(live[&touch.id] != was);
            count += usize::from(live[&touch.id] != touch.after);
        }
        counts.push(count);
    }
    counts
}

/// What the batch makes or removes and what is there, but not in force: a build that was stopped leaves such a thing, and so
/// does a removal.
fn half_done(plan: &Plan, batch: &Batch, live: &Catalog) -> Vec<Id> {
    let finished = |object: &Object| {
        let mut object = object.clone();
        object.head_mut().status = Status::Present;
        Fingerprint::of(&object)
    };
    let alone = !batch.transaction || !plan.back_in_transaction(batch);
    let touches = batch.touches.iter().filter(|t| alone && !(t.before.is_some() && t.after.is_some()));
    let pending = |id: &Id| live.get(id).filter(|o| o.status() == Status::Pending);
    // What a later step says of it may be there already: it was on its way back.
    let known = |o: &Object| states(plan, o.id()).contains(&Some(finished(o)));
    let unfinished = |t: &&Touch| pending(&t.id).is_some_and(|o| is_debris(t) || known(o));
    touches.filter(unfinished).map(|t| t.id.clone()).collect()
}

/// What was left by others before the plan was made, and is removed by it: it may be there or not.
fn is_debris(touch: &Touch) -> bool {
    touch.before.is_none() && touch.after.is_none()
}

/// What is unfinished when the first `done` batches stand: of the next one, and what no batch has cleared away yet.
fn unfinished(plan: &Plan, live: &Catalog, done: usize) -> Vec<Id> {
    let rest = plan.batches.get(done..).unwrap_or_default();
    let later = rest.iter().skip(1).filter(|b| b.touches.iter().any(is_debris));
    let mut ids: Vec<Id> = rest.iter().take(1).chain(later).flat_map(|b| half_done(plan, b, live)).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Finds how many batches stand. The catalog can leave a choice, as a backfill does not show in it: then it is what the
/// journal knows to be done and not one more, for a batch of which nothing is to be seen is safe to do, not to leave out.
pub fn standing(plan: &Plan, live: &Catalog, journaled: usize) -> Result<Standing> {
    let counts = differing(plan, live);
    let half = |done: usize| unfinished(plan, live, done);
    let fits: Vec<Standing> = (0..counts.len())
        .map(|done| Standing { done, half: if counts[done] == 0 { vec![] } else { half(done) } })
        .filter(|s| counts[s.done] == s.half.len())
        .collect();
    let ahead = fits.iter().find(|s| s.done >= journaled);
    let found = ahead.or_else(|| fits.iter().rev().find(|s| s.done < journaled));
    found.cloned().ok_or_else(|| stale(plan, live, &counts))
}

/// The refusal that names each object that is neither as it was before nor as it is after.
fn stale(plan: &Plan, live: &Catalog, counts: &[usize]) -> Error {
    let nearest = (0..counts.len()).min_by_key(|done| counts[*done]).unwrap_or(0);
    let mut error = Error::refused(format!(
        "the plan `{}` is stale: this database is not what the plan was made for",
        plan.header.name
    ))
    .code(crate::error::code::STALE);
    for (id, then) in mismatches(plan, live, nearest) {
        error = error.detail(difference(live, id, then));
        let others = states(plan, id).into_iter().filter(|s| *s != then).map(told).collect::<Vec<_>>();
        if !others.is_empty() {
            error = error.detail(format!("  at other points of the plan: {}", others.join(", ")));
        }
    }
    error.hint("make the plan anew: `msr plan`, or `msr plan --rebase FILE` for a saved one")
}

/// All states that the object goes through.
fn states(plan: &Plan, id: &Id) -> Vec<Option<Fingerprint>> {
    let touches = plan.batches.iter().flat_map(|b| &b.touches).filter(|t| t.id == *id);
    let mut states = Vec::new();
    for state in touches.flat_map(|t| [t.before, t.after]) {
        if !states.contains(&state) {
            states.push(state);
        }
    }
    states
}

fn told(state: Option<Fingerprint>) -> String {
    state.map_or("not there".into(), |f| f.to_string())
}

/// One object as it is and as it should be, with what it is made of.
pub fn difference(live: &Catalog, id: &Id, then: Option<Fingerprint>) -> String {
    let mut text = format!("{id}: is {}, the plan expects {}", told(state(live, id)), told(then));
    for (name, value) in live.get(id).map(Object::attrs).unwrap_or_default() {
        if value != crate::model::Value::None {
            text.push_str(&format!("\n  {name}: {value}"));
        }
    }
    text
}

/// What came that no step makes: parts of what the plan touches, which is not what was promised then, and the rest. What only
/// moved along with a table that got another name is none of it: the plan was not proved on all of a table's parts.
pub fn besides(plan: &Plan, before: &Catalog, live: &Catalog) -> Result<(Vec<Id>, Vec<Id>)> {
    let engine = crate::engine::named(&plan.header.engine)?;
    let touches = plan.touches();
    let (mut made, mut renamed) = (BTreeSet::new(), BTreeSet::new());
    for delta in plan.steps.iter().flat_map(|step| &step.deltas) {
        match delta {
            Delta::Add(id) => drop(made.insert(id)),
            Delta::Rename { from, to } => renamed.extend([from, to]),
            _ => {}
        }
    }
    let stays = |id: &Id| made.contains(id) || before.contains(id) && !renamed.contains(id);
    let all_stay = |o: &Object| std::iter::successors(o.parent(), |id| live.get(id)?.parent()).all(stays);
    let part = |o: &Object| {
        let parent = o.parent().filter(|parent| touches.contains_key(parent));
        parent.is_some() && engine.rule(o.id().kind).is_ok_and(|rule| rule.clause.is_some())
    };
    let came = |o: &&Object| !before.contains(o.id()) || part(o) && o.parent().is_some_and(|id| made.contains(id));
    let came = live.iter().filter(|o| !touches.contains_key(o.id())).filter(came).filter(|o| all_stay(o));
    let (parts, rest): (Vec<&Object>, Vec<&Object>) = came.partition(|o| part(o));
    let ids = |objects: Vec<&Object>| objects.into_iter().map(|o| o.id().clone()).collect();
    Ok((ids(parts), ids(rest)))
}

/// Refuses where something moved that the plan does not touch but depends on.
pub fn relied_upon(plan: &Plan, live: &Catalog) -> Result<()> {
    let moved: Vec<_> = plan.relies.iter().filter(|(id, then)| state(live, id) != Some(*then)).collect();
    let new = newcomers(plan, live)?;
    if moved.is_empty() && new.is_empty() {
        return Ok(());
    }
    let error = Error::refused(format!("the plan `{}` is stale: what it depends on has changed", plan.header.name))
        .code(crate::error::code::STALE);
    let error = moved.into_iter().fold(error, |e, (id, then)| e.detail(difference(live, id, Some(*then))));
    let error = new.into_iter().fold(error, |e, id| e.detail(difference(live, id, None)));
    Err(error.hint("make the plan anew: `msr plan`, or `msr plan --rebase FILE` for a saved one"))
}

/// What came to the definition of a table that the plan touches a part of.
fn newcomers<'a>(plan: &Plan, live: &'a Catalog) -> Result<Vec<&'a Id>> {
    if plan.shapes.is_empty() {
        return Ok(vec![]);
    }
    let engine = crate::engine::named(&plan.header.engine)?;
    let known: BTreeSet<&Id> = plan.touches().into_keys().chain(plan.relies.iter().map(|(id, _)| id)).collect();
    let inside = |o: &Object| {
        let mut at = o.parent();
        while let Some(parent) = at {
            if plan.shapes.contains(parent) {
                return true;
            }
            at = live.get(parent).and_then(Object::parent);
        }
        false
    };
    let part =
        |o: &&Object| engine.rule(o.id().kind).is_ok_and(|rule| rule.clause.is_some()) && !known.contains(o.id());
    Ok(live.iter().filter(part).filter(|o| inside(o)).map(Object::id).collect())
}
