//! CREATE …

use super::Reader;
use crate::lint::event::{Event, Trait, Verb};
use crate::model::{Id, Kind};

/// What is made, by the words for it, where nothing more is asked about it.
const PLAIN: &[(&str, Kind)] = &[
    ("MATERIALIZED VIEW", Kind::MaterializedView),
    ("VIEW", Kind::View),
    ("EXTENSION", Kind::Extension),
    ("SCHEMA", Kind::Schema),
    ("SEQUENCE", Kind::Sequence),
    ("FUNCTION", Kind::Function),
    ("PROCEDURE", Kind::Function),
];

const MODIFIERS: &[&str] =
    &["or", "replace", "global", "local", "temp", "temporary", "unlogged", "recursive", "constraint"];

impl Reader<'_> {
    pub(super) fn create(&self) -> Vec<Event> {
        let w = &self.words;
        let mut i = 1;
        while w.any(i, MODIFIERS) {
            i += 1;
        }
        let temporary = (1..i).any(|k| w.any(k, &["temp", "temporary"]));
        let replaces = (1..i).any(|k| w.is(k, "replace"));
        if w.is(i, "table") {
            return self.create_table(i + 1, temporary);
        }
        if w.is(i, "index") || w.skip(i, "UNIQUE INDEX") > i {
            return self.create_index(i);
        }
        if w.is(i, "type") && self.has(i..w.len().min(i + 8), "AS ENUM") {
            return self.named(Kind::Enum, i + 1).map(|(id, _)| Event::new(Verb::Add, id)).into_iter().collect();
        }
        if w.is(i, "domain") {
            return self.create_domain(i + 1);
        }
        if w.is(i, "trigger") || w.is(i, "policy") {
            let kind = if w.is(i, "trigger") { Kind::Trigger } else { Kind::Policy };
            return self.of_table(kind, i + 1).into_iter().filter(|_| !replaces).collect();
        }
        let plain = PLAIN.iter().find_map(|(words, kind)| {
            let next = w.skip(i, words);
            (next > i).then(|| (*kind, w.skip(next, "IF NOT EXISTS")))
        });
        let Some((kind, at)) = plain.filter(|_| !replaces) else { return vec![] };
        let event = match kind {
            Kind::Schema | Kind::Extension => w.name(at).map(|name| Event::new(Verb::Add, Id::new(kind, [name]))),
            _ => self.named(kind, at).map(|(id, _)| Event::new(Verb::Add, id)),
        };
        event.into_iter().map(|e| e.with_if(temporary, Trait::Temporary)).collect()
    }

    /// `name … ON table`
    pub(super) fn of_table(&self, kind: Kind, at: usize) -> Option<Event> {
        let verb = if self.words.is(0, "drop") { Verb::Drop } else { Verb::Add };
        let at = self.words.skip(self.words.skip(at, "IF EXISTS"), "IF NOT EXISTS");
        let name = self.words.name(at)?;
        let on = self.find(at + 1..self.words.len(), &["on"]);
        match on.and_then(|on| self.named(Kind::Table, self.words.skip(on + 1, "ONLY"))) {
            Some((table, _)) => Some(Event::new(verb, table.below(kind, &name))),
            // SQLite's triggers are dropped without their table.
            None => Some(Event::new(verb, self.id(kind, &[name]))),
        }
    }

    fn create_table(&self, at: usize, temporary: bool) -> Vec<Event> {
        let w = &self.words;
        let exists = w.skip(at, "IF NOT EXISTS");
        let Some((table, next)) = self.named(Kind::Table, exists) else { return vec![] };
        let partition = w.skip(next, "PARTITION OF") > next;
        let event = Event::new(Verb::Add, table.clone()).with_if(partition, Trait::Partition);
        let mut events = vec![self.spotted(event.with_if(exists > at, Trait::IfNotExists), 0..next)];
        let query = w.is(next, "as") || w.is(next, "of");
        if w.is(next, "(") {
            for part in self.parts(next + 1, w.len()) {
                match self.constraint(&table, part.clone()) {
                    Some(event) => events.push(event.with(Trait::Inline)),
                    None if w.any(part.start, &["like", "period"]) => events.push(Event::run("like", table.clone())),
                    None => events.extend(self.column(&table, part)),
                }
            }
        }
        self.keys_of_new(&mut events, partition || query);
        for event in &mut events {
            event.traits.add(Trait::New);
            if temporary {
                event.traits.add(Trait::Temporary);
            }
        }
        if !temporary {
            events.extend(self.unqualified(exists));
        }
        events
    }

    /// Whether the table has a primary key, and whether that is narrow.
    fn keys_of_new(&self, events: &mut [Event], unknown: bool) {
        let narrow: Vec<String> = events
            .iter()
            .filter(|e| e.id.kind == Kind::Column && e.is(Trait::Narrow))
            .map(|e| e.id.name().to_string())
            .collect();
        let mut has_key = unknown || events.iter().any(|e| e.is_run("like"));
        for event in events.iter_mut().filter(|e| e.id.kind == Kind::PrimaryKey) {
            has_key = true;
            if !event.columns.is_empty() && event.columns.iter().all(|c| narrow.contains(c)) {
                event.traits.add(Trait::Narrow);
            }
        }
        if let Some(table) = events.first_mut().filter(|_| !has_key) {
            table.traits.add(Trait::NoKey);
        }
    }

    fn create_index(&self, at: usize) -> Vec<Event> {
        let w = &self.words;
        let unique = w.is(at, "unique");
        let mut i = w.skip(w.skip(at, "UNIQUE"), "INDEX");
        let concurrently = w.is(i, "concurrently");
        i = w.skip(i, "CONCURRENTLY");
        let exists = w.skip(i, "IF NOT EXISTS");
        let Some(on) = self.find(exists..w.len(), &["on"]) else { return vec![] };
        let relation = w.skip(on + 1, "ONLY");
        let Some((table, next)) = self.named(Kind::Table, relation) else { return vec![] };
        let name = if on > exists { w.path(exists).and_then(|(p, _)| p.last().cloned()) } else { None };
        let mut event = Event::new(Verb::Add, Id::new(Kind::Index, [table.at(0), &name.clone().unwrap_or_default()]));
        event.table = Some(table);
        let open = (next..w.len()).find(|&i| w.is(i, "("));
        let columns = open.map_or(vec![], |open| self.parts(open + 1, w.len()));
        event.columns = columns.iter().filter_map(|c| w.name(c.start)).collect();
        let event = event
            .with_if(concurrently, Trait::Concurrently)
            .with_if(exists > i, Trait::IfNotExists)
            .with_if(unique, Trait::IsUnique)
            .with_if(relation > on + 1, Trait::Inline)
            .with_if(columns.len() > 3, Trait::Wide)
            .with_if(w.skip(next, "USING HASH") > next, Trait::Hash);
        let event = self.spotted(event, 0..next);
        std::iter::once(event).chain(self.unqualified(relation)).collect()
    }

    fn create_domain(&self, at: usize) -> Vec<Event> {
        let Some((domain, next)) = self.named(Kind::Domain, at) else { return vec![] };
        let mut events = vec![Event::new(Verb::Add, domain.clone())];
        if let Some(i) = self.find(next..self.words.len(), &["check", "not", "constraint"]) {
            let name = format!("{}_check", domain.name());
            let event = Event::new(Verb::Add, domain.below(Kind::DomainCheck, &name));
            events.push(self.spotted(event.with(Trait::Inline).with(Trait::New), i..self.words.len()));
        }
        events
    }
}
