//! What the server has counted of tables and indexes.

use super::conn::Client;
use crate::SqlError;
use crate::engine::{Figures, Open, Updates};
use tokio_postgres::SimpleQueryRow;

const OURS: &str = "n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'";

/// From catalogs and statistics, which ask for no lock; a table whose pages are not counted yet is measured.
pub fn read(client: &mut Client) -> Result<Figures, SqlError> {
    let tables = format!(
        "SELECT n.nspname || '.' || c.relname, CASE WHEN c.relpages > 0 THEN c.relpages::bigint * current_setting('block_size')::bigint \
         ELSE pg_relation_size(c.oid) END, c.relnatts, pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_hot_updated(c.oid) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND {OURS}"
    );
    let indexes = format!(
        "SELECT n.nspname || '.' || c.relname, pg_stat_get_numscans(c.oid), n.nspname || '.' || t.relname, i.indisvalid \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_class t ON t.oid = i.indrelid WHERE c.relkind = 'i' AND {OURS}"
    );
    let mut answers = client.planned(&[&tables, &indexes, &open_transactions()])?.into_iter();
    let mut next = || answers.next().unwrap_or_default();
    let (tables, indexes, mut figures) = (next(), next(), Figures { open: open(&next()), ..Figures::default() });
    for row in &tables {
        let Some(name) = text(row, 0) else { continue };
        let count = |i| text(row, i).and_then(|v| v.parse().ok());
        figures.bytes.extend(count(1).map(|bytes| (name.clone(), bytes)));
        // Those that were dropped keep their place.
        figures.columns.extend(count(2).map(|columns| (name.clone(), columns)));
        let updates = count(3).zip(count(4)).map(|(all, hot)| Updates { all, hot });
        figures.updates.extend(updates.map(|updates| (name.clone(), updates)));
    }
    for row in &indexes {
        let (Some(name), Some(table)) = (text(row, 0), text(row, 2)) else { continue };
        figures.scans.extend(text(row, 1).and_then(|v| v.parse().ok()).map(|times| (name.clone(), times)));
        if text(row, 3).as_deref() == Some("f") {
            figures.invalid.insert(name, table);
        }
    }
    Ok(figures)
}

/// What is younger will be over before anybody has read of it.
const A_WHILE: &str = "interval '5 s'";

/// Sessions of this database, as far as this role may see them, and transactions that are prepared. What vacuums is waited for by
/// nobody. A lock stands in the way of who builds an index if it conflicts with SHARE
/// (<https://www.postgresql.org/docs/current/explicit-locking.html#TABLE-LOCK-COMPATIBILITY>).
fn open_transactions() -> String {
    format!(
        "WITH open AS (SELECT 'session ' || pid || ' of `' || coalesce(usename, '') || '`' || \
         CASE WHEN application_name <> '' THEN ' (' || application_name || ')' ELSE '' END AS who, pid, NULL AS prepared, \
         xact_start AS since, backend_xmin IS NOT NULL AS snapshot FROM pg_stat_activity \
         WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() \
         UNION ALL SELECT 'the prepared transaction `' || gid || '` of `' || owner || '`', NULL, '-1/' || transaction::text, prepared, \
         false FROM pg_prepared_xacts WHERE database = current_database()) \
         SELECT o.who, extract(epoch FROM clock_timestamp() - o.since)::bigint, o.snapshot, n.nspname || '.' || c.relname, \
         bool_or(l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'ShareLock')) FROM open o \
         LEFT JOIN pg_locks l ON (l.pid = o.pid OR l.virtualtransaction = o.prepared) AND l.locktype = 'relation' AND l.granted \
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         LEFT JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'm', 'p') LEFT JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE o.since < clock_timestamp() - {A_WHILE} GROUP BY o.who, o.since, o.snapshot, n.nspname, c.relname \
         ORDER BY o.since, o.who, n.nspname, c.relname"
    )
}

/// A row for each table that each has locked, and one for who has locked none.
fn open(rows: &[SimpleQueryRow]) -> Vec<Open> {
    let mut all: Vec<Open> = vec![];
    for row in rows {
        let who = text(row, 0).unwrap_or_default();
        if all.last().is_none_or(|last| last.who != who) {
            let seconds = text(row, 1).and_then(|v| v.parse().ok()).unwrap_or(0);
            let snapshot = text(row, 2).as_deref() == Some("t");
            all.push(Open { who, seconds, snapshot, ..Open::default() });
        }
        if let (Some(last), Some(table)) = (all.last_mut(), text(row, 3)) {
            last.tables.insert(table, text(row, 4).as_deref() == Some("t"));
        }
    }
    all
}

fn text(row: &SimpleQueryRow, i: usize) -> Option<String> {
    row.try_get(i).ok().flatten().map(str::to_owned)
}
