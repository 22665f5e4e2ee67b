//! The journal's own migrations, run by diesel_migrations under a table name of our own.
//!
//! diesel's harness keeps its versions in `__diesel_schema_migrations`, which may be the user's. The trait
//! [`MigrationHarness`] is public, so each engine implements it with a table next to the journal.

use crate::{Error, SqlError};
use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use std::any::Any;

pub const POSTGRES: EmbeddedMigrations = embed_migrations!("src/apply/journal/postgres");
pub const SQLITE: EmbeddedMigrations = embed_migrations!("src/apply/journal/sqlite");

/// A connection that only takes down what it is told to run.
///
/// An embedded migration hands its SQL to a diesel connection and to nothing else. On PostgreSQL it has to run on the raw
/// client of the session that holds the lock, which is none; a second connection would not be under that lock.
#[derive(Default)]
pub struct Script(pub String);

impl SimpleConnection for Script {
    fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        self.0.push_str(sql);
        Ok(())
    }
}

impl<DB: Backend> BoxableConnection<DB> for Script {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// The SQL of a migration.
pub fn script<DB: Backend>(migration: &dyn Migration<DB>) -> diesel::migration::Result<String> {
    let mut script = Script::default();
    migration.run(&mut script)?;
    Ok(script.0)
}

/// The versions that this msr brings.
pub fn versions<DB: Backend>(source: &EmbeddedMigrations) -> Vec<String> {
    let all: Vec<Box<dyn Migration<DB>>> = source.migrations().unwrap_or_default();
    all.iter().map(|m| m.name().version().to_string()).collect()
}

/// A version as diesel wants it.
pub fn version(text: String) -> MigrationVersion<'static> {
    MigrationVersion::from(text)
}

/// The engine's error again out of what diesel made of it.
pub fn error(e: Box<dyn std::error::Error + Send + Sync>) -> Error {
    let error = match e.downcast::<SqlError>() {
        Ok(sql) => Error::from_refusable(*sql),
        Err(other) if other.to_string().contains("is locked") => Error::transient(other.to_string()),
        Err(other) => Error::failed(other.to_string()),
    };
    error.during("cannot create msr's journal")
}
