//! What a doctor finds.

use super::*;

both!(the_doctor_finds_nothing_wrong_where_nothing_is, |engine| {
    let (msr, database) = applied(engine, "");
    let output = msr.on(&database, &["doctor"]).expect(0);
    assert!(!output.stdout.contains("fail"), "{}", output.said());
    says(&output, &["connection", "version", "2 plans", "each follows the one before"]);
    if engine == Engine::Postgres {
        says(&output, &["pooler"]);
        let checks = json(&msr.on(&database, &["doctor", "--format", "json"]).expect(0));
        assert!(checks["checks"].as_array().expect("checks").iter().all(|c| c["level"] == "ok"), "{checks:#}");
    }
});

#[track_caller]
fn level(output: &Output, name: &str) -> String {
    let checks = json(output);
    let all = checks["checks"].as_array().expect("checks");
    let found = all.iter().find(|c| c["check"] == name).unwrap_or_else(|| panic!("no check `{name}`: {checks:#}"));
    found["level"].as_str().expect("a level").to_string()
}

#[test]
fn the_doctor_names_each_illness_of_postgres() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres
        .with("CREATE TABLE a (i int); INSERT INTO a VALUES (1), (1); CREATE TABLE b (i int); ALTER TABLE b ADD CONSTRAINT late CHECK (i > 0) NOT VALID")
        .expect("it loads");
    let _ = database.load("CREATE UNIQUE INDEX CONCURRENTLY broken ON a (i)");
    let _ = support::postgres().expect("a server").sql("postgres", "CREATE ROLE patient LOGIN");
    let url = support::postgres().expect("a server").url_as(&database.name, "patient");
    let msr = Msr::new();
    msr.write("plans/bad.ron", "Plan(");
    let output = msr.run(&["doctor", "--database", &url, "--format", "json"]).expect(2);
    for (name, is) in [
        ("invalid indexes", "fail"),
        ("not valid constraints", "warn"),
        ("journal", "fail"),
        ("ownership", "fail"),
        ("scratch", "warn"),
        ("plans", "fail"),
        ("pooler", "ok"),
        ("writable", "ok"),
    ] {
        assert_eq!(level(&output, name), is, "{name}: {}", output.said());
    }
    let human = msr.run(&["doctor", "--database", &url]).expect(2);
    says(
        &human,
        &[
            "REINDEX INDEX CONCURRENTLY public.broken",
            "VALIDATE CONSTRAINT late",
            "GRANT CREATE ON DATABASE",
            "msr grants --owner ROLE --migrator patient",
        ],
    );
    let gone = msr.run(&["doctor", "--database", "postgres:///nope?host=/nowhere&user=me"]).expect(2);
    says(&gone, &["connection", "fail"]);
}

#[test]
fn the_doctor_names_each_illness_of_sqlite() {
    needs!(Engine::Sqlite);
    let database = Engine::Sqlite.with(SHOP).expect("it loads");
    database.load("PRAGMA foreign_keys = OFF; INSERT INTO purchase VALUES (1, 77, 5)").expect("an orphan");
    let output = Msr::new().on(&database, &["doctor", "--format", "json"]).expect(2);
    assert_eq!(level(&output, "foreign keys"), "fail");
    assert_eq!(level(&output, "integrity"), "ok");
    says(&output, &["1 in purchase"]);
}

/// Hands one connection through, and tells another process number than the server does, as a pooler must.
fn pretended_pooler(socket: std::path::PathBuf) -> u16 {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        let mut server = std::os::unix::net::UnixStream::connect(socket).expect("the server");
        let (mut from, mut to) = (client.try_clone().expect("a copy"), server.try_clone().expect("a copy"));
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let mut bytes = vec![0; 65536];
        while let Ok(n @ 1..) = server.read(&mut bytes) {
            // BackendKeyData: its letter, its length, the process.
            let key = bytes[..n].windows(5).position(|w| w == [b'K', 0, 0, 0, 12]);
            key.into_iter().for_each(|at| bytes[at + 5..at + 9].copy_from_slice(&[0, 0, 0, 7]));
            let _ = client.write_all(&bytes[..n]);
        }
    });
    port
}

#[test]
fn the_doctor_tells_of_a_pooler() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.fresh();
    let port = pretended_pooler(support::postgres().expect("a server").folder.join(".s.PGSQL.5432"));
    let url = format!("postgres://postgres@127.0.0.1:{port}/{}?sslmode=disable", database.name);
    let output = Msr::new().run(&["doctor", "--database", &url, "--format", "json"]).expect(0);
    assert_eq!(level(&output, "pooler"), "warn");
}
