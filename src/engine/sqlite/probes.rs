//! What the rows that are there must be like, kind by kind.

use super::ddl::table_of;
use super::token::tokens;
use super::words::quote;
use crate::engine::how::Scene;
use crate::engine::probe::{Probe, ProbeRule, Rows, When, value_of};
use crate::engine::text::{items, parenthesised};
use crate::model::{Id, Kind, Object, Value};

const fn rule(kind: Kind, when: When, ask: fn(&Scene, &Object) -> Vec<Probe>) -> ProbeRule {
    ProbeRule { kind, when, ask }
}

pub static PROBES: &[ProbeRule] = &[
    rule(Kind::Table, When::Sets("strict"), loose),
    rule(Kind::Column, When::Comes, no_value),
    rule(Kind::Column, When::Sets("not_null"), nulls),
    rule(Kind::Check, When::Comes, broken),
    rule(Kind::Check, When::Sets("definition"), broken),
    rule(Kind::ForeignKey, When::Comes, orphans),
    rule(Kind::ForeignKey, When::Sets("definition"), orphans),
    rule(Kind::PrimaryKey, When::Comes, alike),
    rule(Kind::PrimaryKey, When::Sets("columns"), alike),
    rule(Kind::Unique, When::Comes, alike),
    rule(Kind::Unique, When::Sets("columns"), alike),
    rule(Kind::Index, When::Comes, alike_in_index),
    rule(Kind::Index, When::Sets("unique"), alike_in_index),
    rule(Kind::Index, When::Sets("definition"), alike_in_index),
];

fn probe(o: &Object, wrong: String, rows: Rows) -> Vec<Probe> {
    vec![Probe { table: table_of(o.id()), wrong, rows }]
}

/// Without what ON CONFLICT says instead of an error, which is then what happens.
fn must(o: &Object) -> bool {
    o.attr("conflict") == Value::None && !o.attr("definition").text().is_some_and(|d| d.contains("ON CONFLICT"))
}

fn no_value(scene: &Scene, o: &Object) -> Vec<Probe> {
    let Object::Column(c) = o else { return vec![] };
    let default = scene.to.get(&o.id().of_kind(Kind::Default)).map(|d| d.attr("expression"));
    let given = default.is_some_and(|d| !d.text().is_some_and(|text| text.eq_ignore_ascii_case("null")));
    if !c.not_null || given || c.generated.is_some() || !must(o) || is_rowid(scene, o) {
        return vec![];
    }
    let wrong = format!("would have NULL in `{}`, which is new and has no default", o.id().name());
    probe(o, wrong, Rows::Where("true".into()))
}

/// Whether SQLite finds a value for it by itself.
fn is_rowid(scene: &Scene, o: &Object) -> bool {
    let table = table_of(o.id());
    let key = scene.to.below(Kind::PrimaryKey, &table.path).next().map(|key| key.attr("columns"));
    let alone = key == Some(Value::List(vec![o.id().name().to_string()]));
    alone && o.attr("type").text().is_some_and(|ty| ty.eq_ignore_ascii_case("integer"))
}

fn nulls(_: &Scene, o: &Object) -> Vec<Probe> {
    let name = o.id().name();
    let rows = Rows::Where(format!("t.{} IS NULL", quote(name)));
    let asked = o.attr("not_null") == Value::Bool(true) && must(o);
    if asked { probe(o, format!("have NULL in `{name}`"), rows) } else { vec![] }
}

fn broken(_: &Scene, o: &Object) -> Vec<Probe> {
    let definition = o.attr("definition");
    let text = definition.text().and_then(|d| d.strip_prefix("CHECK ")).filter(|_| must(o));
    let Some((says, _)) = text.and_then(parenthesised) else { return vec![] };
    probe(o, format!("break the check `{}`", o.id().name()), Rows::Where(format!("NOT ({says})")))
}

fn orphans(scene: &Scene, o: &Object) -> Vec<Probe> {
    let Object::ForeignKey(key) = o else { return vec![] };
    let target = Id::new(Kind::Table, [o.id().at(0), &key.target.to_lowercase()]);
    let tokens = tokens(&key.definition);
    let named = tokens.iter().position(|t| t.is("REFERENCES")).and_then(|at| tokens.get(at + 2)).filter(|t| t.is("("));
    let said = named.and_then(|open| parenthesised(&key.definition[open.start..]));
    let own = || match scene.to.below(Kind::PrimaryKey, &target.path).next() {
        Some(Object::PrimaryKey(key)) => key.columns.iter().map(|c| quote(c)).collect(),
        _ => vec![],
    };
    let referenced: Vec<String> =
        said.map_or_else(own, |(list, _)| items(list).into_iter().map(str::to_string).collect());
    if referenced.len() != key.columns.len() {
        return vec![];
    }
    let columns = key.columns.iter().map(|c| quote(c)).collect();
    // As the check before COMMIT says it.
    let wrong = format!(
        "refer to rows that are not there: {} ({}) → {}",
        table_of(o.id()).name(),
        key.columns.join(", "),
        target.name()
    );
    probe(o, wrong, Rows::Orphans { columns, target, referenced, whole: false })
}

fn alike(_: &Scene, o: &Object) -> Vec<Probe> {
    let Value::List(columns) = o.attr("columns") else { return vec![] };
    if !must(o) || columns.is_empty() {
        return vec![];
    }
    let rows = Rows::Alike { values: columns.iter().map(|c| quote(c)).collect(), among: None };
    probe(o, format!("have the same ({}) as another row, though that is unique", columns.join(", ")), rows)
}

fn alike_in_index(_: &Scene, o: &Object) -> Vec<Probe> {
    let (definition, unique) = (o.attr("definition"), o.attr("unique") == Value::Bool(true));
    let text = definition.text().filter(|_| unique).unwrap_or_default();
    let list = text.find(" (").and_then(|at| parenthesised(&text[at + 1..]));
    let (Some((list, rest)), Some(table)) = (list, o.parent().cloned()) else { return vec![] };
    let among = rest.strip_prefix(" WHERE ").map(str::to_string);
    let rows = Rows::Alike { values: items(list).into_iter().map(value_of).collect(), among };
    let wrong = format!("have the same ({list}) as another row, though {} is unique", o.id());
    vec![Probe { table, wrong, rows }]
}

/// Texts that no STRICT table takes for a number (<https://sqlite.org/stricttables.html>).
fn loose(scene: &Scene, o: &Object) -> Vec<Probe> {
    if o.attr("strict") != Value::Bool(true) {
        return vec![];
    }
    let columns = scene.to.below(Kind::Column, &o.id().path);
    let numbers = columns.filter(|c| {
        let ty = c.attr("type").to_string().to_ascii_uppercase();
        ["INT", "INTEGER", "REAL"].contains(&&*ty) && scene.from.contains(c.id())
    });
    let probes = numbers.map(|c| {
        let name = quote(c.id().name());
        let is = format!("typeof(t.{name}) = 'blob' OR typeof(t.{name}) = 'text' AND t.{name} NOT GLOB '*[0-9]*'");
        let wrong = format!("have a value in `{}` that is no number", c.id().name());
        Probe { table: o.id().clone(), wrong, rows: Rows::Where(is) }
    });
    probes.collect()
}
