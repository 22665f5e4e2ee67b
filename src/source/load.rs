//! Loading the statements through an engine: in order, and again what failed, until nothing moves.

use super::head::Verb;
use super::{Dialect, Source};
use crate::{Error, Result, SqlError};
use std::collections::HashSet;

/// Runs SQL on the scratch database.
pub type Run<'r> = &'r mut dyn FnMut(&str) -> Result<(), SqlError>;
/// Is told how many statements are loaded so far.
pub type Progress<'r> = &'r mut dyn FnMut(usize);

/// Statements sent as one string: beyond this the round trip no longer counts, and a mistake costs more repeats.
const BATCH: usize = 200;
/// Errors told; more hide the first.
const TOLD: usize = 20;

impl Source {
    /// Loads all statements through `run`, one at a time.
    ///
    /// Between files that change their session, `RESET ALL` is run (PostgreSQL): what the caller wants to hold for the
    /// whole load must be the session's or the database's default, not a `SET` of its own.
    pub fn load(&self, run: Run, progress: Progress) -> Result<()> {
        self.load_by(1, self.reset(), run, progress)
    }

    /// The same in batches of statements joined by `;`, for PostgreSQL, where such a string is one transaction: a batch
    /// that fails left nothing and is run again statement by statement. SQLite has no such promise, so there it is
    /// `load`.
    pub fn load_batched(&self, run_batch: Run, progress: Progress) -> Result<()> {
        let size = if self.dialect == Dialect::Postgres { BATCH } else { 1 };
        self.load_by(size, self.reset(), run_batch, progress)
    }

    /// The statement that takes back what a file did to its session.
    pub fn reset(&self) -> &'static str {
        if self.dialect == Dialect::Postgres { "RESET ALL" } else { "" }
    }

    /// Loads in batches of `size`, with another statement than [`Source::reset`] between the files (empty: none).
    pub fn load_by(&self, size: usize, reset: &str, run: Run, progress: Progress) -> Result<()> {
        let barriers = self.barrier_files();
        let mut loading = Loading { source: self, reset, run, progress, done: 0, failed: vec![] };
        let mut todo = self.order();
        let mut size = size.max(1);
        loop {
            loading.pass(&todo, &barriers, size)?;
            let failed: Vec<usize> = loading.failed.iter().map(|f| f.0).collect();
            // A setting succeeds each time; only what is loaded once counts as movement.
            let lasting =
                |all: &[usize]| all.iter().filter(|s| self.statements[**s].facts.verb != Verb::Session).count();
            let moved = lasting(&todo) > lasting(&failed);
            if failed.is_empty() {
                return Ok(());
            }
            if !moved || self.as_written {
                let errors = std::mem::take(&mut loading.failed);
                return Err(self.errors(errors));
            }
            todo = self.again(&todo, &failed, &barriers);
            size = 1;
        }
    }

    /// What failed, and the settings of the files it failed in: a statement means what it means only under them.
    fn again(&self, order: &[usize], failed: &[usize], barriers: &[Option<usize>]) -> Vec<usize> {
        let statements: HashSet<usize> = failed.iter().copied().collect();
        let files: HashSet<usize> = failed.iter().map(|s| self.statements[*s].file).collect();
        let setting = |s: usize| {
            let statement = &self.statements[s];
            statement.facts.verb == Verb::Session
                && barriers[statement.file].is_some()
                && files.contains(&statement.file)
        };
        order.iter().copied().filter(|s| statements.contains(s) || setting(*s)).collect()
    }

    /// One error of many: first those which are not the consequence of another.
    fn errors(&self, mut failed: Vec<(usize, SqlError)>) -> Error {
        let lost: HashSet<_> =
            failed.iter().flat_map(|f| self.statements[f.0].defines.iter().map(|n| n.name.as_str())).collect();
        let follows = |s: usize| self.statements[s].needs.iter().any(|n| lost.contains(n.name.as_str()));
        failed.sort_by_key(|(s, _)| (follows(*s), *s));
        let count = failed.len();
        let attempt = if self.as_written { "cannot replay the migrations" } else { "cannot load the schema" };
        let line = |(s, e): &(usize, SqlError)| format!("{}: {e}", self.place(*s, e.offset.unwrap_or(0)));
        let (first, more) = (&failed[0], &failed[1..]);
        let mut error = Error::refused(format!("{attempt}: {}", first.1.message))
            .code(crate::error::code::DOES_NOT_LOAD)
            .at(self.place(first.0, first.1.offset.unwrap_or(0)));
        error.details.extend(first.1.detail.clone());
        error.details.extend(more.iter().take(TOLD - 1).map(line));
        if count > TOLD {
            error.details.push(format!("and {} more", count - TOLD));
        }
        error.hints.extend(first.1.hint.clone());
        error
    }
}

struct Loading<'a, 'r> {
    source: &'a Source,
    reset: &'a str,
    run: Run<'r>,
    progress: Progress<'r>,
    done: usize,
    failed: Vec<(usize, SqlError)>,
}

impl Loading<'_, '_> {
    fn pass(&mut self, todo: &[usize], barriers: &[Option<usize>], size: usize) -> Result<()> {
        self.failed.clear();
        let file = |s: usize| self.source.statements[s].file;
        let mut at = 0;
        while at < todo.len() {
            let (first, barrier) = (todo[at], barriers[file(todo[at])]);
            let alone = |s: usize| self.source.statements[s].facts.alone;
            let together = |s: usize| !alone(s) && barriers[file(s)] == barrier;
            let mut end = at + 1;
            while !alone(first) && end < todo.len() && end - at < size && together(todo[end]) {
                end += 1;
            }
            self.batch(&todo[at..end])?;
            if self.source.as_written && !self.failed.is_empty() {
                return Ok(());
            }
            let leaves = barrier.is_some() && todo.get(end).is_none_or(|&next| barriers[file(next)] != barrier);
            if leaves && !self.reset.is_empty() {
                (self.run)(self.reset)?;
            }
            at = end;
        }
        Ok(())
    }

    fn batch(&mut self, statements: &[usize]) -> Result<()> {
        if let [one] = statements {
            return self.one(*one);
        }
        let texts: Vec<&str> = statements.iter().map(|&s| self.source.statements[s].text.as_str()).collect();
        match (self.run)(&texts.join(";\n")) {
            Ok(()) => {
                self.done += statements.len();
                (self.progress)(self.done);
                Ok(())
            }
            Err(e) if e.disconnected => Err(Error::from(e).during("cannot load the schema")),
            Err(_) => {
                for &s in statements {
                    self.one(s)?;
                    // What follows a migration that failed says nothing of it.
                    if self.source.as_written && !self.failed.is_empty() {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    fn one(&mut self, s: usize) -> Result<()> {
        match (self.run)(&self.source.statements[s].text) {
            Ok(()) => {
                self.done = (self.done + 1).min(self.source.statements.len());
                (self.progress)(self.done);
            }
            Err(e) if e.disconnected => {
                return Err(Error::from(e).at(self.source.place(s, 0)).during("cannot load the schema"));
            }
            Err(e) => self.failed.push((s, e)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::postgres;
    use super::*;

    /// An engine that knows `make a`, `want a` and `set`: enough to fail when something is not there yet. A string of
    /// several statements is a transaction.
    #[derive(Default)]
    struct Fake {
        made: HashSet<String>,
        path: String,
        sent: Vec<String>,
    }

    impl Fake {
        fn run(&mut self, sql: &str) -> Result<(), SqlError> {
            self.sent.push(sql.to_string());
            let saved = (self.made.clone(), self.path.clone());
            let failed = sql.split(";\n").find_map(|one| self.one(one).err());
            if failed.is_some() {
                (self.made, self.path) = saved;
            }
            failed.map_or(Ok(()), Err)
        }

        fn one(&mut self, sql: &str) -> Result<(), SqlError> {
            let words: Vec<&str> = sql.split_whitespace().collect();
            match words[..] {
                ["set", path] => self.path = path.into(),
                ["RESET", "ALL"] => self.path = String::new(),
                ["make", name] => drop(self.made.insert(format!("{}{name}", self.path))),
                ["want", name, then] => {
                    if !self.made.contains(&format!("{}{name}", self.path)) {
                        let offset = sql.find(name);
                        return Err(SqlError { message: format!("no `{name}`"), offset, ..SqlError::default() });
                    }
                    self.made.insert(format!("{}{then}", self.path));
                }
                ["gone"] => return Err(SqlError { disconnected: true, message: "gone".into(), ..SqlError::default() }),
                _ => {}
            }
            Ok(())
        }
    }

    #[test]
    fn what_failed_is_tried_again() {
        for batched in [false, true] {
            let source = postgres(&["want c d; want b c; want a b; make a", "set x.; want p q; make p", "want d e"]);
            let (mut fake, mut seen) = (Fake::default(), vec![]);
            let mut run = |sql: &str| fake.run(sql);
            let mut progress = |n| seen.push(n);
            let loaded = match batched {
                true => source.load_batched(&mut run, &mut progress),
                false => source.load(&mut run, &mut progress),
            };
            loaded.unwrap();
            let mut made: Vec<_> = fake.made.into_iter().collect();
            made.sort();
            assert_eq!(made, ["a", "b", "c", "d", "e", "x.p", "x.q"]);
            assert_eq!(seen.last(), Some(&8));
            assert!(seen.is_sorted());
        }
    }

    #[test]
    fn batches() {
        let text =
            "make a; make b; make c; create index concurrently i on t(x); make d; alter type e add value 'x'; make f";
        let source = postgres(&[text, "set x; make g", "make h"]);
        let mut fake = Fake::default();
        source.load_by(2, "RESET ALL", &mut |sql| fake.run(sql), &mut |_| {}).unwrap();
        assert_eq!(
            fake.sent,
            [
                "make a;\nmake b",
                "make c",
                "create index concurrently i on t(x)",
                "make d",
                "alter type e add value 'x'",
                "make f",
                "set x;\nmake g",
                "RESET ALL",
                "make h",
            ]
        );
    }

    #[test]
    fn errors_have_places_and_the_first_cause_first() {
        let source = postgres(&["create table a as\n  want é x;\nwant b y", "set z"]);
        let mut run = |sql: &str| match sql.find("é").or(sql.find("b y")) {
            Some(offset) => Err(SqlError { message: "no".into(), offset: Some(offset), ..SqlError::default() }),
            None => Ok(()),
        };
        let error = source.load(&mut run, &mut |_| {}).unwrap_err();
        assert_eq!(error.at.as_deref(), Some("0.sql:2:8"));
        assert_eq!(error.message, "cannot load the schema: no");
        assert_eq!(error.details, ["0.sql:3:6: no"]);

        let source = postgres(&["create view v as select * from t; create table t (x nope)"]);
        let mut run = |_: &str| Err(SqlError { message: "no".into(), ..SqlError::default() });
        let error = source.load_batched(&mut run, &mut |_| {}).unwrap_err();
        assert_eq!(error.at.as_deref(), Some("0.sql:1:35"), "the table, not the view that follows from it");

        let many = "nope;".repeat(50);
        let error = postgres(&[&many]).load(&mut run, &mut |_| {}).unwrap_err();
        assert_eq!((error.details.len(), error.details[19].as_str()), (20, "and 30 more"));
    }

    #[test]
    fn a_lost_connection_ends_it() {
        let mut fake = Fake::default();
        let error = postgres(&["make a; gone; make b"]).load(&mut |sql| fake.run(sql), &mut |_| {}).unwrap_err();
        assert_eq!(error.failure, crate::Failure::Transient);
        assert!(!fake.made.contains("b"));
    }
}
