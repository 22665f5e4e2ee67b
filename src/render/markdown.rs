//! A plan for a comment on a pull request: short, folded, and no name can break out of it.

use super::lint::markdown::{escape, fence, html};
use super::text::{block, label, statement};
use super::{Summary, diagram, human};
use crate::plan::{Down, Level, Plan, Step};
use std::collections::BTreeSet;

/// What GitHub takes for a comment, less what is kept for the last lines.
const LIMIT: usize = 65_536 - 400;
/// A picture of more steps is none in the width of a comment.
const DRAWN: usize = 40;

pub fn plan(plan: &Plan) -> String {
    let h = &plan.header;
    let name = escape(&label(&h.version, &h.name));
    if plan.is_empty() {
        return format!(
            "### msr: no changes\n\nThe database has the desired schema ({} {}).\n",
            escape(&h.engine),
            h.engine_major
        );
    }
    let mut out =
        format!("### msr: {}\n\nPlan {name} for {} {}.\n", Summary::of(plan).line(), escape(&h.engine), h.engine_major);
    let denied: BTreeSet<&str> = plan
        .steps
        .iter()
        .flat_map(|s| &s.findings)
        .filter(|f| f.level == Level::Deny)
        .map(|f| f.rule.as_str())
        .collect();
    if !denied.is_empty() {
        let rules: Vec<String> = denied.iter().map(|rule| escape(rule)).collect();
        out += &format!("\n❌ **Denied**, not applied unless allowed by name: {}\n", rules.join(", "));
    }
    let mut left = 0;
    for part in std::iter::once(table(plan)).chain(picture(plan)).chain(plan.steps.iter().map(step)).chain(notes(plan))
    {
        if out.len() + part.len() > LIMIT {
            left += 1;
        } else {
            out += &part;
        }
    }
    if left > 0 {
        out += "\n… and more than a comment holds: `msr show PLAN` shows all of it\n";
    }
    out
}

fn table(plan: &Plan) -> String {
    let mut out = String::from("\n| | | object | locks | way back |\n|---|---|---|---|---|\n");
    for step in &plan.steps {
        let locks: Vec<String> = step
            .locks
            .iter()
            .map(|(relation, mode)| format!("{}: {}", escape(relation), escape(&human::facts::words(mode))))
            .collect();
        let back = match &step.down {
            Down::Sql(_) => "exact".to_string(),
            Down::Lossy { loses, .. } => format!("loses {}", escape(loses)),
            Down::Irreversible(why) => format!("none: {}", escape(why)),
        };
        let sign = human::sign(step.action).0.trim();
        out += &format!(
            "| {} | `{sign}` | {} | {} | {back} |\n",
            step.id,
            escape(&step.subject.to_string()),
            locks.join("<br>")
        );
    }
    out
}

fn picture(plan: &Plan) -> Option<String> {
    let drawn = diagram::steps(plan);
    let wanted = plan.steps.len() <= DRAWN && !drawn.edges.is_empty();
    wanted.then(|| {
        format!("\n<details><summary>Order</summary>\n\n```mermaid\n{}```\n\n</details>\n", diagram::mermaid(&drawn))
    })
}

fn step(step: &Step) -> String {
    let sql: Vec<String> = step.up.iter().map(|sql| block(&statement(sql))).collect();
    let sql = sql.join("\n");
    let fence = fence(&sql);
    let subject = html(&step.subject.to_string());
    format!("\n<details><summary>{}. {subject}</summary>\n\n{fence}sql\n{sql}\n{fence}\n\n</details>\n", step.id)
}

fn notes(plan: &Plan) -> impl Iterator<Item = String> {
    plan.notes.iter().map(|note| format!("\n> {}\n", escape(note)))
}
