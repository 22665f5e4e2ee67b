//! How large relations are: facts beside the catalog, which no fingerprint has.

use super::row::Row;
use crate::SqlError;
use crate::engine::postgres::conn::Client;
use crate::engine::postgres::ddl::literal;
use crate::model::Id;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of the rows themselves, by the last VACUUM or ANALYZE, which takes no lock to read; by the file where there was none.
pub fn sizes(client: &mut Client, of: &BTreeSet<Id>) -> Result<BTreeMap<Id, u64>, SqlError> {
    if of.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names = of.iter().map(|id| format!("({}, {})", literal(id.at(0)), literal(id.name()))).collect::<Vec<_>>();
    let rows = client.raw_rows(&format!(
        "SELECT n.nspname, c.relname, CASE WHEN c.relpages > 0 THEN c.relpages * current_setting('block_size')::bigint \
         ELSE pg_relation_size(c.oid) END FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         JOIN (VALUES {}) w(schema, name) ON w.schema = n.nspname AND w.name = c.relname \
         WHERE c.relkind IN ('r', 'm')",
        names.join(", ")
    ))?;
    let mut sizes = BTreeMap::new();
    for row in rows.into_iter().map(Row) {
        let path = [row.text(0), row.text(1)];
        // Relations share one space of names, so the path alone says which one is meant.
        let known = of.iter().find(|id| id.path.iter().map(|p| &**p).eq(path.iter().map(String::as_str)));
        sizes.extend(known.map(|id| (id.clone(), row.number(2))));
    }
    Ok(sizes)
}
