//! What lint has to say of one plan or one file.

use super::{Finding, Place, Policy, allows, find, plans, rules, scene::Scene};
use crate::engine::Figures;
use crate::model::Catalog;
use crate::plan::{self, Level, Plan};
use crate::source::Source;
use crate::{Error, Result};

#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The plan or the file.
    pub subject: String,
    pub findings: Vec<Finding>,
    /// What one should know of the looking.
    pub notes: Vec<String>,
}

impl Report {
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|f| f.level == level).count()
    }
}

/// What a plan is judged by.
pub struct Judge<'a> {
    pub base: &'a Catalog,
    pub goal: &'a Catalog,
    pub desired: &'a Source,
    pub figures: &'a Figures,
    pub policy: &'a Policy,
    pub today: jiff::civil::Date,
    /// As the server counts it.
    pub version: u32,
}

/// Writes into a plan's steps what the rules find in them; what one should know of the looking is returned.
pub fn judge(plan: &mut Plan, judge: &Judge) -> Result<Vec<String>> {
    let events = plans::events(plan, judge.base, judge.goal, judge.figures);
    let engine = plan.header.engine.clone();
    let scene = Scene {
        engine: &engine,
        version: judge.version,
        events,
        base: Some(judge.base),
        goal: Some(judge.goal),
        plan: Some(plan),
        figures: judge.figures,
        settings: &judge.policy.settings,
    };
    let mut found = find(&scene, judge.policy);
    let notes = allows::apply(&mut found, &allows::of_source(judge.desired)?, judge.today);
    for finding in found {
        let Some(step) = finding.step.and_then(|id| plan.steps.get_mut(id - 1)) else { continue };
        step.findings.push(plan::Finding {
            level: finding.level,
            what: finding.what,
            why: finding.why,
            advice: finding.advice,
            allowed: finding.allowed,
            momentary: rules::is_momentary(&finding.rule),
            rule: finding.rule,
        });
    }
    Ok(notes)
}

/// What a plan's steps say of themselves, under the levels of this run.
pub fn of_plan(plan: &Plan, policy: &Policy) -> Vec<Finding> {
    let mut all = vec![];
    for step in &plan.steps {
        for found in step.findings.iter().chain(&unsaid(step)) {
            let (level, allowed) = match policy.level(&found.rule, found.level, &[&step.subject]) {
                (Level::Deny, None) if found.level == Level::Allow => (Level::Allow, found.allowed.clone()),
                (level, allowed) => (level, allowed.or(found.allowed.clone())),
            };
            all.push(Finding {
                rule: found.rule.clone(),
                level,
                what: found.what.clone(),
                why: found.why.clone(),
                advice: found.advice.clone(),
                objects: vec![step.subject.clone()],
                step: Some(step.id),
                spot: None,
                place: step.at.as_deref().and_then(place),
                statement: step.up.first().and_then(|sql| sql.lines().next()).map(str::to_string),
                allowed,
            });
        }
    }
    all
}

/// What a plan that was not linted says of itself all the same: a loss of data.
fn unsaid(step: &plan::Step) -> Vec<plan::Finding> {
    let said = step.findings.iter().any(|f| super::levels::covers("destructive", &f.rule));
    let Some(loses) = step.loses.as_ref().filter(|_| !said) else { return vec![] };
    let id = plans::loss(step.subject.kind, step.action == plan::Action::Drop);
    let Some(rule) = rules::named(id) else { return vec![] };
    vec![plan::Finding {
        rule: id.into(),
        level: rule.level,
        what: format!("loses {loses}"),
        why: rule.why.into(),
        advice: rule.advice.into(),
        allowed: None,
        momentary: false,
    }]
}

/// `file:line:column`
fn place(at: &str) -> Option<Place> {
    let mut parts = at.rsplitn(3, ':');
    let (column, line, file) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
    Some(Place { file: file.to_string(), line, column, length: 1, excerpt: String::new() })
}

/// A plan with a denied finding is not applied.
pub fn refuse(plan: &Plan, steps: &[usize], policy: &Policy) -> Result<()> {
    let denied: Vec<Finding> = of_plan(plan, policy)
        .into_iter()
        .filter(|f| f.level == Level::Deny && f.step.is_some_and(|step| steps.contains(&step)))
        .collect();
    if denied.is_empty() {
        return Ok(());
    }
    let destroys = denied.iter().all(|f| super::levels::covers("destructive", &f.rule));
    let what = if destroys { "destroys data" } else { "does what lint denies" };
    let mut error = Error::refused(format!("the plan `{}` {what}", plan.header.name)).code(crate::error::code::DENIED);
    for f in &denied {
        let loses = plan.steps[f.step.unwrap_or(1) - 1]
            .loses
            .as_ref()
            .filter(|_| super::levels::covers("destructive", &f.rule));
        let said = loses.map_or(f.what.clone(), |loses| format!("loses {loses}"));
        let about = f.objects.first().map(|id| id.to_string()).unwrap_or_default();
        error = error.detail(format!("step {}, {about}: {said} ({})", f.step.unwrap_or_default(), f.rule));
    }
    let mut rules: Vec<&str> = denied.iter().map(|f| f.rule.as_str()).collect();
    rules.sort();
    rules.dedup();
    let flags: Vec<String> = rules.iter().map(|r| format!("--allow {r}")).collect();
    let first = rules.first().copied().unwrap_or_default();
    Err(error
        .hint(format!("if that is meant, say so: `{}`", flags.join(" ")))
        .hint(format!("`msr lint --explain {first}` says why, and what to do instead")))
}
