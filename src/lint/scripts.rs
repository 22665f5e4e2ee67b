//! Hand-written migrations: each statement is run on scratch, and what it did there is what rules see.

use super::event::{Event, Trait, Verb};
use super::facts::{self, Sides};
use super::plans::{self, Whole};
use super::scene::Scene;
use super::{Finding, Place, Policy, allows, find, text};
use crate::diff::{Delta, diff};
use crate::engine::{Figures, Observed, Session};
use crate::model::{Catalog, Id, Kind};
use crate::source::Dialect;
use crate::source::script::Script;
use crate::{Result, SqlError};
use std::collections::BTreeSet;

/// How a script is looked at.
pub struct Look<'a> {
    pub engine: &'a str,
    pub policy: &'a Policy,
    /// The tool that runs it puts a transaction around it.
    pub in_transaction: bool,
    pub today: jiff::civil::Date,
    pub figures: &'a Figures,
}

/// What was found in a script, and what one should know of the looking.
pub struct Looked {
    pub findings: Vec<Finding>,
    pub notes: Vec<String>,
}

/// Lints one script. `scratch` holds the schema that it is run on; afterwards it holds what the script made of it. Without one
/// the text is all there is.
pub fn lint(script: &Script, scratch: Option<&mut (dyn Session + 'static)>, look: &Look) -> Result<Looked> {
    let mut events = text::read(script, look.in_transaction);
    let (mut base, mut goal) = (Catalog::default(), Catalog::default());
    let (mut failed, mut version) = (vec![], 0);
    if let Some(scratch) = scratch {
        (base, version) = (scratch.inspect()?, scratch.server().version);
        let mut run = Run { script, base: &base, state: base.clone(), path: PATH.into(), failed: vec![] };
        for (at, of_statement) in events.iter_mut().enumerate() {
            *of_statement = run.statement(scratch, at, std::mem::take(of_statement))?;
        }
        (goal, failed) = (run.state, run.failed);
    }
    let mut events = events.into_iter().flatten().collect::<Vec<_>>();
    settle(&mut events, &goal);
    events.iter_mut().for_each(|event| plans::weigh(event, look.figures));
    judged(script, look, (&base, &goal), version, (events, failed))
}

fn judged(
    script: &Script,
    look: &Look,
    (base, goal): (&Catalog, &Catalog),
    version: u32,
    (events, failed): (Vec<Event>, Vec<(usize, String)>),
) -> Result<Looked> {
    let allowed = allows::of_script(script)?;
    let scene = Scene {
        engine: look.engine,
        version,
        events,
        base: Some(base),
        goal: Some(goal),
        plan: None,
        figures: look.figures,
        settings: &look.policy.settings,
    };
    let mut findings = find(&scene, look.policy);
    // Two ways of seeing the same thing are one finding.
    let mut seen = BTreeSet::new();
    findings.retain(|f| seen.insert((f.rule.clone(), f.objects.clone(), f.spot.clone().map(|s| s.0))));
    findings.iter_mut().for_each(|f| f.place = f.spot.as_ref().map(|(_, bytes)| place(script, bytes.clone())));
    let mut notes = allows::apply(&mut findings, &allowed, look.today);
    notes.extend(unread(script, &failed));
    Ok(Looked { findings, notes })
}

/// What could only be read.
fn unread(script: &Script, failed: &[(usize, String)]) -> Option<String> {
    let (at, why) = failed.first()?;
    let place = place(script, script.statements[*at].range.clone());
    let many = match failed.len() {
        1 => "1 statement".to_string(),
        n => format!("{n} statements"),
    };
    Some(format!(
        "{}:{}:{}: {why}; {many} of this file could not be run on scratch: of what could not, only what the text says is known",
        place.file, place.line, place.column
    ))
}

const PATH: &str = "SET search_path = \"$user\", public";

struct Run<'a> {
    script: &'a Script,
    /// Before the first statement.
    base: &'a Catalog,
    state: Catalog,
    /// The statement that sets where names are looked for.
    path: String,
    /// Statements that scratch refused, and why.
    failed: Vec<(usize, String)>,
}

impl Run<'_> {
    fn statement(&mut self, scratch: &mut dyn Session, at: usize, texts: Vec<Event>) -> Result<Vec<Event>> {
        let words = self.script.words(at);
        let sets_path = words.is(0, "set") && (1..4).any(|i| words.is(i, "search_path"));
        if sets_path {
            self.path = self.script.text(at).to_string();
        }
        if !is_run(self.script, at) {
            return Ok(texts);
        }
        let outside = texts.iter().any(|e| e.is(Trait::Concurrently));
        match self.execute(scratch, at, outside) {
            Ok(observed) => {
                let after = scratch.inspect()?;
                let events = merge(texts, self.base, Sides { from: &self.state, to: &after }, &observed);
                self.state = after;
                let spot = Some((at, self.script.statements[at].range.clone()));
                Ok(events.into_iter().map(|e| Event { spot: e.spot.clone().or(spot.clone()), ..e }).collect())
            }
            Err(e) if e.disconnected => Err(crate::Error::from(e).during("linting on scratch")),
            Err(e) => {
                self.failed.push((at, e.message));
                Ok(texts)
            }
        }
    }

    fn execute(&self, scratch: &mut dyn Session, at: usize, outside: bool) -> Result<Observed, SqlError> {
        let postgres = self.script.dialect == Dialect::Postgres;
        let sql = self.script.text(at);
        if !outside {
            scratch.begin()?;
        }
        let done = (|| {
            // Names are told as they are under the session's own path.
            if !outside {
                scratch.watch()?;
            }
            if postgres {
                scratch.execute(&self.path)?;
            }
            scratch.execute(sql)?;
            if outside { Ok(Observed::default()) } else { scratch.observed() }
        })();
        if !outside {
            match &done {
                Ok(_) => scratch.commit()?,
                Err(_) => scratch.rollback()?,
            }
        }
        if postgres {
            scratch.execute("SET search_path = pg_catalog")?;
        }
        done
    }
}

/// What changes the schema of this one database is run; what reaches beyond it, and what works on rows, is not.
fn is_run(script: &Script, at: usize) -> bool {
    let words = script.words(at);
    let object = (1..8).find(|&i| !words.any(i, &["or", "replace", "if", "not", "exists"])).unwrap_or(1);
    let beyond = ["database", "role", "user", "group", "tablespace", "system", "subscription", "server", "foreign"];
    let of_schema = words.any(0, &["create", "alter", "drop", "comment", "grant", "revoke"]);
    of_schema && !words.any(object, &beyond) && words.roles().is_empty()
}

/// What the text says and what the catalogs show, as one list.
fn merge(texts: Vec<Event>, base: &Catalog, sides: Sides, seen: &Observed) -> Vec<Event> {
    let deltas = diff(sides.from, sides.to);
    let whole = Whole::of_deltas(deltas.iter());
    let renames = texts.iter().any(|e| e.verb == Verb::Rename);
    let mut events: Vec<Event> = vec![];
    for mut event in texts {
        resolve(&mut event, sides, &deltas, &events);
        // What the text could only assume was seen now.
        [Trait::Rewrites, Trait::Scans, Trait::TextOnly].into_iter().for_each(|t| event.traits.remove(t));
        facts::describe(&mut event, sides);
        plans::observed(&mut event, &seen.rewrites, &seen.scans);
        if event.id.kind == Kind::PrimaryKey && event.is(Trait::UsingIndex) && event.is(Trait::Scans) {
            event.traits.add(Trait::Nullable);
        }
        events.push(event);
    }
    for delta in deltas.iter().filter(|_| !renames) {
        if covered(delta, &events, sides) {
            continue;
        }
        let Some(mut event) = plans::of_delta(delta, sides, &whole) else { continue };
        plans::observed(&mut event, &seen.rewrites, &seen.scans);
        event.tx = events.first().and_then(|e| e.tx);
        events.push(event);
    }
    for event in &mut events {
        let table = event.table.clone().unwrap_or_else(|| event.id.clone());
        let relation = matches!(table.kind, Kind::Table | Kind::MaterializedView | Kind::View | Kind::Domain);
        let there = base.contains(&table) || event.verb == Verb::Rename;
        match there {
            true if event.verb != Verb::Add || event.table.as_ref() != Some(&event.id) => {
                event.traits.remove(Trait::New);
            }
            false if relation => event.traits.add(Trait::New),
            _ => {}
        }
    }
    events
}

const CONSTRAINTS: &[Kind] = &[Kind::Check, Kind::Unique, Kind::PrimaryKey, Kind::ForeignKey, Kind::Exclusion];
const TYPES: &[Kind] = &[Kind::Enum, Kind::Domain, Kind::Composite, Kind::Range, Kind::BaseType];
const TRIGGERS: &[Kind] = &[Kind::Trigger, Kind::Firing];
const RELATIONS: &[Kind] = &[Kind::Table, Kind::ForeignTable, Kind::VirtualTable, Kind::View, Kind::MaterializedView];

/// The id that the catalog has for what the text names.
fn resolve(event: &mut Event, sides: Sides, deltas: &[Delta], before: &[Event]) {
    let known = |id: &Id| sides.from.contains(id) || sides.to.contains(id);
    if known(&event.id) {
        return;
    }
    let families = [CONSTRAINTS, TYPES, TRIGGERS, RELATIONS];
    let family = families.into_iter().find(|kinds| kinds.contains(&event.id.kind));
    if let Some(id) = family.unwrap_or_default().iter().map(|k| event.id.of_kind(*k)).find(|id| known(id)) {
        event.id = id;
        return;
    }
    // The server made the name.
    let table = event.table.clone();
    let of = |id: &Id| facts::table(sides.to, id).or_else(|| facts::table(sides.from, id));
    let same_name = |id: &Id| id.kind.is_named_second() && id.name() == event.id.name();
    let taken = |id: &Id| before.iter().any(|e| e.id == *id);
    let wanted = |delta: &&Delta| match (delta, event.verb) {
        (Delta::Add(id), Verb::Add) | (Delta::Drop(id), Verb::Drop) => {
            id.kind == event.id.kind && !taken(id) && (same_name(id) || table.is_some() && of(id) == table)
        }
        _ => false,
    };
    if let Some(delta) = deltas.iter().find(wanted) {
        event.id = delta.id().clone();
    }
}

/// Whether an event of the text tells the delta already.
fn covered(delta: &Delta, events: &[Event], sides: Sides) -> bool {
    let id = delta.id();
    let labels = |e: &Event| e.id == *id && (e.is_run("add value") || e.is_run("rename value"));
    let default = |e: &Event| id.kind == Kind::Default && e.id.path == id.path && e.verb != Verb::Run;
    // A state that a trigger comes to have in one partition, or has no longer, is one that the text set.
    let state = |e: &Event| id.kind == Kind::Firing && e.id == *id && e.verb == Verb::Set;
    let exactly = |e: &Event| match delta {
        Delta::Add(id) => e.verb == Verb::Add && e.id == *id,
        Delta::Drop(id) => e.verb == Verb::Drop && e.id == *id,
        Delta::Set { id, attr, .. } => e.verb == Verb::Set && e.id == *id && e.attr == *attr,
        Delta::Rename { .. } => true,
    };
    // A validated constraint is no longer pending; a primary key makes its columns NOT NULL.
    let by_the_way = match delta {
        Delta::Set { attr, .. } if attr == "status" => true,
        Delta::Set { attr, .. } if attr == "not_null" => {
            events.iter().any(|e| e.verb == Verb::Add && e.id.kind == Kind::PrimaryKey)
        }
        // Said of new relations.
        Delta::Add(id) => sides.to.ancestors(id).any(|up| !sides.from.contains(up) && up.kind != Kind::Column),
        _ => false,
    };
    by_the_way || events.iter().any(|e| exactly(e) || labels(e) || default(e) || state(e))
}

/// What only the end of the script tells: a key or an index may come after what wants it.
fn settle(events: &mut [Event], goal: &Catalog) {
    let keyed: BTreeSet<Id> = events
        .iter()
        .filter(|e| e.verb == Verb::Add && e.id.kind == Kind::PrimaryKey)
        .filter_map(|e| e.table.clone())
        .collect();
    let statement = |e: &Event| e.spot.as_ref().map(|spot| spot.0);
    let attaching: BTreeSet<_> =
        events.iter().filter(|e| e.verb == Verb::Add && e.id.kind == Kind::Attachment).map(statement).collect();
    for event in events.iter_mut().filter(|e| e.verb == Verb::Add) {
        if attaching.contains(&statement(event)) {
            event.traits.add(Trait::ByAttaching);
        }
        match event.id.kind {
            Kind::Table if keyed.contains(&event.id) => event.traits.remove(Trait::NoKey),
            Kind::ForeignKey if goal.contains(&event.id) => {
                facts::describe(event, Sides { from: goal, to: goal });
            }
            _ => {}
        }
    }
}

/// Line, column and the line itself.
pub fn place(script: &Script, bytes: std::ops::Range<usize>) -> Place {
    let text = &script.file.text;
    let start = bytes.start.min(text.len());
    let begin = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let end = text[start..].find('\n').map_or(text.len(), |i| start + i);
    let stop = bytes.end.clamp(start, end);
    Place {
        file: script.file.name.clone(),
        line: text[..start].matches('\n').count() + 1,
        column: text[begin..start].chars().count() + 1,
        length: text[start..stop].chars().count().max(1),
        excerpt: text[begin..end].trim_end_matches('\r').to_string(),
    }
}
