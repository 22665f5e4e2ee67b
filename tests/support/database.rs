//! Throw-away databases, and their rows.

use super::dump::{self, Dump};
use super::{Engine, folder, postgres, run};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A throw-away database, dropped with the value.
pub struct Database {
    pub engine: Engine,
    pub name: String,
    pub(super) folder: Option<tempfile::TempDir>,
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
