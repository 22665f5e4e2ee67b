//! One error type for the library; failure kinds map to exit codes here and nowhere else.

pub mod code;
mod near;

pub use code::Code;
pub use near::closest;

use std::fmt;

/// What kind of failure this is, which is what a script needs to know.
///
/// The numbers are the contract of the command line: see `docs/exit-codes.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The work was begun and failed; the schema stands at a step boundary.
    Failed,
    /// Trying again later may help: no connection, a lock not obtained.
    Transient,
    /// Refused before the first statement; trying again does not help.
    Refused,
    /// The connection broke at COMMIT and could not be made again.
    Unknown,
    /// Wrong usage of the command line.
    Usage,
    /// Wrong configuration.
    Config,
    /// Stopped by SIGINT.
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
}

impl Failure {
    pub fn exit_code(self) -> u8 {
        match self {
            Failure::Failed => 1,
            Failure::Transient => 3,
            Failure::Refused => 4,
            Failure::Unknown => 6,
            Failure::Usage => 64,
            Failure::Config => 78,
            Failure::Interrupted => 130,
            Failure::Terminated => 143,
        }
    }
}

/// An error with the slots every message of msr fills: what was attempted and why not, then what to do next.
#[derive(Debug, Clone)]
pub struct Error {
    pub failure: Failure,
    /// Where the index of errors has more: [`code::ALL`].
    pub code: Option<&'static Code>,
    /// What was attempted, on what, and why not: lower case, no full stop, backticks round the user's words.
    pub message: String,
    /// Further lines: a difference, a list of objects, the server's detail.
    pub details: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
    /// `file:line:column` of the user's text that this is about.
    pub at: Option<String>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(failure: Failure, message: impl Into<String>) -> Self {
        Error { failure, code: None, message: message.into(), details: vec![], hints: vec![], at: None }
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Failure::Failed, message)
    }

    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(Failure::Transient, message)
    }

    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Failure::Refused, message)
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Failure::Usage, message)
    }

    pub fn config(message: impl Into<String>) -> Self {
        Self::new(Failure::Config, message)
    }

    /// With its place in the index of errors.
    pub fn code(mut self, code: &'static Code) -> Self {
        self.code = Some(code);
        self
    }

    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    pub fn hint(mut self, line: impl Into<String>) -> Self {
        self.hints.push(line.into());
        self
    }

    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.at = Some(place.into());
        self
    }

    /// The same error, told as the cause of `attempt` having failed.
    pub fn during(mut self, attempt: impl fmt::Display) -> Self {
        self.message = format!("{attempt}: {}", self.message);
        self
    }
}

impl Error {
    /// Of a statement before which nothing was done: a missing privilege is a refusal, and the way out is named.
    pub fn from_refusable(e: SqlError) -> Error {
        let missing = e.is_denied();
        let error = Error::from(e);
        if !missing {
            return error;
        }
        Error { failure: Failure::Refused, ..error }
            .code(code::NO_PRIVILEGE)
            .hint("let the owner of the database run: GRANT CREATE, CONNECT ON DATABASE … TO …; or connect as a role that may")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = &self.at {
            write!(f, "{at}: ")?;
        }
        f.write_str(&self.message)?;
        for line in &self.details {
            write!(f, "\n  {}", line.replace('\n', "\n  "))?;
        }
        for line in &self.hints {
            write!(f, "\nhint: {line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Stands in an [`SqlError`] for a journal that this role may not read: nothing was done yet.
pub const CLOSED_JOURNAL: &str = "msr journal";

/// What an engine said about one piece of SQL.
#[derive(Debug, Clone, Default)]
pub struct SqlError {
    pub message: String,
    /// SQLSTATE on PostgreSQL, the extended result code's name on SQLite.
    pub code: String,
    /// Byte offset into the SQL that was sent, where the engine gives one.
    pub offset: Option<usize>,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// The connection is gone: what was sent may or may not have been done.
    pub disconnected: bool,
    /// A lock or resource that may be free later: lock_timeout, deadlock, SQLITE_BUSY.
    pub transient: bool,
}

impl SqlError {
    /// The role lacks a right: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
    pub fn is_denied(&self) -> bool {
        self.code == "42501"
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        Ok(())
    }
}

impl std::error::Error for SqlError {}

impl From<SqlError> for Error {
    fn from(e: SqlError) -> Self {
        let failure = match () {
            () if e.transient || e.disconnected => Failure::Transient,
            () if e.code == CLOSED_JOURNAL => Failure::Refused,
            () => Failure::Failed,
        };
        let mut error = Error::new(failure, e.message);
        error.code = (e.code == CLOSED_JOURNAL).then_some(code::NO_PRIVILEGE);
        error.details.extend(e.detail);
        error.hints.extend(e.hint);
        error
    }
}
