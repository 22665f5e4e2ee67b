//! What an old application still uses is taken from it in a phase of its own, and can be brought back.

mod support;

use support::{Database, Engine, Msr, Output, skip};

const OLD: &str = "CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL);
CREATE TABLE gone (id integer PRIMARY KEY, note text);\n";
const ROWS: &str = "INSERT INTO t SELECT i, i FROM generate_series(1, 100) i;
INSERT INTO gone VALUES (1, 'kept');\n";
const NEW: &str = "CREATE TABLE t (id integer PRIMARY KEY, b text);\n";

fn setting(test: &str, old: &str) -> Option<(Database, Msr)> {
    if let Some(why) = Engine::Postgres.missing() {
        skip(test, &why);
        return None;
    }
    let database = Engine::Postgres.with(old).expect("a database");
    let msr = Msr::new();
    msr.write("msr.toml", "online = true\n");
    Some((database, msr))
}

fn plan(msr: &Msr, database: &Database, schema: &str) -> Output {
    msr.write("new.sql", schema);
    msr.on(database, &["plan", "--schema", "new.sql", "--out", "p.ron"])
}

fn same_as(database: &Database, sql: &str) {
    let fresh = Engine::Postgres.with(sql).expect("a database");
    let found = support::differences(&database.dump(), &fresh.dump());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_goes_waits_is_parked_comes_back_and_is_purged() {
    let Some((database, msr)) = setting("phases", &format!("{OLD}{ROWS}")) else { return };
    plan(&msr, &database, NEW).expect(0);
    let expanded = msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0);
    assert!(expanded.stdout.contains("--phase contract"), "{}", expanded.said());
    // Both applications work.
    database.ask("INSERT INTO t (id, a) VALUES (101, 1); INSERT INTO t (id, b) VALUES (102, 1)");
    assert_eq!(database.ask("SELECT count(note) FROM gone"), "1");
    let again = msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.said());
    let list = msr.on(&database, &["list"]).expect(0);
    assert!(list.stdout.contains("waits for contract"), "{}", list.said());
    let status = msr.on(&database, &["status"]).expect(0);
    assert!(status.stdout.contains("waits for contract"), "{}", status.said());
    // The same schema has nothing new to say, another one has to wait.
    let same = msr.on(&database, &["plan", "--schema", "new.sql", "--detailed-exitcode"]).expect(0);
    assert!(same.stderr.contains("waits for its contract phase"), "{}", same.said());
    let other = plan(&msr, &database, "CREATE TABLE t (id integer PRIMARY KEY, b text, c integer);\n").expect(4);
    assert!(other.stderr.contains("waits for its contract phase"), "{}", other.said());
    msr.write("new.sql", NEW);
    msr.on(&database, &["apply", "p.ron", "--yes", "--phase", "contract"]).expect(0);
    same_as(&database, NEW);
    msr.on(&database, &["plan", "--schema", "new.sql", "--detailed-exitcode"]).expect(0);
    database.ask("DELETE FROM t WHERE id > 100");
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
    same_as(&database, OLD);
    assert_eq!(database.ask("SELECT sum(a), (SELECT note FROM gone) FROM t"), "5050|kept");

    msr.on(&database, &["apply", "p.ron", "--yes", "--phase", "all"]).expect(0);
    let young = msr.on(&database, &["purge", "--yes"]).expect(0);
    assert!(young.stderr.contains("nothing has been out of the way for 14d"), "{}", young.said());
    let refused = msr.on(&database, &["purge", "--older-than", "0", "--yes"]).expect(4);
    assert!(refused.stderr.contains("--allow drop-column --allow drop-table"), "{}", refused.said());
    msr.on(&database, &["purge", "--older-than", "0", "--yes", "--allow", "destructive"]).expect(0);
    let left = "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'msr_trash%'), \
                (SELECT count(*) FROM pg_attribute WHERE attname LIKE 'msr_trash%')";
    assert_eq!(database.ask(left), "0|0");
    msr.on(&database, &["plan", "--schema", "new.sql", "--detailed-exitcode"]).expect(0);
    let late = msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(4);
    assert!(late.stderr.contains("was purged"), "{}", late.said());
    let nothing = msr.on(&database, &["purge", "--older-than", "0", "--yes"]).expect(0);
    assert!(nothing.stderr.contains("nothing has been out of the way"), "{}", nothing.said());
}

#[test]
fn an_expanded_plan_is_taken_back() {
    let Some((database, msr)) = setting("phases_back", &format!("{OLD}{ROWS}")) else { return };
    plan(&msr, &database, NEW).expect(0);
    msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0);
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
    same_as(&database, OLD);
    assert_eq!(database.ask("SELECT sum(a), (SELECT note FROM gone) FROM t"), "5050|kept");
}

#[test]
fn small_tables_and_those_who_want_it_have_one_phase() {
    let Some((database, msr)) = setting("phases_off", &format!("{OLD}{ROWS}")) else { return };
    for settings in ["", "online = true\nphases = false\n", "online = false\n"] {
        msr.write("msr.toml", settings);
        plan(&msr, &database, NEW).expect(0);
        let sql = msr.run(&["show", "p.ron", "--format", "sql"]).expect(0).stdout;
        assert!(sql.contains("DROP TABLE public.gone") && sql.contains("DROP COLUMN a"), "{sql}");
    }
}

#[test]
fn keys_that_have_grown_too_large_keep_their_new_type() {
    let (old, new) = ("CREATE TABLE t (id serial PRIMARY KEY);\n", "CREATE TABLE t (id bigserial PRIMARY KEY);\n");
    let Some((database, msr)) = setting("phases_large_keys", old) else { return };
    plan(&msr, &database, new).expect(0);
    msr.on(&database, &["apply", "p.ron", "--yes", "--phase", "all"]).expect(0);
    database.ask("INSERT INTO t (id) VALUES (3000000000)");
    let refused = msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(1);
    assert!(refused.stderr.contains("integer out of range"), "{}", refused.said());
    assert_eq!(database.ask("SELECT id FROM t"), "3000000000");
    database.ask("INSERT INTO t DEFAULT VALUES; DELETE FROM t WHERE id > 1");
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
    same_as(&database, old);
    assert_eq!(database.ask("INSERT INTO t DEFAULT VALUES; SELECT max(id) FROM t"), "2");
}

/// What a split can't give back is told, in nobody's way, and kept for as long as nobody writes it.
#[test]
fn a_way_back_that_is_lossy_for_some_rows_says_for_which() {
    let old = "CREATE TABLE people (id integer PRIMARY KEY, full_name text NOT NULL);\n";
    let rows = "INSERT INTO people VALUES (1, 'Ada Lovelace'), (2, 'Jean Claude Van Damme'), (3, 'Grace  Hopper'), (4, 'A  B');\n";
    let Some((database, msr)) = setting("lossy for some", &format!("{old}{rows}")) else { return };
    let new = "CREATE TABLE people (id integer PRIMARY KEY,
        -- msr:using split_part(full_name, ' ', 1)
        -- msr:back full_name = concat_ws(' ', first_name, last_name)
        first_name text NOT NULL,
        -- msr:using split_part(full_name, ' ', 2)
        last_name text NOT NULL);\n";
    let told = "3 rows of table public.people have in `full_name` what `first_name`, `last_name` do not give back";
    let line = |output: &Output| output.said().split_whitespace().collect::<Vec<_>>().join(" ");
    let planned = line(&plan(&msr, &database, new).expect(0));
    assert!(planned.contains(told) && planned.contains("(keys: 2; 3; 4)"), "{planned}");
    let applied = line(&msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0));
    assert!(applied.contains(told), "{applied}");
    // Filling has changed nothing, and a change of something else does not either.
    let all = "SELECT string_agg(full_name, '|' ORDER BY id) FROM people";
    database.ask("UPDATE people SET id = id");
    assert_eq!(database.ask(all), "Ada Lovelace|Jean Claude Van Damme|Grace  Hopper|A  B");
    database.ask("UPDATE people SET first_name = 'Hans' WHERE id = 2");
    msr.on(&database, &["apply", "p.ron", "--yes", "--phase", "contract"]).expect(0);
    database.ask(
        "UPDATE people SET last_name = 'C' WHERE id = 4; INSERT INTO people (id, first_name, last_name) VALUES (5, '', ''), (6, 'Alan', 'Turing')",
    );
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(database.ask(all), "Ada Lovelace|Hans Claude|Grace  Hopper|A C| |Alan Turing");
    database.ask("DELETE FROM people WHERE id > 4");
    same_as(&database, old);
}
