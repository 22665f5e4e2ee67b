//! msr in a program, and databases for tests.

#[macro_use]
mod support;

use msr::embed::Database;
use msr::model::Kind;
use std::time::{Duration, Instant};
use support::{Engine, Msr, folder};

const ONE: &str = "CREATE TABLE one (id integer PRIMARY KEY, note text);\n";
const TWO: &str = "CREATE TABLE one (id integer PRIMARY KEY, note text);\nCREATE TABLE two (id integer PRIMARY KEY REFERENCES one (id));\n";

fn loop_of_a_program(engine: Engine) {
    let database = engine.fresh();
    let files = folder();
    let schema = files.path().join("s.sql");
    std::fs::write(&schema, TWO).expect("a file");
    let mut embedded = Database::connect(&database.url()).expect("a connection");
    assert_eq!(embedded.status().expect("a status"), None);
    let plan = embedded.plan(&schema).expect("a plan");
    assert!(plan.steps.iter().any(|s| s.subject.kind == Kind::Table && s.subject.name() == "two"));
    assert!(!database.dump().keys().any(|key| key.ends_with("two")), "a plan changes nothing");
    embedded.apply(&plan).expect("it applies");
    assert!(database.dump().keys().any(|key| key.ends_with("two")));
    assert!(embedded.plan(&schema).expect("a plan").is_empty());
    assert_eq!(embedded.status().expect("a status").map(|s| s.version), Some(plan.header.version.clone()));
    // What the command line refuses is refused here.
    std::fs::write(&schema, ONE).expect("a file");
    let plan = embedded.plan(&schema).expect("a plan");
    let refused = embedded.apply(&plan).expect_err("it destroys data");
    assert_eq!(refused.code, Some(msr::error::code::DENIED), "{refused}");
    let mut embedded = Database::connect(&database.url()).expect("a connection").allow("destructive");
    let plan = embedded.plan(&schema).expect("a plan");
    embedded.apply(&plan).expect("it is allowed");
    assert!(!database.dump().keys().any(|key| key.ends_with("two")));
}

both!(a_program_plans_and_applies, loop_of_a_program);

fn migrates(engine: Engine) {
    let (msr, first, second) = (Msr::new(), engine.fresh(), engine.fresh());
    msr.write("schema/s.sql", TWO);
    msr.on(&first, &["plan", "--save", "two"]).expect(0);
    let mut embedded = Database::connect(&second.url()).expect("a connection");
    assert_eq!(embedded.migrate(msr.path("plans")).expect("it migrates").len(), 1);
    assert_eq!(embedded.migrate(msr.path("plans")).expect("nothing to do").len(), 0);
    assert!(second.dump().keys().any(|key| key.ends_with("two")));
}

both!(a_program_migrates, migrates);

/// The time that the quickest of some takes: the machine may be busy.
fn quickest<T>(work: impl Fn() -> T) -> Duration {
    let one = |_| {
        let begun = Instant::now();
        drop(work());
        begun.elapsed()
    };
    (0..10).map(one).min().unwrap_or_default()
}

#[test]
fn a_test_has_a_database_of_its_own_on_sqlite() {
    let files = folder();
    let schema = files.path().join("s.sql");
    std::fs::write(&schema, TWO).expect("a file");
    let (a, b) = (msr::testing::sqlite(&schema).expect("one"), msr::testing::sqlite(&schema).expect("another"));
    assert_ne!(a.url(), b.url());
    for scratch in [&a, &b] {
        let mut embedded = Database::connect(scratch.url()).expect("a connection");
        assert!(embedded.plan(&schema).expect("a plan").is_empty(), "it has the schema");
    }
    let path = std::path::PathBuf::from(a.url().trim_start_matches("sqlite://"));
    assert!(path.is_file());
    drop(a);
    assert!(!path.exists(), "gone when dropped");
    let took = quickest(|| msr::testing::sqlite(&schema).expect("one more"));
    assert!(took < Duration::from_millis(50), "{took:?}");
    eprintln!("a SQLite database in {took:?}");
}

#[test]
fn a_test_has_a_database_of_its_own_on_postgres() {
    needs!(Engine::Postgres);
    let server = Engine::Postgres.fresh();
    let files = folder();
    let schema = files.path().join("s.sql");
    std::fs::write(&schema, TWO).expect("a file");
    let url = server.url();
    let all: Vec<_> = std::thread::scope(|scope| {
        let one = || msr::testing::postgres(&url, &schema).unwrap_or_else(|e| panic!("{e}"));
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|t| t.join().expect("a database")).collect()
    });
    let mut embedded = Database::connect(all[3].url()).expect("a connection");
    assert!(embedded.plan(&schema).expect("a plan").is_empty(), "it has the schema");
    drop(embedded);
    drop(all);
    assert_eq!(server.ask("SELECT count(*) FROM pg_database WHERE datname LIKE 'msr\\_test\\_%'"), "0");
    assert_eq!(server.ask("SELECT count(*) FROM pg_database WHERE datname LIKE 'msr\\_template\\_%'"), "1");
    let took = quickest(|| msr::testing::postgres(&url, &schema).expect("one more"));
    eprintln!("a PostgreSQL database in {took:?}");
    std::fs::write(&schema, "CREATE TABLE broken (a no_such_type);").expect("a file");
    let error = msr::testing::postgres(&url, &schema).err().expect("it does not load");
    assert!(error.to_string().contains("no_such_type"), "{error}");
}
