//! The rules of each tool, on hand-made plans; that the tools take the files is for `tests/export`.

use super::{File, TOOLS, export, named};
use crate::plan::{Back, Down, Plan};
use crate::render::tests::{check, postgres, sqlite};

fn of(plans: &[&Plan], tool: &str) -> Vec<File> {
    export(plans, named(tool).expect("a tool")).unwrap_or_else(|e| panic!("{tool}: {e}"))
}

fn told(files: &[File]) -> String {
    files.iter().map(|f| format!("=== {}\n{}", f.path, f.text)).collect()
}

#[test]
fn every_tool_in_full() {
    for tool in TOOLS.iter().filter(|tool| tool.name != "refinery") {
        check(&format!("export-{}.txt", tool.name), &told(&of(&[&postgres()], tool.name)));
    }
    check("export-refinery.txt", &told(&of(&[&sqlite()], "refinery")));
    check("export-sqlite-diesel.txt", &told(&of(&[&sqlite()], "diesel")));
    check("export-sqlite-golang-migrate.txt", &told(&of(&[&sqlite()], "golang-migrate")));
}

#[test]
fn what_a_tool_cannot_run_is_refused() {
    let error = export(&[&postgres()], named("refinery").expect("a tool")).expect_err("it has no way for CONCURRENTLY");
    assert!(error.message.contains("every file in a transaction"), "{error}");
    let mut plan = postgres();
    plan.steps[0].up.push("SELECT '\n-- migrate:down\n'".into());
    let error = export(&[&plan], named("dbmate").expect("a tool")).expect_err("a mark in a text");
    assert!(error.message.contains("marks"), "{error}");
    assert!(named("liquibase").is_err());
}

#[test]
fn versions_rise_and_stay() {
    let versions = |plans: &[&Plan]| -> Vec<String> {
        let files = of(plans, "sql");
        files.iter().filter(|f| f.path.contains(".up.")).map(|f| f.path[..14].to_string()).collect()
    };
    let (first, mut second) = (postgres(), sqlite());
    second.header.version = "20261122143001".into();
    let all = versions(&[&first, &second]);
    assert_eq!(all, ["20261122143000", "20261122143001", "20261122143002", "20261122143003"]);
    assert_eq!(versions(&[&first]), all[..3]);
}

#[test]
fn statements_outside_of_a_transaction_are_alone() {
    let mut plan = postgres();
    plan.steps[3].up = vec!["VACUUM a".into(), "VACUUM b".into()];
    plan.steps[3].down = Down::Sql(vec!["VACUUM c".into(), "VACUUM d".into(), "VACUUM e".into()]);
    let files = of(&[&plan], "sqlx");
    let bare = |file: &File| file.text.matches("VACUUM").count();
    assert!(files.iter().all(|f| bare(f) < 2), "{}", told(&files));
    let back: Vec<&str> = ["VACUUM c", "VACUUM d", "VACUUM e"]
        .iter()
        .filter_map(|sql| files.iter().find(|f| f.text.contains(sql)).map(|f| f.path.as_str()))
        .collect();
    assert!(back.len() == 3 && back.is_sorted_by(|a, b| a > b), "the last file is taken back first: {back:?}");
}

#[test]
fn no_way_back_fails_and_says_why() {
    let mut plan = sqlite();
    plan.steps[2].down = Down::Irreversible("it's gone; $msr$ %".into());
    assert!(
        told(&of(&[&plan], "sqlx")).contains("SELECT msr_cannot_undo_this('cannot be undone: it''s gone; $msr$ %');")
    );
    plan.header.engine = "postgres".into();
    assert!(told(&of(&[&plan], "sqlx")).contains("RAISE EXCEPTION 'cannot be undone: it''s gone; msr %%';"));
}

#[test]
fn the_way_back_of_a_ladder_is_its_last_rungs() {
    let mut plan = postgres();
    plan.steps[4].back = Back { to: Some(4), ..Back::like(true) };
    let files = of(&[&plan], "sql");
    let rung = files.iter().find(|f| f.path.ends_with("_2.down.sql")).expect("a file");
    assert!(rung.text.contains("nothing to do") && !rung.text.contains("DROP INDEX"), "{}", rung.text);
}
