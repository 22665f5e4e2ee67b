//! Kinds that are made of one definition: dropped and created when it changes, renamed where PostgreSQL can.

use super::super::ddl::{ident, path, subject};
use super::base_types::{around_functions, with_functions};
use super::privileges::fresh;
use super::twins;
use super::{own_name, routine_name, type_name};
use crate::engine::how::{How, KindRule, Scene, SetRule, replace, set};
use crate::model::{Id, Kind, Object, Value};

pub fn drop(s: &Scene, o: &Object) -> How {
    How::statement(format!("DROP {}", subject(o.id(), s.from)))
}

pub fn rename(s: &Scene, o: &Object, to: &Id) -> How {
    let name = if to.kind.is_named_second() { to.at(1) } else { to.name() };
    How::statement(format!("ALTER {} RENAME TO {}", subject(o.id(), s.from), ident(name)))
}

/// A kind that is named after its word in `CREATE`, `DROP` and `ALTER … RENAME TO`.
pub const fn plain(kind: Kind, create: fn(&Scene, &Object, &[&Object]) -> How, set: &'static [SetRule]) -> KindRule {
    KindRule { kind, clause: None, create, drop, rename: Some(rename), set, namespace: own_name, loses: None }
}

/// `CREATE subject (definition)`.
fn in_parentheses(s: &Scene, o: &Object, _: &[&Object]) -> How {
    How::statement(format!("CREATE {} ({})", subject(o.id(), s.to), o.attr("definition")))
}

/// `CREATE subject definition`.
pub fn after_name(s: &Scene, o: &Object, _: &[&Object]) -> How {
    How::statement(format!("CREATE {} {}", subject(o.id(), s.to), o.attr("definition")))
}

pub const ANEW: &[SetRule] = &[set("definition", replace)];

/// What only queries and indexes use is made again; columns with values in them move to a twin.
pub const COLLATION: KindRule = plain(
    Kind::Collation,
    in_parentheses,
    &[set("definition", |s, c| {
        if twins::columns_of(s, c.new.id()).is_empty() {
            return How::Replace;
        }
        let create = format!("CREATE {} ({})", subject(c.new.id(), s.to), c.to);
        twins::swap(s, c, create, &|column| format!(" COLLATE {}", column.attr("collation")))
    })
    .blocks(|s, c| if twins::columns_of(s, c.new.id()).is_empty() { vec![] } else { twins::around(s, c) })],
);
pub const TEXT_SEARCH_PARSER: KindRule = plain(Kind::TextSearchParser, in_parentheses, ANEW);
pub const TEXT_SEARCH_TEMPLATE: KindRule = plain(Kind::TextSearchTemplate, in_parentheses, ANEW);
pub const TEXT_SEARCH_DICTIONARY: KindRule = plain(Kind::TextSearchDictionary, in_parentheses, ANEW);
pub const OPERATOR_CLASS: KindRule = plain(
    Kind::OperatorClass,
    |_, o, _| How::statement(format!("CREATE OPERATOR CLASS {} {}", two_names(o.id()), o.attr("definition"))),
    ANEW,
);
pub const CAST: KindRule = KindRule { rename: None, ..plain(Kind::Cast, after_name, ANEW) };
pub const TRANSFORM: KindRule = KindRule { rename: None, ..plain(Kind::Transform, in_parentheses, ANEW) };

fn two_names(id: &Id) -> String {
    format!("{}.{}", ident(id.at(0)), ident(id.at(1)))
}

/// An operator cannot be renamed; its types stand in the definition.
pub const OPERATOR: KindRule = KindRule {
    rename: None,
    ..plain(
        Kind::Operator,
        |_, o, _| {
            How::statement(format!(
                "CREATE OPERATOR {}.{} ({})",
                ident(o.id().at(0)),
                o.id().at(1),
                o.attr("definition")
            ))
        },
        ANEW,
    )
};

pub const OPERATOR_FAMILY: KindRule = plain(
    Kind::OperatorFamily,
    |s, o, _| {
        let name = subject(o.id(), s.to);
        let Value::List(members) = o.attr("members") else { return How::Nothing };
        let add = (!members.is_empty()).then(|| format!("ALTER {name} ADD {}", members.join(", ")));
        How::statements(std::iter::once(format!("CREATE {name}")).chain(add))
    },
    &[set("members", replace)],
);

pub const CONVERSION: KindRule = plain(
    Kind::Conversion,
    |s, o, _| {
        let usual = if o.attr("usual") == Value::Bool(true) { "DEFAULT " } else { "" };
        How::statement(format!("CREATE {usual}{} {}", subject(o.id(), s.to), o.attr("definition")))
    },
    &[set("definition", replace), set("usual", replace)],
);

pub const RANGE: KindRule = KindRule {
    drop: with_functions,
    namespace: type_name,
    ..plain(
        Kind::Range,
        |s, o, functions| {
            let create = format!("CREATE TYPE {} AS RANGE ({})", path(o.id()), o.attr("definition"));
            around_functions(s, o, functions, create)
        },
        ANEW,
    )
};

pub const LANGUAGE: KindRule = plain(
    Kind::Language,
    |s, o, _| {
        let trusted = if o.attr("trusted") == Value::Bool(true) { "TRUSTED " } else { "" };
        let part = |word: &str, attr: &str| o.attr(attr).text().map(|f| format!(" {word} {f}")).unwrap_or_default();
        let rest = [part("HANDLER", "handler"), part("INLINE", "inline"), part("VALIDATOR", "validator")].concat();
        How::statement(format!("CREATE {trusted}{}{rest}", subject(o.id(), s.to)))
    },
    &[set("trusted", replace), set("handler", replace), set("inline", replace), set("validator", replace)],
);

pub const ACCESS_METHOD: KindRule = KindRule {
    rename: None,
    ..plain(
        Kind::AccessMethod,
        |s, o, _| {
            How::statement(format!(
                "CREATE {} TYPE {} HANDLER {}",
                subject(o.id(), s.to),
                o.attr("purpose"),
                o.attr("handler")
            ))
        },
        &[set("purpose", replace), set("handler", replace)],
    )
};

pub const STATISTICS: KindRule = plain(
    Kind::Statistics,
    |_, o, _| How::statements(std::iter::once(o.attr("definition").to_string()).chain(target(o))),
    &[
        set("definition", replace),
        set("target", |_, c| How::statements(target(c.new).or_else(|| Some(usual_target(c.new))))),
    ],
);

fn target(o: &Object) -> Option<String> {
    match o.attr("target") {
        Value::Int(target) => Some(format!("ALTER STATISTICS {} SET STATISTICS {target}", path(o.id()))),
        _ => None,
    }
}

fn usual_target(o: &Object) -> String {
    format!("ALTER STATISTICS {} SET STATISTICS -1", path(o.id()))
}

fn create_aggregate(verb: &str, o: &Object) -> How {
    How::statement(format!(
        "{verb} AGGREGATE {}({}) ({})",
        two_names(o.id()),
        o.attr("arguments"),
        o.attr("definition")
    ))
}

/// OR REPLACE keeps arguments, their sort and what it returns
/// (<https://www.postgresql.org/docs/current/sql-createaggregate.html>).
pub const AGGREGATE: KindRule = KindRule {
    namespace: routine_name,
    ..plain(
        Kind::Aggregate,
        |s, o, _| fresh(s, o, create_aggregate("CREATE", o)),
        &[
            set("arguments", replace),
            set("signature", replace),
            set("definition", |_, c| create_aggregate("CREATE OR REPLACE", c.new)),
        ],
    )
};

/// A token type and its dictionaries.
fn mapping(text: &str) -> (&str, &str) {
    text.split_once(": ").unwrap_or((text, ""))
}

pub const TEXT_SEARCH_CONFIGURATION: KindRule = plain(
    Kind::TextSearchConfiguration,
    |s, o, _| {
        let Object::TextSearchConfiguration(c) = o else { return How::Nothing };
        let name = subject(o.id(), s.to);
        let map = |m: &String| format!("ALTER {name} ADD MAPPING FOR {} WITH {}", mapping(m).0, mapping(m).1);
        How::statements(
            std::iter::once(format!("CREATE {name} (PARSER = {})", c.parser)).chain(c.mappings.iter().map(map)),
        )
    },
    &[
        set("parser", replace),
        set("mappings", |s, c| {
            let (Value::List(from), Value::List(to)) = (c.from, c.to) else { return How::Replace };
            let name = subject(c.new.id(), s.to);
            let had = |token: &str| from.iter().any(|m| mapping(m).0 == token);
            let gone = from.iter().map(|m| mapping(m).0).filter(|t| !to.iter().any(|m| mapping(m).0 == *t));
            let gone: Vec<String> = gone.map(|token| format!("ALTER {name} DROP MAPPING FOR {token}")).collect();
            let new = to.iter().filter(|m| !from.contains(m)).map(|m| {
                let (token, dictionaries) = mapping(m);
                let verb = if had(token) { "ALTER" } else { "ADD" };
                format!("ALTER {name} {verb} MAPPING FOR {token} WITH {dictionaries}")
            });
            How::statements(gone.into_iter().chain(new))
        }),
    ],
);

fn firing(s: &Scene, o: &Object) -> String {
    format!("ALTER {} {}", subject(o.id(), s.to), super::code::state(&o.attr("enabled")))
}

pub const EVENT_TRIGGER: KindRule = plain(
    Kind::EventTrigger,
    |s, o, _| {
        let create = format!("CREATE {} {}", subject(o.id(), s.to), o.attr("definition"));
        let fires = (o.attr("enabled").text() != Some("origin")).then(|| firing(s, o));
        How::statements(std::iter::once(create).chain(fires))
    },
    &[set("definition", replace), set("enabled", |s, c| How::statement(firing(s, c.new)))],
);
