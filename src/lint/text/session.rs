//! Transactions and settings, from one statement of a script to the next.

use super::Reader;
use crate::lint::event::{Event, Trait};
use crate::model::{Id, Kind};

pub(super) struct Session {
    /// The tool that runs the script begins and ends a transaction of its own.
    outer: bool,
    /// Begun by the script, and where.
    begun: Option<Event>,
    number: usize,
}

/// A lock_timeout that is longer makes others wait too long behind it; one try of 1.5 s is what displaces an autovacuum.
const LONG: u64 = 1_500;
/// A statement_timeout that is shorter ends what reads a large table.
const SHORT: u64 = 600_000;

impl Session {
    pub fn new(in_transaction: bool) -> Session {
        Session { outer: in_transaction, begun: None, number: 0 }
    }

    fn inside(&self) -> bool {
        self.outer || self.begun.is_some()
    }

    /// Says of the events in which transaction they are, and adds those about transactions and settings.
    pub fn place(&mut self, reader: &Reader, events: &mut Vec<Event>) {
        let words = &reader.words;
        let spot = Some((reader.at, reader.script.bytes(reader.at, 0..reader.lead())));
        let run = |what: &str| {
            let event = Event { table: None, ..Event::run(what, Id::new(Kind::Schema, [reader.schema()])) };
            Event { spot: spot.clone(), ..event }
        };
        let begins = words.is(0, "begin") || words.skip(0, "START TRANSACTION") > 0;
        let ends = words.any(0, &["commit", "end", "rollback", "abort"])
            && !words.any(1, &["prepared", "to"])
            && !(words.is(1, "transaction") && words.is(2, "to"));
        if begins {
            match self.inside() {
                true => events.push(run("nested begin")),
                false => self.number += 1,
            }
            if self.begun.is_none() {
                self.begun = Some(run("uncommitted"));
            }
        } else if ends {
            if self.outer || self.begun.is_none() {
                events.push(run("stray commit"));
            }
            self.begun = None;
        }
        self.settings(reader, events, &run);
        let inside = self.inside();
        for event in events.iter_mut().filter(|_| inside) {
            event.traits.add(Trait::InTransaction);
            event.tx = Some(self.number);
        }
    }

    /// `SET [LOCAL] name = value`, `PRAGMA name = value`
    fn settings(&self, reader: &Reader, events: &mut Vec<Event>, run: &dyn Fn(&str) -> Event) {
        let words = &reader.words;
        if words.is(0, "pragma") && words.is(1, "foreign_keys") && words.any(3, &["off", "0", "false", "no"]) {
            events.push(run("set foreign_keys"));
        }
        if !words.is(0, "set") && !(words.is(0, "reset")) {
            return;
        }
        let local = words.is(1, "local");
        let at = if local || words.is(1, "session") { 2 } else { 1 };
        let Some(name) = words.name(at).map(|n| n.to_lowercase()) else { return };
        let value: String = (at + 2..words.len()).map(|i| words.text(i)).collect::<Vec<_>>().join(" ");
        let value = value.trim_matches('\'').to_string();
        let time = if words.is(0, "reset") { Some(0) } else { milliseconds(&value) };
        if ["lock_timeout", "statement_timeout"].contains(&name.as_str()) {
            let mut event = run(&format!("set {name}"));
            event.to = if time == Some(0) { "0".into() } else { value };
            event = event.with_if(name == "lock_timeout" && time.is_some_and(|t| t > LONG), Trait::Wide);
            event = event.with_if(time.is_some_and(|t| t > 0 && t < SHORT), Trait::Narrow);
            events.push(event);
        }
        if local {
            let mut event = run("set local");
            event.to = name;
            events.push(event);
        }
    }

    /// What is left open.
    pub fn end(&self) -> Option<Event> {
        self.begun.clone().filter(|_| !self.outer)
    }
}

/// As PostgreSQL reads a time: without a unit, milliseconds.
fn milliseconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(unit)
}
