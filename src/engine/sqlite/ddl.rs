//! The clauses of generated SQL.
//!
//! What is created is created from the text that SQLite keeps of it, which is the user's own: comments, spelling and all. A
//! second writer, from the attributes, was tried and refused: it could only ever say less.

use super::inspect::slice;
use super::token::{Token, name_at, tokens};
use super::words::quote;
use crate::engine::how::{How, Scene};
use crate::model::{Catalog, Column, Id, Kind, Object, Table};

/// The name as the object's own text spells it; ids have it in small letters.
pub fn spelling(object: &Object) -> String {
    let text = object.head().text.as_deref().unwrap_or_default();
    let tokens = tokens(text);
    let at = if object.id().kind == Kind::Column { Some(0) } else { name_at(&tokens) };
    let written = at.and_then(|at| tokens.get(at)).and_then(Token::spelling);
    // A text from before a rename spells another name.
    written
        .filter(|name| name.eq_ignore_ascii_case(object.id().name()))
        .unwrap_or_else(|| object.id().name().to_string())
}

/// What a table is called while it has no name of its own.
pub fn meanwhile(name: &str) -> String {
    format!("msr_new_{name}")
}

/// The name as it stands in generated SQL.
pub fn named(object: &Object) -> String {
    quote(&spelling(object))
}

/// The name of what is called so after the step, or before it.
pub fn named_in(scene: &Scene, id: &Id) -> String {
    scene.to.get(id).or_else(|| scene.from.get(id)).map_or_else(|| quote(id.name()), named)
}

/// Creates the object with its own text.
pub fn create(object: &Object) -> How {
    match &object.head().text {
        Some(text) => How::statement(text),
        None => without_text(object.id()),
    }
}

fn without_text(id: &Id) -> How {
    How::Refuse(format!("cannot create {id}: SQLite's text of it is missing: a bug in msr"))
}

/// Creates the table with its parts.
pub fn create_table(table: &Table, parts: &[&Object]) -> How {
    match whole(table, parts).map(str::to_string).or_else(|| composed(table, parts)) {
        Some(text) => How::statement(text),
        None => without_text(&table.head.id),
    }
}

/// The same under another name, for a while.
pub fn create_table_as(name: &str, table: &Table, parts: &[&Object]) -> Option<String> {
    let text = whole(table, parts).map(str::to_string).or_else(|| composed(table, parts))?;
    let tokens = tokens(&text);
    let old = tokens.get(name_at(&tokens)?)?;
    Some(format!("{}{}{}", &text[..old.start], quote(name), &text[old.end()..]))
}

/// The table's text, if it says these parts and no others. Between two steps a table has some parts that it had and some
/// that it gets, and no text that says so.
fn whole<'a>(table: &'a Table, parts: &[&Object]) -> Option<&'a str> {
    let text = table.head.text.as_deref()?;
    let columns = columns(parts);
    let known: Vec<(&str, &str)> = columns.iter().map(|c| (c.head.id.name(), c.r#type.as_str())).collect();
    let says = slice(text, &known)?;
    let same_columns = says.columns.iter().map(|c| Some(&c.text)).eq(columns.iter().map(|c| c.head.text.as_ref()));
    let mut said: Vec<&str> = says.constraints.iter().map(|c| c.definition.as_str()).collect();
    let mut there: Vec<String> = constraints(parts).iter().map(|o| definition(o)).collect();
    said.sort_unstable();
    there.sort_unstable();
    (same_columns && said == there).then_some(text)
}

/// A text made of those of the parts.
fn composed(table: &Table, parts: &[&Object]) -> Option<String> {
    let columns = columns(parts).into_iter().map(|c| c.head.text.clone());
    let mut lines: Vec<String> = columns.collect::<Option<_>>()?;
    // What has no text of its own stands in that of its column.
    lines.extend(constraints(parts).iter().filter_map(|o| o.head().text.clone()));
    let options: Vec<&str> = [("STRICT", table.strict), ("WITHOUT ROWID", table.without_rowid)]
        .into_iter()
        .filter(|o| o.1)
        .map(|o| o.0)
        .collect();
    let tail = if options.is_empty() { String::new() } else { format!(" {}", options.join(", ")) };
    let name = named(&table.clone().into());
    Some(format!("CREATE TABLE {name} (\n    {}\n){tail}", lines.join(",\n    ")))
}

/// In the order of the table.
pub fn columns<'a>(parts: &[&'a Object]) -> Vec<&'a Column> {
    let mut all: Vec<&Column> =
        parts.iter().filter_map(|o| if let Object::Column(c) = o { Some(&**c) } else { None }).collect();
    all.sort_by_key(|c| (c.position, &c.head.id));
    all
}

fn constraints<'a>(parts: &[&'a Object]) -> Vec<&'a Object> {
    let mut all: Vec<&Object> = parts.iter().filter(|o| CONSTRAINTS.contains(&o.id().kind)).copied().collect();
    all.sort_by_key(|o| (o.position(), o.id()));
    all
}

const CONSTRAINTS: &[Kind] = &[Kind::PrimaryKey, Kind::Unique, Kind::Check, Kind::ForeignKey];

fn definition(object: &Object) -> String {
    object.attr("definition").text().unwrap_or_default().to_string()
}

/// A constraint of a single column that is written after the columns, as it stands at the column in `ADD COLUMN`.
pub fn column_constraint(object: &Object) -> String {
    let Some(text) = object.head().text.as_deref() else { return String::new() };
    let tokens = tokens(text);
    let word = |word: &str| tokens.iter().find(|t| t.is(word)).map(|t| t.start);
    match (object.id().kind, word("FOREIGN"), word("REFERENCES")) {
        (Kind::ForeignKey, Some(begin), Some(end)) => format!(" {}{}", &text[..begin], &text[end..]),
        _ => format!(" {text}"),
    }
}

/// Everything inside the table's `CREATE`.
pub fn parts<'a>(catalog: &'a Catalog, table: &'a Id) -> Vec<&'a Object> {
    let kinds = [Kind::Column, Kind::Default].iter().chain(CONSTRAINTS);
    kinds.flat_map(|kind| catalog.below(*kind, &table.path)).collect()
}

pub fn table_of(id: &Id) -> Id {
    Id::new(Kind::Table, [id.at(0), id.at(1)])
}
