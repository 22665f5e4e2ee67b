//! The pipeline, from desired SQL and a database to a proved plan.

use super::node::Node;
use super::online;
use super::order::{Ordered, Tie};
use super::stages::{arrange, ways_back};
use super::steps::{batches, pieces, steps};
use super::{
    Action, Header, Manage, Online, Plan, Transaction, hints, phases, probe, prove, rename, scope, shims, stand_in,
};
use crate::diff::{Delta, diff};
use crate::engine::how::{Rung, Scene, Server};
use crate::engine::{Engine, Session, filtered};
use crate::model::{Catalog, Filter, Fingerprint, Id, Kind, Object};
use crate::settings::DatabaseUrl;
use crate::source::Source;
use crate::{Error, Result};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What a plan is made from.
pub struct Inputs<'a> {
    pub engine: &'static dyn Engine,
    /// The database to be changed; without it the plan starts at `base`.
    pub target: Option<&'a mut dyn Session>,
    /// Where it is: scratch is a database beside it, or of the same version.
    pub like: &'a DatabaseUrl,
    /// Where to start instead of at the target's present state.
    pub base: Option<Catalog>,
    pub desired: &'a Source,
    pub shadow: Option<&'a DatabaseUrl>,
    /// What is managed at all.
    pub filter: &'a Filter,
    /// What is managed of what is said about objects.
    pub manage: Manage,
    /// What is changed by ladders of short steps.
    pub online: Online,
    /// How much one transaction holds.
    pub transaction: Transaction,
    pub name: String,
    pub version: String,
    pub created_at: String,
    /// Checksum of the plan before, where plans are saved.
    pub parent: Option<String>,
    pub tie: Tie,
    /// Whether these statements (by their hash) were applied before and led to this very state: then there is nothing to do,
    /// and no scratch is needed to say so.
    /// Asked twice, before the target is read and with what was read.
    pub settled: &'a mut Settled<'a>,
    /// Told what is going on and how far it is: a stage, done, of how many (0 when unknown).
    pub progress: &'a mut dyn FnMut(&str, usize, usize),
}

/// Of a session, the hash of the desired statements and, once it was read, the present state: the state if it is settled.
pub type Settled<'a> = dyn FnMut(&mut dyn Session, &str, Option<Fingerprint>) -> Result<Option<Fingerprint>> + 'a;

/// A plan and the two catalogs that it leads between; both empty where the database was not even read, since nothing is to do.
pub struct Made {
    pub plan: Plan,
    pub base: Catalog,
    pub goal: Catalog,
}

/// Makes a plan and proves it.
pub fn make(mut inputs: Inputs) -> Result<Made> {
    if let Some(session) = inputs.target.as_mut() {
        session.look_at_roles(&inputs.desired.roles());
    }
    let digest = digest(&inputs);
    if inputs.base.is_none()
        && let Some(live) = settled(&mut inputs, &digest, None)?
    {
        return Ok(nothing(&inputs, live, Catalog::default(), digest));
    }
    (inputs.progress)("reading the database", 0, 0);
    let mut base = match (inputs.base.take(), inputs.target.as_mut()) {
        (Some(base), _) => base,
        (None, Some(session)) => session.inspect()?,
        (None, None) => blank(inputs.engine, inputs.filter),
    };
    let found = base.fingerprint();
    if let Some(live) = settled(&mut inputs, &digest, Some(found))? {
        return Ok(nothing(&inputs, live, base, digest));
    }
    let debris = inputs.engine.debris(&base);
    debris.iter().for_each(|(id, _)| drop(base.remove(id)));
    let (mut goal, mut server) = desired_catalog(&mut inputs, &base)?;
    refuse_unmodelled(&base, &goal)?;
    let unmodelled = named(&base);
    let mut notes = withheld(&base, &goal);
    let wants = rename::wanted(inputs.engine, inputs.desired, &base, &goal)?;
    let (renames, present) = match wants.is_empty() {
        true => {
            scope::carry_over(inputs.manage, &base, &mut goal);
            (vec![], None)
        }
        false => {
            let mut scratch = scratch(&inputs)?;
            let renamed = rename::carry_out(inputs.engine, &mut *scratch, &base, &goal, &wants)?;
            scope::carry_over(inputs.manage, &renamed.base, &mut goal);
            (renamed.nodes, Some(renamed.base))
        }
    };
    let mut present = present.map_or(Cow::Borrowed(&base), Cow::Owned);
    hints::apply(inputs.engine, inputs.desired, &mut present, &mut goal)?;
    let from = &*present;
    let deltas = scope::deltas(inputs.manage, from, &goal);
    server.busy = online::busy(&mut inputs, &renames, from, &goal, &deltas)?;
    server.phased = inputs.online.phases;
    if let Some(session) = &inputs.target {
        server.locks = session.server().locks;
    }
    let scene = Scene::new(from, &goal, &server);
    let ordered = with_renames(
        shims::over(inputs.engine, scene, renames.clone(), &deltas),
        arrange(inputs.engine, scene, &deltas, inputs.tie)?,
    );
    notes.extend(
        debris.iter().map(|(id, _)| format!("{id} is INVALID, as a build that was stopped leaves it: it goes")),
    );
    let ordered = phases::split(cleared(debris, ordered));
    let backs = if ordered.nodes.is_empty() { vec![] } else { ways_back(inputs.engine, scene, &ordered)? };
    let questions = probe::questions(inputs.engine, scene, &renames, &ordered.nodes);
    let look_alikes = look_alikes(inputs.engine, from, &goal, &deltas)?;
    drop(deltas);
    let mut pieces = pieces(ordered, backs);
    let mut batches = batches(inputs.engine, &server, &pieces, inputs.transaction);
    let mut steps = steps(&mut pieces, inputs.desired, questions);
    if !steps.is_empty() {
        (inputs.progress)("proving the plan", 0, 0);
        let touched: Vec<&Delta> = steps.iter().flat_map(|s| &s.deltas).collect();
        let mut keep = scope::needed(inputs.engine, &base, &goal, &touched);
        let mut scratch = scratch(&inputs)?;
        prove::without_strangers(&mut *scratch, &base, &mut keep, &touched)?;
        let claim = prove::Claim {
            manage: inputs.manage,
            base: &base,
            goal: &goal,
            steps: &mut steps,
            batches: &mut batches,
            pieces: &pieces,
            keep,
        };
        let progress = &mut inputs.progress;
        prove::prove(inputs.engine, &mut *scratch, claim, &mut |done, of| progress("proving the plan", done, of))?;
    }
    online::hold(inputs.engine, scene, &mut steps);
    notes.extend(online::at_once(&server.busy, &steps));
    let whole = (found, goal.fingerprint());
    let header = header(&inputs, &server, whole, digest);
    notes.extend(look_alikes);
    let mut plan = Plan { header, relies: vec![], shapes: vec![], steps, batches, unmodelled, notes };
    plan.shapes = shapes(inputs.engine, &plan, &base, &goal);
    plan.relies = relies(inputs.engine, &plan, &base, &goal);
    Ok(Made { plan, base, goal })
}

/// Of what is wanted: the statements, and how much of a database they speak for.
fn digest(inputs: &Inputs) -> String {
    let statements = inputs.desired.digest();
    if inputs.filter.is_empty() && inputs.manage == Manage::default() {
        return statements;
    }
    let managed = format!("{:?} {:?}", inputs.filter, inputs.manage);
    Fingerprint::of_parts([statements.as_bytes(), managed.as_bytes()]).to_string()
}

fn settled(inputs: &mut Inputs, digest: &str, live: Option<Fingerprint>) -> Result<Option<Fingerprint>> {
    let Some(session) = inputs.target.as_mut() else { return Ok(None) };
    (inputs.settled)(&mut **session, digest, live)
}

/// The plan of no change.
fn nothing(inputs: &Inputs, live: Fingerprint, base: Catalog, digest: String) -> Made {
    let server = inputs.target.as_ref().map(|session| session.server().clone());
    let server = server.unwrap_or(Server::new(inputs.engine.name(), 0, 0));
    let header = header(inputs, &server, (live, live), digest);
    let unmodelled = named(&base);
    let plan =
        Plan { header, relies: vec![], shapes: vec![], steps: vec![], batches: vec![], unmodelled, notes: vec![] };
    Made { plan, goal: base.clone(), base }
}

fn scratch(inputs: &Inputs) -> Result<Box<dyn Session>> {
    Ok(filtered(inputs.engine.scratch(Some(inputs.like), inputs.shadow, &inputs.desired.roles())?, inputs.filter))
}

/// What is managed of a database that nobody put anything into.
pub fn blank(engine: &dyn Engine, filter: &Filter) -> Catalog {
    let mut blank = engine.blank();
    filter.apply(&mut blank);
    blank
}

/// The catalog of the desired SQL, read through scratch.
fn desired_catalog(inputs: &mut Inputs, base: &Catalog) -> Result<(Catalog, Server)> {
    (inputs.progress)("starting scratch", 0, 0);
    let mut scratch = scratch(inputs)?;
    stand_in::put(inputs.engine, &mut *scratch, base, inputs.desired);
    let total = inputs.desired.statements.len();
    let progress = &mut inputs.progress;
    scratch.load(inputs.desired, &mut |done| progress("loading the desired schema", done, total))?;
    progress("reading the desired schema", 0, 0);
    Ok((scratch.inspect()?, scratch.server().clone()))
}

/// The steps between two catalogs as they come, for `msr diff` and `msr inspect`: not proved, no fact observed.
pub fn unproved(engine: &'static dyn Engine, server: &Server, from: &Catalog, to: &Catalog) -> Result<Plan> {
    let scene = Scene::new(from, to, server);
    let ordered = arrange(engine, scene, &diff(from, to), Tie::Reader)?;
    let backs = ways_back(engine, scene, &ordered)?;
    let header = Header {
        msr: env!("CARGO_PKG_VERSION").to_string(),
        version: String::new(),
        name: String::new(),
        engine: engine.name().to_string(),
        engine_major: server.major,
        created_at: String::new(),
        parent: None,
        base: from.fingerprint(),
        goal: to.fingerprint(),
        desired: None,
        roles: Default::default(),
    };
    let mut pieces = pieces(ordered, backs);
    let batches = batches(engine, server, &pieces, Transaction::default());
    let steps = steps(&mut pieces, &Source::parse(vec![], engine.dialect())?, vec![]);
    let unmodelled = from.unmodelled.union(&to.unmodelled).map(|u| format!("{} {}", u.what, u.name)).collect();
    Ok(Plan { header, relies: vec![], shapes: vec![], steps, batches, unmodelled, notes: vec![] })
}

/// What is not modelled is reported when both sides have it, and refused when the plan would have to make it.
fn refuse_unmodelled(base: &Catalog, goal: &Catalog) -> Result<()> {
    let wanted: Vec<_> = goal.unmodelled.difference(&base.unmodelled).collect();
    if !wanted.is_empty() {
        let mut error = Error::refused("the desired schema has objects that msr cannot plan for yet")
            .code(crate::error::code::NOT_MODELLED);
        for u in wanted.iter().take(20) {
            error = error.detail(format!("{} {}", u.what, u.name));
        }
        return Err(error
            .hint("create them by hand first, with exactly this definition, and plan again: msr leaves them alone"));
    }
    Ok(())
}

fn named(catalog: &Catalog) -> Vec<String> {
    catalog.unmodelled.iter().map(|u| format!("{} {}", u.what, u.name)).collect()
}

/// Secrets that the desired schema has and the database has not.
fn withheld(base: &Catalog, goal: &Catalog) -> Vec<String> {
    let missing = goal.withheld.difference(&base.withheld);
    missing.map(|what| format!("{what} is a secret and in no plan: set it by hand when the plan is applied")).collect()
}

fn with_renames(renames: Vec<Node>, ordered: Ordered) -> Ordered {
    let shift = renames.len();
    let mut needs: Vec<_> =
        (0..shift).map(|i| if i == 0 { vec![] } else { vec![(i - 1, super::order::EdgeRule::Touch)] }).collect();
    needs.extend(
        ordered.needs.into_iter().map(|n| n.into_iter().map(|(at, rule)| (at + shift, rule)).collect::<Vec<_>>()),
    );
    Ordered { nodes: renames.into_iter().chain(ordered.nodes).collect(), needs }
}

/// What is of no use goes before all else. Nothing brings it back, and nothing asks whether it was there: before and after
/// it does not count.
fn cleared(debris: Vec<(Id, Rung)>, ordered: Ordered) -> Ordered {
    let shift = debris.len();
    let later =
        |needs: Vec<(usize, super::order::EdgeRule)>| needs.into_iter().map(|(at, rule)| (at + shift, rule)).collect();
    let needs = (0..shift).map(|_| vec![]).chain(ordered.needs.into_iter().map(later)).collect();
    let node = |(id, rung): (Id, Rung)| Node {
        rungs: vec![rung],
        down: Some(vec![]),
        ..Node::new(&id, Action::Drop, vec![Delta::Drop(id.clone())])
    };
    Ordered { nodes: debris.into_iter().map(node).chain(ordered.nodes).collect(), needs }
}

fn header(inputs: &Inputs, server: &Server, (base, goal): (Fingerprint, Fingerprint), desired: String) -> Header {
    Header {
        roles: inputs.desired.roles(),
        msr: env!("CARGO_PKG_VERSION").to_string(),
        version: inputs.version.clone(),
        name: inputs.name.clone(),
        engine: inputs.engine.name().to_string(),
        engine_major: server.major,
        created_at: inputs.created_at.clone(),
        parent: inputs.parent.clone(),
        base,
        goal,
        desired: Some(desired),
    }
}

/// Renames are declared, never guessed: where a drop and an add look like one, the line to write is named.
fn look_alikes(engine: &dyn Engine, from: &Catalog, to: &Catalog, deltas: &[Delta]) -> Result<Vec<String>> {
    let gone = deltas.iter().filter_map(|d| if let Delta::Drop(id) = d { from.get(id) } else { None });
    let mut come: Vec<&Object> =
        deltas.iter().filter_map(|d| if let Delta::Add(id) = d { to.get(id) } else { None }).collect();
    // Of these it is said what they are made of.
    come.retain(|o| o.head().using.is_none());
    let mut notes = Vec::new();
    for old in gone {
        if engine.rule(old.id().kind)?.rename.is_none() || !matches!(old.id().kind, Kind::Table | Kind::Column) {
            continue;
        }
        let Some(at) = come.iter().position(|new| alike((from, old), (to, new))) else { continue };
        let new = come.remove(at);
        notes.push(format!(
            "{} goes and {} comes, and they look alike: if it is one under another name, write `-- msr:renamed from {}` directly before it",
            old.id(),
            new.id(),
            if old.id().at(0) == new.id().at(0) { old.id().name().to_string() } else { old.id().path.join(".") }
        ));
    }
    Ok(notes)
}

/// Of one kind, in one place, made of the same; a table of mostly the same columns.
fn alike((from, old): (&Catalog, &Object), (to, new): (&Catalog, &Object)) -> bool {
    // Less what only repeats the name.
    let made_of = |o: &Object| -> Vec<_> {
        let name = o.id().name();
        o.attrs().into_iter().filter(|(_, v)| !v.text().is_some_and(|text| text.eq_ignore_ascii_case(name))).collect()
    };
    if old.id().kind != new.id().kind || old.parent() != new.parent() || made_of(old) != made_of(new) {
        return false;
    }
    let columns = |c: &Catalog, o: &Object| -> BTreeSet<String> {
        c.children(o.id()).filter(|c| c.id().kind == Kind::Column).map(|c| c.id().name().to_string()).collect()
    };
    let (old_columns, new_columns) = (columns(from, old), columns(to, new));
    let same = old_columns.intersection(&new_columns).count();
    2 * same >= old_columns.len().max(new_columns.len())
}

/// The tables of which the plan touches what stands inside their `CREATE`.
fn shapes(engine: &dyn Engine, plan: &Plan, base: &Catalog, goal: &Catalog) -> Vec<Id> {
    let touched = plan.touches();
    let parts = touched.keys().filter(|id| stands_inside(engine, id.kind));
    let roots: BTreeSet<&Id> =
        parts.filter_map(|id| base.ancestors(id).last().or_else(|| goal.ancestors(id).last())).collect();
    roots.into_iter().filter(|id| base.contains(id) && !touched.contains_key(id)).cloned().collect()
}

fn stands_inside(engine: &dyn Engine, kind: Kind) -> bool {
    engine.rule(kind).is_ok_and(|rule| rule.clause.is_some())
}

/// What the plan depends on without touching it: what its objects need, and the whole shape of each table that it touches a
/// part of, since a table that is no longer what was reviewed is not the one that was planned for.
fn relies(engine: &dyn Engine, plan: &Plan, base: &Catalog, goal: &Catalog) -> Vec<(Id, Fingerprint)> {
    let touched: BTreeSet<&Id> = plan.touches().into_keys().collect();
    let mut ids: BTreeSet<&Id> = plan.shapes.iter().collect();
    for id in &touched {
        let objects = base.get(id).into_iter().chain(goal.get(id));
        ids.extend(objects.flat_map(|o| o.refs().iter().map(|r| &r.to).chain(o.parent())));
    }
    let shapes: BTreeSet<&Id> = plan.shapes.iter().collect();
    let parts = base
        .ids()
        .filter(|id| stands_inside(engine, id.kind) && base.ancestors(id).last().is_some_and(|r| shapes.contains(r)));
    ids.extend(parts);
    let untouched = ids.into_iter().filter(|id| !touched.contains(id));
    untouched.filter_map(|id| Some((id.clone(), Fingerprint::of(base.get(id)?)))).collect()
}
