//! Rights by roles.

use super::*;

#[test]
fn p35_grants_hold_on_present_and_future_tables() {
    needs!(Engine::Postgres);
    let (msr, database) =
        applied(Engine::Postgres, "CREATE SCHEMA side; CREATE TABLE side.t (id serial PRIMARY KEY, n text);\n");
    let server = support::postgres().expect("a server");
    let roles = ["--owner", "g_owner", "--migrator", "g_migrator", "--app", "g_app", "--read-only", "g_reader"];
    let grants = |extra: &[&str]| msr.on(&database, &[&["grants"], &roles[..], extra].concat());
    says(&grants(&["--check"]).expect(4), &["there is no role", "msr grants"]);
    let sql = grants(&[]).expect(0).stdout;
    // Without the rights the check finds what is missing.
    let create: String = sql.lines().filter(|l| l.starts_with("CREATE ROLE")).collect();
    database.load(&create).expect("the roles");
    says(&grants(&["--check"]).expect(2), &["it can't: permission denied"]);
    let rest: String = sql.lines().filter(|l| !l.starts_with("CREATE ROLE")).map(|l| format!("{l}\n")).collect();
    database.load(&rest).expect("the grants run");
    let before = database.dump();
    let checked = grants(&["--check"]).expect(0);
    says(&checked, &["`g_app` inserts into a new table", "`g_reader` reads side.t", "it can't, as it should"]);
    assert_eq!(database.dump(), before, "nothing is left of the check");
    // Not only by msr's own word: the application as itself, after the migrator as itself.
    let as_role = |role: &str, sql: &str| {
        let mut command = server.program("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &database.name, "-f", "-"]).env("PGUSER", role);
        support::run(&mut command, sql)
    };
    as_role("g_migrator", "CREATE TABLE side.later (id serial PRIMARY KEY, n text); ALTER TABLE side.t ADD m text")
        .expect("the migrator");
    let rows = "INSERT INTO side.later (n) VALUES ('a'); UPDATE side.later SET n = 'b'; DELETE FROM side.later; INSERT INTO side.t (n) VALUES ('a'); SELECT * FROM msr.schema_version";
    as_role("g_app", rows).expect("the application");
    for ddl in [
        "CREATE TABLE side.own (a int)",
        "CREATE TABLE public.own (a int)",
        "ALTER TABLE side.later ADD b int",
        "DROP TABLE side.t",
        "DELETE FROM msr.journal",
    ] {
        assert!(as_role("g_app", ddl).is_err(), "{ddl}");
    }
    as_role("g_reader", "SELECT * FROM side.later; SELECT * FROM side.t").expect("the reader");
    assert!(as_role("g_reader", "DELETE FROM side.later").is_err());
    // Twice is as good as once, and a hole is found.
    database.load(&grants(&[]).expect(0).stdout).expect("again");
    database.load("GRANT CREATE ON SCHEMA side TO g_app").expect("a hole");
    says(&grants(&["--check"]).expect(2), &["`g_app` creates a table in `side`", "it can, and should not"]);
}

#[test]
fn grants_are_nothing_for_sqlite() {
    needs!(Engine::Sqlite);
    let database = Engine::Sqlite.with(SHOP).expect("it loads");
    says(&Msr::new().on(&database, &["grants", "--app", "a"]).expect(64), &["SQLite has no roles"]);
}
