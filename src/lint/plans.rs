//! Events of a plan: its deltas, what the catalogs know of them, and what scratch saw its steps do.

use super::event::{Event, Trait, Verb};
use super::facts::{self, Sides};
use crate::diff::Delta;
use crate::engine::Figures;
use crate::model::{Catalog, Id, Kind};
use crate::plan::{Action, Phase, Plan, Step};
use std::collections::BTreeSet;

/// What can be read, built, written anew in about a tenth of a second.
const SCAN: u64 = 16 << 20;
const INDEX: u64 = 8 << 20;
const REWRITE: u64 = 1 << 20;

/// What takes minutes to read, and gigabytes of log to index.
const MUCH: u64 = 1 << 30;

/// Updates of which something can be said.
const OFTEN: u64 = 1000;

/// A table of PostgreSQL has at most 1600 columns in its life.
const MANY_COLUMNS: u64 = 1500;

/// The events of a plan, in the order of its steps.
pub fn events(plan: &Plan, base: &Catalog, goal: &Catalog, figures: &Figures) -> Vec<Event> {
    let whole = Whole::of(plan);
    let mut events = vec![];
    for (tx, batch) in plan.batches.iter().enumerate() {
        for step in plan.batch_steps(batch) {
            let tx = batch.transaction.then_some(tx);
            for event in of_step(step, base, goal, &whole) {
                events.push(Event { tx, ..event });
            }
        }
    }
    events.iter_mut().for_each(|event| weigh(event, figures));
    events
}

/// What all deltas together add and drop.
#[derive(Default)]
pub struct Whole {
    pub added: BTreeSet<Id>,
    pub dropped: BTreeSet<Id>,
    /// What comes into force in a step after the one that adds it.
    pub validated: BTreeSet<Id>,
    /// Columns whose rows get their values in batches.
    pub filled: BTreeSet<Id>,
    /// What has its old name besides the new one until the old application is gone.
    pub shown: BTreeSet<Id>,
    /// What is done in the end once the old application is gone.
    pub late: BTreeSet<Id>,
    /// Those of which the old application need not know until it is gone.
    pub written: BTreeSet<Id>,
}

impl Whole {
    fn of(plan: &Plan) -> Whole {
        let subjects = |which: fn(&Step) -> bool| -> BTreeSet<Id> {
            plan.steps.iter().filter(|s| which(s)).map(|s| s.subject.clone()).collect()
        };
        let (mut filled, mut late) = (subjects(|s| s.fill.is_some()), subjects(|s| s.phase == Phase::Contract));
        // Columns that come together have one ladder, under the name of the first.
        for step in plan.steps.iter().filter(|s| s.deltas.len() > 1) {
            let added = step.deltas.iter().filter(|d| matches!(d, Delta::Add(id) if id.kind == Kind::Column));
            for all in [&mut filled, &mut late].into_iter().filter(|all| all.contains(&step.subject)) {
                all.extend(added.clone().map(|d| d.id().clone()));
            }
        }
        let named = |s: &Step| s.action == Action::Rename && s.phase == Phase::Contract;
        let shown = subjects(named);
        let written = filled.intersection(&late).cloned().collect();
        Whole { filled, written, shown, late, ..Whole::of_deltas(plan.steps.iter().flat_map(|s| &s.deltas)) }
    }

    pub fn of_deltas<'a>(deltas: impl Iterator<Item = &'a Delta>) -> Whole {
        let mut whole = Whole::default();
        for delta in deltas {
            match delta {
                Delta::Add(id) => drop(whole.added.insert(id.clone())),
                Delta::Drop(id) => drop(whole.dropped.insert(id.clone())),
                Delta::Set { id, attr, .. } if attr == "status" => drop(whole.validated.insert(id.clone())),
                Delta::Set { .. } | Delta::Rename { .. } => {}
            }
        }
        whole
    }
}

fn of_step(step: &Step, base: &Catalog, goal: &Catalog, whole: &Whole) -> Vec<Event> {
    let sides = Sides { from: base, to: goal };
    let mut events: Vec<Event> = step.deltas.iter().filter_map(|d| of_delta(d, sides, whole)).collect();
    if step.action == Action::Rebuild {
        events.push(Event::run("rebuild", step.subject.clone()));
    }
    for event in &mut events {
        event.step = Some(step.id);
        let kind = event.id.kind;
        // Only a build that lets others write stands outside of a transaction.
        if !step.transaction && matches!(kind, Kind::Index | Kind::Attachment) {
            event.traits.add(Trait::Concurrently);
        }
        if event.verb == Verb::Add && whole.validated.contains(&event.id) {
            event.traits.add(Trait::NotValid);
        }
        // At the end of its ladder the constraint takes the index that was built on the way.
        if step.back.to.is_some() && event.verb == Verb::Add && matches!(kind, Kind::Unique | Kind::PrimaryKey) {
            event.traits.add(Trait::UsingIndex);
        }
        if whole.filled.contains(&event.id) {
            event.traits.remove(Trait::Volatile);
        }
        if whole.written.contains(&event.id) {
            event.traits.add(Trait::HasDefault);
        }
        // Until then either of its two definitions is enough.
        if kind == Kind::Check && event.verb == Verb::Set && whole.late.contains(&event.id) {
            event.traits.add(Trait::Parked);
        }
        if event.verb == Verb::Rename && whole.shown.contains(&event.id) {
            event.traits.add(Trait::Parked);
        }
        if step.phase == Phase::Contract && step.loses.is_none() {
            event.traits.add(Trait::Parked);
        }
        observed(event, &step.rewrites, &step.scans);
        // One that is away meanwhile is not built: no row was read for it.
        if !event.is(Trait::Scans) && !event.is(Trait::Rewrites) {
            event.traits.remove(Trait::RebuildsIndex);
        }
    }
    // A rung on the way to something: what it builds is not there when the ladder is done, or is part of what is.
    if !step.transaction && !events.iter().any(|e| e.is(Trait::Concurrently)) {
        let mut event = Event::run("concurrently", step.subject.clone()).with(Trait::Concurrently);
        let table = |catalog| facts::table(catalog, &step.subject);
        event.table = table(goal).or_else(|| table(base)).or(event.table);
        event.step = Some(step.id);
        events.push(event);
    }
    if let Some(held) = &step.held {
        let event = Event::run("at once", step.subject.clone());
        events.push(Event { to: held.clone(), step: Some(step.id), ..event });
    }
    let named = |e: &Event| e.verb == Verb::Drop && matches!(e.id.kind, Kind::Table | Kind::Column);
    if let Some(loses) = step.loses.as_ref().filter(|_| !events.iter().any(named)) {
        let mut event = Event::run("loses", step.subject.clone());
        (event.to, event.step) = (loses.clone(), Some(step.id));
        events.push(event);
    }
    events
}

/// The event of one delta; what goes or comes with something larger is none of its own.
pub fn of_delta(delta: &Delta, sides: Sides, whole: &Whole) -> Option<Event> {
    let mut event = match delta {
        Delta::Add(id) => Event::new(Verb::Add, id.clone()),
        Delta::Drop(id) => Event::new(Verb::Drop, id.clone()),
        Delta::Set { id, attr, from, to } => {
            let mut event = Event::set(id.clone(), attr);
            (event.from, event.to) = (from.to_string(), to.to_string());
            event
        }
        Delta::Rename { from, to } => {
            let moves = from.path.first() != to.path.first() && from.path.len() == to.path.len() && to.path.len() == 2;
            let mut event = Event::new(Verb::Rename, to.clone()).with_if(moves, Trait::Moves);
            event.from = if moves { from.path.join(".") } else { from.name().to_string() };
            event
        }
    };
    let gone = |id: &Id| sides.from.ancestors(id).any(|up| whole.dropped.contains(up) && !whole.added.contains(up));
    if event.verb == Verb::Drop && gone(&event.id) {
        let column = |up: &Id| up.kind == Kind::Column;
        if !sides.from.ancestors(&event.id).any(column) || event.id.kind == Kind::Default {
            return None;
        }
    }
    facts::describe(&mut event, sides);
    let returns = whole.dropped.contains(&event.id) && whole.added.contains(&event.id);
    if returns {
        event.traits.add(Trait::Returns);
    }
    // A default that comes with its column is the column's.
    let column = event.id.of_kind(Kind::Column);
    if event.id.kind == Kind::Default && event.verb == Verb::Add && whole.added.contains(&column) {
        return None;
    }
    if event.verb == Verb::Drop && with_column(&event.id, sides.from, whole) {
        event.traits.add(Trait::WithColumn);
    }
    // An id that is there from the start is no new one; a domain's check is as new as its domain.
    let relation = event.table.clone().or_else(|| sides.to.ancestors(&event.id).last().cloned());
    let root = relation.unwrap_or_else(|| event.id.clone());
    let fresh = root != event.id || event.verb == Verb::Add;
    if fresh && !sides.from.contains(&root) && !returns {
        event.traits.add(Trait::New);
    }
    Some(event)
}

/// Whether it goes because a column does that it needs.
fn with_column(id: &Id, from: &Catalog, whole: &Whole) -> bool {
    let refs = from.get(id).into_iter().flat_map(|o| o.refs());
    let mut columns = refs.map(|r| &r.to).filter(|to| to.kind == Kind::Column);
    columns.any(|c| whole.dropped.contains(c) && !whole.added.contains(c))
}

/// What was seen of the event's table.
pub fn observed(event: &mut Event, rewrites: &[String], scans: &[String]) {
    let Some(table) = event.table.clone() else { return };
    let is = |name: &String| names(name, &table);
    if rewrites.iter().any(is) {
        event.traits.add(Trait::Rewrites);
    }
    if scans.iter().any(is) {
        event.traits.add(Trait::Scans);
    }
    if rewrites.iter().any(|name| !names(name, &table)) {
        event.traits.add(Trait::RebuildsIndex);
    }
}

/// Whether the engine's text names the table, with its schema or without.
fn names(text: &str, table: &Id) -> bool {
    let plain = text.replace('"', "");
    plain == table.path.join(".") || plain == table.name()
}

/// What the server has counted of its table and of itself, as far as that is known.
pub fn weigh(event: &mut Event, figures: &Figures) {
    let own = event.id.path.first().map(|schema| format!("{schema}.{}", event.id.name())).unwrap_or_default();
    let used = figures.scans.get(&own).is_some_and(|times| *times > 0);
    let Some(table) = event.table.as_ref().map(|t| t.path.join(".")) else { return };
    let size = figures.bytes.get(&table).copied();
    let little = |limit: u64| size.is_some_and(|size| size <= limit);
    let hot = figures.updates.get(&table).is_some_and(|u| u.all >= OFTEN && u.hot * 2 > u.all);
    let full = figures.columns.get(&table).is_some_and(|n| *n >= MANY_COLUMNS);
    for (holds, this) in [
        (little(SCAN), Trait::LittleToScan),
        (little(INDEX), Trait::LittleToIndex),
        (little(REWRITE), Trait::LittleToRewrite),
        (size.is_some_and(|size| size >= MUCH), Trait::MuchToIndex),
        (used, Trait::Used),
        (hot, Trait::Hot),
        (full, Trait::ManyColumns),
    ] {
        if holds {
            event.traits.add(this);
        }
    }
}

/// The rule for a loss of data.
pub fn loss(subject: Kind, drops: bool) -> &'static str {
    match subject {
        Kind::Table if drops => "drop-table",
        Kind::Column if drops => "drop-column",
        _ => "loses-data",
    }
}
