//! Names and literals in SQL, and statements that several kinds share.

use crate::model::{Catalog, Column, Id, Kind, Object};

/// Words that can't stand as a name without quotes: all but the unreserved ones of
/// <https://www.postgresql.org/docs/current/sql-keywords-appendix.html>.
const KEYWORDS: &str = " all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast \
char character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role \
current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract \
false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect \
interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize \
json_table json_value lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize not \
notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real references returning \
right row select session_user setof similar smallint some substring symmetric system_user table tablesample then time timestamp to trailing \
treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists \
xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable ";

/// A name as it stands in SQL: quoted only where it must be, as the server's own `quote_ident` does.
pub fn ident(name: &str) -> String {
    let first = |c: char| c.is_ascii_lowercase() || c == '_';
    let plain = name.chars().next().is_some_and(first) && name.chars().all(|c| first(c) || c.is_ascii_digit());
    if plain && !KEYWORDS.contains(&format!(" {name} ")) {
        name.to_string()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// A string constant under `standard_conforming_strings = on`.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The whole path of an object that is not a function.
pub fn path(id: &Id) -> String {
    id.path.iter().map(|p| ident(p)).collect::<Vec<_>>().join(".")
}

/// The first two parts: the table of a part of a table.
pub fn table(id: &Id) -> String {
    id.path.iter().take(2).map(|p| ident(p)).collect::<Vec<_>>().join(".")
}

/// A routine with its argument types, which are SQL already.
pub fn routine(id: &Id) -> String {
    format!("{}.{}({})", ident(id.at(0)), ident(id.at(1)), id.at(2))
}

/// The same where it is spoken of. Of several procedures of one name `p(integer)` can be the one with that argument and the one
/// that gives an integer back, unless a mode says which (<https://www.postgresql.org/docs/current/sql-dropprocedure.html>).
pub fn called(id: &Id, catalog: &Catalog) -> String {
    let procedure = |o: &Object| o.attr("routine").text() == Some("PROCEDURE");
    let namesake = |o: &Object| o.id() != id && procedure(o);
    let mode = !id.at(2).is_empty()
        && catalog.get(id).is_some_and(procedure)
        && catalog.below(Kind::Function, &id.path[..2]).any(namesake);
    format!("{}.{}({}{})", ident(id.at(0)), ident(id.at(1)), if mode { "IN " } else { "" }, id.at(2))
}

/// How an object is named after `COMMENT ON`, `ALTER … OWNER` and the like.
pub fn subject(id: &Id, catalog: &Catalog) -> String {
    let on_table = |word: &str| format!("{word} {} ON {}", ident(id.name()), table(id));
    match id.kind {
        Kind::Schema => format!("SCHEMA {}", path(id)),
        Kind::Extension => format!("EXTENSION {}", path(id)),
        Kind::Enum | Kind::Composite | Kind::Range | Kind::BaseType => format!("TYPE {}", path(id)),
        Kind::Domain => format!("DOMAIN {}", path(id)),
        Kind::DomainCheck => format!("CONSTRAINT {} ON DOMAIN {}", ident(id.name()), table(id)),
        Kind::Sequence => {
            let identity = match catalog.get(&id.of_kind(Kind::Column)) {
                Some(Object::Column(column)) => identity_sequence(column),
                _ => path(id),
            };
            format!("SEQUENCE {identity}")
        }
        Kind::Table | Kind::VirtualTable => format!("TABLE {}", path(id)),
        Kind::Column | Kind::Attribute | Kind::Default => format!("COLUMN {}", path(id)),
        Kind::PrimaryKey | Kind::Unique | Kind::Check | Kind::ForeignKey | Kind::Exclusion => on_table("CONSTRAINT"),
        Kind::Index => format!("INDEX {}", path(id)),
        Kind::View => format!("VIEW {}", path(id)),
        Kind::MaterializedView => format!("MATERIALIZED VIEW {}", path(id)),
        Kind::Function => {
            let word = catalog.get(id).map_or("FUNCTION".into(), |o| match o {
                Object::Function(f) => f.routine.clone(),
                _ => "FUNCTION".into(),
            });
            format!("{word} {}", called(id, catalog))
        }
        Kind::Language => format!("LANGUAGE {}", path(id)),
        Kind::AccessMethod => format!("ACCESS METHOD {}", path(id)),
        Kind::Collation => format!("COLLATION {}", path(id)),
        Kind::Conversion => format!("CONVERSION {}", path(id)),
        Kind::ForeignDataWrapper => format!("FOREIGN DATA WRAPPER {}", path(id)),
        Kind::Server => format!("SERVER {}", path(id)),
        Kind::UserMapping => format!("USER MAPPING FOR {} SERVER {}", id.at(1), ident(id.at(0))),
        Kind::ForeignTable => format!("FOREIGN TABLE {}", path(id)),
        Kind::Statistics => format!("STATISTICS {}", path(id)),
        Kind::Aggregate => {
            let arguments = catalog.get(id).map_or(id.at(2).to_string(), |o| o.attr("arguments").to_string());
            format!("AGGREGATE {}({arguments})", table(id))
        }
        Kind::Operator => format!("OPERATOR {}.{} ({}, {})", ident(id.at(0)), id.at(1), id.at(2), id.at(3)),
        Kind::OperatorFamily => format!("OPERATOR FAMILY {} USING {}", table(id), ident(id.at(2))),
        Kind::OperatorClass => format!("OPERATOR CLASS {} USING {}", table(id), ident(id.at(2))),
        Kind::Cast => format!("CAST ({})", id.name()),
        Kind::Transform => format!("TRANSFORM FOR {}", id.name()),
        Kind::TextSearchParser => format!("TEXT SEARCH PARSER {}", path(id)),
        Kind::TextSearchTemplate => format!("TEXT SEARCH TEMPLATE {}", path(id)),
        Kind::TextSearchDictionary => format!("TEXT SEARCH DICTIONARY {}", path(id)),
        Kind::TextSearchConfiguration => format!("TEXT SEARCH CONFIGURATION {}", path(id)),
        Kind::Role => format!("ROLE {}", path(id)),
        Kind::Publication => format!("PUBLICATION {}", path(id)),
        Kind::Subscription => format!("SUBSCRIPTION {}", path(id)),
        Kind::EventTrigger => format!("EVENT TRIGGER {}", path(id)),
        Kind::Trigger => on_table("TRIGGER"),
        Kind::Policy => on_table("POLICY"),
        Kind::Rule => on_table("RULE"),
        Kind::Comment
        | Kind::SecurityLabel
        | Kind::Owner
        | Kind::Grant
        | Kind::DefaultPrivilege
        | Kind::PublicationTable
        | Kind::PublicationSchema
        | Kind::BinaryFormat
        | Kind::Connection
        | Kind::Attachment
        | Kind::Inheritance
        | Kind::TypedTable
        | Kind::Firing
        | Kind::Membership => String::new(),
    }
}

/// The object that a comment, owner or grant is about: the inverse of [`Id::about`].
pub fn about(id: &Id) -> Option<Id> {
    let kind = Kind::ALL.iter().find(|k| k.name() == id.at(0))?;
    let end = id.path.len() - usize::from(id.kind.is_for_another());
    Some(Id::new(*kind, id.path.get(1..end)?))
}

/// The sequence behind an identity column. It is a part of the column and no object of its own, but rights on it are given and
/// comments made: its id is the column's path under the kind of a sequence.
pub fn identity_sequence(column: &Column) -> String {
    let (id, options) = (&column.head.id, &column.identity_options);
    let said = options.iter().find_map(|o| o.strip_prefix("SEQUENCE NAME "));
    said.map_or_else(|| format!("{}.{}", ident(id.at(0)), ident(&usual_sequence(id))), str::to_string)
}

/// What the server calls the sequence of a column: of a name that would be too long it leaves out the end of the table's or the
/// column's, whichever is longer (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>).
pub fn usual_sequence(column: &Id) -> String {
    const ROOM: usize = 63 - "__seq".len();
    let (table, own) = (column.at(1), column.at(2));
    let (mut of_table, mut of_own) = (table.len(), own.len());
    while of_table + of_own > ROOM {
        if of_table > of_own { of_table -= 1 } else { of_own -= 1 }
    }
    format!("{}_{}_seq", clipped(table, of_table), clipped(own, of_own))
}

/// As many whole characters as fit.
fn clipped(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// The parts of a name as `regclass` prints it.
pub fn split(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let part = parts.len() - 1;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                parts[part].push('"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            c => parts[part].push(c),
        }
    }
    parts
}

/// `WITH (…)` and a space before it, or nothing.
pub fn with_options(options: &[String]) -> String {
    if options.is_empty() { String::new() } else { format!(" WITH ({})", assignments(options)) }
}

/// `name=value` pairs with their values quoted where they must be.
pub fn assignments(options: &[String]) -> String {
    let one = |o: &String| match o.split_once('=') {
        Some((name, value))
            if value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
                && !value.is_empty() =>
        {
            format!("{name}={value}")
        }
        Some((name, value)) => format!("{name}={}", literal(value)),
        None => o.clone(),
    };
    options.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The clauses that turn one list of options into another: what is new or changed is set, what is gone is reset.
pub fn change_options(from: &[String], to: &[String]) -> Vec<String> {
    let name = |o: &String| o.split_once('=').map_or(o.clone(), |(n, _)| n.to_string());
    let gone: Vec<String> = from.iter().map(name).filter(|n| !to.iter().any(|t| name(t) == *n)).collect();
    let set: Vec<String> = to.iter().filter(|t| !from.contains(t)).cloned().collect();
    let mut clauses = Vec::new();
    if !gone.is_empty() {
        clauses.push(format!("RESET ({})", gone.join(", ")));
    }
    if !set.is_empty() {
        clauses.push(format!("SET ({})", assignments(&set)));
    }
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p32_names_are_quoted_where_they_must_be() {
        for (name, sql) in [
            ("users", "users"),
            ("Users", "\"Users\""),
            ("order", "\"order\""),
            ("a\"b", "\"a\"\"b\""),
            ("1a", "\"1a\""),
            ("", "\"\""),
        ] {
            assert_eq!(ident(name), sql);
        }
    }

    #[test]
    fn options_change_by_set_and_reset() {
        let list = |items: &[&str]| items.iter().map(|s| s.to_string()).collect::<Vec<_>>();
        assert_eq!(
            change_options(&list(&["a=1", "b=2"]), &list(&["b=3", "c=x y"])),
            ["RESET (a)", "SET (b=3, c='x y')"]
        );
    }
}
