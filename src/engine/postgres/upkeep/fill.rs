//! Generated rows.
//!
//! Each value follows from the number of its row and its type alone, so that a key and what refers to it agree, and a key is
//! unique, without anything being looked up. What a check or a trigger makes of it is told where it fails.

use super::super::conn::Client;
use crate::Result;
use crate::engine::upkeep::Filled;
use crate::model::{Catalog, Id, Kind};

/// One row a table that has rows of its own: its insert, and the columns for which there is no value. Partitions get theirs
/// through the partitioned table.
const INSERTS: &str = "\
SELECT nspname, relname, string_agg(quote_ident(attname), ', ' ORDER BY attnum), \
  string_agg(format('CAST(%s AS %s)', value, type), ', ' ORDER BY attnum), \
  string_agg(CASE WHEN value IS NULL THEN format('%I has the type %s', attname, type) END, ', ' ORDER BY attnum), \
  CASE WHEN bool_or(attidentity = 'a') THEN ' OVERRIDING SYSTEM VALUE' END \
FROM ( \
  SELECT n.nspname, c.relname, a.attnum, a.attname, a.attidentity, format_type(a.atttypid, a.atttypmod) AS type, CASE \
    WHEN b.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8') THEN 'i' \
    WHEN b.typname = 'numeric' AND m.typmod > 4 \
      THEN format('i %% %s', power(10::numeric, greatest(((m.typmod - 4) >> 16) - ((m.typmod - 4) & 2047), 0))) \
    WHEN b.typname = 'numeric' THEN 'i' \
    WHEN b.typname IN ('varchar', 'bpchar') AND m.typmod > 4 THEN format('right(i::text, %s)', m.typmod - 4) \
    WHEN b.typname IN ('text', 'varchar', 'bpchar', 'name') THEN 'i::text' \
    WHEN b.typname = 'bool' THEN 'i % 2 = 0' \
    WHEN b.typname = 'date' THEN 'date ''2000-01-01'' + i::int' \
    WHEN b.typname IN ('timestamp', 'timestamptz') THEN 'timestamp ''2000-01-01'' + i * interval ''1 minute''' \
    WHEN b.typname IN ('time', 'timetz') THEN 'time ''00:00'' + i * interval ''1 second''' \
    WHEN b.typname = 'interval' THEN 'i * interval ''1 second''' \
    WHEN b.typname = 'uuid' THEN 'md5(i::text)::uuid' \
    WHEN b.typname IN ('json', 'jsonb') THEN 'json_build_object(''i'', i)' \
    WHEN b.typname = 'bytea' THEN 'decode(md5(i::text), ''hex'')' \
    WHEN b.typname = 'inet' THEN 'inet ''10.0.0.0'' + i' \
    WHEN b.typname = 'tsvector' THEN 'to_tsvector(''simple'', i::text)' \
    WHEN b.typname = 'xml' THEN '''<a/>''' \
    WHEN b.typtype = 'e' THEN format('(enum_range(NULL::%s))[(1 + i %% %s)::int]', format_type(b.oid, NULL), \
      (SELECT count(*) FROM pg_enum e WHERE e.enumtypid = b.oid)) \
    WHEN b.typcategory = 'A' THEN '''{}''' \
    WHEN b.typtype = 'r' THEN '''empty''' \
    WHEN NOT a.attnotnull AND t.typtype <> 'd' THEN 'NULL' END AS value \
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' \
  JOIN pg_type t ON t.oid = a.atttypid JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END \
  CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS typmod) m \
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'msr' AND n.nspname !~ '^(pg_|msr_trash_)' AND n.nspname <> 'information_schema' \
) columns GROUP BY 1, 2 ORDER BY 1, 2";

pub fn fill(client: &mut Client, catalog: &Catalog, count: u64) -> Result<Vec<Filled>> {
    let mut filled = vec![];
    let mut open: Vec<(Id, String)> = vec![];
    for row in super::rows(client, INSERTS)? {
        let [schema, name, columns, values, without, overriding] = &row[..] else { continue };
        let table = Id::new(Kind::Table, [schema, name]);
        if !catalog.contains(&table) {
            continue;
        }
        if !without.is_empty() {
            filled.push(Filled { table, rows: Err(format!("there are no values for it: {without}")) });
            continue;
        }
        let into = super::ddl::table(&table);
        let sql = format!(
            "INSERT INTO {into} ({columns}){overriding} SELECT {values} FROM generate_series(1::bigint, {count}) AS i"
        );
        open.push((table, sql));
    }
    // A table whose rows need those of another is tried again after it.
    loop {
        let before = open.len();
        let mut failed = vec![];
        for (table, sql) in std::mem::take(&mut open) {
            match client.execute(&sql) {
                Ok(()) => filled.push(Filled { table, rows: Ok(count) }),
                Err(e) if e.disconnected => return Err(e.into()),
                Err(e) => failed.push((table, sql, e.to_string())),
            }
        }
        if failed.is_empty() || failed.len() == before {
            filled.extend(failed.into_iter().map(|(table, _, why)| Filled { table, rows: Err(why) }));
            filled.sort_by(|a, b| a.table.cmp(&b.table));
            return Ok(filled);
        }
        open = failed.into_iter().map(|(table, sql, _)| (table, sql)).collect();
    }
}
