//! Plans exported to other tools: read back by msr, and run by the tools' own libraries, there and back.

#[macro_use]
#[path = "../support/mod.rs"]
mod support;
mod runners;

use diesel::Connection;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use std::path::Path;
use support::{Database, Dump, Engine, Msr, says};

/// Three states of a schema, so that there are three plans: made, changed online and by rebuilding, and partly dropped.
fn schemas(engine: Engine) -> [String; 3] {
    let first = "CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, email varchar(100), note text);\n\
         CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE, total integer);\n\
         CREATE INDEX orders_customer ON orders (customer);\n\
         CREATE VIEW totals AS SELECT customer, sum(total) AS total FROM orders GROUP BY customer;\n";
    let second = "CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, email varchar(100) UNIQUE, note text, CHECK (name <> ''));\n\
         CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customers (id) ON DELETE CASCADE, total integer NOT NULL, placed date);\n\
         CREATE INDEX orders_customer ON orders (customer, placed);\n\
         CREATE TABLE \"odd ${name}\" (id integer PRIMARY KEY, \"it's\" text);\n\
         CREATE VIEW totals AS SELECT customer, sum(total) AS total, max(placed) AS latest FROM orders GROUP BY customer;\n";
    let mut all = [first.to_string(), second.to_string(), second.replace(", note text", "")];
    if engine == Engine::Postgres {
        let more = "CREATE SCHEMA other;\nCREATE TYPE other.mood AS ENUM ('sad', 'ok');\n\
            CREATE FUNCTION other.total(c integer) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT sum(total) FROM public.orders WHERE customer = c $$;\n\
            CREATE TABLE other.moods (id integer PRIMARY KEY, m other.mood DEFAULT 'ok');\n";
        all.iter_mut().skip(1).for_each(|schema| schema.push_str(more));
    }
    all
}

/// A project with a plan saved for each state, applied to a database that shows how the others must come out.
fn project(engine: Engine) -> (Msr, Dump) {
    let (msr, database) = (Msr::new(), engine.fresh());
    for (i, schema) in schemas(engine).iter().enumerate() {
        msr.write("schema/all.sql", schema);
        msr.on(&database, &["plan", "--save", &format!("step-{i}"), "--online", "true", "--allow", "all"]).expect(0);
        msr.on(&database, &["migrate", "--yes", "--phase", "all", "--allow", "all"]).expect(0);
    }
    let dump = without(&database, &["msr"]);
    (msr, dump)
}

/// What is in the database, without the tables of whoever runs migrations.
fn without(database: &Database, tools: &[&str]) -> Dump {
    let mut dump = database.dump();
    dump.retain(|key, _| !tools.iter().any(|tool| key.contains(tool)));
    dump
}

/// The plans in the tool's files; refinery's without those that it can't run.
fn exported(msr: &Msr, tool: &str) -> std::path::PathBuf {
    let out = format!("{tool}/migrations");
    let done = msr.run(&["export", "--to", tool, "--out", &out]).expect(0);
    says(&done, &["wrote "]);
    let again = msr.run(&["export", "--to", tool, "--out", &out]).expect(0);
    says(&again, &["wrote 0 files"]);
    msr.path(&out)
}

/// msr reads what it wrote as it reads that tool's migrations.
fn comes_back(engine: Engine) {
    let (msr, _) = project(engine);
    let database = engine.fresh();
    for tool in ["diesel", "sqlx", "flyway", "dbmate", "golang-migrate", "sql"] {
        exported(&msr, tool);
        let same = msr.on(&database, &["diff", "plans", &format!("{tool}/migrations")]).expect(0);
        says(&same, &["No "]);
    }
}

both!(what_is_exported_comes_back, comes_back);

fn diesel_runs(engine: Engine) {
    fn there_and_back<DB, C>(mut connection: C, folder: &Path, between: impl Fn())
    where
        DB: diesel::backend::Backend,
        C: MigrationHarness<DB>,
    {
        let migrations = FileBasedMigrations::from_path(folder).expect("diesel finds them");
        connection.run_pending_migrations(migrations.clone()).unwrap_or_else(|e| panic!("up: {e}"));
        between();
        connection.revert_all_migrations(migrations).unwrap_or_else(|e| panic!("down: {e}"));
    }
    let (msr, expected) = project(engine);
    let folder = exported(&msr, "diesel");
    let database = engine.fresh();
    let before = database.dump();
    let between = || assert_eq!(without(&database, &["__diesel"]), expected);
    match engine {
        Engine::Postgres => {
            type Wrapped =
                diesel_async::async_connection_wrapper::AsyncConnectionWrapper<diesel_async::AsyncPgConnection>;
            there_and_back(Wrapped::establish(&database.url()).expect("a connection"), &folder, between);
        }
        Engine::Sqlite => {
            database.load("SELECT 1").expect("a file");
            let path = database.path().display().to_string();
            let mut connection = diesel::SqliteConnection::establish(&path).expect("a connection");
            // As an application has it that wants its foreign keys kept.
            diesel::connection::SimpleConnection::batch_execute(&mut connection, "PRAGMA foreign_keys = ON")
                .expect("a pragma");
            there_and_back(connection, &folder, between);
        }
    }
    assert_eq!(without(&database, &["__diesel"]), before);
}

both!(diesel_runs_them_and_takes_them_back, diesel_runs);

/// A table is rebuilt under an application that keeps its foreign keys: nothing cascades.
#[test]
fn rows_survive_a_rebuild_by_diesel() {
    needs!(Engine::Sqlite);
    let (msr, _) = project(Engine::Sqlite);
    let migrations = FileBasedMigrations::from_path(exported(&msr, "diesel")).expect("diesel finds them");
    let database = Engine::Sqlite.fresh();
    let mut connection =
        diesel::SqliteConnection::establish(&database.path().display().to_string()).expect("a connection");
    diesel::connection::SimpleConnection::batch_execute(&mut connection, "PRAGMA foreign_keys = ON").expect("a pragma");
    connection.run_next_migration(migrations.clone()).expect("the first");
    database
        .load("INSERT INTO customers VALUES (1, 'a', 'b', 'c'); INSERT INTO orders VALUES (1, 1, 2), (2, 1, 3);")
        .expect("rows");
    connection.run_pending_migrations(migrations).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(database.ask("SELECT count(*) FROM orders"), "2");
    assert_eq!(database.ask("SELECT name FROM customers"), "a");
}

fn sqlx_runs(engine: Engine) {
    let Some(runners) = runners::get("sqlx") else { return };
    let (msr, expected) = project(engine);
    let folder = exported(&msr, "sqlx");
    let database = engine.fresh();
    database.load("SELECT 1").expect("a file");
    let before = database.dump();
    runners.run(&["sqlx", "up", &database.url()], &folder);
    assert_eq!(without(&database, &["_sqlx"]), expected);
    runners.run(&["sqlx", "down", &database.url()], &folder);
    assert_eq!(without(&database, &["_sqlx"]), before);
}

both!(sqlx_runs_them_and_takes_them_back, sqlx_runs);

/// Without the online steps, which refinery has no way to run.
#[test]
fn refinery_runs_what_it_can() {
    needs!(Engine::Postgres);
    let (msr, _) = project(Engine::Postgres);
    let refused = msr.run(&["export", "--to", "refinery", "--out", "refinery"]).expect(4);
    says(&refused, &["every file in a transaction", "CONCURRENTLY"]);
    assert!(!msr.path("refinery").exists(), "nothing is written");
    let Some(runners) = runners::get("refinery") else { return };
    let (msr, planned) = (Msr::new(), Engine::Postgres.fresh());
    msr.write("schema/all.sql", &schemas(Engine::Postgres)[1]);
    msr.on(&planned, &["plan", "--save", "all"]).expect(0);
    msr.on(&planned, &["migrate", "--yes"]).expect(0);
    let database = Engine::Postgres.fresh();
    let folder = exported(&msr, "refinery");
    runners.run(&["refinery", "up", &database.url()], &folder);
    assert_eq!(without(&database, &["refinery_"]), without(&planned, &["msr"]));
}

/// As golang-migrate does: on PostgreSQL the file as it is, on SQLite in a transaction that it begins.
fn files_run(engine: Engine) {
    for tool in ["golang-migrate", "sql"] {
        let (msr, expected) = project(engine);
        let folder = exported(&msr, tool);
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .expect("files")
            .map(|e| e.expect("a file").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        let database = engine.fresh();
        database.load("SELECT 1").expect("a file");
        let before = database.dump();
        let wrapped = tool == "golang-migrate" && engine == Engine::Sqlite;
        let load = |name: &String| {
            let text = std::fs::read_to_string(folder.join(name)).expect("a file");
            let text = if wrapped { format!("BEGIN;\n{text}\nCOMMIT;\n") } else { text };
            database.load(&text).unwrap_or_else(|e| panic!("{tool}/{name}: {e}"));
        };
        names.iter().filter(|n| n.ends_with(".up.sql")).for_each(load);
        assert_eq!(database.dump(), expected, "{tool}");
        names.iter().rev().filter(|n| n.ends_with(".down.sql")).for_each(load);
        assert_eq!(database.dump(), before, "{tool}");
    }
}

both!(plain_files_run_there_and_back, files_run);

#[test]
fn foreign_keys_that_are_kept_stop_a_rebuild_that_would_cascade() {
    needs!(Engine::Sqlite);
    let (msr, _) = project(Engine::Sqlite);
    let folder = exported(&msr, "golang-migrate");
    let database = Engine::Sqlite.fresh();
    let mut said = String::new();
    let mut names: Vec<_> = std::fs::read_dir(folder).expect("files").map(|e| e.expect("a file").path()).collect();
    names.sort();
    for path in names.iter().filter(|p| p.to_string_lossy().ends_with(".up.sql")) {
        let text = std::fs::read_to_string(path).expect("a file");
        if let Err(e) = database.load(&format!("PRAGMA foreign_keys = ON;\nBEGIN;\n{text}\nCOMMIT;\n")) {
            said = e;
        }
    }
    assert!(said.contains("foreign_keys_must_be_off"), "{said}");
}

#[test]
fn what_is_there_is_not_overwritten() {
    let msr = Msr::new();
    let database = Engine::Sqlite.fresh();
    msr.write("schema/all.sql", "CREATE TABLE t (id integer PRIMARY KEY);");
    says(&msr.run(&["export", "--to", "sqlx", "--out", "m"]).expect(4), &["no plan in `plans`"]);
    msr.run(&["export", "--to", "liquibase", "--out", "m"]).expect(64);
    msr.on(&database, &["plan", "--save", "one"]).expect(0);
    msr.run(&["export", "--to", "sqlx", "--out", "m"]).expect(0);
    let name =
        std::fs::read_dir(msr.path("m")).expect("files").map(|e| e.expect("a file").file_name()).max().expect("one");
    let name = format!("m/{}", name.to_string_lossy());
    msr.write(&name, "SELECT 1;");
    says(&msr.run(&["export", "--to", "sqlx", "--out", "m"]).expect(4), &["one.up.sql", "--force"]);
    msr.run(&["export", "--to", "sqlx", "--out", "m", "--force"]).expect(0);
    assert!(msr.read(&name).contains("CREATE TABLE"));
    let version: String = name.trim_start_matches("m/").chars().take_while(char::is_ascii_digit).collect();
    msr.write(&format!("other/{version}_mine.up.sql"), "SELECT 1;");
    says(&msr.run(&["export", "--to", "sqlx", "--out", "other"]).expect(4), &["_mine.up.sql"]);
}
