//! ALTER …

use super::{NAMED, Reader};
use crate::lint::event::{Event, Trait, Verb};
use crate::lint::types;
use crate::model::{Id, Kind};
use std::ops::Range;

impl Reader<'_> {
    pub(super) fn alter(&self) -> Vec<Event> {
        let w = &self.words;
        let Some((kind, at)) = NAMED.iter().find_map(|(words, kind)| {
            let next = w.skip(1, words);
            (next > 1).then_some((*kind, next))
        }) else {
            return vec![];
        };
        let at = w.skip(w.skip(w.skip(at, "ALL IN"), "IF EXISTS"), "ONLY");
        if kind == Kind::Schema || kind == Kind::Extension {
            return self.alter_whole(kind, at).into_iter().collect();
        }
        let Some((id, next)) = self.named(kind, at) else { return vec![] };
        let next = w.skip(next, "*");
        let mut events = match kind {
            Kind::Table | Kind::ForeignTable => {
                self.parts(next, w.len()).into_iter().flat_map(|part| self.action(&id, part)).collect()
            }
            Kind::Enum => self.alter_type(&id, next),
            Kind::Domain => self.alter_domain(&id, next),
            _ => self.renamed(&id, next..w.len()).into_iter().collect(),
        };
        if kind == Kind::Table {
            events.extend(self.unqualified(at));
        }
        events
    }

    fn alter_whole(&self, kind: Kind, at: usize) -> Option<Event> {
        let w = &self.words;
        let name = w.name(at)?;
        if kind == Kind::Extension {
            return w.is(at + 1, "update").then(|| Event::set(Id::new(kind, [name]), "version"));
        }
        let to = w.name(w.skip(at + 1, "RENAME TO")).filter(|_| w.is(at + 1, "rename"))?;
        let mut event = Event::new(Verb::Rename, Id::new(kind, [to]));
        event.from = name;
        Some(event)
    }

    /// `RENAME TO name`, `SET SCHEMA name`
    fn renamed(&self, id: &Id, range: Range<usize>) -> Option<Event> {
        let w = &self.words;
        let i = range.start;
        let (to, moves) = if w.skip(i, "RENAME TO") > i {
            (Id::new(id.kind, [id.at(0), &w.name(i + 2)?]), false)
        } else if w.skip(i, "SET SCHEMA") > i {
            (Id::new(id.kind, [w.name(i + 2)?.as_str(), id.at(1)]), true)
        } else if w.skip(i, "SET TABLESPACE") > i {
            return Some(self.spotted(Event::run("set tablespace", id.clone()), range));
        } else {
            return None;
        };
        let mut event = Event::new(Verb::Rename, to).with_if(moves, Trait::Moves);
        event.from = if moves { id.path.join(".") } else { id.name().to_string() };
        event.table = Some(id.clone()).filter(|_| matches!(id.kind, Kind::Table | Kind::ForeignTable));
        Some(self.spotted(event, range))
    }

    fn alter_type(&self, id: &Id, at: usize) -> Vec<Event> {
        let w = &self.words;
        if w.skip(at, "ADD VALUE") > at {
            let i = w.skip(at + 2, "IF NOT EXISTS");
            let placed = w.any(i + 1, &["before", "after"]);
            let mut event = Event::run("add value", id.clone()).with_if(placed, Trait::Placed);
            event.to = w.text(i).to_string();
            return vec![event];
        }
        if w.skip(at, "RENAME VALUE") > at {
            let mut event = Event::run("rename value", id.clone());
            (event.from, event.to) = (w.text(at + 2).to_string(), w.text(at + 4).to_string());
            return vec![event];
        }
        if w.skip(at, "RENAME ATTRIBUTE") > at {
            let Some(to) = w.name(at + 4) else { return vec![] };
            let mut event = Event::new(Verb::Rename, id.below(Kind::Attribute, &to));
            event.from = w.name(at + 2).unwrap_or_default();
            return vec![event];
        }
        let attribute = |verb| w.name(at + 2).map(|name| Event::new(verb, id.below(Kind::Attribute, &name)));
        if w.skip(at, "ADD ATTRIBUTE") > at {
            return attribute(Verb::Add).into_iter().collect();
        }
        if w.skip(at, "DROP ATTRIBUTE") > at {
            return attribute(Verb::Drop).into_iter().collect();
        }
        self.renamed(id, at..w.len()).into_iter().collect()
    }

    fn alter_domain(&self, id: &Id, at: usize) -> Vec<Event> {
        let w = &self.words;
        if w.is(at, "add") {
            let name = if w.is(at + 1, "constraint") { w.name(at + 2) } else { None };
            let own = name.unwrap_or_else(|| format!("{}_check", id.name()));
            let valid = !self.has(at..w.len(), "NOT VALID");
            let event = Event::new(Verb::Add, id.below(Kind::DomainCheck, &own)).with_if(!valid, Trait::NotValid);
            return vec![event];
        }
        if w.skip(at, "SET NOT NULL") > at {
            return vec![Event::set(id.clone(), "not_null").with(Trait::Sets)];
        }
        if w.is(at, "validate") {
            return vec![Event::run("validate domain", id.clone())];
        }
        self.renamed(id, at..w.len()).into_iter().collect()
    }

    /// One action of ALTER TABLE.
    fn action(&self, table: &Id, range: Range<usize>) -> Vec<Event> {
        let w = &self.words;
        let i = range.start;
        let one = |event: Event| vec![self.spotted(event, range.clone())];
        match w.text(i).to_ascii_lowercase().as_str() {
            "add" => self.added(table, range),
            "drop" => self.dropped(table, range),
            "alter" => self.altered(table, range),
            "rename" => self.rename(table, range).into_iter().collect(),
            "validate" => {
                let name = w.name(w.skip(i + 1, "CONSTRAINT")).unwrap_or_default();
                one(Event::run("validate", table.below(Kind::Check, &name)))
            }
            "attach" | "detach" => self.partition(range).into_iter().collect(),
            "set" => self.set_table(table, range),
            "inherit" => one(Event::new(Verb::Add, table.of_kind(Kind::Inheritance))),
            "no" if w.is(i + 1, "inherit") => one(Event::new(Verb::Drop, table.of_kind(Kind::Inheritance))),
            "replica" => one(Event::set(table.clone(), "replica_identity")),
            "enable" | "disable" | "force" => self.switch(table, range),
            _ => vec![],
        }
    }

    fn added(&self, table: &Id, range: Range<usize>) -> Vec<Event> {
        let w = &self.words;
        if let Some(event) = self.constraint(table, range.start + 1..range.end) {
            return vec![self.spotted(event, range)];
        }
        let column = w.skip(range.start + 1, "COLUMN");
        let at = w.skip(column, "IF NOT EXISTS");
        // SQLite can't add what other engines add with a column; which it can is the engine's to say.
        let events = self.column(table, at..range.end).into_iter();
        events.map(|e| e.with_if(at > column, Trait::IfNotExists)).collect()
    }

    fn dropped(&self, table: &Id, range: Range<usize>) -> Vec<Event> {
        let w = &self.words;
        let cascade = w.is(range.end - 1, "cascade");
        let i = range.start + 1;
        let event = if w.is(i, "constraint") {
            w.name(w.skip(i + 1, "IF EXISTS")).map(|name| Event::new(Verb::Drop, table.below(guess(&name), &name)))
        } else {
            let at = w.skip(w.skip(i, "COLUMN"), "IF EXISTS");
            w.name(at).map(|name| Event::new(Verb::Drop, table.below(Kind::Column, &name)))
        };
        event.into_iter().map(|e| self.spotted(e.with_if(cascade, Trait::Cascade), range.clone())).collect()
    }

    /// `ALTER [COLUMN] name …`
    fn altered(&self, table: &Id, range: Range<usize>) -> Vec<Event> {
        let w = &self.words;
        if w.is(range.start + 1, "constraint") {
            let name = w.name(range.start + 2).unwrap_or_default();
            return vec![self.spotted(Event::run("alter constraint", table.below(Kind::Check, &name)), range)];
        }
        let at = w.skip(range.start + 1, "COLUMN");
        let Some(name) = w.name(at) else { return vec![] };
        let column = table.below(Kind::Column, &name);
        let i = at + 1;
        let is = |words: &str| w.skip(i, words) > i;
        let set = |attr| Event::set(column.clone(), attr);
        let typed = w.skip(w.skip(i, "SET DATA"), "TYPE");
        let event = match () {
            _ if is("TYPE") || is("SET DATA TYPE") => {
                let end = self.find(typed..range.end, &["using", "collate"]).unwrap_or(range.end);
                let mut event = set("type").with(Trait::Rewrites);
                event.to = self.text(typed..end).to_string();
                types::describe(&mut event.traits, &event.to.clone());
                event
            }
            _ if is("SET NOT NULL") => set("not_null").with(Trait::Sets).with(Trait::Scans),
            _ if is("DROP NOT NULL") => set("not_null").with(Trait::Unsets),
            _ if is("SET DEFAULT") => {
                let default = Event::set(column.of_kind(Kind::Default), "expression").with(Trait::Sets);
                Event { to: self.text(i + 2..range.end).to_string(), ..default.with(Trait::Unsets) }
            }
            _ if is("DROP DEFAULT") => Event::new(Verb::Drop, column.of_kind(Kind::Default)),
            _ if is("SET EXPRESSION") => set("generated").with(Trait::Sets),
            _ if is("DROP EXPRESSION") => set("generated").with(Trait::Unsets),
            _ if is("ADD GENERATED") || is("SET GENERATED") => {
                set("identity").with(Trait::Sets).with_if(w.is(i + 2, "always"), Trait::Always)
            }
            _ if is("DROP IDENTITY") => set("identity").with(Trait::Unsets),
            _ if is("SET STATISTICS") => set("statistics"),
            _ if is("SET STORAGE") => set("storage"),
            _ if is("SET COMPRESSION") => set("compression"),
            _ => return vec![],
        };
        vec![self.spotted(event, range)]
    }

    fn rename(&self, table: &Id, range: Range<usize>) -> Option<Event> {
        let w = &self.words;
        let i = range.start;
        if w.is(i + 1, "to") {
            return self.renamed(table, range);
        }
        let constraint = w.is(i + 1, "constraint");
        let at = w.skip(w.skip(i + 1, "COLUMN"), "CONSTRAINT");
        let (from, to) = (w.name(at)?, w.name(at + 2)?);
        let kind = if constraint { guess(&from) } else { Kind::Column };
        let mut event = Event::new(Verb::Rename, table.below(kind, &to));
        event.from = from;
        Some(self.spotted(event, range))
    }

    fn partition(&self, range: Range<usize>) -> Option<Event> {
        let w = &self.words;
        let (part, next) = self.named(Kind::Attachment, w.skip(range.start + 1, "PARTITION"))?;
        let event = match w.is(range.start, "attach") {
            true => Event::new(Verb::Add, part).with(Trait::Scans),
            // What was cancelled is brought to its end, which blocks nobody.
            false if w.is(next, "finalize") => return None,
            false => Event::new(Verb::Drop, part).with_if(w.is(next, "concurrently"), Trait::Concurrently),
        };
        Some(self.spotted(event, range))
    }

    fn set_table(&self, table: &Id, range: Range<usize>) -> Vec<Event> {
        let w = &self.words;
        let i = range.start + 1;
        let event = match () {
            _ if w.any(i, &["logged", "unlogged"]) => Event::set(table.clone(), "unlogged"),
            _ if w.is(i, "access") => Event::set(table.clone(), "method"),
            _ if w.any(i, &["schema", "tablespace"]) => return self.renamed(table, range).into_iter().collect(),
            _ => return vec![],
        };
        vec![self.spotted(event, range)]
    }

    /// `ENABLE`, `DISABLE`, `FORCE` and `NO FORCE`.
    fn switch(&self, table: &Id, range: Range<usize>) -> Vec<Event> {
        let w = &self.words;
        let i = range.start;
        let event = if self.has(range.clone(), "ROW LEVEL SECURITY") {
            Event::set(table.clone(), "row_security")
        } else if self.has(range.clone(), "TRIGGER") {
            let name = w.name(range.end - 1).unwrap_or_default();
            Event::set(table.below(Kind::Trigger, &name), "enabled").with_if(w.is(i, "disable"), Trait::Unsets)
        } else {
            return vec![];
        };
        vec![self.spotted(event, range)]
    }
}

/// The kind of a constraint by the name that the server would have given it; catalogs know better, where there are any.
pub(super) fn guess(name: &str) -> Kind {
    let ends = |suffix: &str| name.ends_with(suffix);
    match () {
        _ if ends("_pkey") || ends("_pk") => Kind::PrimaryKey,
        _ if ends("_fkey") || ends("_fk") => Kind::ForeignKey,
        _ if ends("_key") || ends("_unique") || ends("_uniq") => Kind::Unique,
        _ => Kind::Check,
    }
}
