//! Does what a plan says, or refuses. Never diffs.
//!
//! A run looks first and acts then: the catalog says how many batches of the plan stand ([`observe`]), and the rest is
//! done, batch by batch ([`batch`]). There is no dirty flag to repair; a run that was killed is continued by the next.

mod backfill;
pub mod baseline;
mod batch;
pub mod down;
pub(crate) mod gate;
pub mod history;
pub mod journal;
pub mod list;
mod lock;
pub mod migrate;
pub(crate) mod observe;
pub mod probe;
pub mod purge;
mod retry;
pub mod run;
mod settle;
pub mod tag;
mod target;
mod together;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

use crate::engine::{Blocker, Session};
use crate::lint::Policy;
use crate::model::{Fingerprint, Id};
use crate::plan::{Plan, Transaction};
use crate::settings::Lint;
use crate::{Error, Failure, Result};
use std::any::Any;
use std::time::Duration;

pub use baseline::baseline;
pub use down::down;
pub use list::list;
pub use migrate::migrate;
pub use run::apply;
pub use tag::Tag;

/// Which steps a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phases {
    /// What is safe while the old application runs: expand and backfill.
    #[default]
    Expand,
    /// What waits until it no longer does.
    Contract,
    All,
}

/// How a run goes about it.
pub struct Options<'a> {
    /// Lint's rules that are let pass in this run.
    pub allow: Vec<String>,
    /// Their levels in the settings.
    pub lint: Lint,
    pub phases: Phases,
    /// How long to wait for another run to end, and in all for the locks of a batch.
    pub lock_wait: Duration,
    /// How long one statement may wait for a lock: others wait behind it all the while. Where nobody says, as is usual with
    /// the engine.
    pub lock_timeout: Option<Duration>,
    /// How much one transaction holds. That each step has one of its own is the plan's to say.
    pub transaction: Transaction,
    /// Inspect again afterwards. Off only where the caller does.
    pub verify: bool,
    /// Refuse a database that differs from what the plan was made on, even where the plan does not care.
    pub strict: bool,
    /// Work through a pooler, which may hand statements of this run to several sessions of the server's.
    pub allow_pooler: bool,
    /// How long rows are asked, in all, whether they let the plan through; zero for not at all.
    pub probe_time: Duration,
    /// How fast rows are filled.
    pub pace: Pace,
    /// How often a batch is tried that can't get its locks, before the run gives up.
    pub attempts: u32,
    /// Who runs this, beside the database role: OS user, CI run.
    pub who: String,
    /// What a server that shows statements to others is told with each of them; `None` for nothing.
    pub tag: Option<Tag>,
    /// Asked at each step boundary: how the run was told to stop, if it was.
    pub stop: &'a (dyn Fn() -> Option<Failure> + Sync),
    /// Asked before each batch, outside of any transaction; an error ends the run there.
    pub before_batch: &'a dyn Fn(&Turn) -> Result<()>,
    /// Looks at a session of that number from outside while it is at a statement that may take long, until what it gives is
    /// dropped.
    pub watch: &'a dyn Fn(i64) -> Option<Box<dyn Any>>,
    /// Connects again after the connection broke, to learn what became of a COMMIT.
    pub reconnect: &'a dyn Fn() -> Result<Box<dyn Session>>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            allow: vec![],
            lint: Lint::default(),
            phases: Phases::Expand,
            lock_wait: Duration::from_secs(600),
            lock_timeout: None,
            transaction: Transaction::default(),
            verify: true,
            strict: false,
            allow_pooler: false,
            probe_time: Duration::from_secs(30),
            pace: Pace::default(),
            attempts: 20,
            who: String::new(),
            tag: Some(Tag::of_run(&run_id())),
            stop: &|| None,
            before_batch: &|_| Ok(()),
            watch: &|_| None,
            reconnect: &|| Err(Error::transient("the connection broke")),
        }
    }
}

/// A name that tells this run from others: when it began, and the process.
pub fn run_id() -> String {
    format!("{}-{}", jiff::Timestamp::now().as_millisecond(), std::process::id())
}

impl Options<'_> {
    pub fn policy(&self) -> Policy {
        Policy::new(&self.lint, &self.allow)
    }
}

/// How fast rows are filled, and when that waits for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long a batch is to take: others may wait for its rows all the while.
    pub batch: Duration,
    /// How long it rests after a batch, in percent of what that took.
    pub rest: u32,
    /// It waits while a replica is further behind than this.
    pub lag: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { batch: Duration::from_millis(50), rest: 10, lag: Duration::from_secs(2) }
    }
}

/// A batch whose turn it is, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Version and name of its plan.
    pub plan: String,
    /// From 1 on.
    pub batch: usize,
    pub of: usize,
    /// When it is taken back.
    pub back: bool,
}

/// What a run tells while it goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Another run has the lock.
    Waiting {
        waited: Duration,
    },
    /// Batches that stand from a run before.
    Resumes {
        done: usize,
        of: usize,
    },
    /// A step begins; `back` when it is taken back.
    Step {
        step: usize,
        of: usize,
        subject: Id,
        back: bool,
    },
    StepDone {
        step: usize,
        millis: u64,
    },
    /// Rows are filled: so many were looked at, of about so many (0 when unknown).
    Filling {
        rows: u64,
        of: u64,
    },
    /// A replica is behind.
    Lagging {
        behind: Duration,
    },
    /// A batch begins.
    Begins(Turn),
    /// Committed, or taken back.
    Batch(Turn),
    /// A lock was not to be had in time.
    Retry {
        attempt: u32,
        why: String,
        wait: Duration,
        /// Who had it.
        blockers: Vec<Blocker>,
    },
    /// The connection broke and was made again.
    Reconnected,
    Checking,
    Note(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do.
    Already,
    Applied,
    /// All but the contract phase, which waits.
    Expanded,
    Undone,
}

/// What one plan's run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub version: String,
    pub name: String,
    pub outcome: Outcome,
    /// Steps and batches that this run did.
    pub steps: usize,
    pub batches: usize,
    pub millis: u64,
    /// The whole catalog afterwards, where it was looked at.
    pub live: Option<Fingerprint>,
    pub notes: Vec<String>,
}

impl Report {
    fn new(plan: &Plan, outcome: Outcome) -> Report {
        Report {
            version: plan.header.version.clone(),
            name: plan.header.name.clone(),
            outcome,
            steps: 0,
            batches: 0,
            millis: 0,
            live: None,
            notes: vec![],
        }
    }
}
