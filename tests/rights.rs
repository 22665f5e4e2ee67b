//! Promise 30: what a role may not do is found before the first statement, with the grants to run, which are enough; and `--role`.

#[macro_use]
mod support;

use support::{Database, Engine, Msr, Output, postgres};

/// What is there, of the superuser; what is wanted; what is taken from everybody before. Each is a change that the poor role can
/// make with what it is told.
const CASES: &[(&str, &str, &str, &str)] = &[
    ("a column", "CREATE TABLE t (id int);", "CREATE TABLE t (id int, n int);", ""),
    ("an index", "CREATE TABLE t (id int);", "CREATE TABLE t (id int);\nCREATE INDEX t_id ON t (id);", ""),
    ("a comment", "CREATE TABLE t (id int);", "CREATE TABLE t (id int);\nCOMMENT ON COLUMN t.id IS 'x';", ""),
    ("a dropped table", "CREATE TABLE t (id int);\nCREATE TABLE u (id int);", "CREATE TABLE t (id int);", ""),
    ("a view", "CREATE VIEW v AS SELECT 1 AS a;", "CREATE VIEW v AS SELECT 1 AS a, 2 AS b;", ""),
    ("a new table", "", "CREATE TABLE t (id int PRIMARY KEY);", ""),
    ("a schema", "", "CREATE SCHEMA s;\nCREATE TABLE s.t (id int);", ""),
    (
        "a schema that is closed",
        "CREATE SCHEMA s;\nCREATE TABLE s.t (id int);",
        "CREATE SCHEMA s;\nCREATE TABLE s.t (id int, n int);",
        "",
    ),
    (
        "a function",
        "CREATE FUNCTION f(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE FUNCTION f(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 2';",
        "",
    ),
    ("a dropped procedure", "CREATE PROCEDURE p(a int) LANGUAGE sql AS '';", "", ""),
    (
        "a language",
        "",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';",
        "REVOKE USAGE ON LANGUAGE plpgsql FROM public",
    ),
    ("an aggregate", "CREATE AGGREGATE a(int) (SFUNC = int4pl, STYPE = int);", "", ""),
    ("a label", "CREATE TYPE e AS ENUM ('a');", "CREATE TYPE e AS ENUM ('a', 'b');", ""),
    ("a domain", "CREATE DOMAIN d AS int;", "CREATE DOMAIN d AS int CHECK (VALUE > 0);", ""),
    ("a composite type", "CREATE TYPE c AS (a int);", "CREATE TYPE c AS (a int, b int);", ""),
    ("a dropped range", "CREATE TYPE r AS RANGE (subtype = int);", "", ""),
    (
        "a type that is used",
        "CREATE TYPE e AS ENUM ('a');",
        "CREATE TYPE e AS ENUM ('a');\nCREATE TABLE t (x e);",
        "REVOKE USAGE ON TYPE e FROM public",
    ),
    (
        "a function that a trigger calls",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\nCREATE TABLE t (id int);",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\nCREATE TABLE t (id int);\n\
         CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
        "REVOKE EXECUTE ON FUNCTION f() FROM public",
    ),
    (
        "a table that is referred to",
        "CREATE TABLE t (id int PRIMARY KEY);",
        "CREATE TABLE t (id int PRIMARY KEY);\nCREATE TABLE u (t int REFERENCES t (id));",
        "",
    ),
    ("a collation", "CREATE COLLATION k (LOCALE = 'C');", "", ""),
    (
        "statistics",
        "CREATE TABLE t (a int, b int);\nCREATE STATISTICS s ON a, b FROM t;",
        "CREATE TABLE t (a int, b int);",
        "",
    ),
    ("a publication", "CREATE PUBLICATION p;", "", ""),
    ("a text search configuration", "CREATE TEXT SEARCH CONFIGURATION c (COPY = pg_catalog.simple);", "", ""),
    (
        "a foreign server",
        "CREATE FOREIGN DATA WRAPPER w;\nCREATE SERVER s FOREIGN DATA WRAPPER w;",
        "CREATE FOREIGN DATA WRAPPER w;\nCREATE SERVER s FOREIGN DATA WRAPPER w;\nCREATE FOREIGN TABLE t (id int) SERVER s;",
        "",
    ),
    (
        "another owner",
        "CREATE TABLE t (id int);\nALTER TABLE t OWNER TO reader;",
        "CREATE TABLE t (id int);\nALTER TABLE t OWNER TO app;",
        "GRANT CREATE, USAGE ON SCHEMA public TO app",
    ),
    (
        "statistics of a table",
        "CREATE TABLE t (id int, n int);\nCREATE TABLE u (id int);",
        "CREATE TABLE t (id int, n int);\nCREATE TABLE u (id int);\nCREATE STATISTICS s (ndistinct) ON id, (id + 1) FROM t;",
        "",
    ),
];

/// The grants that a refusal lists.
fn told(output: &Output) -> Vec<String> {
    let lines = output.stderr.lines().map(str::trim).filter(|line| line.starts_with("GRANT "));
    lines.map(|line| line.trim_end_matches(';').to_string()).collect()
}

fn try_as_poor(what: &str, old: &str, new: &str, closed: &str) -> Result<(), String> {
    let (msr, database) = (Msr::new(), Engine::Postgres.with(old)?);
    database.load("REVOKE ALL ON SCHEMA public FROM public")?;
    database.load(closed)?;
    let poor = format!("poor_{}", database.name);
    database.load(&format!("CREATE ROLE {poor} LOGIN"))?;
    // Statistics of an expression are there from 14 on.
    let new = if Engine::Postgres.major() < 14 { new.replace("(id + 1)", "n") } else { new.to_string() };
    msr.write("new.sql", new);
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron", "--allow", "all"]).expect(0);
    if !msr.path("p.ron").exists() {
        return Err(format!("{what}: there is no plan"));
    }
    let url = postgres()?.url_as(&database.name, &poor);
    let before = database.dump();
    let apply = || msr.run(&["apply", "p.ron", "--yes", "--allow", "all", "--phase", "all", "--database", &url]);
    let refused = apply();
    let grants = told(&refused);
    if refused.code != 4 || grants.is_empty() || database.dump() != before {
        return Err(format!("{what}: not refused beforehand: {}", refused.said()));
    }
    database.load(&grants.join(";\n"))?;
    let done = apply();
    if done.code != 0 {
        return Err(format!("{what}: {grants:?} is not enough: {}", done.said()));
    }
    Ok(())
}

#[test]
fn p30_each_change_is_refused_beforehand_and_what_is_told_is_enough() {
    needs!(Engine::Postgres);
    let failed: Vec<String> =
        CASES.iter().filter_map(|(what, old, new, closed)| try_as_poor(what, old, new, closed).err()).collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), CASES.len(), failed.join("\n\n"));
}

#[test]
fn p30_a_journal_of_another_role_is_refused_with_what_opens_it() {
    needs!(Engine::Postgres);
    let (msr, database) = (Msr::new(), Engine::Postgres.with("").expect("a database"));
    msr.write("schema/s.sql", "CREATE TABLE t (id int);");
    msr.on(&database, &["plan", "--save", "first"]).expect(0);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    msr.write("schema/s.sql", "CREATE TABLE t (id int);\nCREATE TABLE u (id int);");
    msr.on(&database, &["plan", "--save", "second"]).expect(0);
    let poor = format!("poor_{}", database.name);
    database
        .load(&format!("CREATE ROLE {poor} LOGIN; GRANT USAGE, CREATE ON SCHEMA public TO {poor}"))
        .expect("a role");
    let url = postgres().expect("a server").url_as(&database.name, &poor);
    let migrate = || msr.run(&["migrate", "--yes", "--database", &url]);
    let refused = migrate().expect(4);
    assert!(refused.stderr.contains("may not read msr's journal"), "{}", refused.said());
    // To read it is not enough.
    database
        .load(&format!("GRANT USAGE ON SCHEMA msr TO {poor}; GRANT SELECT ON ALL TABLES IN SCHEMA msr TO {poor}"))
        .expect("granted");
    let grants = told(&migrate().expect(4));
    assert!(grants.iter().any(|grant| grant.contains("ON msr.journal")), "{grants:?}");
    database.load(&grants.join(";\n")).expect("granted");
    migrate().expect(0);
    database.load(&format!("REVOKE ALL ON ALL TABLES IN SCHEMA msr FROM {poor}")).expect("revoked");
    let all = refused.stderr.lines().find_map(|line| line.split_once("may run: ")).expect("what opens it").1;
    database.load(all).expect("it runs");
    msr.run(&["list", "--database", &url]).expect(0);
}

/// A database, a role that owns, and one that logs in.
fn owned() -> (Msr, Database, String, String) {
    let database = Engine::Postgres.with("").expect("a database");
    let (owner, user) = (format!("owner_{}", database.name), format!("user_{}", database.name));
    database
        .load(&format!(
            "CREATE ROLE {owner}; CREATE ROLE {user} LOGIN NOINHERIT CREATEDB IN ROLE {owner}; \
             GRANT CREATE ON DATABASE {} TO {owner}; GRANT CREATE, USAGE ON SCHEMA public TO {owner}",
            database.name
        ))
        .expect("roles");
    (Msr::new(), database, owner, user)
}

const WHOSE: &str = "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace \
    WHERE relkind IN ('r', 'v', 'i', 'S') AND nspname IN ('public', 'msr')";

#[test]
fn a_role_owns_what_is_made_as_it() {
    needs!(Engine::Postgres);
    let (msr, database, owner, user) = owned();
    let url = postgres().expect("a server").url_as(&database.name, &user);
    msr.write("schema/s.sql", format!("CREATE TABLE t (id serial PRIMARY KEY);\nALTER TABLE t OWNER TO {owner};"));
    let run = |args: &[&str]| msr.run(&[args, &["--database", &url, "--role", &owner]].concat());
    // Without the role the user may do nothing.
    run(&["plan", "--out", "p.ron"]).expect(0);
    let refused =
        msr.run(&["apply", "p.ron", "--yes", "--phase", "all", "--allow", "all", "--database", &url]).expect(4);
    // Before 15 everybody might create in `public`.
    let lacks = match Engine::Postgres.major() {
        15.. => "CREATE, USAGE ON SCHEMA public".to_string(),
        _ => format!("CREATE ON DATABASE {}", database.name),
    };
    assert!(refused.stderr.contains(&format!("GRANT {lacks} TO {user}")), "{}", refused.said());

    run(&["plan", "--save", "first"]).expect(0);
    run(&["migrate", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(database.ask(WHOSE), owner);
    // Declared or not, it is no difference.
    run(&["plan", "--detailed-exitcode"]).expect(0);
    msr.write("schema/s.sql", "CREATE TABLE t (id serial PRIMARY KEY, n int);\nCREATE VIEW v AS SELECT id FROM t;");
    msr.run(&["plan", "--save", "second", "--database", &url, "--role", &owner]).expect(0);
    let by_variable = Msr::new().env("MSR_ROLE", &owner);
    for entry in std::fs::read_dir(msr.path("plans")).expect("plans").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("a plan");
        by_variable.write(&format!("plans/{}", entry.file_name().to_string_lossy()), text);
    }
    by_variable.run(&["migrate", "--yes", "--allow", "all", "--database", &url]).expect(0);
    assert_eq!(database.ask(WHOSE), owner);
    run(&["list", "--check"]).expect(0);
    run(&["status"]).expect(0);
    run(&["lock", "status"]).expect(0);
    run(&["backup", "b.dump"]).expect(0);
    run(&["down", "0", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(database.ask("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"), "0");
}

#[test]
fn a_role_that_one_is_no_member_of_is_refused_with_the_grant() {
    needs!(Engine::Postgres);
    let (msr, database, owner, user) = owned();
    let url = postgres().expect("a server").url_as(&database.name, &user);
    msr.write("schema/s.sql", "CREATE TABLE t (id int);");
    let plan = |role: &str| msr.run(&["plan", "--database", &url, "--role", role]);
    let missing = plan("no one").expect(4);
    assert!(
        missing.stderr.contains(&format!("CREATE ROLE \"no one\"; GRANT \"no one\" TO {user}")),
        "{}",
        missing.said()
    );
    database.load(&format!("REVOKE {owner} FROM {user}")).expect("revoked");
    let refused = plan(&owner).expect(4);
    let grant = format!("GRANT {owner} TO {user}");
    assert!(refused.stderr.contains(&grant) && refused.stderr.contains("acting as"), "{}", refused.said());
    let told = refused.stderr.lines().find_map(|line| line.find("GRANT ").map(|at| line[at..].to_string()));
    database.load(&told.expect("a grant")).expect("it runs");
    plan(&owner).expect(0);
}
