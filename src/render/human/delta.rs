//! The differences that a step carries out, where its SQL does not say them better.

use crate::diff::Delta;
use crate::model::Value;
use crate::plan::{Action, Step};
use crate::render::text::{block, line};
use crate::render::{Look, Tone};
use similar::{ChangeTag, TextDiff};

/// A value that is longer is compared line by line.
const SHORT: usize = 60;

/// One text a delta, unindented; a text has several lines where definitions are compared.
pub fn lines(step: &Step, look: Look) -> Vec<String> {
    // What is created or dropped whole is all there in the SQL; its parts are listed for those who ask.
    let whole = matches!(step.action, Action::Create | Action::Drop | Action::Replace);
    let shown = |delta: &&Delta| match delta {
        Delta::Add(id) | Delta::Drop(id) => *id != step.subject && (!whole || look.verbose),
        Delta::Set { .. } | Delta::Rename { .. } => true,
    };
    step.deltas.iter().filter(shown).map(|delta| one(step, delta, look)).collect()
}

fn one(step: &Step, delta: &Delta, look: Look) -> String {
    match delta {
        Delta::Add(id) => look.paint(Tone::Create, format!("+ {}", line(&id.to_string()))),
        Delta::Drop(id) => look.paint(Tone::Drop, format!("- {}", line(&id.to_string()))),
        Delta::Rename { from, to } if *to == step.subject => format!("renamed from {}", line(&from.to_string())),
        Delta::Rename { from, to } => format!("{} renamed from {}", line(&to.to_string()), line(&from.to_string())),
        Delta::Set { id, attr, from, to } => {
            let whose = if *id == step.subject { String::new() } else { format!("{} ", line(&id.to_string())) };
            let name = format!("{whose}{}", attr.replace('_', " "));
            match (long(from), long(to)) {
                (None, None) => format!("{name}: {} → {}", line(&from.to_string()), line(&to.to_string())),
                (a, b) => {
                    let text = |long: Option<String>, value: &Value| long.unwrap_or_else(|| short(value));
                    format!("{name}:\n{}", unified(&text(a, from), &text(b, to), look))
                }
            }
        }
    }
}

/// The value as lines, if it is too long for one.
fn long(value: &Value) -> Option<String> {
    let text = match value {
        Value::Text(text) => text.clone(),
        Value::List(items) if items.len() > 1 => items.iter().map(|item| format!("{}\n", line(item))).collect(),
        _ => return None,
    };
    (text.trim_end().contains('\n') && value.text().is_some() || text.len() > SHORT).then_some(text)
}

fn short(value: &Value) -> String {
    match value {
        Value::None => String::new(),
        other => other.to_string(),
    }
}

/// The lines that differ, with two around them, signed and coloured.
pub fn unified(from: &str, to: &str, look: Look) -> String {
    let (from, to) = (block(from), block(to));
    let diff = TextDiff::from_lines(&from, &to);
    let mut out = Vec::new();
    for (i, group) in diff.grouped_ops(2).iter().enumerate() {
        if i > 0 {
            out.push(look.paint(Tone::Quiet, "  …"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = change.value().trim_end_matches('\n');
            out.push(match change.tag() {
                ChangeTag::Delete => look.paint(Tone::Drop, format!("- {text}")),
                ChangeTag::Insert => look.paint(Tone::Create, format!("+ {text}")),
                ChangeTag::Equal => format!("  {text}"),
            });
        }
    }
    out.join("\n")
}
