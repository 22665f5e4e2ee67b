//! Rows are filled in small batches while others work, and a run that is killed goes on where it was.

mod support;

use std::time::Duration;
use support::{Database, Engine, Msr, finish, skip};

const OLD: &str = "CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL);\n";
const NEW: &str = "CREATE TABLE t (\n    id integer PRIMARY KEY,\n    name text NOT NULL,\n    -- msr:using upper(name)\n    \
                   shout text NOT NULL\n);\n";
/// Each update of a row that is committed leaves a mark, where msr does not look.
const MARKS: &str = "CREATE SCHEMA aside; CREATE TABLE aside.marks (id integer);
    CREATE FUNCTION aside.mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO aside.marks VALUES (new.id); RETURN NULL; END $$;
    CREATE TRIGGER mark AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION aside.mark();\n";

fn setting(test: &str, rows: u32, backfill: &str) -> Option<(Database, Msr)> {
    if let Some(why) = Engine::Postgres.missing() {
        skip(test, &why);
        return None;
    }
    let fill = format!("INSERT INTO t SELECT i, 'a' || i FROM generate_series(1, {rows}) i;\n");
    let database = Engine::Postgres.with(&format!("{OLD}{fill}{MARKS}")).expect("a database");
    let msr = Msr::new();
    msr.write(
        "msr.toml",
        format!("online = true\n[exclude]\nschemas = ['aside']\nkinds = ['trigger']\n[backfill]\n{backfill}"),
    );
    msr.write("new.sql", NEW);
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
    Some((database, msr))
}

#[track_caller]
fn wait_until(database: &Database, query: &str) {
    support::until(query, || database.load(query).is_ok_and(|answer| answer.trim() == "t"));
}

#[test]
fn p13_a_killed_backfill_goes_on_and_does_no_row_twice() {
    let Some((database, msr)) = setting("p13_killed", 20_000, "batch = '5ms'\nrest = 300\n") else { return };
    let url = database.url();
    let mut killed = 0;
    for least in [1_000, 6_000] {
        let mut child = msr.command(&["apply", "p.ron", "--yes", "--database", &url]).spawn().expect("the binary runs");
        wait_until(&database, &format!("SELECT coalesce(max(rows), 0) > {least} FROM msr.backfill"));
        child.kill().expect("a child");
        child.wait().expect("a child");
        killed += 1;
        let others = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        wait_until(&database, &format!("SELECT count(*) = 0 FROM pg_stat_activity WHERE {others}"));
        // Those rows are filled that the journal says, and what the application wrote.
        let upto = "(SELECT (place::json->>0)::integer FROM msr.backfill)";
        let agree = format!("SELECT bool_and((shout IS NOT NULL) = (id <= {upto})) FROM t WHERE name LIKE 'a%'");
        assert_eq!(database.ask(&agree), "t");
        // The old application writes meanwhile, behind the place and before it.
        let ids = [killed, 20_000 - killed, 30_000 + killed];
        database.ask(&format!("UPDATE t SET name = 'b' WHERE id IN ({}, {})", ids[0], ids[1]));
        database.ask(&format!("INSERT INTO t (id, name) VALUES ({}, 'c')", ids[2]));
    }
    msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0);
    assert_eq!(
        database.ask("SELECT count(*), count(*) FILTER (WHERE shout = upper(name)) FROM t WHERE name LIKE 'a%'"),
        "19996|19996"
    );
    assert_eq!(database.ask("SELECT count(*) FROM t WHERE shout IS NULL"), "0");
    // Four rows were written by the application.
    assert_eq!(
        database.ask("SELECT count(*), count(DISTINCT id) FROM aside.marks WHERE id NOT IN (1, 2, 19998, 19999)"),
        "19996|19996"
    );
    assert_eq!(database.ask("SELECT count(*) FROM msr.backfill"), "0");
    msr.on(&database, &["apply", "p.ron", "--yes", "--phase", "contract"]).expect(0);
    msr.on(&database, &["plan", "--schema", "new.sql", "--detailed-exitcode"]).expect(0);
}

#[test]
fn p13_a_backfill_that_was_stopped_is_taken_back_and_begins_anew() {
    let Some((database, msr)) = setting("p13_back", 5_000, "batch = '5ms'\nrest = 1000\n") else { return };
    let url = database.url();
    let child = msr.command(&["apply", "p.ron", "--yes", "--database", &url]).spawn().expect("the binary runs");
    wait_until(&database, "SELECT coalesce(max(rows), 0) > 500 FROM msr.backfill");
    let pid = i32::try_from(child.id()).expect("a process id");
    std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status().expect("kill");
    assert_eq!(finish(child, Duration::from_secs(30)).code, 143);
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
    let columns = "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped";
    assert_eq!(database.ask(columns), "id name");
    assert_eq!(database.ask("SELECT count(*) FROM msr.backfill"), "0");
    msr.write("msr.toml", "online = true\n[exclude]\nschemas = ['aside']\nkinds = ['trigger']\n");
    msr.on(&database, &["apply", "p.ron", "--yes", "--phase", "all"]).expect(0);
    assert_eq!(database.ask("SELECT count(*) FROM t WHERE shout = upper(name)"), "5000");
}
