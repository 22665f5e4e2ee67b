//! What lint found, by weight, with what the page can be filtered by.

use crate::plan::{Finding, Level, Plan, Step};
use crate::render::lint::word;
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Serialize)]
pub struct Findings<'a> {
    levels: Vec<Weight>,
    rules: Vec<&'a str>,
    all: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Weight {
    level: &'static str,
    count: usize,
}

#[derive(Serialize)]
pub struct Found<'a> {
    pub level: &'static str,
    pub rule: &'a str,
    step: usize,
    subject: String,
    what: &'a str,
    pub why: &'a str,
    pub advice: &'a str,
    pub allowed: Option<&'a str>,
}

const LEVELS: [Level; 4] = [Level::Deny, Level::Warn, Level::Note, Level::Allow];

pub fn of(plan: &Plan) -> Findings<'_> {
    let mut all: Vec<(&Step, &Finding)> =
        plan.steps.iter().flat_map(|step| step.findings.iter().map(move |f| (step, f))).collect();
    let levels =
        LEVELS.map(|level| Weight { level: word(level), count: all.iter().filter(|(_, f)| f.level == level).count() });
    let rules: BTreeSet<&str> = all.iter().map(|(_, f)| f.rule.as_str()).collect();
    // The heaviest first, else as they come.
    all.sort_by_key(|(_, f)| std::cmp::Reverse(f.level));
    Findings {
        levels: levels.into_iter().filter(|w| w.count > 0).collect(),
        rules: rules.into_iter().collect(),
        all: all.into_iter().map(|(step, f)| one(step, f)).collect(),
    }
}

pub fn one<'a>(step: &Step, f: &'a Finding) -> Found<'a> {
    Found {
        level: word(f.level),
        rule: &f.rule,
        step: step.id,
        subject: step.subject.to_string(),
        what: &f.what,
        why: &f.why,
        advice: &f.advice,
        allowed: f.allowed.as_deref(),
    }
}

/// The rules that must be allowed by name, each once.
pub fn denied(plan: &Plan) -> Vec<&str> {
    let denied = plan.steps.iter().flat_map(|s| &s.findings).filter(|f| f.level == Level::Deny);
    let rules: BTreeSet<&str> = denied.map(|f| f.rule.as_str()).collect();
    rules.into_iter().collect()
}
