//! Scratch databases: on the shadow server, on the target's server, or on a throw-away server of this machine.

use super::conn::{Client, ConnectFor, Params};
use super::ddl::ident;
use super::lent::{hands_over, is_superuser, lent, schemas};
use super::local::LocalServer;
use super::session::PgSession;
use crate::apply::journal::Journal;
use crate::engine::how::Server;
use crate::engine::upkeep::Upkeep;
use crate::engine::{Observed, Session};
use crate::model::{Catalog, Id, Roles};
use crate::settings::DatabaseUrl;
use crate::source::Source;
use crate::{Error, Failure, Result, SqlError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const PREFIX: &str = "msr_scratch_";

/// A subscription keeps its database from being dropped; without a slot it goes without a word to the publisher.
const WITHOUT_SUBSCRIPTIONS: &str = "DO $$DECLARE name text; BEGIN \
    FOR name IN SELECT subname FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) LOOP \
    EXECUTE format('ALTER SUBSCRIPTION %I DISABLE', name); EXECUTE format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', name); \
    EXECUTE format('DROP SUBSCRIPTION %I', name); END LOOP; END$$";

/// A database that is dropped when this goes.
pub struct Scratch {
    /// `Some` until dropped.
    session: Option<PgSession>,
    admin: Client,
    name: String,
    /// Whether whoever is to own something is lent what that takes.
    lends: bool,
    /// The schemas for which it is, once all that was there before a plan is there: a schema that the plan makes is as it will be.
    schemas: Option<Vec<String>>,
    /// Roles that were made for it on a server that stays.
    roles: Vec<String>,
    /// Stopped after all else.
    _server: Option<LocalServer>,
}

/// The first of the three ways that works. On the target's own server only where nothing is said of roles, which are the whole
/// server's: elsewhere they can be made and dropped freely.
pub fn open(like: Option<&DatabaseUrl>, shadow: Option<&DatabaseUrl>, roles: &Roles) -> Result<Box<dyn Session>> {
    let target = like.map(params).transpose()?;
    let connect = |target: &Params| Client::connect_with(target, ConnectFor::Read);
    let mut scratch = match (shadow, &target) {
        (Some(url), _) => on_server(&params(url)?, None)
            .map_err(|e| e.during("cannot make a scratch database on the shadow server"))?,
        (None, None) => local(None).map_err(|e| three_ways(e, None))?,
        (None, Some(target)) if !roles.is_empty() => {
            let major = connect(target)?.server_version_num() / 10_000;
            local(Some(major)).map_err(|e| three_ways(e, Some(Error::refused("the schema files speak of roles"))))?
        }
        (None, Some(target)) => {
            let admin = connect(&Params { role: None, ..target.clone() })?;
            let major = admin.server_version_num() / 10_000;
            let in_recovery = admin.is_read_only();
            match on_server_with(admin, target) {
                Ok(scratch) => return Ok(Box::new(scratch)),
                Err(e) if e.failure == Failure::Transient && !in_recovery => return Err(e),
                Err(e) => local(Some(major)).map_err(|local| three_ways(local, Some(e)))?,
            }
        }
    };
    // For grants to be read. A target that is not there has none: what lacks a role the server tells by name.
    let others = target.and_then(|target| role_names(&mut connect(&target).ok()?).ok()).unwrap_or_default();
    scratch.make_roles(&others, roles)?;
    Ok(Box::new(scratch))
}

/// All but those that every server has.
fn role_names(client: &mut Client) -> Result<Vec<String>> {
    let names = client.rows("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1")?;
    Ok(names.into_iter().flatten().flatten().collect())
}

fn params(url: &DatabaseUrl) -> Result<Params> {
    Params::resolve(url, &|name| std::env::var(name).ok())
}

fn local(major: Option<u32>) -> Result<Scratch> {
    let server = LocalServer::start(major)?;
    on_server(&server.params()?, Some(server))
}

fn three_ways(local: Error, server: Option<Error>) -> Error {
    let mut error = Error::refused("cannot get a scratch database to read the desired schema through")
        .code(crate::error::code::NO_SCRATCH);
    if let Some(e) = server {
        error = error.detail(format!("on the target's server: {}", e.message));
    }
    error
        .detail(format!("on this machine: {}", local.message))
        .hint("grant the role the right to make databases: ALTER ROLE … CREATEDB")
        .hint("or name a server of the same major version with `--shadow URL`")
        .hint("or install that major's server programs on this machine")
}

fn on_server(params: &Params, server: Option<LocalServer>) -> Result<Scratch> {
    let admin = Client::connect_with(params, ConnectFor::Write)?;
    let mut scratch = on_server_with(admin, params)?;
    scratch._server = server;
    Ok(scratch)
}

fn on_server_with(mut admin: Client, params: &Params) -> Result<Scratch> {
    remove_leftovers(&mut admin);
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let started = jiff::Timestamp::now().as_second();
    let name = format!("{PREFIX}{started}_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let like = admin.rows(
        "SELECT format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype) \
         FROM pg_database WHERE datname = current_database()",
    )?;
    let like = like.into_iter().flatten().next().flatten().unwrap_or_default();
    create(&mut admin, &format!("CREATE DATABASE {name} TEMPLATE template0 {like}"), params.role.as_deref())?;
    let mut own = params.clone();
    own.database = name.clone();
    let connected = Client::connect_with(&own, ConnectFor::Write).map(PgSession::over);
    let mut scratch = Scratch { session: None, admin, name, lends: false, schemas: None, roles: vec![], _server: None };
    let mut session = connected?;
    session.execute("SET synchronous_commit = off")?;
    scratch.lends = !is_superuser(&mut session.client)?;
    scratch.session = Some(session);
    Ok(scratch)
}

/// As the target is to be changed by the role, so is this: whose a thing is tells the same in both. Who connects may make
/// databases, or the role may.
fn create(admin: &mut Client, sql: &str, role: Option<&str>) -> Result<(), SqlError> {
    let Some(role) = role.map(ident) else { return admin.execute(sql) };
    let made = admin.execute(&format!("{sql} OWNER {role}"));
    admin.execute(&format!("SET ROLE {role}"))?;
    made.or_else(|_| admin.execute(sql))
}

/// Databases that a killed run left: nobody is connected to them, and they are not just being made.
fn remove_leftovers(admin: &mut Client) {
    let old = admin.rows(&format!(
        "SELECT datname FROM pg_database d WHERE datname LIKE '{}%' \
         AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid) \
         AND split_part(datname, '_', 3)::bigint < extract(epoch FROM now()) - 60",
        PREFIX.replace('_', "\\_")
    ));
    for name in old.unwrap_or_default().into_iter().flatten().flatten() {
        // Another run may be faster, or the database another role's: it is in nobody's way.
        let _ = admin.execute(&format!("DROP DATABASE IF EXISTS {name}"));
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(mut session) = self.session.take() {
            let _ = session.execute("ROLLBACK");
            let _ = session.execute(WITHOUT_SUBSCRIPTIONS);
        }
        self.wait_until_left();
        let _ = self.admin.execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        for role in &self.roles {
            let _ = self.admin.execute(&format!("DROP ROLE IF EXISTS {}", ident(role)));
        }
    }
}

impl Scratch {
    /// The session has said goodbye, and its process is gone a moment later. A DROP that comes before that looks again only
    /// after 100 ms; it takes 8 otherwise.
    fn wait_until_left(&mut self) {
        let there = format!("SELECT FROM pg_stat_activity WHERE datname = '{}'", self.name);
        for _ in 0..25 {
            match self.admin.rows(&there) {
                Ok(rows) if !rows.is_empty() => std::thread::sleep(Duration::from_millis(2)),
                // Nobody, or no answer, as the drop will have none.
                _ => return,
            }
        }
    }

    /// Gives the server the roles that the target's has and that nobody makes, so that they can be granted to; those that the
    /// schema files make must not be there yet.
    fn make_roles(&mut self, others: &[String], roles: &Roles) -> Result<()> {
        let there = role_names(&mut self.admin)?;
        if let Some(role) = roles.made.iter().find(|role| there.contains(role)) {
            return Err(Error::refused(format!(
                "the scratch server has a role `{role}` already, which the schema files make"
            ))
            .hint("give `--shadow` a server without it"));
        }
        let missing = others.iter().filter(|role| !there.contains(role) && !roles.made.contains(role));
        let missing: Vec<String> = missing.cloned().collect();
        for role in &missing {
            self.admin.execute(&format!("CREATE ROLE {} NOLOGIN", ident(role)))?;
            self.roles.push(role.clone());
        }
        // Made in it by whatever it is used for.
        self.roles.extend(roles.made.iter().cloned());
        self.session().look_at_roles(roles);
        Ok(())
    }

    fn session(&mut self) -> &mut PgSession {
        // Taken only by `drop`.
        self.session.as_mut().expect("a scratch database has its session until it is dropped")
    }
}

impl Session for Scratch {
    fn server(&self) -> &Server {
        self.session.as_ref().expect("a scratch database has its session until it is dropped").server()
    }

    fn execute(&mut self, sql: &str) -> Result<(), SqlError> {
        if !self.lends || !hands_over(sql) {
            return self.session().execute(sql);
        }
        let known = self.schemas.clone();
        let client = &mut self.session().client;
        let mut schemas = schemas(client)?;
        schemas.retain(|schema| known.as_ref().is_none_or(|known| known.contains(schema)));
        lent(client, &schemas, sql)
    }

    fn begin(&mut self) -> Result<(), SqlError> {
        self.session().begin()
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        self.session().commit()
    }

    fn rollback(&mut self) -> Result<(), SqlError> {
        self.session().rollback()
    }

    fn prepare(&mut self) -> Result<()> {
        self.session().prepare()
    }

    fn copied(&mut self) -> Result<(), SqlError> {
        if self.lends {
            self.schemas = Some(schemas(&mut self.session().client)?);
        }
        Ok(())
    }

    fn strangers(&mut self) -> Result<BTreeSet<String>, SqlError> {
        if !self.lends {
            return Ok(BTreeSet::new());
        }
        let roles = "SELECT quote_ident(rolname) FROM pg_roles WHERE NOT pg_has_role(oid, 'MEMBER')";
        Ok(self.session().client.rows(roles)?.into_iter().flatten().flatten().collect())
    }

    fn unchecked(&mut self) -> Result<BTreeSet<Id>> {
        self.session().unchecked()
    }

    fn wait_at_most(&mut self, limit: Option<Duration>) -> Result<(), SqlError> {
        self.session().wait_at_most(limit)
    }

    fn inspect(&mut self) -> Result<Catalog> {
        self.session().inspect()
    }

    fn look_at_roles(&mut self, roles: &Roles) {
        self.session().look_at_roles(roles);
    }

    fn load(&mut self, source: &Source, progress: &mut dyn FnMut(usize)) -> Result<()> {
        self.session().load(source, progress)
    }

    fn watch(&mut self) -> Result<(), SqlError> {
        self.session().watch()
    }

    fn observed(&mut self) -> Result<Observed, SqlError> {
        self.session().observed()
    }

    fn try_lock(&mut self) -> Result<bool, SqlError> {
        self.session().try_lock()
    }

    fn unlock(&mut self) -> Result<(), SqlError> {
        self.session().unlock()
    }

    fn journal(&mut self) -> &mut dyn Journal {
        self.session().journal()
    }

    fn upkeep(&mut self) -> &mut dyn Upkeep {
        self.session().upkeep()
    }

    fn role(&mut self) -> Result<String, SqlError> {
        self.session().role()
    }
}
