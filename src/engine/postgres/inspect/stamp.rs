//! A cheap answer to "is the catalog what it was?", for the case that it is.

use crate::SqlError;
use crate::engine::postgres::conn::Client;

/// Which catalogs there are is the server's to say. Left out: what holds data or statistics; and shared catalogs, which other
/// databases change as well: of those that a schema shows in, roles are read by name.
const TABLES: &str = "SELECT c.oid::regclass::text FROM pg_class c \
    WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared \
    AND c.relname NOT IN ('pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject', 'pg_largeobject_metadata', 'pg_user_mapping') \
    ORDER BY 1";

/// What cannot be seen in a stamp: a user mapping's row is not for everyone to read, a subscription's table is shared.
const HIDDEN: &str = "SELECT EXISTS (SELECT FROM pg_user_mappings) OR EXISTS (SELECT FROM pg_stat_subscription)";

/// Who asks is part of it, since owners are told as others than that.
const ROLES: &str = "SELECT concat(current_user, (SELECT string_agg(r::text, ',' ORDER BY r.oid) FROM pg_roles r), \
    (SELECT string_agg(a::text, ',' ORDER BY a.roleid, a.member) FROM pg_auth_members a))";

/// One text for all rows of all system catalogs of this database, by place and writing transaction: no row can change without
/// becoming another row (<https://www.postgresql.org/docs/current/ddl-system-columns.html>). What the server writes over in
/// place are its own statistics. `None` where it would not tell all.
///
/// Reading the catalog itself and taking a fingerprint of that took ten times as long.
pub fn stamp(client: &mut Client) -> Result<Option<String>, SqlError> {
    if one(client, HIDDEN)?.as_deref() != Some("f") {
        return Ok(None);
    }
    let tables: Vec<String> = client.rows(TABLES)?.into_iter().flatten().flatten().collect();
    let of_table = |name: &String| {
        format!(
            "SELECT '{name}', count(*), coalesce(sum(hashtextextended(t.ctid || ' ' || t.xmin, 0)), 0) FROM {name} t"
        )
    };
    let all: Vec<String> = tables.iter().map(of_table).collect();
    // In an order of their own: parallel workers answer as they come.
    let rows = match client.rows(&format!("{} ORDER BY 1", all.join(" UNION ALL "))) {
        Ok(rows) => rows,
        // Somebody took the right to read a catalog away: https://www.postgresql.org/docs/current/errcodes-appendix.html
        Err(e) if e.is_denied() => return Ok(None),
        Err(e) => return Err(e),
    };
    let words: Vec<String> = rows.into_iter().flatten().flatten().collect();
    let roles = one(client, ROLES)?.unwrap_or_default();
    Ok(Some(format!("{} {roles}", words.join(" "))))
}

fn one(client: &mut Client, sql: &str) -> Result<Option<String>, SqlError> {
    Ok(client.rows(sql)?.into_iter().flatten().flatten().next())
}
