//! A session with PostgreSQL.

use super::conn::{Client, ConnectFor, SETTINGS};
use super::inspect;
use super::lent::lent_if_refused;
use crate::apply::journal::postgres::insert_and_commit;
use crate::apply::journal::{Entry, Journal};
use crate::engine::how::{Fill, Server};
use crate::engine::upkeep::Upkeep;
use crate::engine::{Access, Blocker, Far, Figures, Filled, Observed, Session, Wants};
use crate::model::{Catalog, Id, Roles};
use crate::settings::DatabaseUrl;
use crate::source::Source;
use crate::{Result, SqlError};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The key of msr's advisory lock: the letters of its name. Advisory locks are kept per database
/// (<https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS>).
pub(super) const LOCK: i64 = 0x6d_7372;

/// Statements of a schema file sent together: few enough for a default server's lock table.
const LOAD_BATCH: usize = 200;

/// How far an index is built, by sessions that have to end first, blocks or rows, whichever its phase counts
/// (<https://www.postgresql.org/docs/current/progress-reporting.html#CREATE-INDEX-PROGRESS-REPORTING>).
const FAR: &str = "\
SELECT phase, CASE WHEN phase LIKE 'waiting%' THEN lockers_done WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END,
       CASE WHEN phase LIKE 'waiting%' THEN lockers_total WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END
FROM pg_stat_progress_create_index WHERE pid =";

/// The server cuts a name off at 63 bytes and only says so: the schema would differ from its files for ever
/// (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>).
const NAME_TOO_LONG: &str = "42622";

fn too_long(source: &Source, notice: &str) -> crate::Error {
    let name = notice.split('"').nth(1).unwrap_or_default();
    let found = source.statements.iter().enumerate().find_map(|(i, s)| Some((i, s.text.find(name)?)));
    let error =
        crate::Error::refused(format!("`{name}` is longer than the 63 bytes that a name may have in PostgreSQL"))
            .hint("shorten it: the server would cut it off");
    match found {
        Some((statement, offset)) => error.at(source.place(statement, offset)),
        None => error,
    }
}

/// An open session.
pub struct PgSession {
    pub(super) client: Client,
    server: Server,
    watched: Watched,
    /// Looked at along with the catalog.
    roles: Roles,
}

/// What was there before the statements that are watched.
#[derive(Default)]
struct Watched {
    /// By number: name, file of its rows, sequential scans in this transaction.
    relations: BTreeMap<String, (String, String, i64)>,
    locks: Vec<(String, String)>,
}

impl PgSession {
    pub fn connect(url: &DatabaseUrl, access: Access) -> Result<PgSession> {
        let how = if access == Access::Write { ConnectFor::Write } else { ConnectFor::Read };
        Ok(PgSession::over(Client::connect(url, how)?))
    }

    pub(super) fn over(client: Client) -> PgSession {
        let version = client.server_version_num();
        let locks = Some(client.lock_entries());
        let server = Server { locks, ..Server::new("postgres", version, version / 10_000) };
        PgSession { client, server, watched: Watched::default(), roles: Roles::default() }
    }

    fn locks(&mut self) -> Result<Vec<(String, String)>, SqlError> {
        let rows = self.client.rows(
            "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted ORDER BY 1, 2",
        )?;
        Ok(rows
            .into_iter()
            .map(|mut row| (row.remove(0).unwrap_or_default(), row.remove(0).unwrap_or_default()))
            .collect())
    }

    fn relations(&mut self) -> Result<BTreeMap<String, (String, String, i64)>, SqlError> {
        let rows = self.client.rows(
            "SELECT c.oid, c.oid::regclass::text, c.relfilenode, pg_stat_get_xact_numscans(c.oid) FROM pg_class c \
             WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm', 'i', 'p', 'v', 'S') AND c.relnamespace <> 'pg_toast'::regnamespace",
        )?;
        let text = |v: &Option<String>| v.clone().unwrap_or_default();
        Ok(rows.iter().map(|r| (text(&r[0]), (text(&r[1]), text(&r[2]), text(&r[3]).parse().unwrap_or(0)))).collect())
    }
}

/// Lock modes from weak to strong.
const MODES: &[&str] = &[
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
];

/// `AccessExclusiveLock` as the manual writes it.
pub(super) fn manual_name(mode: &str) -> String {
    let mut words = String::new();
    for c in mode.trim_end_matches("Lock").chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_uppercase());
    }
    words
}

impl Session for PgSession {
    fn server(&self) -> &Server {
        &self.server
    }

    fn tag(&mut self, comment: &str) {
        self.client.tag(comment);
    }

    /// With the role's and the database's `search_path` among them.
    fn execute_foreign(&mut self, sql: &str) -> Result<(), SqlError> {
        self.client.execute("RESET ALL")?;
        self.client.execute(sql)
    }

    fn execute(&mut self, sql: &str) -> Result<(), SqlError> {
        self.client.execute(sql)
    }

    fn begin(&mut self) -> Result<(), SqlError> {
        self.client.execute("BEGIN")
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        self.client.execute("COMMIT")
    }

    fn commit_with(&mut self, entry: &Entry) -> Result<bool, SqlError> {
        insert_and_commit(&mut self.client, entry)
    }

    fn rollback(&mut self) -> Result<(), SqlError> {
        self.client.execute("ROLLBACK")
    }

    /// Bodies were checked when the desired schema was loaded; in a plan they may stand before what they use.
    fn prepare(&mut self) -> Result<()> {
        Ok(self.client.execute("SET check_function_bodies = off")?)
    }

    fn wait_at_most(&mut self, limit: Option<Duration>) -> Result<(), SqlError> {
        // 0 means for ever.
        let millis = limit.map_or(0, |limit| limit.as_millis().clamp(1, i32::MAX as u128));
        self.client.execute(&format!("SET lock_timeout = '{millis}ms'"))
    }

    /// Everybody else waits behind who waits for a strong lock, reading too.
    fn usual_wait(&self) -> Duration {
        Duration::from_millis(100)
    }

    /// An autovacuum is cancelled by who has waited for `deadlock_timeout`
    /// (<https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM>). That a process vacuums may be seen by all;
    /// whether by itself, may not.
    fn vacuum_yields_after(&mut self, relations: &[&str]) -> Result<Option<Duration>, SqlError> {
        let named: Vec<String> = relations.iter().map(|r| format!("to_regclass({})", super::ddl::literal(r))).collect();
        let rows = self.client.rows(&format!(
            "SELECT (extract(epoch FROM current_setting('deadlock_timeout')::interval) * 1000)::bigint FROM pg_locks l
            JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
            WHERE l.granted AND l.relation IN ({})
            AND pid IN (SELECT pid FROM pg_stat_progress_vacuum UNION SELECT pid FROM pg_stat_progress_analyze) LIMIT 1",
            named.join(", ")
        ))?;
        let millis = rows.into_iter().flatten().next().flatten().and_then(|n| n.parse().ok());
        Ok(millis.map(|millis: u64| Duration::from_millis(millis + 500)))
    }

    fn in_the_way(&mut self, locks: &[(&str, &str)]) -> Result<Vec<Blocker>, SqlError> {
        super::blockers::look(&mut self.client, locks)
    }

    fn inspect(&mut self) -> Result<Catalog> {
        let read = inspect::inspect(&mut self.client, &self.roles).and_then(|catalog| {
            self.server.casts = inspect::casts(&mut self.client)?;
            Ok(catalog)
        });
        read.map_err(|e| crate::Error::from(e).during("cannot read the database's catalog"))
    }

    fn look_at_roles(&mut self, roles: &Roles) {
        self.roles = roles.clone();
    }

    fn stamp(&mut self) -> Result<Option<String>, SqlError> {
        inspect::stamp(&mut self.client)
    }

    fn number(&self) -> Option<i64> {
        Some(self.client.backend_pid().into())
    }

    fn far(&mut self, session: i64) -> Result<Option<Far>, SqlError> {
        let rows = self.client.rows(&format!("{FAR} {session}"))?;
        let Some(row) = rows.into_iter().next() else { return Ok(None) };
        let [phase, done, of] = [0, 1, 2].map(|i| row.get(i).cloned().flatten().unwrap_or_default());
        Ok(Some(Far { phase, done: done.parse().unwrap_or(0), of: of.parse().unwrap_or(0) }))
    }

    fn unchecked(&mut self) -> Result<BTreeSet<Id>> {
        inspect::refused(&mut self.client)
            .map_err(|e| crate::Error::from(e).during("cannot check the functions' bodies"))
    }

    fn load(&mut self, source: &Source, progress: &mut dyn FnMut(usize)) -> Result<()> {
        // As psql would find it: a schema file may well leave out `public`.
        let path = "SET search_path = \"$user\", public";
        self.client.execute(&format!("SET synchronous_commit = off; {path}"))?;
        let reset = format!("RESET ALL; {SETTINGS}; {path}");
        let client = &mut self.client;
        client.notices();
        source.load_by(LOAD_BATCH, &reset, &mut |sql| lent_if_refused(client, sql), progress)?;
        if let Some(cut) = client.notices().into_iter().find(|n| n.code == NAME_TOO_LONG) {
            return Err(too_long(source, &cut.message));
        }
        Ok(self.client.execute(&format!("RESET ALL; {SETTINGS}"))?)
    }

    fn watch(&mut self) -> Result<(), SqlError> {
        self.watched = Watched { relations: self.relations()?, locks: self.locks()? };
        Ok(())
    }

    fn observed(&mut self) -> Result<Observed, SqlError> {
        let (locks, now) = (self.locks()?, self.relations()?);
        let before = &self.watched;
        let mut strongest: BTreeMap<&str, usize> = BTreeMap::new();
        for (relation, mode) in locks.iter().filter(|l| !before.locks.contains(l)) {
            let rank = MODES.iter().position(|m| m == mode).unwrap_or(0);
            if let Some((name, ..)) = before.relations.get(relation).filter(|_| rank > 0) {
                let known = strongest.entry(name).or_default();
                *known = rank.max(*known);
            }
        }
        let locks = strongest.into_iter().map(|(name, rank)| (name.to_string(), manual_name(MODES[rank]))).collect();
        let mut seen = Observed { locks, ..Observed::default() };
        for (oid, (name, file, scans)) in &before.relations {
            if let Some((_, new_file, new_scans)) = now.get(oid) {
                // Catalogs give no file to what has no rows.
                if file != new_file && file != "0" {
                    seen.rewrites.push(name.clone());
                } else if new_scans > scans {
                    seen.scans.push(name.clone());
                }
            }
        }
        Ok(seen)
    }

    /// From catalogs and statistics, which ask for no lock.
    fn figures(&mut self) -> Result<Figures, SqlError> {
        super::figures::read(&mut self.client)
    }

    /// Without rows that row security hides: a count of the others would be wrong.
    fn probe(&mut self, sql: &str, limit: Duration) -> Result<Vec<(u64, String)>, SqlError> {
        let limit = limit.as_millis().clamp(1, i32::MAX as u128);
        self.client.execute(&format!(
            "BEGIN READ ONLY; SET LOCAL statement_timeout = {limit}; SET LOCAL lock_timeout = '500ms'; SET LOCAL row_security = off"
        ))?;
        let rows = self.client.rows(sql);
        let ended = self.client.execute("ROLLBACK");
        let rows = rows.and_then(|rows| ended.map(|()| rows))?;
        let text = |row: &[Option<String>], i: usize| row.get(i).cloned().flatten().unwrap_or_default();
        Ok(rows.iter().map(|row| (text(row, 0).parse().unwrap_or(0), text(row, 1))).collect())
    }

    /// The batch ends at a key that is looked for first: a range of the key is an index scan whatever the server expects.
    fn fill(&mut self, fill: &Fill, after: Option<&[String]>, rows: u64) -> Result<Filled, SqlError> {
        let (table, set, only) = (&fill.table, &fill.set, &fill.only);
        let columns: Vec<&str> = fill.key.iter().map(|(name, _)| name.as_str()).collect();
        let key = columns.join(", ");
        let down: Vec<String> = columns.iter().map(|c| format!("{c} DESC")).collect();
        let texts: Vec<String> = columns.iter().map(|c| format!("{c}::text")).collect();
        let at = |values: &[String]| {
            let values = values.iter().zip(&fill.key).map(|(v, (_, ty))| format!("{}::{ty}", super::ddl::literal(v)));
            values.collect::<Vec<_>>().join(", ")
        };
        let from = after.map_or("true".to_string(), |values| format!("({key}) > ({})", at(values)));
        // A batch that is lost in a crash of the server is done again, as its place in the journal is lost with it.
        self.client.execute("SET LOCAL synchronous_commit = off")?;
        let last = self.client.rows(&format!(
            "SELECT {} FROM (SELECT {key} FROM {table} WHERE {from} ORDER BY {key} LIMIT {rows}) AS part ORDER BY {} LIMIT 1",
            texts.join(", "),
            down.join(", ")
        ))?;
        let Some(last) = last.into_iter().next() else { return Ok(Filled::default()) };
        let last: Vec<String> = last.into_iter().map(Option::unwrap_or_default).collect();
        let within = format!("{from} AND ({key}) <= ({})", at(&last));
        let changed =
            self.client.execute_raw(&format!("UPDATE {table} SET {set} WHERE {within} AND ({only})"), &[], &[])?;
        Ok(Filled { changed, last: Some(last) })
    }

    fn about(&mut self, table: &str) -> Result<u64, SqlError> {
        let table = super::ddl::literal(table);
        let rows = self
            .client
            .rows(&format!("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = {table}::regclass"))?;
        Ok(rows.into_iter().flatten().next().flatten().and_then(|n| n.parse().ok()).unwrap_or(0))
    }

    /// Of those that this role may see (<https://www.postgresql.org/docs/current/monitoring-stats.html>).
    fn lag(&mut self) -> Result<Duration, SqlError> {
        let rows = self
            .client
            .rows("SELECT coalesce(max(extract(epoch FROM replay_lag) * 1000)::bigint, 0) FROM pg_stat_replication")?;
        let millis = rows.into_iter().flatten().next().flatten().and_then(|n| n.parse().ok()).unwrap_or(0);
        Ok(Duration::from_millis(millis))
    }

    /// Polled by the caller, never waited for: a waiter inside `pg_advisory_lock` holds a snapshot, which CREATE INDEX
    /// CONCURRENTLY waits for in turn.
    fn try_lock(&mut self) -> Result<bool, SqlError> {
        let pooled = self.is_pooled();
        // A pooler in transaction mode keeps the session's server for it as long as a transaction is open, and no longer: a lock
        // of the session's would stay behind with the server.
        let lock = if pooled { "pg_try_advisory_xact_lock" } else { "pg_try_advisory_lock" };
        if pooled {
            self.client.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0")?;
        }
        let rows = self.client.rows(&format!("SELECT {lock}({LOCK})"))?;
        let taken = rows.first().and_then(|r| r.first()).and_then(Option::as_deref) == Some("t");
        if pooled && !taken {
            self.client.execute("ROLLBACK")?;
        }
        Ok(taken)
    }

    fn unlock(&mut self) -> Result<(), SqlError> {
        match self.is_pooled() {
            true => self.client.execute("ROLLBACK"),
            false => self.client.rows(&format!("SELECT pg_advisory_unlock({LOCK})")).map(|_| ()),
        }
    }

    fn is_pooled(&self) -> bool {
        self.client.is_pooled()
    }

    fn journal(&mut self) -> &mut dyn Journal {
        &mut self.client
    }

    fn upkeep(&mut self) -> &mut dyn Upkeep {
        self
    }

    fn role(&mut self) -> Result<String, SqlError> {
        let rows = self.client.rows("SELECT current_user")?;
        Ok(rows.into_iter().flatten().next().flatten().unwrap_or_default())
    }

    fn lacking(&mut self, wants: &Wants) -> Result<Vec<String>, SqlError> {
        super::rights::lacking(&mut self.client, wants)
    }

    fn canceller(&self) -> Option<Box<dyn Fn() + Send>> {
        let canceller = self.client.canceller()?;
        Some(Box::new(move || drop(canceller.cancel())))
    }
}
