//! What a kind rule may answer, and what it is asked with.

use crate::model::{Catalog, Id, Kind, Object, Value};
use std::collections::BTreeSet;

/// What a rule sees: the catalog before and the catalog after, and what this server can do.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub from: &'a Catalog,
    pub to: &'a Catalog,
    pub server: &'a Server,
    /// What is in both catalogs and is dropped on the way all the same, as far as that is known yet.
    pub replaced: &'a BTreeSet<Id>,
}

static NOTHING: BTreeSet<Id> = BTreeSet::new();

impl<'a> Scene<'a> {
    pub fn new(from: &'a Catalog, to: &'a Catalog, server: &'a Server) -> Scene<'a> {
        Scene { from, to, server, replaced: &NOTHING }
    }

    /// The way back.
    pub fn inverse(self) -> Scene<'a> {
        Scene { from: self.to, to: self.from, ..self }
    }

    /// Whether the object is there all the time.
    pub fn stays(&self, id: &Id) -> bool {
        self.from.contains(id) && self.to.contains(id) && !self.replaced.contains(id)
    }

    /// Whether others work with the relation all the while, and it is too large to keep them waiting.
    pub fn online(&self, relation: &Id) -> bool {
        self.server.busy.contains(relation) && self.stays(relation)
    }

    /// Whether an old application may still use the relation, which is then left to it until it is gone.
    pub fn phased(&self, relation: &Id) -> bool {
        self.server.phased && self.server.busy.contains(relation)
    }
}

/// Facts of the server that a plan is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub engine: &'static str,
    /// As a number that grows: 150018 on PostgreSQL, 3053002 on SQLite.
    pub version: u32,
    /// What is compared with a plan's: `15` or `3`.
    pub major: u32,
    /// Known once a catalog was read there.
    pub casts: Casts,
    /// Relations that are changed online: by ladders of short steps instead of one statement that holds its lock for long.
    pub busy: BTreeSet<Id>,
    /// Whether what an old application still uses is taken from it in a phase of its own.
    pub phased: bool,
    /// Entries that its lock table is sure to have, for all transactions together; of engines that count them.
    pub locks: Option<usize>,
}

impl Server {
    /// Of whose use nothing is known.
    pub const fn new(engine: &'static str, version: u32, major: u32) -> Server {
        Server { engine, version, major, casts: Casts::NONE, busy: BTreeSet::new(), phased: false, locks: None }
    }

    /// The same where nobody has to be spared.
    pub fn idle(&self) -> Server {
        Server { busy: BTreeSet::new(), ..self.clone() }
    }
}

/// Which types the server turns into one another when told to; of engines where types have casts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Casts {
    /// From, to.
    pub pairs: BTreeSet<(String, String)>,
    /// Any type can be written out as one of these, and be read from it.
    pub strings: BTreeSet<String>,
}

impl Casts {
    pub const NONE: Casts = Casts { pairs: BTreeSet::new(), strings: BTreeSet::new() };
}

/// How a delta is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// Nothing to send: it comes with something else, or the engine does not tell the states apart.
    Nothing,
    /// Nothing to send: what is done to that object does this too, and the two are one step.
    With(Id),
    /// An action of `ALTER TABLE` on the given object; actions that end up side by side are sent as one statement.
    Clause(Id, String),
    /// Statements, in order.
    Ladder(Vec<Rung>),
    /// The object must be dropped and created again, and with it all that hangs on it.
    Replace,
    /// The table must be rebuilt.
    Rebuild(Id),
    /// Not to be done, and why; what can be done instead goes into the text.
    Refuse(String),
    /// Not to be done before a schema file says how: why, and what to write there.
    Ask { why: String, write: String },
}

impl How {
    pub fn statement(sql: impl Into<String>) -> How {
        How::Ladder(vec![Rung::new(sql)])
    }

    pub fn statements<S: Into<String>>(sql: impl IntoIterator<Item = S>) -> How {
        How::Ladder(sql.into_iter().map(Rung::new).collect())
    }
}

/// When a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Phase {
    /// While the old application runs.
    #[default]
    Expand,
    /// Rows get values, also while it runs.
    Backfill,
    /// Once it is gone.
    Contract,
}

/// One statement of a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    pub sql: String,
    /// Whether it may run inside a transaction with others.
    pub transactional: bool,
    /// What it makes and only a commit makes usable, as SQL names it: a new label of an enum.
    pub commit_after: Option<String>,
    /// Has a transaction to itself: its lock is not held while others do their work.
    pub alone: bool,
    /// Nobody waits behind it while it waits for its lock, so it may wait as long as it takes.
    pub patient: bool,
    /// Needs nothing of what else is done in its step, and is done before that.
    pub ahead: bool,
    /// What takes this rung alone back, in one go; without it the way back of the whole ladder serves.
    pub back: Option<Vec<Rung>>,
    pub phase: Phase,
    /// What removes for good what this rung only put out of the way.
    pub purge: Option<String>,
    /// The same in small batches, where rows are others' too.
    pub fill: Option<Box<Fill>>,
}

/// An UPDATE of all rows that meet a condition, to be done in batches by the primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// As it stands in SQL.
    pub table: String,
    /// Columns of the primary key, in order, each with its type.
    pub key: Vec<(String, String)>,
    /// What stands after SET.
    pub set: String,
    /// The rows that still need it.
    pub only: String,
}

impl Fill {
    /// All at once, for where nobody else is.
    pub fn whole(&self) -> String {
        format!("UPDATE {} SET {} WHERE {}", self.table, self.set, self.only)
    }
}

impl Rung {
    pub fn new(sql: impl Into<String>) -> Rung {
        let sql = sql.into();
        Rung {
            sql,
            transactional: true,
            commit_after: None,
            alone: false,
            patient: false,
            ahead: false,
            back: None,
            phase: Phase::Expand,
            purge: None,
            fill: None,
        }
    }

    pub fn outside(sql: impl Into<String>) -> Rung {
        Rung { transactional: false, ..Rung::new(sql) }
    }

    pub fn commit_after(sql: impl Into<String>, makes: String) -> Rung {
        Rung { commit_after: Some(makes), ..Rung::new(sql) }
    }

    pub fn alone(sql: impl Into<String>) -> Rung {
        Rung { alone: true, ..Rung::new(sql) }
    }

    pub fn fill(fill: Fill) -> Rung {
        let whole = Rung::alone(fill.whole());
        Rung { phase: Phase::Backfill, fill: Some(Box::new(fill)), ..whole }
    }

    pub fn patient(self) -> Rung {
        Rung { patient: true, ..self }
    }

    pub fn back(self, rungs: impl IntoIterator<Item = Rung>) -> Rung {
        Rung { back: Some(rungs.into_iter().collect()), ..self }
    }

    /// Whether it can't share a transaction with the one after it.
    pub fn parts_from(&self, next: &Rung) -> bool {
        let apart = |rung: &Rung| !rung.transactional || rung.alone;
        apart(self) || apart(next) || self.phase != next.phase
    }
}

/// An attribute that must change.
pub struct Change<'a> {
    pub old: &'a Object,
    pub new: &'a Object,
    pub attr: &'a str,
    pub from: &'a Value,
    pub to: &'a Value,
}

/// All that an engine knows of a kind.
pub struct KindRule {
    pub kind: Kind,
    /// How it stands inside its parent's `CREATE`; `None` for a kind that never does.
    pub clause: Option<fn(&Scene, &Object) -> String>,
    /// How it is created; the objects are those that were folded into it.
    pub create: fn(&Scene, &Object, &[&Object]) -> How,
    pub drop: fn(&Scene, &Object) -> How,
    /// How the object gets the name of the id.
    pub rename: Option<fn(&Scene, &Object, &Id) -> How>,
    pub set: &'static [SetRule],
    /// What may not be there twice, besides the id itself: objects of several kinds can share one space of names.
    pub namespace: fn(&Object) -> Vec<Vec<String>>,
    /// What is gone for good with the object, beside its definition.
    pub loses: Option<fn(&Object) -> Option<String>>,
}

/// The answer for one attribute.
pub struct SetRule {
    pub attr: &'static str,
    pub how: fn(&Scene, &Change) -> How,
    /// What must be out of the way while the attribute changes: objects of these kinds that need the given object.
    pub blocks: fn(&Scene, &Change) -> Vec<Around>,
    pub loses: Option<fn(&Scene, &Change) -> Option<String>>,
}

/// Objects of some kinds that need a certain object.
pub type Around = (Id, &'static [Kind]);

fn nobody(_: &Scene, _: &Change) -> Vec<Around> {
    vec![]
}

/// An attribute and how it is changed.
pub const fn set(attr: &'static str, how: fn(&Scene, &Change) -> How) -> SetRule {
    SetRule { attr, how, blocks: nobody, loses: None }
}

impl SetRule {
    pub const fn blocks(mut self, kinds: fn(&Scene, &Change) -> Vec<Around>) -> SetRule {
        self.blocks = kinds;
        self
    }

    pub const fn loses(mut self, what: fn(&Scene, &Change) -> Option<String>) -> SetRule {
        self.loses = Some(what);
        self
    }
}

/// The answer of attributes that can't be changed in place.
pub fn replace(_: &Scene, _: &Change) -> How {
    How::Replace
}

/// The answer of attributes that another one carries.
pub fn nothing(_: &Scene, _: &Change) -> How {
    How::Nothing
}

/// For kinds whose names are their ids alone.
pub fn own_name(_: &Object) -> Vec<Vec<String>> {
    vec![]
}

impl KindRule {
    pub fn set_rule(&self, attr: &str) -> Option<&SetRule> {
        self.set.iter().find(|s| s.attr == attr)
    }
}
