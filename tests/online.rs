//! Changes to tables that others use: what is stopped half way is seen and goes on, locks are waited for as the plan says.

mod support;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::{Database, Engine, Msr, Output, finish, postgres, skip};

const TABLE: &str = "CREATE TABLE t (id integer PRIMARY KEY, a integer);\n";
const ROWS: &str = "INSERT INTO t SELECT i, i FROM generate_series(1, 100) i;\n";

/// A database with the table and its rows, and msr set to change all things online; `None` where there is no server.
fn setting(test: &str, old: &str) -> Option<(Database, Msr)> {
    if let Some(why) = Engine::Postgres.missing() {
        skip(test, &why);
        return None;
    }
    let database = Engine::Postgres.with(&format!("{old}{ROWS}")).expect("a database");
    let msr = Msr::new();
    // What the statements themselves make of rows is to be seen.
    msr.write("msr.toml", "online = true\nlock_timeout = '200ms'\nprobe_time = '0s'\n");
    Some((database, msr))
}

fn plan(msr: &Msr, database: &Database, schema: &str) {
    msr.write("new.sql", schema);
    msr.on(database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
}

const APPLY: &[&str] = &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"];

fn apply(msr: &Msr, database: &Database) -> Output {
    msr.on(database, APPLY)
}

fn invalid(database: &Database) -> String {
    database.ask("SELECT string_agg(indexrelid::regclass::text, ' ') FROM pg_index WHERE NOT indisvalid")
}

/// Nothing is left to do, nothing is INVALID, and the way back leads to what was there before.
fn reached(msr: &Msr, database: &Database, old: &str) {
    assert_eq!(invalid(database), "");
    msr.on(database, &["plan", "--schema", "new.sql", "--detailed-exitcode"]).expect(0);
    msr.on(database, &["down", "--yes", "--allow", "all"]).expect(0);
    same_as(database, old);
}

fn same_as(database: &Database, sql: &str) {
    let fresh = Engine::Postgres.with(sql).expect("a database");
    let found = support::differences(&database.dump(), &fresh.dump());
    assert!(found.is_empty(), "{found:#?}");
}

/// A transaction of another session that wrote to the table and stays open until dropped.
struct Writer<'a>(Child, &'a Database);

impl<'a> Writer<'a> {
    fn on(database: &'a Database) -> Writer<'a> {
        let mut psql = postgres().expect("a server").program("psql");
        let sql = "BEGIN; UPDATE t SET a = a WHERE id = 1; SELECT pg_sleep(600)";
        let child =
            psql.args(["-X", "-q", "-d", &database.name, "-c", sql]).stderr(Stdio::null()).spawn().expect("psql");
        wait_for(database, "state = 'active' AND query LIKE '%pg_sleep(600)%' AND wait_event = 'PgSleep'");
        Writer(child, database)
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        let others = "datname = current_database() AND query LIKE 'BEGIN; UPDATE t%' AND pid <> pg_backend_pid()";
        let _ = self.1.load(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"));
        let _ = self.0.wait();
    }
}

/// Waits until a session of the database is as described; its process id.
#[track_caller]
fn wait_for(database: &Database, what: &str) -> String {
    let begun = Instant::now();
    loop {
        let pid = database.ask(&format!(
            "SELECT max(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND {what}"
        ));
        if !pid.is_empty() {
            return pid;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "no session with {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An apply that hangs in a statement behind the writer's transaction, and the process id of its session.
fn hanging(msr: &Msr, database: &Database, statement: &str) -> (Child, String) {
    let url = database.url();
    let args = [APPLY, &["--database", &url]].concat();
    let child = msr.command(&args).spawn().expect("the binary runs");
    let pid = wait_for(database, &format!("wait_event_type = 'Lock' AND query LIKE '%*/ {statement}%'"));
    (child, pid)
}

#[test]
fn p11_a_unique_build_that_finds_duplicates_leaves_nothing_invalid() {
    for new in ["CREATE UNIQUE INDEX t_a ON t (a);", "ALTER TABLE t ADD CONSTRAINT t_a UNIQUE (a);"] {
        let Some((database, msr)) = setting("p11_duplicates", TABLE) else { return };
        plan(&msr, &database, &format!("{TABLE}{new}"));
        database.ask("INSERT INTO t VALUES (0, 1)");
        let failed = apply(&msr, &database).expect(1);
        assert!(failed.stderr.contains("CREATE UNIQUE INDEX CONCURRENTLY"), "{}", failed.said());
        assert_eq!(invalid(&database), "");
        same_as(&database, TABLE);
        database.ask("DELETE FROM t WHERE id = 0");
        apply(&msr, &database).expect(0);
        reached(&msr, &database, TABLE);
    }
}

#[test]
fn p11_a_cancelled_build_is_done_again() {
    let Some((database, msr)) = setting("p11_cancelled", TABLE) else { return };
    plan(&msr, &database, &format!("{TABLE}CREATE INDEX t_a ON t (a);"));
    let writer = Writer::on(&database);
    let (child, pid) = hanging(&msr, &database, "CREATE INDEX CONCURRENTLY");
    // Long past the lock_timeout of others it still waits: it is patient.
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(wait_for(&database, "query LIKE '%*/ CREATE INDEX CONCURRENTLY%'"), pid);
    assert_eq!(invalid(&database), "t_a");
    database.ask(&format!("SELECT pg_cancel_backend({pid})"));
    drop(writer);
    let ended = finish(child, Duration::from_secs(60));
    assert_ne!(ended.code, 0, "{}", ended.said());
    assert_eq!(invalid(&database), "");
    apply(&msr, &database).expect(0);
    reached(&msr, &database, TABLE);
}

/// msr is killed, and the server's process too, so that nobody is left to tidy up.
fn kill(mut child: Child, database: &Database, pid: &str) {
    child.kill().expect("a child");
    child.wait().expect("a child");
    // 13 has no time to wait as a second argument.
    database.ask(&format!("SELECT pg_terminate_backend({pid})"));
    let gone = || database.ask(&format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}")) == "0";
    let begun = std::time::Instant::now();
    while !gone() {
        assert!(begun.elapsed().as_secs() < 30, "the server's process {pid} stays");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn p11_p14_a_killed_build_is_seen_and_done_again() {
    let comment = "COMMENT ON INDEX t_a IS 'kept';\n";
    let old = format!("{TABLE}CREATE INDEX t_a ON t (a);\n{comment}");
    let Some((database, msr)) = setting("p11_killed", &old) else { return };
    plan(&msr, &database, &format!("{TABLE}CREATE INDEX t_a ON t (a DESC);\n{comment}"));
    let writer = Writer::on(&database);
    let (child, pid) = hanging(&msr, &database, "CREATE INDEX CONCURRENTLY");
    kill(child, &database, &pid);
    assert_eq!(invalid(&database), "t_a_msr_new");
    drop(writer);
    let again = apply(&msr, &database).expect(0);
    assert!(again.stderr.contains("left half done"), "{}", again.said());
    reached(&msr, &database, &old);
}

#[test]
fn p14_a_killed_drop_is_finished_both_ways() {
    let old = format!("{TABLE}CREATE INDEX t_a ON t (a);\n");
    let Some((database, msr)) = setting("p14_drop", &old) else { return };
    plan(&msr, &database, TABLE);
    let writer = Writer::on(&database);
    let (child, pid) = hanging(&msr, &database, "DROP INDEX CONCURRENTLY");
    kill(child, &database, &pid);
    assert_eq!(invalid(&database), "t_a");
    drop(writer);
    apply(&msr, &database).expect(0);
    assert_eq!(database.ask("SELECT count(*) FROM pg_indexes WHERE indexname = 't_a'"), "0");
    // The way back builds it, and is killed too.
    let writer = Writer::on(&database);
    let url = database.url();
    let child = msr.command(&["down", "--yes", "--allow", "all", "--database", &url]).spawn().expect("the binary runs");
    let pid = wait_for(&database, "wait_event_type = 'Lock' AND query LIKE '%*/ CREATE INDEX CONCURRENTLY%'");
    kill(child, &database, &pid);
    assert_eq!(invalid(&database), "t_a");
    drop(writer);
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(invalid(&database), "");
    same_as(&database, &old);
}

#[test]
fn p14_a_killed_detach_is_finished() {
    if Engine::Postgres.missing().is_none() && Engine::Postgres.major() < 14 {
        return skip("p14_a_killed_detach_is_finished", "DETACH PARTITION CONCURRENTLY is there from 14 on");
    }
    let whole = "CREATE TABLE t (id integer PRIMARY KEY, a integer) PARTITION BY RANGE (id);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000);\n";
    let old = format!("{whole}CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (1000) TO (2000);\n");
    let Some((database, msr)) = setting("p14_detach", &old) else { return };
    plan(&msr, &database, &format!("{whole}CREATE TABLE t2 (id integer PRIMARY KEY, a integer);\n"));
    let writer = Writer::on(&database);
    let (child, pid) = hanging(&msr, &database, "ALTER TABLE public.t DETACH PARTITION");
    kill(child, &database, &pid);
    assert_eq!(database.ask("SELECT inhrelid::regclass FROM pg_inherits WHERE inhdetachpending"), "t2");
    drop(writer);
    apply(&msr, &database).expect(0);
    reached(&msr, &database, &old);
}

#[test]
fn p11_what_others_left_invalid_is_cleared_away() {
    let Some((database, msr)) = setting("p11_debris", TABLE) else { return };
    let writer = Writer::on(&database);
    for sql in ["CREATE INDEX CONCURRENTLY t_a ON t (a)", "CREATE INDEX CONCURRENTLY t_pkey_ccnew ON t (id)"] {
        database.load(&format!("SET lock_timeout = '50ms';\n{sql};")).expect_err("a build that is stopped");
    }
    drop(writer);
    assert_eq!(invalid(&database), "t_a t_pkey_ccnew");
    plan(&msr, &database, &format!("{TABLE}CREATE INDEX t_a ON t (a);"));
    apply(&msr, &database).expect(0);
    reached(&msr, &database, TABLE);
}

#[test]
fn p14_a_ladder_that_stops_on_its_rows_goes_on_or_back() {
    let old =
        format!("CREATE TABLE p (id integer PRIMARY KEY);\nINSERT INTO p SELECT generate_series(1, 100);\n{TABLE}");
    let tables = "CREATE TABLE p (id integer PRIMARY KEY);\nCREATE TABLE t (id integer PRIMARY KEY, a integer ";
    for (new, bad) in [("REFERENCES p);", "1000"), ("NOT NULL);", "NULL"), ("CHECK (a < 1000));", "1000")] {
        for on in [true, false] {
            let Some((database, msr)) = setting("p14_rows", &old) else { return };
            plan(&msr, &database, &format!("{tables}{new}"));
            database.ask(&format!("INSERT INTO t VALUES (0, {bad})"));
            let failed = apply(&msr, &database).expect(1);
            assert!(failed.stderr.contains("VALIDATE CONSTRAINT"), "{}", failed.said());
            assert_eq!(database.ask("SELECT count(*) FROM pg_constraint WHERE NOT convalidated"), "1");
            if on {
                database.ask("DELETE FROM t WHERE id = 0");
                apply(&msr, &database).expect(0);
                reached(&msr, &database, &old);
            } else {
                msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
                same_as(&database, &old);
            }
        }
    }
}

#[test]
fn p09_statements_wait_as_the_plan_says() {
    let watch = "CREATE SCHEMA aside; CREATE TABLE aside.log (n serial, tag text, waits text);
        CREATE FUNCTION aside.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO aside.log (tag, waits) SELECT tg_tag, current_setting('lock_timeout')
            WHERE current_query() !~ 'msr[.]plans'; END $$;
        CREATE EVENT TRIGGER note ON ddl_command_start EXECUTE FUNCTION aside.note();\n";
    let Some((database, msr)) = setting("p09_waits", TABLE) else { return };
    msr.write(
        "msr.toml",
        "online = true\nlock_timeout = '200ms'\n[exclude]\nschemas = ['aside']\nkinds = ['event trigger']\n",
    );
    database.load(watch).expect("a log");
    plan(&msr, &database, "CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL);\nCREATE INDEX t_a ON t (a);\n");
    apply(&msr, &database).expect(0);
    let waits = database.ask("SELECT tag, waits FROM aside.log WHERE tag ~ 'INDEX|ALTER' ORDER BY n");
    let alter = "ALTER TABLE|200ms";
    // From 18 on a NOT NULL is validated itself, and needs no check that comes and goes.
    let set: &[&str] = if Engine::Postgres.major() >= 18 { &[] } else { &[alter, alter] };
    let wanted = [&[alter, "ALTER TABLE|0"], set, &["CREATE INDEX|0"]].concat();
    assert_eq!(waits.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn p09_nobody_waits_long_behind_who_waits() {
    let Some((database, msr)) = setting("p09_behind", TABLE) else { return };
    msr.write("msr.toml", "online = true\n");
    plan(&msr, &database, "CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer);\n");
    let writer = Writer::on(&database);
    let (child, _) = hanging(&msr, &database, "ALTER TABLE");
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    while begun.elapsed() < Duration::from_secs(3) {
        let asked = Instant::now();
        database.ask("SELECT count(*) FROM t");
        longest = longest.max(asked.elapsed());
    }
    drop(writer);
    finish(child, Duration::from_secs(60)).expect(0);
    assert!(longest < Duration::from_secs(1), "somebody waited {longest:?}");
}

#[test]
fn p09_who_is_in_the_way_is_told() {
    let Some((database, msr)) = setting("p09_told", TABLE) else { return };
    msr.write("msr.toml", "online = true\n");
    plan(&msr, &database, "CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer);\n");
    let writer = Writer::on(&database);
    let gave_up = msr.on(&database, &["apply", "p.ron", "--yes", "--lock-wait", "1s"]);
    let pid = database.ask(
        "SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'BEGIN; UPDATE t%' AND pid <> pg_backend_pid()",
    );
    drop(writer);
    assert_eq!(gave_up.code, 3, "{}", gave_up.said());
    let told = format!("session {} of `", pid.trim());
    let said = gave_up.said();
    assert!(
        said.contains(&told) && said.contains("holds ROW EXCLUSIVE on ") && said.contains("BEGIN; UPDATE t SET a"),
        "{said}"
    );
}

#[test]
fn how_far_an_index_is_built_is_told() {
    let Some((database, msr)) = setting("far", TABLE) else { return };
    plan(&msr, &database, &format!("{TABLE}CREATE INDEX t_a ON t (a);\n"));
    let writer = Writer::on(&database);
    let url = database.url();
    let child = msr.command(&[APPLY, &["--database", &url]].concat()).spawn().expect("the binary runs");
    // A log hears of it every ten seconds.
    std::thread::sleep(Duration::from_secs(11));
    drop(writer);
    let built = finish(child, Duration::from_secs(60)).expect(0);
    support::says(&built, &["index public.t_a: waiting for writers before build, 0 of 1, 10 s so far"]);
}

#[test]
fn p09_a_vacuum_is_waited_for_until_it_gives_way() {
    let Some((database, msr)) = setting("p09_vacuum", TABLE) else { return };
    msr.write("msr.toml", "online = true\n");
    plan(&msr, &database, "CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer);\n");
    database.ask("INSERT INTO t SELECT i, i FROM generate_series(101, 4000) i");
    database.ask("UPDATE t SET a = 0");
    let mut psql = postgres().expect("a server").program("psql");
    let slowly = "SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1";
    psql.args(["-X", "-q", "-d", &database.name, "-c", slowly, "-c", "VACUUM t"]);
    let mut vacuum = psql.stderr(Stdio::null()).spawn().expect("psql");
    wait_for(&database, "query = 'VACUUM t' AND wait_event = 'VacuumDelay'");
    let url = database.url();
    let child = msr.command(&[APPLY, &["--database", &url]].concat()).spawn().expect("the binary runs");
    let mut waits = String::new();
    let begun = Instant::now();
    // From the log of those that wait: the first attempt gives up at once, the next may take longer than deadlock_timeout.
    while waits.is_empty() && begun.elapsed() < Duration::from_secs(30) {
        waits = database.ask(
            "SELECT DISTINCT 'long' FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE NOT granted AND relation = 't'::regclass AND query_start < clock_timestamp() - interval '300 ms' AND query LIKE '%ALTER%'",
        );
    }
    database.ask("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'VACUUM t'");
    let _ = vacuum.wait();
    finish(child, Duration::from_secs(60)).expect(0);
    assert_eq!(waits, "long");
}

#[test]
fn only_what_is_large_is_changed_online() {
    let both = "CREATE TABLE small (id integer, a integer);\n";
    let Some((database, msr)) = setting("large", &format!("{TABLE}{both}INSERT INTO small VALUES (1, 1);\n")) else {
        return;
    };
    // Of `t`, whose 100 rows are in one page, nobody has counted the pages yet.
    msr.write("new.sql", format!("{TABLE}{both}CREATE INDEX t_a ON t (a);\nCREATE INDEX small_a ON small (a);\n"));
    let sql = |settings: &str, flags: &[&str]| {
        msr.write("msr.toml", settings);
        let args = [&["plan", "--schema", "new.sql", "--format", "sql"][..], flags].concat();
        let sql = msr.on(&database, &args).expect(0).stdout;
        ["t_a", "small_a"].map(|name| sql.contains(&format!("CREATE INDEX CONCURRENTLY {name}")))
    };
    assert_eq!(sql("", &[]), [false, false]);
    assert_eq!(sql("online_from = '8kB'", &[]), [true, true]);
    database.ask("INSERT INTO t SELECT i, i FROM generate_series(101, 2000) i");
    assert_eq!(sql("online_from = '16kB'", &[]), [true, false]);
    database.ask("ANALYZE t");
    assert_eq!(sql("online_from = '16kB'", &[]), [true, false]);
    assert_eq!(sql("online_from = '16kB'\nonline = false", &[]), [false, false]);
    assert_eq!(sql("online = false", &["--online", "true"]), [true, true]);
}
