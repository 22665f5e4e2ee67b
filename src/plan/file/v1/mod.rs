//! Format 1 as it stands on disk. Names here are frozen: a plan written by any msr of format 1 keeps loading.
//!
//! A new field must be optional and left out while empty, so that the checksums of older plans stay what they were.

mod convert;

use crate::model::{Fingerprint, Id, Roles};
use crate::plan;
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
    pub held: Option<String>,
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
    #[serde(default, skip_serializing_if = "is_false")]
    pub tells: bool,
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
