//! A plan for the reviewer: what happens, in which order, what it costs, and what can't be taken back.

mod delta;
pub(super) mod facts;

use super::text::{block, count, indent, label, line, statement, wrap};
use super::{Look, Summary, Tone};
use crate::plan::{Action, Batch, Down, Level, Phase, Plan, Step};

/// The whole plan.
pub fn plan(plan: &Plan, look: Look) -> String {
    if plan.is_empty() {
        return format!("No changes: the database has the desired schema.\n{}", remarks(plan, look));
    }
    let mut out = format!("{}\n", title(plan, look));
    for (i, batch) in plan.batches.iter().enumerate() {
        out += &format!("\n{}\n", heading(plan, i, batch, look));
        for step in plan.batch_steps(batch) {
            out += &format!("\n{}", forward(step, plan.steps.len(), look));
        }
    }
    out += &remarks(plan, look);
    out += &format!("\n{} {}.\n", look.paint(Tone::Title, "Plan:"), Summary::of(plan).line());
    out + &denied(plan, look)
}

/// What `apply` will want to hear.
fn denied(plan: &Plan, look: Look) -> String {
    let all = plan.steps.iter().flat_map(|s| &s.findings).filter(|f| f.level == Level::Deny);
    let rules: std::collections::BTreeSet<&str> = all.map(|f| f.rule.as_str()).collect();
    if rules.is_empty() {
        return String::new();
    }
    let flags: Vec<String> = rules.iter().map(|r| format!("--allow {r}")).collect();
    let text = format!("not applied unless it is said: {} (`msr lint` tells why)", flags.join(" "));
    format!("{} {}\n", look.paint(Tone::Warn, "Denied:"), wrap(&text, look.width, 2))
}

/// What `msr down` would do once the plan is applied: the down-steps, last first.
pub fn down(plan: &Plan, look: Look) -> String {
    let mut out = format!("{}, undone: last step first\n", title(plan, look));
    let batches = plan.way_back(plan.batches.len()).map(|index| &plan.batches[index]);
    for step in batches.flat_map(|batch| plan.batch_steps(batch).iter().rev()) {
        out += &format!("\n{}", backward(step, plan.steps.len(), look));
    }
    out
}

/// One line: what the plan is called and what it is for.
fn title(plan: &Plan, look: Look) -> String {
    let header = &plan.header;
    let title = match label(&header.version, &header.name) {
        // Of two sources, made for the eyes only.
        nameless if nameless.is_empty() => "Difference".to_string(),
        label => format!("Plan {label}"),
    };
    format!("{} for {} {}", look.paint(Tone::Title, title), line(&header.engine), header.engine_major)
}

pub(super) fn heading(plan: &Plan, i: usize, batch: &Batch, look: Look) -> String {
    let number = match plan.batches.len() {
        1 => String::new(),
        n => format!("Batch {} of {n}: ", i + 1),
    };
    let how = match (batch.transaction, number.is_empty()) {
        (true, true) => "In one transaction",
        (true, false) => "in one transaction",
        (false, true) => "Outside a transaction",
        (false, false) => "outside a transaction",
    };
    let phase = match plan.batch_steps(batch).first().map(|s| s.phase) {
        Some(Phase::Backfill) => ", backfill",
        Some(Phase::Contract) => ", contract: only once the old application is gone",
        Some(Phase::Expand) | None => "",
    };
    look.paint(Tone::Title, format!("{number}{how}{phase}"))
}

/// The sign of an action, and its tone: `+ ~ - -/+` as Terraform's users know them.
pub(super) fn sign(action: Action) -> (&'static str, Tone) {
    match action {
        Action::Create => ("  +", Tone::Create),
        Action::Alter | Action::Rename => ("  ~", Tone::Change),
        Action::Replace | Action::Rebuild => ("-/+", Tone::Change),
        Action::Drop => ("  -", Tone::Drop),
    }
}

/// `   3   + table main.users   schema/users.sql:4:1`
fn first_line(step: &Step, steps: usize, sign: (&str, Tone), look: Look) -> String {
    let width = steps.to_string().len();
    let at = step.at.as_ref().map_or(String::new(), |at| format!("  {}", look.paint(Tone::Quiet, line(at))));
    let subject = look.paint(sign.1, format!("{} {}", sign.0, line(&step.subject.to_string())));
    format!("  {:>width$} {subject}{at}\n", step.id)
}

fn forward(step: &Step, steps: usize, look: Look) -> String {
    let pad = pad(steps);
    let mut out = first_line(step, steps, sign(step.action), look);
    for text in delta::lines(step, look) {
        out += &format!("{}\n", indent(&text, pad));
    }
    out += &sql(&step.up, pad);
    for (tone, text) in facts::of(step, look.verbose) {
        let text = wrap(&line(&text), look.width.max(pad + 20) - pad, 2);
        let text: Vec<String> = text.lines().map(|l| tone.map_or(l.to_string(), |tone| look.paint(tone, l))).collect();
        out += &format!("{}\n", indent(&text.join("\n"), pad));
    }
    out
}

fn backward(step: &Step, steps: usize, look: Look) -> String {
    let back = match step.action {
        Action::Create => Action::Drop,
        Action::Drop => Action::Create,
        same => same,
    };
    let pad = pad(steps);
    let mut out = first_line(step, steps, sign(back), look);
    let note = |tone, text: String| format!("{}{}\n", " ".repeat(pad), look.paint(tone, line(&text)));
    match &step.down {
        Down::Sql(statements) if statements.is_empty() => out += &note(Tone::Quiet, "nothing to do".into()),
        Down::Sql(statements) => out += &sql(statements, pad),
        Down::Lossy { sql: statements, loses } => {
            out += &sql(statements, pad);
            out += &note(Tone::Warn, format!("! lossy: {loses}"));
        }
        Down::Irreversible(why) => out += &note(Tone::Warn, format!("! can't be undone: {why}")),
    }
    out
}

/// Where the text of a step begins: under its subject.
fn pad(steps: usize) -> usize {
    steps.to_string().len() + 7
}

fn sql(statements: &[String], pad: usize) -> String {
    statements.iter().map(|s| format!("{}\n", indent(&block(&statement(s)), pad))).collect()
}

/// Notes and what is not modelled.
fn remarks(plan: &Plan, look: Look) -> String {
    let mut out = String::new();
    let mut list = |title: String, items: &[String]| {
        if items.is_empty() {
            return;
        }
        out += &format!("\n{}\n", look.paint(Tone::Title, title));
        for item in items {
            out += &format!("  - {}\n", wrap(&line(item), look.width, 4));
        }
    };
    list("Notes".into(), &plan.notes);
    list(format!("Not modelled by msr and left alone ({})", count(plan.unmodelled.len(), "object")), &plan.unmodelled);
    out
}
