//! One batch, forward or back: in a transaction together with its journal entry, or outside of one and looked at after.

use super::journal::{Entry, Event as Happened, StepRecord, hex};
use super::target::{Target, another_was_faster};
use super::{Event, Turn, backfill, observe, retry, settle};
use crate::model::Id;
use crate::plan::{Batch, Down, Fill, Plan, Step, Touch};
use crate::{Error, Failure, Result, SqlError};
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// How long others have a turn at most: it need not be longer than they waited.
const TURN: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Up,
    Down,
}

/// One batch of a plan to be done or taken back.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    pub plan: &'a Plan,
    pub checksum: &'a str,
    /// From 0 on.
    pub index: usize,
    pub way: Way,
    /// What an earlier run left half done.
    pub half: &'a [Id],
}

impl<'a> Work<'a> {
    fn batch(&self) -> &'a Batch {
        &self.plan.batches[self.index]
    }

    /// The steps in the order of this way.
    fn steps(&self) -> Vec<&'a Step> {
        let steps = self.plan.batch_steps(self.batch()).iter();
        if self.way == Way::Up { steps.collect() } else { steps.rev().collect() }
    }

    /// How many batches stand before it or after it is done on this way.
    fn stands(&self, done: bool) -> usize {
        match (self.way, done) {
            (Way::Up, true) | (Way::Down, false) => self.index + 1,
            (Way::Up, false) => self.index,
            (Way::Down, true) => self.plan.lands(self.index),
        }
    }

    /// What is done in batches of its own, on the way up.
    fn fill(&self) -> Option<(&'a Step, &'a Fill)> {
        let step = self.plan.batch_steps(self.batch()).first().filter(|_| self.way == Way::Up)?;
        Some((step, step.fill.as_ref()?))
    }

    /// The relations that are locked, and how.
    pub fn locks(&self) -> Vec<(&'a str, &'a str)> {
        let all = self.steps().into_iter().flat_map(|step| &step.locks);
        all.map(|(relation, mode)| (relation.as_str(), mode.as_str())).collect()
    }

    fn in_transaction(&self) -> bool {
        match self.way {
            Way::Up => self.batch().transaction,
            Way::Down => self.plan.back_in_transaction(self.batch()),
        }
    }

    /// Whether this way makes what was left half done, so that it is in the way of doing it again.
    fn makes_half(&self) -> bool {
        let made = |t: &&Touch| if self.way == Way::Up { t.after.is_some() } else { t.before.is_some() };
        self.batch().touches.iter().filter(made).any(|t| self.half.contains(&t.id))
    }

    pub fn turn(&self) -> Turn {
        let (header, back) = (&self.plan.header, self.way == Way::Down);
        let plan = format!("{}_{}", header.version, header.name);
        Turn { plan, batch: self.index + 1, of: self.plan.batches.len(), back }
    }

    /// What to say of the schema when the batch did not come about.
    fn standing(&self) -> String {
        match (self.stands(false), self.plan.batches.len()) {
            (0, _) => "nothing was changed".into(),
            (1, n) => format!("the first of {n} batches stands, nothing of the next"),
            (k, n) if k == n => "the whole plan stands as before".into(),
            (k, n) => format!("the first {k} of {n} batches stand, nothing of the next"),
        }
    }
}

/// What to do after a failure that left a boundary between batches behind.
const AGAIN: &str = "run again when the cause is gone: what stands is not done twice";

/// What sends the statements of a step on a way.
pub(super) fn statements(step: &Step, way: Way) -> &[String] {
    match (way, &step.down) {
        (Way::Up, _) => &step.up,
        (Way::Down, Down::Sql(sql) | Down::Lossy { sql, .. }) => sql,
        (Way::Down, Down::Irreversible(_)) => &[],
    }
}

/// Whether the statements of a step may wait for locks as long as it takes.
fn patient(step: &Step, way: Way) -> bool {
    if way == Way::Up { step.patient } else { step.back.patient }
}

/// Why an attempt did not come about.
pub(super) enum Trouble {
    Statement {
        step: usize,
        sql: String,
        error: SqlError,
    },
    /// The journal or the transaction itself.
    Session(SqlError),
    /// COMMIT was sent, and nobody could be asked whether it was done.
    Commit(SqlError),
    Stopped(Failure, usize),
    Faster,
    Told(Error),
}

pub(super) type Attempt<T> = Result<T, Box<Trouble>>;

impl From<SqlError> for Box<Trouble> {
    fn from(error: SqlError) -> Self {
        Box::new(Trouble::Session(error))
    }
}

impl Trouble {
    fn error(&self) -> Option<&SqlError> {
        match self {
            Trouble::Statement { error, .. } | Trouble::Session(error) | Trouble::Commit(error) => Some(error),
            _ => None,
        }
    }

    /// Locks that may be free later.
    pub fn passes(&self) -> bool {
        self.error().is_some_and(|e| e.transient && !e.disconnected)
    }

    pub fn why(&self) -> String {
        self.error().map_or(String::new(), |e| e.message.clone())
    }

    fn disconnected(&self) -> bool {
        self.error().is_some_and(|e| e.disconnected)
    }
}

/// Does the batch whole or not at all, and journals it.
pub fn run(target: &mut Target, work: Work) -> Result<()> {
    let turn = work.turn();
    // Before a hook, which may take its time.
    if let Some(failure) = target.stopped() {
        return Err(told(target, work, Trouble::Stopped(failure, work.batch().first)));
    }
    (target.options.before_batch)(&turn).map_err(|e| e.detail(work.standing()).hint(AGAIN))?;
    target.tell(Event::Begins(turn.clone()));
    let done = retry::run(target, &work.locks(), |target| match work.fill() {
        Some((step, fill)) => backfill::run(target, work, step, fill),
        None if work.in_transaction() => inside(target, work),
        None => outside(target, work),
    });
    let took = done.map_err(|trouble| told(target, work, *trouble))?;
    target.mind_vacuums(&[])?;
    if work.in_transaction() && work.fill().is_none() && !work.locks().is_empty() {
        // Who waited behind this batch has a turn before the next one queues for the same table.
        std::thread::sleep(took.min(TURN));
    }
    target.tell(Event::Batch(turn));
    Ok(())
}

fn inside(target: &mut Target, work: Work) -> Attempt<()> {
    target.session().begin()?;
    let entry = match in_transaction(target, work) {
        Ok(entry) => entry,
        Err(trouble) => {
            // Where this fails the connection is gone, and the transaction with it.
            let _ = target.session().rollback();
            return Err(trouble);
        }
    };
    match target.session().commit_with(&entry) {
        Ok(true) => {
            target.head = Some(entry);
            Ok(())
        }
        Ok(false) => Err(Box::new(Trouble::Faster)),
        Err(error) if error.disconnected => settle::settle(target, error, entry),
        Err(error) => {
            let _ = target.session().rollback();
            Err(Box::new(Trouble::Session(error)))
        }
    }
}

/// All of the batch but its COMMIT; the entry is what the journal has then. Once the statements have their locks the server is
/// asked for nothing more: when it is by its clock follows from when they began.
fn in_transaction(target: &mut Target, work: Work) -> Attempt<Entry> {
    let start = Instant::now();
    // Asked for before the first lock, where nobody has asked yet.
    target.who()?;
    let steps = send(target, work)?;
    let ended = steps.last().and_then(|last| {
        let started: jiff::Timestamp = last.started.parse().ok()?;
        Some(format!("{:.3}", started + Duration::from_millis(u64::try_from(last.millis).ok()?)))
    });
    let at = ended.map_or_else(|| target.journal().now(), Ok)?;
    let entry = entry(target, work, steps, start)?;
    Ok(entry.after(target.head.as_ref(), at))
}

pub(super) fn entry(target: &mut Target, work: Work, steps: Vec<StepRecord>, start: Instant) -> Attempt<Entry> {
    let entry = target.entry(Happened::Batch, work.plan, work.checksum)?;
    let millis = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
    Ok(Entry { batch: work.stands(true) as i64, millis, steps, ..entry })
}

/// Sends the statements of all steps. The server's clock is read once; each step's start is that much later.
pub(super) fn send(target: &mut Target, work: Work) -> Attempt<Vec<StepRecord>> {
    let clock: Option<jiff::Timestamp> = target.journal().now()?.parse().ok();
    let start = Instant::now();
    let mut records = Vec::new();
    for step in work.steps() {
        if let Some(failure) = target.stopped() {
            return Err(Box::new(Trouble::Stopped(failure, step.id)));
        }
        let (subject, back) = (step.subject.clone(), work.way == Way::Down);
        target.tell(Event::Step { step: step.id, of: work.plan.steps.len(), subject, back });
        let (begun, after) = (Instant::now(), start.elapsed());
        execute(target, work, step, work.way, work.half)?;
        let millis = begun.elapsed().as_millis() as u64;
        target.tell(Event::StepDone { step: step.id, millis });
        records.push(StepRecord {
            step: step.id,
            hash: hash_of(step, work.way),
            started: clock.map(|c| format!("{:.3}", c + after)).unwrap_or_else(|| "-".into()),
            millis: i64::try_from(millis).unwrap_or(i64::MAX),
        });
    }
    Ok(records)
}

/// What the journal knows a step's statements by.
pub(super) fn hash_of(step: &Step, way: Way) -> String {
    let mut hash = Sha256::new();
    for sql in statements(step, way) {
        hash.update((sql.len() as u64).to_le_bytes());
        hash.update(sql);
    }
    hex(&hash.finalize()[..8])
}

/// Sends the statements of one step on a way, each told to be the step's.
fn execute(target: &mut Target, work: Work, step: &Step, way: Way, half: &[Id]) -> Attempt<()> {
    target.as_step(work.plan, step.id, |target| sent(target, step, way, half))
}

/// The statements of one step, or what goes on with them where they left something half done.
fn sent(target: &mut Target, step: &Step, way: Way, half: &[Id]) -> Attempt<()> {
    let engine = crate::engine::named(target.session().server().engine).ok();
    let patient = patient(step, way);
    if patient {
        target.wait(true)?;
    }
    let sent = statements(step, way).iter().try_for_each(|sql| {
        let rest = engine.filter(|_| !half.is_empty()).and_then(|engine| engine.finishing(sql));
        let sql = rest.as_ref().unwrap_or(sql);
        let failed = |error| Box::new(Trouble::Statement { step: step.id, sql: sql.clone(), error });
        target.session().execute(sql).map_err(failed)
    });
    match (patient, sent) {
        (true, Ok(())) => Ok(target.wait(false)?),
        (true, failed) => {
            // Where this fails too, a transaction is to be rolled back, which does the same, or the connection is gone.
            let _ = target.wait(false);
            failed
        }
        (false, sent) => sent,
    }
}

/// A batch of one step that can't run in a transaction. Whether it was done is seen, not believed.
fn outside(target: &mut Target, work: Work) -> Attempt<()> {
    if work.makes_half() {
        tidy(target, work)?;
    }
    let start = Instant::now();
    let watch = target.session().number().and_then(target.options.watch);
    let sent = send(target, work);
    drop(watch);
    let steps = match sent {
        Ok(steps) => steps,
        Err(trouble) if trouble.disconnected() => return Err(trouble),
        Err(trouble) => {
            // Where this fails the next run does it; what is told is the first failure.
            let _ = left_behind(target, work);
            return Err(trouble);
        }
    };
    let live = target.session().inspect().map_err(|e| Box::new(Trouble::Told(e)))?;
    let differs = observe::mismatches(work.plan, &live, work.stands(true));
    let touched = |id: &Id| work.batch().touches.iter().any(|t| t.id == *id);
    let differs: Vec<_> = differs.into_iter().filter(|(id, _)| touched(id)).collect();
    if !differs.is_empty() {
        let error = Error::failed(format!("step {} did not do what the plan says", work.batch().first));
        let error = differs.into_iter().fold(error, |e, (id, then)| e.detail(observe::difference(&live, id, then)));
        return Err(Box::new(Trouble::Told(error)));
    }
    let entry = entry(target, work, steps, start)?;
    let head = target.head.clone();
    let appended = target.journal().append(head.as_ref(), entry)?;
    target.head = Some(appended.ok_or_else(|| Box::new(Trouble::Faster))?);
    Ok(())
}

/// Removes what a step outside of a transaction left unfinished, by the step's other way: an INVALID index would else
/// stand in the way of its own repetition.
fn tidy(target: &mut Target, work: Work) -> Attempt<()> {
    let other = if work.way == Way::Up { Way::Down } else { Way::Up };
    for step in work.steps() {
        target.tell(Event::Note(format!("step {} was left half done: it is taken back and done again", step.id)));
        execute(target, work, step, other, &[])?;
    }
    Ok(())
}

/// After a failure: whether something unfinished is there now, and away with it.
fn left_behind(target: &mut Target, work: Work) -> Attempt<()> {
    let live = target.session().inspect().map_err(|e| Box::new(Trouble::Told(e)))?;
    match observe::standing(work.plan, &live, work.index) {
        Ok(standing) if standing.done == work.index => {
            let work = Work { half: &standing.half, ..work };
            if work.makes_half() { tidy(target, work) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

/// The trouble as the user reads it: what failed, what the engine said, what stands, what to do next.
pub(super) fn told(target: &mut Target, work: Work, trouble: Trouble) -> Error {
    let stands = work.standing();
    if let (Some(failure), false) = (target.stopped(), matches!(trouble, Trouble::Commit(_) | Trouble::Told(_))) {
        let at = if let Trouble::Statement { step, .. } | Trouble::Stopped(_, step) = trouble {
            step
        } else {
            work.batch().first
        };
        return Error::new(failure, format!("stopped at step {at}; {stands}")).hint("run again to go on");
    }
    match trouble {
        Trouble::Statement { step, sql, error } => {
            let step = &work.plan.steps[step - 1];
            let code = if error.code.is_empty() { String::new() } else { format!(" [{}]", error.code) };
            let mut told = Error::from(error);
            let what = if work.way == Way::Up { "step" } else { "taking back step" };
            told.message = format!("{what} {}, {}, failed: {}{code}", step.id, step.subject, told.message);
            told.details.insert(0, sql);
            told.at = step.at.clone();
            let blockers = std::mem::take(&mut target.blockers);
            told = blockers.iter().fold(told, |told, blocker| told.detail(blocker.to_string()));
            told.detail(stands).hint(AGAIN)
        }
        Trouble::Session(error) => {
            Error::from(error).during(format!("batch {}", work.index + 1)).detail(stands).hint(AGAIN)
        }
        Trouble::Commit(error) => Error::new(
            Failure::Unknown,
            format!("the connection broke at COMMIT and could not be made again: {}", error.message),
        )
        .code(crate::error::code::UNKNOWN_OUTCOME)
        .detail(format!("batch {} of {} may have been done or not", work.index + 1, work.plan.batches.len()))
        .hint("`msr list` tells once the database answers; running again is safe"),
        Trouble::Stopped(failure, step) => {
            Error::new(failure, format!("stopped before step {step}; {stands}")).hint("run again to go on")
        }
        Trouble::Faster => another_was_faster(),
        Trouble::Told(error) => error,
    }
}
