//! A connection to PostgreSQL that is used synchronously.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_postgres::error::DbError;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres::{Row, SimpleQueryMessage, SimpleQueryRow};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connect::{self, ConnectFor, Open, Shared};
use super::failure;
use super::planned::Planned;
use super::session::Known;
use super::{Canceller, Params};
use crate::settings::DatabaseUrl;
use crate::{Error, Result, SqlError};

/// One session. Its runtime lives on this thread and runs only while a call waits; between calls nothing is read, so
/// a connection that the server ends is noticed at the next call.
pub struct Client {
    /// `Some` until dropped.
    client: Option<tokio_postgres::Client>,
    task: JoinHandle<()>,
    shared: Arc<Mutex<Shared>>,
    server: super::session::Server,
    tls: MakeRustlsConnect,
    /// Stands before every statement.
    tag: String,
    pub(super) plans: Planned,
    pub journal: Known,
    /// `Some` until dropped.
    runtime: Option<Runtime>,
}

/// What the server said besides answers; `code` is empty for msr's own warnings about the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub severity: String,
    pub code: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
}

impl From<&DbError> for Notice {
    fn from(error: &DbError) -> Notice {
        Notice {
            severity: error.severity().to_owned(),
            code: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
        }
    }
}

/// Rows that a cursor gives at a time.
const BATCH: usize = 1000;
const DECLARE: &str = "DECLARE msr_rows NO SCROLL CURSOR WITH HOLD FOR ";

impl Client {
    /// Connects as the URL says, with what it leaves open taken from libpq's files and variables.
    pub fn connect(url: &DatabaseUrl, how: ConnectFor) -> Result<Client> {
        Client::connect_with(&Params::resolve(url, &|name| std::env::var(name).ok())?, how)
    }

    pub fn connect_with(params: &Params, how: ConnectFor) -> Result<Client> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::transient(format!("can't start a runtime: {e}")))?;
        let Open { client, tls, task, shared, server } = match connect::open(&runtime, params, how) {
            Ok(open) => open,
            Err(e) => {
                // A name look-up that hangs must not hang the error, too.
                runtime.shutdown_background();
                return Err(e);
            }
        };
        let journal = if server.journal { Known::There } else { Known::Absent };
        let client = Client {
            client: Some(client),
            task,
            shared,
            server,
            tls,
            tag: String::new(),
            plans: Planned::default(),
            journal,
            runtime: Some(runtime),
        };
        client.heard().notices.extend(params.warnings.iter().map(|warning| Notice {
            severity: "WARNING".into(),
            code: String::new(),
            message: warning.clone(),
            detail: None,
            hint: None,
        }));
        Ok(client)
    }

    /// A comment that stands before every statement from now on.
    pub fn tag(&mut self, comment: &str) {
        self.tag = comment.to_owned();
    }

    fn tagged<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        if self.tag.is_empty() { sql.into() } else { format!("{}{sql}", self.tag).into() }
    }

    /// Runs one or more statements, without their rows. Several without `BEGIN` are one transaction
    /// (<https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT>).
    pub fn execute(&mut self, sql: &str) -> Result<(), SqlError> {
        let sql = &self.tagged(sql);
        self.wait(sql, |client| client.batch_execute(sql))
    }

    /// Runs one or more statements; all their rows, as text.
    pub fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, SqlError> {
        let rows = self.raw_rows(sql)?;
        Ok(rows.iter().map(|row| (0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect()).collect())
    }

    /// As [`Client::rows`], each row as it came, so that only what is wanted of it is copied.
    pub fn raw_rows(&mut self, sql: &str) -> Result<Vec<SimpleQueryRow>, SqlError> {
        let sql = &self.tagged(sql);
        let messages = self.wait(sql, |client| client.simple_query(sql))?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// The rows of each, all sent before the first is answered.
    pub(super) fn all_rows(&self, statements: &[impl AsRef<str>]) -> Result<Vec<Vec<SimpleQueryRow>>, SqlError> {
        let tagged: Vec<Cow<str>> = statements.iter().map(|sql| self.tagged(sql.as_ref())).collect();
        let answers = self.wait("", |client| all(tagged.iter().map(|sql| client.simple_query(sql))))?;
        let rows = |message| if let SimpleQueryMessage::Row(row) = message { Some(row) } else { None };
        Ok(answers.into_iter().map(|messages| messages.into_iter().filter_map(rows).collect()).collect())
    }

    /// Hands the rows of one query over as they come, [`BATCH`] in memory at a time, inside a transaction or not.
    ///
    /// By a cursor `WITH HOLD`, whose result the *server* keeps (on its disk beyond `work_mem`); hence a `SELECT` or
    /// `VALUES` only, without row locks (<https://www.postgresql.org/docs/current/sql-declare.html>).
    pub fn stream_rows(&mut self, sql: &str, each: &mut dyn FnMut(&[Option<&str>])) -> Result<(), SqlError> {
        self.execute(&format!("{DECLARE}{sql}")).map_err(|mut error| {
            error.offset = error.offset.map(|offset| offset.saturating_sub(DECLARE.len()));
            error
        })?;
        let fetched = self.fetch_all(each);
        // Closed after an error as well; in a failed transaction it is gone already and this fails without harm.
        let closed = self.execute("CLOSE msr_rows");
        fetched.and(closed)
    }

    fn fetch_all(&mut self, each: &mut dyn FnMut(&[Option<&str>])) -> Result<(), SqlError> {
        let fetch = format!("{}FETCH {BATCH} FROM msr_rows", self.tag);
        loop {
            let messages = self.wait(&fetch, |client| client.simple_query(&fetch))?;
            let mut count = 0;
            for message in &messages {
                if let SimpleQueryMessage::Row(row) = message {
                    let values: Vec<Option<&str>> = (0..row.len()).map(|i| row.get(i)).collect();
                    each(&values);
                    count += 1;
                }
            }
            if count < BATCH {
                return Ok(());
            }
        }
    }

    /// Runs one statement with binds in binary form; `types` are their oids, 0 to let the server decide.
    ///
    /// The statement is not named, so a pooler in transaction mode does not lose it.
    pub fn query_raw(&mut self, sql: &str, types: &[u32], binds: &[Option<Vec<u8>>]) -> Result<Vec<Row>, SqlError> {
        let binds = raw_binds(types, binds)?;
        let parameters: Vec<_> = binds.iter().map(|(bind, ty)| (bind as &(dyn ToSql + Sync), ty.clone())).collect();
        let sql = &self.tagged(sql);
        self.wait(sql, |client| client.query_typed(sql, &parameters))
    }

    /// As [`Client::query_raw`]; how many rows the statement touched.
    pub fn execute_raw(&mut self, sql: &str, types: &[u32], binds: &[Option<Vec<u8>>]) -> Result<u64, SqlError> {
        let binds = raw_binds(types, binds)?;
        let parameters: Vec<_> = binds.iter().map(|(bind, ty)| (bind as &(dyn ToSql + Sync), ty.clone())).collect();
        let sql = &self.tagged(sql);
        self.wait(sql, |client| client.execute_typed(sql, &parameters))
    }

    /// As [`Client::execute_raw`], and COMMIT, sent together: what is locked is not held while an answer is on its way. Where the
    /// statement fails, the server takes that COMMIT for a rollback.
    pub fn execute_and_commit(&mut self, sql: &str, types: &[u32], binds: &[Option<Vec<u8>>]) -> Result<u64, SqlError> {
        let binds = raw_binds(types, binds)?;
        let parameters: Vec<_> = binds.iter().map(|(bind, ty)| (bind as &(dyn ToSql + Sync), ty.clone())).collect();
        let (sql, commit) = (&self.tagged(sql), &self.tagged("COMMIT"));
        self.wait(sql, |client| async {
            let (done, committed) = both(client.execute_typed(sql, &parameters), client.batch_execute(commit)).await;
            let done = done?;
            committed.map(|()| done)
        })
    }

    /// What the server said since the last call, in its order.
    pub fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.heard().notices)
    }

    pub fn backend_pid(&self) -> i32 {
        self.server.backend_pid
    }

    /// Whether a pooler stands between: what it told of the process on connecting is not what the server says.
    pub fn is_pooled(&self) -> bool {
        let (Some(runtime), Some(client)) = (&self.runtime, &self.client) else { return false };
        let told = runtime.block_on(super::pooler::told_pid(&client.cancel_token()));
        told.is_some_and(|pid| pid != self.server.backend_pid)
    }

    /// `150019` for 15.19.
    pub fn server_version_num(&self) -> u32 {
        self.server.version_num
    }

    /// Of the server's lock table.
    pub fn lock_entries(&self) -> usize {
        self.server.lock_entries
    }

    /// A standby, or read-only by default; never after [`ConnectFor::Write`].
    pub fn is_read_only(&self) -> bool {
        self.server.in_recovery || self.server.read_only
    }

    /// Gives the connection a moment to notice, since nothing is read between calls.
    pub fn is_closed(&self) -> bool {
        if let Some(runtime) = &self.runtime {
            runtime.block_on(async { tokio::time::sleep(Duration::from_millis(1)).await });
        }
        self.client.as_ref().is_none_or(|client| client.is_closed())
    }

    pub fn canceller(&self) -> Option<Canceller> {
        self.client.as_ref().map(|client| Canceller { token: client.cancel_token(), tls: self.tls.clone() })
    }

    fn heard(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn wait<'a, T, F>(&'a self, sql: &str, ask: impl FnOnce(&'a tokio_postgres::Client) -> F) -> Result<T, SqlError>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        let (Some(runtime), Some(client)) = (&self.runtime, &self.client) else {
            return Err(SqlError {
                message: "the connection is closed".into(),
                disconnected: true,
                ..SqlError::default()
            });
        };
        runtime.block_on(ask(client)).map_err(|error| {
            let told = failure::sql_error(&error, sql);
            match &self.heard().lost {
                // "connection closed" is all the call hears; the task has heard why.
                Some(why) if error.is_closed() => {
                    SqlError { disconnected: true, offset: None, ..failure::sql_error(why, "") }
                }
                // Counted in what the caller wrote.
                _ => SqlError { offset: told.offset.map(|at| at.saturating_sub(self.tag.len())), ..told },
            }
        })
    }
}

/// Two questions, the second sent without waiting for the answer to the first.
pub(super) async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut a, mut b) = (None, None);
    poll_fn(|context| {
        if a.is_none()
            && let Poll::Ready(answer) = first.as_mut().poll(context)
        {
            a = Some(answer);
        }
        if b.is_none()
            && let Poll::Ready(answer) = second.as_mut().poll(context)
        {
            b = Some(answer);
        }
        match (a.take(), b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            some => {
                (a, b) = some;
                Poll::Pending
            }
        }
    })
    .await
}

/// Any number of questions, sent one after the other without waiting.
async fn all<T, E>(questions: impl Iterator<Item = impl Future<Output = Result<T, E>>>) -> Result<Vec<T>, E> {
    let mut questions: Vec<_> = questions.map(|question| (Box::pin(question), None)).collect();
    poll_fn(|context| {
        let mut waits = false;
        for (question, answer) in questions.iter_mut().filter(|(_, answer)| answer.is_none()) {
            match question.as_mut().poll(context) {
                Poll::Ready(it) => *answer = Some(it),
                Poll::Pending => waits = true,
            }
        }
        if waits { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    questions.into_iter().filter_map(|(_, answer)| answer).collect()
}

impl Drop for Client {
    /// Says goodbye, so that the server's log has no "unexpected EOF".
    fn drop(&mut self) {
        self.client = None;
        if let Some(runtime) = self.runtime.take() {
            let task = &mut self.task;
            let _ = runtime.block_on(async { tokio::time::timeout(Duration::from_millis(500), task).await });
            runtime.shutdown_background();
        }
    }
}

/// A bind that is in binary form already, as diesel's bind collector makes it.
#[derive(Debug)]
struct RawBind<'a>(Option<&'a [u8]>);

impl ToSql for RawBind<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value of a [`Row`] in binary form, as diesel's `FromSql` wants it: `row.try_get::<_, Option<RawValue>>(0)`.
#[derive(Debug, Clone, Copy)]
pub struct RawValue<'a>(pub &'a [u8]);

impl<'a> FromSql<'a> for RawValue<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(RawValue(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn raw_binds<'a>(types: &[u32], binds: &'a [Option<Vec<u8>>]) -> Result<Vec<(RawBind<'a>, Type)>, SqlError> {
    if types.len() != binds.len() {
        let message = format!("{} binds with {} types", binds.len(), types.len());
        return Err(SqlError { message, ..SqlError::default() });
    }
    let unknown = |oid: u32| Type::new(String::new(), oid, Kind::Simple, String::new());
    let types = types.iter().map(|oid| Type::from_oid(*oid).unwrap_or_else(|| unknown(*oid)));
    Ok(binds.iter().map(|bind| RawBind(bind.as_deref())).zip(types).collect())
}
