//! A sequence that comes to a column with rows begins with its first number, and the next row would get one that is taken: it
//! goes on after them. The statement before it holds the table's lock until the end, so no row comes between.
//!
//! From 15 on a sequence can be unlogged, and goes with its table where that is made so or no longer is: it is said after the
//! table's change where it is to be unlike it (<https://www.postgresql.org/docs/15/sql-altersequence.html>).

use super::super::ddl::{ident, identity_sequence, literal, path, table};
use crate::engine::how::{Change, How, Scene};
use crate::model::{Id, Kind, Object, Sequence, Value};

fn go_on(sequence: &str, column: &Id, up: bool, first: &str) -> String {
    let (last, within) = if up { ("max", ">=") } else { ("min", "<=") };
    let last = format!("{last}({})", ident(column.name()));
    format!("SELECT setval({sequence}, {last}) FROM {} HAVING {last} {within} {first}", table(column))
}

/// Of the sequence behind an identity, by what was said of it beyond the usual.
pub fn identity_goes_on(column: &Id, options: &[String]) -> String {
    let number = |word: &str| options.iter().find_map(|o| o.strip_prefix(word)).map(str::trim);
    let up = !number("INCREMENT BY").is_some_and(|by| by.starts_with('-'));
    let (bound, usual) = if up { ("MINVALUE", "1") } else { ("MAXVALUE", "-1") };
    let first = number("START WITH").or(number(bound)).unwrap_or(usual);
    let sequence = format!("pg_get_serial_sequence({}, {})", literal(&table(column)), literal(column.name()));
    go_on(&sequence, column, up, first)
}

/// Of one that is made for a column of numbers that is there already.
pub fn sequence_goes_on(scene: &Scene, sequence: &Sequence) -> Option<String> {
    let column = sequence.head.refs.iter().map(|r| &r.to).find(|to| to.kind == Kind::Column)?;
    let numbers =
        |id| scene.from.get(id).is_some_and(|c| INTEGERS.contains(&c.attr("type").text().unwrap_or_default()));
    let made = literal(&path(&sequence.head.id));
    numbers(column).then(|| go_on(&made, column, sequence.increment > 0, &sequence.start.to_string()))
}

const INTEGERS: &[&str] = &["smallint", "integer", "bigint"];

fn set_logged(sequence: &str, unlogged: bool) -> String {
    format!("ALTER SEQUENCE {sequence} SET {}", if unlogged { "UNLOGGED" } else { "LOGGED" })
}

fn is_unlogged(o: Option<&Object>) -> bool {
    o.is_some_and(|o| o.attr("unlogged") == Value::Bool(true))
}

/// Whether the table of a column, or of what a column owns, is made unlogged or no longer is: then that says the rest.
fn with_table(scene: &Scene, column: &Id) -> bool {
    let table = Id::new(Kind::Table, column.path.iter().take(2));
    scene.from.get(&table).is_some_and(|old| is_unlogged(Some(old)) != is_unlogged(scene.to.get(&table)))
}

/// What was said of an identity's sequence, where it is unlike its table.
fn said_logged(options: &Value) -> Option<bool> {
    let Value::List(options) = options else { return None };
    options.iter().find(|o| o.ends_with("LOGGED")).map(|o| o == "UNLOGGED")
}

/// Where the sequence behind an identity is to be unlike its table, or no longer is.
pub fn identity_logged(scene: &Scene, c: &Change) -> Option<String> {
    let Object::Column(column) = c.new else { return None };
    let wanted = said_logged(c.to).unwrap_or_else(|| is_unlogged(c.new.parent().and_then(|p| scene.to.get(p))));
    let differs = said_logged(c.from) != said_logged(c.to);
    (differs && !with_table(scene, &column.head.id)).then(|| set_logged(&identity_sequence(column), wanted))
}

/// A sequence is made unlogged, or no longer is.
pub fn sequence_logged(scene: &Scene, c: &Change) -> How {
    let of_column = |o: &Object| o.refs().iter().map(|r| r.to.clone()).find(|to| to.kind == Kind::Column);
    let column = of_column(c.new).filter(|column| of_column(c.old).as_ref() == Some(column));
    match column.is_some_and(|column| with_table(scene, &column)) {
        true => How::Nothing,
        false => How::statement(set_logged(&path(c.new.id()), *c.to == Value::Bool(true))),
    }
}

/// After a table was made unlogged, or logged: its sequences that are to be unlike it.
pub fn unlike_table(scene: &Scene, changed: &Object) -> Vec<String> {
    if scene.server.version < 150_000 {
        return vec![];
    }
    let unlogged = is_unlogged(Some(changed));
    let mut unlike = Vec::new();
    for column in scene.to.children(changed.id()).filter(|o| o.id().kind == Kind::Column) {
        let had_identity = scene.from.get(column.id()).is_some_and(|o| o.attr("identity") != Value::None);
        match column {
            Object::Column(c) if had_identity && said_logged(&column.attr("identity_options")) == Some(!unlogged) => {
                unlike.push(set_logged(&identity_sequence(c), !unlogged));
            }
            _ => {}
        }
        let owned = |o: &&Object| {
            let before = scene.from.get(o.id()).map(|old| old.attr("owned_by"));
            o.id().kind == Kind::Sequence && before.is_some_and(|by| by != Value::None && by == o.attr("owned_by"))
        };
        let others = scene.to.users(column.id()).filter(owned).filter(|o| is_unlogged(Some(o)) != unlogged);
        unlike.extend(others.map(|o| set_logged(&path(o.id()), !unlogged)));
    }
    unlike
}
