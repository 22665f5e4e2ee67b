//! The index of errors: its page, its codes in messages, and that none is forgotten.

#[macro_use]
mod support;

use msr::error::code;
use std::path::Path;
use support::{Engine, Msr, repository, says};

#[test]
fn the_page_of_errors_is_not_stale() {
    let path = repository().join("docs/errors.md");
    if std::env::var("UPDATE_DOCS").is_ok() {
        std::fs::write(&path, code::page()).expect("docs/errors.md");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == code::page(), "docs/errors.md is stale: UPDATE_DOCS=1 tests/run errors writes it");
}

/// Each entry is one that some error has.
#[test]
fn every_code_is_used() {
    fn below(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).expect("src").map(|e| e.expect("a file").path()) {
            if entry.is_dir() {
                below(&entry, all);
            } else if !entry.ends_with("error/code.rs") {
                *all += &std::fs::read_to_string(&entry).unwrap_or_default();
            }
        }
    }
    let mut source = String::new();
    below(&repository().join("src"), &mut source);
    let index = std::fs::read_to_string(repository().join("src/error/code.rs")).expect("the index");
    let names: Vec<&str> =
        index.lines().filter_map(|line| line.trim().split_once(" = \"E")).map(|(name, _)| name).collect();
    assert_eq!(names.len(), code::ALL.len());
    let unused: Vec<&&str> = names.iter().filter(|name| !source.contains(&format!("code::{name})"))).collect();
    assert!(unused.is_empty(), "no error has the code: {unused:?}");
}

#[test]
fn a_message_has_its_code_and_explain_knows_it() {
    needs!(Engine::Sqlite);
    let msr = Msr::new();
    let database = Engine::Sqlite.fresh();
    msr.write("s.sql", "CREATE TABLE t (id integer);");
    msr.on(&database, &["plan", "--schema", "s.sql", "--out", "p.ron"]).expect(0);
    let edited = msr.read("p.ron").replace("CREATE TABLE", "CREATE  TABLE");
    msr.write("edited.ron", edited);
    says(&msr.run(&["show", "edited.ron"]).expect(4), &["error[E0501]: "]);
    let json = msr.run(&["show", "edited.ron", "--log-format", "json"]).expect(4);
    assert!(json.stderr.contains("\"code\":\"E0501\""), "{}", json.said());
    for spelled in ["E0501", "e0501", "501"] {
        says(&msr.run(&["explain", spelled]).expect(0), &["E0501: the plan was edited", "--reseal"]);
    }
    says(&msr.run(&["explain"]).expect(0), &["E0101  ", "E0704  "]);
    says(&msr.run(&["explain", "E05O1"]).expect(64), &["did you mean `E0501`"]);
    says(&msr.run(&["explain", "drop-table"]).expect(64), &["lint --explain drop-table"]);
    database.load("CREATE TABLE t (id text);").expect("it loads");
    says(&msr.on(&database, &["apply", "p.ron", "--yes"]).expect(4), &["error[E0601]: "]);
    msr.write("broken.sql", "CREATE TABLE x (a integer REFERENCES");
    msr.write("empty/none.txt", "");
    says(&msr.on(&database, &["plan", "--schema", "empty"]).expect(4), &["[E0303]"]);
}
