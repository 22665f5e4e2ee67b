//! The clauses of generated SQL.

use super::inspect::{given_name, list};
use super::words::quote;
use crate::model::{Catalog, Column, Id, Kind, Object, PrimaryKey, Table};

/// A `CREATE TABLE` of that name with all of its parts.
pub fn create_table(name: &str, table: &Table, parts: &[&Object]) -> String {
    let mut columns: Vec<&Column> = parts.iter().filter_map(|o| if let Object::Column(c) = o { Some(c) } else { None }).collect();
    columns.sort_by_key(|c| c.position);
    let key = parts.iter().find_map(|o| if let Object::PrimaryKey(k) = o { Some(k) } else { None });
    // SQLite takes AUTOINCREMENT, and the odd DESC, only at the column.
    let inline = key.filter(|k| k.columns.len() == 1 && (table.autoincrement || is_plain(k) || k.definition.starts_with(INLINE_DESC)));
    let mut lines: Vec<String> = Vec::new();
    for column in columns {
        let mut line = column_text(column, default_of(parts, column));
        if let Some(key) = inline.filter(|k| *k.columns[0] == *column.head.id.name()) {
            line += &inline_key(key, table);
        }
        lines.push(line);
    }
    let mut constraints: Vec<&&Object> = parts.iter().filter(|o| is_constraint(o.id().kind)).collect();
    constraints.sort_by_key(|o| (o.id().kind, o.position()));
    lines.extend(constraints.into_iter().filter(|o| inline.is_none_or(|k| k.head.id != *o.id())).map(|o| constraint(o)));
    let options: Vec<&str> =
        [("STRICT", table.strict), ("WITHOUT ROWID", table.without_rowid)].into_iter().filter(|o| o.1).map(|o| o.0).collect();
    let tail = if options.is_empty() { String::new() } else { format!(" {}", options.join(", ")) };
    format!("CREATE TABLE {} (\n    {}\n){tail}", quote(name), lines.join(",\n    "))
}

const INLINE_DESC: &str = "PRIMARY KEY DESC";

fn is_plain(key: &PrimaryKey) -> bool {
    key.definition == format!("PRIMARY KEY ({})", list(&key.columns))
}

fn inline_key(key: &PrimaryKey, table: &Table) -> String {
    let name = given_name(&key.head.id, &key.columns, &key.definition).map_or(String::new(), |n| format!(" CONSTRAINT {}", quote(n)));
    // What follows the list: ON CONFLICT.
    let after = match key.definition.strip_prefix(INLINE_DESC) {
        Some(rest) => format!(" DESC{rest}"),
        None => key.definition.rsplit_once(')').map_or(String::new(), |(_, rest)| rest.to_string()),
    };
    let auto = if table.autoincrement { " AUTOINCREMENT" } else { "" };
    format!("{name} PRIMARY KEY{after}{auto}")
}

fn is_constraint(kind: Kind) -> bool {
    matches!(kind, Kind::PrimaryKey | Kind::Unique | Kind::Check | Kind::ForeignKey)
}

fn default_of<'a>(parts: &[&'a Object], column: &Column) -> Option<&'a str> {
    let id = column.head.id.of_kind(Kind::Default);
    parts.iter().find_map(|o| match o {
        Object::Default(d) if d.head.id == id => Some(d.expression.as_str()),
        _ => None,
    })
}

/// A column as it stands in `CREATE TABLE` and `ADD COLUMN`.
pub fn column_text(column: &Column, default: Option<&str>) -> String {
    let mut text = quote(column.head.id.name());
    if !column.r#type.is_empty() {
        text += &format!(" {}", type_text(&column.r#type));
    }
    if let Some(collation) = &column.collation {
        text += &format!(" COLLATE {}", quote(collation));
    }
    if let Some(expression) = &column.generated {
        let stored = if column.stored { "STORED" } else { "VIRTUAL" };
        text += &format!(" GENERATED ALWAYS AS ({expression}) {stored}");
    }
    if column.not_null {
        text += " NOT NULL";
        if let Some(conflict) = &column.conflict {
            text += &format!(" ON CONFLICT {conflict}");
        }
    }
    if let Some(default) = default {
        text += &format!(" DEFAULT {default}");
    }
    text
}

/// SQLite reports a quoted type without its quotes; one that is not words and numbers needs them back.
fn type_text(declared: &str) -> String {
    let words = declared.split_once('(').map_or(declared, |(words, _)| words);
    let plain = |w: &str| super::words::is_plain(w) || w.eq_ignore_ascii_case("current");
    let as_is = words.split_whitespace().all(plain) && words.trim_start() == words;
    let closed = declared.contains('(') == declared.ends_with(')');
    if as_is && closed { declared.to_string() } else { super::words::in_quotes(declared) }
}

/// A constraint as it stands in `CREATE TABLE`.
pub fn constraint(object: &Object) -> String {
    let (name, definition) = named(object);
    format!("{name}{definition}")
}

/// A constraint of a single column as it stands at the column, in `ADD COLUMN`.
pub fn column_constraint(object: &Object) -> String {
    let (name, definition) = named(object);
    match object {
        Object::ForeignKey(key) => {
            let long = format!("FOREIGN KEY ({}) ", list(&key.columns));
            format!(" {name}{}", definition.strip_prefix(&long).unwrap_or(definition))
        }
        _ => format!(" {name}{definition}"),
    }
}

fn named(object: &Object) -> (String, &str) {
    let (columns, definition): (&[String], &str) = match object {
        Object::PrimaryKey(k) => (&k.columns, &k.definition),
        Object::Unique(k) => (&k.columns, &k.definition),
        Object::ForeignKey(k) => (&k.columns, &k.definition),
        Object::Check(k) => (&[], &k.definition),
        _ => (&[], ""),
    };
    let name = given_name(object.id(), columns, definition);
    (name.map_or(String::new(), |n| format!("CONSTRAINT {} ", quote(n))), definition)
}

/// The table and everything inside its `CREATE`.
pub fn parts<'a>(catalog: &'a Catalog, table: &Id) -> Vec<&'a Object> {
    let inside = |o: &&Object| {
        o.id().path.len() == 3
            && o.id().path[..2] == table.path[..]
            && (is_constraint(o.id().kind) || matches!(o.id().kind, Kind::Column | Kind::Default))
    };
    catalog.iter().filter(inside).collect()
}

pub fn table_of(id: &Id) -> Id {
    Id::new(Kind::Table, [id.at(0), id.at(1)])
}
