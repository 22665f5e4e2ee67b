//! Statements on rows, and the rest.

use super::Reader;
use crate::lint::event::{Event, Trait};
use crate::model::{Id, Kind};
use crate::source::Dialect;
use std::ops::Range;

impl Reader<'_> {
    pub(super) fn other(&self) -> Vec<Event> {
        let w = &self.words;
        match w.text(0).to_ascii_lowercase().as_str() {
            "truncate" => self.truncate(),
            "update" | "delete" => self.mutation(0, w.len()).into_iter().flatten().collect(),
            "with" => self.inside_with(),
            "insert" => self.at_name(w.skip(1, "INTO"), "insert"),
            "select" => vec![Event::run("select", self.nothing())],
            "lock" => self.at_name(w.skip(w.skip(1, "TABLE"), "ONLY"), "lock table"),
            "vacuum" => self.vacuum(),
            "cluster" => match self.at_name(w.skip(1, "VERBOSE"), "cluster") {
                found if found.is_empty() => vec![Event::run("cluster", self.nothing())],
                found => found,
            },
            "reindex" => self.reindex(),
            "refresh" => self.refresh(),
            "do" => vec![Event::run("do", self.nothing())],
            "call" => vec![Event::run("call", self.nothing())],
            "revoke" => vec![Event::run("revoke", self.nothing())],
            _ => vec![],
        }
    }

    /// For what is about no object.
    fn nothing(&self) -> Id {
        Id::new(Kind::Schema, [self.schema()])
    }

    fn at_name(&self, at: usize, what: &str) -> Vec<Event> {
        self.named(Kind::Table, at).map(|(id, end)| self.spotted(Event::run(what, id), 0..end)).into_iter().collect()
    }

    fn truncate(&self) -> Vec<Event> {
        let w = &self.words;
        let cascade = w.is(w.len() - 1, "cascade");
        let from = w.skip(1, "TABLE");
        let tables = self.parts(from, w.len());
        let events = tables.into_iter().filter_map(|part| {
            let (id, end) = self.named(Kind::Table, w.skip(part.start, "ONLY"))?;
            Some(self.spotted(Event::run("truncate", id).with_if(cascade, Trait::Cascade), 0..end))
        });
        events.collect()
    }

    /// `UPDATE t SET …`, `DELETE FROM t …` between two tokens.
    fn mutation(&self, from: usize, to: usize) -> Option<Vec<Event>> {
        let w = &self.words;
        let update = w.is(from, "update");
        let at = w.skip(w.skip(from + 1, "FROM"), "ONLY");
        let (id, end) = self.named(Kind::Table, at)?;
        let filtered = self.find(end..to, &["where"]).is_some();
        let event = Event::run(if update { "update" } else { "delete" }, id.clone());
        // What it uses, for what asks whether a label is in it.
        let event = Event { from: self.text(from..to).to_string(), ..event };
        let mut events = vec![self.spotted(event.with_if(!filtered, Trait::NoWhere), from..end)];
        events.extend(self.offset(&id, from..to));
        events.extend(if update { self.twice(&id, end..to) } else { None });
        Some(events)
    }

    /// The changes inside of a WITH; what stands in parentheses ends with them.
    fn inside_with(&self) -> Vec<Event> {
        let w = &self.words;
        let begins =
            |&i: &usize| w.any(i, &["update", "delete"]) && (w.after(i, "(") || w.after(i, ")")) && !w.after(i, "for");
        let all = (1..w.len()).filter(begins).collect::<Vec<_>>();
        all.into_iter().filter_map(|i| self.mutation(i, self.closing(i))).flatten().collect()
    }

    fn closing(&self, from: usize) -> usize {
        let mut depth = 0;
        for i in from..self.words.len() {
            match self.words.text(i) {
                "(" => depth += 1,
                ")" if depth == 0 => return i,
                ")" => depth -= 1,
                _ => {}
            }
        }
        self.words.len()
    }

    fn offset(&self, id: &Id, range: Range<usize>) -> Option<Event> {
        let at = range.clone().find(|&i| self.words.is(i, "offset"))?;
        Some(self.spotted(Event::run("offset batch", id.clone()), at..at + 2))
    }

    fn twice(&self, id: &Id, range: Range<usize>) -> Option<Event> {
        let w = &self.words;
        let set = self.find(range.clone(), &["set"])?;
        let end = self.find(set..range.end, &["where", "from", "returning"]).unwrap_or(range.end);
        let mut seen: Vec<String> = vec![];
        for part in self.parts(set + 1, end) {
            let name = w.name(part.start).filter(|_| w.is(part.start + 1, "="))?;
            if seen.contains(&name) {
                let event = Event { to: format!("`{name}`"), ..Event::run("assigned twice", id.clone()) };
                return Some(self.spotted(event, part));
            }
            seen.push(name);
        }
        None
    }

    fn vacuum(&self) -> Vec<Event> {
        let w = &self.words;
        if self.script.dialect == Dialect::Sqlite {
            return vec![];
        }
        let close = if w.is(1, "(") { (1..w.len()).find(|&i| w.is(i, ")")).unwrap_or(1) } else { 0 };
        let full = match close {
            0 => w.is(1, "full"),
            _ => (2..close).any(|i| w.is(i, "full") && !w.any(i + 1, &["false", "off", "0"])),
        };
        if !full {
            return vec![];
        }
        let mut at = if close > 0 { close + 1 } else { 2 };
        while w.any(at, &["freeze", "verbose", "analyze"]) {
            at += 1;
        }
        match self.at_name(at, "vacuum full") {
            found if found.is_empty() => vec![Event::run("vacuum full", self.nothing())],
            found => found,
        }
    }

    fn reindex(&self) -> Vec<Event> {
        let w = &self.words;
        let close = if w.is(1, "(") { (1..w.len()).find(|&i| w.is(i, ")")).unwrap_or(1) } else { 0 };
        let option = (1..close).any(|i| w.is(i, "concurrently") && !w.any(i + 1, &["false", "off", "0"]));
        let at = close + 1;
        let concurrently = option || w.is(at + 1, "concurrently");
        let Some((path, end)) = w.path(w.skip(at + 1, "CONCURRENTLY")) else { return vec![] };
        let kind = if w.is(at, "index") { Kind::Index } else { Kind::Table };
        let mut event = Event::run("reindex", self.id(kind, &path));
        if !w.any(at, &["index", "table"]) {
            event.table = None;
        }
        vec![self.spotted(event.with_if(concurrently, Trait::Concurrently), 0..end)]
    }

    fn refresh(&self) -> Vec<Event> {
        let w = &self.words;
        let i = w.skip(1, "MATERIALIZED VIEW");
        let at = w.skip(i, "CONCURRENTLY");
        // Without data nothing is computed: it is emptied, in a moment.
        let found = self.named(Kind::MaterializedView, at).filter(|_| !self.has(at..w.len(), "WITH NO DATA"));
        let event = found.map(|(id, end)| self.spotted(Event::run("refresh", id), 0..end));
        event.into_iter().map(|e| e.with_if(at > i, Trait::Concurrently)).collect()
    }
}
