//! Many `migrate` at once, as the pods of a deployment start: all succeed, and each plan is applied once (promises 15 to 17).
//!
//! Twenty at a time; `MSR_CONCURRENT=100` says how many.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;
#[path = "../connect/cluster.rs"]
#[allow(dead_code)] // shared with tests/connect, which uses all of it
mod cluster;
mod pooler;

use pooler::{Mode, Pooler};
use std::time::Duration;
use support::{Database, Engine, Msr, Output, finish};

const FIRST: &str = "CREATE TABLE a (id integer PRIMARY KEY, b integer);";
const SECOND: &str = "CREATE TABLE a (id integer PRIMARY KEY, b integer, c text); CREATE TABLE d (e integer);";
const THIRD: &str =
    "CREATE TABLE a (id integer PRIMARY KEY, b integer, c text); CREATE TABLE d (e integer); CREATE INDEX i ON a (b);";

fn many() -> usize {
    std::env::var("MSR_CONCURRENT").ok().and_then(|n| n.parse().ok()).unwrap_or(20)
}

/// A folder of plans, one for each of these schemas after the other, made against a database of its own.
fn planned(engine: Engine, schemas: &[&str]) -> Msr {
    let msr = Msr::new();
    let database = engine.fresh();
    // An index that is built concurrently, on a table however small.
    msr.write("msr.toml", "online = true\n");
    for (i, schema) in schemas.iter().enumerate() {
        msr.write("s.sql", schema);
        msr.on(&database, &["plan", "--schema", "s.sql", "--save", &format!("p{i}")]).expect(0);
        msr.on(&database, &["migrate", "--yes", "--allow", "all", "--phase", "all"]).expect(0);
    }
    msr
}

/// `migrate` as often as wanted, all at once.
fn at_once(msr: &Msr, url: &str, more: &[&str]) -> Vec<Output> {
    let args =
        [&["migrate", "--yes", "--allow", "all", "--phase", "all", "--lock-wait", "240s", "--database", url], more]
            .concat();
    let started: Vec<_> = (0..many()).map(|_| msr.command(&args).spawn().expect("msr")).collect();
    started.into_iter().map(|child| finish(child, Duration::from_secs(280))).collect()
}

#[track_caller]
fn all_exit(code: i32, outputs: &[Output]) {
    let other: Vec<String> = outputs.iter().filter(|o| o.code != code).map(Output::said).collect();
    assert!(other.is_empty(), "{} of {} did not exit {code}: {}", other.len(), outputs.len(), other[0]);
}

/// Each batch of each plan was done once, and nothing is INVALID.
#[track_caller]
fn once(database: &Database, plans: usize) {
    let journal = database.engine.journal();
    let twice = database.ask(&format!(
        "SELECT checksum, event, batch, count(*) FROM {journal} WHERE event IN ('batch', 'applied') GROUP BY 1, 2, 3 HAVING count(*) > 1"
    ));
    assert_eq!(twice, "", "done more than once");
    let applied = database.ask(&format!("SELECT count(*) FROM {journal} WHERE event = 'applied'"));
    assert_eq!(applied, plans.to_string());
    if database.engine == Engine::Postgres {
        assert_eq!(database.ask("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    }
}

both!(p15_many_at_once_on_an_empty_a_pending_and_a_current_database, |engine| {
    let msr = planned(engine, &[FIRST, SECOND, THIRD]);
    let database = engine.fresh();
    // Empty: all three plans are pending, the journal is not there.
    all_exit(0, &at_once(&msr, &database.url(), &[]));
    once(&database, 3);
    // Up to date.
    all_exit(0, &at_once(&msr, &database.url(), &[]));
    once(&database, 3);
    // One is pending.
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
    let journal = engine.journal();
    let before = database.ask(&format!("SELECT count(*) FROM {journal} WHERE event = 'applied'"));
    all_exit(0, &at_once(&msr, &database.url(), &[]));
    let after = database.ask(&format!("SELECT count(*) FROM {journal} WHERE event = 'applied'"));
    assert_eq!((before.as_str(), after.as_str()), ("3", "4"));
});

#[test]
fn p16_many_at_once_through_a_session_pooler() {
    needs!(Engine::Postgres);
    let Some(pooler) = Pooler::start(Mode::Session) else { return };
    let msr = planned(Engine::Postgres, &[FIRST, SECOND, THIRD]);
    let database = Engine::Postgres.fresh();
    all_exit(0, &at_once(&msr, &pooler.url(&database.name), &["--allow-pooler"]));
    once(&database, 3);
}

#[test]
fn p16_a_pooler_is_refused_unless_allowed() {
    needs!(Engine::Postgres);
    let Some(pooler) = Pooler::start(Mode::Transaction) else { return };
    let msr = planned(Engine::Postgres, &[FIRST, SECOND, THIRD]);
    let database = Engine::Postgres.fresh();
    let refused = at_once(&msr, &pooler.url(&database.name), &[]);
    all_exit(4, &refused);
    assert!(refused[0].said().contains("--allow-pooler"), "{}", refused[0].said());
    // A session that shows only what is managed is no other.
    let refused = at_once(&msr, &pooler.url(&database.name), &["--exclude", "nothing_of_this_name"]);
    all_exit(4, &refused);
    assert_eq!(database.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'msr'"), "0");
    all_exit(0, &at_once(&msr, &pooler.url(&database.name), &["--allow-pooler"]));
    once(&database, 3);
}
