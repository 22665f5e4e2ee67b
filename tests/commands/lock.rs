//! Who has the lock, and how it is taken from them.

use super::*;

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
