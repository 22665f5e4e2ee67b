//! Promises about runs that meet others, end in the middle of a statement, find another result than theirs, or have much to do.

#[macro_use]
#[path = "support/mod.rs"]
mod support;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::{Database, Engine, Msr, finish, postgres, says};

const TABLE: &str = "CREATE TABLE t (id integer PRIMARY KEY);\n\
    CREATE FUNCTION slow(id integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.4); RETURN true; END';\n";

/// Asks until it is so.
#[track_caller]
fn wait_until(database: &Database, sql: &str) {
    support::until(sql, || database.ask(sql) == "t");
}

/// A plan that looks at thirty rows for twelve seconds, and msr at work on it.
fn slow() -> (Msr, Database, Child) {
    let database = Engine::Postgres.with(TABLE).expect("it loads");
    let msr = Msr::new().env("MSR_PROBE_TIME", "0s").env("MSR_ONLINE", "false");
    msr.write("new.sql", TABLE.replace("PRIMARY KEY)", "PRIMARY KEY, CHECK (public.slow(id)))"));
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron", "--allow", "all"]).expect(0);
    database.load("INSERT INTO t SELECT generate_series(1, 30)").expect("rows");
    let url = database.url();
    let child = msr.command(&["apply", "p.ron", "--yes", "--allow", "all", "--database", &url]).spawn().expect("msr");
    wait_until(&database, &format!("SELECT count(*) > 0 FROM pg_stat_activity WHERE {AT_WORK}"));
    (msr, database, child)
}

const AT_WORK: &str = "state = 'active' AND datname = current_database() AND query LIKE '%ADD CONSTRAINT%' \
    AND pid <> pg_backend_pid()";

#[test]
fn p19_the_statement_of_a_killed_run_ends_and_the_next_run_does_it() {
    needs!(Engine::Postgres);
    if Engine::Postgres.major() < 14 {
        return support::skip("p19", "PostgreSQL looks after its clients from 14 on");
    }
    let (msr, database, mut child) = slow();
    let _ = child.kill();
    let _ = child.wait();
    let begun = Instant::now();
    wait_until(&database, &format!("SELECT count(*) = 0 FROM pg_stat_activity WHERE {AT_WORK}"));
    assert!(begun.elapsed() < Duration::from_secs(8), "it went on for {:?}", begun.elapsed());
    msr.on(&database, &["apply", "p.ron", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(
        database.ask("SELECT count(*) FROM pg_constraint WHERE contype = 'c' AND conrelid = 't'::regclass"),
        "1"
    );
}

#[test]
fn p17_who_waits_for_the_lock_keeps_no_concurrent_index_waiting() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(TABLE).expect("it loads");
    let msr = Msr::new();
    msr.write("schema/s.sql", format!("{TABLE}CREATE TABLE u (id integer PRIMARY KEY);"));
    msr.on(&database, &["plan", "--save", "u"]).expect(0);
    let hold = "SELECT pg_advisory_lock(7172978); SELECT pg_sleep(6);";
    let mut holder = postgres().expect("a server").program("psql");
    holder.args(["-X", "-q", "-d", &database.name, "-c", hold]).stdout(Stdio::null());
    let mut holder = holder.spawn().expect("psql");
    wait_until(
        &database,
        "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = \
        (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    let url = database.url();
    let waiting = ["migrate", "--yes", "--database", &url];
    let waiters: Vec<Child> = (0..5).map(|_| msr.command(&waiting).spawn().expect("msr")).collect();
    wait_until(
        &database,
        "SELECT count(*) >= 6 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    // It waits for every snapshot that is older; one of a waiter inside of `pg_advisory_lock` would be for ever.
    let begun = Instant::now();
    database.load("CREATE INDEX CONCURRENTLY t_more ON t (id)").expect("the index");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!(database.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"), "0");
    assert_eq!(database.ask("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_more'::regclass"), "t");
    let _ = holder.wait();
    for waiter in waiters {
        let output = finish(waiter, Duration::from_secs(60));
        // The index is no business of the plan's.
        assert_eq!(output.code, 0, "{}", output.said());
    }
}

/// What the server was asked by msr, besides what each of its sessions begins with.
fn asked(database: &Database, run: impl FnOnce()) -> Vec<String> {
    let log = || database.ask("SELECT pg_read_file('log')");
    let before = log().len();
    run();
    let log = log();
    let begins =
        ["SET statement_timeout", "SELECT pg_catalog.current_setting", "SET quote_all", "SET client_connection"];
    let asked = log[before..].lines().filter(|line| line.starts_with("msr LOG:"));
    asked
        .filter(|line| !begins.iter().any(|sql| line.contains(&format!("statement: {sql}"))))
        .map(str::to_owned)
        .collect()
}

#[test]
fn p24_a_database_that_is_current_or_ahead_is_asked_one_question() {
    needs!(Engine::Postgres);
    // A server of this thread's own: what others ask is in its log as well.
    support::use_server(support::another().expect("a server"));
    let database = Engine::Postgres.fresh();
    for setting in ["log_statement = 'all'", "log_line_prefix = '%a '"] {
        database.load(&format!("ALTER SYSTEM SET {setting}")).expect("a setting");
    }
    database.load("SELECT pg_reload_conf()").expect("settings");
    let msr = Msr::new();
    let schemas = [TABLE.to_owned(), format!("{TABLE}CREATE TABLE u (id integer PRIMARY KEY);")];
    for (name, schema) in ["first", "second"].iter().zip(schemas) {
        msr.write("schema/s.sql", schema);
        let run = asked(&database, || drop(msr.on(&database, &["plan", "--save", name]).expect(0)));
        assert!(run.len() > 2, "it is not logged: {run:#?}");
        msr.on(&database, &["migrate", "--yes"]).expect(0);
    }
    let one = |args: &[&str]| {
        let asked = asked(&database, || drop(msr.on(&database, args).expect(0)));
        assert!(asked.len() == 1 && asked[0].contains("\"msr\".\"journal\""), "{args:?}: {asked:#?}");
    };
    one(&["status"]);
    one(&["list", "--check"]);
    one(&["migrate", "--yes"]);
    // A release that was rolled back has the plans of its time.
    let mut files: Vec<_> = std::fs::read_dir(msr.path("plans")).expect("plans").flatten().map(|f| f.path()).collect();
    files.sort();
    std::fs::remove_file(files.last().expect("the second plan")).expect("removed");
    one(&["migrate", "--yes"]);
}

/// A run that is told to stop while a statement works for long, and what it leaves.
fn stopped(signal: &str, code: i32) {
    let (msr, database, child) = slow();
    let _ = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
    let output = finish(child, Duration::from_secs(10)).expect(code);
    says(&output, &["run again"]);
    assert_eq!(database.ask(&format!("SELECT count(*) FROM pg_stat_activity WHERE {AT_WORK}")), "0");
    assert_eq!(
        database.ask("SELECT count(*) FROM pg_constraint WHERE contype = 'c' AND conrelid = 't'::regclass"),
        "0"
    );
    database.load("CREATE OR REPLACE FUNCTION slow(id integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.4); RETURN true; END'").expect("the same");
    msr.on(&database, &["apply", "p.ron", "--yes", "--allow", "all"]).expect(0);
}

#[test]
fn p22_sigterm_cancels_the_statement() {
    needs!(Engine::Postgres);
    stopped("-TERM", 143);
}

#[test]
fn p22_sigint_cancels_the_statement() {
    needs!(Engine::Postgres);
    stopped("-INT", 130);
}

/// Each row takes SQLite some twentieth of a second to check.
#[test]
fn p22_a_statement_of_sqlite_is_interrupted() {
    needs!(Engine::Sqlite);
    let table = "CREATE TABLE t (id integer PRIMARY KEY)";
    let database = Engine::Sqlite.with(&format!("{table};")).expect("it loads");
    let msr = Msr::new().env("MSR_PROBE_TIME", "0s");
    msr.write("new.sql", table.replace("KEY)", "KEY, CHECK (length(hex(zeroblob(20000000 + id))) > 0));"));
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron", "--allow", "all"]).expect(0);
    let rows = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 2000) INSERT INTO t SELECT id FROM n";
    database.load(rows).expect("rows");
    let before = database.dump();
    let url = database.url();
    let child = msr.command(&["apply", "p.ron", "--yes", "--allow", "all", "--database", &url]).spawn().expect("msr");
    std::thread::sleep(Duration::from_secs(3));
    let _ = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    finish(child, Duration::from_secs(10)).expect(143);
    assert_eq!(database.dump(), before);
    assert_eq!(database.ask("SELECT count(*) FROM t"), "2000");
}

/// Something in the database makes more of a statement than the plan was proved to do.
#[test]
fn p23_a_result_that_is_not_the_goal_is_a_failure() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(TABLE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", format!("{TABLE}CREATE TABLE u (id integer PRIMARY KEY);"));
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
    let meddles = "CREATE FUNCTION meddle() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN \
                   IF to_regclass(''public.u'') IS NOT NULL THEN ALTER TABLE public.u ADD COLUMN more integer; END IF; END'; \
                   CREATE EVENT TRIGGER meddle ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION meddle()";
    database.load(meddles).expect("an event trigger");
    // The second time there is nothing left to do, and it is no more right.
    for _ in 0..2 {
        let output = msr.on(&database, &["apply", "p.ron", "--yes"]).expect(1);
        says(&output, &["column public.u.more", "not what the plan promised"]);
    }
    database.load("DROP EVENT TRIGGER meddle; ALTER TABLE u DROP COLUMN more").expect("dropped");
    msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0);
    // What it does to others is told, and a failure for those who want it to be.
    let elsewhere = "ALTER TABLE public.u ADD COLUMN more integer";
    for (strict, code) in [(&[][..], 0), (&["--strict"], 1)] {
        let database = Engine::Postgres.with(TABLE).expect("it loads");
        msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
        let other = meddles.replace(elsewhere, "CREATE SEQUENCE IF NOT EXISTS public.more");
        msr.write("msr.toml", "[hooks]\nbefore_batch = \"meddles.sql\"");
        msr.write("meddles.sql", &other);
        let output = msr.on(&database, &[&["apply", "p.ron", "--yes"], strict].concat()).expect(code);
        says(&output, &["sequence public.more"]);
    }
}

/// On a server with room for few locks, so that a few hundred tables do: a default one fails at 3,611 of these.
#[test]
fn p26_a_transaction_that_would_not_fit_the_lock_table_is_split_or_refused() {
    needs!(Engine::Postgres);
    let small = support::another_with("-c max_locks_per_transaction=10 -c max_connections=20").expect("a server");
    let tables = |count: usize| -> String {
        (0..count).map(|i| format!("CREATE TABLE t{i} (id text PRIMARY KEY);\n")).collect()
    };
    let msr = Msr::new();
    msr.write("schema/s.sql", tables(300));
    // It has room for more than it is sure to have, which is not said how much.
    small.sql("postgres", "CREATE DATABASE plain; CREATE DATABASE refused; CREATE DATABASE split").expect("databases");
    let whole = small.sql("plain", &format!("BEGIN; {} COMMIT", tables(3000))).expect_err("too many");
    assert!(whole.contains("max_locks_per_transaction"), "{whole}");
    // Made for a larger one, it is.
    msr.on(&Engine::Postgres.fresh(), &["plan", "--out", "large.ron"]).expect(0);
    let refused = ["apply", "large.ron", "--yes", "--database", &small.url("refused")].map(str::to_owned);
    let output = msr.run(&refused.each_ref().map(String::as_str)).expect(4);
    says(&output, &["locks", "200", "`msr plan` on this database"]);
    assert_eq!(small.sql("refused", "SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]'").as_deref(), Ok("0\n"));
    msr.run(&["plan", "--out", "small.ron", "--database", &small.url("split")]).expect(0);
    msr.run(&["apply", "small.ron", "--yes", "--database", &small.url("split")]).expect(0);
    assert_eq!(small.sql("split", "SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$'").as_deref(), Ok("300\n"));
}
