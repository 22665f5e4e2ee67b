//! What differs between database engines: how to connect, read the catalog, and say things in SQL.

mod filtered;
pub mod how;
pub mod postgres;
pub mod probe;
pub mod sqlite;
pub mod text;
pub mod upkeep;
pub mod volatile;

pub use filtered::filtered;

use crate::apply::journal::{Entry, Journal};
use crate::diff::Delta;
use crate::model::{Catalog, Id, Kind, Roles};
use crate::settings::DatabaseUrl;
use crate::source::{Dialect, Source};
use crate::{Error, Result, SqlError};
use how::{Fill, How, KindRule, Rung, Scene, Server};
use probe::ProbeRule;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The engines that msr knows, by the scheme of their URLs.
pub static ENGINES: &[&dyn Engine] = &[&postgres::Postgres, &sqlite::Sqlite];

/// The engine of that name.
pub fn named(name: &str) -> Result<&'static dyn Engine> {
    ENGINES.iter().copied().find(|e| e.name() == name).ok_or_else(|| {
        let known: Vec<String> = ENGINES.iter().map(|e| format!("`{}`", e.name())).collect();
        Error::config(format!("no engine is called `{name}`")).hint(format!("this msr has {}", known.join(" and ")))
    })
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// A kind of database.
pub trait Engine: Sync {
    fn name(&self) -> &'static str;
    fn dialect(&self) -> Dialect;
    /// What a database has that nobody put anything into.
    fn blank(&self) -> Catalog {
        Catalog::default()
    }
    /// A name as ids have it: one of the spellings that the engine takes for the same.
    fn folded(&self, name: &str) -> String {
        name.to_string()
    }
    /// One record a kind; a kind without one cannot occur in this engine's catalogs.
    fn rules(&self) -> &'static [KindRule];
    fn connect(&self, url: &DatabaseUrl, access: Access) -> Result<Box<dyn Session>>;
    /// An empty database of the same engine and version, gone when dropped. `like` is the database it stands in for, where
    /// there is one; `shadow` a server that the user gave for this. Where roles are spoken of it is on a server of its own, which
    /// has all the others by name.
    fn scratch(
        &self,
        like: Option<&DatabaseUrl>,
        shadow: Option<&DatabaseUrl>,
        roles: &Roles,
    ) -> Result<Box<dyn Session>>;
    /// The statements that give `table` its new shape by way of a copy; for engines whose rules answer `Rebuild`.
    fn rebuild(&self, scene: &Scene, table: &Id, deltas: &[Delta]) -> Result<Vec<Rung>> {
        let _ = (scene, deltas);
        Err(Error::refused(format!("cannot rebuild {table}: the engine `{}` has no such thing", self.name())))
    }
    /// How a label of an enum gets another name.
    fn rename_label(&self, of: &Id, from: &str, to: &str) -> How {
        How::Refuse(format!("cannot rename `{from}` to `{to}` in {of}: the engine `{}` has no enums", self.name()))
    }
    /// Whether the object acts on statements that have nothing to do with it: it comes after all that does not need it, so that
    /// it acts on none of a plan's, and the proof of any plan has it.
    fn acts_on_others(&self, of: &Id) -> bool {
        let _ = of;
        false
    }
    /// Whether what is done to an object is done to what it is a part of, for all who use that: they go before and come after.
    fn alters_holder(&self, of: &Id) -> bool {
        let _ = of;
        false
    }
    /// Whether a table exists only whole: it can't be copied without its parts, and a rename of it or in it reaches texts that
    /// no reference leads to.
    fn whole_tables(&self) -> bool {
        false
    }
    /// How many objects one transaction can create or lock before the server's tables are full.
    fn transaction_budget(&self, server: &Server) -> Option<usize> {
        let _ = server;
        None
    }
    /// Writes the whole database into a file, which exists and is empty, and reads it back far enough to know that it is whole.
    fn backup(&self, url: &DatabaseUrl, file: &Path) -> Result<Backup>;
    /// How the names of such files end.
    fn backup_extension(&self) -> &'static str;
    /// Brings the database back; `over` what is there.
    fn restore(&self, url: &DatabaseUrl, file: &Path, over: bool) -> Result<()>;
    /// What a build that was stopped left behind, and how it goes: of no use to anyone, and in the way of another try.
    fn debris(&self, catalog: &Catalog) -> Vec<(Id, Rung)> {
        let _ = catalog;
        vec![]
    }
    /// What goes on with a statement that was stopped half way; `None` where that is the statement itself.
    fn finishing(&self, sql: &str) -> Option<String> {
        let _ = sql;
        None
    }
    /// What lets an old application go on with the old names while a table, or columns of it (`from` is `to` then), get new
    /// ones: besides the rename of the table, or in place of that of the columns. `columns`: old and new name of each.
    fn shim(&self, scene: &Scene, from: &Id, to: &Id, columns: &[(String, String)]) -> Vec<Rung> {
        let _ = (scene, from, to, columns);
        vec![]
    }
    /// Why this is done at once to a relation that others use; `None` where it is not, or where there is no other way to do it.
    fn hindrance(&self, scene: &Scene, delta: &Delta) -> Option<String> {
        let _ = (scene, delta);
        None
    }
    /// What is asked of the rows that are there.
    fn probes(&self) -> &'static [ProbeRule] {
        &[]
    }
    /// A name as it stands in SQL.
    fn quoted(&self, name: &str) -> String;
    /// The relation as it stands in SQL.
    fn named(&self, relation: &Id) -> String;
    /// A word and a space before a relation whose rows are meant without those of its heirs.
    fn alone(&self, catalog: &Catalog, relation: &Id) -> &'static str {
        let _ = (catalog, relation);
        ""
    }
    /// Asks for the rows of which the value can't be computed; `None` where the server can't be asked that.
    fn failing(&self, from: &str, key: &str, value: &str) -> Option<String> {
        let _ = (from, key, value);
        None
    }
    /// One alter statement out of several actions on one table.
    fn join_clauses(&self, table: &Id, clauses: &[String]) -> Vec<String>;

    fn rule(&self, kind: Kind) -> Result<&'static KindRule> {
        self.rules().iter().find(|r| r.kind == kind).ok_or_else(|| {
            Error::refused(format!("the engine `{}` has no {} that msr could plan for", self.name(), kind.name()))
        })
    }
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub bytes: u64,
    /// What reading it back found, in words.
    pub contents: String,
}

/// An open connection.
pub trait Session: Send {
    fn server(&self) -> &Server;

    /// The server's number for this session, by which another one can look at it; `None` where there are no others.
    fn number(&self) -> Option<i64> {
        None
    }

    /// How far the statement of another session is, where the server tells.
    fn far(&mut self, _session: i64) -> Result<Option<Far>, SqlError> {
        Ok(None)
    }
    /// Put before every statement from now on: a comment for those who look at the server. An engine that shows statements to
    /// nobody has no use for it.
    fn tag(&mut self, comment: &str) {
        let _ = comment;
    }
    /// Sends one or more statements.
    fn execute(&mut self, sql: &str) -> Result<(), SqlError>;
    /// Runs statements that somebody else wrote, under the settings that they would have by themselves.
    fn execute_foreign(&mut self, sql: &str) -> Result<(), SqlError> {
        self.execute(sql)
    }
    fn begin(&mut self) -> Result<(), SqlError>;
    fn commit(&mut self) -> Result<(), SqlError>;
    /// Journals the entry and commits; `false` where another run was faster, and then nothing of the transaction is done. What it
    /// locks is free that much sooner where an engine can be told both at once.
    fn commit_with(&mut self, entry: &Entry) -> Result<bool, SqlError> {
        let first = self.journal().insert(entry)?;
        if first { self.commit().map(|()| true) } else { self.rollback().map(|()| false) }
    }
    fn rollback(&mut self) -> Result<(), SqlError>;
    /// Prepares for statements that change the schema: what must be set outside a transaction is set here.
    fn prepare(&mut self) -> Result<()>;
    /// On scratch: what was there before the plan is there, and what comes now is as it will be in the database.
    fn copied(&mut self) -> Result<(), SqlError> {
        Ok(())
    }
    /// On scratch: the roles, as SQL, to which nothing can be handed over there.
    fn strangers(&mut self) -> Result<BTreeSet<String>, SqlError> {
        Ok(BTreeSet::new())
    }
    /// From now on no statement waits longer than this for a lock: who waits makes others wait behind it. `None` where it
    /// does not.
    fn wait_at_most(&mut self, limit: Option<std::time::Duration>) -> Result<(), SqlError>;
    /// How long that is where nobody said.
    fn usual_wait(&self) -> std::time::Duration {
        std::time::Duration::from_secs(2)
    }
    /// How long a statement must wait for its lock on one of the relations so that who cleans it up gives way; `None` where
    /// nobody does.
    fn vacuum_yields_after(&mut self, relations: &[&str]) -> Result<Option<std::time::Duration>, SqlError> {
        let _ = relations;
        Ok(None)
    }
    /// Who holds what keeps these locks, each of a relation and a mode, from being had.
    fn in_the_way(&mut self, locks: &[(&str, &str)]) -> Result<Vec<Blocker>, SqlError> {
        let _ = locks;
        Ok(vec![])
    }
    /// Reads the whole catalog, without msr's own objects and what belongs to extensions, in a constant number of queries.
    fn inspect(&mut self) -> Result<Catalog>;
    /// Of the roles, which are the server's, these are read with the catalog from now on.
    fn look_at_roles(&mut self, roles: &Roles) {
        let _ = roles;
    }
    /// A text that differs whenever the catalog does, and may differ when it does not; cheaper than reading it. `None` where
    /// there is none.
    fn stamp(&mut self) -> Result<Option<String>, SqlError> {
        Ok(None)
    }
    /// Functions that could not be made as they are while their bodies are checked. Outside of a transaction.
    fn unchecked(&mut self) -> Result<BTreeSet<Id>> {
        Ok(BTreeSet::new())
    }
    /// Loads the desired statements in the order that works.
    fn load(&mut self, source: &Source, progress: &mut dyn FnMut(usize)) -> Result<()>;
    /// What the statements that ran since `watch` hold and did, for the facts on a step. Inside a transaction.
    fn watch(&mut self) -> Result<(), SqlError>;
    fn observed(&mut self) -> Result<Observed, SqlError>;
    /// Whether something stands between that may hand this session's statements to several of the server's.
    fn is_pooled(&self) -> bool {
        false
    }
    /// Takes the lock of which there is one per database, or says who has it. Never waits. A session that is pooled keeps it in
    /// a transaction and is good for nothing else meanwhile.
    fn try_lock(&mut self) -> Result<bool, SqlError>;
    fn unlock(&mut self) -> Result<(), SqlError>;
    /// msr's own tables.
    fn journal(&mut self) -> &mut dyn Journal;
    /// What those who look after the database ask for.
    fn upkeep(&mut self) -> &mut dyn upkeep::Upkeep;
    /// Who is connected, for the journal.
    fn role(&mut self) -> Result<String, SqlError>;
    /// What the server has counted, without a look at any row.
    fn figures(&mut self) -> Result<Figures, SqlError> {
        Ok(Figures::default())
    }
    /// Asks a question of `engine::probe` in a transaction that only reads, for at most as long: counts and keys.
    fn probe(&mut self, sql: &str, limit: std::time::Duration) -> Result<Vec<(u64, String)>, SqlError> {
        let _ = (sql, limit);
        Ok(vec![])
    }
    /// Does a batch of a fill, of about as many rows, after the row of this key; in the caller's transaction.
    fn fill(&mut self, fill: &Fill, after: Option<&[String]>, rows: u64) -> Result<Filled, SqlError> {
        let _ = (fill, after, rows);
        Err(SqlError { message: "this engine has no batches".into(), ..SqlError::default() })
    }
    /// About how many rows a table has, by the statistics; 0 where that is not known.
    fn about(&mut self, table: &str) -> Result<u64, SqlError> {
        let _ = table;
        Ok(0)
    }
    /// How far the slowest replica is behind.
    fn lag(&mut self) -> Result<std::time::Duration, SqlError> {
        Ok(std::time::Duration::ZERO)
    }
    /// What this role would have to be granted for what is wanted, as statements for others to run.
    fn lacking(&mut self, wants: &Wants) -> Result<Vec<String>, SqlError> {
        let _ = wants;
        Ok(vec![])
    }
    /// A handle that another thread can stop the running statement with.
    fn canceller(&self) -> Option<Box<dyn Fn() + Send>> {
        None
    }
}

/// What a role is to do.
pub struct Wants<'a> {
    pub deltas: Vec<Delta>,
    /// What it is done by.
    pub sql: Vec<&'a str>,
    /// What that counts on, and does not change.
    pub relies: Vec<&'a Id>,
}

/// What a batch of a fill came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    pub changed: u64,
    /// The key of its last row; `None` when there was no row any more.
    pub last: Option<Vec<String>>,
}

/// How far a long statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Far {
    /// In the server's words.
    pub phase: String,
    pub done: u64,
    /// 0 where that is not known.
    pub of: u64,
}

/// A session that holds a lock which another one waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocker {
    pub pid: String,
    pub user: String,
    pub application: String,
    pub state: String,
    /// The age of its transaction.
    pub seconds: u64,
    pub mode: String,
    pub relation: String,
    /// How its present or last statement begins.
    pub query: String,
}

impl std::fmt::Display for Blocker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Blocker { pid, user, application, state, seconds, mode, relation, query } = self;
        write!(f, "session {pid} of `{user}`")?;
        if !application.is_empty() {
            write!(f, " ({application})")?;
        }
        write!(f, " holds {mode} on {relation}, in a transaction that is {seconds} s old, {state}: {query}")
    }
}

/// What a server has counted, by `schema.name`; what is not in it is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// About how many bytes the rows of each table take.
    pub bytes: BTreeMap<String, u64>,
    /// How many columns each table had in its life.
    pub columns: BTreeMap<String, u64>,
    pub updates: BTreeMap<String, Updates>,
    /// How often each index was read by.
    pub scans: BTreeMap<String, u64>,
    /// Indexes that are INVALID, and their tables.
    pub invalid: BTreeMap<String, String>,
    /// Transactions that have been open for a while, the oldest first.
    pub open: Vec<Open>,
}

/// A transaction that is open, and what somebody else may have to wait for because of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Open {
    /// Whose it is: nothing of what it does.
    pub who: String,
    pub seconds: u64,
    /// It sees rows as they were, and may read them again.
    pub snapshot: bool,
    /// Tables that it has locked, and whether so that it writes them.
    pub tables: BTreeMap<String, bool>,
}

/// Updates of a table, and those of them that had to write no index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Updates {
    pub all: u64,
    pub hot: u64,
}

/// What scratch saw a step do, on tables with a row each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Relation and lock mode, on relations that were there before.
    pub locks: Vec<(String, String)>,
    pub rewrites: Vec<String>,
    pub scans: Vec<String>,
}
