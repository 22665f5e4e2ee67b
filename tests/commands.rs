//! The commands of those who look after a database: rehearse, drift, lock, doctor, grants, backup.

#[macro_use]
mod support;

use support::{Database, Engine, Msr, Output};

#[track_caller]
fn says(output: &Output, words: &[&str]) {
    for word in words {
        assert!(output.said().contains(word), "does not say `{word}`: {}", output.said());
    }
}

/// A test of each engine, under one name.
macro_rules! both {
    ($name:ident, $body:expr) => {
        mod $name {
            use super::*;
            #[test]
            fn on_postgres() {
                needs!(Engine::Postgres);
                ($body as fn(Engine))(Engine::Postgres);
            }
            #[test]
            fn on_sqlite() {
                needs!(Engine::Sqlite);
                ($body as fn(Engine))(Engine::Sqlite);
            }
        }
    };
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", output.said()))
}

// rehearse

const SHOP: &str = "CREATE TABLE customer (id integer PRIMARY KEY, name varchar(40) NOT NULL);\n\
    CREATE TABLE purchase (id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customer (id), sum integer);\n";

/// A database with a shop in it, and a plan in `p.ron` that gives each purchase a note and makes one more table.
fn shop(engine: Engine) -> (Msr, Database) {
    let database = engine.with(SHOP).expect("it loads");
    let msr = Msr::new();
    let new = SHOP.replace("sum integer", "sum integer, note text DEFAULT 'none'")
        + "CREATE TABLE extra (id integer PRIMARY KEY);\n";
    msr.write("new.sql", new);
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
    (msr, database)
}

both!(rehearse_goes_up_down_and_up_and_leaves_the_target_alone, |engine| {
    let (msr, database) = shop(engine);
    let before = database.dump();
    let done = msr.on(&database, &["rehearse", "p.ron", "--rows", "25", "--format", "json"]).expect(0);
    assert_eq!(database.dump(), before);
    let report = json(&done);
    let passes = report["passes"].as_array().expect("passes");
    let ways: Vec<&str> = passes.iter().filter_map(|p| p["way"].as_str()).collect();
    assert_eq!(ways, ["up", "down", "up again"]);
    assert!(passes.iter().all(|p| p["verified"] == true), "{report:#}");
    let filled = report["filled"].as_array().expect("filled");
    assert!(filled.iter().any(|f| f["table"].as_str().is_some_and(|t| t.ends_with("purchase")) && f["rows"] == 25));
    for pass in passes {
        let rows = pass["rows"].as_array().expect("rows");
        assert!(!rows.is_empty() && rows.iter().all(|r| r["rows"] == 25), "{report:#}");
    }
    if engine == Engine::Postgres {
        let locks = passes[0]["steps"].to_string();
        assert!(locks.contains("ACCESS EXCLUSIVE") && locks.contains("purchase"), "{report:#}");
        assert!(passes[0]["steps"].as_array().expect("steps").iter().any(|s| s["wal"].as_u64().unwrap_or(0) > 0));
    }
    let human = msr.on(&database, &["rehearse", "p.ron"]).expect(0);
    says(&human, &["up: ", "down: ", "up again: ", "nothing is left behind"]);
    let markdown = msr.on(&database, &["rehearse", "p.ron", "--format", "markdown"]).expect(0);
    says(&markdown, &["# Rehearsal of", "| step | object |", "## up again"]);
});

both!(apply_wants_the_report_that_belongs_to_the_plan, |engine| {
    let (msr, database) = shop(engine);
    let apply = |report: &str| msr.on(&database, &["apply", "p.ron", "--yes", "--require-rehearsal", report]);
    says(&apply("r.json").expect(4), &["r.json", "msr rehearse"]);
    msr.on(&database, &["rehearse", "p.ron", "--report", "r.json"]).expect(0);
    let text = msr.read("r.json");
    msr.write("edited.json", text.replace("\"scratch\"", "\"production\""));
    says(&apply("edited.json").expect(4), &["edited"]);
    msr.write("other.sql", format!("{SHOP}CREATE TABLE other (id integer PRIMARY KEY);"));
    msr.on(&database, &["plan", "--schema", "other.sql", "--out", "other.ron"]).expect(0);
    msr.on(&database, &["rehearse", "other.ron", "--report", "other.json"]).expect(0);
    says(&apply("other.json").expect(4), &["another plan"]);
    apply("r.json").expect(0);
    says(&msr.on(&database, &["rehearse", "p.ron"]).expect(4), &["applied here already"]);
});

both!(rehearse_on_a_copy_shows_what_its_rows_break, |engine| {
    let database = engine.with(SHOP).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", SHOP.replace("sum integer", "sum integer NOT NULL"));
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
    // The proof has no rows; the copy has one that the plan can't stand.
    msr.on(&database, &["rehearse", "p.ron"]).expect(0);
    let copy = engine.with(SHOP).expect("it loads");
    copy.load("INSERT INTO customer VALUES (1, 'a'); INSERT INTO purchase VALUES (1, 1, NULL);").expect("rows");
    let url = copy.url();
    says(&msr.on(&database, &["rehearse", "p.ron", "--on", &url]).expect(4), &["--yes"]);
    let failed = msr.on(&database, &["rehearse", "p.ron", "--on", &url, "--yes", "--report", "r.json"]).expect(1);
    says(&failed, &["the rehearsal", "purchase"]);
    assert_eq!(copy.dump(), database.dump(), "what failed was rolled back");
    let refused = msr.on(&database, &["apply", "p.ron", "--yes", "--require-rehearsal", "r.json"]).expect(4);
    says(&refused, &["failed"]);
    copy.load("UPDATE purchase SET sum = 1").expect("rows");
    msr.on(&database, &["rehearse", "p.ron", "--on", &url, "--yes"]).expect(0);
    says(&msr.on(&copy, &["rehearse", "p.ron", "--on", &url, "--yes"]).expect(4), &["the target itself"]);
});
