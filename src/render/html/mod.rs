//! A plan as one page for a browser: nothing is fetched, nothing is sent, and it reads as well without its script.
//!
//! What the page shows is put together here and in the files beside; how it looks is in `report.html`, `style.css` and
//! `script.js`. Every text is escaped by the template engine, and the page forbids the browser whatever is not in it.

mod differences;
mod findings;
mod steps;
#[cfg(test)]
mod tests;
mod timeline;
mod timings;

use super::text::{block, label};
use super::{Summary, diagram};
use crate::plan::Plan;
use crate::rehearse::Report;
use crate::{Error, Result};
use base64::Engine as _;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Output, State, Value, escape_formatter};
use serde::Serialize;
use sha2::{Digest, Sha256};

const TEMPLATE: &str = include_str!("report.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A picture of more steps helps nobody; the list does.
const DRAWN: usize = 400;

#[derive(Serialize)]
struct Page<'a> {
    title: String,
    plan: &'a Header,
    summary: String,
    denied: Vec<&'a str>,
    graph: Option<String>,
    steps_in_all: usize,
    timeline: timeline::TimeLine,
    findings: findings::Findings<'a>,
    batches: Vec<steps::Batch<'a>>,
    rehearsal: Option<timings::Rehearsal>,
    notes: &'a [String],
    unmodelled: &'a [String],
    style: &'a str,
    style_hash: String,
    script: &'a str,
    script_hash: String,
}

#[derive(Serialize)]
struct Header {
    label: String,
    engine: String,
    created_at: String,
    msr: String,
    base: String,
    goal: String,
}

/// The whole page. The report is one of a rehearsal of this plan.
pub fn plan(plan: &Plan, rehearsal: Option<&Report>) -> Result<String> {
    let style = format!("{}{}{STYLE}", diagram::colours(), diagram::STYLE);
    let h = &plan.header;
    let label = match label(&h.version, &h.name) {
        nameless if nameless.is_empty() => "Difference".to_string(),
        label => label,
    };
    let header = Header {
        engine: format!("{} {}", h.engine, h.engine_major),
        created_at: h.created_at.clone(),
        msr: h.msr.clone(),
        base: h.base.to_string(),
        goal: h.goal.to_string(),
        label,
    };
    let drawn = !plan.is_empty() && plan.steps.len() <= DRAWN;
    render(&Page {
        title: format!("{}: plan for {}", header.label, header.engine),
        plan: &header,
        summary: Summary::of(plan).line(),
        denied: findings::denied(plan),
        graph: drawn.then(|| diagram::svg(&diagram::steps(plan), diagram::Use::Page)),
        steps_in_all: plan.steps.len(),
        timeline: timeline::of(plan, rehearsal),
        findings: findings::of(plan),
        batches: steps::of(plan),
        rehearsal: rehearsal.map(timings::of),
        notes: &plan.notes,
        unmodelled: &plan.unmodelled,
        style_hash: hash(&style),
        style: &style,
        script_hash: hash(SCRIPT),
        script: SCRIPT,
    })
}

fn render(page: &Page) -> Result<String> {
    let broken = |e: minijinja::Error| Error::failed(format!("can't write the page: {e:#}"));
    let mut templates = Environment::new();
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(broken)?);
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_formatter(harmless);
    templates.add_template("report.html", TEMPLATE).map_err(broken)?;
    templates.get_template("report.html").and_then(|t| t.render(Value::from(Serde(page)))).map_err(broken)
}

/// Escaped as HTML, after what draws on a screen by itself was made visible.
fn harmless(out: &mut Output, state: &mut State, value: &Value) -> std::result::Result<(), minijinja::Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => escape_formatter(out, state, &Value::from(block(text))),
        _ => escape_formatter(out, state, value),
    }
}

/// As a Content-Security-Policy names what may be run.
fn hash(text: &str) -> String {
    format!("sha256-{}", base64::prelude::BASE64_STANDARD.encode(Sha256::digest(text)))
}
