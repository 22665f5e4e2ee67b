//! The journal in SQLite: tables `msr_*`, straight over diesel's connection.

use super::tables::sqlite::{journal, journal_migrations, plans};
use super::tables::{Row, values};
use super::{Entry, Journal, Tables, migrations, parts};
use crate::{Result, SqlError};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationVersion};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel_migrations::MigrationHarness;

fn told(e: diesel::result::Error) -> SqlError {
    let message = e.to_string();
    let transient = message.contains("is locked") || message.contains("is busy");
    SqlError {
        code: if transient { "SQLITE_BUSY".into() } else { String::new() },
        transient,
        message,
        ..SqlError::default()
    }
}

fn versions(c: &mut SqliteConnection) -> Result<Option<Vec<String>>, SqlError> {
    let there = "select count(*) from main.sqlite_schema where name = 'msr_journal_migrations'";
    let count: i64 = diesel::select(sql::<BigInt>(&format!("({there})"))).get_result(c).map_err(told)?;
    if count == 0 {
        return Ok(None);
    }
    journal_migrations::table.select(journal_migrations::version).load(c).map(Some).map_err(told)
}

impl Journal for SqliteConnection {
    fn tables(&mut self) -> Result<Tables, SqlError> {
        let Some(versions) = versions(self)? else { return Ok(Tables::Absent) };
        let all = migrations::versions::<Sqlite>(&migrations::SQLITE);
        Ok(if all.iter().all(|v| versions.contains(v)) { Tables::Current } else { Tables::Outdated })
    }

    fn bootstrap(&mut self) -> Result<()> {
        let mut harness = Harness(self);
        harness.run_pending_migrations(migrations::SQLITE).map(|_| ()).map_err(migrations::error)
    }

    fn entries(&mut self) -> Result<Vec<Entry>, SqlError> {
        let rows: Vec<Row> = journal::table.order(journal::number).load(self).map_err(told)?;
        rows.into_iter().map(Entry::try_from).collect()
    }

    fn plan(&mut self, checksum: &str) -> Result<Option<String>, SqlError> {
        let parts = plans::table.filter(plans::checksum.eq(checksum)).order(plans::part).select(plans::text);
        let parts: Vec<String> = parts.load(self).map_err(told)?;
        Ok((!parts.is_empty()).then(|| parts.concat()))
    }

    fn head(&mut self) -> Result<Option<Entry>, SqlError> {
        let row: Option<Row> = journal::table.order(journal::number.desc()).first(self).optional().map_err(told)?;
        row.map(Entry::try_from).transpose()
    }

    fn now(&mut self) -> Result<String, SqlError> {
        diesel::select(sql::<Text>("strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")).get_result(self).map_err(told)
    }

    fn insert(&mut self, entry: &Entry) -> Result<bool, SqlError> {
        let insert = diesel::insert_into(journal::table).values(values!(journal, entry));
        if insert.on_conflict_do_nothing().execute(self).map_err(told)? == 0 {
            return Ok(false);
        }
        for (part, text) in entry.plan.iter().flat_map(|text| parts(text)) {
            let values = (plans::checksum.eq(&entry.checksum), plans::part.eq(part), plans::text.eq(text));
            diesel::insert_into(plans::table).values(values).on_conflict_do_nothing().execute(self).map_err(told)?;
        }
        Ok(true)
    }
}

struct Harness<'a>(&'a mut SqliteConnection);

impl MigrationHarness<Sqlite> for Harness<'_> {
    /// In a transaction that is opened with raw SQL, as the session's own are: diesel's count of open ones stays at none.
    fn run_migration(&mut self, m: &dyn Migration<Sqlite>) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = m.name().version().as_owned();
        self.0.batch_execute(
            "BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS msr_journal_migrations (version TEXT NOT NULL PRIMARY KEY)",
        )?;
        // Another run may have been here between the look and the lock.
        let here = versions(self.0)?.unwrap_or_default().contains(&version.to_string());
        let made = if here { Ok(()) } else { m.run(self.0) };
        let done = made.and_then(|()| {
            let row = journal_migrations::version.eq(version.to_string());
            Ok(diesel::insert_into(journal_migrations::table).values(row).on_conflict_do_nothing().execute(self.0)?)
        });
        self.0.batch_execute(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        done.map(|_| version)
    }

    fn revert_migration(&mut self, m: &dyn Migration<Sqlite>) -> diesel::migration::Result<MigrationVersion<'static>> {
        Err(format!("the journal is never taken back: {}", m.name()).into())
    }

    fn applied_migrations(&mut self) -> diesel::migration::Result<Vec<MigrationVersion<'static>>> {
        Ok(versions(self.0)?.unwrap_or_default().into_iter().map(migrations::version).collect())
    }
}
