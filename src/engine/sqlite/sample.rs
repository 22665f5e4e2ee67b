//! Rows of one database, for another.

use super::inspect::MAIN;
use super::session::SqliteSession;
use super::words::quote;
use crate::engine::Session;
use crate::engine::upkeep::{Link, Row, Shape};
use crate::model::{Id, Kind};
use crate::{Result, SqlError};

/// Table and column of what has rows of its own.
const TABLES: &str = "\
SELECT json_array(lower(t.name), c.name) AS text FROM pragma_table_list AS t, pragma_table_xinfo(t.name) AS c \
WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
AND t.name NOT LIKE 'msr\\_%' ESCAPE '\\' AND c.hidden = 0 ORDER BY t.name, c.cid";

/// Pairs of columns of foreign keys. One that names no columns means the primary key.
const LINKS: &str = "\
SELECT json_array(lower(t.name), f.id, lower(f.\"table\"), f.\"from\", coalesce(f.\"to\", \
(SELECT p.name FROM pragma_table_info(f.\"table\") AS p WHERE p.pk = f.seq + 1), '')) AS text \
FROM pragma_table_list AS t, pragma_foreign_key_list(t.name) AS f WHERE t.schema = 'main' AND t.type = 'table' \
ORDER BY t.name, f.id, f.seq";

pub fn shapes(session: &mut SqliteSession) -> Result<Vec<Shape>> {
    let mut shapes: Vec<Shape> = vec![];
    for (name, column) in read::<(String, String)>(session, TABLES)? {
        let table = Id::new(Kind::Table, [MAIN, &name]);
        match shapes.last_mut().filter(|s| s.table == table) {
            Some(shape) => shape.columns.push(column),
            None => shapes.push(Shape { table, columns: vec![column], links: vec![] }),
        }
    }
    let mut last = (String::new(), -1);
    for (name, key, to, column, to_column) in read::<(String, i64, String, String, String)>(session, LINKS)? {
        let table = Id::new(Kind::Table, [MAIN, &name]);
        let Some(shape) = shapes.iter_mut().find(|s| s.table == table) else { continue };
        if last != (name.clone(), key) {
            last = (name, key);
            let to = Id::new(Kind::Table, [MAIN, &to]);
            shape.links.push(Link { columns: vec![], to, to_columns: vec![] });
        }
        let link = shape.links.last_mut().expect("was just pushed");
        link.columns.push(column);
        link.to_columns.push(to_column);
    }
    Ok(shapes)
}

fn read<T: serde::de::DeserializeOwned>(session: &mut SqliteSession, sql: &str) -> Result<Vec<T>, SqlError> {
    let unreadable = |e: serde_json::Error| SqlError { message: e.to_string(), ..SqlError::default() };
    session.texts(sql)?.iter().map(|text| serde_json::from_str(text).map_err(unreadable)).collect()
}

fn names(columns: &[String]) -> String {
    columns.iter().map(|c| quote(c)).collect::<Vec<_>>().join(", ")
}

fn selected(of: &Shape) -> String {
    let values: Vec<String> = of.columns.iter().map(|c| format!("quote({})", quote(c))).collect();
    format!("SELECT json_array({}) AS text FROM {}", values.join(", "), quote(of.table.name()))
}

/// A stretch of it, from anywhere on; of a table without row numbers the first ones.
pub fn some(session: &mut SqliteSession, of: &Shape, rows: u64) -> Result<Vec<Row>, SqlError> {
    let (select, table) = (selected(of), quote(of.table.name()));
    let from = format!("(SELECT abs(random()) % max(1, max(rowid) - {rows}) FROM {table})");
    let stretch = read(session, &format!("{select} WHERE rowid >= {from} LIMIT {rows}"));
    stretch.or_else(|_| read(session, &format!("{select} LIMIT {rows}")))
}

pub fn these(session: &mut SqliteSession, of: &Shape, columns: &[String], keys: &[Row]) -> Result<Vec<Row>, SqlError> {
    let keys: Vec<String> = keys.iter().map(|key| format!("({})", key.join(", "))).collect();
    read(session, &format!("{} WHERE ({}) IN (VALUES {})", selected(of), names(columns), keys.join(", ")))
}

pub fn put(session: &mut SqliteSession, into: &Shape, rows: &[&Row]) -> Result<(), SqlError> {
    let rows: Vec<String> = rows.iter().map(|row| format!("({})", row.join(", "))).collect();
    let (table, columns) = (quote(into.table.name()), names(&into.columns));
    session.execute(&format!("INSERT INTO {table} ({columns}) VALUES {}", rows.join(", ")))
}
