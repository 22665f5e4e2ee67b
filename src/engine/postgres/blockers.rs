//! Who holds what a statement waited for in vain.

use super::conn::Client;
use super::ddl::literal;
use super::session::manual_name;
use crate::SqlError;
use crate::engine::Blocker;

/// Of a mode that is asked for, the weakest one that keeps it waiting, both by their place in the manual's table
/// (<https://www.postgresql.org/docs/current/explicit-locking.html#TABLE-LOCK-COMPATIBILITY>); SHARE does not conflict with itself,
/// which is neglected.
fn weakest_against(mode: &str) -> Option<usize> {
    Some(match mode {
        "ACCESS EXCLUSIVE" => 1,
        "EXCLUSIVE" => 2,
        "SHARE ROW EXCLUSIVE" | "SHARE" => 3,
        "SHARE UPDATE EXCLUSIVE" => 4,
        "ROW EXCLUSIVE" => 5,
        "ROW SHARE" => 7,
        "ACCESS SHARE" => 8,
        _ => return None,
    })
}

/// Three at most, whose transaction is the oldest first. What others run is shown to who may see it.
pub fn look(client: &mut Client, locks: &[(&str, &str)]) -> Result<Vec<Blocker>, SqlError> {
    let asked: Vec<String> = locks
        .iter()
        .filter_map(|(relation, mode)| {
            Some(format!("(to_regclass({}), {})", literal(relation), weakest_against(mode)?))
        })
        .collect();
    if asked.is_empty() {
        return Ok(vec![]);
    }
    let rows = client.rows(&format!(
        "SELECT DISTINCT ON (a.xact_start, a.pid) a.pid, a.usename, a.application_name, a.state, \
         extract(epoch FROM clock_timestamp() - a.xact_start)::bigint, l.mode, l.relation::regclass, \
         left(regexp_replace(a.query, '\\s+', ' ', 'g'), 80) \
         FROM (VALUES {}) AS asked(relation, least) JOIN pg_locks l ON l.relation = asked.relation \
         JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() \
         JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.granted AND l.pid <> pg_backend_pid() AND least <= array_position(ARRAY['AccessShareLock', 'RowShareLock', \
         'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', \
         'AccessExclusiveLock'], l.mode) ORDER BY a.xact_start, a.pid LIMIT 3",
        asked.join(", ")
    ))?;
    let of = |row: Vec<Option<String>>| {
        let mut fields = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || fields.next().unwrap_or_default();
        Blocker {
            pid: next(),
            user: next(),
            application: next(),
            state: next(),
            seconds: next().parse().unwrap_or(0),
            mode: manual_name(&next()),
            relation: next(),
            query: next(),
        }
    };
    Ok(rows.into_iter().map(of).collect())
}
