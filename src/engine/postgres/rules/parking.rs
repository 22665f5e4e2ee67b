//! Parking: what is dropped while an old application may still use it goes in the contract phase, and not for good. A table
//! moves to a schema of its own, a column gets another name; both are out of everybody's way, and the way back is exact.
//! `msr purge` removes them (`Rung::purge`).

use super::super::ddl::{ident, path, table};
use super::RULES;
use super::mirrored::Mirror;
use crate::engine::how::{How, Phase, Rung, Scene};
use crate::model::{Fingerprint, Id, Kind, Object, Strength, Value};

/// How names of what is parked begin; inspection leaves them out.
const TRASH: &str = "msr_trash_";

/// What goes along with a parked table and is of no concern to anything else.
const WITH_TABLE: &[Kind] = &[
    Kind::Column,
    Kind::Default,
    Kind::PrimaryKey,
    Kind::Unique,
    Kind::Check,
    Kind::ForeignKey,
    Kind::Exclusion,
    Kind::Index,
    Kind::Trigger,
    Kind::Policy,
    Kind::Rule,
    Kind::Sequence,
    Kind::Comment,
    Kind::SecurityLabel,
    Kind::Owner,
    Kind::Grant,
];

fn later(sql: String, back: Vec<String>) -> Rung {
    Rung { phase: Phase::Contract, ..Rung::new(sql).back(back.into_iter().map(Rung::new)) }
}

/// A table that goes: its foreign keys one by one, since each locks another table, then the table out of its schema.
pub fn of_table(scene: &Scene, o: &Object) -> Option<How> {
    let id = o.id();
    if !scene.phased(id) || scene.to.contains(id) || !parkable(scene, o) {
        return None;
    }
    let keys = scene.from.children(id).filter(|k| k.id().kind == Kind::ForeignKey);
    let others = keys.filter(|k| k.attr("target").text() != Some(path(id).as_str()));
    let mut rungs: Vec<Rung> = others.map(|key| Rung { alone: true, ..unbound(key) }).collect();
    let place = place_of(scene, id);
    let (name, there) = (path(id), format!("{place}.{}", ident(id.name())));
    rungs.push(later(format!("CREATE SCHEMA {place}"), vec![format!("DROP SCHEMA {place}")]));
    let back = format!("ALTER TABLE {there} SET SCHEMA {}", ident(id.at(0)));
    let purge = format!("DROP TABLE {there}; DROP SCHEMA {place}");
    let away = later(format!("ALTER TABLE {name} SET SCHEMA {place}"), vec![back]);
    rungs.push(Rung { purge: Some(purge), ..away });
    Some(How::Ladder(rungs))
}

fn unbound(key: &Object) -> Rung {
    let add = format!("ALTER TABLE {} ADD {}", table(key.id()), super::keys::clause(key));
    let valid = if key.status() == crate::model::Status::Pending { " NOT VALID" } else { "" };
    later(
        format!("ALTER TABLE {} DROP CONSTRAINT {}", table(key.id()), ident(key.id().name())),
        vec![format!("{add}{valid}")],
    )
}

/// A schema of its own: names of indexes and sequences are free there. The same table parked twice has the same.
fn place_of(scene: &Scene, id: &Id) -> String {
    let prints: Vec<String> = scene
        .from
        .family(id)
        .into_iter()
        .filter_map(|p| scene.from.get(p))
        .map(|o| Fingerprint::of(o).to_string())
        .collect();
    let print = Fingerprint::of_parts(prints.iter().map(|p| p.as_bytes())).to_string();
    let digits: String = print.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{TRASH}{}", &digits[digits.len().saturating_sub(8)..])
}

/// Whether nothing is with the table that would stay behind or keep others from going.
fn parkable(scene: &Scene, o: &Object) -> bool {
    let family = scene.from.family(o.id());
    let goes_with = |o: &Object| o.refs().iter().any(|r| r.strength == Strength::Auto && family.contains(&&r.to));
    let own = |id: &Id| family.contains(&id) || scene.from.get(id).is_some_and(goes_with);
    let mut parts = family.iter().filter_map(|id| scene.from.get(id));
    let with = |part: &Object| {
        let mut users = scene.from.users(part.id()).filter(|u| u.has_ref(part.id(), Strength::Auto));
        let stays = |to: &Id| own(to) || scene.to.contains(to) || to.kind == Kind::Table;
        let known = part.id() == o.id() || WITH_TABLE.contains(&part.id().kind);
        known && users.all(|u| WITH_TABLE.contains(&u.id().kind)) && part.refs().iter().all(|r| stays(&r.to))
    };
    let mutual = scene.from.users(o.id()).any(|u| {
        let other = scene.from.root(u.id());
        u.id().kind == Kind::ForeignKey && other != o.id() && !scene.to.contains(other)
    });
    o.attr("partition_by") == Value::None && !mutual && parts.all(with)
}

/// A column that goes. Its NOT NULL goes first, in the expand phase, so that an application that no longer knows it can
/// write; what is made of it goes with it. Columns of which others take over the values go, and come back, together.
pub fn of_column(scene: &Scene, o: &Object) -> Option<How> {
    let all_bared = |mirror: &Mirror| -> Option<Vec<Vec<Rung>>> {
        mirror.old.iter().map(|s| bared(scene, scene.from.get(&s.column.head.id)?)).collect()
    };
    let together = Mirror::of(scene, o).and_then(|mirror| Some((all_bared(&mirror)?, mirror)));
    let Some((all, mirror)) = together else {
        let bared = bared(scene, o)?;
        return Some(How::Ladder(eased(scene, o).into_iter().chain(bared).chain([away(o.id(), None)]).collect()));
    };
    if mirror.first_old() != o.id() {
        return Some(How::With(mirror.first_old().clone()));
    }
    // A trigger gives them a value: they may be held to having one for as long as it does.
    let free = Mirror::both_ways(scene, o).is_none();
    let old = mirror.old.iter().filter_map(|s| scene.from.get(&s.column.head.id)).filter(|_| free);
    let eased = old.filter_map(|o| eased(scene, o));
    // The first to be called away is the last to come back: then all are there.
    let since = |first: bool| first.then(|| mirror.since());
    let away = mirror.old.iter().enumerate().map(|(at, s)| away(&s.column.head.id, since(at == 0)));
    Some(How::Ladder(eased.chain(all.into_iter().flatten()).chain(away).collect()))
}

/// Whether the column can be parked.
pub fn parkable_column(scene: &Scene, o: &Object) -> bool {
    bared(scene, o).is_some()
}

/// The column under another name; after the way back something may have to be done to rows.
fn away(id: &Id, since: Option<String>) -> Rung {
    let (on, name) = (format!("ALTER TABLE {}", table(id)), ident(id.name()));
    let parked = ident(&format!("{TRASH}{}", id.name()).chars().take(60).collect::<String>());
    let back = format!("{on} RENAME COLUMN {parked} TO {name}");
    let away = later(format!("{on} RENAME COLUMN {name} TO {parked}"), std::iter::once(back).chain(since).collect());
    Rung { purge: Some(format!("{on} DROP COLUMN {parked}")), ..away }
}

/// What keeps others from leaving the column out.
pub fn eased(scene: &Scene, o: &Object) -> Option<Rung> {
    let (id, on, name) = (o.id(), format!("ALTER TABLE {}", table(o.id())), ident(o.id().name()));
    let must = o.attr("not_null") == Value::Bool(true) && !scene.from.contains(&id.of_kind(Kind::Default));
    let back = Rung::new(format!("{on} ALTER COLUMN {name} SET NOT NULL"));
    must.then(|| Rung::alone(format!("{on} ALTER COLUMN {name} DROP NOT NULL")).back([back]))
}

/// What goes before the column does: all that is made of it.
fn bared(scene: &Scene, o: &Object) -> Option<Vec<Rung>> {
    let (id, home) = (o.id(), super::links::home(o));
    let plain = ["generated", "identity"].iter().all(|attr| o.attr(attr) == Value::None);
    let linked = o.leaders().next().is_some() || scene.from.users(id).any(|u| u.has_ref(id, Strength::Follow));
    if !scene.phased(&home) || !scene.stays(&home) || scene.to.contains(id) || !plain || linked {
        return None;
    }
    const GOES: &[Kind] = &[Kind::Index, Kind::Check, Kind::Unique, Kind::ForeignKey];
    const STAYS: &[Kind] = &[Kind::Default, Kind::Comment, Kind::SecurityLabel, Kind::Grant];
    let users: Vec<&Object> = scene.from.users(id).filter(|u| u.has_ref(id, Strength::Auto)).collect();
    let needs = o.refs().iter().all(|r| scene.to.contains(&r.to) || r.to == home);
    if !needs || users.iter().any(|u| !GOES.contains(&u.id().kind) && !STAYS.contains(&u.id().kind)) {
        return None;
    }
    let mut rungs = vec![];
    // What is made of several columns that go, goes with the first of them.
    let first = |user: &Object| {
        let gone = user.refs().iter().map(|r| &r.to).filter(|to| to.kind == Kind::Column && !scene.to.contains(to));
        gone.filter_map(|to| scene.from.get(to)).min_by_key(|c| (c.position(), c.id())).is_some_and(|c| c.id() == id)
    };
    for user in users.iter().filter(|u| GOES.contains(&u.id().kind) && first(u)) {
        let (drop, create) = (undone(scene, user)?, made(scene, user)?);
        rungs.push(later(drop.join("; "), create));
    }
    Some(rungs)
}

/// The statements that drop a part of a table, as where nobody has to be spared.
fn undone(scene: &Scene, o: &Object) -> Option<Vec<String>> {
    let server = scene.server.idle();
    let rule = RULES.iter().find(|r| r.kind == o.id().kind)?;
    statements((rule.drop)(&Scene { server: &server, ..*scene }, o))
}

/// Those that make it.
fn made(scene: &Scene, o: &Object) -> Option<Vec<String>> {
    let server = scene.server.idle();
    let rule = RULES.iter().find(|r| r.kind == o.id().kind)?;
    statements((rule.create)(&Scene { server: &server, from: scene.to, to: scene.from, ..*scene }, o, &[]))
}

fn statements(how: How) -> Option<Vec<String>> {
    match how {
        How::Clause(table, action) => Some(vec![format!("ALTER TABLE {} {action}", path(&table))]),
        How::Ladder(rungs) => rungs.into_iter().map(|r| r.transactional.then_some(r.sql)).collect(),
        _ => None,
    }
}
