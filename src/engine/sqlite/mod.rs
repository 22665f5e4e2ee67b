//! SQLite: the library is built in, so that the version that plans is the version that applies.
//!
//! `open` makes the connection and `session` runs it; `inspect` reads the catalog from PRAGMAs and stored texts, which
//! `token` cuts, `normal` spells one way and `words` quotes; `rules` answers how each kind changes, `ddl` writes the clauses
//! and `rebuild` the long way round.

mod ddl;
mod inspect;
mod locate;
mod lock;
mod normal;
mod open;
mod rebuild;
mod rules;
mod session;
#[cfg(test)]
mod tests;
mod token;
mod words;

use super::how::{KindRule, Rung, Scene};
use super::{Access, Engine, Session};
use crate::Result;
use crate::diff::Delta;
use crate::model::{Id, Roles};
use crate::settings::DatabaseUrl;
use crate::source::Dialect;

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

    /// `ALTER TABLE` takes one action: <https://sqlite.org/lang_altertable.html>.
    fn join_clauses(&self, table: &Id, clauses: &[String]) -> Vec<String> {
        clauses.iter().map(|clause| format!("ALTER TABLE {} {clause}", words::quote(table.name()))).collect()
    }
}
