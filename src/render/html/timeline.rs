//! The steps from left to right, and below them the locks that others wait for: from the step that takes one to the end of
//! the transaction that holds it.

use super::timings::took;
use crate::plan::Plan;
use crate::rehearse::Report;
use crate::render::human::facts::{meaning, words};
use crate::render::json;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Serialize, Default)]
pub struct TimeLine {
    phases: Vec<Span>,
    batches: Vec<Span>,
    steps: Vec<Column>,
    relations: Vec<Relation>,
}

/// A cell over some steps.
#[derive(Serialize)]
struct Span {
    over: usize,
    text: String,
    /// What it means for others; also how it is drawn.
    means: &'static str,
    weight: &'static str,
}

#[derive(Serialize)]
struct Column {
    id: usize,
    subject: String,
    /// As rehearsed.
    took: Option<String>,
    /// From here on something is gone for good, or there is no way back.
    point: Option<&'static str>,
}

#[derive(Serialize)]
struct Relation {
    name: String,
    cells: Vec<Span>,
}

/// From the weakest to the strongest; see <https://www.postgresql.org/docs/current/explicit-locking.html>.
const MODES: &[&str] = &[
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
];

pub fn of(plan: &Plan, rehearsal: Option<&Report>) -> TimeLine {
    if plan.is_empty() {
        return TimeLine::default();
    }
    let locked: BTreeSet<&str> = plan.steps.iter().flat_map(|s| &s.locks).map(|(relation, _)| &**relation).collect();
    let relation = |name: &str| Relation { name: name.to_string(), cells: cells(&held(plan, name)) };
    let phases: Vec<Option<(usize, String)>> =
        plan.steps.iter().map(|s| Some((0, json::phase(s.phase).to_string()))).collect();
    let batches = plan.batches.iter().enumerate().map(|(i, batch)| Span {
        over: batch.last + 1 - batch.first,
        text: format!("{} {}", i + 1, if batch.transaction { "transaction" } else { "alone" }),
        means: "",
        weight: "",
    });
    TimeLine {
        phases: cells(&phases),
        batches: batches.collect(),
        steps: columns(plan, rehearsal),
        relations: locked.into_iter().map(relation).collect(),
    }
}

fn columns(plan: &Plan, rehearsal: Option<&Report>) -> Vec<Column> {
    let times: BTreeMap<usize, u64> = rehearsal
        .and_then(|report| report.passes.first())
        .map(|pass| pass.steps.iter().map(|s| (s.step, s.micros)).collect())
        .unwrap_or_default();
    let point = |step: &crate::plan::Step| match (&step.down, &step.loses) {
        (crate::plan::Down::Irreversible(_), _) => Some("no way back"),
        (_, Some(_)) => Some("loses data"),
        _ => None,
    };
    let column = |step: &crate::plan::Step| Column {
        id: step.id,
        subject: step.subject.to_string(),
        took: times.get(&step.id).map(|micros| took(*micros)),
        point: point(step),
    };
    plan.steps.iter().map(column).collect()
}

/// Of each step the strongest lock that is held on the relation by then, with the number of the batch that holds it.
fn held(plan: &Plan, relation: &str) -> Vec<Option<(usize, String)>> {
    let mut all = vec![];
    for (i, batch) in plan.batches.iter().enumerate() {
        let mut now: Option<String> = None;
        for step in plan.batch_steps(batch) {
            let taken = step.locks.iter().filter(|(name, _)| name == relation).map(|(_, mode)| words(mode));
            now = now.into_iter().chain(taken).max_by_key(|mode| strength(mode));
            all.push(now.clone().map(|mode| (i, mode)));
        }
    }
    all
}

fn strength(mode: &str) -> usize {
    // What is not known is taken for the worst.
    MODES.iter().position(|known| *known == mode).unwrap_or(MODES.len())
}

fn cells(steps: &[Option<(usize, String)>]) -> Vec<Span> {
    let cell = |same: &[Option<(usize, String)>]| {
        let text = same[0].clone().map_or(String::new(), |(_, mode)| mode);
        let weight = match strength(&text) {
            _ if text.is_empty() => "none",
            0..4 => "light",
            4..7 => "middle",
            _ => "heavy",
        };
        Span { over: same.len(), means: meaning(&text), weight, text }
    };
    steps.chunk_by(|a, b| a == b).map(cell).collect()
}
