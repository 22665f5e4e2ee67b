//! msr's own tables in the target: append-only, hash-chained.
//!
//! The journal tells what happened; it does not decide what is done. Where a database stands is read from its catalog
//! (see [`super::observe`]); the journal settles what the catalog can't show, and fences concurrent runs: an entry's number
//! is the primary key, and it is written in the transaction of the statements that it tells of, so that of two runs
//! that start from one head only one can commit.

mod migrations;
pub mod postgres;
mod sqlite;
mod tables;

#[cfg(test)]
mod tests;

use crate::engine::Session;
use crate::model::Fingerprint;
use crate::{Error, Result, SqlError};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// What happened to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A run began, or began again.
    Started,
    /// A batch was committed, forward or back; `batch` says how many stand now.
    Batch,
    /// All is done but the contract phase, which waits for its turn.
    Expanded,
    /// Done, whole.
    Applied,
    /// Undone by its down-steps.
    Undone,
    /// A run ended with an error.
    Failed,
    /// The database was taken under management as it was.
    Baseline,
    /// What its contract phase put out of the way is gone for good.
    Purged,
}

impl Event {
    const ALL: [Event; 8] = [
        Event::Started,
        Event::Batch,
        Event::Expanded,
        Event::Applied,
        Event::Undone,
        Event::Failed,
        Event::Baseline,
        Event::Purged,
    ];

    /// As it stands in the table.
    pub fn word(self) -> &'static str {
        match self {
            Event::Started => "started",
            Event::Batch => "batch",
            Event::Expanded => "expanded",
            Event::Applied => "applied",
            Event::Undone => "undone",
            Event::Failed => "failed",
            Event::Baseline => "baseline",
            Event::Purged => "purged",
        }
    }

    fn of(word: &str) -> Option<Event> {
        Event::ALL.into_iter().find(|e| e.word() == word)
    }
}

/// One row of the journal. `hash` covers all the others and the hash of the entry before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From 1 on, without gaps.
    pub number: i64,
    pub event: Event,
    /// Plan version, `YYYYMMDDHHMM`.
    pub version: String,
    pub name: String,
    pub checksum: String,
    /// How many batches of the plan stand after this.
    pub batch: i64,
    /// Server clock, RFC 3339 UTC.
    pub at: String,
    pub who: String,
    pub msr: String,
    /// How long what the entry tells of took.
    pub millis: i64,
    /// Fingerprint of the whole catalog afterwards, and hash of the desired statements: where both are what they were,
    /// nothing has changed, and no scratch database is needed to say so.
    pub live: Option<String>,
    pub desired: Option<String>,
    /// Of the catalog as it was left (see [`stamp`]), where nothing in it had to be told of besides.
    pub stamp: Option<String>,
    pub error: Option<String>,
    /// One line a step: what was done, when, how long it took.
    pub steps: Vec<StepRecord>,
    /// The plan file's text; stored with the first entry that has it, by checksum, and not read back with the others.
    pub plan: Option<Arc<str>>,
    pub hash: String,
}

/// What the journal keeps of one step that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRecord {
    pub step: usize,
    /// Of the statements that were sent.
    pub hash: String,
    /// Server clock, RFC 3339 UTC.
    pub started: String,
    pub millis: i64,
}

/// Where a backfill stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The key of the last row that was looked at.
    pub key: Vec<String>,
    /// How many were changed.
    pub rows: u64,
}

/// How the tables are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    Absent,
    /// Made by an older msr.
    Outdated,
    Current,
}

/// Reads and appends, in the transaction of the session that owns it where one is open.
pub trait Journal {
    fn tables(&mut self) -> Result<Tables, SqlError>;
    /// Creates or upgrades the tables; under the lock, outside a transaction.
    fn bootstrap(&mut self) -> Result<()>;
    /// All entries in order, without plan texts.
    fn entries(&mut self) -> Result<Vec<Entry>, SqlError>;
    /// How the tables are found, and all entries; one query on a server that has been asked for them before, and none that fails on
    /// one that never was.
    fn look(&mut self) -> Result<(Tables, Vec<Entry>), SqlError> {
        self.look_in_turn()
    }
    /// The same, one after the other: where nothing is known of the tables yet.
    fn look_in_turn(&mut self) -> Result<(Tables, Vec<Entry>), SqlError> {
        let tables = self.tables()?;
        Ok((tables, if tables == Tables::Absent { vec![] } else { self.entries()? }))
    }
    /// The text of the plan of that checksum.
    fn plan(&mut self, checksum: &str) -> Result<Option<String>, SqlError>;
    /// The last entry.
    fn head(&mut self) -> Result<Option<Entry>, SqlError>;
    /// The server's clock, RFC 3339 UTC with milliseconds.
    fn now(&mut self) -> Result<String, SqlError>;
    /// Writes the entry, and its plan if that is new; `false` if there is one of that number already.
    fn insert(&mut self, entry: &Entry) -> Result<bool, SqlError>;

    /// How far the backfill of a step has come.
    fn place(&mut self, checksum: &str, step: usize) -> Result<Option<Place>, SqlError> {
        let _ = (checksum, step);
        Ok(None)
    }
    /// Keeps that, in the transaction of the batch.
    fn keep_place(&mut self, checksum: &str, step: usize, place: &Place) -> Result<(), SqlError> {
        let _ = (checksum, step, place);
        Ok(())
    }
    /// No backfill of the plan is under way.
    fn forget_places(&mut self, checksum: &str) -> Result<(), SqlError> {
        let _ = checksum;
        Ok(())
    }

    /// Whether the tables are there, of this msr's version.
    fn exists(&mut self) -> Result<bool, SqlError> {
        Ok(self.tables()? == Tables::Current)
    }

    /// Appends if `head` is still the last: the compare-and-set that makes a step happen exactly once. Number, time and
    /// hash are filled in here. `None` when another run was faster.
    fn append(&mut self, head: Option<&Entry>, entry: Entry) -> Result<Option<Entry>, SqlError> {
        let at = self.now()?;
        let entry = entry.after(head, at);
        Ok(self.insert(&entry)?.then_some(entry))
    }
}

impl Entry {
    /// Of `event` and nothing else yet.
    pub fn new(event: Event) -> Entry {
        Entry {
            number: 0,
            event,
            version: String::new(),
            name: String::new(),
            checksum: String::new(),
            batch: 0,
            at: String::new(),
            who: String::new(),
            msr: env!("CARGO_PKG_VERSION").into(),
            millis: 0,
            live: None,
            desired: None,
            stamp: None,
            error: None,
            steps: vec![],
            plan: None,
            hash: String::new(),
        }
    }

    /// As the successor of `head`.
    pub fn after(mut self, head: Option<&Entry>, at: String) -> Entry {
        self.number = head.map_or(1, |h| h.number + 1);
        self.at = at;
        self.hash = self.hash_after(head.map_or("", |h| &h.hash));
        self
    }

    /// Over length-prefixed fields, so that no two different entries hash alike.
    fn hash_after(&self, before: &str) -> String {
        let mut hash = Sha256::new();
        let mut field = |text: Option<&str>| {
            hash.update(text.map_or(u64::MAX, |t| t.len() as u64).to_le_bytes());
            hash.update(text.unwrap_or("").as_bytes());
        };
        field(Some(before));
        for number in [self.number, self.batch, self.millis] {
            field(Some(&number.to_string()));
        }
        let steps = lines(&self.steps);
        for text in
            [self.event.word(), &self.version, &self.name, &self.checksum, &self.at, &self.who, &self.msr, &steps]
        {
            field(Some(text));
        }
        for text in [&self.live, &self.desired, &self.stamp, &self.error] {
            field(text.as_deref());
        }
        hex(&hash.finalize())
    }
}

impl fmt::Display for StepRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.step, self.hash, self.started, self.millis)
    }
}

impl StepRecord {
    fn parse(line: &str) -> Option<StepRecord> {
        let mut words = line.split(' ');
        let mut word = || words.next();
        let (step, hash, started, millis) = (word()?, word()?, word()?, word()?);
        Some(StepRecord {
            step: step.parse().ok()?,
            hash: hash.into(),
            started: started.into(),
            millis: millis.parse().ok()?,
        })
    }
}

/// A text in parts with their numbers: what sends a statement copies its values several times, and a plan may be large.
fn parts(text: &str) -> impl Iterator<Item = (i64, &str)> {
    const PART: usize = 1 << 20;
    let mut rest = Some(text);
    let next = move || {
        let text = rest?;
        let (part, more) = text.split_at(text.floor_char_boundary(PART));
        rest = Some(more).filter(|more| !more.is_empty());
        Some(part)
    };
    (0..).zip(std::iter::from_fn(next))
}

fn lines(steps: &[StepRecord]) -> String {
    steps.iter().map(|s| format!("{s}\n")).collect()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The engine's stamp of the catalog, of no use to another msr or another server, which may read the same catalog otherwise.
pub fn stamp(session: &mut dyn Session) -> Result<Option<String>> {
    let version = session.server().version.to_string();
    let stamp = session.stamp()?;
    Ok(stamp.map(|stamp| {
        Fingerprint::of_parts([env!("CARGO_PKG_VERSION").as_bytes(), version.as_bytes(), stamp.as_bytes()]).to_string()
    }))
}

/// All entries, checked; none where there is no journal yet.
pub fn read(journal: &mut dyn Journal) -> Result<Vec<Entry>> {
    let (_, entries) = journal.look()?;
    verify(&entries)?;
    Ok(entries)
}

/// Refuses entries that somebody else than msr wrote, changed or took away. The chain begins anew at the last baseline,
/// which is the way out for a journal that was damaged.
pub fn verify(entries: &[Entry]) -> Result<()> {
    let from = entries.iter().rposition(|e| e.event == Event::Baseline).unwrap_or(0);
    for (i, entry) in entries.iter().enumerate().skip(from) {
        let (number, before) = if i == 0 { (0, "") } else { (entries[i - 1].number, &*entries[i - 1].hash) };
        if entry.number != number + 1 || entry.hash != entry.hash_after(before) {
            return Err(Error::refused(format!(
                "the journal in this database was changed by something other than msr, at entry {}",
                entry.number
            ))
            .hint("restore the journal from a backup, or begin a new chain with `msr baseline`"));
        }
    }
    Ok(())
}
