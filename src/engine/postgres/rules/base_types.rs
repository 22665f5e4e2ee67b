//! Types that are made of functions which need them: first the name alone, then the functions, then the type
//! (<https://www.postgresql.org/docs/current/sql-createtype.html>).

use super::super::ddl::{path, table};
use super::code::FUNCTION;
use super::plain::plain;
use super::privileges::fresh;
use super::{own_name, rename, type_name};
use crate::engine::how::{Change, How, KindRule, Rung, Scene, replace, set};
use crate::model::{Id, Kind, Object, Value};

/// The statement that makes the type, after those that make the functions which were folded into it.
pub fn around_functions(s: &Scene, o: &Object, functions: &[&Object], create: String) -> How {
    let mut rungs = Vec::new();
    if !functions.is_empty() {
        rungs.push(Rung::new(shell(o.id())));
    }
    for function in functions {
        match (FUNCTION.create)(s, function, &[]) {
            How::Ladder(more) => rungs.extend(more),
            other => return other,
        }
    }
    rungs.push(Rung::new(create));
    fresh(s, o, How::Ladder(rungs))
}

fn shell(id: &Id) -> String {
    format!("CREATE TYPE {}", path(id))
}

/// Neither the type nor the functions can be dropped before the other: they go in one.
pub fn with_functions(s: &Scene, o: &Object) -> How {
    let parts = s.from.children(o.id()).any(|part| part.id().kind == Kind::Function);
    How::statement(format!("DROP TYPE {}{}", path(o.id()), if parts { " CASCADE" } else { "" }))
}

/// What ALTER TYPE can set, by its word there.
const ALTERABLE: &[(&str, &str)] = &[
    ("typmod_in", "TYPMOD_IN"),
    ("typmod_out", "TYPMOD_OUT"),
    ("analyze", "ANALYZE"),
    ("subscript", "SUBSCRIPT"),
    ("storage", "STORAGE"),
];

fn create(s: &Scene, o: &Object, functions: &[&Object]) -> How {
    let definition = o.attr("definition");
    let Some(definition) = definition.text() else { return fresh(s, o, How::statement(shell(o.id()))) };
    let more = ALTERABLE.iter().filter_map(|(attr, word)| Some(format!(", {word} = {}", o.attr(attr).text()?)));
    let create = format!("CREATE TYPE {} ({definition}{})", path(o.id()), more.collect::<String>());
    around_functions(s, o, functions, create)
}

/// A shell becomes a type once all functions are there that it is made of.
fn define(s: &Scene, c: &Change) -> How {
    let mut parts = s.to.children(c.new.id()).filter(|o| o.id().kind == Kind::Function);
    match c.from {
        Value::None if parts.all(|o| s.stays(o.id())) => create(s, c.new, &[]),
        _ => How::Replace,
    }
}

/// Whether a shell becomes a type, which then says all.
fn defines(c: &Change) -> bool {
    c.old.attr("definition") == Value::None && c.new.attr("definition") != Value::None
}

fn alter(c: &Change) -> How {
    if defines(c) {
        return How::Nothing;
    }
    let word = ALTERABLE.iter().find(|(attr, _)| *attr == c.attr).map_or(c.attr, |(_, word)| word);
    How::statement(format!("ALTER TYPE {} SET ({word} = {})", path(c.new.id()), c.to.text().unwrap_or("NONE")))
}

pub const BASE_TYPE: KindRule = KindRule {
    drop: with_functions,
    rename: Some(|_, o, to| rename("TYPE", o, to)),
    namespace: type_name,
    ..plain(
        Kind::BaseType,
        create,
        &[
            set("definition", define),
            set("functions", |_, c| if defines(c) { How::Nothing } else { How::Replace }),
            set("typmod_in", |_, c| alter(c)),
            set("typmod_out", |_, c| alter(c)),
            set("analyze", |_, c| alter(c)),
            set("subscript", |_, c| alter(c)),
            set("storage", |s, c| match c.to.text() {
                // There is no way back to it: https://www.postgresql.org/docs/current/sql-altertype.html
                Some("plain") if c.from.text().is_some() => replace(s, c),
                _ => alter(c),
            }),
        ],
    )
};

fn format(o: &Object, function: &str) -> How {
    How::statement(format!("ALTER TYPE {} SET ({} = {function})", table(o.id()), o.id().name().to_uppercase()))
}

pub const BINARY_FORMAT: KindRule = KindRule {
    drop: |_, o| format(o, "NONE"),
    rename: None,
    namespace: own_name,
    ..plain(
        Kind::BinaryFormat,
        |_, o, _| format(o, o.attr("function").text().unwrap_or("NONE")),
        &[set("function", |_, c| format(c.new, c.to.text().unwrap_or("NONE")))],
    )
};
