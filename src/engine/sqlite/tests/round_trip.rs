//! What is read can be written, and reads the same.

use super::{catalog, execute, inspect, migrate, of_kind, scratch};
use crate::diff::diff;
use crate::model::{Kind, Object};

pub const CREATES: &[&str] = &[
    "CREATE TABLE t (a)",
    "CREATE TABLE t (a INTEGER PRIMARY KEY, b text NOT NULL DEFAULT 'x''y', c numeric( 10 , 2 ) DEFAULT -1.5, d DEFAULT (1 + random()))",
    "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b)",
    "CREATE TABLE t (a INTEGER, b, PRIMARY KEY (a AUTOINCREMENT))",
    "CREATE TABLE t (a INTEGER CONSTRAINT k PRIMARY KEY DESC ON CONFLICT REPLACE, b)",
    "CREATE TABLE t (a TEXT PRIMARY KEY DESC, b INTEGER UNIQUE ON CONFLICT IGNORE)",
    "CREATE TABLE t (a, b, c, CONSTRAINT pk PRIMARY KEY (a COLLATE nocase DESC, \"b\" ASC), UNIQUE (c, a), UNIQUE(c)) WITHOUT ROWID",
    "CREATE TABLE t (a ANY, b INT, c REAL, d BLOB) STRICT",
    "CREATE TABLE t (a ANY PRIMARY KEY, b INT) STRICT, WITHOUT ROWID",
    "CREATE TABLE t (a COLLATE NOCASE, b COLLATE binary, c text collate rtrim not null on conflict fail)",
    "CREATE TABLE t (a, b AS (a + 1), c GENERATED ALWAYS AS (b * 2) STORED NOT NULL, d INT AS (c) VIRTUAL CHECK (d > 0))",
    "CREATE TABLE t (a CHECK (a > 0), b, CONSTRAINT c CHECK (a < b), CHECK (a IN ('(', ')', \"b\", \"z\")) CHECK (b))",
    "CREATE TABLE t (a CHECK (a), b CHECK (a), CHECK (a), CONSTRAINT x CHECK (a) CONSTRAINT x CHECK (b) CONSTRAINT \"x#2\" CHECK (1))",
    "CREATE TABLE t (a REFERENCES t, b REFERENCES u(x) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED, \
       c CONSTRAINT f REFERENCES u MATCH FULL NOT DEFERRABLE, FOREIGN KEY (a, b) REFERENCES \"u v\" (x, y) ON DELETE NO ACTION, FOREIGN KEY (a) REFERENCES z)",
    "CREATE TABLE \"a b\" (\"c d\" \"long type\"(3), [e] varying character (9), `order` x, \"key\" y, 'q' z, \u{1f600} double precision, a$b, \"\" int)",
    "CREATE TABLE t (a DEFAULT NULL, b DEFAULT current_timestamp, c DEFAULT true, d DEFAULT \"str\", e DEFAULT x'00ff', f DEFAULT +3, g DEFAULT (datetime('now')), h DEFAULT foo)",
    "CREATE TABLE t (a -- comment, with comma\n, b /* ) */ INT, /* c */ CHECK (b <> ',)'))",
    "CREATE TABLE t (a, b); CREATE INDEX i ON t (a DESC, lower(b) COLLATE NOCASE ASC) WHERE a > 0 AND b IS NOT NULL; CREATE UNIQUE INDEX \"u i\" ON t (\"b\")",
    "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT a, b AS \"B b\" FROM t; CREATE VIEW w (x, \"y z\") AS SELECT * FROM (SELECT v.a, t.b FROM v, t WHERE v.a = t.b UNION ALL SELECT 1, 2)",
    "CREATE TABLE t (a, b); CREATE TABLE log (x); CREATE TRIGGER g AFTER UPDATE OF a ON t FOR EACH ROW WHEN new.a <> old.a \
       BEGIN INSERT INTO log VALUES (new.a); UPDATE log SET x = CASE WHEN x THEN 1 ELSE 2 END; DELETE FROM log WHERE x = ';'; END",
    "CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER g INSTEAD OF INSERT ON v BEGIN INSERT INTO t VALUES (new.a); SELECT raise(abort, 'no'); END",
    "CREATE VIRTUAL TABLE f USING fts5(title, body, tokenize = 'porter ascii', content='')",
    "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, +label TEXT)",
    "CREATE VIEW v AS WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c WHERE x < 5) SELECT x, sum(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM c",
    "CREATE TABLE t AS SELECT 1 AS a, 'x' AS \"b c\", 2.5 AS \"d:1\" WHERE 0",
    "CREATE TABLE t (a CONSTRAINT x, b CONSTRAINT n NOT NULL CONSTRAINT u UNIQUE, CONSTRAINT f FOREIGN KEY (a) REFERENCES t (b) CONSTRAINT z)",
    "CREATE TABLE t (status); CREATE TABLE u (active, t); CREATE VIEW v AS SELECT status = \"active\", \"status\" FROM t; \
       CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET status = \"active\"; END; CREATE VIEW w AS SELECT \"active\" FROM u",
    "CREATE TABLE t (a TEXT, b AS (a ->> '$.x'), CHECK (json_valid(a) AND a NOT LIKE '%\\_%' ESCAPE '\\' AND a NOT BETWEEN 1 AND -2))",
];

fn round_trip(sql: &str) {
    let want = catalog(sql);
    assert!(want.unmodelled.is_empty(), "{:?}", want.unmodelled);
    let mut session = scratch();
    let mut made = scratch();
    execute(&mut *session, sql);
    let statements = migrate(&mut *made, sql);
    // Twice over: what msr wrote reads as what the user wrote, and is written the same again.
    let again = migrate(&mut *scratch(), &statements.join(";"));
    assert_eq!(statements, again);
    // And away again.
    migrate(&mut *made, "");
    assert!(inspect(&mut *made).is_empty());
}

#[test]
fn p01_what_is_read_can_be_written() {
    CREATES.iter().for_each(|sql| round_trip(sql));
}

#[test]
fn p01_every_case_round_trips() {
    super::each_case(|name, old, new| {
        eprintln!("{name}");
        [old, new].into_iter().for_each(round_trip);
    });
}

#[test]
fn p01_spellings_compare_equal() {
    for (one, other) in [
        ("CREATE TABLE t (a int, CHECK (a > 0))", "create table IF NOT EXISTS \"t\" ( [a] INT check(`a`>0) )"),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE)",
            "CREATE TABLE t (a INTEGER, b, UNIQUE (B), PRIMARY KEY (\"a\" ASC))",
        ),
        (
            "CREATE TABLE t (a REFERENCES u (x))",
            "CREATE TABLE t (a, FOREIGN KEY ([a]) REFERENCES \"u\"(x) ON DELETE NO ACTION NOT DEFERRABLE)",
        ),
        (
            "CREATE TABLE t (a); CREATE INDEX i ON t (a)",
            "CREATE TABLE t (a); CREATE INDEX IF NOT EXISTS main.\"i\" ON \"t\" ( a ASC )",
        ),
        (
            "CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t",
            "CREATE TABLE t (a); CREATE VIEW IF NOT EXISTS main.v as\nselect \"a\"\nfrom [t]",
        ),
        ("CREATE TABLE t (a AS (1) VIRTUAL, b)", "CREATE TABLE t (a GENERATED ALWAYS AS ( 1 ), b)"),
        ("CREATE TABLE t (a NULL, b COLLATE BINARY)", "CREATE TABLE t (a, b)"),
    ] {
        let (one, other) = (catalog(one), catalog(other));
        assert_eq!(diff(&one, &other), []);
    }
}

/// `ALTER TABLE` rewrites the stored texts with quotes of its own.
#[test]
fn p01_renamed_texts_compare_equal() {
    let mut session = scratch();
    execute(
        &mut *session,
        "CREATE TABLE t (a, b CHECK (a > b), UNIQUE (a)); CREATE TABLE c (x REFERENCES t (a)); CREATE INDEX i ON t (a) WHERE a > 1; \
         CREATE VIEW v AS SELECT t.a FROM t; CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t WHERE a = new.a; END; \
         ALTER TABLE t RENAME TO \"u\"; ALTER TABLE u RENAME COLUMN a TO z",
    );
    let want = catalog(
        "CREATE TABLE u (z, b CHECK (z > b), UNIQUE (z)); CREATE TABLE c (x REFERENCES u (z)); CREATE INDEX i ON u (z) WHERE z > 1; \
         CREATE VIEW v AS SELECT u.z FROM u; CREATE TRIGGER g AFTER INSERT ON u BEGIN DELETE FROM u WHERE z = new.z; END",
    );
    assert_eq!(diff(&inspect(&mut *session), &want), []);
}

#[test]
fn p03_shadow_tables_are_the_modules_and_unknown_modules_are_reported() {
    let found = catalog(
        "CREATE VIRTUAL TABLE f USING fts5(a); CREATE VIRTUAL TABLE r USING rtree(id, x, y); CREATE TABLE f_own (a); CREATE TABLE msr_x (a)",
    );
    assert_eq!(of_kind(&found, Kind::VirtualTable).len(), 2);
    assert_eq!(of_kind(&found, Kind::Table).len(), 1);
    let found = catalog(
        "CREATE TABLE geo_data (a); CREATE INDEX geo_i ON geo_data (a); CREATE TABLE other (a); PRAGMA writable_schema = ON; \
         INSERT INTO sqlite_schema VALUES ('table', 'geo', 'geo', 0, 'CREATE VIRTUAL TABLE geo USING elsewhere(a)'); PRAGMA writable_schema = RESET",
    );
    let names: Vec<&str> = found.unmodelled.iter().map(|u| u.name.as_str()).collect();
    assert_eq!(names, ["geo_i", "geo_data", "geo"]);
    assert_eq!(of_kind(&found, Kind::Table).len(), 1);
}

#[test]
fn p03_what_names_depend_on() {
    let found = catalog(
        "CREATE TABLE t (a, b, c CHECK (c > 0), d AS (a), CHECK (a < b)); CREATE INDEX i ON t (b); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT * FROM v; \
         CREATE TABLE u (x REFERENCES t (a)); CREATE TRIGGER g AFTER UPDATE OF c ON t BEGIN UPDATE u SET x = 1; END",
    );
    let refs = |id: &str| -> Vec<String> {
        let id = id.parse().unwrap_or_else(|e| panic!("{e}"));
        found
            .get(&id)
            .unwrap_or_else(|| panic!("no {id}"))
            .refs()
            .iter()
            .map(|r| format!("{:?} {}", r.strength, r.to))
            .collect()
    };
    assert_eq!(refs("column main.t.d"), ["Auto table main.t", "Normal column main.t.a"]);
    assert_eq!(refs("index main.i"), ["Auto table main.t", "Normal column main.t.b"]);
    assert_eq!(refs("view main.v"), ["Normal table main.t", "Normal column main.t.a"]);
    assert_eq!(refs("view main.w"), ["Normal view main.v"]);
    assert_eq!(
        refs("trigger main.t.g"),
        ["Auto table main.t", "Normal table main.u", "Normal column main.t.c", "Normal column main.u.x"]
    );
    assert_eq!(refs("check main.t.\"check(c > 0)\""), ["Auto column main.t.c"]);
    assert_eq!(
        refs("check main.t.\"check(a < b)\""),
        ["Auto table main.t", "Normal column main.t.a", "Normal column main.t.b"]
    );
    assert_eq!(refs("foreign key main.u.\"foreign key(x)\""), ["Auto column main.u.x"]);
}

#[test]
fn strings_in_double_quotes_stay_strings() {
    let found = catalog(
        "CREATE TABLE t (status); CREATE TABLE u (active); CREATE VIEW v AS SELECT \"status\" = \"active\" FROM t",
    );
    assert_eq!(of_kind(&found, Kind::View)[0].attr("definition").text(), Some("SELECT status = \"active\" FROM t"));
}

#[test]
fn odd_constraint_names_survive() {
    let found = catalog(
        "CREATE TABLE t (a, CONSTRAINT x CHECK (a) CONSTRAINT x CHECK (1) CONSTRAINT \"x#2\" CHECK (2), UNIQUE (a), UNIQUE (a))",
    );
    let names: Vec<&str> = of_kind(&found, Kind::Check).iter().map(|o: &&Object| o.id().name()).collect();
    assert_eq!(names, ["x", "x#2", "x#2#1"]);
    assert_eq!(of_kind(&found, Kind::Unique).len(), 2);
}
