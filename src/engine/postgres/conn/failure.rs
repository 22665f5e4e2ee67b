//! What the server or the network said, as msr's errors.

use std::error::Error as _;

use tokio_postgres::error::{DbError, ErrorPosition, Severity};

use super::params::{Endpoint, Params, SslMode};
use crate::engine::postgres::ddl::ident;
use crate::{Error, Failure, SqlError};

/// The error of one piece of SQL; `sql` is what was sent, for the position.
pub fn sql_error(error: &tokio_postgres::Error, sql: &str) -> SqlError {
    let Some(db) = error.as_db_error() else {
        // No error of the server: socket or protocol. After an answer that can't be read nothing that follows can be
        // trusted either, but only a broken connection says that the outcome is unknown.
        let disconnected = error.is_closed() || error.source().is_some_and(|cause| cause.is::<std::io::Error>());
        let message = match disconnected {
            true => format!("the connection to the server was lost: {}", chain(error)),
            // The simple protocol has one answer that tokio-postgres does not expect here: the start of a COPY.
            false if error.to_string().starts_with("unexpected message") => {
                "the statement wants to exchange data with the client (`COPY … STDIN` or `STDOUT`), which msr does not do"
                    .to_owned()
            }
            false => chain(error),
        };
        return SqlError { message, disconnected, transient: disconnected, ..SqlError::default() };
    };
    let code = db.code().code();
    let disconnected = is_fatal(db) || matches!(code, "57P01" | "57P02");
    let position = match db.position() {
        Some(ErrorPosition::Original(position)) => Some(byte_offset(sql, *position)),
        _ => None,
    };
    SqlError {
        message: db.message().to_owned(),
        code: code.to_owned(),
        offset: position,
        detail: detail(db),
        hint: db.hint().map(str::to_owned),
        disconnected,
        transient: disconnected || is_transient(code),
    }
}

/// The detail, and for an error inside a function or a query of its own, where that was.
fn detail(db: &DbError) -> Option<String> {
    let inner = match db.position() {
        Some(ErrorPosition::Internal { query, .. }) => Some(format!("in the query: {query}")),
        _ => None,
    };
    let context = db.where_().map(|context| format!("context: {context}"));
    let parts: Vec<String> = [db.detail().map(str::to_owned), inner, context].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn is_fatal(db: &DbError) -> bool {
    matches!(db.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
}

/// Lock not available, serialization failure, deadlock, starting or stopping, too many connections, connection
/// exceptions (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn is_transient(code: &str) -> bool {
    matches!(code, "55P03" | "40001" | "40P01" | "57P03" | "53300") || code.starts_with("08")
}

/// The byte offset of a 1-based position in characters, which is how the protocol counts
/// (<https://www.postgresql.org/docs/current/protocol-error-fields.html>).
fn byte_offset(sql: &str, position: u32) -> usize {
    let before = usize::try_from(position).unwrap_or(usize::MAX).saturating_sub(1);
    sql.char_indices().nth(before).map_or(sql.len(), |(offset, _)| offset)
}

/// The error and its causes in one line.
pub fn chain(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Failures of one attempt to connect: what to tell, and whether to go on.
pub struct Attempt {
    pub error: Error,
    /// TLS failed, or `pg_hba.conf` refused: the other of TLS and plain may work, where the mode allows both.
    pub other_transport: bool,
    /// Another host would say the same: wrong password, no such role or database.
    pub last: bool,
}

pub fn attempt(error: &tokio_postgres::Error, params: &Params, endpoint: &Endpoint) -> Attempt {
    let code = error.code().map_or("", |code| code.code());
    let tls = error.to_string().starts_with("error performing TLS handshake");
    let attempted = attempted(params, endpoint);
    let told = match error.as_db_error() {
        Some(db) => {
            let failure = match code {
                _ if is_transient(code) || code.starts_with("53") || code.starts_with("57P") => Failure::Transient,
                _ => Failure::Refused,
            };
            let mut told = Error::new(failure, db.message());
            told.details.extend(db.detail().map(str::to_owned));
            told.hints.extend(db.hint().map(str::to_owned));
            told
        }
        None if tls => tls_error(error, params, endpoint),
        None if chain(error).contains("password missing") => {
            Error::refused("the server wants a password, and none was given")
                .code(crate::error::code::NO_PASSWORD)
                .hint("give it in the URL, in `PGPASSWORD`, or in `~/.pgpass`")
        }
        None if chain(error).contains("authentication error") => Error::refused(chain(error)),
        None => Error::transient(chain(error)),
    };
    let last = code == "28P01" || code == "3D000" || told.message.contains("wants a password");
    Attempt { error: told.during(attempted), other_transport: tls || code == "28000", last }
}

/// Why `SET ROLE` failed, and what gives the right to it.
pub fn not_that_role(error: &tokio_postgres::Error, params: &Params, version: u32, role: &str) -> Error {
    let told = Error::from(sql_error(error, ""));
    let (role, user) = (ident(role), ident(&params.user));
    // From 16 on a member may be one that must not.
    let set = if version >= 160_000 { " WITH SET TRUE" } else { "" };
    let hint = match error.code().map_or("", |code| code.code()) {
        "42501" => format!("let somebody who may run: GRANT {role} TO {user}{set};"),
        "22023" | "42704" => format!("let somebody who may run: CREATE ROLE {role}; GRANT {role} TO {user}{set};"),
        _ => return told,
    };
    Error { failure: Failure::Refused, ..told }.code(crate::error::code::NO_PRIVILEGE).hint(hint)
}

/// `can't connect to database … at … as …`: everything but the password.
pub fn attempted(params: &Params, endpoint: &Endpoint) -> String {
    let (database, user) = (params.database.escape_debug(), params.user.escape_debug());
    format!("can't connect to database `{database}` at `{endpoint}` as `{user}`")
}

fn tls_error(error: &tokio_postgres::Error, params: &Params, endpoint: &Endpoint) -> Error {
    let mode = params.ssl_mode(endpoint);
    // A certificate that is not believed stays so; a handshake that broke off may be a server that restarts.
    let broken = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
    if broken.is_some_and(|cause| cause.kind() != std::io::ErrorKind::InvalidData) {
        return Error::transient(chain(error));
    }
    let told = Error::refused(chain(error)).code(crate::error::code::NO_TLS);
    let told = match mode {
        SslMode::VerifyFull | SslMode::VerifyCa => told.hint(
            "for a certificate of your own authority write `sslrootcert=FILE`; a certificate must bear the host's \
             name as subjectAltName",
        ),
        _ => told,
    };
    if params.written_ssl_mode.is_some() {
        return told;
    }
    told.detail("without `sslmode`, a server on another machine is connected to with verified TLS or not at all").hint(
        "to connect otherwise write it in the URL: `sslmode=require` encrypts without verifying who answers, \
         `sslmode=disable` does not encrypt",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        assert_eq!(byte_offset("SELECT 'äö', x", 14), 15);
        assert_eq!(&"SELECT 'äö', x"[byte_offset("SELECT 'äö', x", 14)..], "x");
        assert_eq!(byte_offset("ab", 1), 0);
        assert_eq!(byte_offset("ab", 99), 2);
        assert_eq!(byte_offset("ab", 0), 0);
    }
}
