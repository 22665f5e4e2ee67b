//! The command line's contract: exit codes, and every refusal, with a message that says what and where.

#[macro_use]
mod support;

use std::process::Stdio;
use std::time::{Duration, Instant};
use support::{Database, Engine, Msr, Output, finish, postgres};

const ONE: &str = "CREATE TABLE one (id integer PRIMARY KEY, note text);\n";
const TWO: &str = "CREATE TABLE one (id integer PRIMARY KEY, note text);\nCREATE TABLE two (id integer PRIMARY KEY);\n";

/// An engine's database with `ONE` in it, and a plan from there to `TWO` in `p.ron`.
fn planned(engine: Engine) -> (Msr, Database) {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("two.sql", TWO);
    msr.on(&database, &["plan", "--schema", "two.sql", "--out", "p.ron"]).expect(0);
    (msr, database)
}

fn apply(msr: &Msr, database: &Database) -> Output {
    msr.on(database, &["apply", "p.ron", "--phase", "all", "--yes"])
}

fn plan(msr: &Msr, database: &Database, schema: &str) -> Output {
    msr.on(database, &["plan", "--schema", schema, "--out", "p.ron"])
}

fn has_two(database: &Database) -> bool {
    database.dump().keys().any(|key| key.to_lowercase().starts_with("table ") && key.ends_with("two"))
}

#[track_caller]
fn says(output: &Output, words: &[&str]) {
    for word in words {
        let said = format!("{}{}", output.stdout, output.stderr);
        assert!(said.contains(word), "does not say `{word}`: {}", output.said());
    }
}

// Exit codes.

#[test]
fn wrong_usage_is_64() {
    let msr = Msr::new();
    msr.run(&["no-such-command"]).expect(64);
    msr.run(&["plan", "--no-such-flag"]).expect(64);
    msr.run(&["apply"]).expect(64);
    msr.run(&["plan", "--color", "mauve"]).expect(64);
}

#[test]
fn help_and_version_are_0() {
    let msr = Msr::new();
    assert!(msr.run(&["--version"]).expect(0).stdout.starts_with("msr "));
    let help = msr.run(&["--help"]).expect(0);
    says(&help, &["plan", "apply", "migrate", "down", "list"]);
    for command in ["init", "plan", "show", "apply", "migrate", "down", "list", "validate", "status", "inspect", "diff"]
    {
        msr.run(&[command, "--help"]).expect(0);
    }
}

#[test]
fn wrong_configuration_is_78() {
    needs!(Engine::Sqlite);
    let msr = Msr::new();
    msr.write("new.sql", ONE);
    msr.write("msr.toml", "this is not TOML");
    says(&msr.run(&["plan", "--schema", "new.sql"]).expect(78), &["msr.toml"]);
    msr.write("msr.toml", "no_such_setting = 1\n");
    says(&msr.run(&["plan", "--schema", "new.sql"]).expect(78), &["no_such_setting"]);
    let missing = msr.run(&["plan", "--schema", "new.sql", "--config", "nowhere.toml"]).expect(78);
    says(&missing, &["nowhere.toml"]);
}

#[test]
fn a_url_of_no_engine_is_refused_and_not_repeated() {
    let msr = Msr::new();
    msr.write("new.sql", ONE);
    let output = msr.run(&["plan", "--schema", "new.sql", "--database", "oracle://me:s3cr%2Ft@host/db"]);
    assert!([64, 78].contains(&output.code), "{}", output.said());
    assert!(!output.said().contains("s3cr"), "the password is shown: {}", output.said());
}

both!(detailed_exitcode_is_2_with_changes_and_0_without, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("one.sql", ONE);
    msr.write("two.sql", TWO);
    msr.on(&database, &["plan", "--schema", "two.sql", "--detailed-exitcode"]).expect(2);
    msr.on(&database, &["plan", "--schema", "two.sql"]).expect(0);
    msr.on(&database, &["plan", "--schema", "one.sql", "--detailed-exitcode"]).expect(0);
});

both!(plan_changes_nothing_in_the_database, |engine| {
    let (_msr, database) = planned(engine);
    assert_eq!(database.dump(), engine.with(ONE).expect("it loads").dump());
});

both!(the_loop_of_plan_apply_down, |engine| {
    let (msr, database) = planned(engine);
    apply(&msr, &database).expect(0);
    assert!(has_two(&database));
    says(&msr.on(&database, &["list"]).expect(0), &["applied"]);
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
    assert!(!has_two(&database));
});

both!(the_versioned_way, |engine| {
    let database = engine.fresh();
    let msr = Msr::new();
    msr.run(&["init"]).expect(0);
    for name in std::fs::read_dir(msr.path("schema")).expect("schema/").flatten() {
        std::fs::remove_file(name.path()).expect("removed");
    }
    msr.write("schema/one.sql", ONE);
    msr.on(&database, &["plan", "--save", "first"]).expect(0);
    msr.on(&database, &["list", "--check"]).expect(2);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    msr.write("schema/two.sql", "CREATE TABLE two (id integer PRIMARY KEY);");
    msr.on(&database, &["plan", "--save", "second"]).expect(0);
    let names: Vec<String> = std::fs::read_dir(msr.path("plans"))
        .expect("plans/")
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into())
        .collect();
    assert!(names.iter().any(|n| n.ends_with("_second.ron")), "{names:?}");
    msr.on(&database, &["validate"]).expect(0);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    msr.on(&database, &["list", "--check"]).expect(0);
    assert!(has_two(&database));
    // Nothing pending: done.
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
    assert!(!has_two(&database));
    msr.on(&database, &["down", "0", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(database.dump(), engine.fresh().dump());
});

// Schema files.

both!(a_schema_file_that_is_not_there, |engine| {
    let msr = Msr::new();
    let output = plan(&msr, &engine.fresh(), "nowhere.sql");
    assert!([4, 64, 78].contains(&output.code), "{}", output.said());
    says(&output, &["nowhere.sql"]);
});

#[test]
fn a_schema_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    needs!(Engine::Sqlite);
    let msr = Msr::new();
    let path = msr.write("new.sql", ONE);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("chmod");
    if std::fs::read(&path).is_ok() {
        // Root may read everything; a folder where a file should be, it can't read either.
        std::fs::remove_file(&path).expect("removed");
        std::fs::create_dir(&path).expect("a folder");
        std::fs::create_dir(path.join("nested.sql")).expect("a folder");
    }
    let output = plan(&msr, &Engine::Sqlite.fresh(), "new.sql");
    assert!([1, 4, 64, 78].contains(&output.code), "{}", output.said());
    says(&output, &["new.sql"]);
}

both!(a_schema_file_that_is_not_utf8, |engine| {
    let msr = Msr::new();
    msr.write("new.sql", b"CREATE TABLE a (id integer);\n-- gr\xfc\xdfe\n");
    let output = plan(&msr, &engine.fresh(), "new.sql").expect(4);
    says(&output, &["new.sql", "UTF-8"]);
});

both!(a_byte_order_mark_and_carriage_returns_are_nothing, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("one.sql", format!("\u{feff}{}", ONE.replace('\n', "\r\n")));
    msr.on(&database, &["plan", "--schema", "one.sql", "--detailed-exitcode"]).expect(0);
});

both!(a_huge_schema_file, |engine| {
    let msr = Msr::new();
    // Comments only: whatever the limit is, it must not hang, or eat the machine's memory, or crash.
    let line = "-- padding padding padding padding padding padding padding padding\n";
    msr.write("new.sql", format!("{ONE}{}", line.repeat(64 * 1024 * 1024 / line.len())));
    let begun = Instant::now();
    let output = plan(&msr, &engine.fresh(), "new.sql");
    assert!([0, 4].contains(&output.code), "{}", output.said());
    assert!(begun.elapsed() < Duration::from_secs(60), "took {:?}", begun.elapsed());
});

both!(an_empty_schema_against_a_full_database_needs_an_allowance, |engine| {
    let database = engine.with(TWO).expect("it loads");
    let before = database.dump();
    let msr = Msr::new();
    msr.write("empty.sql", "-- nothing here\n");
    std::fs::create_dir(msr.path("schema")).expect("a folder");
    for schema in ["empty.sql", "schema"] {
        let mut refused = plan(&msr, &database, schema);
        if refused.code == 0 {
            refused = apply(&msr, &database);
        }
        let refused = refused.expect(4);
        says(&refused, &["--allow"]);
        assert_eq!(database.dump(), before);
    }
    let planned = msr.on(&database, &["plan", "--schema", "empty.sql", "--out", "p.ron", "--allow", "all"]);
    assert_eq!(planned.code, 0, "{}", planned.said());
    msr.on(&database, &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(database.dump(), engine.fresh().dump());
});

both!(dropping_a_table_needs_an_allowance, |engine| {
    let database = engine.with(TWO).expect("it loads");
    database.load("INSERT INTO two VALUES (1)").expect("a row");
    let msr = Msr::new();
    msr.write("one.sql", ONE);
    plan(&msr, &database, "one.sql").expect(0);
    says(&apply(&msr, &database).expect(4), &["two", "--allow"]);
    assert_eq!(database.ask("SELECT count(*) FROM two"), "1");
});

both!(sql_that_the_engine_rejects_is_shown_with_file_line_column, |engine| {
    let msr = Msr::new();
    msr.write("schema/a.sql", ONE);
    msr.write(
        "schema/b.sql",
        "-- a comment\n\nCREATE TABLE b (\n    id integer PRIMARY KEY,\n    CHECK (no_such_column > 0)\n);\n",
    );
    let output = plan(&msr, &engine.fresh(), "schema").expect(4);
    says(&output, &["b.sql:", "no_such_column"]);
    let place = output.stderr.split("b.sql:").nth(1).expect("a place");
    let line: usize = place.split(':').next().expect("a line").parse().expect("a number");
    assert!((3..=6).contains(&line), "line {line}: {}", output.said());
});

both!(a_syntax_error_is_shown_with_file_line_column, |engine| {
    let msr = Msr::new();
    msr.write("new.sql", "CREATE TABLE a (id integer);\nCREATE TABEL b (id integer);\n");
    says(&plan(&msr, &engine.fresh(), "new.sql").expect(4), &["new.sql:2:", "TABEL"]);
});

both!(files_in_any_order, |engine| {
    let msr = Msr::new();
    msr.write("schema/1.sql", "CREATE VIEW v AS SELECT id FROM child;");
    msr.write("schema/2/3.sql", "CREATE TABLE child (id integer PRIMARY KEY, parent integer REFERENCES parent (id));");
    msr.write("schema/4.sql", "CREATE TABLE parent (id integer PRIMARY KEY);");
    let database = engine.fresh();
    plan(&msr, &database, "schema").expect(0);
    apply(&msr, &database).expect(0);
});

both!(a_rename_hint_whose_old_name_is_not_there, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", format!("{ONE}-- msr:renamed from nobody\nCREATE TABLE two (id integer PRIMARY KEY);\n"));
    says(&plan(&msr, &database, "new.sql").expect(4), &["nobody", "new.sql:"]);
});

both!(a_rename_hint_whose_old_name_is_still_wanted, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", format!("{ONE}-- msr:renamed from one\nCREATE TABLE two (id integer PRIMARY KEY);\n"));
    says(&plan(&msr, &database, "new.sql").expect(4), &["one", "new.sql:"]);
});

both!(a_rename_hint_that_has_been_followed_is_no_change, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", "-- msr:renamed from one\nCREATE TABLE uno (id integer PRIMARY KEY, note text);\n");
    plan(&msr, &database, "new.sql").expect(0);
    says(&apply(&msr, &database).expect(4), &["--allow rename-table"]);
    msr.on(&database, &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "rename-table"]).expect(0);
    msr.on(&database, &["plan", "--schema", "new.sql", "--detailed-exitcode"]).expect(0);
});

both!(a_drop_and_an_add_alike_give_the_hint_to_write, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", "CREATE TABLE uno (id integer PRIMARY KEY, note text);\n");
    says(&msr.on(&database, &["plan", "--schema", "new.sql"]), &["msr:renamed from one"]);
});

// Names.

both!(names_with_quotes_newlines_and_keywords, |engine| {
    let database = engine.fresh();
    let msr = Msr::new();
    msr.write("new.sql", "CREATE TABLE \"sel\"\"ect\nfrom\" (\"order\" integer PRIMARY KEY, \"a'b\" text, \"; DROP TABLE x; --\" integer);");
    plan(&msr, &database, "new.sql").expect(0);
    apply(&msr, &database).expect(0);
    msr.on(&database, &["plan", "--schema", "new.sql", "--detailed-exitcode"]).expect(0);
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
});

#[test]
fn a_name_of_64_bytes_is_refused_on_postgres() {
    needs!(Engine::Postgres);
    let msr = Msr::new();
    let name = "n".repeat(64);
    msr.write("new.sql", format!("CREATE TABLE {name} (id int);"));
    says(&plan(&msr, &Engine::Postgres.fresh(), "new.sql").expect(4), &["63", "new.sql:1"]);
    msr.write("column.sql", format!("CREATE TABLE t (id int, \"{}\" int);", "ü".repeat(32)));
    says(&plan(&msr, &Engine::Postgres.fresh(), "column.sql").expect(4), &["63"]);
}

#[test]
fn control_characters_of_a_name_do_not_reach_the_terminal() {
    needs!(Engine::Sqlite);
    let msr = Msr::new();
    msr.write("new.sql", "CREATE TABLE \"a\u{1b}[31mred\" (id integer);");
    let output = plan(&msr, &Engine::Sqlite.fresh(), "new.sql");
    assert!(!output.said().contains('\u{1b}'), "{:?}", output.said());
}

// Plans.

both!(an_edited_plan, |engine| {
    let (msr, database) = planned(engine);
    let text = msr.read("p.ron");
    assert!(text.contains("two"), "{text}");
    msr.write("p.ron", text.replace("two", "three"));
    says(&apply(&msr, &database).expect(4), &["p.ron"]);
    assert!(!has_two(&database));
    // Sealed again, it is a plan like any other; it may still be refused for what it does, not for its checksum.
    msr.run(&["plan", "--reseal", "p.ron"]).expect(0);
    assert!(!apply(&msr, &database).said().contains("checksum"));
});

both!(a_plan_with_other_white_space_is_the_same_plan, |engine| {
    let (msr, database) = planned(engine);
    msr.write("p.ron", format!("\u{feff}{}", msr.read("p.ron").replace('\n', "\r\n")));
    apply(&msr, &database).expect(0);
});

both!(a_truncated_plan, |engine| {
    let (msr, database) = planned(engine);
    let text = msr.read("p.ron");
    for keep in [0, 1, text.len() / 2, text.len() - 3] {
        let at = (0..=keep).rev().find(|i| text.is_char_boundary(*i)).expect("a boundary");
        msr.write("p.ron", &text[..at]);
        says(&apply(&msr, &database).expect(4), &["p.ron"]);
    }
    assert!(!has_two(&database));
});

both!(a_plan_of_a_newer_format, |engine| {
    let (msr, database) = planned(engine);
    let text = msr.read("p.ron");
    let line = text.lines().find(|line| line.trim_start().starts_with("format")).expect("a format number").to_owned();
    let newer: String = line.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    msr.write("p.ron", text.replace(&line, &newer));
    let output = apply(&msr, &database).expect(4);
    says(&output, &["format", "9"]);
    assert!(!has_two(&database));
});

both!(a_plan_with_an_unknown_field, |engine| {
    let (msr, database) = planned(engine);
    let text = msr.read("p.ron");
    let (head, tail) = text.split_once('(').expect("a parenthesis");
    msr.write("p.ron", format!("{head}(\n    surprise: 1,{tail}"));
    says(&apply(&msr, &database).expect(4), &["surprise"]);
});

both!(a_file_that_is_no_plan, |engine| {
    let (msr, database) = planned(engine);
    for foreign in ["{\"terraform_version\": \"1.9\"}", "CREATE TABLE two (id int);", "\0\0\0\0", "(((((((((("] {
        msr.write("p.ron", foreign);
        says(&apply(&msr, &database).expect(4), &["p.ron"]);
    }
    let missing = msr.on(&database, &["apply", "nowhere.ron", "--yes"]);
    assert!([4, 64, 78].contains(&missing.code), "{}", missing.said());
});

#[test]
fn a_plan_nested_without_end_is_an_error_and_no_crash() {
    let msr = Msr::new();
    msr.write("p.ron", "(a: ".repeat(200_000));
    let output = msr.run(&["show", "p.ron"]);
    assert!([1, 4].contains(&output.code), "exit {}", output.code);
}

#[test]
fn a_plan_for_another_engine() {
    needs!(Engine::Postgres);
    needs!(Engine::Sqlite);
    let (msr, _database) = planned(Engine::Sqlite);
    let other = Engine::Postgres.with(ONE).expect("it loads");
    says(&apply(&msr, &other).expect(4), &["sqlite", "postgres"]);
    assert!(!has_two(&other));
}

both!(a_plan_for_another_database, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", ONE.replace("note text", "note text, more integer"));
    plan(&msr, &database, "new.sql").expect(0);
    // What the plan touches is not there, or is not what it was planned on.
    for other in ["CREATE TABLE elsewhere (id integer);", "CREATE TABLE one (number integer);"] {
        let other = engine.with(other).expect("it loads");
        let before = other.dump();
        says(&apply(&msr, &other).expect(4), &["one"]);
        assert_eq!(other.dump(), before);
    }
});

both!(a_stale_plan_names_what_moved, |engine| {
    let database = engine.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", ONE.replace("note text", "note text, more integer"));
    plan(&msr, &database, "new.sql").expect(0);
    database.load("ALTER TABLE one ADD COLUMN moved text").expect("altered");
    let output = apply(&msr, &database).expect(4);
    says(&output, &["one"]);
    assert!(!database.dump().values().flatten().any(|line| line.contains("more")));
});

both!(show_works_on_a_stale_plan, |engine| {
    let (msr, database) = planned(engine);
    database.load("DROP TABLE one").expect("dropped");
    says(&msr.run(&["show", "p.ron"]).expect(0), &["two"]);
});

both!(an_applied_plan_is_not_applied_again, |engine| {
    let (msr, database) = planned(engine);
    apply(&msr, &database).expect(0);
    let again = apply(&msr, &database);
    assert!([0, 4].contains(&again.code), "{}", again.said());
    assert!(has_two(&database));
});

// Databases.

#[test]
fn a_server_that_cannot_be_reached_is_3() {
    let msr = Msr::new();
    msr.write("new.sql", ONE);
    let begun = Instant::now();
    for url in
        ["postgres://me:s3cret@127.0.0.1:1/db?sslmode=disable", "postgres:///db?host=/nowhere&user=me&password=s3cret"]
    {
        let output = msr.run(&["plan", "--schema", "new.sql", "--database", url]).expect(3);
        assert!(!output.said().contains("s3cret"), "the password is shown: {}", output.said());
    }
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_database_that_is_not_there() {
    needs!(Engine::Postgres);
    let msr = Msr::new();
    msr.write("new.sql", ONE);
    let url = postgres().expect("a server").url("no_such_database");
    let output = msr.run(&["plan", "--schema", "new.sql", "--database", &url]);
    assert!([3, 4, 78].contains(&output.code), "{}", output.said());
    says(&output, &["no_such_database"]);
}

#[test]
fn a_role_that_may_not_log_in() {
    needs!(Engine::Postgres);
    let msr = Msr::new();
    msr.write("new.sql", ONE);
    // `app` has no LOGIN; with trust authentication there are no wrong passwords.
    let url = postgres().expect("a server").url_as("postgres", "app");
    let output = msr.run(&["plan", "--schema", "new.sql", "--database", &format!("{url}&password=p%40ss%2Fw")]);
    assert!([3, 4, 78].contains(&output.code), "{}", output.said());
    assert!(
        !output.said().contains("p@ss") && !output.said().contains("p%40ss"),
        "the password is shown: {}",
        output.said()
    );
}

#[test]
fn a_sqlite_file_that_is_no_database() {
    needs!(Engine::Sqlite);
    let msr = Msr::new();
    msr.write("new.sql", ONE);
    msr.write("text.db", "this is a text and no database, and it is long enough to be looked at. ".repeat(20));
    let output = msr.run(&["plan", "--schema", "new.sql", "--database", "sqlite://text.db"]);
    assert!([1, 4].contains(&output.code), "{}", output.said());
    says(&output, &["text.db", "database"]);
    assert!(msr.read("text.db").starts_with("this is a text"));
}

#[test]
fn p25_a_read_only_postgres_is_refused() {
    needs!(Engine::Postgres);
    let (msr, database) = planned(Engine::Postgres);
    database.load(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name)).expect("set");
    let output = apply(&msr, &database);
    assert!([3, 4].contains(&output.code), "{}", output.said());
    says(&output, &["read-only"]);
    assert!(!has_two(&database));
}

#[test]
fn a_read_only_sqlite_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    needs!(Engine::Sqlite);
    let (msr, database) = planned(Engine::Sqlite);
    let path = database.path();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).expect("chmod");
    let folder = path.parent().expect("a folder");
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o555)).expect("chmod");
    let output = if std::fs::OpenOptions::new().append(true).open(&path).is_ok() {
        // Root writes where it may not; `mode=ro` says the same.
        msr.run(&["apply", "p.ron", "--yes", "--phase", "all", "--database", &format!("{}?mode=ro", database.url())])
    } else {
        apply(&msr, &database)
    };
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    assert_eq!(output.code, 4, "{}", output.said());
    assert!(!has_two(&database));
}

#[test]
fn p30_a_role_without_privileges_is_told_the_grant() {
    needs!(Engine::Postgres);
    let (msr, database) = planned(Engine::Postgres);
    let server = postgres().expect("a server");
    let role = format!("weak_{}", database.name);
    database
        .load(&format!("CREATE ROLE {role} LOGIN; GRANT CONNECT ON DATABASE {} TO {role}", database.name))
        .expect("a role");
    let url = server.url_as(&database.name, &role);
    let output = msr.run(&["apply", "p.ron", "--yes", "--phase", "all", "--database", &url]).expect(4);
    says(&output, &["GRANT"]);
    assert!(!has_two(&database));
}

#[test]
fn p30_a_table_of_another_role_is_found_before_anything_is_done() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("two.sql", TWO.replace("note text", "note text, more integer"));
    plan(&msr, &database, "two.sql").expect(0);
    let (role, name) = (format!("other_{}", database.name), &database.name);
    let rights = format!("GRANT CONNECT, CREATE ON DATABASE {name} TO {role}; GRANT CREATE ON SCHEMA public TO {role}");
    database.load(&format!("CREATE ROLE {role} LOGIN; {rights}")).expect("a role");
    let url = postgres().expect("a server").url_as(name, &role);
    let apply = || msr.run(&["apply", "p.ron", "--yes", "--phase", "all", "--database", &url]);
    let refused = apply().expect(4);
    let grant = format!("GRANT postgres TO {role}");
    says(&refused, &[&format!("the role `{role}` may not"), &grant, "nothing was changed"]);
    assert_eq!(database.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'msr'"), "0");
    // What is told is enough.
    database.load(&grant).expect("the grant");
    apply().expect(0);
    assert!(has_two(&database));
}

#[test]
fn no_permission_for_scratch_names_the_ways_out() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(ONE).expect("it loads");
    let role = format!("noscratch_{}", database.name);
    database.load(&format!("CREATE ROLE {role} LOGIN")).expect("a role");
    let url = postgres().expect("a server").url_as(&database.name, &role);
    // With no server programs to be found there is no scratch at all.
    let msr = Msr::new().env("PATH", "/nonexistent").env("MSR_PG_BIN", "/nonexistent");
    msr.write("two.sql", TWO);
    let output = msr.run(&["plan", "--schema", "two.sql", "--database", &url]);
    if output.code == 0 {
        return; // It found a local server by a path of its own, which is one of the three ways.
    }
    says(&output.expect(4), &["--shadow", "CREATEDB"]);
}

#[test]
fn plan_needs_no_write_on_the_target() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(ONE).expect("it loads");
    database.load(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name)).expect("set");
    let msr = Msr::new();
    msr.write("two.sql", TWO);
    plan(&msr, &database, "two.sql").expect(0);
}

// Apply under adversity.

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

// Secrets.

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

// The sample under schema/.

/// The sample's files, in an order that the engines' own programs take.
fn sample(files: &[&str]) -> String {
    files
        .iter()
        .map(|name| std::fs::read_to_string(support::repository().join("schema").join(name)).expect("a file"))
        .collect()
}

#[test]
fn the_sample_is_what_msr_makes_of_it() {
    needs!(Engine::Sqlite);
    let want = Engine::Sqlite.with(&sample(&["books.sql", "loans.sql", "fines.sql", "rules.sql"])).expect("it loads");
    let database = Engine::Sqlite.fresh();
    let msr = Msr::new();
    let schema = support::repository().join("schema");
    plan(&msr, &database, schema.to_str().expect("a path")).expect(0);
    apply(&msr, &database).expect(0);
    assert_eq!(database.dump(), want.dump());
    let lend = "INSERT INTO loans (book_id, member_id) VALUES (1, 1);";
    let people = "INSERT INTO authors VALUES (1, 'A', 1950); INSERT INTO members VALUES (1, 'M', NULL, '2020-01-01');";
    database.load(&format!("{people} INSERT INTO books VALUES (1, '1', 'T', 1, 1); {lend}")).expect("one copy to lend");
    assert!(database.load(lend).expect_err("none left").contains("no copy"));
}

#[test]
fn the_sample_loads_on_postgres() {
    needs!(Engine::Postgres);
    Engine::Postgres.with(&sample(&["books.sql", "loans.sql", "fines.sql"])).expect("it loads");
}
