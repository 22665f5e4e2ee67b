//! The steps in their batches, each with its SQL, its way back and what it changes.

use super::differences::{self, Difference};
use super::findings::{self, Found};
use crate::plan::{self, Down, Plan};
use crate::render::human::{facts, heading, sign};
use crate::render::text::statement;
use crate::render::{Look, json};
use serde::Serialize;

#[derive(Serialize)]
pub struct Batch<'a> {
    heading: String,
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    id: usize,
    sign: &'static str,
    action: &'static str,
    subject: String,
    at: Option<&'a str>,
    up: Vec<String>,
    back: Back<'a>,
    facts: Vec<String>,
    loses: Option<&'a str>,
    differences: Vec<Difference>,
    findings: Vec<Found<'a>>,
    needs: Vec<Need<'a>>,
}

#[derive(Serialize)]
struct Back<'a> {
    /// `exact`, `lossy` or `none`.
    how: &'static str,
    why: Option<&'a str>,
    sql: Vec<String>,
    /// The step before which the schema stands then, if it is not this one.
    to: Option<usize>,
}

#[derive(Serialize)]
struct Need<'a> {
    step: usize,
    subject: String,
    why: &'a str,
}

pub fn of(plan: &Plan) -> Vec<Batch<'_>> {
    let batch = |(i, batch): (usize, &plan::Batch)| Batch {
        heading: heading(plan, i, batch, Look::PLAIN),
        steps: plan.batch_steps(batch).iter().map(|s| step(plan, s)).collect(),
    };
    plan.batches.iter().enumerate().map(batch).collect()
}

fn step<'a>(plan: &Plan, step: &'a plan::Step) -> Step<'a> {
    let need = |(id, why): &'a (usize, String)| Need {
        step: *id,
        subject: plan.steps.get(id - 1).map_or(String::new(), |s| s.subject.to_string()),
        why,
    };
    let mut facts: Vec<String> = facts::cost(step).into_iter().map(|(_, text)| text).collect();
    if step.patient {
        facts.push(facts::PATIENT.into());
    }
    if !step.purge.is_empty() {
        facts.push(facts::PARKED.into());
    }
    Step {
        id: step.id,
        sign: sign(step.action).0.trim(),
        action: json::action(step.action),
        subject: step.subject.to_string(),
        at: step.at.as_deref(),
        up: sql(&step.up),
        back: back(step),
        facts,
        loses: step.loses.as_deref(),
        differences: differences::of(step),
        findings: step.findings.iter().map(|f| findings::one(step, f)).collect(),
        needs: step.needs.iter().map(need).collect(),
    }
}

fn back(step: &plan::Step) -> Back<'_> {
    let (how, why, statements): (_, _, &[String]) = match &step.down {
        Down::Sql(statements) => ("exact", None, statements),
        Down::Lossy { sql, loses } => ("lossy", Some(loses.as_str()), sql),
        Down::Irreversible(why) => ("none", Some(why.as_str()), &[]),
    };
    Back { how, why, sql: sql(statements), to: step.back.to }
}

fn sql(statements: &[String]) -> Vec<String> {
    statements.iter().map(|s| statement(s)).collect()
}
