//! Views and materialised views.

use super::super::ddl::{change_options, ident, path, table, with_options};
use super::privileges::fresh;
use super::{anew, carried, relation_name, rename, row_type_name};
use crate::engine::how::{Change, How, KindRule, Scene, nothing, set};
use crate::model::{Kind, Object, Value, View};

fn list(value: &Value) -> &[String] {
    if let Value::List(items) = value { items } else { &[] }
}

pub const VIEW: KindRule = KindRule {
    kind: Kind::View,
    clause: None,
    create: |s, o, folded| match o {
        Object::View(v) => fresh(
            s,
            o,
            How::statements(std::iter::once(create_view("CREATE", v)).chain(folded.iter().map(|d| default(d)))),
        ),
        _ => How::Nothing,
    },
    drop: |_, o| How::statement(format!("DROP VIEW {}", path(o.id()))),
    rename: Some(|_, o, to| rename("VIEW", o, to)),
    set: &[
        set("definition", |_, c| match c.new {
            Object::View(v) if keeps_columns(c) => How::statement(create_view("CREATE OR REPLACE", v)),
            _ => How::Replace,
        }),
        set("columns", |_, c| if keeps_columns(c) { How::Nothing } else { How::Replace }),
        set("options", |_, c| {
            let clauses = change_options(list(c.from), list(c.to));
            How::statements(clauses.into_iter().map(|clause| format!("ALTER VIEW {} {clause}", path(c.new.id()))))
        }),
        set("recursive", nothing),
    ],
    namespace: row_type_name,
    loses: None,
};

/// What INSERT puts in a column of a view.
fn default(o: &Object) -> String {
    format!("ALTER VIEW {} ALTER COLUMN {} SET DEFAULT {}", table(o.id()), ident(o.id().name()), o.attr("expression"))
}

/// CREATE OR REPLACE VIEW may add columns at the end and change nothing of those before
/// (<https://www.postgresql.org/docs/current/sql-createview.html>).
fn keeps_columns(c: &Change) -> bool {
    let (old, new) = (c.old.attr("columns"), c.new.attr("columns"));
    list(&new).starts_with(list(&old))
}

fn create_view(verb: &str, v: &View) -> String {
    format!("{verb} VIEW {}{} AS\n{}", path(&v.head.id), with_options(&v.options), v.definition)
}

pub const MATERIALIZED_VIEW: KindRule = KindRule {
    kind: Kind::MaterializedView,
    clause: None,
    create: |s, o, _| {
        let Object::MaterializedView(v) = o else { return How::Nothing };
        let method = v.method.as_ref().map(|m| format!(" USING {m}")).unwrap_or_default();
        let data = if v.populated { "WITH DATA" } else { "WITH NO DATA" };
        let options = with_options(&v.options);
        let create = format!("CREATE MATERIALIZED VIEW {}{method}{options} AS\n{}\n{data}", path(o.id()), v.definition);
        let settings = v.settings.iter().map(|action| alter_materialized(o, action));
        fresh(s, o, How::statements(std::iter::once(create).chain(settings)))
    },
    drop: |_, o| How::statement(format!("DROP MATERIALIZED VIEW {}", path(o.id()))),
    rename: Some(|_, o, to| rename("MATERIALIZED VIEW", o, to)),
    set: &[
        set("definition", |s, c| super::materialized::ladder(s, c).unwrap_or(How::Replace)),
        set("columns", columns),
        set("options", |_, c| {
            let clauses = change_options(list(c.from), list(c.to));
            How::statements(
                clauses.into_iter().map(|clause| format!("ALTER MATERIALIZED VIEW {} {clause}", path(c.new.id()))),
            )
        }),
        set("method", anew),
        set("settings", settings),
        set("populated", |_, c| {
            let data = if *c.to == Value::Bool(true) { "WITH DATA" } else { "WITH NO DATA" };
            How::statement(format!("REFRESH MATERIALIZED VIEW {} {data}", path(c.new.id())))
        }),
    ],
    namespace: relation_name,
    loses: None,
};

fn alter_materialized(o: &Object, action: &str) -> String {
    format!("ALTER MATERIALIZED VIEW {} {action}", path(o.id()))
}

/// What is no longer said goes back to what is usual, where there is a word for that.
fn settings(_: &Scene, c: &Change) -> How {
    let (from, to) = (list(c.from), list(c.to));
    let mut actions = Vec::new();
    for gone in from.iter().filter(|action| !to.contains(action)) {
        let Some((column, value)) = gone.rsplit_once(" SET ") else { return How::Replace };
        actions.push(match value.split_once(' ') {
            Some(("STATISTICS", _)) => format!("{column} SET STATISTICS -1"),
            Some(("COMPRESSION", _)) => format!("{column} SET COMPRESSION default"),
            _ if value.starts_with('(') => {
                let names = value.trim_matches(['(', ')']).split(", ").filter_map(|o| o.split('=').next());
                format!("{column} RESET ({})", names.collect::<Vec<_>>().join(", "))
            }
            _ => return How::Replace,
        });
    }
    actions.extend(to.iter().filter(|action| !from.contains(action)).cloned());
    How::statements(actions.iter().map(|action| alter_materialized(c.new, action)))
}

/// Columns follow from the definition, or from what is under the view, which is then in the view's way.
fn columns(scene: &Scene, c: &Change) -> How {
    if c.old.attr("definition") == c.new.attr("definition") { How::Replace } else { carried(scene, c) }
}
