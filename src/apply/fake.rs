//! A database in memory for tests: statements of two words, a catalog of indexes, a real journal in SQLite, and faults.

use super::journal::Journal;
use crate::engine::how::Server;
use crate::engine::upkeep::Upkeep;
use crate::engine::{Observed, Session};
use crate::model::{Catalog, Fingerprint, Head, Id, Index, Kind, Object, Status};
use crate::plan::file::{self, Loaded};
use crate::plan::{Action, Batch, Down, Header, Phase, Plan, Step, Touch};
use crate::source::Source;
use crate::{Result, SqlError};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub static SERVER: Server = Server::new("sqlite", 3053002, 3);

/// What goes wrong, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The statement gives an error.
    Error(&'static str),
    /// The statement leaves its object half made and gives an error; with `true` the connection is gone too.
    Half(&'static str, bool),
    /// A lock is not to be had for the statement.
    Busy(&'static str),
    /// The connection is gone before the statement is done.
    Kill(&'static str),
    /// After the statement that is outside of a transaction.
    KillAfter(&'static str),
    /// At the n-th COMMIT from now; with `true` it was done.
    KillAtCommit(usize, bool),
}

#[derive(Default)]
pub struct World {
    pub catalog: Catalog,
    pub locked: bool,
    pub fault: Option<Fault>,
    /// Each statement that was done.
    pub log: Vec<String>,
}

pub type Shared = Arc<Mutex<World>>;

pub struct Fake {
    pub world: Shared,
    pub db: SqliteConnection,
    before: Option<(Catalog, Vec<String>)>,
    holds: bool,
    dead: bool,
}

pub fn id(name: &str) -> Id {
    Id::new(Kind::Index, ["main", name])
}

fn change(catalog: &mut Catalog, sql: &str, half: bool) -> std::result::Result<(), String> {
    let (verb, name) = sql.split_once(' ').unwrap_or((sql, ""));
    let there = catalog.contains(&id(name));
    match verb {
        "add" if !there => {
            let mut head = Head::new(id(name));
            head.status = if half { Status::Pending } else { Status::Present };
            catalog.insert(Object::from(Index::new(head)));
        }
        "drop" if there => drop(catalog.remove(&id(name))),
        "unique" | "plain" if there => {
            catalog.insert(Index { unique: verb == "unique", ..Index::new(Head::new(id(name))) }.into());
        }
        "fill" => {}
        _ => return Err(format!("cannot {sql}")),
    }
    Ok(())
}

impl Fake {
    pub fn open(world: &Shared, path: &std::path::Path) -> Fake {
        let mut db = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        db.batch_execute("PRAGMA busy_timeout = 1000").unwrap();
        Fake { world: world.clone(), db, before: None, holds: false, dead: false }
    }

    fn die(&mut self) -> SqlError {
        if self.before.is_some() {
            let _ = self.rollback();
        }
        if std::mem::take(&mut self.holds) {
            self.world.lock().unwrap().locked = false;
        }
        self.dead = true;
        SqlError { message: "gone".into(), disconnected: true, ..SqlError::default() }
    }

    fn alive(&self) -> Result<(), SqlError> {
        let gone = SqlError { message: "gone".into(), disconnected: true, ..SqlError::default() };
        if self.dead { Err(gone) } else { Ok(()) }
    }

    /// Whether the fault of the world is due at this statement.
    fn fault(&self, sql: &str) -> Option<Fault> {
        let mut world = self.world.lock().unwrap();
        let due = matches!(&world.fault, Some(
            Fault::Error(s) | Fault::Half(s, _) | Fault::Busy(s) | Fault::Kill(s) | Fault::KillAfter(s)
        ) if *s == sql);
        if due { world.fault.take() } else { None }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if !self.dead {
            self.die();
        }
    }
}

impl Session for Fake {
    fn server(&self) -> &Server {
        &SERVER
    }

    fn execute(&mut self, sql: &str) -> Result<(), SqlError> {
        self.alive()?;
        let fault = self.fault(sql);
        let error = |message: &str, transient| SqlError { message: message.into(), transient, ..SqlError::default() };
        match fault {
            Some(Fault::Kill(_)) => return Err(self.die()),
            Some(Fault::Error(_)) => return Err(error("no", false)),
            Some(Fault::Busy(_)) => return Err(error("locked", true)),
            _ => {}
        }
        let half = matches!(fault, Some(Fault::Half(..)));
        let mut world = self.world.lock().unwrap();
        change(&mut world.catalog, sql, half).map_err(|e| error(&e, false))?;
        world.log.push(sql.into());
        drop(world);
        match fault {
            Some(Fault::KillAfter(_) | Fault::Half(_, true)) => Err(self.die()),
            Some(Fault::Half(_, false)) => Err(error("not unique", false)),
            _ => Ok(()),
        }
    }

    fn begin(&mut self) -> Result<(), SqlError> {
        self.alive()?;
        self.db.batch_execute("BEGIN IMMEDIATE").unwrap();
        let world = self.world.lock().unwrap();
        self.before = Some((world.catalog.clone(), world.log.clone()));
        Ok(())
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        self.alive()?;
        let fault = self.world.lock().unwrap().fault.clone();
        if let Some(Fault::KillAtCommit(n, done)) = fault {
            self.world.lock().unwrap().fault = if n > 1 { Some(Fault::KillAtCommit(n - 1, done)) } else { None };
            if n <= 1 {
                if done {
                    self.db.batch_execute("COMMIT").unwrap();
                    self.before = None;
                }
                return Err(self.die());
            }
        }
        self.before = None;
        self.db.batch_execute("COMMIT").unwrap();
        Ok(())
    }

    fn rollback(&mut self) -> Result<(), SqlError> {
        self.alive()?;
        if let Some((catalog, log)) = self.before.take() {
            self.db.batch_execute("ROLLBACK").unwrap();
            let mut world = self.world.lock().unwrap();
            (world.catalog, world.log) = (catalog, log);
        }
        Ok(())
    }

    fn wait_at_most(&mut self, _: Option<Duration>) -> Result<(), SqlError> {
        Ok(())
    }

    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    fn inspect(&mut self) -> Result<Catalog> {
        self.alive()?;
        Ok(self.world.lock().unwrap().catalog.clone())
    }

    fn load(&mut self, _: &Source, _: &mut dyn FnMut(usize)) -> Result<()> {
        Ok(())
    }

    fn watch(&mut self) -> Result<(), SqlError> {
        Ok(())
    }

    fn observed(&mut self) -> Result<Observed, SqlError> {
        Ok(Observed::default())
    }

    fn try_lock(&mut self) -> Result<bool, SqlError> {
        self.alive()?;
        let mut world = self.world.lock().unwrap();
        let free = !world.locked;
        world.locked = true;
        self.holds |= free;
        Ok(free)
    }

    fn unlock(&mut self) -> Result<(), SqlError> {
        self.alive()?;
        if std::mem::take(&mut self.holds) {
            self.world.lock().unwrap().locked = false;
        }
        Ok(())
    }

    fn journal(&mut self) -> &mut dyn Journal {
        &mut self.db
    }

    fn upkeep(&mut self) -> &mut dyn Upkeep {
        unreachable!("no test of the executor asks for it")
    }

    fn role(&mut self) -> Result<String, SqlError> {
        self.alive()?;
        Ok("tester".into())
    }
}

/// What one batch of a plan does: in a transaction or not, and its statements up and down.
pub struct Does(pub bool, pub Phase, pub &'static [(&'static str, &'static str)]);

/// A sealed plan from `start` on, with the fingerprints that its statements really lead to.
pub fn plan(version: &str, parent: Option<&Loaded>, start: &Catalog, batches: &[Does]) -> Loaded {
    let (mut catalog, mut steps, mut made) = (start.clone(), vec![], vec![]);
    for Does(transaction, phase, statements) in batches {
        let (first, before) = (steps.len() + 1, catalog.clone());
        for (up, down) in *statements {
            change(&mut catalog, up, false).unwrap();
            steps.push(step(steps.len() + 1, *phase, *transaction, up, down));
        }
        let state = |c: &Catalog, id: &Id| c.get(id).map(Fingerprint::of);
        let mut touches: Vec<Touch> = vec![];
        for (up, _) in statements.iter().filter(|(up, _)| !up.starts_with("fill")) {
            let id = id(up.split_once(' ').unwrap().1);
            if touches.iter().all(|t| t.id != id) {
                touches.push(Touch { before: state(&before, &id), after: state(&catalog, &id), id });
            }
        }
        made.push(Batch { first, last: steps.len(), transaction: *transaction, touches });
    }
    let header = Header {
        msr: "0.1.0".into(),
        version: version.into(),
        name: format!("p{version}"),
        engine: "sqlite".into(),
        engine_major: 3,
        created_at: "2026-11-22T14:30:00Z".into(),
        parent: parent.map(|p| p.checksum.clone()),
        base: start.fingerprint(),
        goal: catalog.fingerprint(),
        desired: Some("desired".into()),
        roles: Default::default(),
    };
    let plan = Plan { header, relies: vec![], shapes: vec![], steps, batches: made, unmodelled: vec![], notes: vec![] };
    Loaded { checksum: file::checksum_of(&plan), plan }
}

fn step(number: usize, phase: Phase, transaction: bool, up: &str, down: &str) -> Step {
    let drops = up.starts_with("drop");
    Step {
        id: number,
        phase,
        action: if drops { Action::Drop } else { Action::Create },
        subject: id(up.split_once(' ').unwrap().1),
        deltas: vec![],
        up: vec![up.into()],
        down: match down.strip_prefix("lossy ") {
            _ if down.is_empty() => Down::Irreversible("no way".into()),
            Some(sql) => Down::Lossy { sql: vec![sql.into()], loses: "its rows".into() },
            None => Down::Sql(vec![down.into()]),
        },
        needs: vec![],
        transaction,
        patient: false,
        back: crate::plan::Back::like(transaction),
        locks: vec![],
        rewrites: vec![],
        scans: vec![],
        loses: drops.then(|| "its rows".into()),
        at: None,
        findings: vec![],
        fill: None,
        purge: vec![],
        held: None,
        questions: vec![],
    }
}
