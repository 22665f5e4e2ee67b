//! What the tests stand on: throw-away databases, the binary, and dumps to compare that are not msr's own.
//!
//! One PostgreSQL cluster a test process, begun when first asked for; a watchdog stops it when the process is gone,
//! whatever it died of. SQLite is reached through the `sqlite3` program. Nothing here calls msr's library.
#![allow(dead_code, unused_imports)] // every test binary uses its own part

mod database;
pub mod dump;
mod postgres;
mod program;
pub mod regress;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use database::{Database, Row, Rows, columns_in_both, common};
pub use dump::{Dump, differences};
pub use postgres::{Postgres, another, another_with, postgres, use_server};
pub use program::{Msr, Output, finish, run};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    Postgres,
    Sqlite,
}

impl Engine {
    pub const ALL: [Engine; 2] = [Engine::Postgres, Engine::Sqlite];

    pub fn name(self) -> &'static str {
        match self {
            Engine::Postgres => "postgres",
            Engine::Sqlite => "sqlite",
        }
    }

    /// The table of msr's journal.
    pub fn journal(self) -> &'static str {
        match self {
            Engine::Postgres => "msr.journal",
            Engine::Sqlite => "msr_journal",
        }
    }

    /// Why tests of this engine can't run here, if they can't.
    pub fn missing(self) -> Option<String> {
        match self {
            Engine::Postgres => postgres().err(),
            Engine::Sqlite => sqlite_missing(),
        }
    }

    /// Major version of what the tests run on.
    pub fn major(self) -> u32 {
        match self {
            Engine::Postgres => postgres::major(),
            Engine::Sqlite => 3,
        }
    }

    pub fn fresh(self) -> Database {
        let database = self.name_only();
        if self == Engine::Postgres {
            let server = postgres().expect("a PostgreSQL server");
            server
                .sql("postgres", &format!("CREATE DATABASE {} TEMPLATE template0", database.name))
                .expect("a database");
        }
        database
    }

    /// A database that is not there yet, under a name that no other has.
    fn name_only(self) -> Database {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
        Database { engine: self, name, folder: (self == Engine::Sqlite).then(folder) }
    }

    /// A fresh database with this SQL loaded.
    pub fn with(self, sql: &str) -> Result<Database, String> {
        let database = self.fresh();
        database.load(sql)?;
        Ok(database)
    }
}

fn sqlite_missing() -> Option<String> {
    match Command::new("sqlite3").arg("--version").output() {
        Ok(output) if output.status.success() => None,
        _ => Some("the program sqlite3 is not installed".into()),
    }
}

/// Says that a test did not run, to the person and to `tests/run`, which counts it.
pub fn skip(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
    if let Some(path) = std::env::var_os("MSR_SKIPS")
        && let Ok(mut file) = fs::OpenOptions::new().create(true).append(true).open(path)
    {
        let _ = file.write_all(format!("{test}: {why}\n").as_bytes());
    }
}

/// `needs!(Engine::Postgres)` leaves a `#[test]` that can't run here, and counts it as skipped; so does
/// `needs!(Engine::Postgres, "pg_basebackup")` where the server came without that program.
#[macro_export]
macro_rules! needs {
    ($engine:expr $(, $program:expr)?) => {
        let missing = $engine.missing()$(.or_else(|| $crate::support::postgres().ok()?.without($program)))?;
        if let Some(why) = missing {
            let test = std::thread::current().name().unwrap_or("test").to_owned();
            return $crate::support::skip(&test, &why);
        }
    };
}

/// Waits until it is so, for a minute.
#[track_caller]
pub fn until(what: &str, is: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !is() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "never: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// A test of each engine, under one name.
#[allow(unused_macros)]
macro_rules! both {
    ($name:ident, $body:expr) => {
        mod $name {
            use super::*;
            #[test]
            fn on_postgres() {
                needs!(Engine::Postgres);
                ($body as fn(Engine))(Engine::Postgres);
            }
            #[test]
            fn on_sqlite() {
                needs!(Engine::Sqlite);
                ($body as fn(Engine))(Engine::Sqlite);
            }
        }
    };
}

#[track_caller]
pub fn says(output: &Output, words: &[&str]) {
    for word in words {
        assert!(output.said().contains(word), "does not say `{word}`: {}", output.said());
    }
}

/// A folder of one's own, gone when dropped.
pub fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("msr-test-").tempdir().expect("a temporary folder")
}

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a folder holds, in order.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut found: Vec<PathBuf> = listed.map(|e| e.expect("an entry").path()).collect();
    found.sort();
    found
}

/// What `fixtures` holds, less the folders of lint rules and deployments, which are other tests' to read.
pub fn fixture_groups() -> Vec<PathBuf> {
    let mut groups = entries(&repository().join("fixtures"));
    groups.retain(|path| !path.ends_with("lint") && !path.ends_with("deploy"));
    groups
}

/// `fixtures/<group>/<case>`.
pub fn fixture_cases() -> Vec<PathBuf> {
    let groups = fixture_groups().into_iter().filter(|path| path.is_dir());
    groups.flat_map(|group| entries(&group)).filter(|path| path.is_dir()).collect()
}

/// What `case.ron` says of where the case can be run.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Where {
    pub engines: Vec<String>,
    /// Of PostgreSQL: only from this major version on.
    #[serde(default)]
    pub since: u32,
}

impl Where {
    pub fn has(&self, engine: Engine) -> bool {
        let major = engine.major();
        let too_new = engine == Engine::Postgres && major != 0 && major < self.since;
        self.engines.iter().any(|name| name == engine.name()) && !too_new
    }
}
