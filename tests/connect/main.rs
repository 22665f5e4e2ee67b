//! Connecting to a real server: a throw-away cluster, when `initdb` is there.
//!
//! One test function, since the cluster is dear; each check is a function of its own.

mod cluster;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use cluster::{Cluster, as_postgres, initdb_folder, run};
use msr::engine::postgres::conn::{Client, ConnectFor, RawValue};
use msr::settings::DatabaseUrl;
use msr::{Error, Failure};

fn open(url: &str) -> Client {
    try_open(url).unwrap_or_else(|e| panic!("{e}"))
}

fn try_open(url: &str) -> msr::Result<Client> {
    Client::connect(&DatabaseUrl::parse(url)?, ConnectFor::Write)
}

fn refused(url: &str) -> Error {
    try_open(url).err().expect("an error")
}

fn one(client: &mut Client, sql: &str) -> String {
    let rows = client.rows(sql).unwrap_or_else(|e| panic!("{e}"));
    rows.first().and_then(|row| row[0].clone()).unwrap_or_default()
}

#[test]
fn connections() {
    let Some(bin) = initdb_folder() else {
        println!("skipped: no initdb under /usr/lib/postgresql");
        return;
    };
    let cluster = Cluster::start(bin);
    let mut client = open(&cluster.socket("postgres", "postgres"));
    client
        .execute("CREATE ROLE scram LOGIN PASSWORD 'a@b#c/d:e%f?g'; CREATE ROLE tls LOGIN; CREATE ROLE ro LOGIN")
        .expect("roles");
    basics(&cluster, &mut client);
    errors(&mut client);
    planned(&mut client);
    parameters(&mut client);
    streaming(&mut client);
    copy(&cluster);
    hostile_settings(&cluster, &mut client);
    refusals(&cluster, &mut client);
    passwords(&cluster);
    encryption(&cluster);
    cancelling(&mut client);
    cancelling(&mut open(&cluster.tcp("tls", "sslmode=require")));
    hosts_in_turn(&cluster);
    disconnects(&cluster, &mut client);
}

fn basics(cluster: &Cluster, client: &mut Client) {
    assert!(client.server_version_num() >= 130_000);
    assert_eq!(one(client, "SELECT pg_backend_pid()"), client.backend_pid().to_string());
    assert_eq!(one(client, "SHOW search_path"), "pg_catalog");
    assert_eq!(one(client, "SHOW application_name"), "msr");
    assert_eq!(client.rows("SELECT 1, NULL; SELECT 'b', 'c'").map(|rows| rows.len()).ok(), Some(2));
    client.notices();
    client
        .execute("DO $$ BEGIN RAISE WARNING 'careful' USING HINT = 'h'; RAISE NOTICE 'second'; END $$")
        .expect("notices");
    let notices = client.notices();
    let read: Vec<_> = notices.iter().map(|n| (n.severity.as_str(), n.code.as_str(), n.message.as_str())).collect();
    assert_eq!(read, [("WARNING", "01000", "careful"), ("NOTICE", "00000", "second")]);
    assert_eq!(notices[0].hint.as_deref(), Some("h"));
    assert!(client.notices().is_empty() && !client.is_closed());
    let mut tcp = open(&cluster.tcp("postgres", "application_name=other"));
    assert_eq!(one(&mut tcp, "SHOW application_name"), "other");
}

fn errors(client: &mut Client) {
    let sql = "SELECT 'äöü€', 1;\nSELECT 'ß', nope FROM pg_class";
    let error = client.execute(sql).expect_err("no such column");
    assert_eq!(error.code, "42703");
    assert!(sql[error.offset.expect("a position")..].starts_with("nope"));
    assert!(!error.disconnected && !error.transient);
    // A comment before each statement moves no position.
    client.tag("/*run='1'*/ ");
    let tagged = client.execute(sql).expect_err("no such column");
    client.tag("");
    assert_eq!(tagged.offset, error.offset);
    let sql = "SELECT * FROM (SELECT 'ä', nope) x";
    let error = client.stream_rows(sql, &mut |_| {}).expect_err("no such column");
    assert!(sql[error.offset.expect("a position")..].starts_with("nope"));
    let error = client
        .execute("DO $$ BEGIN RAISE 'm' USING ERRCODE = '55P03', DETAIL = 'd', HINT = 'h'; END $$")
        .expect_err("raised");
    assert!(error.transient && error.hint.as_deref() == Some("h"));
    assert!(error.detail.is_some_and(|detail| detail.starts_with("d\ncontext: PL/pgSQL")));
}

/// Questions are planned once in a session, until their catalogs have grown or somebody has taken the plans away.
fn planned(client: &mut Client) {
    let questions = ["SELECT 1 -- one", "SELECT 'a' UNION ALL SELECT 'b'", "SELECT 2 WHERE false"];
    let ask = |client: &mut Client| {
        let answers = client.planned(&questions).unwrap_or_else(|e| panic!("{e}"));
        let text = |row: &tokio_postgres::SimpleQueryRow| row.get(0).unwrap_or_default().to_string();
        let answers: Vec<Vec<String>> = answers.iter().map(|rows| rows.iter().map(text).collect()).collect();
        assert_eq!(answers, [vec!["1"], vec!["a", "b"], vec![]]);
    };
    let plans = |client: &mut Client| {
        one(
            client,
            "SELECT string_agg(regexp_replace(name, '_.*_', '_'), ' ' ORDER BY name) FROM pg_prepared_statements",
        )
    };
    ask(client);
    ask(client);
    assert_eq!(plans(client), "msr_1 msr_2 msr_3");
    client.execute("DEALLOCATE ALL").expect("taken away");
    ask(client);
    ask(client);
    assert_eq!(plans(client), "msr_4 msr_5 msr_6");
    for size in [1000, 1200] {
        client.plan_for(size).expect("room for them");
    }
    assert_eq!(plans(client), "", "made for nothing, and then for 1,000 bytes");
    ask(client);
    client.plan_for(1250).expect("no more than a quarter");
    assert_eq!(plans(client), "msr_7 msr_8 msr_9");
    let error = client.planned(&["SELECT 3", "SELECT nope", "SELECT 4"]).expect_err("no such column");
    assert_eq!(error.code, "42703");
    ask(client);
    // In a transaction that has failed nothing answers.
    client.execute("BEGIN").expect("a transaction");
    client.execute("SELECT nope").expect_err("no such column");
    assert_eq!(client.planned(&questions).expect_err("it has failed").code, "25P02");
    client.execute("ROLLBACK").expect("its end");
    ask(client);
}

fn parameters(client: &mut Client) {
    client.execute("CREATE TABLE public.j (id int8, note text, at bool)").expect("a table");
    let insert = "INSERT INTO public.j VALUES ($1, $2, $3)";
    let binds = [Some(7_i64.to_be_bytes().to_vec()), Some("ä".as_bytes().to_vec()), None];
    assert_eq!(client.execute_raw(insert, &[20, 25, 16], &binds).ok(), Some(1));
    assert_eq!(client.execute_raw(insert, &[20, 0, 0], &binds).ok(), Some(1));
    let sql = "SELECT id, note, at FROM public.j WHERE id = $1";
    let rows = client.query_raw(sql, &[20], &binds[..1]).expect("rows");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].get::<_, RawValue>(0).0, 7_i64.to_be_bytes());
    assert_eq!(rows[0].get::<_, &str>(1), "ä");
    assert!(rows[0].get::<_, Option<RawValue>>(2).is_none());
    let error = client.query_raw("SELECT 'ä', $1 + nope", &[20], &binds[..1]).expect_err("no such column");
    assert_eq!((error.code.as_str(), error.offset), ("42703", Some(18)));
    assert!(client.query_raw(sql, &[], &binds[..1]).is_err());
}

fn streaming(client: &mut Client) {
    for sql in ["SELECT i, NULL FROM generate_series(1, 2500) i", "SELECT i, NULL FROM generate_series(1, 2000) i"] {
        for (before, after) in [("", ""), ("BEGIN", "COMMIT")] {
            client.execute(before).expect("begin");
            let (mut count, mut last) = (0, String::new());
            let mut each = |row: &[Option<&str>]| {
                count += 1;
                last = row[0].unwrap_or_default().to_owned();
                assert!(row[1].is_none());
            };
            client.stream_rows(sql, &mut each).expect("rows");
            client.execute(after).expect("commit");
            assert!(count >= 2000 && count.to_string() == last);
        }
    }
}

/// A statement that exchanges data with the client is a clear error; after `FROM STDIN`, which the server goes on
/// waiting for, the session is over.
fn copy(cluster: &Cluster) {
    let mut client = open(&cluster.socket("postgres", "postgres"));
    let error = client.execute("COPY (SELECT 1) TO STDOUT").expect_err("a COPY");
    assert!(error.message.contains("COPY"), "{error}");
    assert_eq!(one(&mut client, "SELECT 1"), "1");
    let error = client.execute("COPY public.j FROM STDIN").expect_err("a COPY");
    assert!(error.message.contains("COPY") && !error.disconnected, "{error}");
    assert!(client.execute("SELECT 1").is_err_and(|error| error.disconnected));
}

/// A role's settings must not change what msr reads.
fn hostile_settings(cluster: &Cluster, client: &mut Client) {
    let hostile = [
        "search_path = public",
        "statement_timeout = '1ms'",
        "lock_timeout = '1ms'",
        "default_transaction_isolation = 'serializable'",
        "client_min_messages = 'error'",
        "\"DateStyle\" = 'German'",
        "\"TimeZone\" = 'Asia/Tokyo'",
        "quote_all_identifiers = on",
        "standard_conforming_strings = off",
        "transform_null_equals = on",
    ];
    for setting in hostile {
        client.execute(&format!("ALTER ROLE tls SET {setting}")).expect("a setting");
    }
    // Shadows what the probe calls, should it ever be called without its schema.
    client
        .execute("CREATE FUNCTION public.current_setting(text) RETURNS text LANGUAGE sql AS $$SELECT '1'$$")
        .expect("a function");
    let mut plain = open(&cluster.socket("postgres", "postgres"));
    let mut other = open(&cluster.socket("tls", "postgres"));
    for name in [
        "search_path",
        "statement_timeout",
        "lock_timeout",
        "DateStyle",
        "TimeZone",
        "transaction_isolation",
        "quote_all_identifiers",
        "standard_conforming_strings",
    ] {
        let show = format!("SHOW {name}");
        assert_eq!(one(&mut plain, &show), one(&mut other, &show), "{name}");
    }
    client.execute("ALTER ROLE tls RESET ALL; DROP FUNCTION public.current_setting(text)").expect("clean");
}

fn refusals(cluster: &Cluster, client: &mut Client) {
    let error = refused(&cluster.socket("postgres", "nowhere"));
    assert_eq!(error.failure, Failure::Refused);
    assert!(error.message.contains("`nowhere`") && error.message.contains("does not exist"), "{error}");
    assert_eq!(refused(&cluster.socket("nobody", "postgres")).failure, Failure::Refused);
    let error = refused("postgres:///d?host=/nonexistent&user=me");
    assert_eq!(error.failure, Failure::Transient);
    let error = refused("postgres://me@127.0.0.1:1/d");
    assert_eq!(error.failure, Failure::Transient);
    assert!(error.message.contains("`127.0.0.1:1`"), "{error}");

    client.execute("ALTER ROLE ro SET default_transaction_read_only = on").expect("read-only");
    let url = cluster.socket("ro", "postgres");
    let error = refused(&url);
    assert!(error.failure == Failure::Refused && error.message.contains("read-only"), "{error}");
    let reading = Client::connect(&DatabaseUrl::parse(&url).expect("a URL"), ConnectFor::Read);
    assert!(reading.is_ok_and(|client| client.is_read_only()));

    // Accepts and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = silent.local_addr().expect("an address").port();
    let begun = Instant::now();
    let error = refused(&format!("postgres://me@127.0.0.1:{port}/d?connect_timeout=1"));
    assert!(begun.elapsed() < Duration::from_secs(5) && error.failure == Failure::Transient, "{error}");
}

fn passwords(cluster: &Cluster) {
    for password in ["a%40b%23c%2Fd%3Ae%25f%3Fg", "wrong-sesame"] {
        let url = cluster.tcp(&format!("scram:{password}"), "sslmode=require");
        match password {
            "wrong-sesame" => {
                let error = refused(&url);
                assert_eq!(error.failure, Failure::Refused);
                assert!(error.message.contains("password authentication failed"), "{error}");
                assert!(!error.to_string().contains("sesame"), "{error}");
            }
            _ => assert_eq!(one(&mut open(&url), "SELECT current_user"), "scram"),
        }
    }
    let error = refused(&cluster.socket("scram", "postgres"));
    assert!(error.failure == Failure::Refused && error.message.contains("wants a password"), "{error}");
}

fn encryption(cluster: &Cluster) {
    let encrypted = |query: &str| {
        one(&mut open(&cluster.tcp("tls", query)), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    };
    let root = format!("sslrootcert={}", cluster.path("server.crt").display());
    assert_eq!(encrypted(&format!("sslmode=verify-full&{root}")), "t");
    assert_eq!(encrypted(&format!("sslmode=verify-ca&{root}")), "t");
    assert_eq!(encrypted(&format!("sslmode=require&{root}")), "t");
    assert_eq!(encrypted("sslmode=require"), "t");
    assert_eq!(encrypted("sslmode=allow"), "t");
    assert_eq!(encrypted(""), "t");
    let error = refused(&cluster.tcp("tls", "sslmode=verify-full"));
    assert!(error.failure == Failure::Refused && error.message.contains("certificate"), "{error}");
    assert_eq!(refused(&cluster.tcp("tls", "sslmode=disable")).failure, Failure::Refused);

    // The certificate is for `localhost`: another name fails verify-full, and passes verify-ca.
    let other = |query: &str| format!("postgres://tls@db.example:{}/postgres?hostaddr=127.0.0.1&{query}", cluster.port);
    assert!(try_open(&other(&format!("sslmode=verify-ca&{root}"))).is_ok());
    let error = refused(&other(&format!("sslmode=verify-full&{root}")));
    assert!(error.message.contains("name"), "{error}");
    // Another's certificate is believed by neither.
    run(as_postgres(Path::new("openssl"))
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-keyout",
            "/dev/null",
            "-out",
        ])
        .arg(cluster.path("other.crt")));
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = refused(
            &cluster.tcp("tls", &format!("sslmode={mode}&sslrootcert={}", cluster.path("other.crt").display())),
        );
        assert!(error.failure == Failure::Refused && error.message.contains("certificate"), "{mode}: {error}");
    }
    let error = refused(&cluster.tcp("tls", "sslmode=verify-full&sslrootcert=/nonexistent"));
    assert_eq!(error.failure, Failure::Config);

    encrypted_or_not_at_all();
}

/// No `sslmode`, and an address that is not this machine's loopback: a server without TLS is told nothing.
fn encrypted_or_not_at_all() {
    let Some(address) = own_address() else {
        println!("skipped: this machine has no address but loopback");
        return;
    };
    let listener = std::net::TcpListener::bind((address.as_str(), 0)).expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let heard = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 8];
        stream.read_exact(&mut request).expect("a request");
        stream.write_all(b"N").expect("an answer");
        let mut after = vec![];
        let _ = stream.read_to_end(&mut after);
        (request, after)
    });
    let error = refused(&format!("postgres://me:sesame@{address}:{port}/d"));
    let (request, after) = heard.join().expect("the listener");
    assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47], "SSLRequest");
    assert!(after.is_empty(), "told without TLS: {after:?}");
    assert_eq!(error.failure, Failure::Refused);
    let text = error.to_string();
    assert!(text.contains("sslmode=require") && text.contains("sslmode=disable") && !text.contains("sesame"), "{text}");
}

/// An address of this machine that is no loopback.
fn own_address() -> Option<String> {
    let output = Command::new("hostname").arg("-I").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().find(|address| address.contains('.')).map(str::to_owned)
}

fn cancelling(client: &mut Client) {
    let canceller = client.canceller().expect("open");
    let begun = Instant::now();
    let asking = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        canceller.cancel()
    });
    let error = client.execute("SELECT pg_sleep(30)").expect_err("cancelled");
    assert_eq!(error.code, "57014");
    assert!(begun.elapsed() < Duration::from_secs(10) && asking.join().is_ok_and(|asked| asked.is_ok()));
    assert_eq!(one(client, "SELECT 1"), "1");
}

fn hosts_in_turn(cluster: &Cluster) {
    let folder = cluster.folder.path().display();
    let port = cluster.port;
    let mut client =
        open(&format!("postgres://postgres@/postgres?host=/nonexistent,127.0.0.1,{folder}&port=1,1,{port}"));
    assert_eq!(one(&mut client, "SELECT 1"), "1");
    let error = refused("postgres://postgres@127.0.0.1:1,127.0.0.1:2/postgres");
    assert!(error.failure == Failure::Transient && error.details.len() == 2, "{error}");
    let error = refused(&format!("{}&target_session_attrs=standby", cluster.socket("postgres", "postgres")));
    assert_eq!(error.failure, Failure::Refused);
}

fn disconnects(cluster: &Cluster, client: &mut Client) {
    let mut victim = open(&cluster.socket("postgres", "postgres"));
    client.execute(&format!("SELECT pg_terminate_backend({})", victim.backend_pid())).expect("terminated");
    std::thread::sleep(Duration::from_millis(200));
    let error = victim.execute("SELECT 1").expect_err("gone");
    assert!(error.disconnected, "{error:?}");
    assert!(victim.is_closed());
    let pid = client.backend_pid();
    let error = client.execute(&format!("SELECT pg_terminate_backend({pid})")).expect_err("gone");
    assert!(error.disconnected && error.code == "57P01", "{error:?}");
}
