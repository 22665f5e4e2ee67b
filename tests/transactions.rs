//! How much one transaction holds: `[apply] transaction`.

#[macro_use]
#[path = "support/mod.rs"]
mod support;

use support::{Database, Engine, Msr, says};

const START: &str = "CREATE TABLE a (id integer PRIMARY KEY, x integer);\n";

/// A database with two rows alike, and three plans that follow one another; the last one wants the rows to differ.
fn three(engine: Engine, env: &str) -> (Msr, Database) {
    let msr = Msr::new().env("MSR_APPLY_TRANSACTION", env);
    let database = begun(&msr, engine);
    for (name, sql) in [
        ("first", "CREATE TABLE b (id integer PRIMARY KEY);\nCREATE VIEW v AS SELECT id FROM b;\n"),
        ("second", "CREATE TABLE c (id integer PRIMARY KEY, b integer REFERENCES b (id));\n"),
        ("third", "CREATE UNIQUE INDEX a_x ON a (x);\n"),
    ] {
        msr.write(&format!("schema/{name}.sql"), sql);
        msr.on(&database, &["plan", "--save", name, "--from", "plans"]).expect(0);
    }
    (msr, database)
}

/// A database where the first plan, `start`, is applied, and has two rows that are alike.
fn begun(msr: &Msr, engine: Engine) -> Database {
    let database = engine.fresh();
    msr.write("schema/a.sql", START);
    msr.on(&database, &["plan", "--save", "start"]).expect(0);
    msr.on(&database, &["migrate", "--yes", "--allow", "create-index-blocking"]).expect(0);
    database.load("INSERT INTO a VALUES (1, 7), (2, 7)").expect("rows");
    database
}

fn applied(msr: &Msr, database: &Database) -> usize {
    msr.on(database, &["list"]).expect(0).stdout.matches(" applied").count()
}

both!(all_that_is_pending_stands_or_falls_together, |engine| {
    let (msr, database) = three(engine, "all");
    let before = database.dump();
    let failed = msr.on(&database, &["migrate", "--yes", "--allow", "create-index-blocking"]).expect(1);
    says(&failed, &["third", "nothing stands of the plans that share this transaction", "run again"]);
    assert_eq!(database.dump(), before);
    assert_eq!(applied(&msr, &database), 1);
    database.load("DELETE FROM a WHERE id = 2").expect("the row that was in the way");
    let done = msr.on(&database, &["migrate", "--yes", "--allow", "create-index-blocking"]).expect(0);
    says(&done, &["first: applied, 2 steps", "second: applied", "third: applied"]);
    assert_eq!(applied(&msr, &database), 4);
    msr.on(&database, &["validate"]).expect(0);
    msr.on(&database, &["plan", "--detailed-exitcode"]).expect(0);
    if engine == Engine::Postgres {
        let of =
            "SELECT count(*), count(DISTINCT xmin::text) FROM msr.journal WHERE name <> 'start' AND event <> 'failed'";
        assert_eq!(database.ask(of), "9|1");
    }
    // Each has its own way back.
    msr.on(&database, &["down", "--yes", "--allow", "destructive"]).expect(0);
    assert_eq!(msr.on(&database, &["list"]).expect(0).stdout.matches("undone").count(), 1);
});

both!(plans_stand_one_by_one_where_nothing_is_said, |engine| {
    let (msr, database) = three(engine, "plan");
    let failed = msr.on(&database, &["migrate", "--yes", "--allow", "create-index-blocking"]);
    assert!(failed.code == 1 || failed.code == 4, "{}", failed.said());
    assert_eq!(applied(&msr, &database), 3);
});

#[test]
fn what_runs_in_no_transaction_shares_none() {
    needs!(Engine::Postgres);
    let msr = Msr::new().env("MSR_ONLINE", "true").env("MSR_APPLY_TRANSACTION", "all");
    let database = begun(&msr, Engine::Postgres);
    for (name, sql) in [("first", "CREATE TABLE b (id integer PRIMARY KEY);"), ("second", "CREATE INDEX a_x ON a (x);")]
    {
        msr.write(&format!("schema/{name}.sql"), sql);
        msr.on(&database, &["plan", "--save", name, "--from", "plans"]).expect(0);
    }
    let before = database.dump();
    let refused = msr.on(&database, &["migrate", "--yes", "--allow", "create-index-blocking"]).expect(4);
    says(
        &refused,
        &["second", "can't share one transaction", "step 1, index public.a_x, can't run inside a transaction"],
    );
    assert_eq!(database.dump(), before);
    let msr = msr.env("MSR_APPLY_TRANSACTION", "plan");
    msr.on(&database, &["migrate", "--yes", "--allow", "create-index-blocking"]).expect(0);
    assert_eq!(applied(&msr, &database), 3);
}

both!(each_step_can_have_a_transaction_of_its_own, |engine| {
    let (msr, database) = three(engine, "step");
    let plans = |msr: &Msr| {
        let file = std::fs::read_dir(msr.path("plans")).expect("plans").flatten();
        let first = file.map(|f| f.path()).find(|p| p.to_string_lossy().contains("first")).expect("the first plan");
        std::fs::read_to_string(first).expect("a plan").matches("first:").count()
    };
    assert_eq!(plans(&msr), 2, "batches of the two steps");
    let failed = msr.on(&database, &["migrate", "--yes", "--allow", "create-index-blocking"]);
    assert!(failed.code == 1 || failed.code == 4, "{}", failed.said());
    database.load("DELETE FROM a WHERE id = 2").expect("the row that was in the way");
    msr.on(&database, &["migrate", "--yes", "--allow", "create-index-blocking"]).expect(0);
    msr.on(&database, &["down", "0", "--yes", "--allow", "destructive"]).expect(0);
    // A plan that was made otherwise is what it was made to be, and says so.
    let (shared, database) = three(engine, "plan");
    assert_eq!(plans(&shared), 1);
    let shared = shared.env("MSR_APPLY_TRANSACTION", "step");
    says(
        &shared.on(&database, &["migrate", "--yes", "--allow", "create-index-blocking"]),
        &["the steps of this plan share transactions"],
    );
});

#[test]
fn only_known_words_say_how_much_a_transaction_holds() {
    let msr = Msr::new();
    msr.write("msr.toml", "[apply]\ntransaction = \"none\"\n");
    says(
        &msr.run(&["list"]).expect(78),
        &["`none`", "`apply.transaction` in `msr.toml`", "write `plan`, `all` or `step`"],
    );
}
