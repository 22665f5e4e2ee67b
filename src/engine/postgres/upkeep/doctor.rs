//! What a doctor looks at. A check that can't be made says so and keeps none of the others from being made.

use super::super::conn::Client;
use super::{one, rows};
use crate::engine::upkeep::Check;
use crate::{Error, SqlError};

type Look = fn(&mut Client) -> Result<Check, SqlError>;

const LOOKS: &[(&str, Look)] = &[
    ("connection", connection),
    ("version", version),
    ("tls", tls),
    ("writable", writable),
    ("pooler", pooler),
    ("journal", journal),
    ("scratch", scratch),
    ("ownership", ownership),
    ("invalid indexes", invalid_indexes),
    ("not valid constraints", not_valid),
];

pub fn checks(client: &mut Client) -> Vec<Check> {
    let looked = |(name, look): &(&str, Look)| look(client).unwrap_or_else(|e| Check::unknown(name, &Error::from(e)));
    LOOKS.iter().map(looked).collect()
}

fn connection(client: &mut Client) -> Result<Check, SqlError> {
    let row = one(client, "SELECT current_user, current_database(), coalesce(host(inet_server_addr()), 'a socket')")?;
    Ok(Check::ok("connection", format!("as `{}` to `{}` by {}", row[0], row[1], row[2])))
}

fn version(client: &mut Client) -> Result<Check, SqlError> {
    let row = one(client, "SHOW server_version")?;
    Ok(Check::ok("version", format!("PostgreSQL {}", row[0])))
}

fn tls(client: &mut Client) -> Result<Check, SqlError> {
    let row = one(
        client,
        "SELECT s.ssl, s.version, s.cipher, coalesce(inet_server_addr() <<= '127.0.0.0/8' OR inet_server_addr() = '::1', true) \
         FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid()",
    )?;
    let said = |i: usize| row.get(i).map_or("", String::as_str);
    Ok(match (said(0), said(3)) {
        ("t", _) => Check::ok("tls", format!("{}, {}", said(1), said(2))),
        (_, "t") => Check::ok("tls", "none, and the server is on this machine"),
        _ => Check::warn("tls", "none: whoever stands between reads along", "set `sslmode=verify-full` in the URL"),
    })
}

fn writable(client: &mut Client) -> Result<Check, SqlError> {
    let row = one(client, "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')")?;
    Ok(match (&*row[0], &*row[1]) {
        ("t", _) => Check::fail(
            "writable",
            "a standby",
            "name the primary, or all hosts: msr takes the one that can be written to",
        ),
        (_, "on") => Check::fail(
            "writable",
            "`default_transaction_read_only` is on",
            "it is set for the role, the database or the server; some providers set it when the disk is full",
        ),
        _ => Check::ok("writable", "yes"),
    })
}

fn pooler(client: &mut Client) -> Result<Check, SqlError> {
    Ok(match client.is_pooled() {
        true => Check::warn(
            "pooler",
            "there is one between",
            "connect msr to the server itself: in transaction mode a pooler shares locks and settings out to others",
        ),
        false => Check::ok("pooler", "none"),
    })
}

/// Whether msr may have its tables.
fn journal(client: &mut Client) -> Result<Check, SqlError> {
    let row = one(
        client,
        "SELECT to_regnamespace('msr') IS NOT NULL, has_database_privilege(current_database(), 'CREATE'), \
         CASE WHEN to_regnamespace('msr') IS NOT NULL THEN has_schema_privilege('msr', 'USAGE') END, \
         CASE WHEN to_regclass('msr.journal') IS NOT NULL THEN has_table_privilege('msr.journal', 'INSERT') END, \
         format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user), \
         format('GRANT USAGE ON SCHEMA msr TO %1$I; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA msr TO %1$I', current_user)",
    )?;
    Ok(match [&*row[0], &*row[1], &*row[2], &*row[3]] {
        ["f", "f", ..] => {
            Check::fail("journal", "the role may not create the schema `msr`", format!("run: {}", row[4]))
        }
        ["f", ..] => Check::ok("journal", "none yet; the role may create it"),
        [_, _, "f", _] | [_, _, _, "f"] => {
            Check::fail("journal", "the role may not write to msr's tables", format!("run: {}", row[5]))
        }
        _ => Check::ok("journal", "there, and the role may write to it"),
    })
}

fn scratch(client: &mut Client) -> Result<Check, SqlError> {
    let row = one(
        client,
        "SELECT rolcreatedb OR rolsuper, format('ALTER ROLE %I CREATEDB', rolname) FROM pg_roles WHERE rolname = current_user",
    )?;
    Ok(match row.first().map(String::as_str) {
        Some("t") => Check::ok("scratch", "the role may create databases"),
        _ => Check::warn(
            "scratch",
            "the role may not create databases, through which the desired schema is read",
            format!(
                "run: {}; or name a server with `--shadow URL`; or install the server's programs here",
                row.get(1).map_or("", String::as_str)
            ),
        ),
    })
}

/// Only its owner can change a table.
fn ownership(client: &mut Client) -> Result<Check, SqlError> {
    let found = rows(
        client,
        "SELECT format('%I.%I', n.nspname, c.relname), pg_get_userbyid(c.relowner), current_user \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname NOT IN ('msr', 'information_schema') AND n.nspname !~ '^(pg_|msr_trash_)' \
         AND NOT pg_has_role(c.relowner, 'USAGE') \
         AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') \
         ORDER BY 1",
    )?;
    let Some(first) = found.first() else {
        return Ok(Check::ok("ownership", "the role owns every table, or is a member of who does"));
    };
    let names = named(found.iter().map(|row| format!("{} (`{}`)", row[0], row[1])));
    Ok(Check::fail(
        "ownership",
        format!("not the role's, which so can't change them: {names}"),
        format!(
            "let one role own them all and be a member of it: `msr grants --owner ROLE --migrator {}` prints how",
            first[2]
        ),
    ))
}

fn invalid_indexes(client: &mut Client) -> Result<Check, SqlError> {
    let found = rows(
        client,
        "SELECT format('%I.%I', n.nspname, c.relname), p.pid IS NOT NULL FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_progress_create_index p ON p.index_relid = i.indexrelid \
         WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_toast' ORDER BY 1",
    )?;
    let (building, dead): (Vec<_>, Vec<_>) = found.iter().partition(|row| row[1] == "t");
    let name = "invalid indexes";
    Ok(match (dead.first(), building.first()) {
        (Some(first), _) => Check::fail(
            name,
            named(dead.iter().map(|row| row[0].clone())),
            format!("run: REINDEX INDEX CONCURRENTLY {0}; or: DROP INDEX CONCURRENTLY {0}", first[0]),
        ),
        (None, Some(_)) => {
            Check::ok(name, format!("being built: {}", named(building.iter().map(|row| row[0].clone()))))
        }
        (None, None) => Check::ok(name, "none"),
    })
}

fn not_valid(client: &mut Client) -> Result<Check, SqlError> {
    let found = rows(
        client,
        "SELECT format('%I on %s', c.conname, c.conrelid::regclass), format('ALTER TABLE %s VALIDATE CONSTRAINT %I', c.conrelid::regclass, c.conname) \
         FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE NOT c.convalidated AND c.conrelid <> 0 ORDER BY 1",
    )?;
    Ok(match found.first() {
        None => Check::ok("not valid constraints", "none"),
        Some(first) => Check::warn(
            "not valid constraints",
            named(found.iter().map(|row| row[0].clone())),
            format!("run: {}", first[1]),
        ),
    })
}

/// The first names of a list, and how many more there are.
fn named(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(5);
    let first = names.take(5).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}
