//! From a URL to an open connection.

use super::interrupt::{Opened, establish};
use super::session::failure;
use crate::engine::Access;
use crate::settings::DatabaseUrl;
use crate::{Error, Result, SqlError};
use diesel::SqliteConnection;
use diesel::connection::SimpleConnection;
use std::path::Path;

/// How long a statement waits for another connection's lock. Without it a writer fails at once:
/// <https://sqlite.org/c3ref/busy_timeout.html>.
const BUSY_MILLISECONDS: u32 = 5_000;

/// Opens the file of the URL. Reading a file that is not there gives an empty database and makes no file.
pub fn open(url: &DatabaseUrl, access: Access) -> Result<Opened> {
    let parts = url.sqlite()?;
    let path = Path::new(&parts.path);
    if parts.path == ":memory:" || (access == Access::Read && !path.exists() && folder_exists(path)) {
        return memory();
    }
    let during = |e: Error| e.during(format!("cannot open `{url}`"));
    if path.is_dir() {
        return Err(during(Error::config("it is a folder")));
    }
    if !folder_exists(path) {
        return Err(during(Error::config("its folder does not exist")));
    }
    // Reading opens for writing too: only a writer can roll back what a killed process left half done
    // (https://sqlite.org/lockingv3.html#hot_journals). SQLite falls back to reading where the file allows no more.
    let mode = if access == Access::Write { "rwc" } else { "rw" };
    let uri = file_uri(&parts.path, mode, parts.query.as_deref());
    let mut opened = establish(&uri).map_err(|_| during(unopened(path)))?;
    let connection = &mut opened.connection;
    settle(connection).map_err(|e| during(explained(e)))?;
    match access {
        Access::Read => execute(connection, "PRAGMA query_only = ON").map_err(|e| during(explained(e)))?,
        Access::Write => writable(connection).map_err(during)?,
    }
    Ok(opened)
}

/// An empty database that is gone with its connection.
pub fn memory() -> Result<Opened> {
    let failed = |e: diesel::ConnectionError| Error::failed(format!("cannot open a database in memory: {e}"));
    let mut opened = establish(":memory:").map_err(failed)?;
    settle(&mut opened.connection).map_err(Error::from)?;
    Ok(opened)
}

/// A file that is there, for looking at it.
pub fn file(path: &Path) -> Result<SqliteConnection> {
    let uri = file_uri(&path.display().to_string(), "rw", None);
    let mut connection = establish(&uri).map_err(|_| unopened(path))?.connection;
    settle(&mut connection).map_err(explained)?;
    Ok(connection)
}

fn folder_exists(path: &Path) -> bool {
    path.parent().is_none_or(|folder| folder.as_os_str().is_empty() || folder.is_dir())
}

/// A URI file name, with whatever would mean something in it escaped: <https://sqlite.org/uri.html>.
fn file_uri(path: &str, mode: &str, query: Option<&str>) -> String {
    let mut uri = String::from("file:");
    // `//` at the start would name a host.
    let path = if path.starts_with("//") { path.trim_start_matches('/').to_string() } else { path.to_string() };
    let absolute = if path.starts_with('/') { "//" } else { "" };
    uri.push_str(absolute);
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'~' => uri.push(byte as char),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    match query {
        Some(query) if query.split('&').any(|p| p.starts_with("mode=")) => format!("{uri}?{query}"),
        Some(query) => format!("{uri}?mode={mode}&{query}"),
        None => format!("{uri}?mode={mode}"),
    }
}

/// The settings of every session. `foreign_keys` is on in this build and off in others, so it is always said.
fn settle(connection: &mut SqliteConnection) -> Result<(), SqlError> {
    execute(connection, &format!("PRAGMA busy_timeout = {BUSY_MILLISECONDS}; PRAGMA foreign_keys = ON"))?;
    // SQLite looks into the file only now.
    execute(connection, "SELECT count(*) FROM sqlite_schema")
}

/// Whether the file may be written, asked before any work; BEGIN IMMEDIATE alone does not tell. That someone else is writing
/// now does not matter.
fn writable(connection: &mut SqliteConnection) -> Result<()> {
    let tried = execute(connection, "PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; CREATE TABLE msr_probe (a)");
    // There is nothing to roll back where BEGIN failed.
    let _ = execute(connection, "ROLLBACK");
    execute(connection, &format!("PRAGMA busy_timeout = {BUSY_MILLISECONDS}"))?;
    match tried {
        Err(e) if !e.transient => Err(explained(e)),
        _ => Ok(()),
    }
}

fn execute(connection: &mut SqliteConnection, sql: &str) -> Result<(), SqlError> {
    connection.batch_execute(sql).map_err(failure)
}

fn unopened(path: &Path) -> Error {
    match std::fs::File::open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => Error::refused("permission denied"),
        Err(e) => Error::config(e.to_string()),
        Ok(_) => Error::config("SQLite cannot open the file"),
    }
}

fn explained(e: SqlError) -> Error {
    match e.code.as_str() {
        "SQLITE_NOTADB" => Error::refused("it is not a SQLite database (or an encrypted one)"),
        "SQLITE_READONLY" => {
            Error::refused("it is read-only").hint("give this user write access to the file and its folder")
        }
        "SQLITE_CANTOPEN" => {
            Error::refused(e.message).hint("SQLite needs write access to the folder as well, for its journal")
        }
        _ => Error::from(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;

    fn url(path: &Path) -> DatabaseUrl {
        DatabaseUrl::parse(&format!("sqlite://{}", path.display())).unwrap_or_else(|e| panic!("{e}"))
    }

    fn failure_of(path: &Path, access: Access) -> Option<Failure> {
        open(&url(path), access).err().map(|e| e.failure)
    }

    #[test]
    fn uris_escape_what_means_something() {
        assert_eq!(file_uri("/a b/c%20#?.db", "rw", None), "file:///a%20b/c%2520%23%3F.db?mode=rw");
        assert_eq!(file_uri("é.db", "rwc", Some("vfs=x")), "file:%C3%A9.db?mode=rwc&vfs=x");
        assert_eq!(file_uri("a.db", "rwc", Some("mode=ro")), "file:a.db?mode=ro");
    }

    #[test]
    fn p21_odd_files_get_clear_errors() {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let at = |name: &str| folder.path().join(name);
        assert_eq!(failure_of(&at("missing.db"), Access::Read), None);
        assert!(!at("missing.db").exists());
        assert_eq!(failure_of(&at("a b#%.db"), Access::Write), None);
        assert_eq!(failure_of(&at("no/such.db"), Access::Write), Some(Failure::Config));
        assert_eq!(failure_of(folder.path(), Access::Write), Some(Failure::Config));
        std::fs::write(at("text"), "this is no database, though it is long enough to be taken for one".repeat(20))
            .unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(failure_of(&at("text"), Access::Read), Some(Failure::Refused));
        let mode = DatabaseUrl::parse(&format!("sqlite://{}?mode=rwc", at("made.db").display()))
            .unwrap_or_else(|e| panic!("{e}"));
        let mut first = open(&mode, Access::Write).unwrap_or_else(|e| panic!("{e}"));
        execute(&mut first.connection, "CREATE TABLE t (a); BEGIN IMMEDIATE").unwrap_or_else(|e| panic!("{e}"));
        let mut second = open(&url(&at("made.db")), Access::Write).unwrap_or_else(|e| panic!("{e}"));
        let busy = execute(&mut second.connection, "PRAGMA busy_timeout = 1; BEGIN IMMEDIATE")
            .map_err(|e| (e.code, e.transient));
        assert_eq!(busy, Err(("SQLITE_BUSY".to_string(), true)));
        let only = DatabaseUrl::parse(&format!("sqlite://{}?mode=ro", at("made.db").display()))
            .unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(open(&only, Access::Write).err().map(|e| e.failure), Some(Failure::Refused));
    }
}
