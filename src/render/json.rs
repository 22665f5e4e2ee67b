//! A plan as JSON for other programs. The types are this file's own: a change inside msr does not change what is written.

use super::Summary;
use crate::diff::Delta;
use crate::model::{Id, Value};
use crate::plan::{self, Action, Down, Phase};
use serde::Serialize;

/// Raised when a field changes its meaning or goes; new fields come without.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Plan<'a> {
    format: u32,
    msr: &'a str,
    version: &'a str,
    name: &'a str,
    engine: &'a str,
    engine_major: u32,
    created_at: &'a str,
    parent: Option<&'a str>,
    base: String,
    goal: String,
    summary: Summary,
    batches: Vec<Batch<'a>>,
    notes: &'a [String],
    unmodelled: &'a [String],
}

#[derive(Serialize)]
struct Batch<'a> {
    transaction: bool,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    id: usize,
    phase: &'static str,
    action: &'static str,
    subject: Object<'a>,
    deltas: Vec<Change<'a>>,
    up: &'a [String],
    down: Undo<'a>,
    needs: Vec<Need<'a>>,
    transaction: bool,
    /// Waits for its locks as long as it takes: nobody waits behind it.
    patient: bool,
    locks: Vec<Lock<'a>>,
    rewrites: &'a [String],
    scans: &'a [String],
    loses: Option<&'a str>,
    at: Option<&'a str>,
    findings: Vec<Finding<'a>>,
    /// What is asked of the rows that are there before anything is done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    questions: Vec<Question<'a>>,
}

#[derive(Serialize)]
struct Question<'a> {
    table: Object<'a>,
    wrong: &'a str,
    show: Option<&'a str>,
    /// Nothing is in the way of the plan: it is said what becomes of those rows.
    tells: bool,
    /// Rows in the way, as far as they were counted, and keys of some of them; none where nobody asked or there are none.
    rows: Option<u64>,
    keys: &'a [String],
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    level: &'static str,
    what: &'a str,
    why: &'a str,
    advice: &'a str,
    allowed: Option<&'a str>,
}

#[derive(Serialize)]
struct Object<'a> {
    kind: &'static str,
    path: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
enum Change<'a> {
    Add { object: Object<'a> },
    Drop { object: Object<'a> },
    Set { object: Object<'a>, attr: &'a str, from: &'a Value, to: &'a Value },
    Rename { from: Object<'a>, to: Object<'a> },
}

#[derive(Serialize)]
struct Undo<'a> {
    /// `exact`, `lossy` or `none`.
    kind: &'static str,
    sql: &'a [String],
    /// What is lost, or why there is no way back.
    why: Option<&'a str>,
    transaction: bool,
    patient: bool,
    /// The step before which the schema stands then.
    to: usize,
}

#[derive(Serialize)]
struct Need<'a> {
    step: usize,
    why: &'a str,
}

#[derive(Serialize)]
struct Lock<'a> {
    relation: &'a str,
    mode: &'a str,
}

pub fn plan(plan: &plan::Plan) -> String {
    let h = &plan.header;
    pretty(&Plan {
        format: FORMAT,
        msr: &h.msr,
        version: &h.version,
        name: &h.name,
        engine: &h.engine,
        engine_major: h.engine_major,
        created_at: &h.created_at,
        parent: h.parent.as_deref(),
        base: h.base.to_string(),
        goal: h.goal.to_string(),
        summary: Summary::of(plan),
        batches: plan.batches.iter().map(|b| batch(plan, b)).collect(),
        notes: &plan.notes,
        unmodelled: &plan.unmodelled,
    })
}

/// With a newline at the end. The types here have string keys only, so it can't fail.
pub fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn batch<'a>(plan: &'a plan::Plan, batch: &plan::Batch) -> Batch<'a> {
    Batch { transaction: batch.transaction, steps: plan.batch_steps(batch).iter().map(step).collect() }
}

fn step(step: &plan::Step) -> Step<'_> {
    Step {
        id: step.id,
        phase: phase(step.phase),
        action: action(step.action),
        subject: object(&step.subject),
        deltas: step.deltas.iter().map(change).collect(),
        up: &step.up,
        down: undo(step),
        needs: step.needs.iter().map(|(step, why)| Need { step: *step, why }).collect(),
        transaction: step.transaction,
        patient: step.patient,
        locks: step.locks.iter().map(|(relation, mode)| Lock { relation, mode }).collect(),
        rewrites: &step.rewrites,
        scans: &step.scans,
        loses: step.loses.as_deref(),
        at: step.at.as_deref(),
        findings: step.findings.iter().map(finding).collect(),
        questions: step.questions.iter().map(question).collect(),
    }
}

fn question(q: &plan::probe::Question) -> Question<'_> {
    let (rows, keys) = q.found.as_ref().map_or((None, &[][..]), |f| (Some(f.rows), &f.keys[..]));
    Question { table: object(&q.table), wrong: &q.wrong, show: q.show.as_deref(), tells: q.tells, rows, keys }
}

fn finding(f: &plan::Finding) -> Finding<'_> {
    Finding {
        rule: &f.rule,
        level: super::lint::word(f.level),
        what: &f.what,
        why: &f.why,
        advice: &f.advice,
        allowed: f.allowed.as_deref(),
    }
}

fn object(id: &Id) -> Object<'_> {
    Object { kind: id.kind.name(), path: id.path.iter().map(|s| &**s).collect() }
}

fn change(delta: &Delta) -> Change<'_> {
    match delta {
        Delta::Add(id) => Change::Add { object: object(id) },
        Delta::Drop(id) => Change::Drop { object: object(id) },
        Delta::Set { id, attr, from, to } => Change::Set { object: object(id), attr, from, to },
        Delta::Rename { from, to } => Change::Rename { from: object(from), to: object(to) },
    }
}

fn undo(step: &plan::Step) -> Undo<'_> {
    let (kind, sql, why): (_, &[String], _) = match &step.down {
        Down::Sql(sql) => ("exact", sql, None),
        Down::Lossy { sql, loses } => ("lossy", sql, Some(loses.as_str())),
        Down::Irreversible(why) => ("none", &[], Some(why.as_str())),
    };
    let plan::Back { transaction, patient, to } = step.back;
    Undo { kind, sql, why, transaction, patient, to: to.unwrap_or(step.id) }
}

pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Expand => "expand",
        Phase::Backfill => "backfill",
        Phase::Contract => "contract",
    }
}

pub fn action(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Alter => "alter",
        Action::Rename => "rename",
        Action::Replace => "replace",
        Action::Drop => "drop",
        Action::Rebuild => "rebuild",
    }
}
