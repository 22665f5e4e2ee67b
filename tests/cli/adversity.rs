//! Apply against locks, others, kills and full disks; secrets and search paths.

use super::*;

both!(a_prompt_without_a_terminal_is_an_error, |engine| {
    let (msr, database) = planned(engine);
    let output = msr.on(&database, &["apply", "p.ron", "--phase", "all"]);
    if output.code != 0 {
        says(&output.expect(4), &["--yes"]);
        assert!(!has_two(&database));
    }
});

both!(a_lock_that_is_held_is_3_and_leaves_nothing, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", ONE.replace("note text", "note text, more integer"));
    plan(&msr, &database, "new.sql").expect(0);
    let mut holder = match engine {
        Engine::Postgres => postgres().expect("a server").program("psql"),
        Engine::Sqlite => std::process::Command::new("sqlite3"),
    };
    match engine {
        Engine::Postgres => holder.args(["-X", "-q", "-d", &database.name]),
        Engine::Sqlite => holder.arg(database.path()),
    };
    let mut holder =
        holder.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a client");
    use std::io::{BufRead, BufReader, Write};
    let begin =
        if engine == Engine::Postgres { "BEGIN; LOCK TABLE one IN ACCESS SHARE MODE" } else { "BEGIN IMMEDIATE" };
    writeln!(holder.stdin.as_mut().expect("stdin"), "{begin}; SELECT 'held';").expect("sent");
    let mut lines = BufReader::new(holder.stdout.take().expect("stdout")).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line.contains("held"))));
    let output = msr.on(&database, &["apply", "p.ron", "--phase", "all", "--yes", "--lock-wait", "2s"]);
    drop(holder.stdin.take());
    holder.wait().expect("ended");
    assert_eq!(output.code, 3, "{}", output.said());
    assert!(!database.dump().values().flatten().any(|line| line.contains("more")));
    apply(&msr, &database).expect(0);
});

both!(two_applies_at_once_are_one_application, |engine| {
    let (msr, database) = planned(engine);
    let url = database.url();
    let args = ["apply", "p.ron", "--phase", "all", "--yes", "--database", &url];
    let children: Vec<_> = (0..4).map(|_| msr.command(&args).spawn().expect("the binary runs")).collect();
    let outputs: Vec<Output> = children.into_iter().map(|child| finish(child, Duration::from_secs(120))).collect();
    assert!(outputs.iter().any(|o| o.code == 0), "{outputs:?}");
    // The others find it done, are told that another run was at work, or that the plan is not for this state any more.
    assert!(outputs.iter().all(|o| [0, 3, 4].contains(&o.code)), "{outputs:?}");
    assert!(has_two(&database));
    msr.on(&database, &["plan", "--schema", "two.sql", "--detailed-exitcode"]).expect(0);
});

both!(twenty_migrates_at_once_all_succeed, |engine| {
    let database = engine.fresh();
    let msr = Msr::new();
    msr.write("schema/two.sql", TWO);
    msr.on(&database, &["plan", "--save", "first"]).expect(0);
    let url = database.url();
    // On an empty database, and on an up-to-date one.
    for _ in 0..2 {
        let start = |_| msr.command(&["migrate", "--yes", "--database", &url]).spawn().expect("the binary runs");
        let children: Vec<_> = (0..20).map(start).collect();
        let outputs: Vec<Output> = children.into_iter().map(|child| finish(child, Duration::from_secs(120))).collect();
        assert!(
            outputs.iter().all(|o| o.code == 0),
            "{:#?}",
            outputs.iter().filter(|o| o.code != 0).collect::<Vec<_>>()
        );
        assert!(has_two(&database));
    }
});

both!(a_killed_apply_is_resumed, |engine| {
    let tables: String =
        (0..60).map(|i| format!("CREATE TABLE t{i} (id integer PRIMARY KEY, note text DEFAULT 'x');\n")).collect();
    let msr = Msr::new();
    msr.write("new.sql", &tables);
    let want = engine.with(&tables).expect("it loads").dump();
    for wait in [5, 20, 50, 100, 200, 400] {
        let database = engine.fresh();
        plan(&msr, &database, "new.sql").expect(0);
        let url = database.url();
        let mut child = msr
            .command(&["apply", "p.ron", "--phase", "all", "--yes", "--database", &url])
            .spawn()
            .expect("the binary runs");
        std::thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        finish(child, Duration::from_secs(10));
        let again = apply(&msr, &database);
        assert_eq!(again.code, 0, "killed after {wait} ms, then: {}", again.said());
        assert_eq!(database.dump(), want, "killed after {wait} ms");
    }
});

#[test]
fn a_full_disk_leaves_the_schema_as_it_was() {
    needs!(Engine::Sqlite);
    let database = Engine::Sqlite.with(ONE).expect("it loads");
    database.load("INSERT INTO one SELECT value, hex(randomblob(200)) FROM generate_series(1, 3000)").expect("rows");
    let msr = Msr::new();
    msr.write("new.sql", "CREATE TABLE one (id integer PRIMARY KEY, note text NOT NULL CHECK (note <> ''));");
    plan(&msr, &database, "new.sql").expect(0);
    let before = database.dump();
    // A limit on the size of files is to SQLite what a full disk is; the signal of it is ignored as the shell's child.
    let blocks = std::fs::metadata(database.path()).expect("a file").len() / 512 + 64;
    let url = database.url();
    let apply = msr.command(&["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all", "--database", &url]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""), "sh"]);
    shell.arg(apply.get_program()).args(apply.get_args()).current_dir(msr.path("")).env_clear().env("NO_COLOR", "1");
    let output =
        finish(shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh"), Duration::from_secs(60));
    assert_eq!(output.code, 1, "{}", output.said());
    assert_eq!(database.dump(), before);
    assert_eq!(database.ask("SELECT count(*) FROM one; PRAGMA integrity_check"), "3000\nok");
    // Room again: the second run gets there.
    let again = msr.on(&database, &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"]);
    assert_eq!(again.code, 0, "{}", again.said());
}

both!(interrupted_it_stops_cleanly_and_resumes, |engine| {
    let tables: String = (0..200).map(|i| format!("CREATE TABLE t{i} (id integer PRIMARY KEY);\n")).collect();
    let database = engine.fresh();
    let msr = Msr::new();
    msr.write("new.sql", &tables);
    plan(&msr, &database, "new.sql").expect(0);
    let url = database.url();
    let child = msr
        .command(&["apply", "p.ron", "--phase", "all", "--yes", "--database", &url])
        .spawn()
        .expect("the binary runs");
    std::thread::sleep(Duration::from_millis(60));
    let _ = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    let output = finish(child, Duration::from_secs(15));
    assert!([0, 143].contains(&output.code), "{}", output.said());
    apply(&msr, &database).expect(0);
    assert_eq!(database.dump(), engine.with(&tables).expect("it loads").dump());
});

#[test]
fn a_password_reaches_no_output_and_no_plan() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(ONE).expect("it loads");
    let role = format!("secret_{}", database.name);
    database.load(&format!("CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'p@#/:%?w'")).expect("a role");
    let url = format!("{}&password=p%40%23%2F%3A%25%3Fw", postgres().expect("a server").url_as(&database.name, &role));
    let msr = Msr::new().env("MSR_DATABASE_URL", url);
    msr.write("two.sql", TWO);
    let mut said = msr.run(&["plan", "--schema", "two.sql", "--out", "p.ron", "-v"]).expect(0).said();
    said += &msr.read("p.ron");
    said += &msr.run(&["apply", "p.ron", "--yes", "--phase", "all", "-v"]).expect(0).said();
    said += &msr.run(&["list"]).said();
    said += &database.ask(
        "SELECT string_agg(query_to_xml(format('SELECT * FROM msr.%I', relname), true, false, '')::text, '')
        FROM pg_class WHERE relnamespace = 'msr'::regnamespace AND relkind = 'r'",
    );
    for form in ["p@#/:%?w", "p%40%23%2F", "%3A%25%3Fw"] {
        assert!(!said.contains(form), "`{form}` is in: {said}");
    }
    database.load(&format!("DROP OWNED BY {role} CASCADE")).ok();
}

#[test]
fn p33_a_hostile_search_path_changes_nothing() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(ONE).expect("it loads");
    let evil = "CREATE SCHEMA evil;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''evil''; END';
CREATE FUNCTION evil.format_type(oid, integer) RETURNS text LANGUAGE sql AS 'SELECT ''evil''';";
    database.load(evil).expect("it loads");
    database
        .load(&format!("ALTER DATABASE {} SET search_path = evil, public, pg_catalog", database.name))
        .expect("set");
    let msr = Msr::new();
    msr.write("two.sql", format!("{evil}\n{}", TWO.replace("TABLE ", "TABLE public.")));
    plan(&msr, &database, "two.sql").expect(0);
    apply(&msr, &database).expect(0);
    assert!(has_two(&database));
}

/// Settings of a database that change how text is read or written, what a statement may do, and for how long.
const HOSTILE: [(&str, &str); 27] = [
    ("search_path", "evil"),
    ("DateStyle", "SQL, DMY"),
    ("IntervalStyle", "sql_standard"),
    ("TimeZone", "Asia/Kolkata"),
    ("client_encoding", "LATIN1"),
    ("extra_float_digits", "-15"),
    ("bytea_output", "escape"),
    ("xmlbinary", "hex"),
    ("xmloption", "document"),
    ("array_nulls", "off"),
    ("transform_null_equals", "on"),
    ("standard_conforming_strings", "off"),
    ("backslash_quote", "off"),
    ("quote_all_identifiers", "on"),
    ("check_function_bodies", "off"),
    ("row_security", "off"),
    ("client_min_messages", "debug5"),
    ("default_transaction_isolation", "serializable"),
    ("default_transaction_deferrable", "on"),
    ("synchronous_commit", "off"),
    ("exit_on_error", "on"),
    ("plan_cache_mode", "force_generic_plan"),
    ("idle_in_transaction_session_timeout", "1ms"),
    ("lock_timeout", "1ms"),
    ("statement_timeout", "15ms"),
    ("idle_session_timeout", "300ms"),
    ("restrict_nonsystem_relation_kind", "view, foreign-table"),
];

const WRITTEN: &str = r"
CREATE TABLE t (id integer PRIMARY KEY, note text, d date DEFAULT '2020-02-03', i interval DEFAULT '1 day 02:00',
    b bytea DEFAULT '\x01ff', f double precision DEFAULT '0.1', a text[] DEFAULT '{a,NULL}', w text DEFAULT 'a\b',
    at timestamptz DEFAULT '2020-02-03 04:05:06+00');
CREATE VIEW v AS SELECT id, note FROM t WHERE d > '2020-03-04' AND i < '3 days' AND at > '2021-01-02 00:00+00';
CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM v;
CREATE TABLE p (at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2021-01-01 00:00+00');
CREATE FUNCTION f(x xml DEFAULT '<a/>') RETURNS text LANGUAGE sql AS 'SELECT ''a\b''';
";

#[test]
fn p33_hostile_settings_change_nothing() {
    needs!(Engine::Postgres);
    let changes = [
        ("note text", "note character varying(20)"),
        ("2020-02-0", "2020-02-1"),
        ("ff'", "fe'"),
        ("0.1'", "0.30000000000000004'"),
        ("{a,", "{b,"),
        (r"a\b", r"a\c"),
        ("<a/>", "<b/>"),
        ("count(*)", "max(id)"),
        ("TO ('2021-", "TO ('2022-"),
    ];
    let new = changes.iter().fold(WRITTEN.to_owned(), |text, (from, to)| text.replace(from, to));
    let made = |settings: &[(&str, &str)]| {
        let database = Engine::Postgres.with(&format!("{WRITTEN}INSERT INTO t (id) VALUES (1);")).expect("it loads");
        let known = database.ask("SELECT name FROM pg_settings");
        let there = settings.iter().filter(|(name, _)| known.lines().any(|line| line == *name));
        let all = format!("ALTER DATABASE {}", database.name);
        database
            .load(&there.map(|(name, value)| format!("{all} SET {name} = '{value}';\n")).collect::<String>())
            .expect("set");
        let msr = Msr::new();
        msr.write("new.sql", &new);
        let planned = plan(&msr, &database, "new.sql").expect(0).stdout;
        msr.on(&database, &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"]).expect(0);
        says(&plan(&msr, &database, "new.sql").expect(0), &["No changes"]);
        database.load(&format!("{all} RESET ALL")).expect("reset");
        let planned = planned.split_once('\n').map(|(_, steps)| steps.to_owned());
        (planned.expect("a title and steps"), database.dump())
    };
    let (plain, hostile) = (made(&[]), made(&HOSTILE));
    assert_eq!(plain, hostile);
    assert!(plain.0.contains("8 to change, 3 to replace"), "all are changed: {}", plain.0);
}
