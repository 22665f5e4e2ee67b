//! The texts that SQLite keeps: the user's own, there and back.

use super::plans::{opened, value};
use super::{catalog, execute, inspect, migrate, plan, run};
use crate::diff::{Delta, diff};
use crate::plan::Down;

/// Every text that there is.
fn texts(session: &mut super::super::session::SqliteSession) -> String {
    value(session, "SELECT group_concat(sql, x'0a' ORDER BY type, name) FROM sqlite_schema")
}

/// Up and down, statements as they are sent.
fn there_and_back(session: &mut super::super::session::SqliteSession, new: &str) -> String {
    let made = plan(session, new).unwrap_or_else(|e| panic!("{e}\n{new}"));
    let up: Vec<String> = made.plan.steps.iter().flat_map(|s| s.up.clone()).collect();
    run(session, &up).unwrap_or_else(|e| panic!("{e}\n{up:#?}"));
    let there = texts(session);
    let down = made.plan.steps.iter().rev().flat_map(|s| match &s.down {
        Down::Sql(sql) | Down::Lossy { sql, .. } => sql.clone(),
        Down::Irreversible(why) => panic!("{why}"),
    });
    let down: Vec<String> = down.collect();
    run(session, &down).unwrap_or_else(|e| panic!("{e}\n{down:#?}"));
    there
}

#[test]
fn p01_texts_are_the_users_own() {
    let old =
        "CREATE TABLE [Old One] (\n  a int, -- first\n  B TEXT /* second */ NOT NULL,\n  CHECK (a > 0) -- last\n)";
    let new = "CREATE TABLE \"Order\" (\n  Id  Integer -- the key\n PRIMARY KEY, x AS (id)  /* no word */, CONSTRAINT \"C 1\" CHECK (x > 0)\n)strict;\n\
               create unique index  [I x] on \"Order\"( X desc );\n\
               CREATE TABLE k (a, b, PRIMARY KEY (A,B)) WITHOUT ROWID, STRICT;\n\
               CREATE VIEW if not exists main.V as select  Id /* one */ from [Order];\n\
               CREATE VIRTUAL TABLE F using FTS5( A , b );\n\
               CREATE TRIGGER T after insert on \"Order\" begin select  1; /* none */ end";
    let new = new.replace("PRIMARY KEY, x AS", "PRIMARY KEY, x INT AS").replace("k (a, b,", "k (a ANY, b INT,");
    let mut session = opened(old);
    let before = texts(&mut session);
    let want = texts(&mut opened(&new));
    assert_eq!(there_and_back(&mut session, &new), want);
    assert_eq!(texts(&mut session), before);
}

#[test]
fn p01_texts_after_alter_and_rebuild() {
    let old = "CREATE TABLE T (\n  a int, -- first\n  b TEXT\n)";
    let mut session = opened(old);
    // ADD COLUMN takes the column's text, DROP COLUMN and the way back are SQLite's own edits.
    let new = "CREATE TABLE T (\n  a int, -- first\n  b TEXT,\n  [C c] Varchar( 10 ) -- third\n DEFAULT 1, CHECK (\"C c\" > 1) -- end\n)";
    let there = there_and_back(&mut session, new);
    assert_eq!(
        there,
        "CREATE TABLE T (\n  a int, -- first\n  b TEXT\n, [C c] Varchar( 10 ) -- third\n DEFAULT 1 CHECK (\"C c\" > 1))"
    );
    // A rebuild leaves quotes round the name: RENAME does.
    let mut session = opened(old);
    let new = "CREATE TABLE T (\n  a int not  null, -- first\n  b TEXT -- second\n)";
    assert_eq!(there_and_back(&mut session, new), new.replace("TABLE T", "TABLE \"T\""));
    assert_eq!(texts(&mut session), old.replace("TABLE T", "TABLE \"T\""));
}

/// Between two steps a table has parts of both sides, and no text that says so: the way back makes one of the parts' texts.
#[test]
fn p05_tables_between_two_texts() {
    let old = "CREATE TABLE T (A int, y TEXT NOT NULL, z CHECK (z > 0), /* own */ CONSTRAINT C CHECK (Z < 9)) STRICT"
        .replace("z CHECK", "z INT CHECK");
    let mut session = opened(&old);
    execute(&mut session, "CREATE TABLE U (A, y TEXT NOT NULL, z)");
    let before = texts(&mut session);
    let new = "CREATE TABLE T (A int, z INT CHECK (z > 0), X INT, \"W w\" TEXT, CONSTRAINT C CHECK (Z < 9)) STRICT; CREATE TABLE U (A, z, \"W w\", b)";
    let there = there_and_back(&mut session, new);
    assert!(!there.contains(" y "), "{there}");
    let off = diff(&inspect(&mut session), &catalog(&before.replace('\n', ";")));
    assert_eq!(off, []);
}

#[test]
fn p21_case_alone_changes_no_more_than_spelling() {
    let mut session = opened(
        "CREATE TABLE Users (Id INTEGER PRIMARY KEY, Name TEXT COLLATE NoCase DEFAULT True, CONSTRAINT Ok CHECK (Name <> 'A'), UNIQUE (NAME)); \
         CREATE TABLE C (u REFERENCES Users (ID)); CREATE INDEX By_Name ON Users (NAME) WHERE Id > 1; CREATE VIEW V AS SELECT Name AS N FROM Users; \
         CREATE TRIGGER G AFTER UPDATE OF Name ON Users BEGIN DELETE FROM C WHERE U = new.ID; END",
    );
    let lower = "create table users (id integer primary key, name text collate nocase default true, constraint ok check (name <> 'A'), unique (name)); \
         create table c (U references users (id)); create index by_name on users (name) where id > 1; create view v as select name as n from users; \
         create trigger g after update of name on users begin delete from c where u = new.id; end";
    let respelled = |made: &crate::plan::make::Made| {
        made.plan
            .steps
            .iter()
            .flat_map(|s| &s.deltas)
            .all(|d| matches!(d, Delta::Set { attr, .. } if *attr == "spelling"))
    };
    assert!(respelled(&plan(&mut session, lower).unwrap_or_else(|e| panic!("{e}"))));
    // A string is no name.
    assert!(!respelled(&plan(&mut session, &lower.replace("'A'", "'a'")).unwrap_or_else(|e| panic!("{e}"))));
    // What is built anew takes the new spelling, hints may have any, and the way back is proved.
    execute(&mut session, "INSERT INTO Users VALUES (7, 'x')");
    let hinted =
        "CREATE TABLE USERS (ID INTEGER PRIMARY KEY AUTOINCREMENT,\n-- msr:renamed from NAME\nFullName TEXT NOT NULL)";
    migrate(&mut session, hinted);
    assert_eq!(
        value(&mut session, "SELECT sql FROM sqlite_schema WHERE name = 'USERS'"),
        hinted.replace("USERS", "\"USERS\"")
    );
    assert_eq!(value(&mut session, "SELECT FullName FROM Users WHERE id = 7"), "x");
}
