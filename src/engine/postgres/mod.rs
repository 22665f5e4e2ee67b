//! PostgreSQL.

mod backup;
mod blockers;
pub mod conn;
mod ddl;
mod figures;
mod inspect;
mod lent;
mod local;
mod rights;
mod rules;
mod scratch;
mod session;
mod upkeep;

use crate::Result;
use crate::diff::Delta;
use crate::engine::how::{How, KindRule, Rung, Scene, Server};
use crate::engine::probe::ProbeRule;
use crate::engine::{Access, Backup, Engine, Session};
use crate::model::{Catalog, Id, Kind, Roles};
use crate::settings::DatabaseUrl;
use crate::source::Dialect;
use std::path::Path;

/// The engine.
pub struct Postgres;

impl Engine for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn blank(&self) -> Catalog {
        inspect::blank()
    }

    fn rules(&self) -> &'static [KindRule] {
        rules::RULES
    }

    fn connect(&self, url: &DatabaseUrl, access: Access) -> Result<Box<dyn Session>> {
        Ok(Box::new(session::PgSession::connect(url, access)?))
    }

    fn scratch(
        &self,
        like: Option<&DatabaseUrl>,
        shadow: Option<&DatabaseUrl>,
        roles: &Roles,
    ) -> Result<Box<dyn Session>> {
        scratch::open(like, shadow, roles)
    }

    /// Event triggers fire on every statement that they are for, and default privileges give rights on every new object.
    fn acts_on_others(&self, of: &Id) -> bool {
        of.kind == Kind::EventTrigger || of.kind == Kind::DefaultPrivilege && of.at(0).is_empty()
    }

    /// A composite type can't be altered while a table has it for a column
    /// (<https://www.postgresql.org/docs/current/sql-altertype.html>).
    fn alters_holder(&self, of: &Id) -> bool {
        of.kind == Kind::Attribute
    }

    /// Others need some of them, too. No more than half of what a default server has, 64 × 100, however many this one has: a plan is
    /// applied elsewhere as well.
    fn transaction_budget(&self, server: &Server) -> Option<usize> {
        server.locks.map(|entries| (entries / 2).min(3000))
    }

    fn backup(&self, url: &DatabaseUrl, file: &Path) -> Result<Backup> {
        backup::backup(url, file)
    }

    fn backup_extension(&self) -> &'static str {
        "dump"
    }

    fn restore(&self, url: &DatabaseUrl, file: &Path, over: bool) -> Result<()> {
        backup::restore(url, file, over)
    }

    fn debris(&self, catalog: &Catalog) -> Vec<(Id, Rung)> {
        rules::debris(catalog)
    }

    fn finishing(&self, sql: &str) -> Option<String> {
        rules::finishing(sql)
    }

    fn shim(&self, scene: &Scene, from: &Id, to: &Id, columns: &[(String, String)]) -> Vec<Rung> {
        rules::shim(scene, from, to, columns)
    }

    fn hindrance(&self, scene: &Scene, delta: &Delta) -> Option<String> {
        rules::hindrance(scene, delta)
    }

    fn probes(&self) -> &'static [ProbeRule] {
        rules::PROBES
    }

    fn quoted(&self, name: &str) -> String {
        ddl::ident(name)
    }

    fn named(&self, relation: &Id) -> String {
        ddl::path(relation)
    }

    fn alone(&self, catalog: &Catalog, relation: &Id) -> &'static str {
        rules::alone(catalog, relation)
    }

    fn failing(&self, from: &str, key: &str, value: &str) -> Option<String> {
        rules::failing(from, key, value)
    }

    fn join_clauses(&self, table: &Id, clauses: &[String]) -> Vec<String> {
        vec![format!("ALTER TABLE {} {}", ddl::path(table), clauses.join(", "))]
    }

    fn rename_label(&self, of: &Id, from: &str, to: &str) -> How {
        rules::rename_label(of, from, to)
    }
}
