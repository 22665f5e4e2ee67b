//! The last stage: the plan is run forward and back on a scratch copy of the present state before anyone sees it.

use super::order::Tie;
use super::stages::arrange;
use super::steps::Piece;
use super::{Action, Batch, Manage, Plan, Step, Touch, lands, scope};
use crate::diff::{Delta, diff};
use crate::engine::how::{Rung, Scene};
use crate::engine::{Engine, Session};
use crate::model::{Catalog, Fingerprint, Id, Kind};
use crate::{Error, Result};
use std::collections::BTreeSet;

/// Builds the part `keep` of `base` in an empty scratch database and reads it back.
pub fn copy(engine: &dyn Engine, scratch: &mut dyn Session, base: &Catalog, keep: &BTreeSet<Id>) -> Result<Catalog> {
    scratch.prepare()?;
    let server = scratch.server().clone();
    let blank = scratch.inspect()?.whole().into_owned();
    let base = base.whole();
    let mut want = base.limited_to(keep);
    for object in blank.iter() {
        if let Some(there) = base.get(object.id()) {
            want.insert(there.clone());
        }
    }
    let scene = Scene::new(&blank, &want, &server);
    let attempt = "cannot copy the present state into scratch to prove the plan on it";
    let ordered = arrange(engine, scene, &diff(&blank, &want), Tie::Reader).map_err(|e| e.during(attempt))?;
    let rungs: Vec<&Rung> = ordered.nodes.iter().flat_map(|n| &n.rungs).collect();
    for chunk in rungs.chunk_by(|a, b| !a.parts_from(b) && a.commit_after.is_none()) {
        // Small enough for a default server's lock table.
        for part in chunk.chunks(500) {
            run(scratch, part).map_err(|e| e.during(attempt))?;
        }
    }
    scratch.copied()?;
    let mut start = scratch.inspect()?;
    let mut got = start.whole().into_owned();
    for state in [&mut start, &mut got] {
        scope::only_managed(Manage::default(), state, &want);
    }
    let off = diff(&got, &want);
    if off.is_empty() {
        return Ok(start);
    }
    Err(differences(Error::refused(format!("{attempt}: what came out is not what is there")), &off)
        .hint("this is a gap in msr: please report it with the definitions of the objects named above"))
}

/// What belongs to somebody whom the one who plans cannot be is copied as one's own, where the plan leaves it whose it is.
pub fn without_strangers(
    scratch: &mut dyn Session,
    base: &Catalog,
    keep: &mut BTreeSet<Id>,
    plan: &[&Delta],
) -> Result<()> {
    let strangers = scratch.strangers()?;
    let is_strangers =
        |id: &Id| base.get(id).is_some_and(|o| o.attr("role").text().is_some_and(|r| strangers.contains(r)));
    keep.retain(|id| id.kind != Kind::Owner || !is_strangers(id) || plan.iter().any(|delta| delta.id() == id));
    Ok(())
}

/// A copy of the part of `base` that the plan is about, for running it outside of its database.
pub fn part(engine: &dyn Engine, scratch: &mut dyn Session, base: &Catalog, plan: &Plan) -> Result<Catalog> {
    let deltas: Vec<&Delta> = plan.steps.iter().flat_map(|s| &s.deltas).collect();
    // What new objects need is not in `base` to be found, but in the plan.
    let more: Vec<&Id> = plan.relies.iter().map(|(id, _)| id).collect();
    let mut keep = scope::needed_with(engine, base, base, &deltas, &more);
    without_strangers(scratch, base, &mut keep, &deltas)?;
    copy(engine, scratch, base, &keep)
}

/// What must still be done to `end` to be back at the start.
pub fn left(manage: Manage, mut end: Catalog, start: &Catalog) -> Vec<Delta> {
    scope::only_managed(manage, &mut end, start);
    diff(&end, start)
}

/// Carries out the first batches of a plan where nobody else is: on scratch.
pub fn replay(scratch: &mut dyn Session, plan: &Plan, batches: usize) -> Result<()> {
    for batch in plan.batches.iter().take(batches) {
        if batch.transaction {
            scratch.begin()?;
        }
        for sql in plan.batch_steps(batch).iter().flat_map(|step| &step.up) {
            scratch.execute(sql)?;
        }
        if batch.transaction {
            scratch.commit()?;
        }
    }
    Ok(())
}

/// Runs statements, in one transaction where they can.
fn run(scratch: &mut dyn Session, rungs: &[&Rung]) -> Result<()> {
    let together = rungs.iter().all(|r| r.transactional);
    let sent = |e: crate::SqlError, sql: &str| Error::from(e).during(format!("`{sql}`"));
    if together {
        scratch.begin()?;
    }
    for rung in rungs {
        scratch.execute(&rung.sql).map_err(|e| sent(e, &rung.sql))?;
    }
    if together {
        scratch.commit().map_err(|e| sent(e, "COMMIT"))?;
    }
    Ok(())
}

/// What is to be proved.
pub struct Claim<'a> {
    pub manage: Manage,
    pub base: &'a Catalog,
    pub goal: &'a Catalog,
    pub steps: &'a mut [Step],
    pub batches: &'a mut [Batch],
    pub pieces: &'a [Piece],
    /// What of `base` it is proved on.
    pub keep: BTreeSet<Id>,
}

/// Runs the plan forward and back, fills in what was observed, and refuses a plan that does not do what it says.
pub fn prove(
    engine: &dyn Engine,
    scratch: &mut dyn Session,
    claim: Claim,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<()> {
    let mut start = copy(engine, scratch, claim.base, &claim.keep)?;
    start.share_with(claim.base);
    let total = 2 * claim.steps.len();
    let mut state = start.clone();
    let mut done = 0;
    // What stood before each rung of the ladder that is being climbed.
    let mut ladder: Vec<Catalog> = vec![];
    for index in 0..claim.batches.len() {
        let batch = &mut claim.batches[index];
        for i in batch.first - 1..batch.last {
            let first = i + 1 == batch.first;
            forward(
                scratch,
                (&start, claim.goal),
                &mut claim.steps[i],
                batch.transaction && first,
                batch.transaction && i + 1 == batch.last,
            )?;
            done += 1;
            progress(done, total);
        }
        let mut next = scratch.inspect()?;
        scope::only_managed(claim.manage, &mut next, claim.goal);
        next.share_with(claim.goal);
        batch.touches = touches(&state, &next, &claim.steps[batch.first - 1..batch.last]);
        let piece = &claim.pieces[batch.first - 1];
        if piece.of_ladder {
            // What only serves the ladder is in no schema.
            let mut deltas = diff(&state, &next);
            deltas.retain(|d| claim.base.contains(d.id()) || claim.goal.contains(d.id()));
            if claim.steps[batch.first - 1].action != Action::Rename {
                did(&mut claim.steps[batch.first - 1], deltas);
            }
            ladder.push(state);
        }
        if piece.goes_on {
            halfway(scratch, &claim, index, &ladder)?;
        } else {
            ladder.clear();
        }
        state = next;
    }
    reached(claim.manage, &start, &state, claim.goal, claim.steps)?;
    if claim.pieces.iter().any(|p| p.back.refused.is_some()) {
        return Ok(());
    }
    let mut standing = claim.batches.len();
    while let Some(index) = standing.checked_sub(1) {
        let batch = &claim.batches[index];
        let pieces = claim.pieces[batch.first - 1..batch.last].iter().rev();
        let rungs: Vec<&Rung> = pieces.flat_map(|p| &p.back.rungs).collect();
        back(scratch, &rungs).map_err(|e| said_wrong(&claim, index, e))?;
        done += batch.last - batch.first + 1;
        progress(done.min(total), total);
        standing = lands(claim.batches, claim.steps, index);
    }
    let off = left(claim.manage, scratch.inspect()?, &start);
    if off.is_empty() { Ok(()) } else { Err(differences(unproved("its way back does not lead back"), &off)) }
}

fn forward(
    scratch: &mut dyn Session,
    (old, goal): (&Catalog, &Catalog),
    step: &mut Step,
    begin: bool,
    commit: bool,
) -> Result<()> {
    let said = goal.get(&step.subject).is_some_and(|o| o.head().using.is_some());
    let failed = |e: crate::SqlError, sql: &str, step: &Step| {
        if said {
            let error = Error::refused(format!("cannot give {} its values: {}", step.subject, e.message)).detail(sql);
            let error = step.at.iter().fold(error, |error, at| error.at(at));
            return error.hint(EXPRESSIONS);
        }
        let what = format!("step {} ({}) fails on scratch: {}", step.id, step.subject, e.message);
        if e.is_denied() {
            return Error::refused(what)
                .code(crate::error::code::UNPROVED)
                .detail(sql.to_string())
                .hint("nothing was changed: the role that plans may not do this, and the plan's own grants do not allow it")
                .hint("say what is missing in the schema files, as `GRANT CREATE ON SCHEMA … TO …`, or connect as a role that may");
        }
        unproved(&what).detail(sql.to_string())
    };
    if begin {
        scratch.begin()?;
    }
    // What creates new objects and hangs on nothing old holds no lock that anyone waits for. A rung on the way to something has
    // no delta of its own.
    let new_only = step.deltas.iter().all(|d| matches!(d, Delta::Add(id) if !hangs_on_old(goal, old, id)));
    let watched = step.transaction && (!new_only || step.deltas.is_empty());
    if watched {
        scratch.watch()?;
    }
    for sql in &step.up {
        scratch.execute(sql).map_err(|e| failed(e, sql, step))?;
    }
    if watched {
        let seen = scratch.observed()?;
        (step.locks, step.rewrites, step.scans) = (seen.locks, seen.rewrites, seen.scans);
    }
    if commit {
        scratch.commit().map_err(|e| failed(e, "COMMIT", step))?;
    }
    Ok(())
}

/// Takes a batch back as it would be: in one transaction, if it can be.
fn back(scratch: &mut dyn Session, rungs: &[&Rung]) -> Result<()> {
    run(scratch, rungs).map_err(|e| unproved("its way back fails on scratch").detail(e.message))
}

/// On the way back of a table that the schema files say expressions of, one of those is to blame.
fn said_wrong(claim: &Claim, index: usize, error: Error) -> Error {
    let batch = &claim.batches[index];
    let made = |table: &Id| claim.goal.children(table).any(|o| o.head().using.is_some());
    let home = |id: &Id| claim.goal.get(id).or(claim.base.get(id)).and_then(|o| o.parent());
    let said = |s: &&Step| s.subject.kind == Kind::Column && home(&s.subject).is_some_and(made);
    let Some(step) = claim.steps[batch.first - 1..batch.last].iter().find(said) else { return error };
    let told = Error::refused(format!("cannot give {} its values on the way back", step.subject));
    let told = error.details.into_iter().fold(told, Error::detail);
    told.hint(EXPRESSIONS)
}

const EXPRESSIONS: &str =
    "correct the expression after `-- msr:using`, or after `-- msr:back`; names in it need their schema";

/// There must be a way back from the middle of a ladder too, for a run that is stopped there: it is gone, and the rungs are
/// climbed again. `states` is what stood before each of them.
fn halfway(scratch: &mut dyn Session, claim: &Claim, index: usize, states: &[Catalog]) -> Result<()> {
    let piece = |batch: usize| &claim.pieces[claim.batches[batch].first - 1];
    let way: Vec<&Rung> = piece(index).back.rungs.iter().collect();
    // Nothing to take back, or no way back at all.
    if way.is_empty() {
        return Ok(());
    }
    back(scratch, &way).map_err(|e| said_wrong(claim, index, e))?;
    let (to, first) = (lands(claim.batches, claim.steps, index), index + 1 - states.len());
    let mut end = scratch.inspect()?;
    scope::only_managed(claim.manage, &mut end, &states[to - first]);
    let off = diff(&end, &states[to - first]);
    if !off.is_empty() {
        return Err(differences(unproved("the way back from the middle of a ladder does not lead back"), &off));
    }
    (to..=index).try_for_each(|batch| run(scratch, &piece(batch).rungs.iter().collect::<Vec<_>>()))
}

/// What a rung of a ladder does is what it was seen to do.
fn did(step: &mut Step, deltas: Vec<Delta>) {
    let about = |d: &&Delta| *d.id() == step.subject;
    step.action = match deltas.iter().find(about) {
        Some(Delta::Add(_)) => Action::Create,
        Some(Delta::Drop(_)) if step.action == Action::Replace => Action::Replace,
        Some(Delta::Drop(_)) => Action::Drop,
        _ => Action::Alter,
    };
    step.deltas = deltas;
}

/// Whether the object is made on a relation that is there already.
fn hangs_on_old(goal: &Catalog, old: &Catalog, id: &Id) -> bool {
    let refs = goal.get(id).into_iter().flat_map(|o| o.refs());
    refs.map(|r| &r.to).any(|to| {
        matches!(to.kind, Kind::Table | Kind::Column | Kind::View | Kind::MaterializedView) && old.contains(to)
    })
}

/// The objects that differ between two states, and those that the steps name.
fn touches(before: &Catalog, after: &Catalog, steps: &[Step]) -> Vec<Touch> {
    let mut ids: BTreeSet<Id> = diff(before, after).iter().map(|d| d.id().clone()).collect();
    for delta in steps.iter().flat_map(|s| &s.deltas) {
        ids.insert(delta.id().clone());
        if let Delta::Rename { from, .. } = delta {
            ids.insert(from.clone());
        }
    }
    let print = |c: &Catalog, id: &Id| c.get(id).map(Fingerprint::of);
    ids.into_iter().map(|id| Touch { before: print(before, &id), after: print(after, &id), id }).collect()
}

/// Whether the state after the last step is the goal, as far as the copy goes.
fn reached(manage: Manage, start: &Catalog, end: &Catalog, goal: &Catalog, steps: &[Step]) -> Result<()> {
    let mut expected: BTreeSet<Id> = end.ids().filter(|id| goal.contains(id)).cloned().collect();
    let mut gone: BTreeSet<&Id> = BTreeSet::new();
    for delta in steps.iter().flat_map(|s| &s.deltas) {
        match delta {
            Delta::Rename { from, .. } | Delta::Drop(from) => drop(gone.insert(from)),
            Delta::Add(id) | Delta::Set { id, .. } => drop(expected.insert(id.clone())),
        }
    }
    expected.extend(start.ids().filter(|id| !gone.contains(id) && goal.contains(id)).cloned());
    let mut off = diff(end, &goal.limited_to(&expected));
    off.retain(|delta| !scope::is_undeclared(manage, delta, goal));
    if off.is_empty() { Ok(()) } else { Err(differences(unproved("it does not lead to the desired schema"), &off)) }
}

fn unproved(why: &str) -> Error {
    Error::refused(format!("the plan did not pass its own proof: {why}"))
        .code(crate::error::code::UNPROVED)
        .hint("nothing was changed; this is a gap in msr: please report it with the two schemas")
}

/// The first differences, as lines.
fn differences(mut error: Error, off: &[Delta]) -> Error {
    for delta in off.iter().take(12) {
        error = error.detail(delta.told("wanted"));
    }
    if off.len() > 12 { error.detail(format!("and {} more", off.len() - 12)) } else { error }
}
