//! What the server has counted of tables and indexes.

use super::conn::Client;
use crate::SqlError;
use crate::engine::{Figures, Updates};

const OURS: &str = "n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'";

/// From catalogs and statistics, which ask for no lock; a table whose pages are not counted yet is measured.
pub fn read(client: &mut Client) -> Result<Figures, SqlError> {
    let tables = client.rows(&format!(
        "SELECT n.nspname || '.' || c.relname, CASE WHEN c.relpages > 0 THEN c.relpages::bigint * current_setting('block_size')::bigint \
         ELSE pg_relation_size(c.oid) END, c.relnatts, pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_hot_updated(c.oid) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND {OURS}"
    ))?;
    let indexes = client.rows(&format!(
        "SELECT n.nspname || '.' || c.relname, pg_stat_get_numscans(c.oid), n.nspname || '.' || t.relname, i.indisvalid \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_class t ON t.oid = i.indrelid WHERE c.relkind = 'i' AND {OURS}"
    ))?;
    let mut figures = Figures::default();
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

fn text(row: &[Option<String>], i: usize) -> Option<String> {
    row.get(i).cloned().flatten()
}
