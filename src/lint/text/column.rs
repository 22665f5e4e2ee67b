//! Column definitions and constraints, in CREATE TABLE and ALTER TABLE.

use super::Reader;
use crate::lint::event::{Event, Trait, Verb};
use crate::lint::types;
use crate::model::{Id, Kind};
use std::ops::Range;

/// What ends a column's type.
const AFTER_TYPE: &[&str] = &[
    "constraint",
    "not",
    "null",
    "default",
    "primary",
    "unique",
    "references",
    "check",
    "generated",
    "collate",
    "as",
    "storage",
    "compression",
    "deferrable",
    "initially",
    "autoincrement",
    "using",
    "on",
    "options",
];

/// A column's definition, as far as it is read.
struct Definition {
    column: Event,
    parts: Vec<Event>,
    /// The name that the next constraint has.
    named: Option<String>,
}

fn defaults_to(column: &mut Event, expression: &str) {
    let mut mark = |holds: bool, this| {
        if holds {
            column.traits.add(this);
        }
    };
    mark(!expression.trim().eq_ignore_ascii_case("null"), Trait::HasDefault);
    mark(types::is_volatile(expression), Trait::Volatile);
    mark(types::is_momentary(expression), Trait::Momentary);
}

impl Reader<'_> {
    /// `name type constraint …`
    pub(super) fn column(&self, table: &Id, range: Range<usize>) -> Vec<Event> {
        let Some(name) = self.words.name(range.start) else { return vec![] };
        let mut column = Event::new(Verb::Add, table.below(Kind::Column, &name));
        let end = self.find(range.start + 1..range.end, AFTER_TYPE).unwrap_or(range.end);
        let spelt = self.text(range.start + 1..end);
        types::describe(&mut column.traits, spelt);
        column.to = spelt.to_string();
        let mut definition = Definition { column, parts: vec![], named: None };
        let mut i = end;
        while i < range.end {
            i = self.part(&mut definition, i..range.end).max(i + 1);
        }
        let Definition { column, mut parts, .. } = definition;
        if column.is(Trait::HasDefault) {
            parts.iter_mut().filter(|e| e.id.kind == Kind::ForeignKey).for_each(|e| e.traits.add(Trait::HasDefault));
        }
        std::iter::once(self.spotted(column, range)).chain(parts).collect()
    }

    /// Reads what stands at the beginning of the range, and tells where the next begins.
    fn part(&self, definition: &mut Definition, range: Range<usize>) -> usize {
        let (w, i) = (&self.words, range.start);
        let next = self.find(i + 1..range.end, AFTER_TYPE).unwrap_or(range.end);
        let column = &mut definition.column;
        match w.text(i).to_ascii_lowercase().as_str() {
            "constraint" => {
                definition.named = w.name(i + 1);
                i + 2
            }
            "not" => {
                if w.is(i + 1, "null") {
                    column.traits.add(Trait::NotNull);
                }
                i + 2
            }
            "default" => {
                let end = self.default_end(i + 1, range.end);
                defaults_to(column, self.text(i + 1..end));
                end
            }
            "primary" => {
                let narrow = column.is(Trait::Narrow);
                column.traits.add(Trait::NotNull);
                let key = self.inline(definition, (Kind::PrimaryKey, "pkey"), i..next);
                definition.parts.push(key.with_if(narrow, Trait::Narrow));
                next
            }
            "references" => {
                let end = self.find(i + 1..range.end, &["constraint", "not", "check", "default"]).unwrap_or(range.end);
                let key = self.inline(definition, (Kind::ForeignKey, "fkey"), i..next);
                definition.parts.push(self.reference(key, i, end));
                end
            }
            "unique" | "check" => {
                let unique = w.is(i, "unique");
                let what = if unique { (Kind::Unique, "key") } else { (Kind::Check, "check") };
                let event = self.inline(definition, what, i..next);
                definition.parts.push(event);
                next
            }
            "generated" | "as" => {
                let identity = self.has(range.clone(), "IDENTITY");
                let mut mark = |holds: bool, this| {
                    if holds {
                        column.traits.add(this);
                    }
                };
                mark(identity, Trait::Identity);
                mark(self.has(range.clone(), "ALWAYS AS IDENTITY"), Trait::Always);
                mark(!identity, Trait::Generated);
                mark(!identity && self.has(range.clone(), "STORED"), Trait::Stored);
                let after = ["constraint", "not", "primary", "unique", "check", "references"];
                self.find(i + 2..range.end, &after).unwrap_or(range.end)
            }
            _ => next,
        }
    }

    /// A constraint that stands inside of the column's definition.
    fn inline(&self, definition: &Definition, (kind, suffix): (Kind, &str), tokens: Range<usize>) -> Event {
        let (id, name) = (&definition.column.id, definition.column.id.name());
        let named = definition.named.clone();
        let own = named.clone().unwrap_or_else(|| format!("{}_{name}_{suffix}", id.at(1)));
        let table = Id::new(Kind::Table, id.path.iter().take(2));
        let mut event = Event::new(Verb::Add, table.below(kind, &own)).with(Trait::Inline);
        event.columns = vec![name.to_string()];
        self.spotted(event.with_if(named.is_none(), Trait::Unnamed), tokens)
    }

    /// Where a default's expression ends.
    fn default_end(&self, from: usize, to: usize) -> usize {
        let ends = ["constraint", "not", "primary", "unique", "references", "check", "generated"];
        // `NULL` is an expression too: only what comes after it ends it.
        self.find(from + 1..to, &ends).unwrap_or(to).max((from + 1).min(to))
    }

    fn reference(&self, event: Event, from: usize, to: usize) -> Event {
        let spreads = ["ON DELETE CASCADE", "ON DELETE SET", "ON UPDATE CASCADE"];
        let spread = spreads.iter().any(|words| self.has(from..to, words));
        event
            .with_if(spread, Trait::CascadeAction)
            .with_if(self.has(from..to, "NOT VALID"), Trait::NotValid)
            .with_if(self.has(from..to, "NOT ENFORCED"), Trait::NotEnforced)
    }

    /// `[CONSTRAINT name] kind …` of a table; nothing where it is none.
    pub(super) fn constraint(&self, table: &Id, range: Range<usize>) -> Option<Event> {
        let w = &self.words;
        let (name, i) = match w.is(range.start, "constraint") {
            true => (w.name(range.start + 1), range.start + 2),
            false => (None, range.start),
        };
        let (kind, suffix) = match () {
            _ if w.skip(i, "PRIMARY KEY") > i => (Kind::PrimaryKey, "pkey"),
            _ if w.is(i, "unique") => (Kind::Unique, "key"),
            _ if w.is(i, "check") => (Kind::Check, "check"),
            _ if w.skip(i, "FOREIGN KEY") > i => (Kind::ForeignKey, "fkey"),
            _ if w.is(i, "exclude") => (Kind::Exclusion, "excl"),
            _ => return None,
        };
        let own = name.clone().unwrap_or_else(|| format!("{}_{suffix}", table.name()));
        let mut event = Event::new(Verb::Add, table.below(kind, &own));
        event.columns = self.columns_at(i, range.end);
        let event = event
            .with_if(name.is_none(), Trait::Unnamed)
            .with_if(
                self.has(i..range.end, "USING INDEX") && !self.has(i..range.end, "USING INDEX TABLESPACE"),
                Trait::UsingIndex,
            )
            .with_if(self.has(i..range.end, "NULLS NOT DISTINCT"), Trait::NullsNotDistinct)
            .with_if(
                self.has(i..range.end, "DEFERRABLE") && !self.has(i..range.end, "NOT DEFERRABLE"),
                Trait::Deferrable,
            );
        Some(self.spotted(self.reference(event, i, range.end), range))
    }

    /// The names in the first parentheses.
    fn columns_at(&self, from: usize, to: usize) -> Vec<String> {
        let Some(open) = (from..to).find(|&i| self.words.is(i, "(")) else { return vec![] };
        self.parts(open + 1, to).into_iter().filter_map(|part| self.words.name(part.start)).collect()
    }
}
