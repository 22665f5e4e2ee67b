//! Functions, triggers, policies and rewrite rules.

use super::super::ddl::{called, ident, table};
use super::privileges::fresh;
use super::{anew, own_name, routine_name};
use crate::engine::how::{How, KindRule, Scene, set};
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

/// The action that brings a trigger or a rule into the state that `enabled` says.
pub fn state(enabled: &Value) -> &'static str {
    match enabled.text() {
        Some("always") => "ENABLE ALWAYS",
        Some("replica") => "ENABLE REPLICA",
        Some("disabled") => "DISABLE",
        _ => "ENABLE",
    }
}

fn fire(o: &Object, what: &str) -> String {
    format!("ALTER TABLE {} {} {what} {}", table(o.id()), state(&o.attr("enabled")), ident(o.id().name()))
}

/// What a new one needs, which fires where rows are written first.
fn firing(o: &Object, what: &str) -> Option<String> {
    (o.attr("enabled").text() != Some("origin")).then(|| fire(o, what))
}

/// It reaches all partitions: those that have a state of their own get that back.
fn fire_trigger(scene: &Scene, o: &Object) -> How {
    let own = scene.to.users(o.id()).filter(|user| user.id().kind == Kind::Firing && scene.stays(user.id()));
    How::statements(std::iter::once(fire(o, "TRIGGER")).chain(own.map(|own| fire_in_partition(own, own))))
}

/// ONLY, since the partition can have partitions, each with its own state.
fn fire_in_partition(o: &Object, like: &Object) -> String {
    let (partition, name) = (table(o.id()), ident(o.id().name()));
    format!("ALTER TABLE ONLY {partition} {} TRIGGER {name}", state(&like.attr("enabled")))
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
    set: &[set("definition", anew), set("enabled", |s, c| fire_trigger(s, c.new))],
    namespace: own_name,
    loses: None,
};

/// When it goes, the trigger fires as it does in the others.
pub const FIRING: KindRule = KindRule {
    kind: Kind::Firing,
    clause: None,
    create: |_, o, _| How::statement(fire_in_partition(o, o)),
    drop: |s, o| {
        let trigger = o.refs().iter().filter(|r| r.to.kind == Kind::Trigger).find_map(|r| s.to.get(&r.to));
        trigger.map_or(How::Nothing, |trigger| How::statement(fire_in_partition(o, trigger)))
    },
    rename: None,
    set: &[set("enabled", |_, c| How::statement(fire_in_partition(c.new, c.new)))],
    namespace: |_| vec![],
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
    set: &[set("definition", anew), set("enabled", |_, c| How::statement(fire(c.new, "RULE")))],
    namespace: own_name,
    loses: None,
};
