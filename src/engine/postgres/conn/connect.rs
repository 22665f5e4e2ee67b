//! Hosts in turn, with TLS or without, until one is what was asked for.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Config, config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::client::{Notice, both};
use super::failure::{self, Attempt};
use super::params::{Endpoint, Host, Params, SslMode, TargetSession};
use super::session::{ALIVE, OLDEST, PROBE, SETTINGS, Server, UNLIMITED};
use super::tls;
use crate::engine::postgres::ddl::ident;
use crate::{Error, Failure, Result};

/// What the connection is for. A standby, and a server that is read-only by default, will do for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectFor {
    Read,
    Write,
}

/// A connection that is ready for use.
pub struct Open {
    pub client: tokio_postgres::Client,
    pub tls: MakeRustlsConnect,
    pub task: JoinHandle<()>,
    pub shared: Arc<Mutex<Shared>>,
    pub server: Server,
}

/// What the connection's task hears besides answers.
#[derive(Default)]
pub struct Shared {
    pub notices: Vec<Notice>,
    /// Why the connection ended, when the server said so between two requests.
    pub lost: Option<tokio_postgres::Error>,
}

/// How one attempt is made: tokio-postgres's three modes span libpq's six together with the verifier.
#[derive(Clone, Copy)]
struct Transport {
    negotiate: config::SslMode,
    verify: SslMode,
}

pub fn open(runtime: &Runtime, params: &Params, how: ConnectFor) -> Result<Open> {
    let passes: &[TargetSession] = match params.target {
        TargetSession::PreferStandby => &[TargetSession::Standby, TargetSession::Any],
        target => &[target],
    };
    let mut failed = vec![];
    for target in passes {
        failed.clear();
        for endpoint in &params.endpoints {
            match open_endpoint(runtime, params, endpoint, how, *target) {
                Ok(open) => return Ok(open),
                Err(attempt) if attempt.last => return Err(attempt.error),
                Err(attempt) => failed.push(attempt.error),
            }
        }
    }
    Err(told_together(failed))
}

/// One error for all hosts; transient when waiting may help with one of them.
fn told_together(mut failed: Vec<Error>) -> Error {
    if failed.len() < 2 {
        return failed.pop().unwrap_or_else(|| Error::config("the database URL names no host"));
    }
    let transient = failed.iter().find(|error| error.failure == Failure::Transient);
    let failure = transient.or(failed.first()).map_or(Failure::Transient, |error| error.failure);
    let mut together = Error::new(failure, format!("can't connect to any of {} hosts", failed.len()));
    for error in failed {
        together.details.push(error.message);
        together.details.extend(error.details);
        error.hints.into_iter().for_each(|hint| {
            if !together.hints.contains(&hint) {
                together.hints.push(hint);
            }
        });
    }
    together
}

fn open_endpoint(
    runtime: &Runtime,
    params: &Params,
    endpoint: &Endpoint,
    how: ConnectFor,
    target: TargetSession,
) -> Result<Open, Attempt> {
    let mut result = Err(stop(Error::config("no way to connect")));
    for transport in transports(params.ssl_mode(endpoint)) {
        result = open_once(runtime, params, endpoint, *transport);
        if !matches!(&result, Err(attempt) if attempt.other_transport) {
            break;
        }
    }
    let open = result?;
    suits(&open.server, how, target).map_err(|error| {
        let error = error.during(failure::attempted(params, endpoint));
        Attempt { error, other_transport: false, last: false }
    })?;
    if let Some(role) = &params.role {
        act_as(runtime, params, endpoint, &open, role)?;
    }
    Ok(open)
}

/// Not in the packet that opens the session, where poolers refuse it. `RESET ALL` leaves it as it is
/// (<https://www.postgresql.org/docs/current/sql-set-role.html>).
fn act_as(runtime: &Runtime, params: &Params, endpoint: &Endpoint, open: &Open, role: &str) -> Result<(), Attempt> {
    let doing = format!("{}, acting as `{}`", failure::attempted(params, endpoint), role.escape_debug());
    let told = |error: Error| stop(error.during(doing.clone()));
    let asked = async {
        let told_pid = super::pooler::told_pid(&open.client.cancel_token()).await;
        if told_pid.is_some_and(|pid| pid != open.server.backend_pid) {
            return Ok(false);
        }
        open.client.batch_execute(&format!("SET ROLE {}", ident(role))).await.map(|()| true)
    };
    match within(runtime, params.connect_timeout, asked) {
        Some(Ok(true)) => Ok(()),
        // In transaction mode the application's next statement would be the role's.
        Some(Ok(false)) => Err(told(
            Error::refused("a pooler stands between msr and the server, whose sessions others use, too")
                .hint("connect msr to the server itself, or leave `--role` out and connect as the role"),
        )),
        Some(Err(e)) => Err(told(failure::not_that_role(&e, params, open.server.version_num, role))),
        None => Err(told(Error::transient("no answer within `connect_timeout`"))),
    }
}

/// `allow` is plain then TLS, `prefer` TLS then plain, the others one of the two.
fn transports(mode: SslMode) -> &'static [Transport] {
    const PLAIN: Transport = Transport { negotiate: config::SslMode::Disable, verify: SslMode::Disable };
    const TLS: Transport = Transport { negotiate: config::SslMode::Require, verify: SslMode::Prefer };
    const EITHER: Transport = Transport { negotiate: config::SslMode::Prefer, verify: SslMode::Prefer };
    const REQUIRE: Transport = Transport { negotiate: config::SslMode::Require, verify: SslMode::Require };
    const CA: Transport = Transport { negotiate: config::SslMode::Require, verify: SslMode::VerifyCa };
    const FULL: Transport = Transport { negotiate: config::SslMode::Require, verify: SslMode::VerifyFull };
    match mode {
        SslMode::Disable => &[PLAIN],
        SslMode::Allow => &[PLAIN, TLS],
        SslMode::Prefer => &[EITHER, PLAIN],
        SslMode::Require => &[REQUIRE],
        SslMode::VerifyCa => &[CA],
        SslMode::VerifyFull => &[FULL],
    }
}

fn stop(error: Error) -> Attempt {
    Attempt { error, other_transport: false, last: true }
}

fn open_once(runtime: &Runtime, params: &Params, endpoint: &Endpoint, transport: Transport) -> Result<Open, Attempt> {
    let tls = tls::connector(transport.verify, params).map_err(stop)?;
    let config = config(params, endpoint, transport.negotiate);
    let shared = Arc::new(Mutex::new(Shared::default()));
    let ready = async {
        let (client, mut connection) = config.connect(tls.clone()).await?;
        let heard = shared.clone();
        let task = tokio::spawn(async move {
            while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
                let mut heard = heard.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                match message {
                    Ok(AsyncMessage::Notice(notice)) => heard.notices.push(Notice::from(&notice)),
                    Ok(_) => {}
                    Err(e) => {
                        heard.lost = Some(e);
                        return;
                    }
                }
            }
        });
        let (unlimited, probed) = both(client.simple_query(UNLIMITED), first_row(&client, PROBE)).await;
        unlimited?;
        let server = Server::read(&probed?);
        // A server too old may not know all settings; it is refused by `suits`.
        if server.version_num >= OLDEST {
            let alive = async {
                // Not on every system, nor before 14, can the server look; where it can't, the statement of a client that is gone goes on.
                if server.version_num >= 140_000 {
                    let _ = client.simple_query(ALIVE).await;
                }
            };
            let (set, ()) = both(client.simple_query(SETTINGS), alive).await;
            set?;
        }
        Ok::<_, tokio_postgres::Error>((client, task, server))
    };
    let (client, task, server) = match within(runtime, params.connect_timeout, ready) {
        Some(result) => result.map_err(|e| failure::attempt(&e, params, endpoint))?,
        None => {
            let error = Error::transient("no answer within `connect_timeout`");
            let error = error.during(failure::attempted(params, endpoint));
            return Err(Attempt { error, other_transport: false, last: false });
        }
    };
    Ok(Open { client, tls, task, shared, server })
}

/// tokio-postgres's own timeout ends with the socket's connect; a server that accepts and is silent would hang it.
fn within<F: Future>(runtime: &Runtime, limit: Option<Duration>, future: F) -> Option<F::Output> {
    runtime.block_on(async {
        match limit {
            Some(limit) => tokio::time::timeout(limit, future).await.ok(),
            None => Some(future.await),
        }
    })
}

async fn first_row(client: &tokio_postgres::Client, sql: &str) -> Result<Vec<Option<String>>, tokio_postgres::Error> {
    let messages = client.simple_query(sql).await?;
    let row = messages.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(row.map_or(vec![], |row| (0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect()))
}

fn config(params: &Params, endpoint: &Endpoint, ssl_mode: config::SslMode) -> Config {
    let mut config = Config::new();
    match &endpoint.host {
        Host::Socket(folder) => config.host_path(folder),
        Host::Tcp { name, address } => {
            address.iter().for_each(|address| {
                config.hostaddr(*address);
            });
            config.host(name)
        }
    };
    config.port(endpoint.port).user(&params.user).dbname(&params.database).application_name(&params.application_name);
    config.ssl_mode(ssl_mode).keepalives(params.keepalives);
    endpoint.password.iter().for_each(|password| {
        config.password(password.expose_secret());
    });
    params.options.iter().for_each(|options| {
        config.options(options);
    });
    params.connect_timeout.iter().for_each(|limit| {
        config.connect_timeout(*limit);
    });
    params.keepalives_idle.iter().for_each(|time| {
        config.keepalives_idle(*time);
    });
    params.keepalives_interval.iter().for_each(|time| {
        config.keepalives_interval(*time);
    });
    params.keepalives_count.iter().for_each(|count| {
        config.keepalives_retries(*count);
    });
    params.tcp_user_timeout.iter().for_each(|time| {
        config.tcp_user_timeout(*time);
    });
    config.channel_binding(match params.channel_binding.as_deref() {
        Some("require") => config::ChannelBinding::Require,
        Some("disable") => config::ChannelBinding::Disable,
        _ => config::ChannelBinding::Prefer,
    });
    config
}

/// Is this server what was asked for?
fn suits(server: &Server, how: ConnectFor, target: TargetSession) -> Result<()> {
    if server.version_num < OLDEST {
        let message = format!("the server is PostgreSQL {}, and msr needs 13 or newer", server.version.escape_debug());
        return Err(Error::refused(message));
    }
    let writable = !server.in_recovery && !server.read_only;
    let refused = |why: &str| Err(Error::refused(why));
    match target {
        TargetSession::Standby if !server.in_recovery => {
            refused("it is no standby, and `target_session_attrs` wants one")
        }
        TargetSession::Primary if server.in_recovery => {
            refused("it is a standby, and `target_session_attrs` wants a primary")
        }
        TargetSession::ReadOnly if writable => {
            refused("it can be written to, and `target_session_attrs` is `read-only`")
        }
        TargetSession::ReadWrite if !writable => {
            refused("it can't be written to, and `target_session_attrs` is `read-write`")
        }
        _ if how == ConnectFor::Write && server.in_recovery => {
            Err(Error::refused("it is a standby, which can't be written to")
                .hint("name the primary, or all hosts: msr takes the one that can be written to"))
        }
        _ if how == ConnectFor::Write && server.read_only => Err(Error::refused(
            "transactions are read-only there (`default_transaction_read_only` is on)",
        )
        .hint("it is set for the role, the database or the server; some providers set it when the disk is full")),
        _ => Ok(()),
    }
}
