//! What turns the values of one type into another's.

use super::super::ddl::path;
use crate::engine::how::{Change, How, Scene};
use crate::model::{Catalog, Kind, Object};

/// `varchar(10)` without the modifier, `timestamp(3) with time zone` likewise.
pub fn base_type(ty: &str) -> String {
    match (ty.find('('), ty.find(')')) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &ty[..open], &ty[close + 1..]),
        _ => ty.to_string(),
    }
}

/// What turns a value of one type into another where an assignment alone would not: an explicit cast reaches further. Not
/// towards strings, which an explicit cast would cut off where an assignment complains
/// (<https://www.postgresql.org/docs/current/datatype-character.html>).
pub fn using(column: &str, from: &str, to: &str) -> String {
    let (old, new) = (base_type(from), base_type(to));
    let string = ["character", "character varying", "text", "bit", "name"].contains(&new.trim_end_matches("[]"));
    if old == new || string { String::new() } else { format!(" USING {column}::{to}") }
}

/// Whether a column goes from one enum to another: two enums have no cast between them, but each has one with text.
pub fn between_enums(scene: &Scene, c: &Change) -> bool {
    let is_enum = |catalog: &Catalog, column: &Object| {
        let ty = column.attr("type").to_string();
        let name = ty.trim_end_matches("[]");
        column.refs().iter().any(|r| r.to.kind == Kind::Enum && path(&r.to) == name && catalog.contains(&r.to))
    };
    is_enum(scene.from, c.old) && is_enum(scene.to, c.new)
}

pub fn through_text(column: &str, ty: &str) -> String {
    let text = if ty.ends_with("[]") { "text[]" } else { "text" };
    format!(" USING {column}::{text}::{ty}")
}

/// Whether `value::to` is something that the server understands: there is a cast, or one of the two is a string
/// (<https://www.postgresql.org/docs/current/sql-createcast.html>).
pub fn castable(scene: &Scene, from: &str, to: &str) -> bool {
    let (mut from, mut to) = (below(scene.from, from), below(scene.to, to));
    while let (Some(a), Some(b)) = (from.strip_suffix("[]"), to.strip_suffix("[]")) {
        (from, to) = (below(scene.from, a), below(scene.to, b));
    }
    let casts = &scene.server.casts;
    let string = |ty: &String| casts.strings.contains(ty) || ty == "bpchar";
    from == to || string(&from) || string(&to) || casts.pairs.contains(&(from, to))
}

/// The type that a value really has: without the modifier, and what a domain stands on.
fn below(catalog: &Catalog, ty: &str) -> String {
    let ty = match base_type(ty) {
        // Its fields stand after its name: `interval year to month`.
        interval if interval.starts_with("interval ") => "interval".to_string(),
        other => other,
    };
    match catalog.of_kind(Kind::Domain).find(|d| path(d.id()) == ty) {
        Some(domain) => below(catalog, &domain.attr("base").to_string()),
        None => ty,
    }
}

/// The answer where nothing is known that leads from the one to the other.
pub fn ask(c: &Change, from: &str, to: &str) -> How {
    How::Ask {
        why: format!("cannot change the type of {} from `{from}` to `{to}`: there is no cast between them", c.new.id()),
        write: format!(
            "write `-- msr:using EXPRESSION` directly before the column: what a `{to}` is made of, in terms of the old columns"
        ),
    }
}
