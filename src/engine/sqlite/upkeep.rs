//! What those who look after a SQLite database ask of a session.

use super::lock;
use super::sample;
use super::session::SqliteSession;
use super::words::quote;
use crate::engine::Session;
use crate::engine::upkeep::{Check, Filled, Holder, Parts, Row, Shape, Size, Upkeep};
use crate::model::{Catalog, Id, Kind, Object};
use crate::{Error, Result, SqlError};

type Look = fn(&mut SqliteSession) -> Result<Check, SqlError>;

impl Upkeep for SqliteSession {
    fn size(&mut self) -> Result<Size, SqlError> {
        let sql = "SELECT page_count * page_size AS value FROM pragma_page_count, pragma_page_size";
        Ok(Size { bytes: self.number(sql)?.try_into().unwrap_or(0), wal: None })
    }

    fn count(&mut self, table: &Id) -> Result<u64, SqlError> {
        let count = self.number(&format!("SELECT count(*) AS value FROM {}", quote(table.name())))?;
        Ok(count.try_into().unwrap_or(0))
    }

    fn fill(&mut self, catalog: &Catalog, rows: u64) -> Result<Vec<Filled>> {
        let mut filled = vec![];
        for table in catalog.of_kind(Kind::Table) {
            let id = table.id().clone();
            let done = match insert(catalog, &id, rows) {
                Some(sql) => self.execute(&sql).map(|()| rows).map_err(|e| e.to_string()),
                None => Err("it has no column that could be written to".into()),
            };
            filled.push(Filled { table: id, rows: done });
        }
        Ok(filled)
    }

    fn shapes(&mut self) -> Result<Vec<Shape>> {
        sample::shapes(self)
    }

    fn hold_still(&mut self) -> Result<(), SqlError> {
        self.execute("BEGIN; PRAGMA query_only = ON")
    }

    fn some(&mut self, of: &Shape, rows: u64) -> Result<Vec<Row>, SqlError> {
        sample::some(self, of, rows)
    }

    fn these(&mut self, of: &Shape, columns: &[String], keys: &[Row]) -> Result<Vec<Row>, SqlError> {
        sample::these(self, of, columns, keys)
    }

    fn put(&mut self, into: &Shape, rows: &[&Row]) -> Result<(), SqlError> {
        sample::put(self, into, rows)
    }

    fn holders(&mut self) -> Result<Vec<Holder>> {
        let Some(file) = self.file() else { return Ok(vec![]) };
        let holder =
            lock::holder(file).map_err(|e| Error::failed(format!("cannot look at the lock of the database: {e}")))?;
        Ok(holder.into_iter().collect())
    }

    fn release(&mut self, holder: &Holder) -> Result<bool> {
        let Some(file) = self.file() else { return Ok(false) };
        lock::release(file, holder)
    }

    fn checks(&mut self) -> Result<Vec<Check>> {
        let looks: [(&str, Look); 4] = [
            ("version", |s| Ok(Check::ok("version", format!("SQLite {}", s.text("SELECT sqlite_version() AS text")?)))),
            ("integrity", integrity),
            ("foreign keys", foreign_keys),
            ("journal mode", journal_mode),
        ];
        let mut checks = vec![connection(self)];
        for (name, look) in looks {
            checks.push(
                look(self).unwrap_or_else(|e| Check::fail(name, e.to_string(), "restore the file from a backup")),
            );
        }
        Ok(checks)
    }

    fn grants(&mut self, _: &Parts) -> Result<Vec<String>> {
        Err(no_roles())
    }

    fn try_grants(&mut self, _: &Parts) -> Result<Vec<Check>> {
        Err(no_roles())
    }
}

fn no_roles() -> Error {
    Error::usage("SQLite has no roles, so there is nothing to grant")
        .hint("who may read or write the file is for its permissions to say, and those of its folder")
}

/// Each value follows from the number of its row alone, so that a key and what refers to it agree.
fn insert(catalog: &Catalog, table: &Id, rows: u64) -> Option<String> {
    let columns = catalog.children(table).filter_map(|o| match o {
        Object::Column(c) if c.generated.is_none() => Some((quote(o.id().name()), value(&c.r#type))),
        _ => None,
    });
    let (names, values): (Vec<String>, Vec<&str>) = columns.unzip();
    (!names.is_empty()).then(|| {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
             INSERT INTO {} ({}) SELECT {} FROM n",
            quote(table.name()),
            names.join(", "),
            values.join(", ")
        )
    })
}

/// By the affinity of the column: <https://sqlite.org/datatype3.html#determination_of_column_affinity>.
fn value(declared: &str) -> &'static str {
    let declared = declared.to_ascii_uppercase();
    let has = |word: &str| declared.contains(word);
    if has("INT") {
        "i"
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        "CAST(i AS TEXT)"
    } else if has("BLOB") {
        "CAST(CAST(i AS TEXT) AS BLOB)"
    } else if has("DATE") || has("TIME") {
        "datetime('2000-01-01', i || ' minutes')"
    } else {
        "i"
    }
}

fn connection(session: &SqliteSession) -> Check {
    match session.file() {
        None => Check::ok("connection", "a database in memory"),
        Some(path) if !path.exists() => Check::warn(
            "connection",
            format!("`{}` is not there yet", path.display()),
            "the first `msr apply` makes it",
        ),
        Some(path) => match std::fs::metadata(path) {
            Ok(file) if file.permissions().readonly() => Check::fail(
                "connection",
                format!("`{}` is read-only", path.display()),
                "give this user write access to the file and its folder",
            ),
            _ => Check::ok("connection", format!("`{}`", path.display())),
        },
    }
}

/// Without the content of indexes, which would be compared row by row: <https://sqlite.org/pragma.html#pragma_quick_check>.
fn integrity(session: &mut SqliteSession) -> Result<Check, SqlError> {
    let found = session.text(
        "SELECT group_concat(quick_check, '; ') AS text FROM (SELECT quick_check FROM pragma_quick_check LIMIT 5)",
    )?;
    Ok(match &*found {
        "ok" => Check::ok("integrity", "no fault found"),
        _ => Check::fail(
            "integrity",
            found,
            "restore the file from a backup, or save what can be with `sqlite3 FILE .recover`",
        ),
    })
}

fn foreign_keys(session: &mut SqliteSession) -> Result<Check, SqlError> {
    let orphans = session.number("SELECT count(*) AS value FROM pragma_foreign_key_check")?;
    if orphans == 0 {
        return Ok(Check::ok("foreign keys", "every row refers to one that is there"));
    }
    let tables = session.text(
        "SELECT group_concat(told, ', ') AS text FROM (SELECT count(*) || ' in ' || \"table\" AS told FROM pragma_foreign_key_check GROUP BY \"table\")",
    )?;
    Ok(Check::fail(
        "foreign keys",
        format!("rows that refer to none: {tables}"),
        "correct the rows that `PRAGMA foreign_key_check` names",
    ))
}

fn journal_mode(session: &mut SqliteSession) -> Result<Check, SqlError> {
    let mode = session.text("SELECT journal_mode AS text FROM pragma_journal_mode")?;
    Ok(match &*mode {
        // A file that is not there was read as an empty database in memory.
        "off" | "memory" if session.file().is_some_and(|file| file.exists()) => Check::warn(
            "journal mode",
            format!("`{mode}`: a crash can destroy the file"),
            "run: PRAGMA journal_mode = WAL",
        ),
        _ => Check::ok("journal mode", format!("`{mode}`")),
    })
}
