//! Connecting to PostgreSQL, with the parameters and the environment of libpq, used synchronously.
//!
//! tokio-postgres speaks the protocol, but it knows three of libpq's six `sslmode`s and none of its files and
//! variables. So the parameters are read here, from the URL, a service file and the environment, in libpq's order
//! (<https://www.postgresql.org/docs/current/libpq-connect.html>):
//!
//! `parameter` (the table) → `params` (values, with [`service`] and [`passfile`]) → `tls` (policy, certificates) →
//! `connect` (hosts in turn, session settings) → [`Client`].
//!
//! **TLS.** Without `sslmode`, a server on this machine (socket folder, `localhost`, loopback address) is connected
//! to with `prefer`, as libpq does; any other is connected to with `verify-full` or not at all, as libpq does not:
//! its default falls back to plain text in silence. A written `sslmode` means what it means to libpq; in particular
//! `require` encrypts and verifies nothing unless a root certificate is given.
//!
//! **Session.** A role's or a database's settings must not change what msr reads or what its SQL means, so every
//! setting that could is set on connect: see [`session`].

mod cancel;
mod client;
mod connect;
mod failure;
mod parameter;
mod params;
mod passfile;
mod planned;
mod pooler;
mod service;
mod session;
mod tls;

pub use cancel::Canceller;
pub use client::{Client, Notice, RawValue};
pub use connect::ConnectFor;
pub use params::{Endpoint, Host, Params, SslMode, SslRoot, TargetSession};
pub use session::{Known, SETTINGS};
