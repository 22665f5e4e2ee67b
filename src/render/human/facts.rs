//! What a step costs: locks, rewrites, scans, the way back, what is lost.

use crate::plan::{Action, Down, Step};
use crate::render::Tone;

/// One line each, with its tone.
pub fn of(step: &Step, verbose: bool) -> Vec<(Option<Tone>, String)> {
    let mut lines = vec![];
    lines.extend(cost(step));
    if step.patient {
        lines.push((Some(Tone::Quiet), "waits for its locks as long as it takes: nobody waits behind it".into()));
    }
    lines.push(down(&step.down));
    if let Some(what) = &step.loses {
        lines.push((Some(Tone::Warn), format!("! loses data: {what}")));
    }
    if verbose {
        lines.extend(step.needs.iter().map(|(id, why)| (Some(Tone::Quiet), format!("after step {id}: {why}"))));
    }
    lines
}

/// Locks, rewrites and scans, all on what was there before.
fn cost(step: &Step) -> Option<(Option<Tone>, String)> {
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
    let means = match words.as_str() {
        "ACCESS EXCLUSIVE" => "nobody reads or writes",
        "EXCLUSIVE" | "SHARE ROW EXCLUSIVE" | "SHARE" => "nobody writes",
        "SHARE UPDATE EXCLUSIVE" | "ROW EXCLUSIVE" | "ROW SHARE" | "ACCESS SHARE" => "others read and write",
        _ => return words,
    };
    format!("{words} ({means})")
}

fn words(mode: &str) -> String {
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
