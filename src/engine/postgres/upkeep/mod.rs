//! What those who look after a PostgreSQL database ask of a session.

mod doctor;
mod fill;
mod grants;
mod lock;
mod sample;

use super::conn::Client;
use super::ddl;
use super::session::PgSession;
use crate::engine::upkeep::{Check, Filled, Holder, Parts, Row, Shape, Size, Upkeep};
use crate::model::{Catalog, Id};
use crate::{Result, SqlError};

impl Upkeep for PgSession {
    fn size(&mut self) -> Result<Size, SqlError> {
        // On a standby there is no place where it would insert.
        let row = one(
            &mut self.client,
            "SELECT pg_database_size(current_database()), CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn() - '0/0' END",
        )?;
        let number = |i: usize| row.get(i).and_then(|v| v.parse().ok());
        Ok(Size { bytes: number(0).unwrap_or(0), wal: number(1) })
    }

    fn count(&mut self, table: &Id) -> Result<u64, SqlError> {
        let row = one(&mut self.client, &format!("SELECT count(*) FROM {}", ddl::table(table)))?;
        Ok(row.first().and_then(|n| n.parse().ok()).unwrap_or(0))
    }

    fn fill(&mut self, catalog: &Catalog, rows: u64) -> Result<Vec<Filled>> {
        fill::fill(&mut self.client, catalog, rows)
    }

    fn shapes(&mut self) -> Result<Vec<Shape>> {
        sample::shapes(&mut self.client)
    }

    fn hold_still(&mut self) -> Result<(), SqlError> {
        sample::hold_still(&mut self.client)
    }

    fn some(&mut self, of: &Shape, rows: u64) -> Result<Vec<Row>, SqlError> {
        sample::some(&mut self.client, of, rows)
    }

    fn these(&mut self, of: &Shape, columns: &[String], keys: &[Row]) -> Result<Vec<Row>, SqlError> {
        sample::these(&mut self.client, of, columns, keys)
    }

    fn put(&mut self, into: &Shape, rows: &[&Row]) -> Result<(), SqlError> {
        sample::put(&mut self.client, into, rows)
    }

    fn holders(&mut self) -> Result<Vec<Holder>> {
        lock::holders(&mut self.client)
    }

    fn release(&mut self, holder: &Holder) -> Result<bool> {
        lock::release(&mut self.client, holder)
    }

    fn checks(&mut self) -> Result<Vec<Check>> {
        Ok(doctor::checks(&mut self.client))
    }

    fn grants(&mut self, roles: &Parts) -> Result<Vec<String>> {
        grants::statements(&mut self.client, roles)
    }

    fn try_grants(&mut self, roles: &Parts) -> Result<Vec<Check>> {
        grants::tried(&mut self.client, roles)
    }
}

/// All rows, NULL as the empty text.
fn rows(client: &mut Client, sql: &str) -> Result<Vec<Vec<String>>, SqlError> {
    let rows = client.rows(sql)?;
    Ok(rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect())
}

/// The first row, empty where there is none.
fn one(client: &mut Client, sql: &str) -> Result<Vec<String>, SqlError> {
    Ok(rows(client, sql)?.into_iter().next().unwrap_or_default())
}
