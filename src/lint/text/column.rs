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

impl Reader<'_> {
    /// `name type constraint …`
    pub(super) fn column(&self, table: &Id, range: Range<usize>) -> Vec<Event> {
        let Some(name) = self.words.name(range.start) else { return vec![] };
        let mut column = Event::new(Verb::Add, table.below(Kind::Column, &name));
        let end = self.find(range.start + 1..range.end, AFTER_TYPE).unwrap_or(range.end);
        let spelt = self.text(range.start + 1..end);
        types::describe(&mut column.traits, spelt);
        column.to = spelt.to_string();
        let mut events = vec![];
        let mut i = end;
        let mut named = None;
        while i < range.end {
            let w = &self.words;
            let next = self.find(i + 1..range.end, AFTER_TYPE).unwrap_or(range.end);
            let here = |kind, suffix: &str| {
                let own = named.clone().unwrap_or(format!("{}_{name}_{suffix}", table.name()));
                let mut event = Event::new(Verb::Add, table.below(kind, &own)).with(Trait::Inline);
                event.columns = vec![name.clone()];
                self.spotted(event.with_if(named.is_none(), Trait::Unnamed), i..next.max(i + 1))
            };
            if w.is(i, "constraint") {
                named = w.name(i + 1);
                i += 2;
                continue;
            } else if w.skip(i, "NOT NULL") > i {
                column.traits.add(Trait::NotNull);
                i += 2;
                continue;
            } else if w.is(i, "default") {
                // A string or a number may be followed by what looks like a part of the type.
                let expression = self.text(i + 1..self.default_end(i + 1, range.end));
                column.traits.add(Trait::HasDefault);
                let null = expression.trim().eq_ignore_ascii_case("null");
                if null {
                    column.traits.remove(Trait::HasDefault);
                }
                column = column.with_if(types::is_volatile(expression), Trait::Volatile);
                column = column.with_if(types::is_momentary(expression), Trait::Momentary);
                i = self.default_end(i + 1, range.end);
                continue;
            } else if w.is(i, "primary") {
                let event = here(Kind::PrimaryKey, "pkey");
                let narrow = types::is_narrow(spelt);
                events.push(event.with_if(narrow, Trait::Narrow));
                column.traits.add(Trait::NotNull);
            } else if w.is(i, "unique") {
                events.push(here(Kind::Unique, "key"));
            } else if w.is(i, "references") {
                let stop = self.find(i + 1..range.end, &["constraint", "not", "check", "default"]).unwrap_or(range.end);
                events.push(self.reference(here(Kind::ForeignKey, "fkey"), i, stop));
                i = stop;
                continue;
            } else if w.is(i, "check") {
                events.push(here(Kind::Check, "check"));
            } else if w.is(i, "generated") || w.is(i, "as") {
                let identity = self.has(i..range.end, "IDENTITY");
                let always = self.has(i..range.end, "ALWAYS AS IDENTITY");
                let stored = !identity && self.has(i..range.end, "STORED");
                column = column.with_if(identity, Trait::Identity).with_if(always, Trait::Always);
                column = column.with_if(!identity, Trait::Generated).with_if(stored, Trait::Stored);
                i = self
                    .find(i + 2..range.end, &["constraint", "not", "primary", "unique", "check", "references"])
                    .unwrap_or(range.end);
                continue;
            }
            i = next;
        }
        if column.is(Trait::HasDefault) {
            events.iter_mut().filter(|e| e.id.kind == Kind::ForeignKey).for_each(|e| e.traits.add(Trait::HasDefault));
        }
        let column = self.spotted(column, range);
        std::iter::once(column).chain(events).collect()
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
