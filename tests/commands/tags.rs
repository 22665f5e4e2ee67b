//! What the server is told of each statement besides the statement.

use super::*;

const SCHEMA: &str = "CREATE TABLE item (id integer PRIMARY KEY, price integer);\n\
    CREATE VIEW dear AS SELECT id FROM item WHERE price > 100;\n\
    CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS 'SELECT n * 2';\n";

/// What the server's log has of the statements of this plan.
fn logged(database: &Database, plan: &str) -> Vec<String> {
    let log = database.ask("SELECT pg_read_file('log')");
    log.lines().filter(|line| line.contains(plan)).map(str::to_owned).collect()
}

/// A database whose statements are logged, and the plan of that name applied to it.
fn applied_as(name: &str, settings: &str) -> Database {
    let database = Engine::Postgres.fresh();
    database.load(&format!("ALTER DATABASE {} SET log_statement = 'all'", database.name)).expect("a setting");
    let msr = Msr::new();
    msr.write("msr.toml", settings);
    msr.write("schema/s.sql", SCHEMA);
    msr.on(&database, &["plan", "--save", name]).expect(0);
    let run = msr.on(&database, &["migrate", "--yes", "--format", "json"]).expect(0);
    let first: serde_json::Value = serde_json::from_str(run.stdout.lines().next().expect("a line")).expect("json");
    let tagged = format!("run='{}'", first["run"].as_str().expect("a run"));
    let lines = logged(&database, &format!("_{name}'"));
    assert!(lines.iter().all(|line| line.contains(&tagged)), "{lines:#?}");
    database
}

#[test]
fn every_statement_of_a_step_says_whose_it_is_and_is_the_plans_own() {
    needs!(Engine::Postgres);
    let database = applied_as("tagged", "");
    let lines = logged(&database, "_tagged'");
    for sql in ["CREATE OR REPLACE FUNCTION public.twice", "CREATE TABLE public.item", "CREATE VIEW public.dear"] {
        let told = lines.iter().find(|line| line.contains(&format!("*/ {sql}")));
        let told = told.unwrap_or_else(|| panic!("no `{sql}` in {lines:#?}"));
        assert!(told.contains("application='msr',plan='") && told.contains("step='"), "{told}");
    }
    let of_steps: std::collections::BTreeSet<&str> =
        lines.iter().filter_map(|line| line.split("step='").nth(1)?.split('\'').next()).collect();
    assert_eq!(of_steps.into_iter().collect::<Vec<_>>(), ["1", "2", "3"]);
    // Neither a definition nor the journal has kept anything of it.
    let kept = "SELECT pg_get_viewdef('dear'::regclass) || prosrc || (SELECT string_agg(text, '') FROM msr.plans) \
                FROM pg_proc WHERE proname = 'twice'";
    assert!(!database.ask(kept).contains("application="));
}

#[test]
fn statements_go_without_a_comment_where_that_is_wanted() {
    needs!(Engine::Postgres);
    let database = applied_as("untagged", "[apply]\ntag = false\n");
    let with_comment = logged(&database, "application='msr',plan='");
    assert!(with_comment.iter().all(|line| !line.contains("_untagged'")), "{with_comment:#?}");
    assert_eq!(database.ask("SELECT count(*) FROM item"), "0");
}
