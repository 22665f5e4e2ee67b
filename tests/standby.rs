//! What has to do with a standby: it is read and never written to, a run whose server dies is finished on the one that takes over
//! (promise 25), and a backfill waits for one that is behind (promise 13).

#[macro_use]
#[path = "support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;
use support::{Engine, Msr, Output, Postgres, another, finish, says, until};

/// A batch waits, before it begins, until the test has seen it.
const SETTINGS: &str = r#"
[apply]
transaction = "step"
[hooks]
before_batch = "echo here > at.$MSR_BATCH; while [ ! -e go.$MSR_BATCH ] && [ ! -e go.all ]; do sleep 0.02; done"
"#;

const TABLES: &str = "CREATE TABLE t1 (id integer PRIMARY KEY); CREATE TABLE t2 (id integer PRIMARY KEY);
    CREATE TABLE t3 (id integer PRIMARY KEY); CREATE TABLE t4 (id integer PRIMARY KEY);";

/// Two servers, the second a standby of the first, a saved plan of four batches, and an address that leads to one of them.
struct Pair {
    primary: &'static Postgres,
    standby: Postgres,
    msr: Msr,
}

impl Pair {
    fn new() -> Pair {
        let primary = another().expect("a primary");
        let standby = primary.standby().expect("a standby");
        let pair = Pair { primary, standby, msr: Msr::new() };
        pair.msr.write("msr.toml", SETTINGS);
        pair.msr.write("schema/s.sql", TABLES);
        pair.points_to(pair.primary);
        pair.run(&["plan", "--save", "four"]).expect(0);
        pair
    }

    fn address(&self) -> PathBuf {
        self.msr.path("server")
    }

    /// As a name does that is looked up anew, or an address that moves.
    fn points_to(&self, server: &Postgres) {
        let _ = std::fs::remove_file(self.address());
        std::os::unix::fs::symlink(&server.folder, self.address()).expect("a link");
    }

    fn url(&self) -> String {
        format!("postgres:///postgres?host={}&port=5432&user=postgres", self.address().display())
    }

    /// libpq's way: all of them, and the one that can be written to is taken.
    fn both(&self) -> String {
        let (a, b) = (self.standby.folder.display(), self.primary.folder.display());
        format!("postgres:///postgres?host={a},{b}&port=5432,5432&user=postgres")
    }

    fn run(&self, args: &[&str]) -> Output {
        self.msr.run(&[args, &["--database", &self.url()]].concat())
    }

    fn migrate(&self, url: &str) -> Child {
        self.msr.command(&["migrate", "--yes", "--database", url]).spawn().expect("msr")
    }

    fn wait_for_batch(&self, batch: usize) {
        until(&format!("batch {batch}"), || self.msr.path(&format!("at.{batch}")).exists());
    }

    fn go(&self, batch: &str) {
        self.msr.write(&format!("go.{batch}"), "");
    }

    /// The standby hears no more of what the primary does.
    fn cut(&self) {
        ask(&self.standby, "ALTER SYSTEM SET primary_conninfo = ''");
        ask(&self.standby, "SELECT pg_reload_conf()");
        until("nothing is received", || ask(&self.standby, "SELECT count(*) FROM pg_stat_wal_receiver") == "0");
    }

    /// The standby has all that the primary has.
    fn caught_up(&self) {
        let all = ask(self.primary, "SELECT pg_current_wal_lsn()");
        let has = format!("SELECT pg_last_wal_replay_lsn() >= '{all}'");
        until("all is received", || ask(&self.standby, &has) == "t");
    }

    fn fail_over(&self) {
        self.primary.end();
        self.points_to(&self.standby);
        ask(&self.standby, "SELECT pg_promote()");
        self.go("all");
    }

    /// Everything is there, each batch once, whatever the first server had.
    fn is_whole(&self) {
        assert_eq!(ask(&self.standby, "SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]$'"), "4");
        let batches = "SELECT string_agg(batch::text, ',' ORDER BY number) FROM msr.journal WHERE event = 'batch'";
        assert_eq!(ask(&self.standby, batches), "1,2,3,4");
        self.run(&["list", "--check"]).expect(0);
        self.run(&["drift"]).expect(0);
    }
}

fn ask(server: &Postgres, sql: &str) -> String {
    server.sql("postgres", sql).unwrap_or_else(|e| panic!("{sql}: {e}")).trim_end().to_owned()
}

/// Batches 1 and 2 are confirmed when the primary dies; the standby may not have heard of the second.
fn between_batches(pair: &Pair, url: &str, behind: bool) {
    let run = pair.migrate(url);
    pair.wait_for_batch(1);
    pair.go("1");
    pair.wait_for_batch(2);
    pair.caught_up();
    if behind {
        pair.cut();
    }
    pair.go("2");
    pair.wait_for_batch(3);
    if !behind {
        pair.caught_up();
    }
    pair.fail_over();
    let ended = finish(run, Duration::from_secs(60)).expect(3);
    says(&ended, &["connection", "run again"]);
    finish(pair.migrate(url), Duration::from_secs(60)).expect(0);
    pair.is_whole();
}

/// The primary dies while the COMMIT of batch 3 waits for a standby; the one that takes over has heard of it, or has not.
fn at_commit(pair: &Pair, behind: bool) {
    let run = pair.migrate(&pair.url());
    pair.go("1");
    pair.go("2");
    pair.wait_for_batch(3);
    pair.caught_up();
    if behind {
        pair.cut();
    }
    ask(pair.primary, "ALTER SYSTEM SET synchronous_standby_names = 'somebody_else'");
    ask(pair.primary, "SELECT pg_reload_conf()");
    until("commits wait", || ask(pair.primary, "SHOW synchronous_standby_names") == "somebody_else");
    pair.go("3");
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'msr'";
    until("the COMMIT waits", || ask(pair.primary, waits) == "1");
    if !behind {
        pair.caught_up();
    }
    pair.fail_over();
    // Nothing is lost that was confirmed: the run looks what stands, and goes on by itself.
    finish(run, Duration::from_secs(60)).expect(0);
    pair.is_whole();
}

/// One that has stopped to replay says no more how long it takes.
#[test]
fn p13_a_backfill_waits_for_a_standby_that_is_behind() {
    needs!(Engine::Postgres, "pg_basebackup");
    let primary = another().expect("a primary");
    let standby = primary.standby().expect("a standby");
    let table = "CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL);";
    ask(primary, &format!("{table} INSERT INTO t SELECT i, 'a' FROM generate_series(1, 300000) i"));
    let msr = Msr::new();
    msr.write("msr.toml", "online = true\n[backfill]\nbatch = '5ms'\nrest = 400\nlag = '500ms'\n");
    msr.write("new.sql", table.replace(");", ",\n-- msr:using upper(name)\nshout text NOT NULL);"));
    let url = primary.url("postgres");
    msr.run(&["plan", "--schema", "new.sql", "--out", "p.ron", "--database", &url]).expect(0);
    ask(&standby, "SELECT pg_wal_replay_pause()");
    until("it is paused", || ask(&standby, "SELECT pg_is_wal_replay_paused()") == "t");
    let mut run = msr.command(&["apply", "p.ron", "--yes", "--database", &url]).spawn().expect("msr");
    let rows = || ask(primary, "SELECT coalesce(max(rows), 0) FROM msr.backfill");
    until("rows are filled", || {
        primary.sql("postgres", "SELECT 1 FROM msr.backfill").is_ok_and(|there| !there.is_empty())
    });
    // It stands still before it is done.
    let still = || {
        let before = rows();
        std::thread::sleep(Duration::from_secs(2));
        before == rows()
    };
    until("it waits", still);
    assert!(
        run.try_wait().expect("msr").is_none(),
        "it has not waited: {}",
        finish(run, Duration::from_secs(60)).said()
    );
    ask(&standby, "SELECT pg_wal_replay_resume()");
    let done = finish(run, Duration::from_secs(60)).expect(0);
    says(&done, &["a replica is", "behind: waiting"]);
    assert_eq!(ask(primary, "SELECT count(*) FROM t WHERE shout = 'A'"), "300000");
}

#[test]
fn p25_a_standby_is_read_and_not_written_to() {
    needs!(Engine::Postgres, "pg_basebackup");
    let pair = Pair::new();
    pair.go("all");
    pair.points_to(&pair.standby);
    for args in [&["migrate", "--yes"][..], &["down", "--yes"], &["baseline", "--yes"], &["purge", "--yes"]] {
        says(&pair.run(args).expect(4), &["it is a standby", "name the primary, or all hosts"]);
    }
    pair.run(&["list", "--check"]).expect(2);
    finish(pair.migrate(&pair.both()), Duration::from_secs(60)).expect(0);
    pair.caught_up();
    pair.run(&["list", "--check"]).expect(0);
    says(&pair.run(&["status", "--drift"]).expect(0), &["four"]);
    says(&pair.run(&["plan"]).expect(0), &["No changes"]);
}

#[test]
fn p25_a_failover_between_batches_is_gone_on_from() {
    needs!(Engine::Postgres, "pg_basebackup");
    let pair = Pair::new();
    between_batches(&pair, &pair.both(), false);
}

#[test]
fn p25_a_failover_to_a_standby_that_was_behind_is_gone_on_from() {
    needs!(Engine::Postgres, "pg_basebackup");
    let pair = Pair::new();
    between_batches(&pair, &pair.url(), true);
}

#[test]
fn p25_a_failover_at_commit_is_looked_up_on_the_new_primary() {
    needs!(Engine::Postgres, "pg_basebackup");
    at_commit(&Pair::new(), false);
    at_commit(&Pair::new(), true);
}
