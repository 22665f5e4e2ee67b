//! What a step changes, before and after side by side.

use crate::diff::Delta;
use crate::model::Value;
use crate::plan::Step;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

#[derive(Serialize)]
pub struct Difference {
    what: String,
    /// `added`, `dropped`, `renamed`, or nothing.
    how: &'static str,
    before: Vec<Line>,
    after: Vec<Line>,
}

/// One line of a value. Both sides have the same number, so that what belongs together stands together.
#[derive(Serialize, Clone)]
pub struct Line {
    /// `-`, `+`, a blank, or `…` where lines were left out.
    sign: &'static str,
    text: String,
}

pub fn of(step: &Step) -> Vec<Difference> {
    step.deltas.iter().map(|delta| one(step, delta)).collect()
}

fn one(step: &Step, delta: &Delta) -> Difference {
    let plain = |text: String| vec![Line { sign: " ", text }];
    match delta {
        Delta::Add(id) => Difference { what: id.to_string(), how: "added", before: vec![], after: vec![] },
        Delta::Drop(id) => Difference { what: id.to_string(), how: "dropped", before: vec![], after: vec![] },
        Delta::Rename { from, to } => Difference {
            what: to.kind.name().to_string(),
            how: "renamed",
            before: plain(from.to_string()),
            after: plain(to.to_string()),
        },
        Delta::Set { id, attr, from, to } => {
            let whose = if *id == step.subject { String::new() } else { format!("{id}: ") };
            let (before, after) = sides(&text(from), &text(to));
            Difference { what: format!("{whose}{}", attr.replace('_', " ")), how: "", before, after }
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::None => "(none)".into(),
        Value::Text(text) => text.clone(),
        Value::List(items) if items.is_empty() => "(none)".into(),
        Value::List(items) => items.join("\n"),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::Int(n) => n.to_string(),
    }
}

/// The lines that differ with three around them; where one side has none, a blank holds the place.
fn sides(from: &str, to: &str) -> (Vec<Line>, Vec<Line>) {
    let diff = TextDiff::from_lines(from, to);
    let (mut before, mut after) = (vec![], vec![]);
    let level = |before: &mut Vec<Line>, after: &mut Vec<Line>| {
        let blank = Line { sign: " ", text: String::new() };
        let most = before.len().max(after.len());
        before.resize(most, blank.clone());
        after.resize(most, blank);
    };
    for (i, group) in diff.grouped_ops(3).iter().enumerate() {
        let left_out = Line { sign: "…", text: String::new() };
        if i > 0 {
            before.push(left_out.clone());
            after.push(left_out);
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = change.value().trim_end_matches(['\n', '\r']).to_string();
            match change.tag() {
                ChangeTag::Delete => before.push(Line { sign: "-", text }),
                ChangeTag::Insert => after.push(Line { sign: "+", text }),
                ChangeTag::Equal => {
                    level(&mut before, &mut after);
                    before.push(Line { sign: " ", text: text.clone() });
                    after.push(Line { sign: " ", text });
                }
            }
        }
    }
    level(&mut before, &mut after);
    (before, after)
}
