//! The journal in PostgreSQL: schema `msr`.
//!
//! diesel writes the SQL and the parameters; the raw client of the session sends them, so that an entry is part of the
//! transaction of the statements that it tells of.

use super::tables::postgres::{backfill, journal, journal_migrations, plans};
use super::tables::{Row, values};
use super::{Entry, Journal, Place, Tables, migrations, parts};
use crate::engine::postgres::conn::{Client, Known};
use crate::error::CLOSED_JOURNAL;
use crate::{Result, SqlError};
use diesel::dsl::array;
use diesel::migration::{Migration, MigrationVersion};
use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata};
use diesel::prelude::*;
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{QueryBuilder, QueryFragment};
use diesel_migrations::MigrationHarness;
use tokio_postgres::types::FromSql;

/// What diesel asks for types that it has no number for; the journal has none of those.
struct Builtin;

impl PgMetadataLookup for Builtin {
    fn lookup_type(&mut self, name: &str, schema: Option<&str>) -> PgTypeMetadata {
        unreachable!("the journal has no column of the type {schema:?}.{name}")
    }
}

/// A query as the raw client takes it: text, types and values of its parameters.
struct Sent {
    sql: String,
    types: Vec<u32>,
    binds: Vec<Option<Vec<u8>>>,
}

fn sent(query: &impl QueryFragment<Pg>) -> Result<Sent, SqlError> {
    let told = |e: diesel::result::Error| SqlError { message: e.to_string(), ..SqlError::default() };
    let mut builder = PgQueryBuilder::default();
    query.to_sql(&mut builder, &Pg).map_err(told)?;
    let mut collector = RawBytesBindCollector::<Pg>::new();
    query.collect_binds(&mut collector, &mut Builtin, &Pg).map_err(told)?;
    let types = collector.metadata.iter().map(|m| m.oid()).collect::<Result<_, _>>();
    let types = types.map_err(|e| SqlError { message: format!("{e:?}"), ..SqlError::default() })?;
    Ok(Sent { sql: builder.finish(), types, binds: collector.binds })
}

fn query(c: &mut Client, query: &impl QueryFragment<Pg>) -> Result<Vec<tokio_postgres::Row>, SqlError> {
    let sent = sent(query)?;
    c.query_raw(&sent.sql, &sent.types, &sent.binds)
}

fn execute(c: &mut Client, query: &impl QueryFragment<Pg>) -> Result<u64, SqlError> {
    let sent = sent(query)?;
    c.execute_raw(&sent.sql, &sent.types, &sent.binds)
}

fn column<'a, T: FromSql<'a>>(row: &'a tokio_postgres::Row, i: usize) -> Result<T, SqlError> {
    row.try_get(i).map_err(|e| SqlError { message: e.to_string(), ..SqlError::default() })
}

fn yes(rows: &[tokio_postgres::Row]) -> bool {
    rows.first().is_some_and(|row| column(row, 0).unwrap_or(false))
}

fn entry(row: &tokio_postgres::Row) -> Result<Entry, SqlError> {
    Entry::try_from(Row {
        number: column(row, 0)?,
        event: column(row, 1)?,
        version: column(row, 2)?,
        name: column(row, 3)?,
        checksum: column(row, 4)?,
        batch: column(row, 5)?,
        at: column(row, 6)?,
        who: column(row, 7)?,
        msr: column(row, 8)?,
        millis: column(row, 9)?,
        live: column(row, 10)?,
        desired: column(row, 11)?,
        stamp: column(row, 12)?,
        error: column(row, 13)?,
        steps: column(row, 14)?,
        hash: column(row, 15)?,
    })
}

/// Versions of the journal that are there; `None` without tables. `to_regclass` and not the catalog's rows: another
/// session's table that is not committed yet is not there.
fn versions(c: &mut Client) -> Result<Option<Vec<String>>, SqlError> {
    let there = c.query_raw("SELECT pg_catalog.to_regclass('msr.journal_migrations') IS NOT NULL", &[], &[])?;
    if !yes(&there) {
        return Ok(None);
    }
    let rows = query(c, &journal_migrations::table.select(journal_migrations::version))?;
    rows.iter().map(|row| column(row, 0)).collect::<Result<_, _>>().map(Some)
}

/// Entries with the versions of the tables that they stand in; those are not known where there is no entry.
fn with_versions(c: &mut Client) -> Result<(Vec<String>, Vec<Entry>), SqlError> {
    let versions = array(journal_migrations::table.select(journal_migrations::version));
    let rows = query(c, &journal::table.order(journal::number).select((journal::all_columns, versions)))?;
    let versions = rows.first().map(|first| column(first, first.len() - 1)).transpose()?;
    Ok((versions.unwrap_or_default(), rows.iter().map(entry).collect::<Result<_, _>>()?))
}

/// Another role made the tables; said with what opens them.
fn closed(c: &mut Client, error: SqlError) -> SqlError {
    if !error.is_denied() {
        return error;
    }
    let asked = c.query_raw("SELECT current_user::text, quote_ident(current_user)", &[], &[]).unwrap_or_default();
    let name = |i: usize| asked.first().and_then(|row| column::<String>(row, i).ok()).unwrap_or_default();
    let (role, quoted) = (name(0), name(1));
    SqlError {
        message: format!("the role `{role}` may not read msr's journal: {}", error.message),
        code: CLOSED_JOURNAL.into(),
        hint: Some(format!(
            "let somebody who may run: GRANT USAGE ON SCHEMA msr TO {quoted}; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA msr TO {quoted}; \
             GRANT UPDATE, DELETE ON msr.backfill TO {quoted};"
        )),
        ..SqlError::default()
    }
}

/// What tables with these versions are to this msr. Nobody takes a version away, so that the session need not ask again.
fn found(c: &mut Client, versions: &[String]) -> Tables {
    let all = migrations::versions::<Pg>(&migrations::POSTGRES);
    if !all.iter().all(|v| versions.contains(v)) {
        return Tables::Outdated;
    }
    c.journal = Known::Current;
    Tables::Current
}

/// Without ON CONFLICT here: a rival's entry must be an error, for which the COMMIT that is on its way is a rollback.
/// The text of a plan is stored with the entry that begins it, which is none of a batch's.
pub fn insert_and_commit(c: &mut Client, entry: &Entry) -> Result<bool, SqlError> {
    debug_assert!(entry.plan.is_none());
    let sent = sent(&diesel::insert_into(journal::table).values(values!(journal, entry)))?;
    match c.execute_and_commit(&sent.sql, &sent.types, &sent.binds) {
        Ok(_) => Ok(true),
        // unique_violation: the number is taken.
        Err(error) if error.code == "23505" => Ok(false),
        Err(error) => Err(error),
    }
}

impl Journal for Client {
    fn tables(&mut self) -> Result<Tables, SqlError> {
        if self.journal == Known::Current {
            return Ok(Tables::Current);
        }
        let versions = versions(self).map_err(|e| closed(self, e))?;
        Ok(versions.map_or(Tables::Absent, |versions| found(self, &versions)))
    }

    fn look(&mut self) -> Result<(Tables, Vec<Entry>), SqlError> {
        if self.journal != Known::Absent {
            match with_versions(self) {
                Ok((versions, entries)) if !entries.is_empty() => return Ok((found(self, &versions), entries)),
                Ok(_) => {}
                // undefined_table, undefined_column: somebody took it away, or it is of another time.
                Err(error) if ["42P01", "42703"].contains(&error.code.as_str()) => {}
                Err(error) => return Err(closed(self, error)),
            }
        }
        self.look_in_turn()
    }

    /// In one transaction: who looks without the lock sees no journal or a whole one, and none that wants an upgrade.
    fn bootstrap(&mut self) -> Result<()> {
        self.execute("BEGIN").map_err(|e| migrations::error(e.into()))?;
        let made = Harness(self).run_pending_migrations(migrations::POSTGRES).map(|_| ()).map_err(migrations::error);
        let made = made.and_then(|()| self.execute("COMMIT").map_err(|e| migrations::error(e.into())));
        if made.is_err() {
            // Where this fails the connection is gone, and the transaction with it.
            let _ = self.execute("ROLLBACK");
        }
        made
    }

    fn entries(&mut self) -> Result<Vec<Entry>, SqlError> {
        query(self, &journal::table.order(journal::number))?.iter().map(entry).collect()
    }

    fn plan(&mut self, checksum: &str) -> Result<Option<String>, SqlError> {
        let parts = plans::table.filter(plans::checksum.eq(checksum)).order(plans::part).select(plans::text);
        let rows = query(self, &parts)?;
        let parts: Vec<&str> = rows.iter().map(|row| column(row, 0)).collect::<Result<_, _>>()?;
        Ok((!parts.is_empty()).then(|| parts.concat()))
    }

    fn head(&mut self) -> Result<Option<Entry>, SqlError> {
        query(self, &journal::table.order(journal::number.desc()).limit(1))?.first().map(entry).transpose()
    }

    fn now(&mut self) -> Result<String, SqlError> {
        let clock = "SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', \
                     'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";
        column(&self.query_raw(clock, &[], &[])?[0], 0)
    }

    /// With ON CONFLICT DO NOTHING the insert waits for a rival that has not committed yet, and then counts no row: the
    /// transaction is not broken by an error that would have to be told from others.
    fn insert(&mut self, entry: &Entry) -> Result<bool, SqlError> {
        let insert = diesel::insert_into(journal::table).values(values!(journal, entry));
        if execute(self, &insert.on_conflict_do_nothing())? == 0 {
            return Ok(false);
        }
        let Some(text) = &entry.plan else { return Ok(true) };
        let first = plans::table.find((&entry.checksum, 0)).select(plans::part);
        if query(self, &first)?.is_empty() {
            for (part, text) in parts(text) {
                let values = (plans::checksum.eq(&entry.checksum), plans::part.eq(part), plans::text.eq(text));
                execute(self, &diesel::insert_into(plans::table).values(values).on_conflict_do_nothing())?;
            }
        }
        Ok(true)
    }

    fn place(&mut self, checksum: &str, step: usize) -> Result<Option<Place>, SqlError> {
        let of = backfill::table.find((checksum, step as i64)).select((backfill::place, backfill::rows));
        let rows = query(self, &of)?;
        let place = |row: &tokio_postgres::Row| -> Result<Place, SqlError> {
            let (text, rows): (String, i64) = (column(row, 0)?, column(row, 1)?);
            let key =
                serde_json::from_str(&text).map_err(|e| SqlError { message: e.to_string(), ..SqlError::default() })?;
            Ok(Place { key, rows: u64::try_from(rows).unwrap_or(0) })
        };
        rows.first().map(place).transpose()
    }

    fn keep_place(&mut self, checksum: &str, step: usize, place: &Place) -> Result<(), SqlError> {
        let text = serde_json::json!(place.key).to_string();
        let rows = i64::try_from(place.rows).unwrap_or(i64::MAX);
        let values = (
            backfill::checksum.eq(checksum),
            backfill::step.eq(step as i64),
            backfill::place.eq(&text),
            backfill::rows.eq(rows),
        );
        let insert =
            diesel::insert_into(backfill::table).values(values).on_conflict((backfill::checksum, backfill::step));
        execute(self, &insert.do_update().set((backfill::place.eq(&text), backfill::rows.eq(rows)))).map(|_| ())
    }

    fn forget_places(&mut self, checksum: &str) -> Result<(), SqlError> {
        execute(self, &diesel::delete(backfill::table.filter(backfill::checksum.eq(checksum)))).map(|_| ())
    }
}

struct Harness<'a>(&'a mut Client);

impl MigrationHarness<Pg> for Harness<'_> {
    /// The schema is created only where it is not there, so that a role that may not create schemas can be given one.
    fn run_migration(&mut self, m: &dyn Migration<Pg>) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = m.name().version().as_owned();
        let script = migrations::script(m)?;
        let schema = self.0.query_raw("SELECT pg_catalog.to_regnamespace('msr') IS NULL", &[], &[])?;
        let create = if yes(&schema) { "CREATE SCHEMA msr;" } else { "" };
        self.0.execute(&format!(
            "{create}CREATE TABLE IF NOT EXISTS msr.journal_migrations (version text PRIMARY KEY);\n{script}\n\
             INSERT INTO msr.journal_migrations VALUES ('{version}');"
        ))?;
        Ok(version)
    }

    fn revert_migration(&mut self, m: &dyn Migration<Pg>) -> diesel::migration::Result<MigrationVersion<'static>> {
        Err(format!("the journal is never taken back: {}", m.name()).into())
    }

    fn applied_migrations(&mut self) -> diesel::migration::Result<Vec<MigrationVersion<'static>>> {
        Ok(versions(self.0)?.unwrap_or_default().into_iter().map(migrations::version).collect())
    }
}
