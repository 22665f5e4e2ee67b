//! What a statement does as far as its text tells: for what is not run, and for what running it does not show.
//!
//! By words, not by a grammar, as all of msr reads what the user wrote: sqlparser knows 61 % of what PostgreSQL accepts, and a
//! statement that it can't read would go unseen. Where the statement runs on scratch, the catalogs have the last word.

mod alter;
mod column;
mod create;
mod drop;
mod rows;
mod session;

use super::event::{Event, Trait};
use crate::model::{Id, Kind};
use crate::source::Dialect;
use crate::source::script::{Script, Words};
use std::collections::BTreeSet;
use std::ops::Range;

/// What can be renamed, moved and dropped, by its words.
const NAMED: &[(&str, Kind)] = &[
    ("MATERIALIZED VIEW", Kind::MaterializedView),
    ("FOREIGN TABLE", Kind::ForeignTable),
    ("TABLE", Kind::Table),
    ("VIEW", Kind::View),
    ("INDEX", Kind::Index),
    ("SEQUENCE", Kind::Sequence),
    ("TYPE", Kind::Enum),
    ("DOMAIN", Kind::Domain),
    ("FUNCTION", Kind::Function),
    ("PROCEDURE", Kind::Function),
    ("SCHEMA", Kind::Schema),
    ("EXTENSION", Kind::Extension),
];

/// The events of a script, statement by statement.
pub fn read(script: &Script, in_transaction: bool) -> Vec<Vec<Event>> {
    let mut session = session::Session::new(in_transaction);
    let mut made: BTreeSet<Vec<Box<str>>> = BTreeSet::new();
    let mut proved: BTreeSet<Id> = BTreeSet::new();
    let mut all: Vec<Vec<Event>> = (0..script.statements.len())
        .map(|at| {
            let reader = Reader { script, at, words: script.words(at) };
            let mut events = reader.statement();
            session.place(&reader, &mut events);
            mark_new(&mut events, &mut made);
            mark_proved(&mut events, &mut proved);
            events
        })
        .collect();
    if let (Some(event), Some(last)) = (session.end(), all.last_mut()) {
        last.push(event);
    }
    all
}

/// A validated check of the table is taken for the proof that a column holds no NULL: where the statement can be run it shows.
fn mark_proved(events: &mut [Event], proved: &mut BTreeSet<Id>) {
    for event in events {
        let Some(table) = event.table.clone() else { continue };
        if event.is_run("validate") {
            proved.insert(table);
        } else if event.attr == "not_null" && proved.contains(&table) {
            event.traits.remove(Trait::Scans);
        }
    }
}

/// What the script itself has made, nobody waits for.
fn mark_new(events: &mut [Event], made: &mut BTreeSet<Vec<Box<str>>>) {
    use super::event::Verb;
    for event in events.iter_mut() {
        let relation = event.table.as_ref().unwrap_or(&event.id).path.to_vec();
        if event.verb == Verb::Add && event.table.as_ref() == Some(&event.id) {
            made.insert(relation.clone());
        }
        if made.contains(&relation) {
            event.traits.add(Trait::New);
        }
        if event.verb == Verb::Drop && event.id.kind == Kind::Table {
            made.remove(&relation);
        }
    }
}

pub(super) struct Reader<'a> {
    script: &'a Script,
    at: usize,
    words: Words<'a>,
}

impl<'a> Reader<'a> {
    fn statement(&self) -> Vec<Event> {
        let w = &self.words;
        let mut events = if w.is(0, "create") {
            self.create()
        } else if w.is(0, "alter") {
            self.alter()
        } else if w.is(0, "drop") {
            self.drop()
        } else {
            self.other()
        };
        events.extend(self.too_long());
        for event in &mut events {
            event.traits.add(Trait::TextOnly);
            if event.spot.is_none() {
                event.spot = Some((self.at, self.script.bytes(self.at, 0..self.lead())));
            }
        }
        events
    }

    /// The first words of the statement: what a caret points at when it is about all of it.
    fn lead(&self) -> usize {
        (1..6.min(self.words.len())).find(|&i| !self.words.is_word(i)).unwrap_or(6.min(self.words.len())).max(1)
    }

    fn schema(&self) -> &'static str {
        if self.script.dialect == Dialect::Postgres { "public" } else { "main" }
    }

    /// The path with its schema.
    fn full(&self, path: &[String]) -> Vec<String> {
        let folded = |name: &String| match self.script.dialect {
            Dialect::Postgres => name.clone(),
            Dialect::Sqlite => name.to_lowercase(),
        };
        match path {
            [one] => vec![self.schema().to_string(), folded(one)],
            // The database's name may stand before the schema's.
            [.., schema, name] => vec![folded(schema), folded(name)],
            [] => vec![self.schema().to_string(), String::new()],
        }
    }

    fn id(&self, kind: Kind, path: &[String]) -> Id {
        Id::new(kind, self.full(path))
    }

    /// The name at a token as an id, and where it ends.
    fn named(&self, kind: Kind, i: usize) -> Option<(Id, usize)> {
        let (path, next) = self.words.path(i)?;
        Some((self.id(kind, &path), next))
    }

    fn spotted(&self, event: Event, tokens: Range<usize>) -> Event {
        Event { spot: Some((self.at, self.script.bytes(self.at, tokens))), ..event }
    }

    /// Where the parts between commas are, outside of parentheses; ends before a `)` that closes more than was opened.
    fn parts(&self, from: usize, to: usize) -> Vec<Range<usize>> {
        let (mut depth, mut begin, mut parts) = (0usize, from, vec![]);
        let mut at = from;
        while at < to {
            match self.words.text(at) {
                "(" | "[" => depth += 1,
                ")" | "]" if depth == 0 => break,
                ")" | "]" => depth -= 1,
                "," if depth == 0 => {
                    parts.push(begin..at);
                    begin = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
        if begin < at {
            parts.push(begin..at);
        }
        parts
    }

    /// The first of these words in the range, outside of parentheses.
    fn find(&self, range: Range<usize>, want: &[&str]) -> Option<usize> {
        let mut depth = 0usize;
        for i in range {
            match self.words.text(i) {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ if depth == 0 && self.words.any(i, want) => return Some(i),
                _ => {}
            }
        }
        None
    }

    fn has(&self, range: Range<usize>, words: &str) -> bool {
        range.into_iter().any(|i| self.words.skip(i, words) > i)
    }

    /// The user's text of some tokens.
    fn text(&self, tokens: Range<usize>) -> &'a str {
        if tokens.is_empty() { "" } else { &self.script.file.text[self.script.bytes(self.at, tokens)] }
    }

    fn too_long(&self) -> Option<Event> {
        if self.script.dialect != Dialect::Postgres {
            return None;
        }
        let long = |&i: &usize| {
            let text = self.words.text(i);
            let quotes = if text.starts_with('"') { 2 } else { 0 };
            self.words.is_name(i) && text.len() - quotes.min(text.len()) > 63
        };
        let at = (0..self.words.len()).find(long)?;
        let mut event = Event::run("too long", self.id(Kind::Table, &[self.words.name(at)?]));
        event.table = None;
        event.to = format!("`{}`", self.words.text(at));
        Some(self.spotted(event, at..at + 1))
    }

    /// That a relation is named without its schema.
    fn unqualified(&self, i: usize) -> Option<Event> {
        let (path, end) = self.words.path(i)?;
        let bare = path.len() == 1 && self.script.dialect == Dialect::Postgres;
        bare.then(|| self.spotted(Event::run("unqualified", self.id(Kind::Table, &path)), i..end))
    }
}
