//! Findings as a JUnit report: a denied finding is a failed test, and a file without one a test that passed.

use super::{place, word};
use crate::lint::{Finding, Report};
use crate::plan::Level;

pub fn reports(reports: &[Report]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"msr lint\">\n");
    for report in reports {
        let told: Vec<&Finding> = report.findings.iter().filter(|f| f.level > Level::Note).collect();
        let (tests, failures) = (told.len().max(1), report.count(Level::Deny));
        let name = escape(&report.subject);
        out += &format!("  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\">\n");
        if told.is_empty() {
            out += &format!("    <testcase name=\"{name}\" classname=\"msr.lint\"/>\n");
        }
        told.iter().for_each(|f| out += &case(report, f));
        out += "  </testsuite>\n";
    }
    out + "</testsuites>\n"
}

fn case(report: &Report, f: &Finding) -> String {
    let at = place(report, f);
    let text = format!("{at}: {}\nwhy: {}\ndo: {}", f.what, f.why, f.advice);
    let body = match f.level {
        Level::Deny => {
            format!("<failure type=\"{}\" message=\"{}\">{}</failure>", f.rule, escape(&f.what), escape(&text))
        }
        // Not every reader knows a warning; all keep what a test printed.
        _ => format!("<system-out>{}: {}</system-out>", word(f.level), escape(&text)),
    };
    format!("    <testcase name=\"{} {}\" classname=\"msr.lint\">{body}</testcase>\n", escape(&f.rule), escape(&at))
}

/// Markup, and what XML 1.0 can't hold at all.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}
