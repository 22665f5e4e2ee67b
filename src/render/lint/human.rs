//! Findings for a reader: what, where, the line itself, why, and what to do instead.

use super::{place, summary, word};
use crate::lint::rule::Rule;
use crate::lint::{Finding, Report};
use crate::plan::Level;
use crate::render::text::{line, wrap};
use crate::render::{Look, Tone};

pub fn reports(reports: &[Report], look: Look) -> String {
    let mut out = String::new();
    for report in reports {
        let shown = |f: &&Finding| f.level > Level::Note;
        for finding in report.findings.iter().filter(shown) {
            out += &format!("{}\n", one(report, finding, look));
        }
        // What is only to be known takes a line.
        let brief = |f: &&Finding| f.level == Level::Note || f.level == Level::Allow && look.verbose;
        for finding in report.findings.iter().filter(brief) {
            let by = finding.allowed.as_ref().map_or(String::new(), |by| format!(": {}", line(by)));
            let text = format!("{}: {} ({}){by}", line(&place(report, finding)), line(&finding.what), finding.rule);
            out += &format!("{}: {text}\n", look.paint(Tone::Quiet, word(finding.level)));
        }
        for note in &report.notes {
            out += &format!("{}\n", wrap(&line(&format!("note: {note}")), look.width, 2));
        }
    }
    out + &format!("{}\n", look.paint(Tone::Title, summary(reports)))
}

fn tone(level: Level) -> Tone {
    match level {
        Level::Deny => Tone::Warn,
        Level::Warn => Tone::Change,
        Level::Note | Level::Allow => Tone::Quiet,
    }
}

fn one(report: &Report, finding: &Finding, look: Look) -> String {
    let title = format!("{}: {}", word(finding.level), line(&finding.what));
    let mut out = format!("{} ({})\n", look.paint(tone(finding.level), title), finding.rule);
    out += &format!("  {} {}\n", look.paint(Tone::Quiet, "-->"), line(&place(report, finding)));
    let excerpt = finding.place.as_ref().filter(|p| !p.excerpt.is_empty());
    let width = excerpt.map_or(1, |p| p.line.to_string().len());
    let bar = look.paint(Tone::Quiet, "|");
    if let Some(p) = excerpt {
        // A tab is as wide as the terminal likes, so the caret's line repeats it.
        let pad: String = p.excerpt.chars().take(p.column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let caret = look.paint(tone(finding.level), "^".repeat(p.length));
        out += &format!("{:width$} {bar}\n", "");
        out += &format!("{} {bar} {}\n", look.paint(Tone::Quiet, p.line), crate::render::text::block(&p.excerpt));
        out += &format!("{:width$} {bar} {pad}{caret}\n", "");
    } else if let Some(sql) = &finding.statement {
        out += &format!("{:width$} {bar} {}\n", "", line(sql));
    }
    for (name, text) in [("why", &finding.why), ("do", &finding.advice)] {
        if !text.is_empty() {
            let pad = width + 3 + name.len() + 2;
            out += &format!(
                "{:width$} {} {name}: {}\n",
                "",
                look.paint(Tone::Quiet, "="),
                wrap(&line(text), look.width, pad)
            );
        }
    }
    out
}

/// A rule's page, as `--explain` shows it.
/// As the page of rules says it: nobody has allowed what nobody has asked for.
pub fn own_level(rule: &Rule) -> &'static str {
    if rule.level == Level::Allow { "off" } else { word(rule.level) }
}

pub fn explain(rule: &Rule, look: Look) -> String {
    let mut out = format!("{}: {}\n", look.paint(Tone::Title, rule.id), rule.title);
    out += &format!("level {} on {}\n", own_level(rule), rule.engines.join(" and "));
    for (name, text) in [("What happens", rule.why), ("Instead", rule.advice)] {
        out += &format!("\n{}: {}\n", look.paint(Tone::Title, name), wrap(text, look.width, 0));
    }
    if let Some(little) = crate::lint::docs::little(rule) {
        out += &format!("\n{}\n", wrap(little, look.width, 0));
    }
    let id = rule.id;
    if rule.level == Level::Allow {
        let title = look.paint(Tone::Title, "To ask for it");
        return out + &format!("\n{title}: `[lint] warn = [\"{id}\"]` or `deny = [\"{id}\"]` in msr.toml\n");
    }
    let title = look.paint(Tone::Title, "To let it pass");
    out += &format!(
        "\n{title}: `--allow {id}`, or `[lint] allow = [\"{id}:TABLE\"]` in msr.toml, or a line before the statement:\n"
    );
    out += &format!("  -- msr:allow {id} reason=\"…\" until=YYYY-MM-DD\n");
    out
}
