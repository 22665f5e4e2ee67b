//! What every session of msr is set to, so that a role's or a database's settings change nothing.

/// While a statement runs, the server looks whether its client is still there
/// (<https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-CLIENT-CONNECTION-CHECK-INTERVAL>).
pub const ALIVE: &str = "SET client_connection_check_interval = '2s'";

/// Sent before all else and by itself: it is all that a role's own limit, however short, is in force for. In one message with
/// others it would not be: the time of a message is taken from its begin.
pub const UNLIMITED: &str = "SET statement_timeout = 0";

/// Sent in one batch after connecting. The first part is what `pg_dump` sets
/// (`setup_connection` in `src/bin/pg_dump/pg_dump.c`), for the same reason. `quote_all_identifiers` comes first: it
/// decides how the value of `search_path` is stored. What the journal was told has to outlive a crash of the server, so that a
/// commit is waited for; where it waits for more than its own disk, that stays. What not every version has is asked for by name;
/// `restrict_nonsystem_relation_kind`, where it forbids views, would keep a materialized view from being filled.
pub const SETTINGS: &str = "\
SET quote_all_identifiers = off;
SET search_path = pg_catalog;
SET TIME ZONE 'UTC';
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET DateStyle = 'ISO, MDY';
SET IntervalStyle = postgres;
SET extra_float_digits = 3;
SET xmloption = content;
SET check_function_bodies = on;
SET row_security = off;
SET statement_timeout = 0;
SET jit = off;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET default_tablespace = '';
SET default_table_access_method = heap;
SET default_transaction_isolation = 'read committed';
SET default_transaction_deferrable = off;
SET client_min_messages = notice;
SET bytea_output = hex;
SET xmlbinary = base64;
SET array_nulls = on;
SET transform_null_equals = off;
SET backslash_quote = safe_encoding;
SET exit_on_error = off;
SELECT pg_catalog.set_config(s.name, v.value, false) FROM (VALUES
    ('idle_session_timeout', '0'), ('transaction_timeout', '0'), ('restrict_nonsystem_relation_kind', '')) AS v (name, value)
JOIN pg_catalog.pg_settings s ON s.name OPERATOR(pg_catalog.=) v.name
UNION ALL SELECT pg_catalog.set_config('synchronous_commit', 'on', false)
WHERE pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off'";

/// What must be known before the settings: nothing in it depends on `search_path`. The journal is looked for by its name in the
/// catalog, which every role may read. How many entries the lock table has is the manual's formula
/// (<https://www.postgresql.org/docs/current/runtime-config-locks.html#GUC-MAX-LOCKS-PER-TRANSACTION>).
pub const PROBE: &str = "\
SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.current_setting('server_version'), \
pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only'), pg_catalog.pg_backend_pid(), \
EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
WHERE n.nspname OPERATOR(pg_catalog.=) 'msr' AND c.relname OPERATOR(pg_catalog.=) 'journal_migrations'), \
pg_catalog.current_setting('max_locks_per_transaction')::bigint OPERATOR(pg_catalog.*) \
(pg_catalog.current_setting('max_connections')::bigint OPERATOR(pg_catalog.+) pg_catalog.current_setting('max_prepared_transactions')::bigint)";

/// The oldest server whose catalogs msr's queries were written for: 13.
pub const OLDEST: u32 = 130_000;

/// What the probe says about a server.
#[derive(Debug, Clone, Default)]
pub struct Server {
    pub version_num: u32,
    pub version: String,
    pub in_recovery: bool,
    pub read_only: bool,
    pub backend_pid: i32,
    pub journal: bool,
    pub lock_entries: usize,
}

/// What a session knows of msr's journal without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It was not there on connecting; another run may make it at any time.
    Absent,
    There,
    /// Its tables are this msr's, as they will stay.
    Current,
}

impl Server {
    pub fn read(row: &[Option<String>]) -> Server {
        let text = |i: usize| row.get(i).and_then(|value| value.as_deref()).unwrap_or_default();
        Server {
            version_num: text(0).parse().unwrap_or_default(),
            version: text(1).to_owned(),
            in_recovery: text(2) == "t",
            read_only: text(3) == "on",
            backend_pid: text(4).parse().unwrap_or_default(),
            journal: text(5) == "t",
            lock_entries: text(6).parse().unwrap_or_default(),
        }
    }
}
