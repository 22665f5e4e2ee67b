//! What rules look at: one change or one statement, whether it was read from a plan, from two catalogs or from a text.

use crate::model::{Id, Kind};
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Add,
    Drop,
    Set,
    Rename,
    /// A statement that is no change of one object; `attr` says which: `truncate`, `vacuum full`, `commit`.
    Run,
}

/// One change or statement.
#[derive(Debug, Clone)]
pub struct Event {
    pub verb: Verb,
    /// The object, under the name that it has afterwards.
    pub id: Id,
    /// The table that it is a part of, or itself.
    pub table: Option<Id>,
    /// What is set, or which statement is run.
    pub attr: String,
    pub from: String,
    pub to: String,
    pub traits: Traits,
    /// Columns that it is made of, where that matters.
    pub columns: Vec<String>,
    pub step: Option<usize>,
    /// Statement of the script, and bytes of its file.
    pub spot: Option<(usize, Range<usize>)>,
    /// Which transaction it runs in; `None` where it has none or its own.
    pub tx: Option<usize>,
}

impl Event {
    pub fn new(verb: Verb, id: Id) -> Event {
        let table = table_of(&id);
        Event {
            verb,
            id,
            table,
            attr: String::new(),
            from: String::new(),
            to: String::new(),
            traits: Traits::NONE,
            columns: vec![],
            step: None,
            spot: None,
            tx: None,
        }
    }

    pub fn set(id: Id, attr: &str) -> Event {
        Event { attr: attr.into(), ..Event::new(Verb::Set, id) }
    }

    pub fn run(what: &str, id: Id) -> Event {
        Event { attr: what.into(), ..Event::new(Verb::Run, id) }
    }

    pub fn with(mut self, this: Trait) -> Event {
        self.traits.add(this);
        self
    }

    pub fn with_if(self, holds: bool, this: Trait) -> Event {
        if holds { self.with(this) } else { self }
    }

    pub fn is(&self, this: Trait) -> bool {
        self.traits.has(this)
    }

    pub fn is_run(&self, what: &str) -> bool {
        self.verb == Verb::Run && self.attr == what
    }
}

/// The table that an id names or stands below, as far as the id tells.
pub fn table_of(id: &Id) -> Option<Id> {
    match id.kind {
        Kind::Table | Kind::VirtualTable | Kind::ForeignTable | Kind::MaterializedView | Kind::View => Some(id.clone()),
        Kind::Attachment | Kind::Inheritance | Kind::TypedTable => Some(Id::new(Kind::Table, id.path.iter().take(2))),
        _ if id.path.len() >= 3 && is_part(id.kind) => Some(Id::new(Kind::Table, id.path.iter().take(2))),
        _ => None,
    }
}

fn is_part(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Column | Default | PrimaryKey | Unique | Check | ForeignKey | Exclusion | Trigger | Firing | Policy | Rule
    )
}

macro_rules! traits {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What can be true of an event. Each is found once, by whoever makes the event; rules only ask.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Trait { $($(#[$doc])* $name),* }
    };
}

traits! {
    // The statement.
    Concurrently,
    NotValid,
    Cascade,
    UsingIndex,
    IfNotExists,
    /// It is known to run inside a transaction.
    InTransaction,
    /// Part of a larger statement: a key inside of ADD COLUMN.
    Inline,
    /// Made by the statement that attaches its table to one that has it.
    ByAttaching,
    /// Nobody asked the engine: the text is all there is.
    TextOnly,
    NoWhere,
    Unqualified,
    // The relation.
    /// It, or the table that it is a part of, is made by the same plan or file.
    New,
    /// Dropped, and made again by the same plan.
    Returns,
    /// Goes once no old application needs it, and no data goes with it.
    Parked,
    /// Goes because a column goes.
    WithColumn,
    Partitioned,
    Partition,
    HasDefaultPartition,
    Temporary,
    ManyKeys,
    Moves,
    Published,
    // Columns and types.
    NotNull,
    HasDefault,
    Volatile,
    Momentary,
    Serial,
    Identity,
    Always,
    Stored,
    Generated,
    Json,
    Char,
    Varchar,
    NoZone,
    Narrow,
    ConstrainedDomain,
    /// The whole range of the old type does not fit in the new one.
    Narrows,
    TzDependent,
    FkSide,
    /// Set to something, from something.
    Sets,
    Unsets,
    // Keys, indexes, constraints.
    Unindexed,
    Mismatch,
    CascadeAction,
    IsUnique,
    Wide,
    Duplicate,
    Hash,
    Unnamed,
    NullsNotDistinct,
    Deferrable,
    Nullable,
    NotEnforced,
    // Enums and names.
    Placed,
    Removes,
    Adds,
    TooLong,
    NoKey,
    // What it costs, observed or assumed.
    Rewrites,
    Scans,
    RebuildsIndex,
    ScansDefault,
    Loses,
    /// What the table holds is little enough that a scan, a build, a rewrite is done in a moment.
    LittleToScan,
    LittleToIndex,
    LittleToRewrite,
    /// So much that it takes long, and others feel it.
    MuchToIndex,
    // What the server has counted.
    /// Queries have read by it.
    Used,
    /// Most updates of its table change no indexed column.
    Hot,
    ManyColumns,
}

/// A set of traits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits(u128);

impl Traits {
    pub const NONE: Traits = Traits(0);

    pub const fn of(all: &[Trait]) -> Traits {
        let (mut bits, mut i) = (0, 0);
        while i < all.len() {
            bits |= 1 << all[i] as u32;
            i += 1;
        }
        Traits(bits)
    }

    pub const fn and(self, other: Traits) -> Traits {
        Traits(self.0 | other.0)
    }

    pub fn add(&mut self, this: Trait) {
        self.0 |= 1 << this as u32;
    }

    pub fn remove(&mut self, this: Trait) {
        self.0 &= !(1 << this as u32);
    }

    pub fn has(self, this: Trait) -> bool {
        self.0 & (1 << this as u32) != 0
    }

    pub fn has_all(self, all: Traits) -> bool {
        self.0 & all.0 == all.0
    }

    pub fn has_any(self, any: Traits) -> bool {
        self.0 & any.0 != 0
    }
}
