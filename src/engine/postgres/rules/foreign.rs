//! Foreign-data wrappers, servers, user mappings, foreign tables.

use super::super::ddl::{ident, literal, path, subject};
use super::plain::plain;
use super::privileges::fresh;
use super::row_type_name;
use crate::engine::how::{Change, How, KindRule, Scene, replace, set};
use crate::model::{Kind, Object, Value};

/// A name and a value of `name=value`.
fn pair(option: &str) -> (String, String) {
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    (ident(name), literal(value))
}

/// `OPTIONS (…)` and a space before it, or nothing.
pub fn options(list: &[String]) -> String {
    let one = |o: &String| {
        let (name, value) = pair(o);
        format!("{name} {value}")
    };
    let all: Vec<String> = list.iter().map(one).collect();
    if all.is_empty() { String::new() } else { format!(" OPTIONS ({})", all.join(", ")) }
}

/// The clause that turns one list of options into another.
pub fn change_options(from: &Value, to: &Value) -> String {
    let (Value::List(from), Value::List(to)) = (from, to) else { return String::new() };
    let had = |name: &str| from.iter().any(|o| pair(o).0 == name);
    let kept = |name: &str| to.iter().any(|o| pair(o).0 == name);
    let gone = from.iter().map(|o| pair(o).0).filter(|name| !kept(name)).map(|name| format!("DROP {name}"));
    let new = to.iter().filter(|o| !from.contains(o)).map(|o| {
        let (name, value) = pair(o);
        format!("{} {name} {value}", if had(&name) { "SET" } else { "ADD" })
    });
    format!("OPTIONS ({})", gone.chain(new).collect::<Vec<_>>().join(", "))
}

fn set_options(s: &Scene, c: &Change) -> How {
    How::statement(format!("ALTER {} {}", subject(c.new.id(), s.to), change_options(c.from, c.to)))
}

/// A function of a wrapper, or that it has none.
fn part(o: &Object, word: &str, attr: &str) -> Option<String> {
    o.attr(attr).text().map(|f| format!(" {word} {f}"))
}

fn set_part(s: &Scene, c: &Change, word: &str) -> How {
    let action = part(c.new, word, c.attr).unwrap_or(format!(" NO {word}"));
    How::statement(format!("ALTER {}{action}", subject(c.new.id(), s.to)))
}

pub const FOREIGN_DATA_WRAPPER: KindRule = plain(
    Kind::ForeignDataWrapper,
    |s, o, _| {
        let Object::ForeignDataWrapper(w) = o else { return How::Nothing };
        let parts = [part(o, "HANDLER", "handler"), part(o, "VALIDATOR", "validator")]
            .into_iter()
            .flatten()
            .collect::<String>();
        How::statement(format!("CREATE {}{parts}{}", subject(o.id(), s.to), options(&w.options)))
    },
    &[
        set("handler", |s, c| set_part(s, c, "HANDLER")),
        set("validator", |s, c| set_part(s, c, "VALIDATOR")),
        set("options", set_options),
    ],
);

pub const SERVER: KindRule = plain(
    Kind::Server,
    |s, o, _| {
        let Object::Server(server) = o else { return How::Nothing };
        let said =
            |word: &str, attr: &str| o.attr(attr).text().map(|t| format!(" {word} {}", literal(t))).unwrap_or_default();
        How::statement(format!(
            "CREATE {}{}{} FOREIGN DATA WRAPPER {}{}",
            subject(o.id(), s.to),
            said("TYPE", "type"),
            said("VERSION", "version"),
            server.wrapper,
            options(&server.options)
        ))
    },
    &[
        set("wrapper", replace),
        set("type", replace),
        // There is no way to take a version back (https://www.postgresql.org/docs/current/sql-alterserver.html).
        set("version", |s, c| match c.to.text() {
            Some(version) => {
                How::statement(format!("ALTER {} VERSION {}", subject(c.new.id(), s.to), literal(version)))
            }
            None => How::Replace,
        }),
        set("options", set_options),
    ],
);

pub const USER_MAPPING: KindRule = KindRule {
    rename: None,
    loses: Some(|o| Some(format!("the secrets of the {}, if it has any", o.id()))),
    ..plain(
        Kind::UserMapping,
        |s, o, _| {
            let Object::UserMapping(m) = o else { return How::Nothing };
            How::statement(format!("CREATE {}{}", subject(o.id(), s.to), options(&m.options)))
        },
        &[set("options", set_options)],
    )
};

pub const FOREIGN_TABLE: KindRule = KindRule {
    namespace: row_type_name,
    ..plain(
        Kind::ForeignTable,
        |s, o, folded| fresh(s, o, How::statements(create_table(s, o, folded))),
        &[set("server", replace), set("options", set_options)],
    )
};

fn create_table(scene: &Scene, o: &Object, folded: &[&Object]) -> Vec<String> {
    let Object::ForeignTable(t) = o else { return vec![] };
    let heir = |o: &Object| match o {
        Object::Column(column) if super::tables::inherits(o, folded) => Some(super::not_null::of_heir(scene, column)),
        _ => None,
    };
    let (body, inherits) = (super::tables::body(folded, heir), super::tables::inherits_clause(folded));
    let (name, options) = (path(o.id()), options(&t.options));
    let create = format!("CREATE FOREIGN TABLE {name} {body}{inherits} SERVER {}{options}", t.server);
    let extras = super::tables::of_columns(scene, folded);
    let extras = extras.into_iter().map(|action| format!("ALTER FOREIGN TABLE {name} {action}"));
    std::iter::once(create).chain(extras).collect()
}
