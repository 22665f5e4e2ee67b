//! What a change does to a running application: rules over the deltas of a plan, or over what a script did on scratch.
//!
//! A rule is a record ([`rule::Rule`]) that asks for a shape of [`event::Event`]. Events are made from a plan and its two
//! catalogs ([`plans`]), or from a script's text and what each statement did to a scratch database ([`scripts`]). Generated
//! SQL is never read.

pub mod allows;
pub mod docs;
pub mod event;
pub mod facts;
pub mod levels;
pub mod plans;
pub mod report;
pub mod rule;
pub mod rules;
pub mod scene;
pub mod scripts;
mod text;
mod types;

pub use levels::Policy;
pub use rule::Rule;

use crate::model::Id;
use crate::plan::Level;
use event::Event;
pub use report::Report;
use rule::{Check, Hit};
use scene::Scene;

/// What a rule found, wherever it looked.
#[derive(Debug, Clone)]
pub struct Finding {
    pub rule: String,
    pub level: Level,
    pub what: String,
    pub why: String,
    pub advice: String,
    pub objects: Vec<Id>,
    pub step: Option<usize>,
    /// Statement of the script, and bytes of its file.
    pub spot: Option<(usize, std::ops::Range<usize>)>,
    pub place: Option<Place>,
    /// The first line of the plan's own statement, where there is no place in a file.
    pub statement: Option<String>,
    pub allowed: Option<String>,
}

/// Where in the user's text a finding is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    /// From 1 on; columns in characters.
    pub line: usize,
    pub column: usize,
    /// How many characters of the line are meant.
    pub length: usize,
    /// The whole line; empty where the text is not at hand.
    pub excerpt: String,
}

/// Every finding of every rule of this engine, in the order of the events and then of the rules.
pub fn find(scene: &Scene, policy: &Policy) -> Vec<Finding> {
    let mut found: Vec<(usize, usize, Finding)> = vec![];
    for (order, rule) in rules::all().filter(|r| r.engines.contains(&scene.engine)).enumerate() {
        for hit in hits(rule, scene) {
            let finding = finding(rule, &scene.events[hit.event], hit.what, policy);
            // Allowed by nobody, it was never asked for.
            if finding.level != Level::Allow || finding.allowed.is_some() {
                found.push((hit.event, order, finding));
            }
        }
    }
    found.sort_by_key(|(event, order, _)| (*event, *order));
    found.into_iter().map(|(_, _, finding)| finding).collect()
}

fn hits(rule: &Rule, scene: &Scene) -> Vec<Hit> {
    match rule.check {
        Check::When(shapes) => {
            let fits = |e: &Event| shapes.iter().any(|shape| shape.fits(e));
            scene.events.iter().enumerate().filter(|(_, e)| fits(e)).map(|(i, _)| Hit::at(i)).collect()
        }
        Check::Whole(look) => look(scene),
    }
}

fn finding(rule: &'static Rule, event: &Event, what: Option<String>, policy: &Policy) -> Finding {
    let about: Vec<&Id> = event.table.iter().chain([&event.id]).collect();
    let (level, allowed) = policy.level(rule.id, levels::own(rule, rule.cost.is_little(event)), &about);
    Finding {
        rule: rule.id.into(),
        level,
        what: what.unwrap_or_else(|| said(rule.what, event)),
        why: rule.why.into(),
        advice: rule.advice.into(),
        objects: vec![event.id.clone()],
        step: event.step,
        spot: event.spot.clone(),
        place: None,
        statement: None,
        allowed,
    }
}

/// The sentence of a rule, about this event.
fn said(template: &str, event: &Event) -> String {
    let table = event.table.as_ref().map_or_else(|| event.id.to_string(), Id::to_string);
    // One pass: what is filled in is not looked at again.
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((head, tail)) = rest.split_once('{') {
        let (word, tail) = tail.split_once('}').unwrap_or((tail, ""));
        out.push_str(head);
        match word {
            "id" => out.push_str(&event.id.to_string()),
            "name" => out.push_str(event.id.name()),
            "table" => out.push_str(&table),
            "from" => out.push_str(&event.from),
            "to" => out.push_str(&event.to),
            "attr" => out.push_str(&event.attr.replace('_', " ")),
            _ => {}
        }
        rest = tail;
    }
    out + rest
}
