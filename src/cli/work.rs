//! What `apply`, `migrate` and `down` have in common: the session that writes, the options, what is told meanwhile.

use super::context::Context;
use super::hooks::Hooks;
use super::progress::Progress;
use super::record::Record;
use super::traces::Traces;
use super::{backup, far, output, session, signals};
use msr::apply::{Event, Options, Outcome, Phases, Report, Tag, Turn};
use msr::engine::{Access, Engine, Session};
use msr::lint::Policy;
use msr::render::text::{count, label, line};
use msr::settings::Settings;
use msr::{Error, Failure, Result};
use std::path::PathBuf;
use std::time::Duration;

/// Flags of the commands that change a database.
#[derive(clap::Args)]
pub struct WorkArgs {
    /// Let this lint rule pass: `drop-table`, `drop-column`, …; `destructive` stands for all that loses data, `all` for every rule
    #[arg(long, value_name = "RULE")]
    pub allow: Vec<String>,
    /// How long to wait for another run to end, as `30s` or `10m` [default: 10m]
    #[arg(long, value_name = "DURATION")]
    pub lock_wait: Option<String>,
    /// Refuse a database that differs from what the plan was made on, even where the plan does not care
    #[arg(long)]
    pub strict: bool,
    /// Work through a pooler such as PgBouncer. In session mode that is safe; in transaction mode what msr sets for its session can reach others
    #[arg(long)]
    pub allow_pooler: bool,
    /// Write numbers of the run here when it ends: CloudWatch's embedded format into FILE.json, else Prometheus' text
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// Write a backup into this folder first, when there is something to do
    #[arg(long, value_name = "FOLDER")]
    pub backup: Option<PathBuf>,
}

/// Which phases of a plan to run.
#[derive(clap::Args)]
pub struct PhaseArgs {
    /// `expand` (with backfill) is safe while the old application runs; `contract` is what waits for its end
    #[arg(long, value_enum, value_name = "PHASE", default_value_t = Phase::Expand)]
    phase: Phase,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Phase {
    Expand,
    Contract,
    All,
}

impl PhaseArgs {
    pub fn phases(&self) -> Phases {
        match self.phase {
            Phase::Expand => Phases::Expand,
            Phase::Contract => Phases::Contract,
            Phase::All => Phases::All,
        }
    }
}

/// A session that may write, and what a run needs beside it.
pub struct Work<'a> {
    context: &'a Context,
    settings: &'a Settings,
    pub engine: &'static dyn Engine,
    pub session: Box<dyn Session>,
    strict: bool,
    allow_pooler: bool,
    phases: Phases,
    hooks: Hooks<'a>,
    pub record: Record,
    traces: Option<Traces>,
    /// There is work, so that hooks are run.
    begun: bool,
}

impl<'a> Work<'a> {
    pub fn begin(
        command: &'static str,
        context: &'a Context,
        settings: &'a Settings,
        args: &WorkArgs,
        phases: Phases,
    ) -> Result<Work<'a>> {
        Policy::new(&settings.lint, &settings.allow).check()?;
        let (engine, session) = session::target(settings, Access::Write)?;
        let hooks = Hooks::new(context, settings, command);
        let record = Record::new(command, args.metrics.clone());
        let traces = Traces::from_environment(command, record.run(), engine.name()).unwrap_or_else(|why| {
            output::warning(context, &format!("no traces: {why}"));
            None
        });
        Ok(Work {
            context,
            settings,
            engine,
            session,
            strict: args.strict,
            allow_pooler: args.allow_pooler,
            phases,
            hooks,
            record,
            traces,
            begun: false,
        })
    }

    /// Whether it must be known beforehand if there is something to do.
    pub fn looks_first(&self, args: &WorkArgs) -> bool {
        !self.context.yes() || args.backup.is_some() || self.hooks.any()
    }

    /// Comes before a run that has something to do: a backup, if that was asked for, and the hook.
    pub fn make_ready(&mut self, args: &WorkArgs) -> Result<()> {
        self.begun = true;
        if let Some(folder) = &args.backup {
            backup::before(self.context, self.engine, self.settings, folder)?;
        }
        self.hooks.before_apply()
    }

    /// Runs `work` with the options, telling how far it is; from here on signals stop it at a step boundary.
    pub fn run<T>(
        &mut self,
        work: impl FnOnce(&'static dyn Engine, &mut dyn Session, &Options, &mut dyn FnMut(Event)) -> Result<T>,
    ) -> Result<T> {
        signals::also(self.session.canceller());
        signals::watch();
        let settings = self.settings;
        let engine = self.engine;
        let reconnect = || {
            let session = session::connect(settings, engine, Access::Write)?;
            signals::also(session.canceller());
            Ok(session)
        };
        let before_batch = |turn: &Turn| self.hooks.before_batch(turn);
        let progress = Progress::new(self.context);
        let hand = progress.hand();
        let watch = |number| far::watch(settings, engine, hand.clone(), number);
        let options = Options {
            allow: settings.allow.clone(),
            lint: settings.lint.clone(),
            phases: self.phases,
            lock_wait: settings.lock_wait,
            lock_timeout: settings.lock_timeout,
            strict: self.strict,
            allow_pooler: self.allow_pooler,
            probe_time: settings.probe_time,
            pace: settings.pace,
            transaction: settings.transaction,
            who: who(),
            tag: settings.tag.then(|| self.tag()),
            stop: &signals::asked,
            before_batch: &before_batch,
            watch: &watch,
            reconnect: &reconnect,
            ..Options::default()
        };
        let mut teller =
            Teller { context: self.context, progress, subject: String::new(), waiting: false, known: vec![] };
        let (hooks, record, traces) = (&self.hooks, &mut self.record, &mut self.traces);
        let done = work(engine, &mut *self.session, &options, &mut |event| {
            record.event(&event);
            if let Some(traces) = traces {
                traces.event(&event);
            }
            if let Event::Batch(turn) = &event {
                hooks.after_batch(turn);
            }
            teller.tell(event);
        });
        // A statement that the signal cancelled, wherever it stood, failed because of the signal.
        let done = done.map_err(|e| match signals::asked() {
            Some(failure) if matches!(e.failure, Failure::Failed | Failure::Transient) => Error { failure, ..e },
            _ => e,
        });
        drop(teller);
        match done {
            Ok(done) => {
                if self.begun {
                    self.hooks.after_apply(&[]);
                }
                Ok(done)
            }
            Err(e) => {
                self.deliver(Some(&e));
                if let Err(unwritten) = self.record.end(Some(&e)) {
                    output::warning(self.context, &unwritten.message);
                }
                Err(self.hooks.on_failure(e))
            }
        }
    }

    fn tag(&self) -> Tag {
        let tag = Tag::of_run(self.record.run());
        self.traces.as_ref().map_or(tag.clone(), |traces| traces.tag(tag))
    }

    /// A collector that is away is no reason to fail.
    pub fn deliver(&mut self, error: Option<&Error>) {
        if let Some(Err(why)) = self.traces.take().map(|traces| traces.end(error)) {
            output::warning(self.context, &format!("the traces were not delivered: {why}"));
        }
    }

    /// The command's results may be asked for as JSON lines.
    pub fn may_stream(&mut self) -> Result<()> {
        self.record.in_format_of(self.context, &self.settings.database.to_string())
    }

    /// Says what came of each plan, and ends the record.
    pub fn tell(&mut self, reports: &[Report]) -> Result<()> {
        self.record.result(reports, report)?;
        self.end()
    }

    /// The work is done.
    pub fn end(&mut self) -> Result<()> {
        self.record.end(None)?;
        self.deliver(None);
        Ok(())
    }
}

impl Drop for Work<'_> {
    /// A trace that was begun is sent: what was refused before [`Work::run`] has not been told yet.
    fn drop(&mut self) {
        self.deliver(Some(&Error::refused("it ended before anything was begun")));
    }
}

/// Whom the journal names beside the database role: the user here, and the CI run.
fn who() -> String {
    let first = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    let run = first(&["CI_JOB_URL", "BUILD_URL"]).or_else(|| {
        let part = |name: &str| first(&[name]);
        Some(format!(
            "{}/{}/actions/runs/{}",
            part("GITHUB_SERVER_URL")?,
            part("GITHUB_REPOSITORY")?,
            part("GITHUB_RUN_ID")?
        ))
    });
    let user = first(&["USER", "LOGNAME", "USERNAME"]);
    [user, run].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Tells what goes on: a bar where somebody looks, a line a step for the log.
struct Teller<'a> {
    context: &'a Context,
    progress: Progress,
    subject: String,
    waiting: bool,
    /// Sessions that were told to be in the way of the attempt before.
    known: Vec<String>,
}

impl Teller<'_> {
    fn tell(&mut self, event: Event) {
        match event {
            Event::Waiting { waited } => {
                let text = "waiting for another run of msr to end";
                if !self.waiting {
                    self.line(text);
                }
                self.waiting = true;
                self.progress.at(&format!("{text}, {} s", waited.as_secs()), 0, 0);
            }
            Event::Resumes { done, of } => {
                self.line(&format!("batches that stand from a run before: {done} of {of}"));
            }
            Event::Step { step, of, subject, back } => {
                let what = if back { "taking back" } else { "step" };
                self.subject = format!("{what} {step} of {of}: {}", line(&subject.to_string()));
                self.progress.at(&self.subject, 0, 0);
            }
            Event::StepDone { millis, .. } => {
                self.line(&format!("{} ({})", self.subject, took(millis)));
            }
            Event::Filling { rows, of } => {
                self.progress.at(&self.subject, usize::try_from(rows).unwrap_or(0), usize::try_from(of).unwrap_or(0));
            }
            Event::Lagging { behind } => self.line(&format!("a replica is {} behind: waiting", took(millis(behind)))),
            Event::Begins(_) | Event::Batch(_) => {}
            Event::Retry { attempt, why, wait, blockers } => {
                for blocker in blockers.iter().filter(|b| !self.known.contains(&b.pid)) {
                    self.line(&format!("in the way: {}", line(&blocker.to_string())));
                }
                self.known = blockers.into_iter().map(|b| b.pid).collect();
                self.line(&format!(
                    "attempt {attempt} did not get its locks ({}); again in {}",
                    line(&why),
                    took(millis(wait))
                ));
            }
            Event::Reconnected => self.line("the connection broke and was made again"),
            Event::Checking => self.progress.at("checking the result", 0, 0),
            Event::Note(text) => self.line(&line(&text)),
        }
    }

    fn line(&self, text: &str) {
        self.progress.aside(|| output::note(self.context, text));
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// `12 ms`, `3.4 s`, `2 min 5 s`
pub fn took(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1_000),
    }
}

/// One line a plan, on standard output: what the run came to.
fn report(report: &Report) -> String {
    let plan = label(&report.version, &report.name);
    let did = format!("{} in {}", count(report.steps, "step"), took(report.millis));
    // Its notes were told while it ran.
    match report.outcome {
        Outcome::Already => format!("{plan}: nothing to do\n"),
        Outcome::Applied => format!("{plan}: applied, {did}\n"),
        Outcome::Expanded => format!(
            "{plan}: expanded, {did}; the contract phase waits: `--phase contract` once the old application is gone\n"
        ),
        Outcome::Undone => format!("{plan}: undone, {did}\n"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_for_people() {
        assert_eq!([12, 3_456, 125_000].map(super::took), ["12 ms", "3.4 s", "2 min 5 s"]);
    }
}
