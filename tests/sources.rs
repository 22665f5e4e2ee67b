//! What is managed, what is taken over, and what can be a source: filters, `baseline`, `inspect`, `import`.

#[macro_use]
mod support;

use support::{Database, Engine, Msr, Output, differences};

#[track_caller]
fn says(output: &Output, words: &[&str]) {
    for word in words {
        let said = format!("{}{}", output.stdout, output.stderr);
        assert!(said.contains(word), "does not say `{word}`: {}", output.said());
    }
}

fn same(a: &Database, b: &Database) {
    let found = differences(&a.dump(), &b.dump());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

// Filters.

#[test]
fn p03_exclude_and_include_on_the_command_line() {
    needs!(Engine::Sqlite);
    let database =
        Engine::Sqlite.with("CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE tmp_c (x);").expect("it loads");
    let msr = Msr::new();
    msr.write("a.sql", "CREATE TABLE a (x);");
    let plan =
        |more: &[&str]| msr.on(&database, &[&["plan", "--schema", "a.sql", "--detailed-exitcode"], more].concat());
    says(&plan(&[]).expect(2), &["tmp_c"]);
    plan(&["--exclude", "tmp_*", "--exclude", "main.b"]).expect(0);
    plan(&["--include", "a"]).expect(0);
    plan(&["--exclude", "kind:table"]).expect(0);
    says(&plan(&["--exclude", "kind:tabel"]).expect(78), &["`tabel`"]);
    msr.write("msr.toml", "profile = 'heroku'\n");
    says(&plan(&[]).expect(78), &["`heroku`", "`supabase`"]);
    msr.write("msr.toml", "[manage]\ngrants = 'some'\n");
    says(&plan(&[]).expect(78), &["msr.toml:2"]);
}

/// What was settled under one filter is not under another, though files and database are what they were.
#[test]
fn another_filter_is_another_question() {
    needs!(Engine::Sqlite);
    let database = Engine::Sqlite.with("CREATE TABLE a (x); CREATE TABLE tmp_b (x);").expect("it loads");
    let msr = Msr::new();
    msr.write("schema/a.sql", "CREATE TABLE a (x);");
    msr.on(&database, &["baseline", "--yes", "--exclude", "tmp_*"]).expect(0);
    msr.on(&database, &["plan", "--detailed-exitcode", "--exclude", "tmp_*"]).expect(0);
    msr.on(&database, &["plan", "--detailed-exitcode"]).expect(2);
}

// Baseline.

const TWO: &str = "CREATE TABLE a (id integer PRIMARY KEY, n text);\nCREATE VIEW v AS SELECT id FROM a;\n";

fn takes_over(engine: Engine) {
    let database = engine.with(TWO).expect("it loads");
    let before = database.dump();
    let msr = Msr::new();
    msr.write("schema/a.sql", "CREATE TABLE a (id integer PRIMARY KEY);");
    let differs = msr.on(&database, &["baseline", "--yes"]).expect(4);
    says(&differs, &["only in the database: view", "only in the database: column", "inspect --split"]);
    assert!(!msr.on(&database, &["list"]).expect(0).stdout.contains("baseline"));
    msr.write("schema/a.sql", TWO);
    says(&msr.on(&database, &["baseline"]).expect(4), &["--yes"]);
    says(&msr.on(&database, &["baseline", "--yes"]).expect(0), &["0 baseline"]);
    assert_eq!(database.dump(), before, "nothing but the journal is written");
    says(&msr.on(&database, &["list", "--check"]).expect(0), &["baseline"]);
    says(&msr.on(&database, &["status"]).expect(0), &["0 baseline, taken over"]);
    // Without a change no scratch is needed to say so: the server named here does not exist.
    let nowhere = ["plan", "--detailed-exitcode", "--shadow", "postgres://nobody@127.0.0.1:1/none"];
    msr.on(&database, &nowhere).expect(0);
    msr.write("schema/b.sql", "CREATE TABLE b (id integer PRIMARY KEY);");
    msr.on(&database, &["plan", "--save", "b"]).expect(0);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    says(&msr.on(&database, &["baseline", "--yes"]).expect(4), &["is managed", "`b`"]);
    msr.on(&database, &["down", "0", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(database.dump(), before, "down ends at the baseline");
}

#[test]
fn baseline_on_postgres() {
    needs!(Engine::Postgres);
    takes_over(Engine::Postgres);
}

#[test]
fn baseline_on_sqlite() {
    needs!(Engine::Sqlite);
    takes_over(Engine::Sqlite);
}

#[test]
fn a_baseline_covers_the_saved_plans_that_lead_to_it() {
    needs!(Engine::Sqlite);
    let msr = Msr::new();
    msr.write("schema/a.sql", TWO);
    let (first, second) = (Engine::Sqlite.fresh(), Engine::Sqlite.with(TWO).expect("it loads"));
    msr.on(&first, &["plan", "--save", "a"]).expect(0);
    msr.on(&second, &["baseline", "--yes"]).expect(0);
    says(&msr.on(&second, &["migrate", "--yes"]).expect(0), &["nothing is pending"]);
    msr.on(&first, &["migrate", "--yes"]).expect(0);
    same(&first, &second);
}

// Inspect.

#[test]
fn a_tree_of_files_is_tidy_and_not_overwritten() {
    needs!(Engine::Postgres);
    let sql = "CREATE SCHEMA app; CREATE TABLE app.\"Us/ers\" (id serial PRIMARY KEY, x int); CREATE INDEX ON app.\"Us/ers\" (x);
        CREATE TABLE app.\"us_ers\" (id int); CREATE TYPE mood AS ENUM ('a'); CREATE VIEW v AS SELECT 1 AS one;
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE PUBLICATION p; COMMENT ON VIEW v IS 'one';";
    let database = Engine::Postgres.with(sql).expect("it loads");
    let msr = Msr::new();
    msr.on(&database, &["inspect", "--split", "schema"]).expect(0);
    let mut files = vec![];
    for entry in walk(&msr.path("schema")) {
        files.push(entry.strip_prefix(msr.path("schema")).expect("below").display().to_string());
    }
    let want = [
        "app/schema.sql",
        "app/sequences/Us_ers_id_seq.sql",
        "app/tables/Us_ers.sql",
        "public/enums/mood.sql",
        "public/functions/f.sql",
        "public/views/v.sql",
        "publications.sql",
    ];
    assert_eq!(files, want);
    assert_eq!(msr.read("schema/app/tables/Us_ers.sql").matches("CREATE TABLE").count(), 2);
    says(&msr.on(&database, &["inspect", "--split", "schema"]).expect(4), &["not empty", "--force"]);
    msr.write("schema/public/views/v.sql", "CREATE VIEW v AS SELECT 2 AS two;");
    msr.write("schema/mine.sql", "CREATE TABLE mine (x int);");
    says(&msr.on(&database, &["inspect", "--split", "schema", "--force"]).expect(0), &["mine.sql"]);
    assert!(msr.read("schema/public/views/v.sql").contains("COMMENT ON VIEW public.v IS 'one'"));
    std::fs::remove_file(msr.path("schema/mine.sql")).expect("removed");
    msr.on(&database, &["plan", "--detailed-exitcode"]).expect(0);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(walk(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}

#[test]
fn a_database_is_a_source() {
    needs!(Engine::Postgres);
    let (from, to) = (Engine::Postgres.with(TWO).expect("it loads"), Engine::Postgres.fresh());
    let msr = Msr::new();
    msr.on(&to, &["plan", "--schema", &from.url(), "--out", "p.ron"]).expect(0);
    msr.on(&to, &["apply", "p.ron", "--yes"]).expect(0);
    same(&from, &to);
}

// Import.

/// The same three migrations as each tool has them; the second changes and drops what the first made.
const STEPS: [(&str, &str); 3] = [
    (
        "CREATE TABLE a (id integer PRIMARY KEY, old text);\nCREATE TABLE gone (x integer);\nINSERT INTO a VALUES (1, 'x');\n",
        "DROP TABLE a;\nDROP TABLE gone;\n",
    ),
    ("DROP TABLE gone;\nALTER TABLE a RENAME COLUMN old TO new;\n", "ALTER TABLE a RENAME COLUMN new TO old;\n"),
    ("CREATE VIEW v AS SELECT new FROM a;\n", "DROP VIEW v;\n"),
];
const WANT: &str = "CREATE TABLE a (id integer PRIMARY KEY, new text);\nCREATE VIEW v AS SELECT new FROM a;\n";

fn folders(msr: &Msr) -> Vec<&'static str> {
    for (i, (up, down)) in STEPS.iter().enumerate() {
        // 9, 10, 11: in the order of numbers, not of letters.
        let n = i + 9;
        for (path, text) in [
            (format!("diesel/2024-01-{n:02}-000000_step/up.sql"), *up),
            (format!("diesel/2024-01-{n:02}-000000_step/down.sql"), *down),
            (format!("sqlx/202401{n:02}000000_step.sql"), *up),
            (format!("reversible/{n}_step.up.sql"), *up),
            (format!("reversible/{n}_step.down.sql"), *down),
            (format!("flyway/V1.{n}__step.sql"), *up),
            (format!("flyway/U1.{n}__step.sql"), *down),
            (format!("msr/V202401{n:02}_step.up.sql"), *up),
            (format!("msr/V202401{n:02}_step.down.sql"), *down),
        ] {
            msr.write(&path, text);
        }
        msr.write(&format!("dbmate/202401{n:02}_step.sql"), format!("-- migrate:up\n{up}\n-- migrate:down\n{down}"));
    }
    std::fs::rename(msr.path("flyway/V1.11__step.sql"), msr.path("flyway/R__views.sql")).expect("renamed");
    std::fs::remove_file(msr.path("flyway/U1.11__step.sql")).expect("removed");
    vec!["diesel", "sqlx", "reversible", "flyway", "msr", "dbmate"]
}

fn imports(engine: Engine) {
    let msr = Msr::new();
    let database = engine.with(WANT).expect("it loads");
    for folder in folders(&msr) {
        msr.on(&database, &["plan", "--schema", folder, "--detailed-exitcode"]).expect(0);
        let out = format!("{folder}-schema");
        msr.on(&database, &["import", folder, "--out", &out]).expect(0);
        msr.on(&database, &["plan", "--schema", &out, "--detailed-exitcode"]).expect(0);
        let script = msr.on(&database, &["import", folder]).expect(0).stdout;
        same(&engine.with(&script).expect("it loads"), &database);
    }
    msr.write("want.sql", WANT);
    says(&msr.on(&database, &["diff", "diesel", "want.sql"]).expect(0), &["No difference"]);
    msr.on(&database, &["plan", "--from", "sqlx", "--schema", "want.sql", "--detailed-exitcode"]).expect(0);
    msr.on(&database, &["import", "sqlx", "--out", "one.sql"]).expect(0);
    says(&msr.on(&database, &["import", "sqlx", "--out", "one.sql"]).expect(4), &["one.sql", "--force"]);
    msr.on(&database, &["import", "sqlx", "--out", "one.sql", "--force"]).expect(0);
}

#[test]
fn import_on_postgres() {
    needs!(Engine::Postgres);
    imports(Engine::Postgres);
}

#[test]
fn import_on_sqlite() {
    needs!(Engine::Sqlite);
    imports(Engine::Sqlite);
}

#[test]
fn migrations_that_fail_or_cannot_be_told() {
    needs!(Engine::Sqlite);
    let msr = Msr::new();
    let database = Engine::Sqlite.fresh();
    msr.write("m/1_a.sql", "CREATE TABLE a (x);");
    msr.write("m/2_b.sql", "-- adds\nCREATE TABLE b (x);\n\n  ALTER TABLE nowhere ADD COLUMN x;\nCREATE TABLE b (y);");
    let failed = msr.on(&database, &["import", "m"]).expect(4);
    says(&failed, &["m/2_b.sql:4:3", "cannot replay", "nowhere"]);
    assert!(!failed.stderr.contains("already exists"), "what follows is not tried: {}", failed.said());
    msr.write("m/V3__c.sql", "SELECT 1;");
    says(&msr.on(&database, &["import", "m"]).expect(4), &["which tool's", "refinery", "sqlx"]);
    msr.write("n/tables.sql", "CREATE TABLE a (x);");
    says(&msr.on(&database, &["import", "n"]).expect(4), &["n/tables.sql", "diesel", "golang-migrate", "dbmate"]);
    says(&msr.on(&database, &["import", "nowhere"]).expect(78), &["nowhere"]);
    // Numbers alone make no migrations of the files of a schema.
    msr.write("s/02_tables.sql", "CREATE TABLE a (x);");
    msr.write("s/01_views.sql", "CREATE VIEW v AS SELECT x FROM a;");
    msr.on(&database, &["plan", "--schema", "s"]).expect(0);
}
