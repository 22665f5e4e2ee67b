//! What had better come after what, without needing it.
//!
//! What the bodies of functions speak of. The engine keeps no dependencies of a body that is a string
//! (<https://www.postgresql.org/docs/current/ddl-depend.html>), yet an index on an expression runs it: names found in it say
//! what the function had better come after.
//!
//! The checks of domains that a column holds inside of a composite type or an array: while there is such a column, the engine
//! refuses to add one (<https://www.postgresql.org/docs/current/sql-alterdomain.html>, Notes).

use super::Reader;
use crate::model::{Catalog, Id, Kind, Object};
use std::collections::{BTreeMap, BTreeSet};

/// What values are made of.
const TYPES: &[Kind] = &[Kind::Domain, Kind::Composite, Kind::Range];

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
        self.checks_before_columns();
    }

    fn checks_before_columns(&mut self) {
        if self.catalog.of_kind(Kind::DomainCheck).next().is_none() {
            return;
        }
        let columns = self.catalog.of_kind(Kind::Column).map(Object::id);
        let wishes: Vec<(Id, Vec<Id>)> = columns
            .map(|id| (id.clone(), checks_within(&self.catalog, id)))
            .filter(|(_, after)| !after.is_empty())
            .collect();
        for (id, after) in wishes {
            if let Some(column) = self.catalog.get_mut(&id) {
                column.head_mut().after = after;
            }
        }
    }
}

/// The checks of all domains that values of the column are made of.
fn checks_within(catalog: &Catalog, column: &Id) -> Vec<Id> {
    let (mut left, mut seen, mut checks) = (vec![column], BTreeSet::new(), vec![]);
    while let Some(id) = left.pop() {
        if !seen.insert(id) {
            continue;
        }
        let parts = catalog.children(id).map(Object::id);
        let types = catalog.get(id).into_iter().flat_map(Object::refs).map(|r| &r.to);
        left.extend(types.filter(|to| TYPES.contains(&to.kind)));
        for part in parts {
            match part.kind {
                Kind::DomainCheck => checks.push(part.clone()),
                Kind::Attribute => left.push(part),
                _ => {}
            }
        }
    }
    checks
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
