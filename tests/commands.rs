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

// drift

/// A database with two plans applied, and the schema they lead to in `schema/`.
fn applied(engine: Engine, start: &str) -> (Msr, Database) {
    let database = engine.with(start).expect("it loads");
    let msr = Msr::new();
    msr.write("schema/shop.sql", format!("{start}{SHOP}"));
    msr.on(&database, &["plan", "--save", "shop"]).expect(0);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    msr.write("schema/extra.sql", "CREATE TABLE extra (id integer PRIMARY KEY, a text);");
    msr.on(&database, &["plan", "--save", "extra"]).expect(0);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    (msr, database)
}

both!(drift_names_what_was_changed_by_hand, |engine| {
    let (msr, database) = applied(engine, "");
    says(
        &msr.on(&database, &["drift"]).expect(0),
        &["against plan", "extra: no difference", "against schema: no difference"],
    );
    msr.on(&database, &["status", "--drift"]).expect(0);
    database.load("CREATE TABLE byhand (id integer PRIMARY KEY, b text); ALTER TABLE customer ADD COLUMN nick text; DROP TABLE extra").expect("by hand");
    let drift = msr.on(&database, &["drift"]).expect(2);
    says(&drift, &["byhand", "is there and should not be", "nick", "extra", "is not there"]);
    assert!(!drift.stdout.contains("byhand.b"), "parts of a new table are not told one by one: {}", drift.said());
    let found = json(&msr.on(&database, &["drift", "--format", "json"]).expect(2));
    let compared = found["compared"].as_array().expect("compared");
    assert_eq!(compared.len(), 2);
    for one in compared {
        let differences = one["differences"].as_array().expect("differences");
        let how = |name: &str| {
            let of = |d: &&serde_json::Value| {
                d["kind"] == "table" && d["object"].as_str().is_some_and(|o| o.ends_with(name))
            };
            differences.iter().find(of).map(|d| d["difference"].clone())
        };
        assert_eq!(how("byhand"), Some("extra".into()), "{one:#}");
        assert_eq!(how("extra"), Some("missing".into()), "{one:#}");
    }
    says(&msr.on(&database, &["status", "--drift"]).expect(2), &["msr drift"]);
    msr.on(&database, &["status"]).expect(0);
});

both!(drift_behind_a_state_that_was_found_tells_what_the_plans_touched, |engine| {
    let (msr, database) = applied(engine, "CREATE TABLE before (id integer PRIMARY KEY);\n");
    msr.on(&database, &["drift"]).expect(0);
    database.load("ALTER TABLE customer ADD COLUMN nick text; DROP TABLE extra").expect("by hand");
    let drift = msr.on(&database, &["drift"]).expect(2);
    says(&drift, &["only what they touched is compared", "extra"]);
});

both!(what_is_adopted_makes_the_schema_equal, |engine| {
    let (msr, database) = applied(engine, "");
    database
        .load("CREATE TABLE byhand (id integer PRIMARY KEY, b text); ALTER TABLE customer ADD COLUMN nick text")
        .expect("by hand");
    says(&msr.on(&database, &["drift", "--adopt", "schema"]).expect(2), &["wrote schema/adopted_"]);
    let again = msr.on(&database, &["drift", "--format", "json"]);
    assert_eq!(json(&again)["compared"][1]["differences"].as_array().map(Vec::len), Some(0), "{}", again.said());
    msr.on(&database, &["plan", "--detailed-exitcode"]).expect(0);
    msr.write("there.sql", "");
    database.load("DROP TABLE byhand").expect("by hand");
    msr.on(&database, &["drift", "--adopt", "there.sql"]).expect(4);
});

#[test]
fn drift_without_anything_to_compare_with_is_refused() {
    needs!(Engine::Sqlite);
    let database = Engine::Sqlite.with(SHOP).expect("it loads");
    says(&Msr::new().on(&database, &["drift"]).expect(4), &["nothing to compare with"]);
}

#[test]
fn grants_by_hand_are_no_drift() {
    needs!(Engine::Postgres);
    let (msr, database) = applied(Engine::Postgres, "");
    database.load("GRANT SELECT ON customer TO reader").expect("by hand");
    says(&msr.on(&database, &["drift"]).expect(0), &["no difference"]);
}
