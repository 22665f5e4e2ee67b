//! Findings as JSON; its schema is `docs/lint.schema.json`.

use super::{summary, word};
use crate::lint::{Finding, Report};
use crate::plan::Level;
use crate::render::json::pretty;
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    summary: String,
    denied: usize,
    reports: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    subject: &'a str,
    findings: Vec<Found<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Found<'a> {
    rule: &'a str,
    level: &'static str,
    what: &'a str,
    why: &'a str,
    advice: &'a str,
    objects: Vec<String>,
    step: Option<usize>,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    excerpt: Option<&'a str>,
    allowed: Option<&'a str>,
}

pub fn reports(reports: &[Report]) -> String {
    pretty(&Document {
        format: 1,
        summary: summary(reports),
        denied: reports.iter().map(|r| r.count(Level::Deny)).sum(),
        reports: reports.iter().map(entry).collect(),
    })
}

fn entry(report: &Report) -> Entry<'_> {
    Entry { subject: &report.subject, findings: report.findings.iter().map(found).collect(), notes: &report.notes }
}

fn found(f: &Finding) -> Found<'_> {
    let place = f.place.as_ref();
    let excerpt = place.map(|p| p.excerpt.as_str()).filter(|e| !e.is_empty());
    Found {
        rule: &f.rule,
        level: word(f.level),
        what: &f.what,
        why: &f.why,
        advice: &f.advice,
        objects: f.objects.iter().map(|id| id.to_string()).collect(),
        step: f.step,
        file: place.map(|p| p.file.as_str()),
        line: place.map(|p| p.line),
        column: place.map(|p| p.column),
        excerpt: excerpt.or(f.statement.as_deref()),
        allowed: f.allowed.as_deref(),
    }
}
