//! What the bodies of functions speak of. The engine keeps no dependencies of a body that is a string
//! (<https://www.postgresql.org/docs/current/ddl-depend.html>), yet an index on an expression runs it: names found in it say
//! what the function had better come after.

use super::Reader;
use crate::model::{Id, Kind};
use std::collections::{BTreeMap, BTreeSet};

impl Reader<'_> {
    pub(super) fn wishes(&mut self) {
        let mut named: BTreeMap<&str, Vec<&Id>> = BTreeMap::new();
        for id in self.catalog.ids().filter(|id| can_be_used(id.kind)) {
            named.entry(id.name()).or_default().push(id);
        }
        let wishes: Vec<(Id, Vec<Id>)> =
            self.bodies.iter().map(|(id, body)| (id.clone(), mentioned(&named, id, body))).collect();
        for (id, after) in wishes {
            if let Some(object) = self.catalog.get_mut(&id) {
                object.head_mut().after = after;
            }
        }
        self.bodies.clear();
    }
}

fn can_be_used(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Function
            | Kind::Aggregate
            | Kind::Table
            | Kind::ForeignTable
            | Kind::View
            | Kind::MaterializedView
            | Kind::Sequence
    )
}

fn mentioned(named: &BTreeMap<&str, Vec<&Id>>, own: &Id, body: &str) -> Vec<Id> {
    let words = body.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).filter(|w| !w.is_empty());
    let mut found: BTreeSet<&Id> = BTreeSet::new();
    for word in words {
        let folded = word.to_lowercase();
        found.extend([word, &folded].into_iter().filter_map(|w| named.get(w)).flatten());
    }
    found.remove(own);
    found.into_iter().cloned().collect()
}
