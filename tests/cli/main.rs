//! The command line's contract: exit codes, and every refusal, with a message that says what and where.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;
mod adversity;
mod databases;
mod plans;
mod schema_files;

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
