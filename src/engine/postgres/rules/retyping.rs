//! Another type for columns of large tables: `ALTER … TYPE` writes a table anew under a lock that nobody gets past. A new
//! column is written beside the old one instead, by a trigger and in batches, and takes its place in the contract phase.
//! What is tied by a key, an index or a foreign key changes together: the ladder is that of the first column.

use super::super::ddl::{ident, identity_sequence};
use super::casts::{base_type, castable, using};
use super::links::{home, only};
use super::{beside, filling, swapping};
use crate::engine::how::{Change, How, Scene};
use crate::model::{Column, Id, Index, Kind, Object, Status, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Types that turn into others without a row being written
/// (<https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES>), or that nothing compares.
fn in_place(from: &str, to: &str) -> bool {
    let strings = ["character varying", "text"];
    let both = strings.contains(&from) && strings.contains(&to) || from == "cidr" && to == "inet";
    let unlike = ["json", "xml", "point", "polygon"].contains(&from);
    both || from == to || unlike
}

/// Types of which a foreign key may have one on either side
/// (<https://www.postgresql.org/docs/current/btree.html#BTREE-BEHAVIOR>: one family has operators across them).
const INTEGERS: &[&str] = &["smallint", "integer", "bigint"];

/// A column of another type, and what is on it alone.
pub struct Retyped<'a> {
    pub old: &'a Column,
    pub new: &'a Column,
    /// What the new one is made of.
    pub value: String,
    /// The primary key of its table, by which rows are filled.
    pub key: Vec<(String, String)>,
    pub default: Option<&'a str>,
    /// The sequence that it owns, if it is no identity.
    pub sequence: Option<&'a Id>,
    pub comment: Option<String>,
}

/// Columns that change together, and what is made of them.
#[derive(Default)]
pub struct Retyping<'a> {
    pub columns: Vec<Retyped<'a>>,
    pub indexes: Vec<&'a Index>,
    /// Primary keys and unique constraints.
    pub keys: Vec<&'a Object>,
    /// Foreign keys, at either of their ends.
    pub bonds: Vec<&'a Object>,
}

impl<'a> Retyping<'a> {
    fn of(scene: &Scene<'a>, column: &Id) -> Option<Retyping<'a>> {
        let (mut found, mut queue) = (Retyping::default(), vec![scene.to.get(column)?.id()]);
        let (mut seen, mut parts) = (BTreeSet::new(), BTreeMap::new());
        while let Some(id) = queue.pop().filter(|_| found.columns.len() < 100) {
            if !seen.insert(id) {
                continue;
            }
            let (retyped, users) = Retyped::of(scene, id)?;
            found.columns.push(retyped);
            for part in users {
                parts.insert(part.id(), part);
                let tied = part.refs().iter().map(|r| &r.to).filter(|to| to.kind == Kind::Column);
                queue.extend(tied.filter(|to| changes(scene, to)));
            }
        }
        found.columns.sort_by_key(|c| &c.new.head.id);
        for part in parts.into_values() {
            match part {
                Object::Index(index) => found.indexes.push(index),
                Object::ForeignKey(_) => found.bonds.push(part),
                _ => found.keys.push(part),
            }
        }
        let busy = |c: &Retyped| scene.online(&c.home()) && scene.phased(&c.home());
        let told = found.columns.iter().any(|c| c.new.head.using.is_some());
        let tied = found.columns.len() > 1 || !found.keys.is_empty() || !found.bonds.is_empty();
        let fits = found.columns.iter().any(busy) && !(told && tied) && found.bonds.iter().all(|b| agree(scene, b));
        (fits && found.movable()).then_some(found)
    }

    /// Whether all that is made of the columns can be made of others.
    fn movable(&self) -> bool {
        let indexes = self.indexes.iter().all(|i| beside::index(self, i).is_some());
        indexes
            && self.keys.iter().all(|k| beside::key(self, k).is_some())
            && self.bonds.iter().all(|b| beside::bond(self, b).is_some())
    }
}

impl<'a> Retyped<'a> {
    pub fn home(&self) -> Id {
        Id::new(Kind::Table, self.new.head.id.path.iter().take(2))
    }

    /// The column, and what is made of it and perhaps of others.
    fn of(scene: &Scene<'a>, id: &Id) -> Option<(Retyped<'a>, Vec<&'a Object>)> {
        let (before, after) = (scene.from.get(id)?, scene.to.get(id)?);
        let (Object::Column(old), Object::Column(new)) = (before, after) else { return None };
        let home = home(after);
        let same = |a: &str| ["type", "usual_storage", "storage"].contains(&a) || before.attr(a) == after.attr(a);
        let usual = old.storage == old.usual_storage && new.storage == new.usual_storage;
        let named = new.identity.is_none() || identity_sequence(new).is_some();
        let plain = named && new.generated.is_none() && new.collation.is_none() && old.collation.is_none();
        let alone = after.leaders().next().is_none() && only(scene.to, &home).is_empty() && scene.stays(&home);
        let writes = !in_place(&base_type(&old.r#type), &base_type(&new.r#type));
        let back = castable(scene, &new.r#type, &old.r#type);
        let needs = after.refs().iter().all(|r| r.to == home);
        if !after.attrs().iter().all(|(a, _)| same(a)) || !usual || !plain || !alone || !writes || !back || !needs {
            return None;
        }
        let (key, value) = (filling::key(scene.from, &home)?, value(scene, old, new)?);
        let mut parts = Vec::new();
        let mut found = Retyped { old, new, value, key, default: None, sequence: None, comment: None };
        for user in scene.from.users(id) {
            let stays = scene.to.get(user.id()).is_some_and(|after| after.attrs() == user.attrs());
            match user {
                Object::Default(d) if stays => found.default = Some(&d.expression),
                Object::Sequence(s) if owns(scene, user) && s.owned_by.is_some() => found.sequence = Some(user.id()),
                Object::Comment(_) if stays => found.comment = user.attr("text").text().map(str::to_string),
                _ if stays && movable(scene, user) => parts.push(user),
                _ => return None,
            }
        }
        Some((found, parts))
    }
}

/// What the new column is made of; `None` where the server knows no way.
fn value(scene: &Scene, old: &Column, new: &Column) -> Option<String> {
    let (name, from, to) = (ident(new.head.id.name()), &old.r#type, &new.r#type);
    match &new.head.using {
        Some(said) => Some(said.clone()),
        None if !castable(scene, from, to) => None,
        None if using(&name, from, to).is_empty() => Some(name),
        None => Some(format!("{name}::{to}")),
    }
}

fn changes(scene: &Scene, column: &Id) -> bool {
    let (old, new) = (scene.from.get(column), scene.to.get(column));
    old.zip(new).is_some_and(|(old, new)| old.attr("type") != new.attr("type"))
}

/// Whether the sequence goes with the column all the time; how far it counts may change.
fn owns(scene: &Scene, sequence: &Object) -> bool {
    let same = |after: &Object| after.attr("owned_by") == sequence.attr("owned_by");
    scene.stays(sequence.id()) && scene.to.get(sequence.id()).is_some_and(same)
}

/// Whether it can be made anew of another column and take the name of what it was.
fn movable(scene: &Scene, part: &Object) -> bool {
    let free = part.status() == Status::Present && part.leaders().next().is_none() && scene.stays(part.id());
    let marked = ["clustered", "replica_identity"].iter().any(|a| part.attr(a) == Value::Bool(true));
    let mut users = scene.from.users(part.id());
    let plain = match part {
        Object::Index(i) => i.statistics.is_empty() && i.part_of.is_none() && users.next().is_none(),
        Object::PrimaryKey(k) => k.options.is_empty() && users.all(|u| u.id().kind == Kind::ForeignKey),
        Object::Unique(k) => k.options.is_empty() && users.all(|u| u.id().kind == Kind::ForeignKey),
        Object::ForeignKey(_) => users.next().is_none(),
        _ => false,
    };
    free && plain && !marked
}

/// Whether the foreign key's columns can be compared once they have their new types, and its tables have rows of their own.
fn agree(scene: &Scene, bond: &Object) -> bool {
    let Some(ends) = beside::ends(bond) else { return false };
    let ty = |table: &Id, column: &String| {
        let mut columns = scene.to.children(table).filter(|o| o.id().kind == Kind::Column);
        columns.find(|o| ident(o.id().name()) == *column).map(|o| base_type(&o.attr("type").to_string()))
    };
    let pairs = ends.columns.iter().zip(&ends.targets);
    let mut types = pairs.map(|(own, target)| ty(&ends.home, own).zip(ty(&ends.target, target)));
    let alike = |(a, b): (String, String)| a == b || [&a, &b].iter().all(|t| INTEGERS.contains(&t.as_str()));
    let plain = [&ends.home, &ends.target].iter().all(|t| scene.stays(t) && only(scene.to, t).is_empty());
    plain && types.all(|pair| pair.is_some_and(alike))
}

/// Whether the change is made so, and nothing need be out of its way.
pub fn applies(scene: &Scene, c: &Change) -> bool {
    ladder(scene, c).is_some()
}

/// How the type of the column is changed beside it, or with that of which other.
pub fn ladder(scene: &Scene, c: &Change) -> Option<How> {
    let retyping = Retyping::of(scene, c.new.id())?;
    let mut rungs = beside::made(scene, &retyping)?;
    let first = &retyping.columns.first()?.new.head.id;
    if first != c.new.id() {
        return Some(How::With(first.clone()));
    }
    rungs.extend(swapping::swap(&retyping)?);
    Some(How::Ladder(rungs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_no_row_written() {
        assert!(in_place("text", "character varying") && !in_place("integer", "bigint"));
    }
}
