//! Whether nothing has changed is judged without reading the catalog where a stamp of it was left: it must notice all changes.

#[macro_use]
mod support;

use msr::apply::{history, journal};
use msr::engine::{Access, Session};
use support::{Database, Engine, Msr};

const SCHEMA: &str = "CREATE TABLE t (id bigint PRIMARY KEY, n int);\nCREATE VIEW v AS SELECT id FROM t;\n";

fn session(database: &Database) -> Box<dyn Session> {
    let url: msr::settings::DatabaseUrl = database.url().parse().unwrap();
    let engine = msr::engine::ENGINES.iter().find(|e| e.name() == url.engine()).unwrap();
    engine.connect(&url, Access::Read).unwrap()
}

/// What the stamp alone says, and what it is.
fn settled(database: &Database) -> (bool, Option<String>) {
    let mut session = session(database);
    let entries = journal::read(session.journal()).unwrap();
    let desired = entries.iter().rev().find_map(|e| e.desired.clone()).unwrap();
    let found = history::settled(&entries, &mut *session, &desired, None).unwrap();
    (found.is_some(), journal::stamp(&mut *session).unwrap())
}

fn applied(engine: Engine) -> Database {
    let (msr, database) = (Msr::new(), engine.fresh());
    msr.reach(&database, SCHEMA).expect(0);
    database
}

fn notices(engine: Engine, harmless: &[&str], changes: &[&str]) {
    needs!(engine);
    let database = applied(engine);
    assert!(settled(&database).0, "{}: just applied", engine.name());
    for sql in harmless {
        database.load(sql).unwrap();
        assert!(settled(&database).0, "{}: {sql} changes no schema", engine.name());
    }
    let mut seen = vec![settled(&database).1];
    for sql in changes {
        database.load(sql).unwrap();
        let (same, stamp) = settled(&database);
        assert!(!same, "{}: {sql} was not noticed", engine.name());
        assert!(!seen.contains(&stamp), "{}: {sql} gave a stamp that was there before", engine.name());
        seen.push(stamp);
    }
}

#[test]
fn postgres() {
    let harmless = [
        "INSERT INTO t VALUES (1, 2)",
        "ANALYZE t",
        "VACUUM t",
        "VACUUM pg_catalog.pg_attribute",
        "UPDATE t SET n = 3",
    ];
    let changes = [
        "ALTER TABLE t ADD c text",
        "ALTER TABLE t DROP c",
        "ALTER TABLE t ALTER n SET NOT NULL",
        "ALTER TABLE t ALTER n SET DEFAULT 1",
        "ALTER TABLE t ALTER n SET STATISTICS 7",
        "ALTER TABLE t ADD CHECK (n > 0) NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT t_n_check",
        "CREATE INDEX i ON t (n)",
        "ALTER INDEX i RENAME TO j",
        "COMMENT ON TABLE t IS 'x'",
        "COMMENT ON TABLE t IS 'y'",
        "GRANT SELECT ON t TO public",
        "CREATE TYPE e AS ENUM ('a')",
        "ALTER TYPE e ADD VALUE 'b'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "CREATE OR REPLACE VIEW v AS SELECT id + 1 AS id FROM t",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY p ON t USING (true)",
        "CREATE SEQUENCE s",
        "ALTER SEQUENCE s CACHE 5",
        "ALTER SEQUENCE s OWNED BY t.n",
        "CREATE SCHEMA other",
        "ALTER TABLE t SET SCHEMA other",
        "CREATE PUBLICATION pub",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public",
        "CREATE EXTENSION btree_gist",
        "CREATE STATISTICS st ON id, n FROM other.t",
        "DROP VIEW v",
    ];
    notices(Engine::Postgres, &harmless, &changes);
}

/// A server that asks several workers gives their answers as they come.
#[test]
fn workers_change_no_stamp() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.fresh();
    for (setting, value) in
        [("parallel_setup_cost", "0"), ("parallel_tuple_cost", "0"), ("min_parallel_table_scan_size", "0")]
    {
        database
            .load(&format!(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {setting} = {value}', current_database()); END $$"
            ))
            .unwrap();
    }
    let stamp = || journal::stamp(&mut *session(&database)).unwrap();
    let first = stamp();
    assert!(first.is_some());
    (0..30).for_each(|_| assert_eq!(stamp(), first));
}

#[test]
fn sqlite() {
    let changes = [
        "ALTER TABLE t ADD c text",
        "ALTER TABLE t RENAME n TO m",
        "CREATE INDEX i ON t (m)",
        "DROP VIEW v",
        "CREATE VIEW v AS SELECT m FROM t",
    ];
    notices(Engine::Sqlite, &["INSERT INTO t VALUES (1, 2)", "ANALYZE", "VACUUM"], &changes);
}
