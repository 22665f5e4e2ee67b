//! Plans tried on a copy.

use super::*;

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

/// Types, names and keys as they come, and two tables that no generated row fits.
const ODD: &str = r#"
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN mail AS varchar(12);
CREATE TABLE "Odd ""One" (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "a b" mail UNIQUE, m mood NOT NULL, ms mood[] NOT NULL, n numeric(5,2) NOT NULL,
  u uuid NOT NULL UNIQUE, t timestamptz NOT NULL, d date, j jsonb NOT NULL, b bytea, ok boolean NOT NULL, r int4range NOT NULL,
  i interval, ip inet, c char(3) NOT NULL, twice bigint GENERATED ALWAYS AS (1 * 2) STORED, p point);
CREATE TABLE child (id smallint PRIMARY KEY REFERENCES "Odd ""One", up smallint REFERENCES child);
CREATE TABLE part (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2000-01-01') TO ('2001-01-01');
CREATE TABLE strict (id int PRIMARY KEY, code text CHECK (code ~ '^[a-z]+$'));
CREATE TABLE shapes (id int, p point NOT NULL);
"#;

#[test]
fn rows_are_generated_for_what_comes_and_the_rest_is_named() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(ODD).expect("it loads");
    let msr = Msr::new();
    let tables = ["\"Odd \"\"One\"", "child", "part", "strict", "shapes"];
    let more: String = tables.iter().map(|t| format!("ALTER TABLE {t} ADD COLUMN extra integer;\n")).collect();
    msr.write("new.sql", format!("{ODD}{more}"));
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
    let done = msr.on(&database, &["rehearse", "p.ron", "--rows", "200", "--format", "json"]).expect(0);
    let report = json(&done);
    let filled = report["filled"].as_array().expect("filled");
    let of = |name: &str| {
        let found = filled.iter().find(|f| f["table"].as_str().is_some_and(|t| t.contains(name)));
        found.unwrap_or_else(|| panic!("{name}: {report:#}")).clone()
    };
    for name in ["Odd", "child", "part"] {
        assert_eq!(of(name)["rows"], 200, "{:#}", of(name));
    }
    assert!(of("strict")["why"].as_str().is_some_and(|why| why.contains("check constraint")), "{:#}", of("strict"));
    assert!(of("shapes")["why"].as_str().is_some_and(|why| why.contains("point")), "{:#}", of("shapes"));
    says(&msr.on(&database, &["rehearse", "p.ron", "--rows", "200"]).expect(0), &["no rows in table public.shapes"]);
}

#[test]
fn a_rewrite_is_seen_with_its_bytes() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(SHOP).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", SHOP.replace("sum integer", "sum bigint"));
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
    let report = json(&msr.on(&database, &["rehearse", "p.ron", "--rows", "5000", "--format", "json"]).expect(0));
    let step = &report["passes"][0]["steps"][0];
    assert!(step["rewrites"].to_string().contains("purchase"), "{report:#}");
    assert!(step["bytes"].as_i64().is_some_and(|bytes| bytes > 100_000), "{report:#}");
}

#[test]
fn a_ladder_is_climbed_and_left_as_apply_does() {
    needs!(Engine::Postgres);
    let msr = Msr::new();
    let database = Engine::Postgres
        .with("CREATE TABLE t (id int PRIMARY KEY, a int, b int);\nCREATE INDEX gone ON t (a);\nINSERT INTO t VALUES (1, 2, 3);\n")
        .expect("it loads");
    msr.write(
        "new.sql",
        "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL, b int UNIQUE, CHECK (a > 0));\nCREATE INDEX come ON t (b, a);\n",
    );
    msr.on(&database, &["plan", "--schema", "new.sql", "--online", "true", "--out", "p.ron"]).expect(0);
    let output = msr.on(&database, &["rehearse", "p.ron", "--rows", "20"]).expect(0);
    says(&output, &["up again"]);
}

/// Parents that come after their children, a tree, and more rows than are asked for.
const FOREST: &str = "CREATE TABLE zone (a integer, b integer, PRIMARY KEY (a, b));\n\
    CREATE TABLE node (id integer PRIMARY KEY, up integer REFERENCES node (id), a integer, b integer, word text NOT NULL, \
    FOREIGN KEY (a, b) REFERENCES zone (a, b));\n";

both!(rows_of_the_target_are_taken_with_all_that_they_refer_to, |engine| {
    let database = engine.with(FOREST).expect("it loads");
    let number = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)";
    database.load(&format!("INSERT INTO zone {number} SELECT i, i + 1 FROM n;")).expect("zones");
    let nodes = "SELECT i, CASE WHEN i > 1 THEN i / 2 END, i, i + 1, 'it''s ' || i || ' \\' FROM n";
    database.load(&format!("INSERT INTO node {number} {nodes};")).expect("nodes");
    let msr = Msr::new();
    // What the plan touches and needs is on scratch, and its keys hold there.
    let links = FOREST.replace("node (id)", "node (id) ON DELETE SET NULL");
    let links = links.replace("zone (a, b))", "zone (a, b) ON DELETE CASCADE)");
    let links = links.replace("b integer, PRIMARY", "b integer, c integer, PRIMARY");
    msr.write("new.sql", links);
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron", "--allow", "all"]).expect(0);
    let before = database.rows();
    let done = msr.on(&database, &["rehearse", "p.ron", "--rows", "sample:20", "--format", "json"]).expect(0);
    let report = json(&done);
    let rows = |name: &str| {
        let filled = report["filled"].as_array().expect("filled");
        let of = filled.iter().find(|f| f["table"].as_str().is_some_and(|t| t.ends_with(name)));
        of.unwrap_or_else(|| panic!("no {name} in {report:#}"))["rows"].as_u64().expect("a number")
    };
    // Each node brings those above it, and each of these its zone.
    assert!((20..400).contains(&rows("node")) && (rows("node")..400).contains(&rows("zone")), "{report:#}");
    assert!(report["passes"].as_array().expect("passes").iter().all(|p| p["verified"] == true), "{report:#}");
    assert!(!done.stdout.contains("it's"), "a row in the report");
    assert_eq!(database.rows(), before);
    // What rows of the target can't stand is found without a copy made by hand.
    msr.write("new.sql", FOREST.replace("word text NOT NULL", "word text NOT NULL CHECK (word <> 'it''s 1 \\')"));
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "q.ron", "--allow", "all"]);
    if msr.path("q.ron").exists() {
        says(&msr.on(&database, &["rehearse", "q.ron", "--rows", "sample:500"]).expect(1), &["the rehearsal", "word"]);
    }
});

#[test]
fn rows_of_the_target_are_for_scratch_only() {
    needs!(Engine::Sqlite);
    let (msr, database) = shop(Engine::Sqlite);
    let copy = database.copy();
    let asked = ["rehearse", "p.ron", "--on", &copy.url(), "--rows", "sample:5", "--yes"];
    says(&msr.on(&database, &asked).expect(64), &["`--on` is a copy already"]);
    says(&msr.on(&database, &["rehearse", "p.ron", "--rows", "some"]).expect(64), &["`sample:` and a number"]);
}
