//! A plan is tried before it counts: up, down, and up again, on a copy, with a look at each step.
//!
//! The proof of a plan did the same on empty tables while it was made. A rehearsal is for the eyes: on this server, with rows,
//! or on a copy that somebody made for it, with the time that each step takes and what it really holds and writes.

mod report;
mod sample;

pub use report::{Named, Pass, Report, Rows, StepReport};

use crate::apply::{gate, observe};
use crate::diff::{Delta, diff};
use crate::engine::upkeep::{Filled, Size};
use crate::engine::{Engine, Session};
use crate::model::{Catalog, Id};
use crate::plan::file::Loaded;
use crate::plan::{self, Batch, Down, Manage, Plan, Step};
use crate::{Error, Result, SqlError};
use std::time::Instant;

/// Where the plan is tried, and how.
pub struct Stage<'a> {
    pub engine: &'a dyn Engine,
    pub session: &'a mut dyn Session,
    /// The state to copy into the session's empty database; `None` where it is a copy already.
    pub copy: Option<&'a Catalog>,
    /// What is managed of what is said about objects.
    pub manage: Manage,
    /// Rows to be made in each table.
    pub rows: u64,
    /// Where to take that many of each from, with all that they refer to, in place of making them up.
    pub rows_of: Option<&'a mut dyn Session>,
    /// Told a stage, done, of how many.
    pub progress: &'a mut dyn FnMut(&str, usize, usize),
}

/// Tries the plan. That a step fails is what a rehearsal is for: then the report says so.
pub fn rehearse(loaded: &Loaded, mut stage: Stage) -> Result<Report> {
    let plan = &loaded.plan;
    gate::engine(plan, stage.engine, stage.session.server())?;
    let named = Named {
        version: plan.header.version.clone(),
        name: plan.header.name.clone(),
        checksum: loaded.checksum.clone(),
    };
    let mut report = Report::new(named, stage.engine.name(), stage.session.server().version);
    let start = prepared(plan, &mut stage)?;
    let mut filled = vec![];
    if stage.rows > 0 {
        filled = match &mut stage.rows_of {
            Some(from) => {
                (stage.progress)("taking rows", 0, 0);
                sample::sampled(&mut **from, stage.session, &start, stage.rows)?
            }
            None => {
                (stage.progress)("making rows", 0, 0);
                stage.session.upkeep().fill(&start, stage.rows)?
            }
        };
        report.filled = filled.iter().map(told).collect();
    }
    let tables: Vec<Id> = filled.into_iter().filter(|f| f.rows.is_ok()).map(|f| f.table).collect();
    match passes(plan, &start, &tables, &mut stage, &mut report) {
        Ok(()) => report.succeeded = true,
        Err(error) => report.error = Some(error.to_string()),
    }
    Ok(report)
}

/// The state before the plan, in the session's database.
fn prepared(plan: &Plan, stage: &mut Stage) -> Result<Catalog> {
    let fits = |live: &Catalog| {
        let standing = observe::standing(plan, live, 0)?;
        if standing.done > 0 && !plan.is_empty() {
            let name = &plan.header.name;
            return Err(Error::refused(format!("the plan `{name}` is applied here already, at least in part"))
                .hint("rehearse it on a database that is as the plan's own was: `--on URL`"));
        }
        observe::relied_upon(plan, live)
    };
    match stage.copy {
        Some(base) => {
            fits(base)?;
            (stage.progress)("copying the schema", 0, 0);
            plan::part(stage.engine, stage.session, base, plan)
        }
        None => {
            stage.session.prepare()?;
            let live = stage.session.inspect()?;
            fits(&live)?;
            Ok(live)
        }
    }
}

fn told(filled: &Filled) -> Rows {
    let (rows, why) = match &filled.rows {
        Ok(rows) => (*rows, None),
        Err(why) => (0, Some(why.clone())),
    };
    Rows { table: filled.table.to_string(), rows, why }
}

fn passes(plan: &Plan, start: &Catalog, tables: &[Id], stage: &mut Stage, report: &mut Report) -> Result<()> {
    let there = pass(plan, Way::Up, "up", tables, stage, report)?;
    promised(plan, &there)?;
    verified(report);
    if let Some(why) = plan.steps.iter().find_map(no_way_back) {
        report.no_way_back = Some(why);
        return Ok(());
    }
    let back = pass(plan, Way::Down, "down", tables, stage, report)?;
    same("the way back leaves something behind", &plan::left(stage.manage, back, start))?;
    verified(report);
    let again = pass(plan, Way::Up, "up again", tables, stage, report)?;
    same("the second time leads elsewhere than the first", &diff(&again, &there))?;
    verified(report);
    Ok(())
}

fn verified(report: &mut Report) {
    if let Some(pass) = report.passes.last_mut() {
        pass.verified = true;
    }
}

fn no_way_back(step: &Step) -> Option<String> {
    match &step.down {
        Down::Irreversible(why) => Some(format!("step {}, {}: {why}", step.id, step.subject)),
        _ => None,
    }
}

fn promised(plan: &Plan, live: &Catalog) -> Result<()> {
    let differs = observe::mismatches(plan, live, plan.batches.len());
    if differs.is_empty() {
        return Ok(());
    }
    let error = Error::failed("the plan ran, but the database is not what it promised");
    Err(differs.into_iter().fold(error, |e, (id, then)| e.detail(observe::difference(live, id, then))))
}

fn same(what: &str, off: &[Delta]) -> Result<()> {
    if off.is_empty() {
        return Ok(());
    }
    Err(off.iter().take(20).fold(Error::failed(what), |e, delta| e.detail(delta.told("was"))))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// Once through all batches; the catalog afterwards.
fn pass(plan: &Plan, way: Way, name: &str, tables: &[Id], stage: &mut Stage, report: &mut Report) -> Result<Catalog> {
    let begun = Instant::now();
    report.passes.push(Pass { way: name.into(), micros: 0, steps: vec![], verified: false, rows: vec![] });
    let mut steps = vec![];
    let count = plan.batches.len();
    let batches: Vec<usize> = if way == Way::Up { (0..count).collect() } else { plan.way_back(count).collect() };
    let mut done = Ok(());
    for index in batches {
        done = batch(plan, &plan.batches[index], way, stage, &mut steps, name);
        if done.is_err() {
            // Where this fails the connection is gone, and the transaction with it.
            let _ = stage.session.rollback();
            break;
        }
    }
    let pass = report.passes.last_mut().expect("was just pushed");
    pass.steps = steps;
    pass.micros = begun.elapsed().as_micros() as u64;
    done?;
    for table in tables {
        // A table that the plan drops or renames has no rows under this name.
        if let Ok(rows) = stage.session.upkeep().count(table) {
            pass.rows.push(Rows { table: table.to_string(), rows, why: None });
        }
    }
    stage.session.inspect()
}

fn batch(
    plan: &Plan,
    batch: &Batch,
    way: Way,
    stage: &mut Stage,
    steps: &mut Vec<StepReport>,
    name: &str,
) -> Result<()> {
    let mut order: Vec<&Step> = plan.batch_steps(batch).iter().collect();
    if way == Way::Down {
        order.reverse();
    }
    let transaction = if way == Way::Up { batch.transaction } else { plan.back_in_transaction(batch) };
    if transaction {
        stage.session.begin()?;
    }
    // Asked once a step: the server looks at every file for it.
    let mut size = stage.session.upkeep().size()?;
    for step in order {
        (stage.progress)(&format!("rehearsing: {name}"), steps.len(), plan.steps.len());
        steps.push(self::step(step, way, transaction, stage, &mut size)?);
    }
    if transaction {
        stage.session.commit().map_err(|e| Error::from(e).during("COMMIT"))?;
    }
    Ok(())
}

fn step(step: &Step, way: Way, watched: bool, stage: &mut Stage, size: &mut Size) -> Result<StepReport> {
    let sql = match (way, &step.down) {
        (Way::Up, _) => &step.up[..],
        (Way::Down, Down::Sql(sql) | Down::Lossy { sql, .. }) => sql,
        (Way::Down, Down::Irreversible(_)) => &[],
    };
    let session = &mut *stage.session;
    if watched {
        session.watch()?;
    }
    let begun = Instant::now();
    for sql in sql {
        session.execute(sql).map_err(|e| failed(step, way, sql, e))?;
    }
    let micros = begun.elapsed().as_micros() as u64;
    let seen = if watched { session.observed()? } else { Default::default() };
    let after = session.upkeep().size()?;
    let before = std::mem::replace(size, after);
    Ok(StepReport {
        step: step.id,
        subject: step.subject.to_string(),
        micros,
        watched,
        locks: seen.locks,
        rewrites: seen.rewrites,
        scans: seen.scans,
        bytes: after.bytes as i64 - before.bytes as i64,
        wal: after.wal.zip(before.wal).map(|(after, before)| after.saturating_sub(before)),
    })
}

fn failed(step: &Step, way: Way, sql: &str, e: SqlError) -> Error {
    let what = if way == Way::Up { "step" } else { "taking back step" };
    let told = Error::from(e).during(format!("{what} {}, {}, failed", step.id, step.subject));
    Error { details: [vec![sql.to_string()], told.details].concat(), ..told }
}
