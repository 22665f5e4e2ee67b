//! Findings for people and for the machines that show them beside the code.

mod code;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;

pub use code::{github, gitlab, sarif};

use crate::lint::{Finding, Report};
use crate::plan::Level;
use crate::render::text::count;

pub fn word(level: Level) -> &'static str {
    match level {
        Level::Allow => "allow",
        Level::Note => "note",
        Level::Warn => "warn",
        Level::Deny => "deny",
    }
}

/// `2 denied, 1 warning, 3 notes, 1 allowed`
pub fn summary(reports: &[Report]) -> String {
    let of = |level| reports.iter().map(|r| r.count(level)).sum::<usize>();
    let mut parts = vec![];
    if of(Level::Deny) > 0 {
        parts.push(format!("{} denied", of(Level::Deny)));
    }
    for (level, one) in [(Level::Warn, "warning"), (Level::Note, "note")] {
        if of(level) > 0 {
            parts.push(count(of(level), one));
        }
    }
    if of(Level::Allow) > 0 {
        parts.push(format!("{} allowed", of(Level::Allow)));
    }
    if parts.is_empty() { "nothing found".into() } else { parts.join(", ") }
}

/// What is told where only what is to be done counts.
fn told(reports: &[Report]) -> impl Iterator<Item = (&Report, &Finding)> {
    let all = reports.iter().flat_map(|r| r.findings.iter().map(move |f| (r, f)));
    all.filter(|(_, f)| f.level > Level::Allow)
}

/// `file:line:column`, or the step of the plan.
fn place(report: &Report, finding: &Finding) -> String {
    match (&finding.place, finding.step) {
        (Some(p), _) => format!("{}:{}:{}", p.file, p.line, p.column),
        (None, Some(step)) => format!("{}, step {step}", report.subject),
        (None, None) => report.subject.clone(),
    }
}
