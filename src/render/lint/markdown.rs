//! Findings for a comment on a pull request, or a job's summary: short, folded, and no name can break out of it.

use super::{place, summary, told, word};
use crate::lint::{Finding, Report};
use crate::plan::Level;
use crate::render::text;

/// What GitHub takes for a comment.
const LIMIT: usize = 65_536;
/// Kept for the last line.
const ROOM: usize = 200;

pub fn reports(reports: &[Report]) -> String {
    let mut out = format!("### msr lint: {}\n", summary(reports));
    let all: Vec<_> = told(reports).collect();
    let (mut left, mut full) = (all.len(), false);
    for level in [Level::Deny, Level::Warn, Level::Note] {
        for (report, finding) in all.iter().filter(|(_, f)| f.level == level) {
            let entry = one(report, finding);
            full |= out.len() + entry.len() + ROOM > LIMIT;
            if !full {
                out += &entry;
                left -= 1;
            }
        }
    }
    for note in reports.iter().flat_map(|r| &r.notes) {
        let entry = format!("\n> {}\n", escape(note));
        if out.len() + entry.len() + ROOM < LIMIT {
            out += &entry;
        }
    }
    if left > 0 {
        out += &format!("\n… and {left} more: run `msr lint` to see them\n");
    }
    out
}

fn one(report: &Report, f: &Finding) -> String {
    let sign = match f.level {
        Level::Deny => "❌",
        Level::Warn => "⚠️",
        Level::Note | Level::Allow => "ℹ️",
    };
    let mut out = format!(
        "\n<details><summary>{sign} {}: {} (<code>{}</code>)</summary>\n\n",
        word(f.level),
        html(&f.what),
        f.rule
    );
    out += &format!("{}\n", escape(&place(report, f)));
    let line = f.place.as_ref().map(|p| p.excerpt.as_str()).filter(|e| !e.is_empty()).or(f.statement.as_deref());
    if let Some(line) = line {
        out += &format!("\n{}\n", fenced(line));
    }
    if !f.why.is_empty() {
        out += &format!("\n**Why:** {}\n", escape(&f.why));
    }
    if !f.advice.is_empty() {
        out += &format!("\n**Do:** {}\n", escape(&f.advice));
    }
    out + "\n</details>\n"
}

/// SQL between fences, cut if it is long.
fn fenced(sql: &str) -> String {
    let fence = fence(sql);
    let mut short: String = sql.chars().take(400).collect();
    if short.len() < sql.len() {
        short.push('…');
    }
    format!("{fence}sql\n{}\n{fence}", text::line(&short))
}

/// Longer than any run of backticks in the text.
pub fn fence(text: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len);
    "`".repeat(runs.max().unwrap_or(0).max(2) + 1)
}

/// Inside of a tag Markdown is not read, HTML is.
pub fn html(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    for c in text::line(plain).chars() {
        match c {
            '&' | '<' | '>' | '"' | '@' | '#' | '`' => out += &format!("&#{};", c as u32),
            c => out.push(c),
        }
    }
    out
}

/// Every character that means something to Markdown or HTML, and `@`, which would call somebody.
pub fn escape(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    for c in text::line(plain).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '|' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
