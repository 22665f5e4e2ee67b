//! An open database.

use super::inspect::inspect;
use super::interrupt::{Handle, Opened};
use super::locate::error_offset;
use super::lock;
use crate::apply::journal::Journal;
use crate::engine::how::Server;
use crate::engine::upkeep::Upkeep;
use crate::engine::{Figures, Observed, Session};
use crate::model::Catalog;
use crate::source::Source;
use crate::{Error, Result, SqlError};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl, SqliteConnection};
use std::collections::BTreeMap;

pub struct SqliteSession {
    /// Before the connection, which is closed after it.
    handle: Handle,
    connection: SqliteConnection,
    server: Server,
    /// Whether `prepare` was called: from then on transactions watch over foreign keys, which SQLite does not.
    prepared: bool,
    /// Rows that referred to nothing when the transaction began; `None` where SQLite cannot tell.
    orphans: Option<i64>,
    /// `None` in memory, where nobody else can be.
    file: Option<std::path::PathBuf>,
    lock: Option<lock::Held>,
    /// Root pages of tables as last read, and whether a statement ran since.
    roots: String,
    stale: bool,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    value: i64,
}

impl SqliteSession {
    pub fn new(Opened { handle, mut connection }: Opened) -> Result<SqliteSession> {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = Text)]
            version: String,
        }
        let asked = diesel::sql_query("SELECT sqlite_version() AS version").get_result::<Version>(&mut connection);
        let version = asked.map_err(failure)?.version;
        let parts: Vec<u32> = version.split('.').map(|p| p.parse().unwrap_or(0)).chain([0, 0]).collect();
        let number = parts[0] * 1_000_000 + parts[1] * 1_000 + parts[2];
        let server = Server::new("sqlite", number, parts[0]);
        Ok(SqliteSession {
            handle,
            connection,
            server,
            prepared: false,
            orphans: None,
            roots: String::new(),
            stale: true,
            file: None,
            lock: None,
        })
    }

    /// The database lies in a file that other runs can open.
    pub fn of_file(self, file: std::path::PathBuf) -> SqliteSession {
        SqliteSession { file: Some(file), ..self }
    }

    #[cfg(test)]
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Where it lies; `None` in memory.
    pub(super) fn file(&self) -> Option<&std::path::Path> {
        self.file.as_deref()
    }

    pub(super) fn number(&mut self, sql: &str) -> Result<i64, SqlError> {
        Ok(diesel::sql_query(sql).get_result::<Number>(&mut self.connection).map_err(failure)?.value)
    }

    fn pairs(&mut self, sql: &str) -> Result<Vec<Pair>, SqlError> {
        diesel::sql_query(sql).load(&mut self.connection).map_err(failure)
    }

    /// Rows that refer to nothing. `None` where a foreign key refers to columns without a unique index: SQLite then refuses to
    /// look at any (<https://sqlite.org/foreignkeys.html#fk_indexes>), though it let the table be made.
    fn count_orphans(&mut self) -> Option<i64> {
        self.number("SELECT count(*) AS value FROM pragma_foreign_key_check").ok()
    }

    fn foreign_keys_hold(&mut self) -> Result<(), SqlError> {
        let (Some(before), Some(now)) = (self.orphans, self.count_orphans()) else { return Ok(()) };
        if now <= before {
            return Ok(());
        }
        let sql = "SELECT c.\"table\" || ' (' || (SELECT group_concat(l.\"from\", ', ') FROM pragma_foreign_key_list(c.\"table\") AS l \
                   WHERE l.id = c.fkid) || ') → ' || c.parent AS name, count(*) AS value \
                   FROM pragma_foreign_key_check AS c GROUP BY 1 ORDER BY 1";
        let tables: Vec<String> = self.pairs(sql)?.iter().map(|p| format!("{} in {}", p.value, p.name)).collect();
        Err(SqlError {
            message: format!("{} rows would refer to rows that are not there", now - before),
            code: "SQLITE_CONSTRAINT_FOREIGNKEY".into(),
            detail: Some(tables.join(", ")),
            hint: Some("correct the rows, which `PRAGMA foreign_key_check` names, then try again".into()),
            ..SqlError::default()
        })
    }

    pub(super) fn text(&mut self, sql: &str) -> Result<String, SqlError> {
        #[derive(QueryableByName)]
        struct One {
            #[diesel(sql_type = Text)]
            text: String,
        }
        Ok(diesel::sql_query(sql).get_result::<One>(&mut self.connection).map_err(failure)?.text)
    }

    /// The one column `text` of all rows.
    pub(super) fn texts(&mut self, sql: &str) -> Result<Vec<String>, SqlError> {
        #[derive(QueryableByName)]
        struct One {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let rows: Vec<One> = diesel::sql_query(sql).load(&mut self.connection).map_err(failure)?;
        Ok(rows.into_iter().map(|row| row.text).collect())
    }

    /// All in one value, which mostly is what it was: it is asked for at every step of a plan.
    fn root_pages(&mut self) -> Result<String, SqlError> {
        self.stale = false;
        self.text(
            "SELECT coalesce(group_concat(rootpage || ' ' || name, char(0)), '') AS text \
             FROM sqlite_schema WHERE type = 'table' AND rootpage > 0",
        )
    }
}

/// Tables by name, from what `root_pages` gives.
fn by_name(roots: &str) -> BTreeMap<&str, &str> {
    roots.split('\0').filter_map(|one| one.split_once(' ')).map(|(root, name)| (name, root)).collect()
}

impl Session for SqliteSession {
    fn server(&self) -> &Server {
        &self.server
    }

    fn canceller(&self) -> Option<Box<dyn Fn() + Send>> {
        Some(self.handle.canceller())
    }

    fn execute(&mut self, sql: &str) -> Result<(), SqlError> {
        self.stale = true;
        self.connection.batch_execute(sql).map_err(failure)
    }

    /// IMMEDIATE, since a transaction that begins by reading may never get to write:
    /// <https://sqlite.org/lang_transaction.html>.
    fn begin(&mut self) -> Result<(), SqlError> {
        AnsiTransactionManager::begin_transaction_sql(&mut self.connection, "BEGIN IMMEDIATE").map_err(failure)?;
        self.orphans = if self.prepared { self.count_orphans() } else { None };
        Ok(())
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        let held = if self.prepared { self.foreign_keys_hold() } else { Ok(()) };
        if let Err(e) = held {
            self.rollback()?;
            return Err(e);
        }
        let done = AnsiTransactionManager::commit_transaction(&mut self.connection);
        done.map_err(failure)
    }

    fn rollback(&mut self) -> Result<(), SqlError> {
        let done = AnsiTransactionManager::rollback_transaction(&mut self.connection);
        // A rebuild turns it on for one statement, and no rollback turns it off.
        let reset = self.execute("PRAGMA legacy_alter_table = OFF");
        match done {
            // Some errors (a full disk) end the transaction by themselves: https://sqlite.org/lang_transaction.html.
            Ok(()) | Err(DieselError::NotInTransaction) => reset,
            Err(e) => Err(failure(e)),
        }
    }

    fn wait_at_most(&mut self, limit: Option<std::time::Duration>) -> Result<(), SqlError> {
        let millis = limit.map_or(i32::MAX as u128, |limit| limit.as_millis().clamp(1, i32::MAX as u128));
        self.execute(&format!("PRAGMA busy_timeout = {millis}"))
    }

    /// Inside a transaction `foreign_keys` would not change, in silence, and dropping a table would delete the rows of others
    /// (<https://sqlite.org/pragma.html#pragma_foreign_keys>): so it is read back.
    fn prepare(&mut self) -> Result<()> {
        self.execute("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = OFF")?;
        if self.number("SELECT foreign_keys AS value FROM pragma_foreign_keys")? != 0 {
            return Err(Error::failed(
                "cannot turn foreign keys off for a change of the schema: a transaction is open",
            ));
        }
        self.prepared = true;
        Ok(())
    }

    fn inspect(&mut self) -> Result<Catalog> {
        Ok(inspect(&mut self.connection)?)
    }

    /// The catalog is made of nothing but these texts; the tables that ANALYZE makes are not of it.
    fn stamp(&mut self) -> Result<Option<String>, SqlError> {
        let sql = "SELECT coalesce(group_concat(type || char(0) || name || char(0) || coalesce(sql, ''), char(0)), '') AS text \
                   FROM (SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_stat*' ORDER BY type, name)";
        self.text(sql).map(Some)
    }

    fn load(&mut self, source: &Source, progress: &mut dyn FnMut(usize)) -> Result<()> {
        let connection = &mut self.connection;
        let mut run = |sql: &str| {
            connection.batch_execute(sql).map_err(failure).map_err(|mut e| {
                e.offset = offset(connection, sql);
                e
            })
        };
        source.load(&mut run, progress)
    }

    fn watch(&mut self) -> Result<(), SqlError> {
        if self.stale {
            self.roots = self.root_pages()?;
        }
        Ok(())
    }

    /// A lock of SQLite is always the whole database's, so there is nothing to tell; a table that was built anew has another
    /// root page.
    fn observed(&mut self) -> Result<Observed, SqlError> {
        let now = self.root_pages()?;
        let before = std::mem::replace(&mut self.roots, now);
        if before == self.roots {
            return Ok(Observed::default());
        }
        let (before, now) = (by_name(&before), by_name(&self.roots));
        let moved = before.iter().filter(|(name, root)| now.get(*name).is_some_and(|r| r != *root));
        let rewrites = moved.map(|(name, _)| name.to_string()).collect();
        Ok(Observed { rewrites, ..Observed::default() })
    }

    /// No table is larger than the file.
    fn figures(&mut self) -> Result<Figures, SqlError> {
        #[derive(QueryableByName)]
        struct Bytes {
            #[diesel(sql_type = BigInt)]
            bytes: i64,
        }
        let sql = "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size";
        let file = diesel::sql_query(sql).get_result::<Bytes>(&mut self.connection).map_err(failure)?.bytes;
        let roots = self.root_pages()?;
        let tables = by_name(&roots).into_keys().map(|name| format!("main.{}", name.to_lowercase()));
        let bytes = tables.map(|name| (name, u64::try_from(file).unwrap_or(u64::MAX))).collect();
        Ok(Figures { bytes, ..Figures::default() })
    }

    /// SQLite can't be told for how long.
    fn probe(&mut self, sql: &str, _: std::time::Duration) -> Result<Vec<(u64, String)>, SqlError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            n: i64,
            #[diesel(sql_type = diesel::sql_types::Nullable<Text>)]
            key: Option<String>,
        }
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut self.connection).map_err(failure)?;
        Ok(rows.into_iter().map(|r| (u64::try_from(r.n).unwrap_or(0), r.key.unwrap_or_default())).collect())
    }

    /// SQLite has no lock that outlives a transaction; the journal's compare-and-set is what makes steps happen once.
    fn try_lock(&mut self) -> Result<bool, SqlError> {
        let Some(file) = &self.file else { return Ok(true) };
        let told = |e| SqlError {
            message: format!("cannot lock the database against other runs of msr: {e}"),
            ..SqlError::default()
        };
        self.lock = lock::take(file).map_err(told)?;
        Ok(self.lock.is_some())
    }

    fn unlock(&mut self) -> Result<(), SqlError> {
        self.lock = None;
        Ok(())
    }

    fn journal(&mut self) -> &mut dyn Journal {
        &mut self.connection
    }

    fn upkeep(&mut self) -> &mut dyn Upkeep {
        self
    }

    /// SQLite knows no users.
    fn role(&mut self) -> Result<String, SqlError> {
        Ok("sqlite".into())
    }
}

fn offset(connection: &mut SqliteConnection, sql: &str) -> Option<usize> {
    let pages = diesel::sql_query("SELECT page_count AS value FROM pragma_page_count").get_result::<Number>(connection);
    match pages.ok()?.value {
        0 => error_offset(&[], sql),
        _ => error_offset(&connection.serialize_database_to_buffer(), sql),
    }
}

/// What diesel tells of an error, which is SQLite's message without its number.
pub fn failure(e: DieselError) -> SqlError {
    let message = match &e {
        DieselError::DatabaseError(_, information) => information.message().to_string(),
        other => other.to_string(),
    };
    let code = match &e {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => "SQLITE_CONSTRAINT_UNIQUE",
        DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => "SQLITE_CONSTRAINT_FOREIGNKEY",
        DieselError::DatabaseError(DatabaseErrorKind::NotNullViolation, _) => "SQLITE_CONSTRAINT_NOTNULL",
        DieselError::DatabaseError(DatabaseErrorKind::CheckViolation, _) => "SQLITE_CONSTRAINT_CHECK",
        _ => CODES.iter().find(|(text, _)| message.contains(text)).map_or("SQLITE_ERROR", |(_, code)| code),
    };
    let transient = matches!(code, "SQLITE_BUSY" | "SQLITE_LOCKED" | "SQLITE_BUSY_SNAPSHOT");
    SqlError { message, code: code.into(), transient, ..SqlError::default() }
}

/// The texts of <https://sqlite.org/c3ref/errcode.html> (`sqlite3ErrStr`), since diesel keeps no number.
const CODES: &[(&str, &str)] = &[
    ("database is locked", "SQLITE_BUSY"),
    ("database table is locked", "SQLITE_LOCKED"),
    ("database schema is locked", "SQLITE_LOCKED"),
    ("attempt to write a readonly database", "SQLITE_READONLY"),
    ("file is not a database", "SQLITE_NOTADB"),
    ("unable to open database file", "SQLITE_CANTOPEN"),
    ("database or disk is full", "SQLITE_FULL"),
    ("disk I/O error", "SQLITE_IOERR"),
    ("database disk image is malformed", "SQLITE_CORRUPT"),
    ("interrupted", "SQLITE_INTERRUPT"),
    ("out of memory", "SQLITE_NOMEM"),
];
