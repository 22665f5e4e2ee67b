//! Roles are the server's: what a schema says of them is planned, the rest is left alone, and planning makes none.

#[macro_use]
mod support;

use support::{Engine, Msr, another, postgres};

const OLD: &str = "CREATE TABLE t (id int);\n";
const NEW: &str = "CREATE ROLE r_clerk NOLOGIN;
CREATE ROLE r_boss LOGIN CREATEDB CONNECTION LIMIT 3;
CREATE TABLE t (id int);
GRANT SELECT ON t TO r_clerk;
CREATE POLICY p ON t TO r_boss USING (true);
GRANT r_clerk TO r_boss;
";

fn ask(sql: &str) -> String {
    postgres().unwrap().sql("postgres", sql).unwrap().trim().to_owned()
}

fn roles() -> String {
    ask(
        "SELECT string_agg(rolname || rolcanlogin || rolcreatedb || rolconnlimit, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'r\\_%'",
    )
}

fn members() -> String {
    ask(
        "SELECT string_agg(roleid::regrole || '>' || member::regrole, ' ' ORDER BY roleid::regrole::text, member::regrole::text) FROM pg_auth_members WHERE roleid::regrole::text LIKE 'r\\_%'",
    )
}

#[test]
fn made_changed_and_undone() {
    needs!(Engine::Postgres);
    let (msr, database) = (Msr::new(), Engine::Postgres.with(OLD).unwrap());
    msr.write("new.sql", NEW);
    let plan = |schema: &str| msr.on(&database, &["plan", "--schema", schema, "--out", "p.ron"]);
    let apply = || msr.on(&database, &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"]).expect(0);
    let empty = |schema: &str| msr.on(&database, &["plan", "--schema", schema, "--detailed-exitcode"]).expect(0);
    plan("new.sql").expect(0);
    assert_eq!(roles(), "", "planning makes no role on the target's server");
    apply();
    assert_eq!(roles(), "r_bosstruetrue3 r_clerkfalsefalse-1");
    assert_eq!(members(), "r_clerk>r_boss");
    empty("new.sql");

    // Somebody else's role is nobody's business, and a role that the server has already is no error.
    ask("CREATE ROLE r_other; GRANT r_other TO r_boss; CREATE ROLE r_there");
    empty("new.sql");
    let more = NEW.replace("LOGIN CREATEDB CONNECTION LIMIT 3", "LOGIN NOCREATEDB")
        + "CREATE ROLE r_there;\nGRANT r_clerk TO r_there;\n";
    msr.write("new.sql", more);
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "q.ron"]).expect(0);
    let sql = msr.run(&["show", "q.ron", "--format", "sql"]).expect(0).stdout;
    assert!(!sql.contains("CREATE ROLE"), "{sql}");
    msr.on(&database, &["apply", "q.ron", "--phase", "all", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(roles(), "r_bosstruefalse-1 r_clerkfalsefalse-1 r_otherfalsefalse-1 r_therefalsefalse-1");
    assert_eq!(members(), "r_clerk>r_boss r_clerk>r_there r_other>r_boss");

    // And back, as far as msr went.
    for _ in 0..2 {
        msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
    }
    assert_eq!(roles(), "r_otherfalsefalse-1 r_therefalsefalse-1");
    ask("DROP ROLE r_other; DROP ROLE r_there");
}

/// A provider of labels is loaded by the server, which scratch has to be like.
#[test]
fn what_is_said_of_a_role_is_planned() {
    needs!(Engine::Postgres);
    let (msr, database) = (Msr::new(), Engine::Postgres.with(OLD).unwrap());
    let shadow = another().unwrap().url("postgres");
    let said = || {
        ask(
            "SELECT concat_ws(' ', shobj_description(oid, 'pg_authid'), (SELECT label FROM pg_shseclabel WHERE objoid = r.oid)) \
            FROM pg_roles r WHERE rolname = 'said_of'",
        )
    };
    let steps =
        [("COMMENT ON ROLE said_of IS 'who files';", "who files"), ("SECURITY LABEL ON ROLE said_of IS 'low';", "low")];
    msr.write("s.sql", format!("{OLD}CREATE ROLE said_of;\n"));
    for (sql, want) in std::iter::once(("", "")).chain(steps) {
        msr.write("s.sql", format!("{OLD}CREATE ROLE said_of;\n{sql}\n"));
        msr.on(&database, &["plan", "--schema", "s.sql", "--out", "p.ron", "--shadow", &shadow]).expect(0);
        msr.on(&database, &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"]).expect(0);
        assert_eq!(said(), want);
        msr.on(&database, &["plan", "--schema", "s.sql", "--detailed-exitcode", "--shadow", &shadow]).expect(0);
    }
    msr.on(&database, &["down", "--yes", "--allow", "all"]).expect(0);
    assert_eq!(said(), "who files");
    msr.on(&database, &["down", "0", "--yes", "--allow", "all"]).expect(0);
}

/// Scratch may be on the target's server: what is said of a database there would be said of the real one.
#[test]
fn what_is_the_servers_is_refused_and_left_alone() {
    needs!(Engine::Postgres);
    let (msr, database) = (Msr::new(), Engine::Postgres.with(OLD).unwrap());
    let acl = format!(
        "SELECT concat(datacl, shobj_description(oid, 'pg_database')) FROM pg_database WHERE datname = '{}'",
        database.name
    );
    let before = ask(&acl);
    for sql in [
        "GRANT CONNECT ON DATABASE {} TO reader;",
        "COMMENT ON DATABASE {} IS 'x';",
        "REVOKE ALL ON DATABASE {} FROM PUBLIC;",
    ] {
        msr.write("bad.sql", format!("{OLD}{}", sql.replace("{}", &database.name)));
        let output = msr.on(&database, &["plan", "--schema", "bad.sql"]).expect(4);
        assert!(output.stderr.contains("what is said of a database in a schema file"), "{}", output.stderr);
        assert!(output.stderr.contains("bad.sql:2:"), "{}", output.stderr);
    }
    assert_eq!(ask(&acl), before);
    // A table may be called so.
    msr.write("good.sql", format!("{OLD}CREATE TABLE database (id int);\nGRANT SELECT ON database TO reader;\n"));
    msr.on(&database, &["plan", "--schema", "good.sql"]).expect(0);
}

#[test]
fn secrets_and_settings_are_refused() {
    needs!(Engine::Postgres);
    let (msr, database) = (Msr::new(), Engine::Postgres.with(OLD).unwrap());
    for (sql, what) in [
        ("CREATE ROLE r_x PASSWORD 'geheim';", "a password in a schema file"),
        ("ALTER ROLE postgres SET work_mem = '1GB';", "a setting of a role"),
        ("DROP ROLE r_x;", "`DROP ROLE` in a schema file"),
    ] {
        msr.write("bad.sql", sql);
        let output = msr.on(&database, &["plan", "--schema", "bad.sql"]).expect(4);
        assert!(output.stderr.contains(what) && output.stderr.contains("bad.sql:1:"), "{}", output.stderr);
        assert!(!output.said().contains("geheim"));
    }
}

/// Roles are looked up on the target's server for the sake of a shadow server; where there is none, that is no error.
#[test]
fn a_shadow_needs_no_target() {
    needs!(Engine::Postgres);
    let msr = Msr::new();
    msr.write("a.sql", OLD);
    msr.write("b.sql", "CREATE TABLE t (id int, n int);\n");
    let shadow = postgres().unwrap().url("postgres");
    let nobody = "postgres:///nothing?host=/nonexistent&user=nobody";
    let output = msr.run(&["diff", "a.sql", "b.sql", "--shadow", &shadow, "--database", nobody]).expect(0);
    assert!(output.stdout.contains("ADD COLUMN n"), "{}", output.said());
}

/// Who plans and who applies are no superusers, and what allows the hand-over is granted by nobody's file.
#[test]
fn what_is_handed_over_needs_no_superuser() {
    needs!(Engine::Postgres);
    let msr = Msr::new();
    let database = Engine::Postgres.with("CREATE SCHEMA s;").unwrap();
    ask(
        "CREATE ROLE h_app; CREATE ROLE h_planner LOGIN CREATEDB IN ROLE h_app; CREATE ROLE h_deploy LOGIN IN ROLE h_app",
    );
    let rights =
        format!("GRANT CREATE ON DATABASE {} TO h_deploy; GRANT ALL ON SCHEMA s TO h_planner, h_deploy", database.name);
    database.load(&rights).unwrap();
    let run = |role: &str, args: &[&str]| {
        msr.run(&[args, &["--database", &postgres().unwrap().url_as(&database.name, role)]].concat())
    };
    let plan = || run("h_planner", &["plan", "--schema", "new.sql", "--out", "p.ron"]);
    let old = "CREATE SCHEMA s;\nCREATE TABLE s.t (id integer PRIMARY KEY);\nalter table s.t\n  owner to h_app;\n";
    msr.write("new.sql", old);
    plan().expect(0);
    let refused = run("h_deploy", &["apply", "p.ron", "--yes"]).expect(4);
    assert!(refused.stderr.contains("GRANT CREATE ON SCHEMA s TO h_app"), "{}", refused.said());
    database.load("GRANT CREATE ON SCHEMA s TO h_app").unwrap();
    run("h_deploy", &["apply", "p.ron", "--yes"]).expect(0);
    database
        .load("GRANT USAGE ON SCHEMA msr TO h_planner; GRANT SELECT ON ALL TABLES IN SCHEMA msr TO h_planner")
        .unwrap();

    // In a schema that the plan makes, only the plan can grant it.
    let more = format!(
        "{old}CREATE SCHEMA own;\nCREATE VIEW own.v AS SELECT id FROM s.t;\nALTER VIEW own.v OWNER TO h_app;\n"
    );
    msr.write("new.sql", &more);
    let refused = plan().expect(4);
    assert!(refused.stderr.contains("permission denied for schema own"), "{}", refused.said());
    assert!(refused.stderr.contains("`GRANT CREATE ON SCHEMA"), "{}", refused.said());
    msr.write("new.sql", format!("{more}GRANT CREATE ON SCHEMA own TO h_app;\n"));
    plan().expect(0);
    run("h_deploy", &["apply", "p.ron", "--yes"]).expect(0);
    let owner = "SELECT string_agg(relowner::regrole::text, ' ') FROM pg_class WHERE relname IN ('t', 'v')";
    assert_eq!(database.ask(owner), "h_app h_app");
    assert_eq!(run("h_planner", &["plan", "--schema", "new.sql", "--detailed-exitcode"]).code, 0);
}
