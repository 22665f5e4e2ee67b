//! Databases for tests, with the schema in them: one for each test, in milliseconds, gone when dropped.
//!
//! The schema is loaded once, and copied from then on: a file on SQLite, a template database on PostgreSQL, which stays on the
//! server for the next run and is made anew when the schema changes.
//!
//! ```
//! # fn main() -> msr::Result<()> {
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let schema = folder.path().join("schema.sql");
//! # std::fs::write(&schema, "CREATE TABLE members (id integer PRIMARY KEY);").expect("a file");
//! let database = msr::testing::sqlite(&schema)?;
//! // Connect to `database.url()` with whatever the application uses.
//! assert!(database.url().starts_with("sqlite://"));
//! # Ok(())
//! # }
//! ```

use crate::engine::{self, Access, Session};
use crate::settings::DatabaseUrl;
use crate::source::{Dialect, Source};
use crate::{Error, Result, SqlError};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A database of one's own.
pub struct Scratch {
    url: String,
    /// Goes with it.
    _what: What,
}

enum What {
    File(#[expect(dead_code, reason = "the folder goes when this is dropped")] tempfile::TempDir),
    Database { server: String, name: String },
}

impl Scratch {
    /// For msr and for most drivers; it may hold the password that the server's URL had.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let What::Database { server, name } = &self._what
            && let Ok(mut session) = connect(server)
        {
            // A test that fails to tidy up must not hide why it failed.
            let _ = session.execute(&format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"));
        }
    }
}

/// A SQLite database with the schema of an .sql file or a folder of them.
pub fn sqlite(schema: impl AsRef<Path>) -> Result<Scratch> {
    static LOADED: Mutex<BTreeMap<String, Arc<Vec<u8>>>> = Mutex::new(BTreeMap::new());
    let source = read(schema.as_ref(), Dialect::Sqlite)?;
    let key = source.digest();
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let bytes = match loaded.get(&key) {
        Some(bytes) => bytes.clone(),
        None => loaded.entry(key).or_insert(Arc::new(file_with(&source)?)).clone(),
    };
    drop(loaded);
    let folder = folder()?;
    let path = folder.path().join("test.db");
    std::fs::write(&path, &*bytes).map_err(|e| Error::failed(format!("cannot write `{}`: {e}", path.display())))?;
    Ok(Scratch { url: format!("sqlite://{}", path.display()), _what: What::File(folder) })
}

/// The bytes of a SQLite file with the schema in it.
fn file_with(source: &Source) -> Result<Vec<u8>> {
    let folder = folder()?;
    let path = folder.path().join("template.db");
    fill(&format!("sqlite://{}", path.display()), source)?;
    std::fs::read(&path).map_err(|e| Error::failed(format!("cannot read `{}`: {e}", path.display())))
}

/// A PostgreSQL database with the schema, on the server of this URL, whose role must have `CREATEDB`.
pub fn postgres(server: &str, schema: impl AsRef<Path>) -> Result<Scratch> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let source = read(schema.as_ref(), Dialect::Postgres)?;
    let template = format!("msr_template_{}", &source.digest()[..24]);
    let name = format!("msr_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let mut session = connect(server)?;
    let copy = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"");
    match session.execute(&copy) {
        Ok(()) => {}
        Err(e) if e.code == "3D000" => {
            build(server, &mut *session, &template, &source)?;
            session.execute(&copy).map_err(made)?;
        }
        Err(e) => return Err(made(e)),
    }
    let url = with_database(server, &name);
    Ok(Scratch { url, _what: What::Database { server: server.to_string(), name } })
}

/// Makes the template under another name, so that nobody copies one that is not whole. The lock is for those who want the same
/// one at the same time.
fn build(server: &str, session: &mut dyn Session, template: &str, source: &Source) -> Result<()> {
    const LOCK: i64 = 0x006d_7372_7465_7374;
    let building = format!("{template}_new");
    session.execute(&format!("SELECT pg_catalog.pg_advisory_lock({LOCK})")).map_err(made)?;
    let mut built = || -> Result<()> {
        session.execute(&format!("DROP DATABASE IF EXISTS \"{building}\" WITH (FORCE)")).map_err(made)?;
        session.execute(&format!("CREATE DATABASE \"{building}\" TEMPLATE template0")).map_err(made)?;
        fill(&with_database(server, &building), source)?;
        match session.execute(&format!("ALTER DATABASE \"{building}\" RENAME TO \"{template}\"")) {
            // Somebody was faster.
            Err(e) if e.code == "42P04" => session.execute(&format!("DROP DATABASE \"{building}\" WITH (FORCE)")),
            other => other,
        }
        .map_err(made)
    };
    let built = built();
    session.execute(&format!("SELECT pg_catalog.pg_advisory_unlock({LOCK})")).map_err(made)?;
    built
}

fn made(e: SqlError) -> Error {
    Error::from_refusable(e).during("cannot make a database for a test")
}

fn connect(url: &str) -> Result<Box<dyn Session>> {
    let url = DatabaseUrl::parse(url)?;
    engine::named(url.engine())?.connect(&url, Access::Write)
}

fn fill(url: &str, source: &Source) -> Result<()> {
    let mut session = connect(url)?;
    session.prepare()?;
    session.load(source, &mut |_| {})
}

fn read(schema: &Path, dialect: Dialect) -> Result<Source> {
    let path = schema.to_str();
    let path = path.ok_or_else(|| Error::config(format!("the path `{}` is not UTF-8", schema.display())))?;
    Source::read(path, dialect)
}

fn folder() -> Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix("msr-testing-").tempdir();
    made.map_err(|e| Error::failed(format!("cannot make a folder for a test: {e}")))
}

/// The URL with another database in its path.
fn with_database(url: &str, name: &str) -> String {
    let (before, query) = url.split_once('?').map_or((url, None), |(before, query)| (before, Some(query)));
    let (scheme, rest) = before.split_once("://").unwrap_or(("postgres", before));
    let server = rest.split('/').next().unwrap_or_default();
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    format!("{scheme}://{server}/{name}{query}")
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn only_the_database_changes() {
        for (url, want) in [
            ("postgres://u:p@h:1/a?b=c/d", "postgres://u:p@h:1/x?b=c/d"),
            ("postgres:///a?host=/tmp", "postgres:///x?host=/tmp"),
            ("postgres://h", "postgres://h/x"),
        ] {
            assert_eq!(with_database(url, "x"), want);
        }
    }
}
