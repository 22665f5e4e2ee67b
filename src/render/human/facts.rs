//! What a step costs: locks, rewrites, scans, the way back, what is lost.

use crate::lint::levels::covers;
use crate::plan::{Action, Down, Level, Step};
use crate::render::Tone;

pub const PARKED: &str = "out of the way, and kept until `msr purge`";
pub const PATIENT: &str = "waits for its locks as long as it takes: nobody waits behind it";

/// One line each, with its tone.
pub fn of(step: &Step, verbose: bool) -> Vec<(Option<Tone>, String)> {
    let mut lines = vec![];
    lines.extend(cost(step));
    if step.patient {
        lines.push((Some(Tone::Quiet), PATIENT.into()));
    }
    lines.push(down(&step.down));
    if !step.purge.is_empty() {
        lines.push((Some(Tone::Quiet), PARKED.into()));
    }
    if let Some(what) = &step.loses {
        lines.push((Some(Tone::Warn), format!("! loses data: {what}")));
    }
    for (question, found) in step.questions.iter().filter_map(|q| Some((q, q.found.as_ref()?))) {
        let what = if question.tells { "rows to know of" } else { "rows in the way" };
        lines.push((Some(Tone::Warn), format!("! {what}: {}", question.told(found))));
        lines.extend(question.show.iter().map(|show| (Some(Tone::Quiet), format!("  {show};"))));
    }
    lines.extend(findings(step, verbose));
    if verbose {
        lines.extend(step.needs.iter().map(|(id, why)| (Some(Tone::Quiet), format!("after step {id}: {why}"))));
    }
    lines
}

/// What lint says: what is denied and what to do instead; warnings in a line; the rest for those who ask.
fn findings(step: &Step, verbose: bool) -> Vec<(Option<Tone>, String)> {
    let mut lines = vec![];
    for f in &step.findings {
        match f.level {
            // The loss is told above.
            Level::Deny if step.loses.is_some() && covers("destructive", &f.rule) => {
                lines.push((Some(Tone::Warn), format!("! needs `--allow {}`", f.rule)));
            }
            Level::Deny => {
                lines.push((Some(Tone::Warn), format!("! deny {}: {}; instead: {}", f.rule, f.why, f.advice)));
            }
            // Of the moment is who and since when.
            Level::Warn if f.momentary => lines.push((Some(Tone::Change), format!("warn {}: {}", f.rule, f.what))),
            Level::Warn => lines.push((Some(Tone::Change), format!("warn {}: {}", f.rule, f.why))),
            Level::Note if verbose => lines.push((Some(Tone::Quiet), format!("note {}: {}", f.rule, f.why))),
            Level::Allow if verbose => {
                let by = f.allowed.as_deref().unwrap_or_default();
                lines.push((Some(Tone::Quiet), format!("allow {}: {by}", f.rule)));
            }
            Level::Note | Level::Allow => {}
        }
    }
    lines
}

/// Locks, rewrites and scans, all on what was there before.
pub fn cost(step: &Step) -> Option<(Option<Tone>, String)> {
    let mut facts: Vec<String> = vec![];
    facts.extend(step.locks.iter().map(|(relation, mode)| format!("locks {relation}: {}", lock(mode))));
    facts.extend(step.rewrites.iter().map(|relation| format!("rewrites {relation}")));
    facts.extend(step.scans.iter().map(|relation| format!("scans {relation}")));
    let heavy = !step.rewrites.is_empty() || step.locks.iter().any(|(_, mode)| words(mode) == "ACCESS EXCLUSIVE");
    match facts.is_empty() {
        true if step.action == Action::Create => Some((Some(Tone::Quiet), "new objects only".into())),
        true => None,
        false => Some((Some(if heavy { Tone::Change } else { Tone::Quiet }), facts.join("; "))),
    }
}

fn down(down: &Down) -> (Option<Tone>, String) {
    match down {
        Down::Sql(_) => (Some(Tone::Quiet), "down: exact".into()),
        Down::Lossy { loses, .. } => (Some(Tone::Change), format!("down: lossy, {loses}")),
        Down::Irreversible(why) => (Some(Tone::Drop), format!("down: none, {why}")),
    }
}

/// `AccessExclusiveLock`, as `pg_locks` has it, in the manual's words and with what it means for others; see
/// <https://www.postgresql.org/docs/current/explicit-locking.html>.
fn lock(mode: &str) -> String {
    let words = words(mode);
    match meaning(&words) {
        "" => words,
        means => format!("{words} ({means})"),
    }
}

/// What a lock lets others do; nothing where that is not known.
pub fn meaning(words: &str) -> &'static str {
    match words {
        "ACCESS EXCLUSIVE" => "nobody reads or writes",
        "EXCLUSIVE" | "SHARE ROW EXCLUSIVE" | "SHARE" => "nobody writes",
        "SHARE UPDATE EXCLUSIVE" | "ROW EXCLUSIVE" | "ROW SHARE" | "ACCESS SHARE" => "others read and write",
        _ => "",
    }
}

pub fn words(mode: &str) -> String {
    let Some(camel) = mode.strip_suffix("Lock") else { return mode.to_string() };
    let mut out = String::new();
    for c in camel.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.extend(c.to_uppercase());
    }
    out
}
