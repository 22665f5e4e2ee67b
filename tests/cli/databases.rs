//! Databases and servers that cannot be reached, read or written, and roles that may not.

use super::*;

#[test]
fn a_server_that_cannot_be_reached_is_3() {
    let msr = Msr::new();
    msr.write("new.sql", ONE);
    let begun = Instant::now();
    for url in
        ["postgres://me:s3cret@127.0.0.1:1/db?sslmode=disable", "postgres:///db?host=/nowhere&user=me&password=s3cret"]
    {
        let output = msr.run(&["plan", "--schema", "new.sql", "--database", url]).expect(3);
        assert!(!output.said().contains("s3cret"), "the password is shown: {}", output.said());
    }
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_database_that_is_not_there() {
    needs!(Engine::Postgres);
    let msr = Msr::new();
    msr.write("new.sql", ONE);
    let url = postgres().expect("a server").url("no_such_database");
    let output = msr.run(&["plan", "--schema", "new.sql", "--database", &url]);
    assert!([3, 4, 78].contains(&output.code), "{}", output.said());
    says(&output, &["no_such_database"]);
}

#[test]
fn a_role_that_may_not_log_in() {
    needs!(Engine::Postgres);
    let msr = Msr::new();
    msr.write("new.sql", ONE);
    // `app` has no LOGIN; with trust authentication there are no wrong passwords.
    let url = postgres().expect("a server").url_as("postgres", "app");
    let output = msr.run(&["plan", "--schema", "new.sql", "--database", &format!("{url}&password=p%40ss%2Fw")]);
    assert!([3, 4, 78].contains(&output.code), "{}", output.said());
    assert!(
        !output.said().contains("p@ss") && !output.said().contains("p%40ss"),
        "the password is shown: {}",
        output.said()
    );
}

#[test]
fn a_sqlite_file_that_is_no_database() {
    needs!(Engine::Sqlite);
    let msr = Msr::new();
    msr.write("new.sql", ONE);
    msr.write("text.db", "this is a text and no database, and it is long enough to be looked at. ".repeat(20));
    let output = msr.run(&["plan", "--schema", "new.sql", "--database", "sqlite://text.db"]);
    assert!([1, 4].contains(&output.code), "{}", output.said());
    says(&output, &["text.db", "database"]);
    assert!(msr.read("text.db").starts_with("this is a text"));
}

#[test]
fn p25_a_read_only_postgres_is_refused() {
    needs!(Engine::Postgres);
    let (msr, database) = planned(Engine::Postgres);
    database.load(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name)).expect("set");
    let output = apply(&msr, &database);
    assert!([3, 4].contains(&output.code), "{}", output.said());
    says(&output, &["read-only"]);
    assert!(!has_two(&database));
}

#[test]
fn a_read_only_sqlite_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    needs!(Engine::Sqlite);
    let (msr, database) = planned(Engine::Sqlite);
    let path = database.path();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).expect("chmod");
    let folder = path.parent().expect("a folder");
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o555)).expect("chmod");
    let output = if std::fs::OpenOptions::new().append(true).open(&path).is_ok() {
        // Root writes where it may not; `mode=ro` says the same.
        msr.run(&["apply", "p.ron", "--yes", "--phase", "all", "--database", &format!("{}?mode=ro", database.url())])
    } else {
        apply(&msr, &database)
    };
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    assert_eq!(output.code, 4, "{}", output.said());
    assert!(!has_two(&database));
}

#[test]
fn p30_a_role_without_privileges_is_told_the_grant() {
    needs!(Engine::Postgres);
    let (msr, database) = planned(Engine::Postgres);
    let server = postgres().expect("a server");
    let role = format!("weak_{}", database.name);
    database
        .load(&format!("CREATE ROLE {role} LOGIN; GRANT CONNECT ON DATABASE {} TO {role}", database.name))
        .expect("a role");
    let url = server.url_as(&database.name, &role);
    let output = msr.run(&["apply", "p.ron", "--yes", "--phase", "all", "--database", &url]).expect(4);
    says(&output, &["GRANT"]);
    assert!(!has_two(&database));
}

#[test]
fn p30_a_table_of_another_role_is_found_before_anything_is_done() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(ONE).expect("it loads");
    let msr = Msr::new();
    msr.write("two.sql", TWO.replace("note text", "note text, more integer"));
    plan(&msr, &database, "two.sql").expect(0);
    let (role, name) = (format!("other_{}", database.name), &database.name);
    let rights = format!("GRANT CONNECT, CREATE ON DATABASE {name} TO {role}; GRANT CREATE ON SCHEMA public TO {role}");
    database.load(&format!("CREATE ROLE {role} LOGIN; {rights}")).expect("a role");
    let url = postgres().expect("a server").url_as(name, &role);
    let apply = || msr.run(&["apply", "p.ron", "--yes", "--phase", "all", "--database", &url]);
    let refused = apply().expect(4);
    let grant = format!("GRANT postgres TO {role}");
    says(&refused, &[&format!("the role `{role}` may not"), &grant, "nothing was changed"]);
    assert_eq!(database.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'msr'"), "0");
    // What is told is enough.
    database.load(&grant).expect("the grant");
    apply().expect(0);
    assert!(has_two(&database));
}

#[test]
fn no_permission_for_scratch_names_the_ways_out() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(ONE).expect("it loads");
    let role = format!("noscratch_{}", database.name);
    database.load(&format!("CREATE ROLE {role} LOGIN")).expect("a role");
    let url = postgres().expect("a server").url_as(&database.name, &role);
    // With no server programs to be found there is no scratch at all.
    let msr = Msr::new().env("PATH", "/nonexistent").env("MSR_PG_BIN", "/nonexistent");
    msr.write("two.sql", TWO);
    let output = msr.run(&["plan", "--schema", "two.sql", "--database", &url]);
    if output.code == 0 {
        return; // It found a local server by a path of its own, which is one of the three ways.
    }
    says(&output.expect(4), &["--shadow", "CREATEDB"]);
}

#[test]
fn plan_needs_no_write_on_the_target() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.with(ONE).expect("it loads");
    database.load(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name)).expect("set");
    let msr = Msr::new();
    msr.write("two.sql", TWO);
    plan(&msr, &database, "two.sql").expect(0);
}
