//! Tables and sequences.

use super::super::ddl::{change_options, ident, path, with_options};
use super::columns::{column_clause, column_extras, fitted, in_clause};
use super::privileges::fresh;
use super::{anew, relation_name, rename, row_type_name};
use crate::engine::how::{Change, How, KindRule, Scene, set};
use crate::model::{Column, Id, Kind, Object, Sequence, Strength, Table, Value};

/// An action of ALTER TABLE.
pub fn alter(id: &Id, action: impl std::fmt::Display) -> How {
    How::Clause(Id::new(Kind::Table, id.path.iter().take(2)), action.to_string())
}

pub fn list(value: &Value) -> &[String] {
    if let Value::List(items) = value { items } else { &[] }
}

pub const TABLE: KindRule = KindRule {
    kind: Kind::Table,
    clause: None,
    create: |scene, o, folded| {
        let Object::Table(t) = o else { return How::Nothing };
        fresh(scene, o, How::statements(create_table(scene, t, folded)))
    },
    drop: |scene, o| {
        super::parking::of_table(scene, o).unwrap_or_else(|| How::statement(format!("DROP TABLE {}", path(o.id()))))
    },
    rename: Some(|_, o, to| rename("TABLE", o, to)),
    set: &[
        set("partition_by", anew),
        set("unlogged", |s, c| {
            let action = if *c.to == Value::Bool(true) { "SET UNLOGGED" } else { "SET LOGGED" };
            match &super::numbers::unlike_table(s, c.new)[..] {
                [] => alter(c.new.id(), action),
                unlike => {
                    let set = format!("ALTER TABLE {} {action}", path(c.new.id()));
                    How::statements(std::iter::once(set).chain(unlike.iter().cloned()))
                }
            }
        }),
        set("options", |_, c| {
            let clauses = change_options(list(c.from), list(c.to));
            How::statements(clauses.into_iter().map(|clause| format!("ALTER TABLE {} {clause}", path(c.new.id()))))
        }),
        set("method", |_, c| alter(c.new.id(), format!("SET ACCESS METHOD {}", ident(c.to.text().unwrap_or("heap"))))),
        set("replica_identity", |_, c| {
            alter(c.new.id(), format!("REPLICA IDENTITY {}", c.to.text().unwrap_or("DEFAULT")))
        }),
        set("row_security", |_, c| {
            let actions = row_security(c.from.text(), c.to.text());
            How::statements(actions.into_iter().map(|a| format!("ALTER TABLE {} {a}", path(c.new.id()))))
        }),
    ],
    namespace: row_type_name,
    loses: Some(|o| Some(format!("the rows of {}", o.id()))),
};

fn create_table(scene: &Scene, t: &Table, folded: &[&Object]) -> Vec<String> {
    let is_typed = of(folded).is_some();
    let other = |o: &Object| match o {
        Object::Column(column) if inherits(o, folded) => Some(super::not_null::of_heir(scene, column)),
        Object::Column(column) if is_typed => Some(in_clause(column, default_of(column, folded))),
        // An heir may not say so itself before 16: https://www.postgresql.org/docs/15/ddl-generated-columns.html
        Object::Column(column)
            if scene.server.version < 160_000 && column.generated.is_some() && computes(scene, o, folded) =>
        {
            let plain = Column { generated: None, ..Column::clone(column) };
            Some(Some(column_clause(&plain, None)))
        }
        _ => None,
    };
    let mut actions = row_security(None, t.row_security.as_deref());
    actions.extend(t.replica_identity.iter().map(|r| format!("REPLICA IDENTITY {r}")));
    actions.extend(of_columns(scene, folded));
    let alters = actions.into_iter().map(|action| format!("ALTER TABLE {} {action}", path(&t.head.id)));
    let of_keys = folded.iter().flat_map(|part| super::keys::extras(part));
    std::iter::once(create_statement(t, &body(folded, other), folded)).chain(alters).chain(of_keys).collect()
}

fn create_statement(t: &Table, body: &str, folded: &[&Object]) -> String {
    let unlogged = if t.unlogged { "UNLOGGED " } else { "" };
    let of = of(folded).map(|of| format!(" OF {of}")).unwrap_or_default();
    let body = if !of.is_empty() && body == "()" { String::new() } else { format!(" {body}") };
    let key = t.partition_by.as_ref().map(|key| format!(" PARTITION BY {key}")).unwrap_or_default();
    let method = t.method.as_ref().map(|m| format!(" USING {}", ident(m))).unwrap_or_default();
    let (name, inherits, options) = (path(&t.head.id), inherits_clause(folded), with_options(&t.options));
    format!("CREATE {unlogged}TABLE {name}{of}{body}{inherits}{key}{method}{options}")
}

/// The type that a new table has its columns from.
fn of(folded: &[&Object]) -> Option<Value> {
    folded.iter().find(|o| o.id().kind == Kind::TypedTable).map(|o| o.attr("of"))
}

fn default_of<'a>(column: &Column, folded: &[&'a Object]) -> Option<&'a Object> {
    folded.iter().find(|o| o.id().kind == Kind::Default && o.id().path == column.head.id.path).copied()
}

/// The parts of a table, foreign or not, in parentheses, less what comes with those that it inherits from. `other` says what
/// stands for a part, if anything, where that is not the usual.
pub fn body(folded: &[&Object], other: impl Fn(&Object) -> Option<Option<String>>) -> String {
    let lines = folded.iter().filter_map(|o| match o {
        Object::Default(_) | Object::Inheritance(_) | Object::TypedTable(_) => None,
        _ => other(o).unwrap_or_else(|| match o {
            _ if inherits(o, folded) => None,
            Object::Column(column) => Some(column_clause(column, default_of(column, folded))),
            constraint => Some(super::keys::clause(constraint)),
        }),
    });
    let lines: Vec<String> = lines.map(|l| format!("\n    {l}")).collect();
    let end = if lines.is_empty() { "" } else { "\n" };
    format!("({}{end})", lines.join(","))
}

pub fn inherits_clause(folded: &[&Object]) -> String {
    let parents: Vec<String> = parents(folded).map(|p| p.attr("parent").to_string()).collect();
    if parents.is_empty() { String::new() } else { format!(" INHERITS ({})", parents.join(", ")) }
}

/// What ALTER TABLE says of new columns after CREATE.
pub fn of_columns(scene: &Scene, folded: &[&Object]) -> Vec<String> {
    let mut actions = vec![];
    for part in folded {
        if let Object::Column(column) = part {
            if inherits(part, folded) {
                actions.extend(fitted(scene, column, default_of(column, folded)));
            }
            actions.extend(column_extras(column));
        }
    }
    actions
}

fn parents<'a>(folded: &[&'a Object]) -> impl Iterator<Item = &'a Object> {
    folded.iter().copied().filter(|o| o.id().kind == Kind::Inheritance)
}

/// Whether the part is there without being said, by INHERITS: one that would go with the parent's.
pub fn inherits(part: &Object, folded: &[&Object]) -> bool {
    part.leaders().any(|leader| part.has_ref(leader, Strength::Auto) && is_of_parent(leader, folded))
}

/// Whether a parent that INHERITS names computes the column too.
fn computes(scene: &Scene, column: &Object, folded: &[&Object]) -> bool {
    let computed = |id: &Id| scene.to.get(id).is_some_and(|o| o.attr("generated") != Value::None);
    column.leaders().any(|leader| is_of_parent(leader, folded) && computed(leader))
}

fn is_of_parent(leader: &Id, folded: &[&Object]) -> bool {
    let named = [Kind::Table, Kind::ForeignTable].map(|kind| Id::new(kind, leader.path.iter().take(2)));
    parents(folded).any(|link| named.iter().any(|table| link.has_ref(table, Strength::Whole)))
}

fn row_security(from: Option<&str>, to: Option<&str>) -> Vec<String> {
    let has = |s: Option<&str>, word: &str| s.is_some_and(|s| s.contains(word));
    let mut actions = Vec::new();
    for (word, on, off) in [
        ("enabled", "ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"),
        ("forced", "FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"),
    ] {
        match (has(from, word), has(to, word)) {
            (false, true) => actions.push(on.to_string()),
            (true, false) => actions.push(off.to_string()),
            _ => {}
        }
    }
    actions
}

pub const SEQUENCE: KindRule = KindRule {
    kind: Kind::Sequence,
    clause: None,
    create: |scene, o, _| {
        let Object::Sequence(s) = o else { return How::Nothing };
        let unlogged = if s.unlogged { "UNLOGGED " } else { "" };
        let create = format!("CREATE {unlogged}SEQUENCE {} {}", path(o.id()), sequence_options(s));
        let made = match &s.owned_by {
            Some(column) if holder(scene, o).is_none() => vec![format!("{create} OWNED BY {column}")],
            Some(column) => [create].into_iter().chain(give(scene, o, column)).collect(),
            None => vec![create],
        };
        let goes_on = s.owned_by.as_ref().and_then(|_| super::numbers::sequence_goes_on(scene, s));
        fresh(scene, o, How::statements(made.into_iter().chain(goes_on)))
    },
    drop: |_, o| How::statement(format!("DROP SEQUENCE {}", path(o.id()))),
    rename: Some(|_, o, to| rename("SEQUENCE", o, to)),
    set: &[
        set("type", sequence_numbers),
        set("start", sequence_numbers),
        set("increment", sequence_numbers),
        set("min", sequence_numbers),
        set("max", sequence_numbers),
        set("cache", sequence_numbers),
        set("cycle", sequence_numbers),
        set("owned_by", |s, c| match c.to.text() {
            Some(column) => How::statements(give(s, c.new, column)),
            None => How::statements(take_back(s, c)),
        }),
        set("unlogged", super::numbers::sequence_logged),
    ],
    namespace: relation_name,
    loses: Some(|o| Some(format!("the present value of {}", o.id()))),
};

/// Who else owns the table that a sequence goes with.
fn holder(scene: &Scene, sequence: &Object) -> Option<String> {
    let column = sequence.refs().iter().find(|r| r.to.kind == Kind::Column)?;
    let table = Id::new(Kind::Table, column.to.path.iter().take(2));
    scene.from.get(&Id::about(Kind::Owner, &table))?.attr("role").text().map(str::to_owned)
}

/// A sequence must have the owner of the table that it goes with (<https://www.postgresql.org/docs/current/sql-altersequence.html>).
fn give(scene: &Scene, sequence: &Object, to: &str) -> impl Iterator<Item = String> {
    let name = path(sequence.id());
    let owner = holder(scene, sequence).map(|role| format!("ALTER SEQUENCE {name} OWNER TO {role}"));
    owner.into_iter().chain([format!("ALTER SEQUENCE {name} OWNED BY {to}")])
}

/// What was another one's with its table stays so, unless that is said.
fn take_back(scene: &Scene, c: &Change) -> Vec<String> {
    let name = path(c.new.id());
    let mut sql = vec![format!("ALTER SEQUENCE {name} OWNED BY NONE")];
    if holder(scene, c.old).is_some() && !scene.to.contains(&Id::about(Kind::Owner, c.new.id())) {
        sql.push(format!("ALTER SEQUENCE {name} OWNER TO CURRENT_USER"));
    }
    sql
}

fn sequence_options(s: &Sequence) -> String {
    format!(
        "AS {} INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {}{}",
        s.r#type,
        s.increment,
        s.min,
        s.max,
        s.start,
        s.cache,
        if s.cycle { " CYCLE" } else { " NO CYCLE" }
    )
}

/// All numbers in one statement, since each may be out of the bounds of the others for a moment: the first changed one
/// carries them.
fn sequence_numbers(_: &Scene, c: &Change) -> How {
    let Object::Sequence(new) = c.new else { return How::Nothing };
    let numbers = ["type", "start", "increment", "min", "max", "cache", "cycle"];
    let first = numbers.iter().find(|a| c.old.attr(a) != c.new.attr(a));
    if first != Some(&c.attr) {
        return How::Nothing;
    }
    let alter = format!("ALTER SEQUENCE {} {}", path(c.new.id()), sequence_options(new));
    How::statements(into_bounds(c.old, new).into_iter().flatten().chain([alter]))
}

/// Narrower bounds must hold the present value. The bounds are first widened to old and new, then a value that is outside
/// of the new ones moves to the nearer one.
fn into_bounds(old: &Object, new: &Sequence) -> Option<[String; 2]> {
    let Object::Sequence(old) = old else { return None };
    let (name, min, max) = (path(&new.head.id), new.min, new.max);
    (min > old.min || max < old.max).then(|| {
        let widen =
            format!("ALTER SEQUENCE {name} AS bigint MINVALUE {} MAXVALUE {}", min.min(old.min), max.max(old.max));
        let value =
            format!("greatest(least(last_value, {max}), {min}), is_called AND last_value BETWEEN {min} AND {max}");
        [widen, format!("SELECT setval({}, {value}) FROM {name}", super::super::ddl::literal(&name))]
    })
}
