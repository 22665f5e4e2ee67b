//! The commands of those who look after a database: rehearse, drift, lock, doctor, grants, backup.

#[macro_use]
mod support;

use support::{Database, Engine, Msr, Output};

#[track_caller]
fn says(output: &Output, words: &[&str]) {
    for word in words {
        assert!(output.said().contains(word), "does not say `{word}`: {}", output.said());
    }
}

/// A test of each engine, under one name.
macro_rules! both {
    ($name:ident, $body:expr) => {
        mod $name {
            use super::*;
            #[test]
            fn on_postgres() {
                needs!(Engine::Postgres);
                ($body as fn(Engine))(Engine::Postgres);
            }
            #[test]
            fn on_sqlite() {
                needs!(Engine::Sqlite);
                ($body as fn(Engine))(Engine::Sqlite);
            }
        }
    };
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", output.said()))
}

// rehearse

const SHOP: &str = "CREATE TABLE customer (id integer PRIMARY KEY, name varchar(40) NOT NULL);\n\
    CREATE TABLE purchase (id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customer (id), sum integer);\n";

/// A database with a shop in it, and a plan in `p.ron` that gives each purchase a note and makes one more table.
fn shop(engine: Engine) -> (Msr, Database) {
    let database = engine.with(SHOP).expect("it loads");
    let msr = Msr::new();
    let new = SHOP.replace("sum integer", "sum integer, note text DEFAULT 'none'")
        + "CREATE TABLE extra (id integer PRIMARY KEY);\n";
    msr.write("new.sql", new);
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
    (msr, database)
}

both!(rehearse_goes_up_down_and_up_and_leaves_the_target_alone, |engine| {
    let (msr, database) = shop(engine);
    let before = database.dump();
    let done = msr.on(&database, &["rehearse", "p.ron", "--rows", "25", "--format", "json"]).expect(0);
    assert_eq!(database.dump(), before);
    let report = json(&done);
    let passes = report["passes"].as_array().expect("passes");
    let ways: Vec<&str> = passes.iter().filter_map(|p| p["way"].as_str()).collect();
    assert_eq!(ways, ["up", "down", "up again"]);
    assert!(passes.iter().all(|p| p["verified"] == true), "{report:#}");
    let filled = report["filled"].as_array().expect("filled");
    assert!(filled.iter().any(|f| f["table"].as_str().is_some_and(|t| t.ends_with("purchase")) && f["rows"] == 25));
    for pass in passes {
        let rows = pass["rows"].as_array().expect("rows");
        assert!(!rows.is_empty() && rows.iter().all(|r| r["rows"] == 25), "{report:#}");
    }
    if engine == Engine::Postgres {
        let locks = passes[0]["steps"].to_string();
        assert!(locks.contains("ACCESS EXCLUSIVE") && locks.contains("purchase"), "{report:#}");
        assert!(passes[0]["steps"].as_array().expect("steps").iter().any(|s| s["wal"].as_u64().unwrap_or(0) > 0));
    }
    let human = msr.on(&database, &["rehearse", "p.ron"]).expect(0);
    says(&human, &["up: ", "down: ", "up again: ", "nothing is left behind"]);
    let markdown = msr.on(&database, &["rehearse", "p.ron", "--format", "markdown"]).expect(0);
    says(&markdown, &["# Rehearsal of", "| step | object |", "## up again"]);
});

both!(apply_wants_the_report_that_belongs_to_the_plan, |engine| {
    let (msr, database) = shop(engine);
    let apply = |report: &str| msr.on(&database, &["apply", "p.ron", "--yes", "--require-rehearsal", report]);
    says(&apply("r.json").expect(4), &["r.json", "msr rehearse"]);
    msr.on(&database, &["rehearse", "p.ron", "--report", "r.json"]).expect(0);
    let text = msr.read("r.json");
    msr.write("edited.json", text.replace("\"scratch\"", "\"production\""));
    says(&apply("edited.json").expect(4), &["edited"]);
    msr.write("other.sql", format!("{SHOP}CREATE TABLE other (id integer PRIMARY KEY);"));
    msr.on(&database, &["plan", "--schema", "other.sql", "--out", "other.ron"]).expect(0);
    msr.on(&database, &["rehearse", "other.ron", "--report", "other.json"]).expect(0);
    says(&apply("other.json").expect(4), &["another plan"]);
    apply("r.json").expect(0);
    says(&msr.on(&database, &["rehearse", "p.ron"]).expect(4), &["applied here already"]);
});

both!(rehearse_on_a_copy_shows_what_its_rows_break, |engine| {
    let database = engine.with(SHOP).expect("it loads");
    let msr = Msr::new();
    msr.write("new.sql", SHOP.replace("sum integer", "sum integer NOT NULL"));
    msr.on(&database, &["plan", "--schema", "new.sql", "--out", "p.ron"]).expect(0);
    // The proof has no rows; the copy has one that the plan can't stand.
    msr.on(&database, &["rehearse", "p.ron"]).expect(0);
    let copy = engine.with(SHOP).expect("it loads");
    copy.load("INSERT INTO customer VALUES (1, 'a'); INSERT INTO purchase VALUES (1, 1, NULL);").expect("rows");
    let url = copy.url();
    says(&msr.on(&database, &["rehearse", "p.ron", "--on", &url]).expect(4), &["--yes"]);
    let failed = msr.on(&database, &["rehearse", "p.ron", "--on", &url, "--yes", "--report", "r.json"]).expect(1);
    says(&failed, &["the rehearsal", "purchase"]);
    assert_eq!(copy.dump(), database.dump(), "what failed was rolled back");
    let refused = msr.on(&database, &["apply", "p.ron", "--yes", "--require-rehearsal", "r.json"]).expect(4);
    says(&refused, &["failed"]);
    copy.load("UPDATE purchase SET sum = 1").expect("rows");
    msr.on(&database, &["rehearse", "p.ron", "--on", &url, "--yes"]).expect(0);
    says(&msr.on(&copy, &["rehearse", "p.ron", "--on", &url, "--yes"]).expect(4), &["the target itself"]);
});

// drift

/// A database with two plans applied, and the schema they lead to in `schema/`.
fn applied(engine: Engine, start: &str) -> (Msr, Database) {
    let database = engine.with(start).expect("it loads");
    let msr = Msr::new();
    msr.write("schema/shop.sql", format!("{start}{SHOP}"));
    msr.on(&database, &["plan", "--save", "shop"]).expect(0);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    msr.write("schema/extra.sql", "CREATE TABLE extra (id integer PRIMARY KEY, a text);");
    msr.on(&database, &["plan", "--save", "extra"]).expect(0);
    msr.on(&database, &["migrate", "--yes"]).expect(0);
    (msr, database)
}

both!(drift_names_what_was_changed_by_hand, |engine| {
    let (msr, database) = applied(engine, "");
    says(
        &msr.on(&database, &["drift"]).expect(0),
        &["against plan", "extra: no difference", "against schema: no difference"],
    );
    msr.on(&database, &["status", "--drift"]).expect(0);
    database.load("CREATE TABLE byhand (id integer PRIMARY KEY, b text); ALTER TABLE customer ADD COLUMN nick text; DROP TABLE extra").expect("by hand");
    let drift = msr.on(&database, &["drift"]).expect(2);
    says(&drift, &["byhand", "is there and should not be", "nick", "extra", "is not there"]);
    assert!(!drift.stdout.contains("byhand.b"), "parts of a new table are not told one by one: {}", drift.said());
    let found = json(&msr.on(&database, &["drift", "--format", "json"]).expect(2));
    let compared = found["compared"].as_array().expect("compared");
    assert_eq!(compared.len(), 2);
    for one in compared {
        let differences = one["differences"].as_array().expect("differences");
        let how = |name: &str| {
            let of = |d: &&serde_json::Value| {
                d["kind"] == "table" && d["object"].as_str().is_some_and(|o| o.ends_with(name))
            };
            differences.iter().find(of).map(|d| d["difference"].clone())
        };
        assert_eq!(how("byhand"), Some("extra".into()), "{one:#}");
        assert_eq!(how("extra"), Some("missing".into()), "{one:#}");
    }
    says(&msr.on(&database, &["status", "--drift"]).expect(2), &["msr drift"]);
    msr.on(&database, &["status"]).expect(0);
});

both!(drift_behind_a_state_that_was_found_tells_what_the_plans_touched, |engine| {
    let (msr, database) = applied(engine, "CREATE TABLE before (id integer PRIMARY KEY);\n");
    msr.on(&database, &["drift"]).expect(0);
    database.load("ALTER TABLE customer ADD COLUMN nick text; DROP TABLE extra").expect("by hand");
    let drift = msr.on(&database, &["drift"]).expect(2);
    says(&drift, &["only what they touched is compared", "extra"]);
});

both!(what_is_adopted_makes_the_schema_equal, |engine| {
    let (msr, database) = applied(engine, "");
    database
        .load("CREATE TABLE byhand (id integer PRIMARY KEY, b text); ALTER TABLE customer ADD COLUMN nick text")
        .expect("by hand");
    says(&msr.on(&database, &["drift", "--adopt", "schema"]).expect(2), &["wrote schema/adopted_"]);
    let again = msr.on(&database, &["drift", "--format", "json"]);
    assert_eq!(json(&again)["compared"][1]["differences"].as_array().map(Vec::len), Some(0), "{}", again.said());
    msr.on(&database, &["plan", "--detailed-exitcode"]).expect(0);
    msr.write("there.sql", "");
    database.load("DROP TABLE byhand").expect("by hand");
    msr.on(&database, &["drift", "--adopt", "there.sql"]).expect(4);
});

#[test]
fn drift_without_anything_to_compare_with_is_refused() {
    needs!(Engine::Sqlite);
    let database = Engine::Sqlite.with(SHOP).expect("it loads");
    says(&Msr::new().on(&database, &["drift"]).expect(4), &["nothing to compare with"]);
}

#[test]
fn grants_by_hand_are_no_drift() {
    needs!(Engine::Postgres);
    let (msr, database) = applied(Engine::Postgres, "");
    database.load("GRANT SELECT ON customer TO reader").expect("by hand");
    says(&msr.on(&database, &["drift"]).expect(0), &["no difference"]);
}

// lock

/// A session that holds msr's lock until it is dropped.
struct Held(std::process::Child);

impl Held {
    fn on(database: &Database) -> Held {
        let server = support::postgres().expect("a server");
        let sql = "SELECT pg_advisory_lock(7172978), 'the long one', pg_sleep(600)";
        let mut command = server.program("psql");
        command
            .args(["-X", "-d", &database.name, "-c", sql])
            .env("PGAPPNAME", "someone")
            .stdout(std::process::Stdio::null());
        Held(command.stderr(std::process::Stdio::null()).spawn().expect("psql"))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until `msr lock status` says this.
fn until(msr: &Msr, database: &Database, word: &str) -> Output {
    for _ in 0..100 {
        let output = msr.on(database, &["lock", "status"]);
        if output.said().contains(word) {
            return output;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("never said `{word}`")
}

#[test]
fn the_lock_has_a_holder_who_can_be_ended() {
    needs!(Engine::Postgres);
    let (msr, database) = shop(Engine::Postgres);
    says(&msr.on(&database, &["lock", "release"]).expect(0), &["nobody has the lock"]);
    let mut held = Held::on(&database);
    says(&until(&msr, &database, "someone"), &["postgres", "this machine", "active", "the long one"]);
    let found = json(&msr.on(&database, &["lock:status", "--format", "json"]).expect(0));
    assert_eq!(found["holders"][0]["application"], "someone", "{found:#}");
    // It is msr's own lock that is shown.
    says(&msr.on(&database, &["apply", "p.ron", "--yes", "--lock-wait", "1s"]).expect(3), &["msr lock status"]);
    let asked = msr.on(&database, &["lock", "release"]).expect(4);
    says(&asked, &["someone", "--yes"]);
    assert!(held.0.try_wait().expect("its state").is_none(), "nothing was ended without an answer");
    says(&msr.on(&database, &["lock", "release", "--yes"]).expect(0), &["someone", "was ended"]);
    assert!(!held.0.wait().expect("its end").success());
    msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0);
}

#[test]
fn another_role_may_look_and_not_end() {
    needs!(Engine::Postgres);
    let (msr, database) = shop(Engine::Postgres);
    let _held = Held::on(&database);
    until(&msr, &database, "someone");
    let _ = support::postgres().expect("a server").sql("postgres", "CREATE ROLE looker LOGIN");
    let url = support::postgres().expect("a server").url_as(&database.name, "looker");
    says(&msr.run(&["lock:release", "--yes", "--database", &url]).expect(4), &["cannot end", "pg_signal_backend"]);
}

#[test]
fn the_lock_of_a_file_names_its_process() {
    needs!(Engine::Sqlite);
    let (msr, database) = shop(Engine::Sqlite);
    says(&msr.on(&database, &["lock", "status"]).expect(0), &["nobody has the lock"]);
    // Someone writes, so that a run waits with the lock in its hands.
    let url = database.url();
    let mut writer = std::process::Command::new("sqlite3")
        .arg(database.path())
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("sqlite3");
    let mut stdin = writer.stdin.take().expect("stdin");
    std::io::Write::write_all(&mut stdin, b"BEGIN IMMEDIATE;\nCREATE TABLE w (a);\n").expect("sent");
    for _ in 0..100 {
        if database.load("PRAGMA busy_timeout=0; BEGIN IMMEDIATE; ROLLBACK").is_err() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let run = msr.command(&["apply", "p.ron", "--yes", "--database", &url]).spawn().expect("msr");
    let pid = run.id();
    says(&until(&msr, &database, &pid.to_string()), &["msr", "running"]);
    says(&msr.on(&database, &["lock", "release"]).expect(4), &[&pid.to_string(), "--yes"]);
    says(&msr.on(&database, &["lock", "release", "--yes"]).expect(0), &["was ended"]);
    let ended = support::finish(run, std::time::Duration::from_secs(20));
    assert_eq!(ended.code, 143, "{}", ended.said());
    drop(stdin);
    writer.wait().expect("its end");
    msr.on(&database, &["apply", "p.ron", "--yes"]).expect(0);
}

// doctor

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
            "GRANT postgres TO patient",
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

// grants

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

// backup and restore

both!(a_backup_brings_schema_rows_and_journal_back, |engine| {
    let (msr, database) = applied(engine, "");
    database.load("INSERT INTO customer VALUES (1, 'it''s'); INSERT INTO purchase VALUES (1, 1, 5)").expect("rows");
    says(&msr.on(&database, &["backup", "b.bak"]).expect(0), &["wrote b.bak", "entries"]);
    says(&msr.on(&database, &["backup", "b.bak"]).expect(4), &["is there already"]);
    let fresh = engine.fresh();
    says(&msr.on(&fresh, &["restore", "b.bak"]).expect(4), &["--yes"]);
    msr.on(&fresh, &["restore", "b.bak", "--yes"]).expect(0);
    assert_eq!((fresh.dump(), fresh.rows()), (database.dump(), database.rows()));
    says(&msr.on(&fresh, &["list"]).expect(0), &["extra", "applied"]);
    // What is there is not overwritten unasked.
    says(&msr.on(&fresh, &["restore", "b.bak", "--yes"]).expect(4), &["is not empty", "--allow destructive"]);
    fresh.load("DELETE FROM purchase").expect("a loss");
    msr.on(&fresh, &["restore", "b.bak", "--yes", "--allow", "destructive"]).expect(0);
    assert_eq!(fresh.rows(), database.rows());
});

both!(a_damaged_backup_is_not_restored, |engine| {
    let (msr, database) = applied(engine, "");
    msr.on(&database, &["backup", "b.bak"]).expect(0);
    let bytes = std::fs::read(msr.path("b.bak")).expect("the backup");
    let fresh = engine.fresh();
    let empty = fresh.dump();
    for end in [bytes.len() / 8, bytes.len() / 10 * 9] {
        msr.write("cut.bak", &bytes[..end]);
        let refused = msr.on(&fresh, &["restore", "cut.bak", "--yes"]);
        assert_ne!(refused.code, 0, "{}", refused.said());
        assert_eq!(fresh.dump(), empty);
    }
    msr.on(&fresh, &["restore", "nowhere.bak", "--yes"]).expect(4);
});

both!(runs_that_change_something_can_back_up_first, |engine| {
    let (msr, database) = shop(engine);
    database.load("INSERT INTO customer VALUES (1, 'a')").expect("rows");
    let files = |folder: &str| {
        let mut names: Vec<_> =
            std::fs::read_dir(msr.path(folder)).into_iter().flatten().flatten().map(|e| e.file_name()).collect();
        names.sort();
        names
    };
    let before = database.dump();
    msr.on(&database, &["apply", "p.ron", "--yes", "--backup", "kept"]).expect(0);
    assert_eq!(files("kept").len(), 1);
    let fresh = engine.fresh();
    let kept = msr.path("kept").join(&files("kept")[0]);
    msr.on(&fresh, &["restore", kept.to_str().expect("a name"), "--yes"]).expect(0);
    assert_eq!(fresh.dump(), before);
    assert_eq!(
        fresh.rows(),
        database.rows().into_iter().filter(|(t, _)| !t.ends_with("extra")).map(|(t, r)| (t, r)).collect()
    );
    msr.on(&database, &["down", "--yes", "--allow", "all", "--backup", "downs"]).expect(0);
    assert_eq!(files("downs").len(), 1);
    // Nothing pending, nothing backed up.
    msr.on(&database, &["migrate", "--yes", "--backup", "idle"]).expect(0);
    assert_eq!(files("idle").len(), 0);
});

/// A program of this name that writes down how it was called, and fails.
fn pretended(msr: &Msr, name: &str, version: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let folder = msr.path("bin");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && echo '{name} (PostgreSQL) {version}' && exit\n\
         echo \"$@\" >{0}/args; env >{0}/env; echo 'it went wrong' >&2; exit 1\n",
        folder.display()
    );
    let path = msr.write(&format!("bin/{name}"), script);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
    format!("{}:/usr/bin:/bin", folder.display())
}

#[test]
fn p31_the_password_is_no_argument_of_the_tools() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.fresh();
    let msr = Msr::new();
    let path = pretended(&msr, "pg_dump", "99.1");
    let url = database.url().replace("postgres:///", "postgres://:sesame@/");
    let mut command = msr.command(&["backup", "b.bak", "--database", &url]);
    let failed = support::finish(command.env("PATH", &path).spawn().expect("msr"), std::time::Duration::from_secs(60));
    says(&failed.clone().expect(1), &["`pg_dump` failed", "it went wrong"]);
    assert!(!failed.said().contains("sesame"), "{}", failed.said());
    assert!(!msr.read("bin/args").contains("sesame"), "{}", msr.read("bin/args"));
    assert!(msr.read("bin/env").lines().any(|line| line == "PGPASSWORD=sesame"));
    assert!(!msr.path("b.bak").exists());
    let left = std::fs::read_dir(msr.path("."))
        .expect("the folder")
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with(".msr-backup"));
    assert_eq!(left.count(), 0);
}

#[test]
fn a_tool_that_is_older_than_the_server_is_passed_over() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.fresh();
    let msr = Msr::new();
    let path = pretended(&msr, "pg_dump", "9.6.24");
    let mut command = msr.command(&["backup", "b.bak", "--database", &database.url()]);
    let done = support::finish(command.env("PATH", &path).spawn().expect("msr"), std::time::Duration::from_secs(60));
    done.expect(0);
    assert!(!msr.path("bin/args").exists());
}
