//! Tables of SQLite that are rebuilt under foreign keys that would delete rows: not one is lost (promise 21).
//!
//! 25 random schemas; `MSR_REBUILDS=1000` says how many.

#[macro_use]
mod support;
mod random;

use random::Random;
use support::{Engine, Msr};

/// One table: what it refers to and with which action, and its rows' parents.
struct Table {
    keys: Vec<(usize, &'static str)>,
    rows: usize,
}

fn tables(random: &mut Random) -> Vec<Table> {
    let count = 2 + random.below(5);
    let actions = ["CASCADE", "CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT"];
    let table = |random: &mut Random| Table {
        keys: (0..random.below(3)).map(|_| (random.below(count), actions[random.below(actions.len())])).collect(),
        rows: 1 + random.below(12),
    };
    (0..count).map(|_| table(random)).collect()
}

/// The schema; `changed` tables are such as no ALTER makes of the others.
fn schema(tables: &[Table], changed: &[bool]) -> String {
    let one = |(i, t): (usize, &Table)| {
        let mut lines = vec!["id INTEGER PRIMARY KEY".to_string()];
        lines.push(if changed[i] { "a INTEGER NOT NULL DEFAULT 3".into() } else { "a TEXT".into() });
        lines.extend(t.keys.iter().enumerate().map(|(k, (to, action))| {
            format!("k{k} INTEGER REFERENCES t{to} (id) ON DELETE {action} ON UPDATE CASCADE")
        }));
        lines.extend(changed[i].then(|| "CHECK (a > 0)".to_string()));
        let index = format!("CREATE INDEX i{i} ON t{i} (a);\n");
        let trigger =
            format!("CREATE TRIGGER g{i} AFTER DELETE ON t{i} BEGIN DELETE FROM t{i} WHERE id = OLD.id + 1; END;\n");
        format!("CREATE TABLE t{i} (\n    {}\n);\n{index}{trigger}", lines.join(",\n    "))
    };
    tables.iter().enumerate().map(one).collect()
}

fn rows(tables: &[Table], random: &mut Random) -> String {
    let mut sql = String::new();
    for (i, t) in tables.iter().enumerate() {
        for row in 1..=t.rows {
            let keys: String =
                t.keys.iter().map(|(to, _)| format!(", {}", 1 + random.below(tables[*to].rows))).collect();
            sql += &format!("INSERT INTO t{i} VALUES ({row}, '{}'{keys});\n", 1 + random.below(99));
        }
    }
    sql
}

#[test]
fn p21_no_row_is_lost_under_cascading_foreign_keys() {
    needs!(Engine::Sqlite);
    let all: u64 = std::env::var("MSR_REBUILDS").ok().and_then(|n| n.parse().ok()).unwrap_or(25);
    let (mut rebuilt, mut kept) = (0, 0);
    for seed in 1..=all {
        let mut random = Random::new(seed);
        let tables = tables(&mut random);
        let mut changed: Vec<bool> = tables.iter().map(|_| random.one_in(2)).collect();
        changed[0] = true;
        let old = schema(&tables, &vec![false; tables.len()]);
        let database = Engine::Sqlite.with(&(old + &rows(&tables, &mut random))).expect("a database");
        // As an application has it: the pragma is a connection's, and rows would go if it were on while a table is dropped.
        let asks: Vec<String> = (0..tables.len())
            .map(|i| {
                let keys: String = (0..tables[i].keys.len()).map(|k| format!(", k{k}")).collect();
                format!("SELECT id, CAST(a AS INTEGER){keys} FROM t{i} ORDER BY id")
            })
            .collect();
        let before: Vec<String> = asks.iter().map(|sql| database.ask(sql)).collect();
        let msr = Msr::new();
        msr.reach(&database, &schema(&tables, &changed)).expect(0);
        let after: Vec<String> = asks.iter().map(|sql| database.ask(sql)).collect();
        assert_eq!(before, after, "seed {seed}");
        assert_eq!(database.ask("PRAGMA foreign_key_check"), "", "seed {seed}");
        msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
        assert_eq!(before, asks.iter().map(|sql| database.ask(sql)).collect::<Vec<_>>(), "seed {seed}, after down");
        rebuilt += changed.iter().filter(|c| **c).count();
        kept += tables.iter().map(|t| t.rows).sum::<usize>();
    }
    println!("{all} schemas, {rebuilt} tables rebuilt there and back, {kept} rows kept");
}
