//! msr's own tables in the target: append-only, hash-chained.

use crate::{Result, SqlError};

/// What happened to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A run began (or began again).
    Started,
    /// A batch was committed; `detail` says which.
    Batch,
    /// Done, whole.
    Applied,
    /// Undone by its down-steps.
    Undone,
    /// A run ended with an error; `detail` has it.
    Failed,
}

/// One row of the journal. `hash` covers all the others and the hash of the entry before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub number: i64,
    pub event: Event,
    /// Plan version, `YYYYMMDDHHMM`.
    pub version: String,
    pub name: String,
    pub checksum: String,
    /// Batches done so far, for `Batch`.
    pub batch: i64,
    /// Server clock, RFC 3339 UTC.
    pub at: String,
    pub who: String,
    pub msr: String,
    /// Free text: an error, times of steps, the live fingerprint and desired hash as `key=value` lines.
    pub detail: String,
    /// The plan file's text, with `Started` of its first run: what `down` needs when the file is gone.
    pub plan: Option<String>,
    pub hash: String,
}

/// Reads and appends, in the transaction of the session that owns it where one is open.
pub trait Journal {
    /// Whether the tables are there, of this msr's version.
    fn exists(&mut self) -> Result<bool, SqlError>;
    /// Creates or upgrades the tables; under the lock, outside a transaction.
    fn bootstrap(&mut self) -> Result<()>;
    /// All entries in order, without plan texts.
    fn entries(&mut self) -> Result<Vec<Entry>, SqlError>;
    /// The text of the plan of that checksum.
    fn plan(&mut self, checksum: &str) -> Result<Option<String>, SqlError>;
    /// The last entry.
    fn head(&mut self) -> Result<Option<Entry>, SqlError>;
    /// Appends if `head` is still the last: the compare-and-set that makes a step happen exactly once. `false` when another
    /// run was faster.
    fn append(&mut self, head: Option<&Entry>, entry: &Entry) -> Result<bool, SqlError>;
}
