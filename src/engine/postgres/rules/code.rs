//! Functions, triggers, policies and rewrite rules.

use super::super::ddl::{called, ident, table};
use super::privileges::fresh;
use super::{anew, own_name, routine_name};
use crate::engine::how::{How, KindRule, set};
use crate::model::{Kind, Object, Value};

pub const FUNCTION: KindRule = KindRule {
    kind: Kind::Function,
    // Inside of the type that is made of it.
    clause: Some(|_, o| o.attr("definition").to_string()),
    create: |s, o, _| fresh(s, o, How::statement(o.attr("definition").to_string().trim_end())),
    drop: |s, o| How::statement(format!("DROP {} {}", o.attr("routine"), called(o.id(), s.from))),
    rename: Some(|s, o, to| {
        How::statement(format!("ALTER {} {} RENAME TO {}", o.attr("routine"), called(o.id(), s.from), ident(to.at(1))))
    }),
    set: &[
        // What CREATE OR REPLACE may not change (https://www.postgresql.org/docs/current/sql-createfunction.html).
        set("routine", anew),
        set("signature", anew),
        set("defaults", |_, c| match (c.from, c.to) {
            (Value::Int(from), Value::Int(to)) if to > from => How::Nothing,
            _ => How::Replace,
        }),
        set("definition", |_, c| How::statement(c.to.to_string().trim_end())),
        // It is the type that becomes one, or is no longer.
        set("part_of", |_, c| c.new.parent().or(c.old.parent()).map_or(How::Nothing, |of| How::With(of.clone()))),
    ],
    namespace: routine_name,
    loses: None,
};

fn firing(o: &Object, what: &str) -> Option<String> {
    let action = match o.attr("enabled").text() {
        Some("always") => format!("ENABLE ALWAYS {what}"),
        Some("replica") => format!("ENABLE REPLICA {what}"),
        Some("disabled") => format!("DISABLE {what}"),
        _ => return None,
    };
    Some(format!("ALTER TABLE {} {action} {}", table(o.id()), ident(o.id().name())))
}

fn fire(o: &Object, what: &str) -> How {
    let usual = || format!("ALTER TABLE {} ENABLE {what} {}", table(o.id()), ident(o.id().name()));
    How::statement(firing(o, what).unwrap_or_else(usual))
}

pub const TRIGGER: KindRule = KindRule {
    kind: Kind::Trigger,
    clause: None,
    create: |_, o, _| How::statements(std::iter::once(o.attr("definition").to_string()).chain(firing(o, "TRIGGER"))),
    drop: |_, o| How::statement(format!("DROP TRIGGER {} ON {}", ident(o.id().name()), table(o.id()))),
    rename: Some(|_, o, to| {
        How::statement(format!(
            "ALTER TRIGGER {} ON {} RENAME TO {}",
            ident(o.id().name()),
            table(o.id()),
            ident(to.name())
        ))
    }),
    set: &[set("definition", anew), set("enabled", |_, c| fire(c.new, "TRIGGER"))],
    namespace: own_name,
    loses: None,
};

pub const POLICY: KindRule = KindRule {
    kind: Kind::Policy,
    clause: None,
    create: |_, o, _| {
        How::statement(format!("CREATE POLICY {} ON {} {}", ident(o.id().name()), table(o.id()), o.attr("definition")))
    },
    drop: |_, o| How::statement(format!("DROP POLICY {} ON {}", ident(o.id().name()), table(o.id()))),
    rename: Some(|_, o, to| {
        How::statement(format!(
            "ALTER POLICY {} ON {} RENAME TO {}",
            ident(o.id().name()),
            table(o.id()),
            ident(to.name())
        ))
    }),
    set: &[set("definition", anew)],
    namespace: own_name,
    loses: None,
};

pub const RULE: KindRule = KindRule {
    kind: Kind::Rule,
    clause: None,
    create: |_, o, _| How::statements(std::iter::once(o.attr("definition").to_string()).chain(firing(o, "RULE"))),
    drop: |_, o| How::statement(format!("DROP RULE {} ON {}", ident(o.id().name()), table(o.id()))),
    rename: Some(|_, o, to| {
        How::statement(format!(
            "ALTER RULE {} ON {} RENAME TO {}",
            ident(o.id().name()),
            table(o.id()),
            ident(to.name())
        ))
    }),
    set: &[set("definition", anew), set("enabled", |_, c| fire(c.new, "RULE"))],
    namespace: own_name,
    loses: None,
};
