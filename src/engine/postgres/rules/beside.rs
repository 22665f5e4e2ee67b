//! The expand part of another type: columns beside the old ones, filled, and what is made of them.

use super::super::ddl::{ident, path, split, table};
use super::columns::{column_clause, column_extras};
use super::filling::Trigger;
use super::ladders::{create_index, index_on, not_null_rungs, unique_index, with_suffix};
use super::links::home;
use super::retyping::{Retyped, Retyping};
use crate::engine::how::{Fill, Rung, Scene};
use crate::engine::text::{items, parenthesised, with_names};
use crate::model::{Check, Column, Id, Index, Kind, Object};

/// The column beside the given one.
pub fn column(id: &Id) -> Id {
    let name = with_suffix(&format!("msr_new_{}", id.name()), "");
    Id::new(Kind::Column, [id.at(0), id.at(1), name.as_str()])
}

/// The name of what is made beside something, until it takes its name.
pub fn fresh(id: &Id) -> String {
    with_suffix(id.name(), "_msr_new")
}

/// Writes the new column whenever a row is written.
pub fn trigger(c: &Retyped) -> Trigger {
    Trigger::always(&column(&c.new.head.id), &c.value)
}

/// An index over the columns beside.
pub fn index(r: &Retyping, i: &Index) -> Option<Index> {
    let definition = over(r, i.head.parent.as_ref()?, &i.definition)?;
    Some(Index { definition, ..i.clone() })
}

/// A check of the columns beside.
pub fn check(r: &Retyping, c: &Check) -> Option<String> {
    over(r, c.head.parent.as_ref()?, &c.definition)
}

/// What the index of a key over the columns beside is made of, what the key is, and what else is said of it.
pub fn key<'k>(r: &Retyping, key: &'k Object) -> Option<(String, &'k str, &'k str)> {
    let definition = match key {
        Object::PrimaryKey(k) => &k.definition,
        Object::Unique(k) => &k.definition,
        _ => return None,
    };
    let (word, body, rest) = unique_index(definition)?;
    Some((over(r, &home(key), &body)?, word, rest))
}

/// The ends of a foreign key; columns as they stand in SQL.
pub struct Ends {
    pub home: Id,
    pub columns: Vec<String>,
    pub target: Id,
    pub targets: Vec<String>,
    /// What it does when a row goes, and when it is looked at.
    rest: String,
}

/// Takes the definition apart; `None` where more is said of single columns.
pub fn ends(bond: &Object) -> Option<Ends> {
    let Object::ForeignKey(f) = bond else { return None };
    let (own, rest) = parenthesised(f.definition.strip_prefix("FOREIGN KEY ")?)?;
    let (name, rest) = rest.strip_prefix(" REFERENCES ")?.split_at(rest.find('(')?.checked_sub(" REFERENCES ".len())?);
    let (targets, rest) = parenthesised(rest)?;
    let list = |text: &str| items(text).into_iter().map(str::to_string).collect();
    let plain = !rest.contains('(') && !rest.ends_with("NOT ENFORCED");
    let target = Id::new(Kind::Table, split(name));
    plain.then(|| Ends { home: home(bond), columns: list(own), target, targets: list(targets), rest: rest.to_string() })
}

/// The definition of a foreign key between the columns beside.
pub fn bond(r: &Retyping, bond: &Object) -> Option<String> {
    let ends = ends(bond)?;
    let names = |table: &Id, columns: &[String]| {
        let all = columns.iter().map(|c| beside_of(r, table, c).unwrap_or_else(|| c.clone()));
        all.collect::<Vec<_>>().join(", ")
    };
    let (own, targets) = (names(&ends.home, &ends.columns), names(&ends.target, &ends.targets));
    Some(format!("FOREIGN KEY ({own}) REFERENCES {}({targets}){}", path(&ends.target), ends.rest))
}

/// Of a column as it stands in SQL, the name of the one beside it.
fn beside_of(r: &Retyping, table: &Id, name: &str) -> Option<String> {
    let same = |c: &&Retyped| c.home() == *table && ident(c.new.head.id.name()) == name;
    r.columns.iter().find(same).map(|c| ident(column(&c.new.head.id).name()))
}

/// A definition with the columns beside in the place of the old ones; `None` where none of those is in it, or where a name is a
/// word of some type's as well.
fn over(r: &Retyping, table: &Id, text: &str) -> Option<String> {
    const OF_TYPES: &[&str] =
        &["without", "with", "zone", "varying", "year", "month", "day", "hour", "minute", "second"];
    let (done, moved) = with_names(text, &|token| beside_of(r, table, token));
    let doubtful = r.columns.iter().any(|c| OF_TYPES.contains(&c.new.head.id.name()));
    let done = r.relabelled.map_or_else(|| done.clone(), |ty| ty.in_text(&done));
    (moved > 0 && !doubtful).then_some(done)
}

/// Columns and triggers first, so that one way back leads from anywhere in the filling; then the rows, then what is made of them.
pub fn made(scene: &Scene, r: &Retyping) -> Option<Vec<Rung>> {
    let mut rungs: Vec<Rung> = r.relabelled.iter().map(|ty| ty.made()).collect();
    for (at, c) in r.columns.iter().enumerate() {
        // One table's lock is not held while the next one's is waited for.
        rungs.extend(added(c).into_iter().chain(eased(c)).map(|rung| Rung { alone: at > 0, ..rung }));
        rungs.extend(trigger(c).made());
    }
    for c in &r.columns {
        let (beside, name) = (ident(column(&c.new.head.id).name()), ident(c.new.head.id.name()));
        let only = format!("{beside} IS NULL AND {name} IS NOT NULL");
        let set = format!("{beside} = ({})", c.value);
        rungs.push(Rung::fill(Fill { table: table(&c.new.head.id), key: c.key.clone(), set, only }));
    }
    for c in r.columns.iter().filter(|c| c.new.not_null && !c.must()) {
        let own = column(&c.new.head.id);
        let must = not_null_rungs(scene, &own, &format!("{}_{}_not_null", own.at(1), own.name()));
        rungs.extend(must.into_iter().map(|rung| Rung { back: None, ..rung }));
    }
    for i in &r.indexes {
        rungs.push(Rung { ahead: false, ..index_on(&index(r, i.new)?, &fresh(&i.new.head.id)) });
    }
    for c in &r.checks {
        rungs.extend(both_ways(&c.new.head.id, &check(r, c.new)?));
    }
    for k in &r.keys {
        rungs.push(Rung { ahead: false, ..index_on(&key_index(r, k)?, &fresh(k.id())) });
    }
    for b in &r.bonds {
        rungs.extend(both_ways(b.id(), &bond(r, b)?));
    }
    Some(rungs)
}

/// A constraint that is added and then validated.
fn both_ways(id: &Id, definition: &str) -> [Rung; 2] {
    let (on, name) = (format!("ALTER TABLE {}", table(id)), ident(&fresh(id)));
    let add = Rung::alone(format!("{on} ADD CONSTRAINT {name} {definition} NOT VALID"));
    [
        add.back([Rung::new(format!("{on} DROP CONSTRAINT {name}"))]),
        Rung::alone(format!("{on} VALIDATE CONSTRAINT {name}")).patient().back([]),
    ]
}

/// What the new application relies on and the old one does not mind: no value, and the value where nobody says.
fn eased(c: &Retyped) -> Vec<Rung> {
    let id = &c.new.head.id;
    let alter = |what: &str| format!("ALTER TABLE {} ALTER COLUMN {} {what}", table(id), ident(id.name()));
    let mut rungs = vec![];
    if c.old.not_null && !c.new.not_null {
        rungs.push(Rung::new(alter("DROP NOT NULL")).back([Rung::new(alter("SET NOT NULL"))]));
    }
    if let Some(meanwhile) = &c.default.meanwhile {
        let before = c.default.old.map_or("DROP DEFAULT".to_string(), |old| format!("SET DEFAULT {old}"));
        let set = Rung::new(alter(&format!("SET DEFAULT {meanwhile}")));
        rungs.push(set.back([Rung::new(alter(&before))]));
    }
    rungs
}

/// The index that will be the key's.
fn key_index(r: &Retyping, k: &Object) -> Option<Index> {
    let (body, ..) = key(r, k)?;
    let head = crate::model::Head::child(Id::new(Kind::Index, [k.id().at(0), &fresh(k.id())]), home(k));
    Some(Index { unique: true, definition: format!("USING btree {body}"), ..Index::new(head) })
}

/// The statement that makes it while nobody works.
pub fn key_index_at_once(r: &Retyping, k: &Object) -> Option<String> {
    Some(create_index(&key_index(r, k)?, &fresh(k.id()), "", &path(&home(k))))
}

fn added(c: &Retyped) -> Vec<Rung> {
    let on = format!("ALTER TABLE {}", table(&c.new.head.id));
    // Its sequence, the old column's, comes with its name.
    let mut bare =
        Column { not_null: false, identity: None, identity_options: vec![], r#type: c.ty.clone(), ..c.new.clone() };
    bare.head.id = column(&c.new.head.id);
    let drop = format!("{on} DROP COLUMN {}", ident(bare.head.id.name()));
    let add = Rung::new(format!("{on} ADD COLUMN {}", column_clause(&bare, None))).back([Rung::new(drop)]);
    let extras = column_extras(&bare).into_iter().map(|action| Rung::new(format!("{on} {action}")).back([]));
    std::iter::once(add).chain(extras).collect()
}
