//! SQLite: the library is built in, so that the version that plans is the version that applies.
//!
//! `open` makes the connection and `session` runs it; `inspect` reads the catalog from PRAGMAs and stored texts, which
//! `token` cuts, `normal` spells one way and `words` quotes; `rules` answers how each kind changes, `ddl` writes the clauses
//! and `rebuild` the long way round.

mod backup;
mod ddl;
mod inspect;
mod interrupt;
mod locate;
mod lock;
mod normal;
mod open;
mod probes;
mod rebuild;
mod rules;
mod sample;
mod session;
#[cfg(test)]
mod tests;
mod token;
mod upkeep;
mod words;

use super::how::{KindRule, Rung, Scene};
use super::probe::ProbeRule;
use super::{Access, Backup, Engine, Session};
use crate::Result;
use crate::diff::Delta;
use crate::model::{Id, Roles};
use crate::settings::DatabaseUrl;
use crate::source::Dialect;
use std::path::Path;

pub struct Sqlite;

impl Engine for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    /// Without regard to the case of ASCII letters: <https://sqlite.org/lang_keywords.html>.
    fn folded(&self, name: &str) -> String {
        name.to_ascii_lowercase()
    }

    fn rules(&self) -> &'static [KindRule] {
        rules::RULES
    }

    fn connect(&self, url: &DatabaseUrl, access: Access) -> Result<Box<dyn Session>> {
        let session = session::SqliteSession::new(open::open(url, access)?)?;
        let path = url.sqlite()?.path;
        Ok(Box::new(if path == ":memory:" { session } else { session.of_file(path.into()) }))
    }

    fn scratch(&self, _: Option<&DatabaseUrl>, _: Option<&DatabaseUrl>, _: &Roles) -> Result<Box<dyn Session>> {
        Ok(Box::new(session::SqliteSession::new(open::memory()?)?))
    }

    fn rebuild(&self, scene: &Scene, table: &Id, deltas: &[Delta]) -> Result<Vec<Rung>> {
        rebuild::rebuild(scene, table, deltas)
    }

    fn whole_tables(&self) -> bool {
        true
    }

    fn probes(&self) -> &'static [ProbeRule] {
        probes::PROBES
    }

    fn quoted(&self, name: &str) -> String {
        words::quote(name)
    }

    fn named(&self, relation: &Id) -> String {
        words::quote(relation.name())
    }

    fn backup(&self, url: &DatabaseUrl, file: &Path) -> Result<Backup> {
        backup::backup(url, file)
    }

    fn backup_extension(&self) -> &'static str {
        "db"
    }

    fn restore(&self, url: &DatabaseUrl, file: &Path, _: bool) -> Result<()> {
        backup::restore(url, file)
    }

    /// `ALTER TABLE` takes one action: <https://sqlite.org/lang_altertable.html>.
    fn join_clauses(&self, table: &Id, clauses: &[String]) -> Vec<String> {
        clauses.iter().map(|clause| format!("ALTER TABLE {} {clause}", words::quote(table.name()))).collect()
    }
}
