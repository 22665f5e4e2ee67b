//! What the tests stand on: throw-away databases, the binary, and dumps to compare that are not msr's own.
//!
//! One PostgreSQL cluster a test process, begun when first asked for; a watchdog stops it when the process is gone,
//! whatever it died of. SQLite is reached through the `sqlite3` program. Nothing here calls msr's library.
#![allow(dead_code, unused_imports)] // every test binary uses its own part

pub mod dump;
mod postgres;
pub mod regress;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

pub use dump::{Dump, differences};
pub use postgres::{Postgres, another, postgres, use_server};

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

/// `needs!(Engine::Postgres)` leaves a `#[test]` that can't run here, and counts it as skipped.
#[macro_export]
macro_rules! needs {
    ($engine:expr) => {
        if let Some(why) = $engine.missing() {
            let test = std::thread::current().name().unwrap_or("test").to_owned();
            return $crate::support::skip(&test, &why);
        }
    };
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

/// A throw-away database, dropped with the value.
pub struct Database {
    pub engine: Engine,
    pub name: String,
    folder: Option<tempfile::TempDir>,
}

impl Database {
    /// A database of PostgreSQL that is there, and is somebody else's to drop.
    pub fn borrowed(name: &str) -> std::mem::ManuallyDrop<Database> {
        std::mem::ManuallyDrop::new(Database { engine: Engine::Postgres, name: name.into(), folder: None })
    }

    pub fn url(&self) -> String {
        match self.engine {
            Engine::Postgres => postgres().expect("a server").url(&self.name),
            Engine::Sqlite => format!("sqlite://{}", self.path().display()),
        }
    }

    /// Another database that is the same.
    pub fn copy(&self) -> Database {
        let copy = self.engine.name_only();
        match self.engine {
            Engine::Postgres => {
                let sql = format!("CREATE DATABASE {} TEMPLATE {}", copy.name, self.name);
                postgres().expect("a server").sql("postgres", &sql).expect("a copy");
            }
            Engine::Sqlite => drop(fs::copy(self.path(), copy.path()).expect("a copy")),
        }
        copy
    }

    /// The file of a SQLite database.
    pub fn path(&self) -> PathBuf {
        self.folder.as_ref().expect("a SQLite database").path().join("test.db")
    }

    /// Runs SQL, stopping at the first error; its rows, one a line.
    pub fn load(&self, sql: &str) -> Result<String, String> {
        match self.engine {
            Engine::Postgres => postgres().expect("a server").sql(&self.name, sql),
            Engine::Sqlite => run(Command::new("sqlite3").arg("-batch").arg("-bail").arg(self.path()), sql),
        }
    }

    /// The answer to a query, columns apart by `|`.
    pub fn ask(&self, sql: &str) -> String {
        self.load(sql).unwrap_or_else(|e| panic!("{sql}: {e}")).trim_end().to_owned()
    }

    pub fn dump(&self) -> Dump {
        match self.engine {
            Engine::Postgres => dump::postgres(&postgres().expect("a server").dump(&self.name)),
            Engine::Sqlite => dump::sqlite(&self.json(dump::SQLITE)),
        }
    }

    fn json(&self, sql: &str) -> Vec<serde_json::Value> {
        let text = run(Command::new("sqlite3").args(["-batch", "-bail", "-json"]).arg(self.path()), sql)
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
        let arrays = serde_json::Deserializer::from_str(&text).into_iter::<Vec<serde_json::Value>>();
        arrays.flat_map(|array| array.expect("sqlite3 -json")).collect()
    }

    /// Every row of every table that is not msr's: table -> rows, each column -> text.
    pub fn rows(&self) -> Rows {
        let mut rows = Rows::new();
        match self.engine {
            Engine::Postgres => {
                let tables = self.ask(
                    "SELECT format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
                     WHERE relkind IN ('r', 'p') AND nspname !~ '^(pg_|information_schema$|msr$)' ORDER BY 1",
                );
                // Names may hold newlines, so the list is split by what follows a name and not by lines.
                let tables: Vec<&str> = tables.lines().filter(|line| line.contains('.')).collect();
                let tables: Vec<&str> = tables.into_iter().filter(|t| t.matches('"').count() % 2 == 0).collect();
                rows.extend(tables.iter().map(|table| (table.to_string(), vec![])));
                // ONLY: the rows of partitions and heirs are theirs, whatever they are linked to.
                let one =
                    |(i, table): (usize, &&str)| format!("SELECT '{i} ' || to_jsonb(t)::text FROM ONLY {table} t;\n");
                for line in self.ask(&tables.iter().enumerate().map(one).collect::<String>()).lines() {
                    let (i, json) = line.split_once(' ').expect("a number and a row");
                    let table = tables[i.parse::<usize>().expect("a number")];
                    rows.entry(table.into()).or_default().push(row(&serde_json::from_str(json).expect("a row")));
                }
            }
            Engine::Sqlite => {
                let tables = self.json(
                    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
                     AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'msr\\_%' ESCAPE '\\'",
                );
                for table in tables {
                    let name = table["name"].as_str().expect("a name");
                    let found = self.json(&format!("SELECT * FROM \"{}\"", name.replace('"', "\"\"")));
                    rows.insert(name.into(), found.iter().map(row).collect());
                }
            }
        }
        rows
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.engine == Engine::Postgres
            && let Ok(server) = postgres()
        {
            let _ = server.sql("postgres", &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

pub type Row = BTreeMap<String, String>;
pub type Rows = BTreeMap<String, Vec<Row>>;

fn row(value: &serde_json::Value) -> Row {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    value.as_object().expect("a row").iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// Rows of the tables and columns that `other` has too, sorted, for comparing across a change of the schema.
pub fn common(rows: &Rows, columns: &BTreeSet<(String, String)>) -> Rows {
    let keep = |table: &String, row: &Row| -> Row {
        row.iter()
            .filter(|(c, _)| columns.contains(&(table.clone(), (*c).clone())))
            .map(|(c, v)| (c.clone(), v.clone()))
            .collect()
    };
    rows.iter()
        .filter(|(table, _)| columns.iter().any(|(t, _)| t == *table))
        .map(|(table, rows)| {
            let mut rows: Vec<Row> = rows.iter().map(|row| keep(table, row)).collect();
            rows.sort();
            (table.clone(), rows)
        })
        .collect()
}

/// The (table, column) pairs that have values in both.
pub fn columns_in_both(a: &Rows, b: &Rows) -> BTreeSet<(String, String)> {
    let columns = |rows: &Rows| -> BTreeSet<(String, String)> {
        rows.iter()
            .flat_map(|(t, rows)| rows.iter().flat_map(move |r| r.keys().map(move |c| (t.clone(), c.clone()))))
            .collect()
    };
    columns(a).intersection(&columns(b)).cloned().collect()
}

/// How a program ended and what it said.
#[derive(Debug, Clone)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Both streams, for messages.
    pub fn said(&self) -> String {
        format!("exit {}\n{}{}", self.code, self.stdout, self.stderr)
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert!(self.code == code, "expected exit {code}, got {}", self.said());
        self
    }
}

/// The binary in a folder and an environment of its own.
pub struct Msr {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl Msr {
    pub fn new() -> Self {
        Msr { folder: folder(), env: vec![] }
    }

    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder that msr is run in.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// A command with nothing of the outer environment but what a program needs to run.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("NO_COLOR", "1")
            .env("HOME", self.folder.path());
        for name in ["PATH", "TMPDIR", "USER", "LLVM_PROFILE_FILE", "RUST_BACKTRACE", "MSR_ONLINE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // The client programs of another version than the machine's, and the server's for scratch.
        if let Some(bin) = std::env::var_os("MSR_TEST_PG_BIN") {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let all = std::iter::once(PathBuf::from(bin)).chain(std::env::split_paths(&path));
            command.envs(std::env::join_paths(all).ok().map(|path| ("PATH", path)));
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        finish(self.command(args).spawn().expect("the binary runs"), Duration::from_secs(300))
    }

    /// `run`, with `--database URL`.
    pub fn on(&self, database: &Database, args: &[&str]) -> Output {
        let url = database.url();
        let mut all = args.to_vec();
        all.extend(["--database", &url]);
        self.run(&all)
    }

    /// plan to `schema`, apply all of it; the exit code that matters first.
    pub fn reach(&self, database: &Database, schema: &str) -> Output {
        self.write("reach.sql", schema);
        let planned = self.on(database, &["plan", "--schema", "reach.sql", "--out", "reach.ron"]);
        if planned.code != 0 {
            return planned;
        }
        self.on(database, &["apply", "reach.ron", "--phase", "all", "--yes", "--allow", "all"])
    }
}

impl Default for Msr {
    fn default() -> Self {
        Msr::new()
    }
}

/// The binary under test: cargo's, or the one that `MSR_TEST_BIN` names.
fn binary() -> PathBuf {
    std::env::var_os("MSR_TEST_BIN").map_or(env!("CARGO_BIN_EXE_msr").into(), PathBuf::from)
}

/// Waits for a program; kills it after `limit`.
pub fn finish(mut child: std::process::Child, limit: Duration) -> Output {
    let read = |stream: Option<Box<dyn std::io::Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = vec![];
            if let Some(mut stream) = stream {
                let _ = stream.read_to_end(&mut bytes);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = read(child.stdout.take().map(|s| Box::new(s) as _));
    let stderr = read(child.stderr.take().map(|s| Box::new(s) as _));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child's status") {
            break Some(status);
        }
        if begun.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    use std::os::unix::process::ExitStatusExt;
    let code = status.map_or(124, |s| s.code().unwrap_or_else(|| 128 + s.signal().unwrap_or(0)));
    let (stdout, stderr) = (stdout.join().expect("stdout"), stderr.join().expect("stderr"));
    Output { code, stdout, stderr }
}

/// Runs a program with this on its standard input; its output, or its complaint.
pub fn run(command: &mut Command, input: &str) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{:?}: {e}", command.get_program()))?;
    let mut stdin = child.stdin.take().expect("stdin");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = finish(child, Duration::from_secs(120));
    let _ = writer.join();
    if output.code == 0 { Ok(output.stdout) } else { Err(output.stderr.trim_end().to_owned()) }
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
