//! From a difference to a plan: the pipeline, one line a stage.

mod expand;
pub mod file;
mod group;
mod hints;
mod lead;
mod links;
pub mod make;
mod node;
mod online;
mod order;
mod phases;
pub mod probe;
mod prove;
mod rename;
mod scope;
mod shims;
mod stages;
mod stand_in;
mod steps;
mod tied;

pub use online::{DEFAULT_SIZE, Online, When};
pub use order::Tie;
pub use prove::{left, part, replay};
pub use scope::{Extent, Manage, only_managed, unlike};

pub use crate::engine::how::{Fill, Phase};

use crate::diff::Delta;
use crate::model::{Fingerprint, Id, Roles};

/// What is reviewed and applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub header: Header,
    /// What the plan does not touch but depends on, as it was when the plan was made.
    pub relies: Vec<(Id, Fingerprint)>,
    /// Tables of which the plan touches a part: nothing may have come to their definition since.
    pub shapes: Vec<Id>,
    /// In execution order.
    pub steps: Vec<Step>,
    /// Consecutive steps that share a transaction, by the numbers of their first and last step; a step that can't run inside
    /// a transaction is a batch of its own.
    pub batches: Vec<Batch>,
    /// Seen in the database or the desired schema, not modelled, and left alone.
    pub unmodelled: Vec<String>,
    /// Things to know that stand in nobody's way.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub msr: String,
    /// `YYYYMMDDHHMM`, with seconds on a clash.
    pub version: String,
    pub name: String,
    pub engine: String,
    pub engine_major: u32,
    /// RFC 3339; not covered by the checksum.
    pub created_at: String,
    /// Checksum of the plan that this one follows in `plans/`.
    pub parent: Option<String>,
    /// Fingerprint of the whole catalog before and after.
    pub base: Fingerprint,
    pub goal: Fingerprint,
    /// Hash of the desired statements, order-free.
    pub desired: Option<String>,
    /// What is looked at besides the catalog.
    pub roles: Roles,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub first: usize,
    pub last: usize,
    pub transaction: bool,
    /// The objects that the whole batch touches: what each is before the batch and after it, as scratch saw it.
    pub touches: Vec<Touch>,
}

/// How much one transaction holds: `transaction` under `[apply]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transaction {
    /// As much of a plan as its steps allow.
    #[default]
    Plan,
    /// Every plan that `migrate` finds pending.
    All,
    /// One step.
    Step,
}

impl Transaction {
    pub const ALL: [(&str, Transaction); 3] =
        [("plan", Transaction::Plan), ("all", Transaction::All), ("step", Transaction::Step)];
}

/// What one object is before and after; `None` where it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    pub id: Id,
    pub before: Option<Fingerprint>,
    pub after: Option<Fingerprint>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Create,
    Alter,
    Rename,
    /// Dropped, to come back in a later step.
    Replace,
    Drop,
    /// A table built anew under its name.
    Rebuild,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// From 1 on, in execution order.
    pub id: usize,
    pub phase: Phase,
    pub action: Action,
    /// What the step is mainly about.
    pub subject: Id,
    pub deltas: Vec<Delta>,
    pub up: Vec<String>,
    pub down: Down,
    /// Steps that must be done before, each with the edge rule that says so.
    pub needs: Vec<(usize, String)>,
    /// Whether it runs inside the transaction of its batch.
    pub transaction: bool,
    /// Nobody waits behind it while it waits for its lock, so it may wait as long as it takes.
    pub patient: bool,
    pub back: Back,
    /// Relation and lock mode on what was there before, as observed on scratch.
    pub locks: Vec<(String, String)>,
    pub rewrites: Vec<String>,
    pub scans: Vec<String>,
    /// Why there is no ladder for it, where others use the table.
    pub held: Option<String>,
    /// Data that is gone for good once the step is done.
    pub loses: Option<String>,
    /// The statement in batches, for rows that are others' too.
    pub fill: Option<Fill>,
    /// What removes for good what the step only put out of the way.
    pub purge: Vec<String>,
    /// `file:line:column` of the statement that asked for it.
    pub at: Option<String>,
    /// What lint has to say of it.
    pub findings: Vec<Finding>,
    /// What is asked of the rows that are there before anything is done.
    pub questions: Vec<probe::Question>,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Found, and allowed by somebody who gave a reason.
    Allow,
    /// To know.
    Note,
    Warn,
    /// Nothing is applied unless it is allowed by name.
    Deny,
}

/// What a lint rule found in a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub rule: String,
    pub level: Level,
    pub what: String,
    pub why: String,
    pub advice: String,
    /// Who allowed it, and why.
    pub allowed: Option<String>,
    /// True while the plan was made, and shown with it; a plan file does not keep it.
    pub momentary: bool,
}

/// How the way back of a step is sent, and where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Back {
    pub transaction: bool,
    pub patient: bool,
    /// The step before which the schema stands then, if it is not this one: the way back of a whole ladder serves its rungs.
    pub to: Option<usize>,
}

impl Back {
    /// As the step itself.
    pub fn like(transaction: bool) -> Back {
        Back { transaction, patient: false, to: None }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Down {
    Sql(Vec<String>),
    Lossy { sql: Vec<String>, loses: String },
    Irreversible(String),
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub fn batch_steps(&self, batch: &Batch) -> &[Step] {
        &self.steps[batch.first - 1..batch.last]
    }

    /// Whether the batch is taken back in one transaction.
    pub fn back_in_transaction(&self, batch: &Batch) -> bool {
        self.batch_steps(batch).iter().all(|s| s.back.transaction)
    }

    /// How many batches stand once the one of this index is taken back.
    pub fn lands(&self, index: usize) -> usize {
        lands(&self.batches, &self.steps, index)
    }

    /// The batches that are taken back, in that order, from `done` that stand down to none.
    pub fn way_back(&self, done: usize) -> impl Iterator<Item = usize> {
        let last = |standing: usize| standing.checked_sub(1);
        std::iter::successors(last(done), move |index| last(self.lands(*index)))
    }

    /// About how many entries a transaction with all of the batch takes in the server's lock table.
    pub fn weight(&self, batch: &Batch) -> usize {
        self.batch_steps(batch).iter().flat_map(|s| &s.deltas).map(steps::locks_held).sum()
    }

    /// Every object that the plan touches: what it is before the first batch and after the last.
    pub fn touches(&self) -> std::collections::BTreeMap<&Id, (Option<Fingerprint>, Option<Fingerprint>)> {
        let mut all = std::collections::BTreeMap::new();
        for touch in self.batches.iter().flat_map(|b| &b.touches) {
            all.entry(&touch.id).or_insert((touch.before, touch.after)).1 = touch.after;
        }
        all
    }
}

fn lands(batches: &[Batch], steps: &[Step], index: usize) -> usize {
    let to = batches.get(index).and_then(|batch| steps.get(batch.first - 1)?.back.to);
    to.and_then(|step| batches.iter().position(|b| b.first == step)).unwrap_or(index)
}
