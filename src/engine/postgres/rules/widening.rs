//! Another type that needs no row written, `varchar(50)` to `varchar(100)` or to `text`, of a column that indexes compute with
//! or checks speak of: PostgreSQL builds those indexes anew and checks all rows again while nobody gets past its lock
//! (<https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES>). So the indexes go before the type
//! changes and come back after it, both concurrently, and the checks come back NOT VALID. A unique index can't be away, since
//! nothing else keeps rows apart meanwhile: the column gets another one [beside](super::retyping), with an index of its own.

use super::super::ddl::{ident, path, table};
use super::columns::holds_all;
use super::defaults::Defaults;
use super::keys::clause;
use super::ladders::{index_on, removed, validate};
use super::links::{home, only};
use super::retyping::{Remade, alike, changes, movable};
use crate::engine::how::{Change, How, Rung, Scene};
use crate::engine::text::computes;
use crate::model::{Check, Column, Id, Index, Kind, Object, Status};
use std::collections::{BTreeMap, BTreeSet};

/// Columns that change together, since an index or a check is made of several of them.
#[derive(Default)]
pub struct Widening<'a> {
    columns: Vec<(&'a Column, &'a Column)>,
    indexes: Vec<Remade<'a, Index>>,
    checks: Vec<Remade<'a, Check>>,
}

impl<'a> Widening<'a> {
    pub fn of(scene: &Scene<'a>, column: &Id) -> Option<Widening<'a>> {
        let (mut found, mut queue) = (Widening::default(), vec![scene.to.get(column)?.id()]);
        let (mut seen, mut parts) = (BTreeSet::new(), BTreeMap::new());
        while let Some(id) = queue.pop() {
            if !seen.insert(id) {
                continue;
            }
            let (old, new, users) = widened(scene, id)?;
            found.columns.push((old, new));
            for part in users {
                parts.insert(part.id(), part);
                let tied = part.refs().iter().map(|r| &r.to).filter(|to| to.kind == Kind::Column);
                queue.extend(tied.filter(|to| changes(scene, to)));
            }
        }
        found.columns.sort_by_key(|(_, new)| &new.head.id);
        for part in parts.into_values() {
            match (part, scene.to.get(part.id())) {
                (Object::Index(old), Some(Object::Index(new))) => found.indexes.push(Remade { old, new }),
                (Object::Check(old), Some(Object::Check(new))) => found.checks.push(Remade { old, new }),
                _ => return None,
            }
        }
        (found.indexes.len() + found.checks.len() > 0).then_some(found)
    }

    fn first(&self) -> Option<&'a Id> {
        self.columns.first().map(|(_, new)| &new.head.id)
    }

    fn rungs(&self, scene: &Scene) -> Vec<Rung> {
        let later = |i: &Index| Rung { ahead: false, ..index_on(i, i.head.id.name()) };
        let mut rungs: Vec<Rung> = vec![];
        for i in &self.indexes {
            rungs.push(removed(&path(&i.old.head.id)).back([Rung { back: None, ..later(i.old) }]));
        }
        let on = |id: &Id| format!("ALTER TABLE {}", table(id));
        let drop = |id: &Id| format!("{} DROP CONSTRAINT {}", on(id), ident(id.name()));
        for c in &self.checks {
            let again = format!("{} ADD {}", on(&c.old.head.id), clause(&c.old.clone().into()));
            rungs.push(Rung::new(drop(&c.old.head.id)).back([Rung::new(again)]));
        }
        self.columns.iter().for_each(|(old, new)| rungs.extend(retyped(scene, old, new)));
        for c in &self.checks {
            let add = format!("{} ADD {} NOT VALID", on(&c.new.head.id), clause(&c.new.clone().into()));
            rungs.push(Rung::new(add).back([Rung::new(drop(&c.new.head.id))]));
        }
        rungs.extend(self.checks.iter().map(|c| validate(&c.new.head.id, c.new.head.id.name()).back([])));
        rungs.extend(self.indexes.iter().map(|i| later(i.new)));
        rungs
    }
}

/// The type, and the default where it is spelt otherwise for it.
fn retyped(scene: &Scene, old: &Column, new: &Column) -> Vec<Rung> {
    let alter = |what: String| {
        let id = &new.head.id;
        format!("ALTER TABLE {} ALTER COLUMN {} {what}", table(id), ident(id.name()))
    };
    let ty = |c: &Column| alter(format!("SET DATA TYPE {}", c.r#type));
    let default = Defaults::of(scene, old);
    let (before, after) =
        (default.old.filter(|_| default.old != default.new), default.new.filter(|_| default.old != default.new));
    let set = |expression: &str| alter(format!("SET DEFAULT {expression}"));
    let none = || alter("DROP DEFAULT".into());
    let mut rungs: Vec<Rung> = before.map(|e| Rung::new(none()).back([Rung::new(set(e))])).into_iter().collect();
    rungs.push(Rung::new(ty(new)).back([Rung::new(ty(old))]));
    rungs.extend(after.map(|e| Rung::new(set(e)).back([Rung::new(none())])));
    rungs
}

/// The column before and after, and what would be built or checked anew for it; `None` where more is done to it, or something is
/// on it that must be out of the way.
fn widened<'a>(scene: &Scene<'a>, id: &Id) -> Option<(&'a Column, &'a Column, Vec<&'a Object>)> {
    let (before, after) = (scene.from.get(id)?, scene.to.get(id)?);
    let (Object::Column(old), Object::Column(new)) = (before, after) else { return None };
    let home = home(after);
    const CHANGES: &[&str] = &["type", "usual_storage", "storage"];
    let same = |a: &str| CHANGES.contains(&a) || before.attr(a) == after.attr(a);
    let usual = old.storage == old.usual_storage && new.storage == new.usual_storage;
    let plain = new.generated.is_none() && new.head.using.is_none() && usual;
    let alone = after.leaders().next().is_none() && only(scene.to, &home).is_empty();
    let fits = after.attrs().iter().all(|(a, _)| same(a)) && holds_all(&old.r#type, &new.r#type);
    if !plain || !alone || !fits || !scene.online(&home) {
        return None;
    }
    let mut parts = vec![];
    for user in scene.from.users(id) {
        let stays = || scene.to.get(user.id()).is_some_and(|after| after.attrs() == user.attrs());
        match user {
            Object::Default(_) => {}
            Object::Index(i) if computes(&i.definition) => {
                let free = !i.unique && alike(scene, user) && movable(scene, user);
                parts.push(free.then_some(user)?);
            }
            Object::Check(_) if user.status() == Status::Present => {
                parts.push((alike(scene, user) && movable(scene, user)).then_some(user)?);
            }
            Object::Index(_) | Object::PrimaryKey(_) | Object::Unique(_) | Object::Check(_) | Object::Statistics(_)
                if stays() => {}
            _ if user.id().kind.is_about_another() && stays() => {}
            _ => return None,
        }
    }
    Some((old, new, parts))
}

/// Whether a unique index computes with the column.
pub fn keeps_apart(scene: &Scene, column: &Id) -> bool {
    scene.from.users(column).any(|user| matches!(user, Object::Index(i) if i.unique && computes(&i.definition)))
}

/// How the type of the column is changed, or with that of which other.
pub fn ladder(scene: &Scene, c: &Change) -> Option<How> {
    let widening = Widening::of(scene, c.new.id())?;
    let first = widening.first()?;
    Some(match first == c.new.id() {
        true => How::Ladder(widening.rungs(scene)),
        false => How::With(first.clone()),
    })
}

/// The column whose ladder makes another definition of this part as well.
pub fn carrier(scene: &Scene, part: &Object) -> Option<How> {
    let own = part.id().of_kind(Kind::Column);
    let mut columns = part.refs().iter().map(|r| &r.to).chain([&own]).filter(|to| to.kind == Kind::Column);
    let found = Widening::of(scene, columns.find(|to| changes(scene, to))?)?;
    let id = part.id();
    let carried = match id.kind {
        Kind::Default => found.columns.iter().any(|(_, new)| new.head.id == own),
        Kind::Index => found.indexes.iter().any(|i| i.new.head.id == *id),
        Kind::Check => found.checks.iter().any(|c| c.new.head.id == *id),
        _ => false,
    };
    found.first().filter(|_| carried).map(|first| How::With(first.clone()))
}
