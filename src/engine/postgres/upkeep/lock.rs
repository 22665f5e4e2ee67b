//! Who has msr's advisory lock.

use super::super::conn::Client;
use super::super::session::LOCK;
use crate::engine::upkeep::Holder;
use crate::{Error, Failure, Result};

/// A lock of one 64-bit key shows its high half as `classid`, its low half as `objid`, and 1 as `objsubid`
/// (<https://www.postgresql.org/docs/current/view-pg-locks.html>).
fn held() -> String {
    format!(
        "l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = {LOCK} AND l.objsubid = 1 \
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
}

pub fn holders(client: &mut Client) -> Result<Vec<Holder>> {
    let sql = format!(
        "SELECT l.pid, a.usename, a.application_name, coalesce(host(a.client_addr), 'this machine'), \
         to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), a.state, a.query \
         FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE {} ORDER BY 1",
        held()
    );
    let holders = super::rows(client, &sql)?.into_iter().map(|row| {
        let mut row = row.into_iter();
        let mut next = || row.next().unwrap_or_default();
        Holder {
            pid: next().parse().ok(),
            user: next(),
            application: next(),
            client: next(),
            since: next(),
            state: next(),
            query: next(),
        }
    });
    Ok(holders.collect())
}

/// Asks for the lock and ends its holder in one statement: a number of a process that has gone may be another's by now.
pub fn release(client: &mut Client, holder: &Holder) -> Result<bool> {
    let Some(pid) = holder.pid else { return Ok(false) };
    // Sessions are ended by who began them, whomever they act as.
    client.execute("RESET ROLE")?;
    let sql = format!("SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE {} AND l.pid = {pid}", held());
    match super::one(client, &sql) {
        Ok(row) => Ok(row.first().is_some_and(|done| done == "t")),
        Err(e) => {
            let missing = e.is_denied();
            let error = Error::from(e).during(format!("cannot end the session {pid} of `{}`", holder.user));
            Err(match missing {
                true => Error { failure: Failure::Refused, ..error }.hint(format!(
                    "let a superuser do it, or run: GRANT pg_signal_backend TO …; SELECT pg_terminate_backend({pid})"
                )),
                false => error,
            })
        }
    }
}
