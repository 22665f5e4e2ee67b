//! Where harm is done: a server of its own for each worker, since some harm befalls a whole server, and copies of a case's
//! database on it.

use super::support::{Database, Engine, Postgres, another, postgres, use_server};
use super::{Ready, state};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::ops::Deref;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What one worker has.
pub struct Bench {
    engine: Engine,
    server: Option<&'static Postgres>,
    console: RefCell<Option<Console>>,
    /// Cases whose database is on this server.
    there: RefCell<BTreeSet<String>>,
    /// A copy that nothing has happened to, and whose it is.
    spare: RefCell<Option<(String, String)>>,
    count: RefCell<usize>,
}

/// A copy of a case's database, in its first state.
pub enum Copied {
    /// By name, dropped by the bench.
    Postgres(std::mem::ManuallyDrop<Database>),
    Sqlite(Database),
}

impl Deref for Copied {
    type Target = Database;

    fn deref(&self) -> &Database {
        match self {
            Copied::Postgres(database) => database,
            Copied::Sqlite(database) => database,
        }
    }
}

/// What the server has written, to the byte: where it is the same later, no database of it has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(Option<u64>);

/// A copy of a database comes without its subscriptions, as they are the server's.
const NOT_COPIED: &str = "CREATE SUBSCRIPTION";

/// A subscription keeps its database from being dropped.
const WITHOUT_SUBSCRIPTIONS: &str = "DO $$DECLARE name text; BEGIN FOR name IN SELECT quote_ident(subname) FROM pg_subscription \
    JOIN pg_database d ON d.oid = subdbid AND datname = current_database() LOOP EXECUTE 'ALTER SUBSCRIPTION ' || name || ' DISABLE'; \
    EXECUTE 'ALTER SUBSCRIPTION ' || name || ' SET (slot_name = NONE)'; EXECUTE 'DROP SUBSCRIPTION ' || name; END LOOP; END$$;";

/// What recovery writes when there was nothing to recover: one record of a checkpoint.
const RECOVERED: u64 = 120;

impl Bench {
    /// With a server of its own.
    pub fn new(engine: Engine) -> Bench {
        Bench {
            engine,
            server: (engine == Engine::Postgres).then(|| another().expect("a server")),
            console: RefCell::default(),
            there: RefCell::default(),
            spare: RefCell::default(),
            count: RefCell::default(),
        }
    }

    /// Its server is this thread's from now on.
    pub fn sit(&self) {
        if let Some(server) = self.server {
            use_server(server);
        }
    }

    /// A copy of the case's database: the one that nothing has happened to, or a new one.
    pub fn copy(&self, of: &Ready) -> Copied {
        if let Some(from) = &of.from {
            return Copied::Sqlite(from.copy());
        }
        if let Some((case, name)) = self.spare.take() {
            if case == of.name {
                return Copied::Postgres(Database::borrowed(&name));
            }
            self.drop(Copied::Postgres(Database::borrowed(&name)));
        }
        *self.count.borrow_mut() += 1;
        let name = format!("copy_{}", self.count.borrow());
        if of.fill.contains(NOT_COPIED) {
            self.ask(&format!("CREATE DATABASE {name} TEMPLATE template0;"));
            let copy = Database::borrowed(&name);
            copy.load(&of.fill).expect("it was loaded before");
            of.prepare(&copy);
            return Copied::Postgres(copy);
        }
        let base = format!("base_{}", of.number);
        if self.there.borrow_mut().insert(of.name.clone()) {
            self.ask(&format!("CREATE DATABASE {base} TEMPLATE template0;"));
            let base = Database::borrowed(&base);
            base.load(&of.fill).expect("it was loaded before");
            of.prepare(&base);
        }
        // Files are copied as they are: on a disk in memory that is the fastest. Before 15 there was no other way.
        let how = if self.engine.major() >= 15 { "STRATEGY FILE_COPY" } else { "" };
        self.ask(&format!("CREATE DATABASE {name} TEMPLATE {base} {how};"));
        Copied::Postgres(Database::borrowed(&name))
    }

    pub fn mark(&self) -> Mark {
        let postgres = self.engine == Engine::Postgres;
        let written = || self.ask("SELECT pg_current_wal_insert_lsn() - '0/0';").parse().expect("a number of bytes");
        Mark(postgres.then(written))
    }

    /// Whether it is as it was when it was copied, and nobody is connected to it. Reads write nothing, and nobody else is at
    /// work on this server; what the server writes for itself makes this no more than a miss.
    pub fn untouched(&self, copy: &Copied, since: Mark, crashed: bool) -> bool {
        let (Some(before), Some(now)) = (since.0, self.mark().0) else { return false };
        if now != before && !(crashed && now == before + RECOVERED) {
            return false;
        }
        self.alone(copy)
    }

    /// Whether nobody is connected to it. Who was left alone notices that soon.
    fn alone(&self, copy: &Copied) -> bool {
        let here = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{}';", copy.name);
        (0..20).any(|_| {
            let alone = self.ask(&here) == "0";
            if !alone {
                std::thread::sleep(Duration::from_millis(5));
            }
            alone
        })
    }

    /// What a second run would begin with: where another harm to the same case left that, and was finished, this one needs none.
    /// `None` as long as somebody is connected.
    pub fn state(&self, copy: &Copied) -> Option<String> {
        (self.engine == Engine::Postgres && self.alone(copy))
            .then(|| state::alike(&self.ask_in(&copy.name, &state::query())))
    }

    /// It can be had again.
    pub fn keep(&self, of: &Ready, copy: Copied) {
        self.spare.replace(Some((of.name.clone(), copy.name.clone())));
    }

    pub fn drop(&self, copy: Copied) {
        if let Copied::Postgres(database) = copy {
            let subscriptions = format!(
                "SELECT count(*) FROM pg_subscription JOIN pg_database d ON d.oid = subdbid AND datname = '{}';",
                database.name
            );
            if self.ask(&subscriptions) != "0" {
                self.ask_in(&database.name, WITHOUT_SUBSCRIPTIONS);
            }
            self.ask(&format!("DROP DATABASE {} WITH (FORCE);", database.name));
        }
    }

    /// The answer to a statement in the database `postgres`.
    fn ask(&self, sql: &str) -> String {
        self.ask_in("postgres", sql)
    }

    /// The answer to a statement; once more where the connection broke, as it does in a crash that was meant for another.
    pub fn ask_in(&self, database: &str, sql: &str) -> String {
        for _ in 0..3 {
            let mut console = self.console.borrow_mut();
            let open = console.get_or_insert_with(Console::open);
            match open.ask(database, sql) {
                Some(answer) => return answer,
                None => *console = None,
            }
            postgres().expect("a server").wait();
        }
        panic!("no answer to: {sql}")
    }
}

/// Has the work done by as many as there are benches, each taking what is next; the results in the order of the work.
pub fn spread<T: Sync, R: Send>(
    benches: &mut [Bench],
    work: &[T],
    each: impl Fn(&Bench, usize, &T) -> R + Sync,
) -> Vec<R> {
    let (next, done, each) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()), &each);
    std::thread::scope(|scope| {
        for bench in benches {
            let (next, done) = (&next, &done);
            scope.spawn(move || {
                bench.sit();
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = work.get(i) else { return };
                    let result = each(bench, i, one);
                    done.lock().expect("results").insert(i, result);
                }
            });
        }
    });
    done.into_inner().expect("results").into_values().collect()
}

/// How many are at work at once: most of the time one waits for the server.
pub fn workers() -> usize {
    let asked = std::env::var("MSR_CRASH_WORKERS").ok().and_then(|n| n.parse().ok());
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, |n| n.get() + n.get() / 2))
}

/// A psql that stays: to begin one anew costs more than what is asked.
struct Console {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    at: String,
}

impl Console {
    fn open() -> Console {
        let mut psql = postgres().expect("a server").program("psql");
        psql.args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-f", "-"]);
        // That a server has crashed is what is wanted.
        psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = psql.spawn().expect("psql");
        let (to, from) = (child.stdin.take().expect("stdin"), child.stdout.take().expect("stdout"));
        Console { child, to, from: BufReader::new(from), at: "postgres".into() }
    }

    /// `None` where psql has ended, as it does at the first error.
    fn ask(&mut self, database: &str, sql: &str) -> Option<String> {
        if self.at != database {
            writeln!(self.to, "\\connect {database}").ok()?;
            self.at = database.into();
        }
        writeln!(self.to, "{sql}\n\\echo -- msr done").ok()?;
        self.to.flush().ok()?;
        let mut said = String::new();
        loop {
            let before = said.len();
            if self.from.read_line(&mut said).ok()? == 0 {
                return None;
            }
            if said[before..].trim_end() == "-- msr done" {
                return Some(said[..before].trim_end().to_owned());
            }
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
