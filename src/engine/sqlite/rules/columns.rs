//! Columns and their defaults: what `ALTER TABLE` can do of them.

use super::{elsewhere, rebuild};
use crate::engine::how::{How, KindRule, Scene, own_name, set};
use crate::engine::sqlite::ddl::{column_constraint, named, named_in, parts, table_of};
use crate::engine::sqlite::token::{TokenKind, tokens};
use crate::model::{Catalog, Column, Id, Kind, Object};

pub const COLUMN: KindRule = KindRule {
    kind: Kind::Column,
    clause: Some(|_, object| object.head().text.clone().unwrap_or_default()),
    create: |scene, object, _| add(scene, object),
    drop: drop_column,
    rename: Some(|scene, object, new| {
        // The table has its new name by now, if it gets one.
        let table = named_in(scene, &table_of(new));
        How::statement(format!(
            "ALTER TABLE {table} RENAME COLUMN {} TO {}",
            named_in(scene, object.id()),
            named_in(scene, new)
        ))
    }),
    set: &[
        set("spelling", |scene, change| {
            let table = named_in(scene, &table_of(change.new.id()));
            let (from, to) = (named(change.old), named(change.new));
            How::statement(format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}"))
        }),
        set("type", rebuild).loses(|_, change| {
            let said = change.new.head().using.as_ref()?;
            Some(format!("what `{said}` leaves out of {}, if anything", change.new.id()))
        }),
        set("collation", rebuild),
        set("not_null", rebuild),
        set("generated", rebuild),
        set("stored", rebuild),
        set("conflict", rebuild),
        elsewhere("identity"),
        elsewhere("identity_options"),
        elsewhere("storage"),
        elsewhere("usual_storage"),
        elsewhere("compression"),
        elsewhere("statistics"),
        elsewhere("options"),
        elsewhere("foreign_options"),
        elsewhere("not_null_name"),
        elsewhere("not_null_pending"),
    ],
    namespace: own_name,
    loses: Some(|object| match object {
        // A generated value can be generated again.
        Object::Column(column) if column.generated.is_some() => None,
        _ => Some(format!("the values of {}", object.id())),
    }),
};

pub const DEFAULT: KindRule = KindRule {
    kind: Kind::Default,
    // It stands in its column's text.
    clause: Some(|_, _| String::new()),
    create: |scene, object, _| of_column(scene.from, object),
    drop: |scene, object| of_column(scene.to, object),
    rename: None,
    set: &[set("expression", rebuild)],
    namespace: own_name,
    loses: None,
};

/// A default comes and goes with its column; on a column that stays it means a rebuild.
fn of_column(catalog: &Catalog, object: &Object) -> How {
    match object.parent().is_some_and(|p| catalog.contains(p)) {
        true => How::Rebuild(table_of(object.id())),
        false => How::Nothing,
    }
}

fn default<'a>(catalog: &'a Catalog, column: &Column) -> Option<&'a str> {
    match catalog.get(&column.head.id.of_kind(Kind::Default)) {
        Some(Object::Default(d)) => Some(&d.expression),
        _ => None,
    }
}

/// What is to come with the column, whether or not the caller has folded it already.
fn carried<'a>(scene: &Scene<'a>, column: &Id) -> Vec<&'a Object> {
    scene.to.children(column).filter(|o| matches!(o.id().kind, Kind::Check | Kind::ForeignKey)).collect()
}

fn add(scene: &Scene, object: &Object) -> How {
    let table = table_of(object.id());
    let Object::Column(column) = object else { return How::Nothing };
    let default = default(scene.to, column);
    let carried = carried(scene, object.id());
    if !can_be_added(scene, column, default, &carried) {
        return How::Rebuild(table);
    }
    let Some(text) = &column.head.text else {
        return How::Refuse(format!("cannot add {}: SQLite's text of it is missing: a bug in msr", object.id()));
    };
    let constraints: String = carried.iter().map(|c| column_constraint(c)).collect();
    How::statement(format!("ALTER TABLE {} ADD COLUMN {text}{constraints}", named_in(scene, &table)))
}

/// The conditions of <https://sqlite.org/lang_altertable.html#altertabaddcol>.
fn can_be_added(scene: &Scene, column: &Column, default: Option<&str>, carried: &[&Object]) -> bool {
    let table = table_of(&column.head.id);
    let in_key = parts(scene.to, &table).into_iter().any(|o| match o {
        Object::PrimaryKey(k) => k.columns.iter().any(|c| **c == *column.head.id.name()),
        Object::Unique(k) => k.columns.iter().any(|c| **c == *column.head.id.name()),
        _ => false,
    });
    let empty = default.is_none_or(|d| d.eq_ignore_ascii_case("NULL"));
    let generated = column.generated.is_some();
    let references = carried.iter().any(|c| c.id().kind == Kind::ForeignKey);
    // It may mention columns that are new as well, and which of them comes first is not decided here.
    let mentions_new = column.head.refs.iter().any(|r| r.to.kind == Kind::Column && !scene.from.contains(&r.to));
    let refused = in_key
        || column.stored
        || (generated && mentions_new)
        || !default.is_none_or(is_constant)
        || (column.not_null && empty && !generated)
        || (references && !empty);
    !refused
}

/// Neither an expression in parentheses nor the time of day.
fn is_constant(default: &str) -> bool {
    let tokens = tokens(default);
    let now = ["CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP"];
    !tokens.iter().any(|t| t.is("(") || (t.kind == TokenKind::Word && t.any_of(&now)))
}

/// The conditions of <https://sqlite.org/lang_altertable.html#altertabdropcol>. Indexes, triggers and views that mention the
/// column are out of the way by then: they depend on it.
fn drop_column(scene: &Scene, object: &Object) -> How {
    let table = table_of(object.id());
    let parts = parts(scene.from, &table);
    let others = parts.iter().filter(|o| o.id() != object.id() && o.id().kind != Kind::Default);
    let used = others.clone().any(|o| o.refs().iter().any(|r| r.to == *object.id()));
    let stays = |o: &&&Object| matches!(o, Object::Column(c) if c.generated.is_none() && scene.to.contains(&c.head.id));
    if used || !others.clone().any(|o| stays(&o)) {
        return How::Rebuild(table);
    }
    let drop = format!("ALTER TABLE {} DROP COLUMN {}", named_in(scene, &table), named(object));
    if scene.from.of_kind(Kind::View).next().is_none() {
        return How::statement(drop);
    }
    // Otherwise SQLite checks every view, among them `SELECT * FROM a UNION SELECT * FROM b` between the drop of a column of
    // a and that of b (https://sqlite.org/pragma.html#pragma_legacy_alter_table).
    How::statements(["PRAGMA legacy_alter_table = ON", &drop, "PRAGMA legacy_alter_table = OFF"])
}
