//! Format 1 as it stands on disk. Names here are frozen: a plan written by any msr of format 1 keeps loading.
//!
//! A new field must be optional and left out while empty, so that the checksums of older plans stay what they were.

use crate::diff::Delta;
use crate::model::{Fingerprint, Id, Roles, Value};
use crate::plan;
use crate::plan::probe::Question as Asked;
use serde::{Deserialize, Serialize};

fn is_empty<T>(list: &[T]) -> bool {
    list.is_empty()
}

fn is_false(flag: &bool) -> bool {
    !flag
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Plan")]
pub struct File {
    pub format: u32,
    /// Over all the rest but `created_at`.
    pub checksum: String,
    pub msr: String,
    pub version: String,
    pub name: String,
    pub engine: String,
    pub engine_major: u32,
    pub created_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    pub base: Fingerprint,
    pub goal: Fingerprint,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<String>,
    #[serde(default, skip_serializing_if = "Roles::is_empty")]
    pub roles: Roles,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub notes: Vec<String>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub unmodelled: Vec<String>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub relies: Vec<(Id, Fingerprint)>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub shapes: Vec<Id>,
    pub batches: Vec<Batch>,
    pub steps: Vec<Step>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Batch")]
pub struct Batch {
    pub first: usize,
    pub last: usize,
    pub transaction: bool,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub touches: Vec<Touch>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Touch")]
pub struct Touch {
    pub id: Id,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Fingerprint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Fingerprint>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Step")]
pub struct Step {
    pub id: usize,
    pub phase: Phase,
    pub action: Action,
    pub subject: Id,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub deltas: Vec<Change>,
    pub up: Vec<String>,
    pub down: Down,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub needs: Vec<(usize, String)>,
    pub transaction: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub patient: bool,
    /// Where it is not sent as the step itself is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub locks: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub rewrites: Vec<String>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub scans: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loses: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub purge: Vec<String>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub findings: Vec<Finding>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub questions: Vec<Question>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Fill")]
pub struct Fill {
    pub table: String,
    pub key: Vec<(String, String)>,
    pub set: String,
    pub only: String,
}

/// What is asked of rows; what they answered is data, and in no file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Question")]
pub struct Question {
    pub table: Id,
    pub wrong: String,
    pub sql: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub early: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Finding")]
pub struct Finding {
    pub rule: String,
    pub level: Level,
    pub what: String,
    pub why: String,
    pub advice: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Back")]
pub struct Back {
    pub transaction: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub patient: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<usize>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Change {
    Add(Id),
    Drop(Id),
    Set { id: Id, attr: String, from: Scalar, to: Scalar },
    Rename { from: Id, to: Id },
}

/// The value of an attribute. Its kind is written out: RON's own guess would read an unquoted `inf` as a number.
#[derive(Serialize, Deserialize)]
pub enum Scalar {
    Nothing,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<String>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Down {
    Sql(Vec<String>),
    Lossy { sql: Vec<String>, loses: String },
    Irreversible(String),
}

/// An enum on disk and the one that it stands for.
macro_rules! words {
    ($name:ident = $of:ty { $($variant:ident = $word:literal),* $(,)? }) => {
        #[derive(Serialize, Deserialize)]
        pub enum $name {
            $(#[serde(rename = $word)] $variant,)*
        }

        impl From<$of> for $name {
            fn from(v: $of) -> Self {
                match v { $(<$of>::$variant => $name::$variant,)* }
            }
        }

        impl From<$name> for $of {
            fn from(v: $name) -> Self {
                match v { $($name::$variant => <$of>::$variant,)* }
            }
        }
    };
}

words!(Phase = plan::Phase { Expand = "expand", Backfill = "backfill", Contract = "contract" });
words!(Level = plan::Level { Allow = "allow", Note = "note", Warn = "warn", Deny = "deny" });
words!(Action = plan::Action {
    Create = "create",
    Alter = "alter",
    Rename = "rename",
    Replace = "replace",
    Drop = "drop",
    Rebuild = "rebuild",
});

fn all<A: Clone + Into<B>, B>(list: &[A]) -> Vec<B> {
    list.iter().cloned().map(Into::into).collect()
}

fn each<A: Into<B>, B>(list: Vec<A>) -> Vec<B> {
    list.into_iter().map(Into::into).collect()
}

impl From<&plan::Plan> for File {
    /// Not sealed yet.
    fn from(p: &plan::Plan) -> Self {
        let h = p.header.clone();
        File {
            format: super::FORMAT,
            checksum: String::new(),
            msr: h.msr,
            version: h.version,
            name: h.name,
            engine: h.engine,
            engine_major: h.engine_major,
            created_at: h.created_at,
            parent: h.parent,
            base: h.base,
            goal: h.goal,
            desired: h.desired,
            roles: h.roles,
            notes: p.notes.clone(),
            unmodelled: p.unmodelled.clone(),
            relies: p.relies.clone(),
            shapes: p.shapes.clone(),
            batches: all(&p.batches),
            steps: all(&p.steps),
        }
    }
}

impl From<File> for plan::Plan {
    fn from(f: File) -> Self {
        plan::Plan {
            header: plan::Header {
                msr: f.msr,
                version: f.version,
                name: f.name,
                engine: f.engine,
                engine_major: f.engine_major,
                created_at: f.created_at,
                parent: f.parent,
                base: f.base,
                goal: f.goal,
                desired: f.desired,
                roles: f.roles,
            },
            relies: f.relies,
            shapes: f.shapes,
            steps: each(f.steps),
            batches: each(f.batches),
            unmodelled: f.unmodelled,
            notes: f.notes,
        }
    }
}

impl From<plan::Batch> for Batch {
    fn from(b: plan::Batch) -> Self {
        Batch { first: b.first, last: b.last, transaction: b.transaction, touches: each(b.touches) }
    }
}

impl From<Batch> for plan::Batch {
    fn from(b: Batch) -> Self {
        plan::Batch { first: b.first, last: b.last, transaction: b.transaction, touches: each(b.touches) }
    }
}

impl From<plan::Touch> for Touch {
    fn from(t: plan::Touch) -> Self {
        Touch { id: t.id, before: t.before, after: t.after }
    }
}

impl From<Touch> for plan::Touch {
    fn from(t: Touch) -> Self {
        plan::Touch { id: t.id, before: t.before, after: t.after }
    }
}

/// From one struct to another of the same fields, but for the way back.
macro_rules! mirror {
    (finding $from:ty => $to:ty) => {
        impl From<$from> for $to {
            fn from(f: $from) -> Self {
                Self {
                    rule: f.rule,
                    level: f.level.into(),
                    what: f.what,
                    why: f.why,
                    advice: f.advice,
                    allowed: f.allowed,
                }
            }
        }
    };
    ($from:ty => $to:ty, $back:expr) => {
        impl From<$from> for $to {
            fn from(s: $from) -> Self {
                Self {
                    back: $back(s.transaction, s.back),
                    id: s.id,
                    phase: s.phase.into(),
                    action: s.action.into(),
                    subject: s.subject,
                    at: s.at,
                    deltas: each(s.deltas),
                    up: s.up,
                    down: s.down.into(),
                    needs: s.needs,
                    transaction: s.transaction,
                    patient: s.patient,
                    locks: s.locks,
                    rewrites: s.rewrites,
                    scans: s.scans,
                    loses: s.loses,
                    fill: s.fill.map(Into::into),
                    purge: s.purge,
                    findings: each(s.findings),
                    questions: each(s.questions),
                }
            }
        }
    };
}

mirror!(finding plan::Finding => Finding);
mirror!(finding Finding => plan::Finding);
mirror!(plan::Step => Step, |transaction, back: plan::Back| {
    let plan::Back { transaction: own, patient, to } = back;
    (back != plan::Back::like(transaction)).then_some(Back { transaction: own, patient, to })
});
mirror!(Step => plan::Step, |transaction, back: Option<Back>| match back {
    Some(Back { transaction, patient, to }) => plan::Back { transaction, patient, to },
    None => plan::Back::like(transaction),
});

impl From<plan::Fill> for Fill {
    fn from(f: plan::Fill) -> Self {
        Fill { table: f.table, key: f.key, set: f.set, only: f.only }
    }
}

impl From<Fill> for plan::Fill {
    fn from(f: Fill) -> Self {
        plan::Fill { table: f.table, key: f.key, set: f.set, only: f.only }
    }
}

impl From<Asked> for Question {
    fn from(q: Asked) -> Self {
        Question { table: q.table, wrong: q.wrong, sql: q.sql, show: q.show, early: q.early }
    }
}

impl From<Question> for Asked {
    fn from(q: Question) -> Self {
        Asked { table: q.table, wrong: q.wrong, sql: q.sql, show: q.show, early: q.early, found: None }
    }
}

impl From<Delta> for Change {
    fn from(d: Delta) -> Self {
        match d {
            Delta::Add(id) => Change::Add(id),
            Delta::Drop(id) => Change::Drop(id),
            Delta::Set { id, attr, from, to } => Change::Set { id, attr, from: from.into(), to: to.into() },
            Delta::Rename { from, to } => Change::Rename { from, to },
        }
    }
}

impl From<Change> for Delta {
    fn from(c: Change) -> Self {
        match c {
            Change::Add(id) => Delta::Add(id),
            Change::Drop(id) => Delta::Drop(id),
            Change::Set { id, attr, from, to } => Delta::Set { id, attr, from: from.into(), to: to.into() },
            Change::Rename { from, to } => Delta::Rename { from, to },
        }
    }
}

impl From<Value> for Scalar {
    fn from(v: Value) -> Self {
        match v {
            Value::None => Scalar::Nothing,
            Value::Bool(b) => Scalar::Bool(b),
            Value::Int(i) => Scalar::Int(i),
            Value::Text(s) => Scalar::Text(s),
            Value::List(l) => Scalar::List(l),
        }
    }
}

impl From<Scalar> for Value {
    fn from(s: Scalar) -> Self {
        match s {
            Scalar::Nothing => Value::None,
            Scalar::Bool(b) => Value::Bool(b),
            Scalar::Int(i) => Value::Int(i),
            Scalar::Text(s) => Value::Text(s),
            Scalar::List(l) => Value::List(l),
        }
    }
}

impl From<plan::Down> for Down {
    fn from(d: plan::Down) -> Self {
        match d {
            plan::Down::Sql(sql) => Down::Sql(sql),
            plan::Down::Lossy { sql, loses } => Down::Lossy { sql, loses },
            plan::Down::Irreversible(why) => Down::Irreversible(why),
        }
    }
}

impl From<Down> for plan::Down {
    fn from(d: Down) -> Self {
        match d {
            Down::Sql(sql) => plan::Down::Sql(sql),
            Down::Lossy { sql, loses } => plan::Down::Lossy { sql, loses },
            Down::Irreversible(why) => plan::Down::Irreversible(why),
        }
    }
}
