//! What the schema files refer to and is not managed: a foreign key to a platform's table of users. It is put into scratch
//! before they are loaded, as it is in the database.

use super::order::Tie;
use super::stages::arrange;
use crate::diff::diff;
use crate::engine::how::Scene;
use crate::engine::{Engine, Session};
use crate::model::{Catalog, Id, Kind, Object};
use crate::source::Source;
use std::collections::BTreeSet;

/// Makes what it can: where something is missing, the statement that refers to it is told by its place.
pub fn put(engine: &dyn Engine, scratch: &mut dyn Session, base: &Catalog, desired: &Source) {
    let wanted = wanted(engine, base, desired);
    if wanted.is_empty() {
        return;
    }
    let Ok(blank) = scratch.inspect() else { return };
    let (blank, whole, server) = (blank.whole().into_owned(), base.whole(), scratch.server().clone());
    let mut want = whole.limited_to(&wanted);
    blank
        .iter()
        .filter(|o| !want.contains(o.id()))
        .cloned()
        .collect::<Vec<_>>()
        .into_iter()
        .for_each(|o| want.insert(o));
    let Ok(ordered) = arrange(engine, Scene::new(&blank, &want, &server), &diff(&blank, &want), Tie::Reader) else {
        return;
    };
    for rung in ordered.nodes.iter().flat_map(|n| &n.rungs) {
        let _ = scratch.execute(&rung.sql);
    }
}

/// What is outside, is named in the files, and is not made by them; with all that it needs.
fn wanted(engine: &dyn Engine, base: &Catalog, desired: &Source) -> BTreeSet<Id> {
    let outside: Catalog = base.outside().cloned().collect();
    let made: BTreeSet<&str> = desired.statements.iter().flat_map(|s| &s.defines).map(|n| n.name.as_str()).collect();
    let words: BTreeSet<&str> = desired.statements.iter().flat_map(|s| words(&s.text)).collect();
    let roots = outside.iter().filter(|o| o.parent().is_none()).map(Object::id);
    let named = |id: &&Id| words.contains(id.name()) && !made.contains(id.name());
    let mut queue: Vec<Id> = roots.filter(named).cloned().collect();
    let mut found = BTreeSet::new();
    while let Some(id) = queue.pop() {
        let Some(object) = outside.get(&id).filter(|_| !found.contains(&id)) else { continue };
        found.insert(id.clone());
        queue.extend(object.refs().iter().map(|r| r.to.clone()).chain(object.parent().cloned()));
        queue.extend(outside.children(&id).filter(|o| is_of_shape(engine, o)).map(|o| o.id().clone()));
    }
    found
}

/// A column, a key: what a table is not itself without.
fn is_of_shape(engine: &dyn Engine, part: &Object) -> bool {
    let inside = engine.rule(part.id().kind).is_ok_and(|rule| rule.clause.is_some());
    inside && part.id().kind != Kind::ForeignKey
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$' || c == '-')).filter(|word| !word.is_empty())
}
