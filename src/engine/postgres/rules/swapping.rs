//! The contract part of another type: new columns take the place of the old ones, which are parked, in one short transaction.
//! On the way back the old ones get what was written since.

use super::super::ddl::{ident, identity_sequence, literal, path, split, table};
use super::beside::{self, column, fresh};
use super::keys::clause;
use super::ladders::{create_index, not_null_both_ways, with_suffix};
use super::retyping::{Remade, Retyped, Retyping};
use crate::engine::how::{Phase, Rung, Scene};
use crate::model::{Id, Index, Object};
use std::collections::BTreeSet;

fn later(sql: String, back: impl IntoIterator<Item = String>) -> Rung {
    Rung { phase: Phase::Contract, ..Rung::new(sql).back(back.into_iter().map(Rung::new)) }
}

/// What is taken off the old columns, the change of names, and what is put on the new ones.
pub fn swap(scene: &Scene, r: &Retyping) -> Option<Vec<Rung>> {
    let locked = lock(r);
    // Before the lock, and apart from it.
    let mut rungs: Vec<Rung> = r.columns.iter().flat_map(|c| required(scene, c)).collect();
    rungs.iter_mut().for_each(|rung| rung.alone |= locked.is_some());
    rungs.extend(locked);
    rungs.extend(r.columns.iter().filter_map(kept).map(|(add, drop)| later(drop, [add])));
    r.columns.iter().for_each(|c| rungs.extend(beside::trigger(c).gone()));
    for b in &r.bonds {
        let on = format!("ALTER TABLE {}", table(b.id()));
        let again = format!("{on} ADD CONSTRAINT {} {}", ident(&fresh(b.id())), beside::bond(r, b)?);
        let drop = format!("{on} DROP CONSTRAINT {}", ident(b.id().name()));
        rungs.push(later(drop, [format!("{on} ADD {}", clause(b)), again]));
    }
    for k in &r.keys {
        let on = format!("ALTER TABLE {}", table(k.id()));
        let again = beside::key_index_at_once(r, k)?;
        rungs.push(later(
            format!("{on} DROP CONSTRAINT {}", ident(k.id().name())),
            [format!("{on} ADD {}", clause(k)), again],
        ));
    }
    r.columns.iter().for_each(|c| rungs.extend(c.bared()));
    r.indexes.iter().for_each(|i| rungs.extend(index(i)));
    for c in &r.checks {
        let (on, name) = (format!("ALTER TABLE {}", table(&c.old.head.id)), ident(c.old.head.id.name()));
        let add = format!("{on} ADD CONSTRAINT {name} {}", c.old.definition);
        rungs.push(later(format!("{on} DROP CONSTRAINT {name}"), [add]));
        let rename = |from: &str, to: &str| format!("{on} RENAME CONSTRAINT {from} TO {to}");
        let other = ident(&fresh(&c.old.head.id));
        rungs.push(later(rename(&other, &name), [rename(&name, &other)]));
    }
    rungs.extend(r.relabelled.iter().flat_map(|ty| ty.swapped()));
    r.columns.iter().for_each(|c| rungs.extend(c.renamed()));
    rungs.extend(r.said.iter().cloned());
    let last = rungs.iter_mut().filter_map(|rung| rung.purge.as_mut()).next_back();
    if let Some((purge, ty)) = last.zip(r.relabelled) {
        purge.push_str(&ty.purge());
    }
    for k in &r.keys {
        rungs.push(key(r, k)?);
    }
    for b in &r.bonds {
        let (on, name) = (format!("ALTER TABLE {}", table(b.id())), ident(b.id().name()));
        let rename = format!("{on} RENAME CONSTRAINT {} TO {name}", ident(&fresh(b.id())));
        // The index that it stands on goes with the key.
        rungs.push(later(rename, [format!("{on} DROP CONSTRAINT {name}")]));
    }
    Some(rungs)
}

/// What the old application was free to leave out: a value where there must be one from now on, or one that is also of the new
/// type.
fn required(scene: &Scene, c: &Retyped) -> Vec<Rung> {
    let own = column(&c.new.head.id);
    if c.must() {
        let must = not_null_both_ways(scene, &own, &format!("{}_{}_not_null", own.at(1), own.name()));
        return must.into_iter().map(|rung| Rung { phase: Phase::Contract, ..rung }).collect();
    }
    let Some((add, drop)) = kept(c) else { return vec![] };
    let validate = later(drop.replacen("DROP", "VALIDATE", 1), []);
    let rungs = [later(format!("{add} NOT VALID"), [drop.clone()]), validate.patient()];
    rungs.into_iter().map(|rung| Rung { alone: true, ..rung }).collect()
}

/// A check that no value is lost of a column that may be without one, and what removes it.
fn kept(c: &Retyped) -> Option<(String, String)> {
    let id = &c.new.head.id;
    let (on, name, beside) = (format!("ALTER TABLE {}", table(id)), ident(id.name()), ident(column(id).name()));
    let constraint = ident(&with_suffix(&format!("msr_kept_{}", id.name()), ""));
    let add = format!("{on} ADD CONSTRAINT {constraint} CHECK ({beside} IS NOT NULL OR {name} IS NULL)");
    (c.gaps && !c.must()).then(|| (add, format!("{on} DROP CONSTRAINT {constraint}")))
}

/// Several tables at once, what is referred to before what refers to it, as applications write them.
fn lock(r: &Retyping) -> Option<Rung> {
    let ends: Vec<beside::Ends> = r.bonds.iter().filter_map(|b| beside::ends(b)).collect();
    let targets: BTreeSet<&Id> = ends.iter().map(|e| &e.target).collect();
    let homes: Vec<Id> = r.columns.iter().map(Retyped::home).collect();
    let others: BTreeSet<&Id> = ends.iter().map(|e| &e.home).chain(&homes).collect();
    let all: Vec<String> = targets.iter().chain(others.difference(&targets)).map(|id| path(id)).collect();
    (all.len() > 1).then(|| later(format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", all.join(", ")), []))
}

/// The constraint comes of the index. There is no way back from that but to make the index anew.
fn key(r: &Retyping, k: &Object) -> Option<Rung> {
    let (on, name) = (format!("ALTER TABLE {}", table(k.id())), ident(k.id().name()));
    let (_, word, rest) = beside::key(r, k)?;
    let using = format!("{on} ADD CONSTRAINT {name} {word} USING INDEX {}{rest}", ident(&fresh(k.id())));
    Some(later(using, [format!("{on} DROP CONSTRAINT {name}")]))
}

fn index(i: &Remade<Index>) -> [Rung; 2] {
    let (index, id) = (i.old, &i.old.head.id);
    let (name, schema, other) = (ident(id.name()), ident(id.at(0)), ident(&fresh(id)));
    let on = index.head.parent.as_ref().map(path).unwrap_or_default();
    let create = create_index(index, id.name(), "", &on);
    let rename = |from: &str, to: &str| format!("ALTER INDEX {schema}.{from} RENAME TO {to}");
    [later(format!("DROP INDEX {schema}.{name}"), [create]), later(rename(&other, &name), [rename(&name, &other)])]
}

impl Retyped<'_> {
    fn alter(&self, what: &str) -> String {
        format!("ALTER TABLE {} ALTER COLUMN {what}", table(&self.new.head.id))
    }

    /// The name under which the old column waits to be purged.
    fn parked(&self) -> String {
        ident(&with_suffix(&format!("msr_trash_{}", self.new.head.id.name()), ""))
    }

    /// What only one of the two can have goes from the old column to the new one.
    fn bared(&self) -> Vec<Rung> {
        let (name, beside) = (ident(self.new.head.id.name()), ident(column(&self.new.head.id).name()));
        let mut rungs = self.identity(&name, &beside);
        if self.old.not_null && self.new.not_null {
            let not_null = |what: &str| self.alter(&format!("{name} {what} NOT NULL"));
            rungs.push(later(not_null("DROP"), [not_null("SET")]));
        }
        let set = |c: &str, default: &str| self.alter(&format!("{c} SET DEFAULT {default}"));
        let drop = |c: &str| self.alter(&format!("{c} DROP DEFAULT"));
        if let Some(old) = self.default.meanwhile.as_deref().or(self.default.old) {
            rungs.push(later(drop(&name), [set(&name, old)]));
        }
        rungs
    }

    fn renamed(&self) -> Vec<Rung> {
        let id = &self.new.head.id;
        let (on, name, beside) = (format!("ALTER TABLE {}", table(id)), ident(id.name()), ident(column(id).name()));
        let parked = self.parked();
        let rename = |from: &str, to: &str| format!("{on} RENAME COLUMN {from} TO {to}");
        let differs = self.differs(&beside);
        let since = format!("UPDATE {} SET {name} = {beside}{} WHERE {differs}", table(id), self.back);
        let away = later(rename(&name, &parked), [rename(&parked, &name), since]);
        let mut rungs = vec![Rung { purge: Some(format!("{on} DROP COLUMN {parked}")), ..away }];
        rungs.push(later(rename(&beside, &name), [rename(&name, &beside)]));
        if let Some(new) = self.default.new {
            let drop = self.alter(&format!("{name} DROP DEFAULT"));
            rungs.push(later(self.alter(&format!("{name} SET DEFAULT {new}")), [drop]));
        }
        if let Some(sequence) = self.sequence {
            let own = |c: &str| format!("ALTER SEQUENCE {} OWNED BY {}.{c}", path(sequence), table(id));
            rungs.push(later(own(&name), [own(&parked)]));
        }
        rungs.extend(self.said.iter().map(|said| Rung { phase: Phase::Contract, ..said.clone() }));
        rungs
    }

    /// The sequence behind an identity goes with its column: another one goes on where it was, and takes its name.
    fn identity(&self, name: &str, beside: &str) -> Vec<Rung> {
        let Some(when) = &self.new.identity else { return vec![] };
        let (id, sequence) = (&self.new.head.id, identity_sequence(self.new));
        let own = split(&sequence);
        let plain = own.last().cloned().unwrap_or_default();
        let other = with_suffix(&plain, "_msr_new");
        let beside_it = format!("{}.{}", ident(id.at(0)), ident(&other));
        let options: Vec<&str> =
            self.new.identity_options.iter().filter(|o| !o.starts_with("SEQUENCE NAME")).map(String::as_str).collect();
        let add = |column: &str, sequence: &str| {
            let all = [&[format!("SEQUENCE NAME {sequence}").as_str()], &options[..]].concat().join(" ");
            self.alter(&format!("{column} ADD GENERATED {when} AS IDENTITY ({all})"))
        };
        let drop = |column: &str| self.alter(&format!("{column} DROP IDENTITY"));
        let go_on = |to: &str, from: &str| format!("SELECT setval({}, last_value, is_called) FROM {from}", literal(to));
        let rename = |from: &str, to: &str| format!("ALTER SEQUENCE {from} RENAME TO {}", ident(to));
        let mut rungs = vec![
            later(add(beside, &beside_it), [drop(beside)]),
            later(go_on(&beside_it, &sequence), [go_on(&sequence, &beside_it)]),
            later(drop(name), std::iter::once(add(name, &sequence)).chain(self.said_of_identity.iter().cloned())),
            later(rename(&beside_it, &plain), [rename(&sequence, &other)]),
        ];
        rungs.extend(self.said_of_identity.iter().map(|said| later(said.clone(), [])));
        rungs
    }
}
