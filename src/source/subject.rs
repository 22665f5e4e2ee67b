//! What a hint stands directly before.

use super::Subject;
use super::head::{Head, Verb, head};
use super::words::{Words, unquote};

/// The subject that begins at token `at` of the statement.
pub fn subject(words: &Words, at: usize) -> Option<Subject> {
    let head = head(words);
    if at == 0 {
        return whole(words, &head);
    }
    let mut owner = head.path.clone();
    match (head.verb, head.object) {
        (Verb::Alter, "table" | "foreign table") => action(words, at, owner),
        (Verb::Create, "table" | "foreign table" | "domain") if words.is(at, "constraint") => {
            named("constraint", owner, words.name(at + 1)?)
        }
        (Verb::Create, object @ ("table" | "foreign table" | "type" | "view" | "materialized view")) => {
            let begins = words.after(at, "(") || words.after(at, ",");
            if !begins || !in_list(words, &head, at) {
                return None;
            }
            if object == "type" && words.is_string(at) {
                let text = words.text(at);
                owner.push(unquote(text, super::Dialect::Sqlite));
                return Some(Subject { object: "enum value", new: owner.last()?.clone(), path: owner });
            }
            let constraint = ["primary", "unique", "check", "foreign", "exclude", "like", "period"];
            if object.ends_with("table") && words.any(at, &constraint) {
                return None;
            }
            named(if object == "type" { "attribute" } else { "column" }, owner, words.name(at)?)
        }
        _ => None,
    }
}

/// Directly in the first list of parentheses after the name: of a table, a view's columns, a type. Later ones are
/// options, partition bounds, queries.
fn in_list(words: &Words, head: &Head, at: usize) -> bool {
    let Some(first) = (head.rest..at).find(|&i| words.is(i, "(")) else { return false };
    let query = head.object.ends_with("view") && first != head.rest;
    !query && words.parens(at) == (1, Some(first))
}

/// A hint before a statement concerns what the statement makes.
fn whole(words: &Words, head: &Head) -> Option<Subject> {
    match head.verb {
        Verb::Create => {
            let own = head.path.last()?.clone();
            let of_table = matches!(head.object, "trigger" | "policy" | "rule");
            let mut path = if of_table { head.on.clone() } else { head.path.clone() };
            if of_table {
                path.push(own.clone());
            }
            Some(Subject { object: head.object, path, new: own })
        }
        Verb::Alter if head.object.ends_with("table") => action(words, head.rest, head.path.clone()),
        Verb::Alter if head.object == "type" => {
            let mut i = words.skip(words.skip(head.rest, "ADD VALUE"), "IF NOT EXISTS");
            if i > head.rest && words.is_string(i) {
                let label = unquote(words.text(i), super::Dialect::Sqlite);
                return named("enum value", head.path.clone(), label);
            }
            i = words.skip(head.rest, "ADD ATTRIBUTE");
            if i > head.rest { named("attribute", head.path.clone(), words.name(i)?) } else { None }
        }
        _ => None,
    }
}

/// `ADD COLUMN name`, `ADD CONSTRAINT name` of an ALTER TABLE.
fn action(words: &Words, at: usize, owner: Vec<String>) -> Option<Subject> {
    if !words.is(at, "add") {
        return None;
    }
    if words.is(at + 1, "constraint") {
        return named("constraint", owner, words.name(at + 2)?);
    }
    if words.any(at + 1, &["primary", "unique", "check", "foreign", "exclude"]) {
        return None;
    }
    let i = words.skip(words.skip(at + 1, "COLUMN"), "IF NOT EXISTS");
    named("column", owner, words.name(i)?)
}

fn named(object: &'static str, mut owner: Vec<String>, new: String) -> Option<Subject> {
    owner.push(new.clone());
    Some(Subject { object, path: owner, new })
}
