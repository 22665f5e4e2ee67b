//! Findings beside the code: SARIF 2.1.0, GitHub's annotations, GitLab's code quality report.

use super::{place, told};
use crate::lint::{Finding, Report, rules};
use crate::model::Fingerprint;
use crate::plan::Level;
use crate::render::json::pretty;
use serde_json::{Value, json};

/// <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>
pub fn sarif(reports: &[Report]) -> String {
    let rules: Vec<Value> = rules::all()
        .map(|r| {
            json!({
                "id": r.id,
                "shortDescription": { "text": r.title },
                "fullDescription": { "text": r.why },
                "help": { "text": r.advice },
                "defaultConfiguration": { "level": sarif_level(r.level) },
            })
        })
        .collect();
    let index = |id: &str| rules::all().position(|r| r.id == id);
    let result = |(report, f): (&Report, &Finding)| {
        let mut result = json!({
            "ruleId": f.rule,
            "level": sarif_level(f.level),
            "message": { "text": format!("{}: {}", f.what, f.why) },
            "locations": [sarif_place(report, f)],
            "partialFingerprints": { "msr/v1": mark(report, f) },
        });
        if let Some(index) = index(&f.rule) {
            result["ruleIndex"] = json!(index);
        }
        if let Some(by) = &f.allowed {
            result["suppressions"] = json!([{ "kind": "external", "justification": by }]);
        }
        result
    };
    let all = reports.iter().flat_map(|r| r.findings.iter().map(move |f| (r, f)));
    let results: Vec<Value> = all.map(result).collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "msr", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn sarif_level(level: Level) -> &'static str {
    match level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Note | Level::Allow => "note",
    }
}

fn sarif_place(report: &Report, f: &Finding) -> Value {
    let names: Vec<Value> =
        f.objects.iter().map(|id| json!({ "fullyQualifiedName": id.to_string(), "kind": "resource" })).collect();
    let physical = match &f.place {
        Some(p) => json!({
            "artifactLocation": { "uri": uri(&p.file) },
            "region": {
                "startLine": p.line,
                "startColumn": p.column,
                "endColumn": p.column + p.length,
            },
        }),
        None => json!({ "artifactLocation": { "uri": uri(&report.subject) } }),
    };
    json!({ "physicalLocation": physical, "logicalLocations": names })
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    path.bytes().map(|b| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The same finding in the next run has the same mark, whatever line it has moved to.
fn mark(report: &Report, f: &Finding) -> String {
    let objects: Vec<String> = f.objects.iter().map(|id| id.to_string()).collect();
    let file = f.place.as_ref().map_or(report.subject.as_str(), |p| &p.file);
    let what = if rules::is_momentary(&f.rule) { "" } else { &f.what };
    let parts = [f.rule.as_str(), file, what].into_iter().chain(objects.iter().map(String::as_str));
    Fingerprint::of_parts(parts.map(str::as_bytes)).to_string()
}

/// <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>
pub fn github(reports: &[Report]) -> String {
    let command = |(report, f): (&Report, &Finding)| {
        let kind = match f.level {
            Level::Deny => "error",
            Level::Warn => "warning",
            Level::Note | Level::Allow => "notice",
        };
        let mut at = match &f.place {
            Some(p) => format!(
                "file={},line={},endLine={1},col={},endColumn={},",
                property(&p.file),
                p.line,
                p.column,
                p.column + p.length
            ),
            None => String::new(),
        };
        at += &format!("title={}", property(&format!("msr: {}", f.rule)));
        let place = if f.place.is_some() { String::new() } else { format!("{}: ", place(report, f)) };
        format!("::{kind} {at}::{}\n", data(&format!("{place}{}\nwhy: {}\ndo: {}", f.what, f.why, f.advice)))
    };
    told(reports).map(command).collect()
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>
pub fn gitlab(reports: &[Report]) -> String {
    let issue = |(report, f): (&Report, &Finding)| {
        let severity = match f.level {
            Level::Deny => "critical",
            Level::Warn => "minor",
            Level::Note | Level::Allow => "info",
        };
        let (path, line) = f.place.as_ref().map_or((report.subject.as_str(), 1), |p| (&p.file, p.line));
        json!({
            "description": format!("{}: {}", f.what, f.advice),
            "check_name": f.rule,
            "fingerprint": mark(report, f),
            "severity": severity,
            "location": { "path": path, "lines": { "begin": line } },
        })
    };
    pretty(&told(reports).map(issue).collect::<Vec<_>>())
}
