//! What is managed, what is taken over, and what can be a source: filters, `baseline`, `inspect`, `import`.

#[macro_use]
mod support;

use support::{Database, Engine, Msr, Output, differences};

#[track_caller]
fn says(output: &Output, words: &[&str]) {
    for word in words {
        let said = format!("{}{}", output.stdout, output.stderr);
        assert!(said.contains(word), "does not say `{word}`: {}", output.said());
    }
}

fn same(a: &Database, b: &Database) {
    let found = differences(&a.dump(), &b.dump());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

// Filters.

#[test]
fn p03_exclude_and_include_on_the_command_line() {
    needs!(Engine::Sqlite);
    let database =
        Engine::Sqlite.with("CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE tmp_c (x);").expect("it loads");
    let msr = Msr::new();
    msr.write("a.sql", "CREATE TABLE a (x);");
    let plan =
        |more: &[&str]| msr.on(&database, &[&["plan", "--schema", "a.sql", "--detailed-exitcode"], more].concat());
    says(&plan(&[]).expect(2), &["tmp_c"]);
    plan(&["--exclude", "tmp_*", "--exclude", "main.b"]).expect(0);
    plan(&["--include", "a"]).expect(0);
    plan(&["--exclude", "kind:table"]).expect(0);
    says(&plan(&["--exclude", "kind:tabel"]).expect(78), &["`tabel`"]);
    msr.write("msr.toml", "profile = 'heroku'\n");
    says(&plan(&[]).expect(78), &["`heroku`", "`supabase`"]);
    msr.write("msr.toml", "[manage]\ngrants = 'some'\n");
    says(&plan(&[]).expect(78), &["msr.toml:2"]);
}

// Baseline.

const TWO: &str = "CREATE TABLE a (id integer PRIMARY KEY, n text);\nCREATE VIEW v AS SELECT id FROM a;\n";

fn takes_over(engine: Engine) {
    let database = engine.with(TWO).expect("it loads");
    let before = database.dump();
    let msr = Msr::new();
    msr.write("schema/a.sql", "CREATE TABLE a (id integer PRIMARY KEY);");
    let differs = msr.on(&database, &["baseline", "--yes"]).expect(4);
    says(&differs, &["only in the database: view", "only in the database: column", "inspect --split"]);
    assert!(!msr.on(&database, &["list"]).expect(0).stdout.contains("baseline"));
    msr.write("schema/a.sql", TWO);
    says(&msr.on(&database, &["baseline"]).expect(4), &["--yes"]);
    says(&msr.on(&database, &["baseline", "--yes"]).expect(0), &["0 baseline"]);
    assert_eq!(database.dump(), before, "nothing but the journal is written");
    says(&msr.on(&database, &["list", "--check"]).expect(0), &["baseline"]);
    says(&msr.on(&database, &["status"]).expect(0), &["0 baseline, taken over"]);
    // Without a change no scratch is needed to say so: the server named here does not exist.
    let nowhere = ["plan", "--detailed-exitcode", "--shadow", "postgres://nobody@127.0.0.1:1/none"];
    msr.on(&database, &nowhere).expect(0);
    msr.write("schema/b.sql", "CREATE TABLE b (id integer PRIMARY KEY);");
    msr.on(&database, &["plan", "--save", "b"]).expect(0);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    says(&msr.on(&database, &["baseline", "--yes"]).expect(4), &["is managed", "`b`"]);
    msr.on(&database, &["down", "0", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(database.dump(), before, "down ends at the baseline");
}

#[test]
fn baseline_on_postgres() {
    needs!(Engine::Postgres);
    takes_over(Engine::Postgres);
}

#[test]
fn baseline_on_sqlite() {
    needs!(Engine::Sqlite);
    takes_over(Engine::Sqlite);
}

#[test]
fn a_baseline_covers_the_saved_plans_that_lead_to_it() {
    needs!(Engine::Sqlite);
    let msr = Msr::new();
    msr.write("schema/a.sql", TWO);
    let (first, second) = (Engine::Sqlite.fresh(), Engine::Sqlite.with(TWO).expect("it loads"));
    msr.on(&first, &["plan", "--save", "a"]).expect(0);
    msr.on(&second, &["baseline", "--yes"]).expect(0);
    says(&msr.on(&second, &["migrate", "--yes"]).expect(0), &["nothing is pending"]);
    msr.on(&first, &["migrate", "--yes"]).expect(0);
    same(&first, &second);
}
