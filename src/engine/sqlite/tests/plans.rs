//! From one schema to another, with rows.

use super::{catalog, execute, inspect, migrate, plan, run, scratch};
use crate::diff::diff;
use crate::engine::Session;
use crate::plan::{Action, Down};
use diesel::RunQueryDsl;
use diesel::sql_types::{Nullable, Text};

/// A database in memory whose rows can be read.
pub fn opened(sql: &str) -> super::super::session::SqliteSession {
    let opened = super::super::open::memory().and_then(super::super::session::SqliteSession::new);
    let mut session = opened.unwrap_or_else(|e| panic!("{e}"));
    execute(&mut session, sql);
    session
}

pub fn value(session: &mut super::super::session::SqliteSession, sql: &str) -> String {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<Text>)]
        value: Option<String>,
    }
    let asked =
        diesel::sql_query(format!("SELECT CAST(({sql}) AS TEXT) AS value")).get_result::<Row>(session.connection());
    asked.unwrap_or_else(|e| panic!("{e}: {sql}")).value.unwrap_or_else(|| "NULL".into())
}

fn rebuilt(sql: &[String]) -> bool {
    sql.iter().any(|s| s.contains("msr_new_"))
}

#[test]
fn p21_no_rebuild_where_alter_is_enough() {
    for (old, new) in [
        (
            "CREATE TABLE t (a)",
            "CREATE TABLE t (a, b TEXT NOT NULL DEFAULT 'x' COLLATE NOCASE, c INT DEFAULT -1, d AS (a) VIRTUAL)",
        ),
        (
            "CREATE TABLE t (a)",
            "CREATE TABLE t (a, b INT CONSTRAINT p CHECK (b > 0), c REFERENCES t (a) ON DELETE CASCADE)",
        ),
        ("CREATE TABLE t (a int NOT NULL)", "CREATE TABLE t (a int NOT NULL, b int NOT NULL AS (2) VIRTUAL)"),
        ("CREATE TABLE t (a, b, c); CREATE INDEX i ON t (b)", "CREATE TABLE t (a)"),
        (
            "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT a, b FROM t",
            "CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t",
        ),
        ("CREATE TABLE t (a); CREATE INDEX i ON t (a)", "CREATE TABLE t (a); CREATE UNIQUE INDEX i ON t (a DESC)"),
        (
            "CREATE TABLE t (a); CREATE TABLE u (a); CREATE INDEX i ON t (a)",
            "CREATE TABLE t (a); CREATE TABLE u (a); CREATE INDEX i ON u (a)",
        ),
        (
            "CREATE TABLE a (x); CREATE TABLE b (x); CREATE VIEW v AS SELECT * FROM a UNION ALL SELECT * FROM b",
            "CREATE TABLE a (x, y); CREATE TABLE b (x, y); CREATE VIEW v AS SELECT * FROM a UNION ALL SELECT * FROM b",
        ),
        ("CREATE TABLE t (a); CREATE VIEW v AS SELECT 1", "CREATE TABLE t (a); CREATE TABLE v (b)"),
    ] {
        let mut session = scratch();
        execute(&mut *session, old);
        let sql = migrate(&mut *session, new);
        assert!(!rebuilt(&sql), "{sql:#?}");
    }
}

#[test]
fn p21_what_alter_cannot_do_is_rebuilt() {
    let old = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT DEFAULT 'x', c AS (a)); CREATE INDEX i ON t (a) WHERE b > 'y'; \
               CREATE TABLE log (x); CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END; \
               CREATE TRIGGER h AFTER INSERT ON log BEGIN UPDATE t SET b = new.x; END; \
               CREATE VIEW v AS SELECT * FROM t; CREATE TABLE r (t REFERENCES t ON DELETE CASCADE)";
    let table = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT DEFAULT 'x', c AS (a))";
    for new in [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a BIGINT, b TEXT DEFAULT 'x', c AS (a))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT NOT NULL, b TEXT DEFAULT 'x', c AS (a))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT DEFAULT 'z', c AS (a))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT, c AS (a))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT DEFAULT 'x' COLLATE NOCASE, c AS (a))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT DEFAULT 'x', c AS (a + 1) STORED)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT UNIQUE, b TEXT DEFAULT 'x', c AS (a), CHECK (a > 0))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT REFERENCES t, b TEXT DEFAULT 'x', c AS (a), d DEFAULT (1 + 1))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT, b TEXT DEFAULT 'x', c AS (a))",
        "CREATE TABLE t (id INTEGER, a INT, b TEXT DEFAULT 'x', c AS (a), PRIMARY KEY (id, a)) WITHOUT ROWID",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT DEFAULT 'x', c INT AS (a)) STRICT",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT DEFAULT 'x', c AS (a), d CHECK (d > a), e NOT NULL DEFAULT CURRENT_TIMESTAMP)",
    ] {
        // WITHOUT ROWID needs a type that STRICT does not.
        let old = if new.ends_with("STRICT") { old.replace("c AS (a))", "c INT AS (a))") } else { old.to_string() };
        let goal = old.replacen(
            &table.replace("c AS (a))", if new.ends_with("STRICT") { "c INT AS (a))" } else { "c AS (a))" }),
            new,
            1,
        );
        assert_ne!(old, goal);
        let mut session =
            opened(&format!("{old}; INSERT INTO t (id, a) VALUES (1, 7), (7, 1); INSERT INTO r VALUES (1), (7)"));
        let sql = migrate(&mut session, &goal);
        assert!(rebuilt(&sql), "{sql:#?}");
        assert_eq!(value(&mut session, "SELECT group_concat(id || ':' || a ORDER BY id) FROM t"), "1:7,7:1");
        assert_eq!(value(&mut session, "SELECT count(*) FROM r"), "2");
        assert_eq!(value(&mut session, "SELECT integrity_check FROM pragma_integrity_check"), "ok");
        assert_eq!(value(&mut session, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%msr%'"), "0");
    }
}

#[test]
fn p21_children_marks_and_row_numbers_survive() {
    let mut session = opened(
        "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT); CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE); \
         CREATE TABLE n (a TEXT); INSERT INTO p (a) VALUES ('x'), ('y'), ('z'); INSERT INTO c VALUES (1), (2); \
         DELETE FROM p WHERE id = 3; INSERT INTO n VALUES ('k'), ('l'), ('m'); DELETE FROM n WHERE a = 'l'",
    );
    let sql = migrate(
        &mut session,
        "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT NOT NULL); CREATE TABLE n (a TEXT NOT NULL); \
         CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE)",
    );
    assert!(rebuilt(&sql));
    assert_eq!(value(&mut session, "SELECT count(*) FROM c"), "2");
    assert_eq!(value(&mut session, "SELECT group_concat(rowid || a) FROM n"), "1k,3m");
    execute(&mut session, "INSERT INTO p (a) VALUES ('new')");
    assert_eq!(value(&mut session, "SELECT max(id) FROM p"), "4");
    // An empty table has a mark too.
    execute(&mut session, "DELETE FROM p");
    migrate(
        &mut session,
        "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT); CREATE TABLE n (a TEXT); CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE)",
    );
    execute(&mut session, "INSERT INTO p (a) VALUES ('newer')");
    assert_eq!(value(&mut session, "SELECT max(id) FROM p"), "5");
    assert_eq!(value(&mut session, "SELECT count(*) FROM sqlite_sequence"), "1");
}

#[test]
fn p21_rows_that_do_not_fit_stop_it() {
    for (old, new, says) in [
        ("CREATE TABLE t (a)", "CREATE TABLE t (a NOT NULL)", "NOT NULL constraint failed"),
        ("CREATE TABLE t (a, b)", "CREATE TABLE t (a, b UNIQUE ON CONFLICT IGNORE)", "UNIQUE constraint failed"),
        ("CREATE TABLE t (a, b)", "CREATE TABLE t (a, b CHECK (b > 1))", "CHECK constraint failed"),
        (
            "CREATE TABLE t (a, b)",
            "CREATE TABLE t (a, b INT REFERENCES o (x)); CREATE TABLE o (x UNIQUE)",
            "2 rows would refer to rows that are not there",
        ),
    ] {
        let mut session = opened(&format!("{old}; INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES"));
        let columns = if old.contains('b') {
            execute(&mut session, "UPDATE t SET b = 1");
            "b"
        } else {
            "a"
        };
        let before = inspect(&mut session);
        let made = plan(&mut session, new).unwrap_or_else(|e| panic!("{e}"));
        let sql: Vec<String> = made.plan.steps.iter().flat_map(|s| s.up.clone()).collect();
        let error = run(&mut session, &sql).expect_err(new).to_string();
        assert!(error.contains(says), "{error}");
        assert_eq!(diff(&inspect(&mut session), &before), []);
        assert_eq!(value(&mut session, &format!("SELECT count(*) FROM t WHERE {columns} IS NOT 0")), "2");
    }
}

#[test]
fn p21_orphans_that_were_there_before_stand_in_nobodys_way() {
    let mut session = opened(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p); PRAGMA foreign_keys = OFF; INSERT INTO c VALUES (9)",
    );
    migrate(
        &mut session,
        "CREATE TABLE p (id INTEGER PRIMARY KEY, a NOT NULL DEFAULT CURRENT_TIMESTAMP); CREATE TABLE c (p REFERENCES p)",
    );
}

#[test]
fn p21_a_copy_with_fewer_rows_is_refused() {
    let mut session = opened("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    let made = plan(&mut session, "CREATE TABLE t (a NOT NULL)").unwrap_or_else(|e| panic!("{e}"));
    let sql: Vec<String> =
        made.plan.steps[0].up.iter().filter(|s| !s.starts_with("INSERT OR ABORT")).cloned().collect();
    let error = run(&mut session, &sql).expect_err("fewer rows").to_string();
    assert!(error.contains("every row of t is copied"), "{error}");
    assert_eq!(value(&mut session, "SELECT count(*) FROM t"), "1");
}

#[test]
fn p04_declared_renames() {
    let mut session = opened(
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b CHECK (b > 0), UNIQUE (b)); CREATE TABLE c (x REFERENCES t (a)); CREATE INDEX i ON t (b); \
         CREATE VIEW v AS SELECT b FROM t; CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t WHERE b = new.b; END; INSERT INTO c VALUES (NULL)",
    );
    let sql = migrate(
        &mut session,
        "-- msr:renamed from t\nCREATE TABLE T (a INTEGER PRIMARY KEY,\n-- msr:renamed from b\nz CHECK (z > 0), UNIQUE (z)); \
         CREATE TABLE c (x REFERENCES T (a)); CREATE INDEX i ON T (z); \
         CREATE VIEW v AS SELECT z FROM T; CREATE TRIGGER g AFTER INSERT ON T BEGIN DELETE FROM T WHERE z = new.z; END",
    );
    assert!(sql.iter().all(|s| s.starts_with("ALTER TABLE")), "{sql:#?}");
}

#[test]
fn p04_renames_and_rebuilds_in_one_plan_keep_rows() {
    let mut session = opened(
        "CREATE TABLE \"o'l\"\"d\" (id INTEGER PRIMARY KEY AUTOINCREMENT, \"a b\" TEXT, up REFERENCES \"o'l\"\"d\" (id)); \
         INSERT INTO \"o'l\"\"d\" (\"a b\", up) VALUES ('x', NULL), ('y', 1)",
    );
    migrate(
        &mut session,
        "-- msr:renamed from \"o'l\"\"d\"\nCREATE TABLE \"n e\"\"w\" (id INTEGER PRIMARY KEY AUTOINCREMENT,\n-- msr:renamed from \"a b\"\n\
         \"A B\" TEXT NOT NULL, up REFERENCES \"n e\"\"w\" (id) ON DELETE SET NULL, extra AS (id) STORED)",
    );
    assert_eq!(
        value(&mut session, "SELECT group_concat(id || \"A B\" || coalesce(up, '-') ORDER BY id) FROM \"n e\"\"w\""),
        "1x-,2y1"
    );
    assert_eq!(value(&mut session, "SELECT name || seq FROM sqlite_sequence"), "n e\"w2");
}

#[test]
fn p21_rowid_tables_become_others_and_back() {
    let mut session = opened("CREATE TABLE t (k TEXT PRIMARY KEY, v); INSERT INTO t VALUES ('a', 1), ('b', 2)");
    migrate(&mut session, "CREATE TABLE t (k TEXT PRIMARY KEY, v) WITHOUT ROWID");
    migrate(&mut session, "CREATE TABLE t (k TEXT PRIMARY KEY, v INT) STRICT");
    migrate(&mut session, "CREATE TABLE t (k TEXT, v INT, n INTEGER PRIMARY KEY)");
    migrate(&mut session, "CREATE TABLE t (k TEXT, v INT, n INTEGER, rowid, UNIQUE (k, v))");
    assert_eq!(value(&mut session, "SELECT group_concat(k || v || n ORDER BY n) FROM t"), "a11,b22");
    // A generated value that is no longer generated stays.
    migrate(&mut session, "CREATE TABLE t (k TEXT, v AS (n * 10), n INTEGER)");
    migrate(&mut session, "CREATE TABLE t (k TEXT, v, n INTEGER)");
    assert_eq!(value(&mut session, "SELECT group_concat(v ORDER BY n) FROM t"), "10,20");
}

#[test]
fn p21_rows_that_would_lose_their_parent_stop_a_drop() {
    let mut session = opened(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)",
    );
    let made = plan(&mut session, "CREATE TABLE c (p REFERENCES p)").unwrap_or_else(|e| panic!("{e}"));
    let sql: Vec<String> = made.plan.steps.iter().flat_map(|s| s.up.clone()).collect();
    let error = run(&mut session, &sql).expect_err("orphans").to_string();
    assert!(error.contains("1 in c (p) → p"), "{error}");
    assert_eq!(value(&mut session, "SELECT count(*) FROM p"), "1");
}

#[test]
fn p05_losses_are_told_and_ways_back_lead_back() {
    let old = "CREATE TABLE t (a, b); CREATE TABLE u (x); CREATE VIEW v AS SELECT a FROM t; CREATE INDEX i ON t (a)";
    let mut session = opened(old);
    let made = plan(&mut session, "CREATE TABLE t (a NOT NULL)").unwrap_or_else(|e| panic!("{e}"));
    let losses: Vec<&str> = made.plan.steps.iter().filter_map(|s| s.loses.as_deref()).collect();
    assert_eq!(losses.len(), 2);
    assert!(
        losses.contains(&"the rows of table main.u") && losses.contains(&"the values of column main.t.b"),
        "{losses:?}"
    );
    assert!(made.plan.steps.iter().any(|s| s.action == Action::Rebuild && s.rewrites == ["t"]));
    let up: Vec<String> = made.plan.steps.iter().flat_map(|s| s.up.clone()).collect();
    run(&mut session, &up).unwrap_or_else(|e| panic!("{e}"));
    let down: Vec<String> = made
        .plan
        .steps
        .iter()
        .rev()
        .flat_map(|s| match &s.down {
            Down::Sql(sql) | Down::Lossy { sql, .. } => sql.clone(),
            Down::Irreversible(why) => panic!("{why}"),
        })
        .collect();
    run(&mut session, &down).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(diff(&inspect(&mut session), &catalog(old)), []);
}

#[test]
fn p21_a_failed_rebuild_leaves_the_session_as_it_was() {
    let mut session = opened("CREATE TABLE t (a)");
    let sql = ["PRAGMA legacy_alter_table = ON", "nonsense"].map(String::from);
    assert!(run(&mut session, &sql).is_err());
    assert_eq!(value(&mut session, "SELECT legacy_alter_table FROM pragma_legacy_alter_table"), "0");
}

/// From each schema of the list to each other: most call their table `t`, so that everything about it changes at once.
#[test]
fn p02_every_pair_of_schemas_is_planned_and_proved() {
    let all = super::round_trip::CREATES;
    let mut refused = 0;
    for old in all {
        for new in all {
            let mut session = opened(old);
            match plan(&mut session, new) {
                Ok(made) => {
                    let sql: Vec<String> = made.plan.steps.iter().flat_map(|s| s.up.clone()).collect();
                    run(&mut session, &sql).unwrap_or_else(|e| panic!("{e}\nfrom {old}\nto {new}\n{sql:#?}"));
                    assert_eq!(diff(&inspect(&mut session), &made.goal), [], "from {old}\nto {new}\n{sql:#?}");
                }
                Err(e) => {
                    eprintln!("{e}\nfrom {old}\nto {new}\n");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!(refused, 0);
}

/// Both ways between the two schemas of every case, on an empty database; each plan proves its own way back.
#[test]
fn p02_every_case_is_planned_and_proved() {
    super::each_case(|name, old, new| {
        for (old, new) in [(old, new), (new, old)] {
            eprintln!("{name}: from\n{old}\nto\n{new}");
            let mut session = opened(old);
            migrate(&mut session, new);
            assert!(plan(&mut session, new).is_ok_and(|made| made.plan.is_empty()));
        }
    });
}

#[test]
fn virtual_tables_that_change_are_made_anew() {
    let mut session = opened("CREATE VIRTUAL TABLE f USING fts5(a)");
    let made = plan(&mut session, "CREATE VIRTUAL TABLE f USING fts5(a, b)").unwrap_or_else(|e| panic!("{e}"));
    assert!(made.plan.steps.iter().any(|s| s.loses.as_deref() == Some("the rows of virtual table main.f")));
    // Another case is no other name.
    assert!(plan(&mut session, "CREATE VIRTUAL TABLE F USING FTS5(A)").is_ok_and(|made| made.plan.is_empty()));
}

/// Cost grows with the size of the plan, not with its square. The proof is left out: SQLite's own RENAME reads every text of
/// the schema.
#[test]
fn p37_planning_of_rebuilds_is_linear() {
    let time = |tables: usize| {
        let schema = |check: &str| -> String {
            (0..tables).map(|i| format!("CREATE TABLE t{i} (a INTEGER PRIMARY KEY, b TEXT{check}, c REFERENCES t0 (a)); CREATE INDEX i{i} ON t{i} (b);")).collect()
        };
        let (old, new) = (
            catalog(&format!("BEGIN; {} COMMIT", schema(""))),
            catalog(&format!("BEGIN; {} COMMIT", schema(" CHECK (b > '')"))),
        );
        let server = scratch().server().clone();
        let start = std::time::Instant::now();
        let made =
            crate::plan::make::unproved(&super::super::Sqlite, &server, &old, &new).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(made.steps.iter().filter(|s| s.action == Action::Rebuild).count(), tables);
        start.elapsed()
    };
    let (small, large) = (time(250), time(1_000));
    eprintln!("{small:?} {large:?}");
    assert!(large < small * 10, "250 tables took {small:?}, 1000 took {large:?}");
}

#[test]
fn p07_errors_of_the_schema_have_a_place() {
    let mut session = scratch();
    for (sql, place) in [
        ("CREATE TABLE t (a);\nCREATE INDEX i ON t (a,\n  nope);", "new.sql:3:3"),
        ("CREATE TABLE t (a INT,\n  b INT DEFAULT 1 + );", "new.sql:2:19"),
        ("\nCREATE TABLE t (a STRICT)) x;", "new.sql:2:"),
    ] {
        let error = plan(&mut *session, sql).err().expect(sql);
        assert!(error.at.as_deref().is_some_and(|at| at.starts_with(place)), "{error}");
    }
}

#[test]
fn prepare_reads_back() {
    let mut session = opened("");
    session.prepare().unwrap_or_else(|e| panic!("{e}"));
    execute(&mut session, "PRAGMA foreign_keys = ON");
    session.begin().unwrap_or_else(|e| panic!("{e}"));
    assert!(session.prepare().is_err());
}
