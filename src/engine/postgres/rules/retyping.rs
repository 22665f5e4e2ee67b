//! Another type for a column of a large table: `ALTER … TYPE` writes the table anew under a lock that nobody gets past. A new
//! column is written beside the old one instead, by a trigger and in batches, and takes its place in the contract phase.

use super::super::ddl::{ident, literal, table};
use super::casts::{base_type, castable, using};
use super::columns::{column_clause, column_extras};
use super::filling::{self, Trigger};
use super::ladders::{create_index, not_null_rungs, with_suffix};
use super::links::home;
use crate::engine::how::{Change, Fill, How, Phase, Rung, Scene};
use crate::engine::probe::value_of;
use crate::engine::text::{items, parenthesised};
use crate::model::{Column, Id, Index, Kind, Object, Status};

/// Types that turn into others without a row being written
/// (<https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES>), or that nothing compares.
fn in_place(from: &str, to: &str) -> bool {
    let strings = ["character varying", "text"];
    let both = strings.contains(&from) && strings.contains(&to) || from == "cidr" && to == "inet";
    let unlike = ["json", "xml", "point", "polygon"].contains(&from);
    both || from == to || unlike
}

/// What is known of a change that can be made so.
struct Retyping<'a> {
    old: &'a Column,
    new: &'a Column,
    key: Vec<(String, String)>,
    indexes: Vec<&'a Index>,
    default: Option<String>,
    comment: Option<String>,
}

impl<'a> Retyping<'a> {
    fn of(scene: &Scene<'a>, c: &Change<'a>) -> Option<Retyping<'a>> {
        let (Object::Column(old), Object::Column(new)) = (c.old, c.new) else { return None };
        let home = home(c.new);
        if !scene.phased(&home) || !scene.online(&home) || in_place(&base_type(&old.r#type), &base_type(&new.r#type)) {
            return None;
        }
        let same = |a: &str| ["type", "usual_storage", "storage"].contains(&a) || c.old.attr(a) == c.new.attr(a);
        let usual = old.storage == old.usual_storage && new.storage == new.usual_storage;
        let plain =
            new.generated.is_none() && new.identity.is_none() && new.collation.is_none() && old.collation.is_none();
        let alone = c.new.leaders().next().is_none() && super::links::only(scene.to, &home).is_empty();
        let back = castable(scene, &new.r#type, &old.r#type);
        let needs = c.new.refs().iter().all(|r| r.to == home);
        if !c.new.attrs().iter().all(|(a, _)| same(a)) || !usual || !plain || !alone || !back || !needs {
            return None;
        }
        let mut found =
            Retyping { old, new, key: filling::key(scene.from, &home)?, indexes: vec![], default: None, comment: None };
        for user in scene.from.users(c.new.id()) {
            let stays = scene.to.get(user.id()).is_some_and(|after| after.attrs() == user.attrs());
            match user {
                Object::Default(d) if stays && !d.expression.starts_with("nextval(") => {
                    found.default = Some(d.expression.clone())
                }
                Object::Comment(_) if stays => found.comment = user.attr("text").text().map(str::to_string),
                Object::Index(i) if stays && movable(i) && only_one_changes(scene, user) => {
                    over(i, new, "")?;
                    found.indexes.push(i);
                }
                _ => return None,
            }
        }
        Some(found)
    }
}

/// Whether the other columns of the index stay what they are.
fn only_one_changes(scene: &Scene, index: &Object) -> bool {
    let changes = |id: &&Id| match (scene.from.get(id), scene.to.get(id)) {
        (Some(old), Some(new)) => old.attr("type") != new.attr("type"),
        _ => true,
    };
    index.refs().iter().map(|r| &r.to).filter(|to| to.kind == Kind::Column).filter(changes).count() == 1
}

fn movable(i: &Index) -> bool {
    let simple = i.statistics.is_empty() && !i.clustered && !i.replica_identity && i.part_of.is_none();
    simple && i.head.status == Status::Present
}

/// The index over another column in the place of this one; `None` where it is in an expression.
fn over(i: &Index, column: &Column, other: &str) -> Option<Index> {
    let open = i.definition.find('(')?;
    let (list, rest) = parenthesised(&i.definition[open..])?;
    let name = ident(column.head.id.name());
    let parts: Vec<&str> = items(list);
    let bare = |part: &&str| !part.contains('(');
    if !rest.is_empty() || !parts.iter().all(bare) || !parts.iter().any(|part| value_of(part) == name) {
        return None;
    }
    let moved = parts.iter().map(|part| match part.strip_prefix(name.as_str()) {
        Some(how) if value_of(part) == name => format!("{other}{how}"),
        _ => part.to_string(),
    });
    let definition = format!("{}({})", &i.definition[..open], moved.collect::<Vec<_>>().join(", "));
    Some(Index { definition, ..i.clone() })
}

/// Whether the change is made so, and nothing need be out of its way.
pub fn applies(scene: &Scene, c: &Change) -> bool {
    ladder(scene, c).is_some()
}

pub fn ladder(scene: &Scene, c: &Change) -> Option<How> {
    let r = Retyping::of(scene, c)?;
    let (id, ty) = (&r.new.head.id, &r.new.r#type);
    let (on, name) = (format!("ALTER TABLE {}", table(id)), ident(id.name()));
    let fresh = with_suffix(&format!("msr_new_{}", id.name()), "");
    let (beside, own) = (ident(&fresh), Id::new(Kind::Column, [id.at(0), id.at(1), fresh.as_str()]));
    let value = match &r.new.head.using {
        Some(said) => said.clone(),
        None if !castable(scene, &r.old.r#type, ty) => return None,
        None if using(&name, &r.old.r#type, ty).is_empty() => name.clone(),
        None => format!("{name}::{ty}"),
    };
    let mut bare = Column { not_null: false, ..r.new.clone() };
    bare.head.id = own.clone();
    let add = format!("{on} ADD COLUMN {}", column_clause(&bare, None));
    let mut rungs = vec![Rung::new(add).back([Rung::new(format!("{on} DROP COLUMN {beside}"))])];
    rungs.extend(column_extras(&bare).into_iter().map(|action| Rung::new(format!("{on} {action}")).back([])));
    let trigger = Trigger::always(&own, &value);
    rungs.extend(trigger.made());
    let only = format!("{beside} IS NULL AND {name} IS NOT NULL");
    rungs.push(Rung::fill(Fill { table: table(id), key: r.key.clone(), set: format!("{beside} = ({value})"), only }));
    if r.new.not_null {
        let must = not_null_rungs(scene, &own, &format!("{}_{}_not_null", id.at(1), id.name()));
        rungs.extend(must.into_iter().map(|rung| Rung { back: None, ..rung }));
    }
    for index in &r.indexes {
        let built =
            super::ladders::index_on(&over(index, r.new, &beside)?, &with_suffix(index.head.id.name(), "_msr_new"));
        rungs.push(Rung { ahead: false, ..built });
    }
    rungs.extend(trigger.gone());
    rungs.extend(r.swap(&on, &name, &beside));
    Some(How::Ladder(rungs))
}

fn later(sql: String, back: impl IntoIterator<Item = String>) -> Rung {
    Rung { phase: Phase::Contract, ..Rung::new(sql).back(back.into_iter().map(Rung::new)) }
}

impl Retyping<'_> {
    /// The new column takes the place of the old one, which is parked: one short transaction. On the way back the old one gets
    /// what was written since.
    fn swap(&self, on: &str, name: &str, beside: &str) -> Vec<Rung> {
        let alter = |what: &str| format!("{on} ALTER COLUMN {what}");
        let mut rungs = vec![];
        if self.old.not_null {
            rungs.push(later(alter(&format!("{name} DROP NOT NULL")), [alter(&format!("{name} SET NOT NULL"))]));
        }
        if let Some(default) = &self.default {
            let (set, drop) =
                (|c: &str| alter(&format!("{c} SET DEFAULT {default}")), |c: &str| alter(&format!("{c} DROP DEFAULT")));
            rungs.push(later(drop(name), [set(name)]));
            rungs.push(later(set(beside), [drop(beside)]));
        }
        for index in &self.indexes {
            let (i, schema) = (ident(index.head.id.name()), ident(index.head.id.at(0)));
            let other = ident(&with_suffix(index.head.id.name(), "_msr_new"));
            let create = create_index(index, index.head.id.name(), "", &table_of(index));
            let rename = |from: &str, to: &str| format!("ALTER INDEX {schema}.{from} RENAME TO {to}");
            rungs.push(later(format!("DROP INDEX {schema}.{i}"), [create]));
            rungs.push(later(rename(&other, &i), [rename(&i, &other)]));
        }
        let parked = ident(&with_suffix(&format!("msr_trash_{}", self.new.head.id.name()), ""));
        let rename = |from: &str, to: &str| format!("{on} RENAME COLUMN {from} TO {to}");
        let since = format!(
            "UPDATE {} SET {name} = {beside}::{1} WHERE {name} IS DISTINCT FROM {beside}::{1}",
            table(&self.new.head.id),
            self.old.r#type
        );
        let away = later(rename(name, &parked), [rename(&parked, name), since]);
        rungs.push(Rung { purge: Some(format!("{on} DROP COLUMN {parked}")), ..away });
        rungs.push(later(rename(beside, name), [rename(name, beside)]));
        if let Some(text) = &self.comment {
            let say = |text: &str| format!("COMMENT ON COLUMN {}.{name} IS {text}", table(&self.new.head.id));
            rungs.push(later(say(&literal(text)), [say("NULL")]));
        }
        rungs
    }
}

fn table_of(index: &Index) -> String {
    index.head.parent.as_ref().map(super::super::ddl::path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Head;

    #[test]
    fn an_index_moves_to_another_column() {
        let id = |name: &str| Id::new(Kind::Column, ["s", "t", name]);
        let column = Column::new(Head::new(id("n")));
        let index = |definition: &str| Index { definition: definition.into(), ..Index::new(Head::new(id("i"))) };
        let moved = |definition| over(&index(definition), &column, "m").map(|i| i.definition);
        assert_eq!(moved("USING btree (a, n DESC)").as_deref(), Some("USING btree (a, m DESC)"));
        assert_eq!(moved("USING btree (lower(n))"), None);
        assert_eq!(moved("USING btree (n) WHERE (n > 0)"), None);
        assert_eq!(moved("USING btree (nn)"), None);
        assert!(in_place("text", "character varying") && !in_place("integer", "bigint"));
    }
}
