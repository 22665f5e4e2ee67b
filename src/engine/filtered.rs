//! A session that shows of the catalog what is managed.

use super::how::{Fill, Server};
use super::upkeep::Upkeep;
use super::{Blocker, Far, Figures, Filled, Observed, Session, Wants};
use crate::apply::journal::{Entry, Journal};
use crate::model::{Catalog, Filter, Id, Roles};
use crate::source::Source;
use crate::{Result, SqlError};
use std::collections::BTreeSet;

struct Filtered {
    inner: Box<dyn Session>,
    filter: Filter,
}

/// The session, with all that the filter leaves out set aside in the catalogs that it reads.
pub fn filtered(inner: Box<dyn Session>, filter: &Filter) -> Box<dyn Session> {
    match filter.is_empty() {
        true => inner,
        false => Box::new(Filtered { inner, filter: filter.clone() }),
    }
}

impl Session for Filtered {
    fn inspect(&mut self) -> Result<Catalog> {
        let mut catalog = self.inner.inspect()?;
        self.filter.apply(&mut catalog);
        Ok(catalog)
    }

    fn look_at_roles(&mut self, roles: &Roles) {
        self.inner.look_at_roles(roles);
    }

    fn figures(&mut self) -> Result<Figures, SqlError> {
        self.inner.figures()
    }

    fn probe(&mut self, sql: &str, limit: std::time::Duration) -> Result<Vec<(u64, String)>, SqlError> {
        self.inner.probe(sql, limit)
    }

    fn fill(&mut self, fill: &Fill, after: Option<&[String]>, rows: u64) -> Result<Filled, SqlError> {
        self.inner.fill(fill, after, rows)
    }

    fn about(&mut self, table: &str) -> Result<u64, SqlError> {
        self.inner.about(table)
    }

    fn lag(&mut self) -> Result<std::time::Duration, SqlError> {
        self.inner.lag()
    }

    fn number(&self) -> Option<i64> {
        self.inner.number()
    }

    fn far(&mut self, session: i64) -> Result<Option<Far>, SqlError> {
        self.inner.far(session)
    }

    fn unchecked(&mut self) -> Result<BTreeSet<Id>> {
        self.inner.unchecked()
    }

    fn stamp(&mut self) -> Result<Option<String>, SqlError> {
        self.inner.stamp()
    }

    fn server(&self) -> &Server {
        self.inner.server()
    }

    fn tag(&mut self, comment: &str) {
        self.inner.tag(comment);
    }

    fn execute_foreign(&mut self, sql: &str) -> Result<(), SqlError> {
        self.inner.execute_foreign(sql)
    }

    fn execute(&mut self, sql: &str) -> Result<(), SqlError> {
        self.inner.execute(sql)
    }

    fn begin(&mut self) -> Result<(), SqlError> {
        self.inner.begin()
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        self.inner.commit()
    }

    fn commit_with(&mut self, entry: &Entry) -> Result<bool, SqlError> {
        self.inner.commit_with(entry)
    }

    fn rollback(&mut self) -> Result<(), SqlError> {
        self.inner.rollback()
    }

    fn prepare(&mut self) -> Result<()> {
        self.inner.prepare()
    }

    fn copied(&mut self) -> Result<(), SqlError> {
        self.inner.copied()
    }

    fn strangers(&mut self) -> Result<BTreeSet<String>, SqlError> {
        self.inner.strangers()
    }

    fn wait_at_most(&mut self, limit: Option<std::time::Duration>) -> Result<(), SqlError> {
        self.inner.wait_at_most(limit)
    }

    fn usual_wait(&self) -> std::time::Duration {
        self.inner.usual_wait()
    }

    fn vacuum_yields_after(&mut self, relations: &[&str]) -> Result<Option<std::time::Duration>, SqlError> {
        self.inner.vacuum_yields_after(relations)
    }

    fn in_the_way(&mut self, locks: &[(&str, &str)]) -> Result<Vec<Blocker>, SqlError> {
        self.inner.in_the_way(locks)
    }

    fn load(&mut self, source: &Source, progress: &mut dyn FnMut(usize)) -> Result<()> {
        self.inner.load(source, progress)
    }

    fn watch(&mut self) -> Result<(), SqlError> {
        self.inner.watch()
    }

    fn observed(&mut self) -> Result<Observed, SqlError> {
        self.inner.observed()
    }

    fn is_pooled(&self) -> bool {
        self.inner.is_pooled()
    }

    fn try_lock(&mut self) -> Result<bool, SqlError> {
        self.inner.try_lock()
    }

    fn unlock(&mut self) -> Result<(), SqlError> {
        self.inner.unlock()
    }

    fn upkeep(&mut self) -> &mut dyn Upkeep {
        self.inner.upkeep()
    }

    fn journal(&mut self) -> &mut dyn Journal {
        self.inner.journal()
    }

    fn role(&mut self) -> Result<String, SqlError> {
        self.inner.role()
    }

    fn lacking(&mut self, wants: &Wants) -> Result<Vec<String>, SqlError> {
        self.inner.lacking(wants)
    }

    fn canceller(&self) -> Option<Box<dyn Fn() + Send>> {
        self.inner.canceller()
    }
}
