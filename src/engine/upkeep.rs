//! What a session can do beside planning and applying: what those who look after a database ask of it.

use crate::model::{Catalog, Id};
use crate::{Error, Result, SqlError};

/// The other half of a session. An engine without a thing says so in words.
pub trait Upkeep {
    /// How much there is now, to be told from how much there is later.
    fn size(&mut self) -> Result<Size, SqlError>;
    /// The number of rows of a table.
    fn count(&mut self, table: &Id) -> Result<u64, SqlError>;
    /// Puts up to so many generated rows into each table, and says where it could not.
    fn fill(&mut self, catalog: &Catalog, rows: u64) -> Result<Vec<Filled>>;
    /// The tables that have rows of their own.
    fn shapes(&mut self) -> Result<Vec<Shape>>;
    /// From now on all is read as it is now, and nothing can be written.
    fn hold_still(&mut self) -> Result<(), SqlError>;
    /// About so many rows from anywhere in the table, without reading all of it where it is large.
    fn some(&mut self, of: &Shape, rows: u64) -> Result<Vec<Row>, SqlError>;
    /// The rows with these values in these columns, which are a key.
    fn these(&mut self, of: &Shape, columns: &[String], keys: &[Row]) -> Result<Vec<Row>, SqlError>;
    /// Puts rows in, all or none.
    fn put(&mut self, into: &Shape, rows: &[&Row]) -> Result<(), SqlError>;
    /// Who has the lock of which there is one per database.
    fn holders(&mut self) -> Result<Vec<Holder>>;
    /// Ends the holder, if it still is one; `false` where it was gone already.
    fn release(&mut self, holder: &Holder) -> Result<bool>;
    /// What a doctor looks at.
    fn checks(&mut self) -> Result<Vec<Check>>;
    /// The statements that give roles the rights of their parts. May look at the database, changes nothing.
    fn grants(&mut self, roles: &Parts) -> Result<Vec<String>>;
    /// What the roles can do, tried in a transaction that is rolled back.
    fn try_grants(&mut self, roles: &Parts) -> Result<Vec<Check>>;
}

/// Bytes on disk, and written ahead since the server began, where it can be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    pub bytes: u64,
    pub wal: Option<u64>,
}

/// A table, and the rows that were made in it or why none could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    pub table: Id,
    pub rows: Result<u64, String>,
}

/// A table as its rows are taken out and put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub table: Id,
    /// Columns that can be written to, by name.
    pub columns: Vec<String>,
    pub links: Vec<Link>,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub columns: Vec<String>,
    pub to: Id,
    pub to_columns: Vec<String>,
}

/// The values of a row as the engine writes them in SQL.
pub type Row = Vec<String>;

impl Shape {
    /// The row's values in these columns; `None` where one of them is not there, or NULL.
    pub fn key(&self, row: &Row, columns: &[String]) -> Option<Row> {
        let value = |name: &String| row.get(self.columns.iter().position(|c| c == name)?).filter(|v| *v != "NULL");
        columns.iter().map(|name| value(name).cloned()).collect()
    }
}

/// Who has the lock. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holder {
    pub pid: Option<i64>,
    pub user: String,
    pub application: String,
    /// Address or host name.
    pub client: String,
    /// When it connected, or took the lock; RFC 3339.
    pub since: String,
    pub state: String,
    pub query: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    Warn,
    Fail,
}

impl Level {
    pub fn word(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: String,
    pub level: Level,
    pub found: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Check {
    pub fn ok(name: &str, found: impl Into<String>) -> Check {
        Check { name: name.into(), level: Level::Ok, found: found.into(), remedy: None }
    }

    pub fn warn(name: &str, found: impl Into<String>, remedy: impl Into<String>) -> Check {
        Check { name: name.into(), level: Level::Warn, found: found.into(), remedy: Some(remedy.into()) }
    }

    pub fn fail(name: &str, found: impl Into<String>, remedy: impl Into<String>) -> Check {
        Check { name: name.into(), level: Level::Fail, found: found.into(), remedy: Some(remedy.into()) }
    }

    /// Of something that could not be looked at.
    pub fn unknown(name: &str, e: &Error) -> Check {
        Check::warn(name, format!("could not be looked at: {}", e.message), "see the message")
    }
}

/// The parts that roles play, by the roles' names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// Owns what is there.
    pub owner: String,
    /// Changes the schema.
    pub migrator: String,
    /// Reads and writes rows.
    pub app: Vec<String>,
    /// Reads rows.
    pub read_only: Vec<String>,
}
