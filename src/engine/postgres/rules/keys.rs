//! Constraints and indexes.

use super::super::ddl::{assignments, change_options, ident, path, split_predicate, table, with_options};
use super::{constraint_name, index_constraint_name, relation_name, rename};
use crate::engine::how::{Change, How, KindRule, Scene, replace, set};
use crate::model::{Id, Kind, Object, Status, Value};

/// A constraint as it stands in CREATE TABLE and after ADD.
pub fn clause(o: &Object) -> String {
    format!("CONSTRAINT {} {}", ident(o.id().name()), o.attr("definition"))
}

/// What is said of a constraint's index once it is there.
pub fn extras(o: &Object) -> Vec<String> {
    if !matches!(o, Object::PrimaryKey(_) | Object::Unique(_)) {
        return vec![];
    }
    let mut sql = Vec::new();
    if let Value::List(options) = o.attr("options")
        && !options.is_empty() {
            sql.push(format!("ALTER INDEX {} SET ({})", index_name(o.id()), assignments(&options)));
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

fn create(_: &Scene, o: &Object, _: &[&Object]) -> How {
    let valid = if o.status() == Status::Pending { " NOT VALID" } else { "" };
    let add = format!("ALTER TABLE {} ADD {}{valid}", table(o.id()), clause(o));
    How::statements(std::iter::once(add).chain(extras(o)))
}

fn drop(s: &Scene, o: &Object) -> How {
    let drop = format!("ALTER TABLE {} DROP CONSTRAINT {}", table(o.id()), ident(o.id().name()));
    How::statements(std::iter::once(drop).chain(back_to_usual_identity(s, o)))
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
    (!another).then(|| format!("ALTER TABLE {} REPLICA IDENTITY {}", path(table.id()), identity.text().unwrap_or("DEFAULT")))
}

fn replica_identity(s: &Scene, c: &Change) -> How {
    match c.to {
        Value::Bool(true) => How::statement(identify(c.new)),
        _ => How::statements(back_to_usual_identity(s, c.old)),
    }
}

fn rename_constraint(_: &Scene, o: &Object, to: &Id) -> How {
    How::statement(format!("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", table(o.id()), ident(o.id().name()), ident(to.name())))
}

/// A pending constraint is validated; there is no way to make a valid one pending.
fn validate(_: &Scene, c: &Change) -> How {
    match c.to {
        Value::None => How::statement(format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", table(c.new.id()), ident(c.new.id().name()))),
        _ => How::Replace,
    }
}

fn cluster(_: &Scene, c: &Change) -> How {
    match c.to {
        Value::Bool(true) => How::statement(format!("ALTER TABLE {} CLUSTER ON {}", owner_of(c.new), ident(c.new.id().name()))),
        _ => How::statement(format!("ALTER TABLE {} SET WITHOUT CLUSTER", owner_of(c.new))),
    }
}

fn owner_of(o: &Object) -> String {
    o.parent().map(path).unwrap_or_default()
}

fn index_options(_: &Scene, c: &Change) -> How {
    let list = |v: &Value| if let Value::List(items) = v { items.clone() } else { vec![] };
    let name = if c.new.id().kind == Kind::Index { path(c.new.id()) } else { index_name(c.new.id()) };
    How::statements(change_options(&list(c.from), &list(c.to)).into_iter().map(|clause| format!("ALTER INDEX {name} {clause}")))
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

pub const PRIMARY_KEY: KindRule = KindRule {
    set: &[set("columns", within), set("definition", replace), set("clustered", cluster), set("replica_identity", replica_identity), set("options", index_options)],
    namespace: index_constraint_name,
    ..constraint(Kind::PrimaryKey)
};

pub const UNIQUE: KindRule = KindRule {
    set: &[set("columns", within), set("definition", replace), set("clustered", cluster), set("replica_identity", replica_identity), set("options", index_options)],
    namespace: index_constraint_name,
    ..constraint(Kind::Unique)
};

pub const CHECK: KindRule =
    KindRule { set: &[set("definition", replace), set("status", validate)], ..constraint(Kind::Check) };

/// Never written inside CREATE TABLE: two tables may point at each other.
pub const FOREIGN_KEY: KindRule = KindRule {
    clause: None,
    set: &[set("columns", within), set("target", replace), set("definition", replace), set("status", validate)],
    ..constraint(Kind::ForeignKey)
};

pub const EXCLUSION: KindRule =
    KindRule { set: &[set("definition", replace)], namespace: index_constraint_name, ..constraint(Kind::Exclusion) };

pub const INDEX: KindRule = KindRule {
    kind: Kind::Index,
    clause: None,
    create: |_, o, _| {
        let Object::Index(i) = o else { return How::Nothing };
        let (body, predicate) = split_predicate(&i.definition);
        let unique = if i.unique { "UNIQUE " } else { "" };
        let create =
            format!("CREATE {unique}INDEX {} ON {} {body}{}{predicate}", ident(o.id().name()), owner_of(o), with_options(&i.options));
        let statistics = i.statistics.iter().filter_map(|s| statistics(o.id(), s));
        let cluster = i.clustered.then(|| format!("ALTER TABLE {} CLUSTER ON {}", owner_of(o), ident(o.id().name())));
        let identity = i.replica_identity.then(|| identify(o));
        How::statements(std::iter::once(create).chain(statistics).chain(cluster).chain(identity))
    },
    drop: |s, o| How::statements(std::iter::once(format!("DROP INDEX {}", path(o.id()))).chain(back_to_usual_identity(s, o))),
    rename: Some(|_, o, to| rename(&format!("INDEX {}", path(o.id())), to)),
    set: &[
        set("unique", replace),
        set("definition", replace),
        set("options", index_options),
        set("statistics", |_, c| {
            let list = |v: &Value| if let Value::List(items) = v { items.clone() } else { vec![] };
            let (from, to) = (list(c.from), list(c.to));
            let number = |s: &String| s.split('=').next().unwrap_or("").to_string();
            let gone = from.iter().filter(|f| !to.iter().any(|t| number(t) == number(f))).map(|f| format!("{}=-1", number(f)));
            How::statements(gone.chain(to.iter().cloned()).filter_map(|s| statistics(c.new.id(), &s)))
        }),
        set("clustered", cluster),
        set("replica_identity", replica_identity),
        // An INVALID index, left by a concurrent build that failed, is built anew.
        set("status", replace),
    ],
    namespace: relation_name,
    loses: None,
};

fn statistics(index: &Id, pair: &str) -> Option<String> {
    let (number, target) = pair.split_once('=')?;
    Some(format!("ALTER INDEX {} ALTER COLUMN {number} SET STATISTICS {target}", path(index)))
}
