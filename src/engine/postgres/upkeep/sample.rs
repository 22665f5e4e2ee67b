//! Rows of one database, for another.

use super::super::conn::Client;
use super::ddl;
use crate::engine::upkeep::{Link, Row, Shape};
use crate::model::{Id, Kind};
use crate::{Result, SqlError};

/// One row a table with rows of its own: schema, name, columns. Partitions have theirs through the partitioned table.
const TABLES: &str = "\
SELECT n.nspname, c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' \
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'msr' AND n.nspname !~ '^(pg_|msr_trash_)' \
AND n.nspname <> 'information_schema' ORDER BY 1, 2, a.attnum";

/// One row a pair of columns of a foreign key, the pairs of each key together.
const LINKS: &str = "\
SELECT n.nspname, c.relname, f.oid, tn.nspname, t.relname, a.attname, ta.attname FROM pg_constraint f \
JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
JOIN pg_class t ON t.oid = f.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace \
CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k(own, other, i) \
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.own \
JOIN pg_attribute ta ON ta.attrelid = t.oid AND ta.attnum = k.other \
WHERE f.contype = 'f' AND f.conparentid = 0 ORDER BY f.oid, k.i";

pub fn shapes(client: &mut Client) -> Result<Vec<Shape>> {
    let mut shapes: Vec<Shape> = vec![];
    for row in super::rows(client, TABLES)? {
        let [schema, name, column] = &row[..] else { continue };
        let table = Id::new(Kind::Table, [schema, name]);
        match shapes.last_mut().filter(|s| s.table == table) {
            Some(shape) => shape.columns.push(column.clone()),
            None => shapes.push(Shape { table, columns: vec![column.clone()], links: vec![] }),
        }
    }
    let mut last = String::new();
    for row in super::rows(client, LINKS)? {
        let [schema, name, key, to_schema, to_name, column, to_column] = &row[..] else { continue };
        let table = Id::new(Kind::Table, [schema, name]);
        let Some(shape) = shapes.iter_mut().find(|s| s.table == table) else { continue };
        if *key != std::mem::replace(&mut last, key.clone()) {
            let to = Id::new(Kind::Table, [to_schema, to_name]);
            shape.links.push(Link { columns: vec![], to, to_columns: vec![] });
        }
        let link = shape.links.last_mut().expect("was just pushed");
        link.columns.push(column.clone());
        link.to_columns.push(to_column.clone());
    }
    Ok(shapes)
}

/// Rows that row security hides would be missed by others.
pub fn hold_still(client: &mut Client) -> Result<(), SqlError> {
    client.execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '60s'; \
         SET LOCAL lock_timeout = '2s'; SET LOCAL row_security = off",
    )
}

fn names(columns: &[String]) -> String {
    columns.iter().map(|c| ddl::ident(c)).collect::<Vec<_>>().join(", ")
}

fn selected(of: &Shape) -> String {
    let value = |c: &String| format!("quote_nullable({}::text)", ddl::ident(c));
    of.columns.iter().map(value).collect::<Vec<_>>().join(", ")
}

/// Whole pages by chance, of as many as should have twice the rows: what is not read can't be waited for.
pub fn some(client: &mut Client, of: &Shape, rows: u64) -> Result<Vec<Row>, SqlError> {
    let table = ddl::table(&of.table);
    let about =
        format!("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = {}::regclass", ddl::literal(&table));
    let about: u64 = super::one(client, &about)?.first().and_then(|n| n.parse().ok()).unwrap_or(0);
    let percent = if about == 0 { 100.0 } else { (rows as f64 * 200.0 / about as f64).clamp(0.000_1, 100.0) };
    let columns = selected(of);
    super::rows(client, &format!("SELECT {columns} FROM {table} TABLESAMPLE SYSTEM ({percent:.4}) LIMIT {rows}"))
}

pub fn these(client: &mut Client, of: &Shape, columns: &[String], keys: &[Row]) -> Result<Vec<Row>, SqlError> {
    let keys: Vec<String> = keys.iter().map(|key| format!("({})", key.join(", "))).collect();
    let (selected, table, names) = (selected(of), ddl::table(&of.table), names(columns));
    super::rows(client, &format!("SELECT {selected} FROM {table} WHERE ({names}) IN ({})", keys.join(", ")))
}

pub fn put(client: &mut Client, into: &Shape, rows: &[&Row]) -> Result<(), SqlError> {
    let rows: Vec<String> = rows.iter().map(|row| format!("({})", row.join(", "))).collect();
    client.execute(&format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES {}",
        ddl::table(&into.table),
        names(&into.columns),
        rows.join(", ")
    ))
}
