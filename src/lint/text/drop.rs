//! DROP …

use super::{NAMED, Reader};
use crate::lint::event::{Event, Trait, Verb};
use crate::model::{Id, Kind};

/// What can be dropped besides.
const MORE: &[(&str, Kind)] = &[("AGGREGATE", Kind::Aggregate), ("TRIGGER", Kind::Trigger), ("POLICY", Kind::Policy)];

impl Reader<'_> {
    pub(super) fn drop(&self) -> Vec<Event> {
        let w = &self.words;
        if w.is(1, "database") {
            let name = w.name(w.skip(2, "IF EXISTS")).unwrap_or_default();
            return vec![Event { table: None, ..Event::run("drop database", Id::new(Kind::Schema, [name])) }];
        }
        let Some((kind, at)) = NAMED.iter().chain(MORE).find_map(|(words, kind)| {
            let next = w.skip(1, words);
            (next > 1).then_some((*kind, next))
        }) else {
            return vec![];
        };
        let concurrently = w.is(at, "concurrently");
        let plain = w.skip(at, "CONCURRENTLY");
        let at = w.skip(plain, "IF EXISTS");
        let cascade = w.is(w.len() - 1, "cascade");
        let made = |event: Event| event.with_if(concurrently, Trait::Concurrently).with_if(cascade, Trait::Cascade);
        if matches!(kind, Kind::Trigger | Kind::Policy) {
            return self.of_table(kind, at).map(made).into_iter().collect();
        }
        let mut events = vec![];
        for part in self.parts(at, w.len()) {
            let id = match kind {
                Kind::Schema | Kind::Extension => w.name(part.start).map(|name| Id::new(kind, [name])),
                _ => self.named(kind, part.start).map(|(id, _)| id),
            };
            let Some(id) = id else { continue };
            events.push(made(self.spotted(Event::new(Verb::Drop, id), 0..part.end)));
            if matches!(kind, Kind::Table | Kind::View | Kind::MaterializedView) {
                events.extend(self.unqualified(part.start));
            }
        }
        events
    }
}
