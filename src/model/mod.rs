//! What a schema is: no SQL, no engine, no I/O.
//!
//! Every addressable thing (a column, a key, a check, an index, a comment, …) is an [`Object`] of its own. A kind is a
//! struct in its own file under `kinds/`; all that the rest of msr sees of it is its projection: [`Object::attrs`] and
//! [`Object::refs`].

mod catalog;
mod filter;
mod fingerprint;
mod id;
pub mod kinds;
mod roles;
mod shared;
mod value;

pub use catalog::{Catalog, Unmodelled};
pub use filter::{Filter, Patterns};
pub use fingerprint::Fingerprint;
pub use id::{Id, Ref, Strength};
pub use kinds::*;
pub use roles::Roles;
pub use shared::Shared;
pub use value::{Unordered, Value};

/// What a catalog can show of an object that is there but not in force: NOT VALID, an invalid index, not enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Status {
    #[default]
    Present,
    Pending,
}

/// What every object has whatever its kind.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    pub id: Id,
    /// The object that this one is a part of: it goes when the parent goes, and may be written inside its `CREATE`.
    pub parent: Option<Id>,
    /// What this object needs in order to exist, told by the engine's own dependency catalog where it has one.
    pub refs: Vec<Ref>,
    pub status: Status,
    /// What it had better come after where there is a choice: a guess, as from names in the body of a function.
    #[serde(default)]
    pub after: Vec<Id>,
    /// The engine's own text of it, for what is created from its text. Never compared, and not in the fingerprint.
    pub text: Option<String>,
    /// What its value becomes when its type changes, as the schema files say it. Never compared, and not in the fingerprint.
    #[serde(default)]
    pub using: Option<String>,
}

impl Head {
    pub fn new(id: Id) -> Self {
        Head { id, parent: None, refs: vec![], status: Status::Present, after: vec![], text: None, using: None }
    }

    /// A part of `parent`, which it needs and goes with.
    pub fn child(id: Id, parent: Id) -> Self {
        let refs = vec![Ref::auto(parent.clone())];
        Head { parent: Some(parent), refs, ..Head::new(id) }
    }

    pub fn with_text(self, text: impl Into<String>) -> Self {
        Head { text: Some(text.into()), ..self }
    }
}
