//! Another type for columns of large tables: `ALTER … TYPE` writes a table anew under a lock that nobody gets past. A new
//! column is written beside the old one instead, by a trigger and in batches, and takes its place in the contract phase.
//! What is tied by a key, an index or a foreign key changes together: the ladder is that of the first column.

use super::super::ddl::{about, ident};
use super::casts::{base_type, castable, using};
use super::columns::holds_all;
use super::defaults::Defaults;
use super::links::{home, only};
use super::materialized::again;
use super::relabelled::Relabelled;
use super::{beside, filling, swapping, twins, widening};
use crate::engine::how::{Around, Change, How, Phase, Rung, Scene};
use crate::engine::text::less_casts;
use crate::model::{Check, Column, Id, Index, Kind, Object, Status, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Types that turn into others without a row being written
/// (<https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES>).
fn in_place(from: &str, to: &str) -> bool {
    let strings = ["character varying", "text"];
    let both = strings.contains(&from) && strings.contains(&to) || from == "cidr" && to == "inet";
    both || from == to
}

/// Types of which a foreign key may have one on either side
/// (<https://www.postgresql.org/docs/current/btree.html#BTREE-BEHAVIOR>: one family has operators across them).
const INTEGERS: &[&str] = &["smallint", "integer", "bigint"];

/// A column of another type, and what is on it alone.
pub struct Retyped<'a> {
    pub old: &'a Column,
    pub new: &'a Column,
    /// The type of the new one, and what it is made of.
    pub ty: String,
    pub value: String,
    /// Casts that make a value of the old one of it.
    pub back: String,
    /// Whether there are values of which nothing can be made.
    pub gaps: bool,
    /// The primary key of its table, by which rows are filled.
    pub key: Vec<(String, String)>,
    pub default: Defaults<'a>,
    /// The sequence that it owns, if it is no identity.
    pub sequence: Option<&'a Id>,
    /// What says of it what is said of the old one: comment, rights, labels.
    pub said: Vec<Rung>,
    /// The same of the sequence behind its identity.
    pub said_of_identity: Vec<String>,
}

/// A part of a table that is made anew of the columns beside, as it is and as it will be.
pub struct Remade<'a, T> {
    pub old: &'a T,
    pub new: &'a T,
}

/// Columns that change together, and what is made of them.
#[derive(Default)]
pub struct Retyping<'a> {
    pub columns: Vec<Retyped<'a>>,
    pub indexes: Vec<Remade<'a, Index>>,
    pub checks: Vec<Remade<'a, Check>>,
    /// Primary keys and unique constraints.
    pub keys: Vec<&'a Object>,
    /// Foreign keys, at either of their ends.
    pub bonds: Vec<&'a Object>,
    /// The type that changes, where it is not the columns that get another one.
    pub relabelled: Option<Relabelled<'a>>,
    /// What is said of that type.
    pub said: Vec<Rung>,
    /// Whether something goes for the moment in which the columns change places, and comes back after it.
    pub around: bool,
}

/// The cast under which values of the type are compared: nothing compares those of some but as texts.
pub fn compared(ty: &str) -> &'static str {
    if ["json", "xml", "point", "polygon"].contains(&ty) { "::text" } else { "" }
}

/// What is soon dropped and made again.
pub const AROUND: &[Kind] = &[Kind::View, Kind::Trigger, Kind::Policy, Kind::Rule, Kind::Function];

impl<'a> Retyping<'a> {
    fn of(scene: &Scene<'a>, column: &Id) -> Option<Retyping<'a>> {
        let (mut found, mut queue) = (Retyping::default(), vec![scene.to.get(column)?.id()]);
        let (mut seen, mut parts) = (BTreeSet::new(), BTreeMap::new());
        while let Some(id) = queue.pop().filter(|_| found.columns.len() < 100) {
            if !seen.insert(id) {
                continue;
            }
            let (retyped, users) = Retyped::of(scene, id)?;
            if let Some(ty) = Relabelled::of_column(scene, retyped.old) {
                queue.extend(twins::columns_of(scene, ty.id()).into_iter().map(Object::id));
                found.relabelled = Some(ty);
            }
            found.columns.push(retyped);
            for part in users {
                parts.insert(part.id(), part);
                let tied = part.refs().iter().map(|r| &r.to).filter(|to| to.kind == Kind::Column);
                queue.extend(tied.filter(|to| changes(scene, to)));
            }
        }
        found.columns.sort_by_key(|c| &c.new.head.id);
        found.said = found.said_of_type(scene, &parts)?;
        for part in parts.into_values() {
            match (part, scene.to.get(part.id())) {
                (Object::Index(old), Some(Object::Index(new))) => found.indexes.push(Remade { old, new }),
                (Object::Check(old), Some(Object::Check(new))) => found.checks.push(Remade { old, new }),
                (Object::ForeignKey(_), _) => found.bonds.push(part),
                (Object::PrimaryKey(_) | Object::Unique(_), _) => found.keys.push(part),
                _ => found.around = true,
            }
        }
        let busy = |c: &Retyped| scene.online(&c.home()) && scene.phased(&c.home());
        let told = found.columns.iter().any(|c| c.new.head.using.is_some());
        let tied = found.columns.len() > 1 || !found.keys.is_empty() || !found.bonds.is_empty();
        // Rows are read between, and what is around must not be away for as long.
        let slow = found.around && found.columns.iter().any(|c| c.must() || c.gaps);
        let fits = found.columns.iter().any(busy) && !(told && tied) && found.bonds.iter().all(|b| agree(scene, b));
        (fits && !slow && found.movable()).then_some(found)
    }

    /// Whether all that is made of the columns can be made of others.
    fn movable(&self) -> bool {
        self.indexes.iter().all(|i| beside::index(self, i.new).is_some())
            && self.checks.iter().all(|c| beside::check(self, c.new).is_some())
            && self.keys.iter().all(|k| beside::key(self, k).is_some())
            && self.bonds.iter().all(|b| beside::bond(self, b).is_some())
    }

    /// Whose ladder it is.
    fn first(&self) -> Option<&'a Id> {
        let column = || self.columns.first().map(|c| &c.new.head.id);
        self.relabelled.map(|ty| ty.id()).or_else(column)
    }

    /// What is said of the type; `None` where something else than the columns is made of it.
    fn said_of_type(&self, scene: &Scene, parts: &BTreeMap<&Id, &Object>) -> Option<Vec<Rung>> {
        let Some(ty) = self.relabelled else { return Some(vec![]) };
        let of_it = |c: &Retyped| Relabelled::of_column(scene, c.old).is_some_and(|other| other.id() == ty.id());
        let known = |id: &Id| self.columns.iter().any(|c| c.new.head.id == id.of_kind(Kind::Column));
        let mut said = vec![];
        for user in scene.from.users(ty.id()) {
            let stays = scene.to.get(user.id()).is_some_and(|after| after.attrs() == user.attrs());
            match user.id().kind {
                Kind::Column | Kind::Default if known(user.id()) => {}
                Kind::Index | Kind::Check if parts.contains_key(user.id()) => {}
                kind if stays && kind.is_about_another() => said.extend(again(scene, user)?),
                _ => return None,
            }
        }
        said.iter_mut().for_each(|rung| rung.phase = Phase::Contract);
        self.columns.iter().all(of_it).then_some(said)
    }
}

impl<'a> Retyped<'a> {
    pub fn home(&self) -> Id {
        Id::new(Kind::Table, self.new.head.id.path.iter().take(2))
    }

    /// On the way back, of which rows the old value no longer holds. It is kept where the new one is still what was made of it.
    pub fn differs(&self, beside: &str) -> String {
        let (name, ty) = (ident(self.new.head.id.name()), &self.new.r#type);
        if self.ty != *ty {
            return format!("{name} IS DISTINCT FROM {beside}{}", self.back);
        }
        let text = compared(ty);
        format!("{beside}{text} IS DISTINCT FROM ({})::{ty}{text}", self.value)
    }

    /// Whether it could be without a value, and no longer can.
    pub fn must(&self) -> bool {
        self.new.not_null && (self.gaps || !self.old.not_null)
    }

    /// The column, and what is made of it and perhaps of others.
    fn of(scene: &Scene<'a>, id: &Id) -> Option<(Retyped<'a>, Vec<&'a Object>)> {
        let (before, after) = (scene.from.get(id)?, scene.to.get(id)?);
        let (Object::Column(old), Object::Column(new)) = (before, after) else { return None };
        let home = home(after);
        const CHANGES: &[&str] = &["type", "usual_storage", "storage", "not_null"];
        let same = |a: &str| CHANGES.contains(&a) || before.attr(a) == after.attr(a);
        let usual = old.storage == old.usual_storage && new.storage == new.usual_storage;
        let plain = new.generated.is_none() && new.collation.is_none() && old.collation.is_none();
        let alone = after.leaders().next().is_none() && only(scene.to, &home).is_empty() && scene.stays(&home);
        let relabelled = Relabelled::of_column(scene, old).filter(|_| old.r#type == new.r#type);
        let writes = relabelled.is_some() || writes_rows(scene, id);
        let back = castable(scene, &new.r#type, &old.r#type);
        let needs = after.refs().iter().all(|r| r.to == home || relabelled.is_some_and(|ty| r.to == *ty.id()));
        let pending = old.not_null_pending || new.not_null_pending;
        if !after.attrs().iter().all(|(a, _)| same(a))
            || !usual
            || !plain
            || !alone
            || !writes
            || !back
            || !needs
            || pending
        {
            return None;
        }
        let key = filling::key(scene.from, &home)?;
        let (ty, value, back) = match relabelled {
            Some(ty) => (ty.fresh(), ty.value(&ident(id.name())), format!("::text::{}", ty.parked())),
            None => (new.r#type.clone(), value(scene, old, new)?, format!("::{}", old.r#type)),
        };
        let gaps = relabelled.is_some_and(|ty| ty.removes());
        let mut parts = Vec::new();
        let default = Defaults::of(scene, old);
        let (sequence, said, said_of_identity) = (None, vec![], vec![]);
        let mut found = Retyped { old, new, ty, value, back, gaps, key, default, sequence, said, said_of_identity };
        if left_behind(scene, id).is_some() {
            return None;
        }
        for user in scene.from.users(id) {
            match user {
                Object::Default(_) => {}
                Object::Sequence(_) => found.sequence = Some(user.id()),
                _ if user.id().kind.is_about_another() => {
                    let again = again(scene, user).filter(|_| scene.stays(user.id())).into_iter().flatten();
                    match is_of_identity(user) {
                        true => found.said_of_identity.extend(again.map(|rung| rung.sql)),
                        false => found.said.extend(again),
                    }
                }
                _ => parts.push(user),
            }
        }
        Some((found, parts))
    }
}

/// Whether the part is there after it as well, and at most its definition differs: of a check no more than its casts, since the
/// old application is held to it.
pub fn alike(scene: &Scene, part: &Object) -> bool {
    let Some(after) = scene.to.get(part.id()) else { return false };
    let defined = |o: &Object| o.attr("definition").to_string();
    let (old, new) = (defined(part), defined(after));
    let same = part.id().kind == Kind::Index || less_casts(&old) == less_casts(&new);
    same && after.attrs().iter().all(|(a, value)| *a == "definition" || part.attr(a) == *value)
}

/// Whether it says something of the sequence behind an identity, and nothing of the column.
fn is_of_identity(said: &Object) -> bool {
    said.id().kind.is_about_another() && about(said.id()).is_some_and(|of| of.kind == Kind::Sequence)
}

/// What is made of the column and can't be made of another one.
pub fn left_behind<'a>(scene: &Scene<'a>, column: &Id) -> Option<&'a Object> {
    let stays = |o: &Object| scene.to.get(o.id()).is_some_and(|after| after.attrs() == o.attrs());
    scene.from.users(column).find_map(|user| match user {
        Object::Default(_) => None,
        Object::Sequence(s) => (!owns(scene, user) || s.owned_by.is_none()).then_some(user),
        _ if is_of_identity(user) => None,
        _ if user.id().kind.is_about_another() => (!stays(user)).then_some(user),
        Object::Index(_) | Object::Check(_) => (!alike(scene, user) || !movable(scene, user)).then_some(user),
        _ if AROUND.contains(&user.id().kind) => lasting(scene, user),
        _ => (!stays(user) || !movable(scene, user)).then_some(user),
    })
}

/// Of what would be dropped with the part and made again, something that takes its time.
fn lasting<'a>(scene: &Scene<'a>, part: &'a Object) -> Option<&'a Object> {
    let (mut queue, mut seen) = (vec![part], BTreeSet::new());
    while let Some(o) = queue.pop() {
        let kind = o.id().kind;
        if !AROUND.contains(&kind) && !kind.is_about_another() {
            return Some(o);
        }
        if seen.insert(o.id()) {
            queue.extend(scene.from.users(o.id()));
        }
    }
    None
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

pub fn changes(scene: &Scene, column: &Id) -> bool {
    let (Some(Object::Column(old)), Some(Object::Column(new))) = (scene.from.get(column), scene.to.get(column)) else {
        return false;
    };
    old.r#type != new.r#type || Relabelled::of_column(scene, old).is_some()
}

/// Whether the sequence goes with the column all the time; how far it counts may change.
fn owns(scene: &Scene, sequence: &Object) -> bool {
    let same = |after: &Object| after.attr("owned_by") == sequence.attr("owned_by");
    scene.stays(sequence.id()) && scene.to.get(sequence.id()).is_some_and(same)
}

/// Whether it can be made anew of another column and take the name of what it was.
pub fn movable(scene: &Scene, part: &Object) -> bool {
    let free = part.status() == Status::Present && part.leaders().next().is_none() && scene.stays(part.id());
    let marked = ["clustered", "replica_identity"].iter().any(|a| part.attr(a) == Value::Bool(true));
    let mut users = scene.from.users(part.id());
    let plain = match part {
        Object::Index(i) => i.statistics.is_empty() && i.part_of.is_none() && users.next().is_none(),
        Object::PrimaryKey(k) => k.options.is_empty() && users.all(|u| u.id().kind == Kind::ForeignKey),
        Object::Unique(k) => k.options.is_empty() && users.all(|u| u.id().kind == Kind::ForeignKey),
        Object::ForeignKey(_) | Object::Check(_) => users.next().is_none(),
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

/// What must be out of the way while the columns change places, if the change is made so.
pub fn around(scene: &Scene, c: &Change) -> Option<Vec<Around>> {
    let retyping = Retyping::of(scene, c.new.id())?;
    let id = || c.new.id().clone();
    Some(if retyping.around { vec![(id(), AROUND)] } else { vec![] })
}

/// The column whose ladder makes another definition, or another default, of this part as well.
pub fn carrier(scene: &Scene, part: &Object) -> Option<How> {
    let own = part.id().of_kind(Kind::Column);
    let mut columns = part.refs().iter().map(|r| &r.to).chain([&own]).filter(|to| to.kind == Kind::Column);
    let changed = columns.find(|to| changes(scene, to))?;
    let found = Retyping::of(scene, changed)?;
    let id = part.id();
    let carried = match id.kind {
        Kind::Default => found.columns.iter().any(|c| c.new.head.id == own),
        Kind::Index => found.indexes.iter().any(|i| i.new.head.id == *id),
        Kind::Check => found.checks.iter().any(|c| c.new.head.id == *id),
        _ => false,
    };
    found.first().filter(|_| carried).map(|first| How::With(first.clone()))
}

/// Whether the column is changed by another one beside it, and all that is said of it with that.
pub fn goes_beside(scene: &Scene, column: &Id) -> bool {
    changes(scene, column) && Retyping::of(scene, column).is_some()
}

/// Whether the rows are written for it: by the engine, or since an index that would be built anew can't be away for so long.
pub fn writes_rows(scene: &Scene, column: &Id) -> bool {
    let ty = |o: Option<&Object>| o.map(|o| o.attr("type").to_string());
    ty(scene.from.get(column)).zip(ty(scene.to.get(column))).is_some_and(|(old, new)| {
        !in_place(&base_type(&old), &base_type(&new)) || holds_all(&old, &new) && widening::keeps_apart(scene, column)
    })
}

/// How the type of the column is changed beside it, or with that of which other.
pub fn ladder(scene: &Scene, c: &Change) -> Option<How> {
    let retyping = Retyping::of(scene, c.new.id())?;
    let first = retyping.first()?;
    if first != c.new.id() {
        return Some(How::With(first.clone()));
    }
    rungs(scene, &retyping)
}

/// How columns get a type of other labels.
pub fn relabelled(scene: &Scene, id: &Id) -> Option<How> {
    let columns = twins::columns_of(scene, Relabelled::of(scene, id)?.id());
    let retyping = Retyping::of(scene, columns.first()?.id())?;
    retyping.first().filter(|first| *first == id)?;
    rungs(scene, &retyping)
}

fn rungs(scene: &Scene, retyping: &Retyping) -> Option<How> {
    let mut rungs = beside::made(scene, retyping)?;
    rungs.extend(swapping::swap(scene, retyping)?);
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
