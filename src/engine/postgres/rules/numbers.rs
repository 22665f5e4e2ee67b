//! A sequence that comes to a column with rows begins with its first number, and the next row would get one that is taken: it
//! goes on after them. The statement before it holds the table's lock until the end, so no row comes between.

use super::super::ddl::{ident, literal, path, table};
use crate::engine::how::Scene;
use crate::model::{Id, Kind, Sequence};

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
