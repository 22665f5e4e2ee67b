//! The kinds beside tables, keys, views and types: one template a kind, in several shapes, for PostgreSQL.
//!
//! `{n}` is a number that nothing else has, so that every name is new; `{t}` is a table that has rows or none, of which
//! only the column `id` is used, which never changes. A shape of a template can become any other shape of it.

use super::templates::{NEWER, TEMPLATES};
use super::{Random, Schema};
use crate::support::Engine;

/// One object of a template, in one of its shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct Extra {
    pub number: usize,
    template: usize,
    shape: usize,
    /// The table it stands on.
    pub table: Option<String>,
}

impl Extra {
    /// Its statements; `table` is how a table's name is written.
    pub fn statements(&self, table: impl Fn(&str) -> String) -> String {
        let text = TEMPLATES[self.template].shapes[self.shape].replace("{n}", &self.number.to_string());
        text.replace("{t}", &self.table.as_deref().map(table).unwrap_or_default())
    }
}

/// One of the shapes that the server knows: the one drawn, or the next that it does.
fn shape(random: &mut Random, template: usize) -> Option<usize> {
    let shapes = TEMPLATES[template].shapes;
    let known =
        |shape: &&str| NEWER.iter().all(|(words, since)| Engine::Postgres.major() >= *since || !shape.contains(words));
    let drawn = random.below(shapes.len());
    (drawn..shapes.len()).chain(0..drawn).find(|i| known(&shapes[*i]))
}

impl Schema {
    pub(super) fn add_extra(&mut self, random: &mut Random) {
        let template = random.below(TEMPLATES.len());
        if self.engine != Engine::Postgres
            || TEMPLATES[template].once && self.extras.iter().any(|x| x.template == template)
        {
            return;
        }
        let stands = TEMPLATES[template].shapes.iter().any(|shape| shape.contains("{t}"));
        // An unlogged table can't be published.
        let tables: Vec<&String> = self.tables.iter().filter(|t| !t.unlogged).map(|t| &t.name).collect();
        let table = random.pick(&tables).map(|name| name.to_string());
        if stands && table.is_none() {
            return;
        }
        let Some(shape) = shape(random, template) else { return };
        self.count += 1;
        let table = table.filter(|_| stands);
        self.extras.push(Extra { number: self.count, template, shape, table });
    }

    /// One more, one fewer, or one in another shape.
    pub(super) fn change_extras(&mut self, random: &mut Random) {
        if self.extras.is_empty() || random.one_in(3) {
            return self.add_extra(random);
        }
        let at = random.below(self.extras.len());
        if random.one_in(4) {
            self.extras.remove(at);
            return;
        }
        if let Some(shape) = shape(random, self.extras[at].template) {
            self.extras[at].shape = shape;
        }
    }
}
