//! What a rule is: a record, and most often nothing else.

use super::event::{Event, Trait, Traits, Verb};
use super::scene::Scene;
use crate::model::Kind;
pub use crate::plan::Level;

/// One thing that lint finds.
pub struct Rule {
    /// Named for what it finds; never used again for something else.
    pub id: &'static str,
    pub level: Level,
    /// One line, for lists.
    pub title: &'static str,
    /// What is said of a finding; `{id}`, `{name}`, `{table}`, `{from}` and `{to}` stand for the event's.
    pub what: &'static str,
    /// What happens to a running application, or to the data.
    pub why: &'static str,
    /// What to do instead.
    pub advice: &'static str,
    pub engines: &'static [&'static str],
    /// What the time that it blocks depends on.
    pub cost: Cost,
    pub check: Check,
    /// What it finds is true for the moment only: it is shown, and no plan file keeps it.
    pub momentary: bool,
}

/// What is waited for while it runs: of a table that has little of it, the finding is only a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// The same at any size.
    Any,
    Scan,
    Index,
    Rewrite,
}

impl Cost {
    pub fn is_little(self, event: &Event) -> bool {
        match self {
            Cost::Any => false,
            Cost::Scan => event.is(Trait::LittleToScan),
            Cost::Index => event.is(Trait::LittleToIndex),
            Cost::Rewrite => event.is(Trait::LittleToRewrite),
        }
    }
}

pub enum Check {
    /// One of these fits the event.
    When(&'static [When]),
    /// The events, by their number, that are found in the whole.
    Whole(fn(&Scene) -> Vec<Hit>),
}

/// An event that a rule found, and what it says of it where that is not the record's.
pub struct Hit {
    pub event: usize,
    pub what: Option<String>,
}

impl Hit {
    pub fn at(event: usize) -> Hit {
        Hit { event, what: None }
    }

    pub fn says(event: usize, what: impl Into<String>) -> Hit {
        Hit { event, what: Some(what.into()) }
    }
}

/// A shape of event.
#[derive(Clone, Copy)]
pub struct When {
    verb: Verb,
    /// Empty is any.
    kinds: &'static [Kind],
    /// Empty is any.
    attr: &'static str,
    is: Traits,
    not: Traits,
}

const fn when(verb: Verb, kinds: &'static [Kind], attr: &'static str) -> When {
    // Nobody waits for a table that the same plan makes, and what comes back was not dropped.
    When { verb, kinds, attr, is: Traits::NONE, not: Traits::of(&[Trait::New, Trait::Temporary]) }
}

pub const fn add(kinds: &'static [Kind]) -> When {
    when(Verb::Add, kinds, "")
}

pub const fn drop(kinds: &'static [Kind]) -> When {
    when(Verb::Drop, kinds, "").not(&[Trait::Returns, Trait::WithColumn, Trait::Parked])
}

pub const fn set(kinds: &'static [Kind], attr: &'static str) -> When {
    when(Verb::Set, kinds, attr)
}

pub const fn rename(kinds: &'static [Kind]) -> When {
    when(Verb::Rename, kinds, "").not(&[Trait::Parked])
}

pub const fn run(what: &'static str) -> When {
    when(Verb::Run, &[], what)
}

impl When {
    pub const fn is(mut self, all: &[Trait]) -> When {
        self.is = self.is.and(Traits::of(all));
        self
    }

    pub const fn not(mut self, any: &[Trait]) -> When {
        self.not = self.not.and(Traits::of(any));
        self
    }

    /// New tables too.
    pub const fn even_new(mut self) -> When {
        self.not = Traits::of(&[Trait::Temporary]);
        self
    }

    /// Nothing but what is asked for.
    pub const fn even(mut self, not: &[Trait]) -> When {
        self.not = Traits::of(not);
        self
    }

    pub fn fits(&self, event: &Event) -> bool {
        self.verb == event.verb
            && (self.kinds.is_empty() || self.kinds.contains(&event.id.kind))
            && (self.attr.is_empty() || self.attr == event.attr)
            && event.traits.has_all(self.is)
            && !event.traits.has_any(self.not)
    }
}

impl Rule {
    /// What all the records have in common, so that each says only what is its own.
    pub const fn new(id: &'static str, level: Level, title: &'static str, check: Check) -> Rule {
        Rule { id, level, title, what: "", why: "", advice: "", engines: ALL, cost: Cost::Any, check, momentary: false }
    }

    pub const fn what(mut self, what: &'static str) -> Rule {
        self.what = what;
        self
    }

    pub const fn why(mut self, why: &'static str) -> Rule {
        self.why = why;
        self
    }

    pub const fn advice(mut self, advice: &'static str) -> Rule {
        self.advice = advice;
        self
    }

    pub const fn on(mut self, engines: &'static [&'static str]) -> Rule {
        self.engines = engines;
        self
    }

    pub const fn cost(mut self, cost: Cost) -> Rule {
        self.cost = cost;
        self
    }

    pub const fn momentary(mut self) -> Rule {
        self.momentary = true;
        self
    }
}

pub const ALL: &[&str] = &["postgres", "sqlite"];
pub const POSTGRES: &[&str] = &["postgres"];
pub const SQLITE: &[&str] = &["sqlite"];

pub const fn deny(id: &'static str, title: &'static str, check: Check) -> Rule {
    Rule::new(id, Level::Deny, title, check)
}

pub const fn warn(id: &'static str, title: &'static str, check: Check) -> Rule {
    Rule::new(id, Level::Warn, title, check)
}

/// Nothing is said of it unless the settings give it a level.
pub const fn off(id: &'static str, title: &'static str, check: Check) -> Rule {
    Rule::new(id, Level::Allow, title, check)
}

pub const fn note(id: &'static str, title: &'static str, check: Check) -> Rule {
    Rule::new(id, Level::Note, title, check)
}
