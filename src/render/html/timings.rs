//! What a rehearsal measured.

use crate::rehearse::{Pass, Report};
use crate::render::rehearsal;
use serde::Serialize;

#[derive(Serialize)]
pub struct Rehearsal {
    on: String,
    at: String,
    verdict: String,
    error: Option<String>,
    passes: Vec<Timed>,
    rows: Vec<String>,
}

#[derive(Serialize)]
struct Timed {
    heading: String,
    steps: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    step: usize,
    subject: String,
    took: String,
    /// Of the longest step, in 100.
    share: u64,
    wrote: String,
    rewrites: String,
}

pub(super) use rehearsal::took;

pub fn of(report: &Report) -> Rehearsal {
    let row = |r: &crate::rehearse::Rows| match &r.why {
        Some(why) => format!("no rows in {}: {why}", r.table),
        None => format!("{}: {} rows", r.table, r.rows),
    };
    Rehearsal {
        on: report.on.clone(),
        at: report.at.clone(),
        verdict: rehearsal::verdict(report),
        error: report.error.clone(),
        passes: report.passes.iter().map(timed).collect(),
        rows: report.filled.iter().map(row).collect(),
    }
}

fn timed(pass: &Pass) -> Timed {
    let longest = pass.steps.iter().map(|s| s.micros).max().unwrap_or(0).max(1);
    let rows = pass.steps.iter().map(|s| Row {
        step: s.step,
        subject: s.subject.clone(),
        took: took(s.micros),
        share: (s.micros * 100).div_ceil(longest),
        wrote: format!("{:+}", s.bytes),
        rewrites: s.rewrites.join(", "),
    });
    Timed { heading: rehearsal::heading(pass), steps: rows.collect() }
}
