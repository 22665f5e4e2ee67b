//! Constraints and indexes.

use super::super::ddl::{assignments, change_options, ident, path, table};
use super::links::{attaches, changes_with, comes_with, held, home, only};
use super::{constraint_name, index_constraint_name, ladders, relation_name, rename};
use crate::engine::how::{Change, How, KindRule, Rung, Scene, SetRule, replace, set};
use crate::model::{Id, Kind, Object, Status, Strength, Value};

/// A constraint as it stands in CREATE TABLE and after ADD.
pub fn clause(o: &Object) -> String {
    format!("CONSTRAINT {} {}", ident(o.id().name()), o.attr("definition"))
}

/// What is said of a constraint's index once it is there.
pub fn extras(o: &Object) -> Vec<String> {
    let options = match o {
        Object::PrimaryKey(key) => &key.options,
        Object::Unique(key) => &key.options,
        _ => return vec![],
    };
    let mut sql = Vec::new();
    if !options.is_empty() {
        sql.push(format!("ALTER INDEX {} SET ({})", index_name(o.id()), assignments(options)));
    }
    if o.attr("clustered") == Value::Bool(true) {
        sql.push(format!("ALTER TABLE {} CLUSTER ON {}", table(o.id()), ident(o.id().name())));
    }
    if o.attr("replica_identity") == Value::Bool(true) {
        sql.push(identify(o));
    }
    sql
}

/// The index of a constraint lies in the table's schema, under the constraint's name.
fn index_name(id: &Id) -> String {
    format!("{}.{}", ident(id.at(0)), ident(id.name()))
}

fn create(scene: &Scene, o: &Object, _: &[&Object]) -> How {
    let indexed = matches!(o, Object::PrimaryKey(_) | Object::Unique(_));
    if !indexed && let Some(leader) = comes_with(scene, o) {
        // An heir's may be valid while the parent's is pending still.
        return if leader.status() == o.status() { How::Nothing } else { valid(scene, o) };
    }
    let valid = if o.status() == Status::Pending { " NOT VALID" } else { "" };
    // The partitions' keys have names of their own, so each is made by itself and attached.
    let only = if indexed { only(scene.to, &home(o)) } else { "" };
    let add = format!("ALTER TABLE {only}{} ADD {}{valid}", table(o.id()), clause(o));
    if let Some(ladder) = ladders::checked(scene, o, &add) {
        return ladder;
    }
    if indexed && let Some(ladder) = ladders::using_index(scene, o, extras(o)) {
        return ladder;
    }
    How::statements(std::iter::once(add).chain(extras(o)).chain(attach(scene, o)))
}

/// Makes the index a partition of the partitioned table's.
fn attach(scene: &Scene, o: &Object) -> Option<String> {
    let whole = o.attr("part_of");
    let whole = whole.text().filter(|_| attaches(scene, o))?;
    let name = if o.id().kind == Kind::Index { path(o.id()) } else { index_name(o.id()) };
    Some(format!("ALTER INDEX {whole} ATTACH PARTITION {name}"))
}

/// An index can be attached and not detached
/// (<https://www.postgresql.org/docs/current/sql-alterindex.html>): it lets go only with its table or its leader.
fn part_of(scene: &Scene, c: &Change) -> How {
    if *c.from == Value::None {
        return How::statements(attach(scene, c.new));
    }
    let leader = c.old.leaders().find(|l| scene.from.contains(l));
    match leader {
        Some(leader) if held(scene, c.old) && alike(scene, leader) => How::Refuse(format!(
            "cannot detach {} from {}: PostgreSQL has no statement for it; drop one of the two instead",
            c.old.id(),
            leader
        )),
        Some(_) if held(scene, c.old) => How::Replace,
        _ => How::Nothing,
    }
}

fn alike(scene: &Scene, id: &Id) -> bool {
    scene.stays(id) && scene.from.get(id).map(Object::status) == scene.to.get(id).map(Object::status)
}

/// An index or key of a partition can't go as long as the partitioned table has its own.
fn drop(scene: &Scene, o: &Object) -> How {
    match held(scene, o).then(|| o.leaders().find(|l| alike(scene, l))).flatten() {
        Some(leader) => How::Refuse(format!(
            "cannot drop {}: it is a partition's part of {leader}, which stays; if it only has another name now, say so by `-- msr:renamed from`",
            o.id()
        )),
        None => drop_constraint(scene, o),
    }
}

fn drop_constraint(scene: &Scene, o: &Object) -> How {
    // Before 15 a partition that is detached loses a foreign key to the table that it was a part of.
    let lost = scene.server.version < 150_000 && o.id().kind == Kind::ForeignKey && o.leaders().next().is_some();
    let if_exists = if lost { "IF EXISTS " } else { "" };
    let drop = format!("ALTER TABLE {} DROP CONSTRAINT {if_exists}{}", table(o.id()), ident(o.id().name()));
    How::statements(std::iter::once(drop).chain(back_to_usual_identity(scene, o)))
}

/// The index tells rows to logical replication.
fn identify(o: &Object) -> String {
    format!("ALTER TABLE {} REPLICA IDENTITY USING INDEX {}", owner_of(o), ident(o.id().name()))
}

/// A table does not find back by itself when the index of its replica identity goes: it is then without any.
fn back_to_usual_identity(s: &Scene, o: &Object) -> Option<String> {
    let had = o.attr("replica_identity") == Value::Bool(true);
    let table = o.parent().filter(|_| had).and_then(|p| s.to.get(p))?;
    let another = s.to.children(table.id()).any(|k| k.attr("replica_identity") == Value::Bool(true));
    let identity = table.attr("replica_identity");
    (!another)
        .then(|| format!("ALTER TABLE {} REPLICA IDENTITY {}", path(table.id()), identity.text().unwrap_or("DEFAULT")))
}

fn replica_identity(s: &Scene, c: &Change) -> How {
    match c.to {
        Value::Bool(true) => How::statement(identify(c.new)),
        _ => How::statements(back_to_usual_identity(s, c.old)),
    }
}

fn rename_constraint(_: &Scene, o: &Object, to: &Id) -> How {
    How::statement(format!(
        "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
        table(o.id()),
        ident(o.id().name()),
        ident(to.name())
    ))
}

/// A pending constraint is validated; there is no way to make a valid one pending.
fn validate(scene: &Scene, c: &Change) -> How {
    match c.to {
        Value::None if changes_with(scene, c) => How::Nothing,
        Value::None => valid(scene, c.new),
        _ => How::Replace,
    }
}

fn valid(scene: &Scene, o: &Object) -> How {
    let validate = || format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", table(o.id()), ident(o.id().name()));
    ladders::validated(scene, o).unwrap_or_else(|| How::statement(validate()))
}

/// A foreign key's columns and target stand in its definition as well, and ask for a replacement themselves.
fn redefine(scene: &Scene, c: &Change) -> How {
    if let Some(with) = super::columns::carrier(scene, c.new) {
        return with;
    }
    ladders::rechecked(scene, c).unwrap_or(How::Replace)
}

fn cluster(_: &Scene, c: &Change) -> How {
    match c.to {
        Value::Bool(true) => {
            How::statement(format!("ALTER TABLE {} CLUSTER ON {}", owner_of(c.new), ident(c.new.id().name())))
        }
        _ => How::statement(format!("ALTER TABLE {} SET WITHOUT CLUSTER", owner_of(c.new))),
    }
}

fn owner_of(o: &Object) -> String {
    o.parent().map(path).unwrap_or_default()
}

fn index_options(_: &Scene, c: &Change) -> How {
    let list = |v: &Value| if let Value::List(items) = v { items.clone() } else { vec![] };
    let name = if c.new.id().kind == Kind::Index { path(c.new.id()) } else { index_name(c.new.id()) };
    How::statements(
        change_options(&list(c.from), &list(c.to)).into_iter().map(|clause| format!("ALTER INDEX {name} {clause}")),
    )
}

/// The columns stand in the definition.
fn within(scene: &Scene, c: &Change) -> How {
    replace(scene, c)
}

const fn constraint(kind: Kind) -> KindRule {
    KindRule {
        kind,
        clause: Some(|_, o| clause(o)),
        create,
        drop,
        rename: Some(rename_constraint),
        set: &[],
        namespace: constraint_name,
        loses: None,
    }
}

/// Attributes of a key, which has an index.
const WITH_INDEX: &[SetRule] = &[
    set("columns", within),
    set("definition", replace),
    set("part_of", part_of),
    set("clustered", cluster),
    set("replica_identity", replica_identity),
    set("options", index_options),
];

pub const PRIMARY_KEY: KindRule =
    KindRule { set: WITH_INDEX, namespace: index_constraint_name, ..constraint(Kind::PrimaryKey) };

pub const UNIQUE: KindRule = KindRule { set: WITH_INDEX, namespace: index_constraint_name, ..constraint(Kind::Unique) };

pub const CHECK: KindRule =
    KindRule { set: &[set("definition", redefine), set("status", validate)], ..constraint(Kind::Check) };

/// Never written inside CREATE TABLE: two tables may point at each other.
pub const FOREIGN_KEY: KindRule = KindRule {
    clause: None,
    set: &[set("columns", within), set("target", replace), set("definition", redefine), set("status", validate)],
    ..constraint(Kind::ForeignKey)
};

pub const EXCLUSION: KindRule =
    KindRule { set: &[set("definition", replace)], namespace: index_constraint_name, ..constraint(Kind::Exclusion) };

pub const INDEX: KindRule = KindRule {
    kind: Kind::Index,
    clause: None,
    create: |scene, o, _| {
        let Object::Index(i) = o else { return How::Nothing };
        // Partitions get theirs by themselves, under names of their own and without a lock on the whole table
        // (<https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE>).
        let on = format!("{}{}", only_partitioned(scene, o), owner_of(o));
        let create = ladders::concurrent_index(scene, o)
            .unwrap_or_else(|| Rung::new(ladders::create_index(i, o.id().name(), "", &on)));
        let statistics = i.statistics.iter().filter_map(|s| statistics(o.id(), s));
        let cluster = i.clustered.then(|| format!("ALTER TABLE {} CLUSTER ON {}", owner_of(o), ident(o.id().name())));
        let identity = i.replica_identity.then(|| identify(o));
        let extras = statistics.chain(cluster).chain(identity).chain(attach(scene, o));
        How::Ladder(std::iter::once(create).chain(extras.map(Rung::new)).collect())
    },
    drop: |scene, o| match drop(scene, o) {
        How::Refuse(why) => How::Refuse(why),
        _ => {
            let identity = back_to_usual_identity(scene, o);
            let away = identity.clone().map(|sql| (sql, identify(o)));
            let drop = || format!("DROP INDEX {}", path(o.id()));
            ladders::concurrent_drop(scene, o, away)
                .unwrap_or_else(|| How::statements(std::iter::once(drop()).chain(identity)))
        }
    },
    rename: Some(|_, o, to| rename("INDEX", o, to)),
    set: &[
        set("unique", anew_beside),
        set("definition", |s, c| {
            // The statement for the one carries the other.
            if c.old.attr("unique") != c.new.attr("unique") && ladders::swaps(s, c) {
                How::Nothing
            } else {
                anew_beside(s, c)
            }
        }),
        set("options", |s, c| if ladders::swaps(s, c) { How::Nothing } else { index_options(s, c) }),
        set("statistics", |_, c| {
            let list = |v: &Value| if let Value::List(items) = v { items.clone() } else { vec![] };
            let (from, to) = (list(c.from), list(c.to));
            let number = |s: &String| s.split('=').next().unwrap_or("").to_string();
            let gone =
                from.iter().filter(|f| !to.iter().any(|t| number(t) == number(f))).map(|f| format!("{}=-1", number(f)));
            How::statements(gone.chain(to.iter().cloned()).filter_map(|s| statistics(c.new.id(), &s)))
        }),
        set("clustered", cluster),
        set("replica_identity", replica_identity),
        // An INVALID index, left by a concurrent build that failed, is built anew; that of a partitioned table is valid as soon
        // as every partition's is attached.
        set(
            "status",
            |scene, c| if *c.to == Value::None && gains_parts(scene, c.new) { How::Nothing } else { How::Replace },
        ),
        set("part_of", part_of),
    ],
    namespace: relation_name,
    loses: None,
};

/// Beside the old one where somebody may need it, in its place elsewhere.
fn anew_beside(scene: &Scene, c: &Change) -> How {
    if let Some(with) = super::columns::carrier(scene, c.new) {
        return with;
    }
    if ladders::swaps(scene, c) { ladders::swap(scene, c) } else { How::Replace }
}

fn only_partitioned(scene: &Scene, o: &Object) -> &'static str {
    let partitioned = matches!(scene.to.get(&home(o)), Some(Object::Table(t)) if t.partition_by.is_some());
    if partitioned { "ONLY " } else { "" }
}

fn gains_parts(scene: &Scene, o: &Object) -> bool {
    let new = |part: &Object| scene.from.get(part.id()).is_none_or(|old| !old.has_ref(o.id(), Strength::Follow));
    scene.to.users(o.id()).any(|part| part.has_ref(o.id(), Strength::Follow) && new(part))
}

fn statistics(index: &Id, pair: &str) -> Option<String> {
    let (number, target) = pair.split_once('=')?;
    Some(format!("ALTER INDEX {} ALTER COLUMN {number} SET STATISTICS {target}", path(index)))
}
