//! The difference of two catalogs at one grain. This module names no kind: see `DESIGN.md`, decision 2.

use crate::model::{Catalog, Id, Value};
use serde::{Deserialize, Serialize};

/// One difference. What is added or dropped is looked up in the catalog that has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Delta {
    Add(Id),
    Drop(Id),
    Set { id: Id, attr: String, from: Value, to: Value },
    Rename { from: Id, to: Id },
}

impl Delta {
    /// As a difference between what is there and what should be; `should` stands before the value that it should have.
    pub fn told(&self, should: &str) -> String {
        match self {
            Delta::Add(id) => format!("missing: {id}"),
            Delta::Drop(id) => format!("left over: {id}"),
            Delta::Set { id, attr, from, to } => format!("{id}: {attr} is `{from}`, {should} `{to}`"),
            Delta::Rename { from, to } => format!("{from} should be {to}"),
        }
    }

    /// The object that the delta is about, under the name that it has afterwards.
    pub fn id(&self) -> &Id {
        match self {
            Delta::Add(id) | Delta::Drop(id) | Delta::Set { id, .. } | Delta::Rename { to: id, .. } => id,
        }
    }

    /// What undoes it. An involution: the inverse of the inverse is the delta.
    pub fn inverse(&self) -> Delta {
        match self.clone() {
            Delta::Add(id) => Delta::Drop(id),
            Delta::Drop(id) => Delta::Add(id),
            Delta::Set { id, attr, from, to } => Delta::Set { id, attr, from: to, to: from },
            Delta::Rename { from, to } => Delta::Rename { from: to, to: from },
        }
    }
}

/// What must be done to `old` so that it becomes `new`, in order of id and attribute.
pub fn diff(old: &Catalog, new: &Catalog) -> Vec<Delta> {
    let mut deltas = Vec::new();
    let (mut olds, mut news) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (olds.peek(), news.peek()) {
            (None, None) => return deltas,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.id().cmp(b.id()),
        };
        let a = if order.is_le() { olds.next() } else { None };
        let b = if order.is_ge() { news.next() } else { None };
        match (a, b) {
            (Some(a), Some(b)) if a != b => deltas.extend(sets(a.id(), &a.attrs(), &b.attrs())),
            (Some(_), Some(_)) | (None, None) => {}
            (Some(a), None) => deltas.push(Delta::Drop(a.id().clone())),
            (None, Some(b)) => deltas.push(Delta::Add(b.id().clone())),
        }
    }
}

/// Attributes that differ. One that only one side has (`status` of a pending object) counts as `None` on the other.
fn sets(id: &Id, old: &[(&'static str, Value)], new: &[(&'static str, Value)]) -> Vec<Delta> {
    let value = |attrs: &[(&'static str, Value)], name: &str| {
        attrs.iter().find(|(n, _)| *n == name).map_or(Value::None, |(_, v)| v.clone())
    };
    let mut names: Vec<&str> = old.iter().chain(new).map(|(n, _)| *n).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|n| seen.insert(*n));
    let changed = |name: &str| {
        let (from, to) = (value(old, name), value(new, name));
        (from != to).then(|| Delta::Set { id: id.clone(), attr: name.to_string(), from, to })
    };
    names.into_iter().filter_map(changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Head, Index, Kind, Object, Status};

    fn index(name: &str, unique: bool) -> Object {
        Index { unique, ..Index::new(Head::new(Id::new(Kind::Index, ["public", name]))) }.into()
    }

    fn catalog(objects: impl IntoIterator<Item = Object>) -> Catalog {
        objects.into_iter().collect()
    }

    #[test]
    fn p01_of_a_catalog_with_itself_is_empty() {
        let a = catalog([index("a", true), index("b", false)]);
        assert_eq!(diff(&a, &a), []);
    }

    #[test]
    fn p04_backwards_is_the_inverse_of_each() {
        let mut pending = index("d", true);
        pending.head_mut().status = Status::Pending;
        let a = catalog([index("a", true), index("b", false), index("d", true)]);
        let b = catalog([index("b", true), index("c", false), pending]);
        let forward = diff(&a, &b);
        assert_eq!(forward.len(), 4);
        let mut back: Vec<Delta> = forward.iter().map(Delta::inverse).collect();
        let mut expected = diff(&b, &a);
        back.sort();
        expected.sort();
        assert_eq!(back, expected);
        assert_eq!(forward.iter().map(|d| d.inverse().inverse()).collect::<Vec<_>>(), forward);
    }
}
