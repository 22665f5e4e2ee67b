//! Commands of the project's own, run at the joints of `plan`, `apply`, `migrate` and `down`: `[hooks]` in `msr.toml`.

use super::context::Context;
use super::{output, session, signals};
use msr::apply::Turn;
use msr::engine::Access;
use msr::settings::Settings;
use msr::{Error, Failure, Result};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// The hooks of one run of a command.
pub struct Hooks<'a> {
    context: &'a Context,
    settings: &'a Settings,
    command: &'static str,
}

/// What a hook is told beside the command and the database, as variables of its environment.
pub type Facts<'a> = &'a [(&'static str, String)];

impl<'a> Hooks<'a> {
    pub fn new(context: &'a Context, settings: &'a Settings, command: &'static str) -> Hooks<'a> {
        Hooks { context, settings, command }
    }

    /// Whether there is one that a run without work must not set off.
    pub fn any(&self) -> bool {
        self.settings.hooks != Default::default()
    }

    pub fn before_plan(&self) -> Result<()> {
        self.before("before_plan", &self.settings.hooks.before_plan)
    }

    pub fn before_apply(&self) -> Result<()> {
        self.before("before_apply", &self.settings.hooks.before_apply)
    }

    /// What stands before it, stands; so that this is no refusal.
    pub fn before_batch(&self, turn: &Turn) -> Result<()> {
        let Some(command) = &self.settings.hooks.before_batch else { return Ok(()) };
        let failed = |why| Error::failed(format!("the hook `before_batch` failed: {why}")).detail(command.clone());
        self.run("before_batch", command, &facts(turn)).map_err(failed)
    }

    pub fn after_plan(&self, facts: Facts) {
        self.after("after_plan", &self.settings.hooks.after_plan, facts);
    }

    pub fn after_apply(&self, facts: Facts) {
        self.after("after_apply", &self.settings.hooks.after_apply, facts);
    }

    pub fn after_batch(&self, turn: &Turn) {
        self.after("after_batch", &self.settings.hooks.after_batch, &facts(turn));
    }

    /// Hands the error on.
    pub fn on_failure(&self, error: Error) -> Error {
        let facts = [("MSR_ERROR", error.message.clone()), ("MSR_EXIT_CODE", error.failure.exit_code().to_string())];
        self.after("on_failure", &self.settings.hooks.on_failure, &facts);
        error
    }

    /// What comes before can keep the work from being begun.
    fn before(&self, hook: &'static str, command: &Option<String>) -> Result<()> {
        let Some(command) = command else { return Ok(()) };
        self.run(hook, command, &[]).map_err(|why| {
            Error::new(Failure::Refused, format!("the hook `{hook}` failed: {why}"))
                .detail(command.clone())
                .hint("nothing was changed")
        })
    }

    /// What was done stands, whatever a hook makes of it.
    fn after(&self, hook: &'static str, command: &Option<String>, facts: Facts) {
        if let Some(command) = command
            && let Err(why) = self.run(hook, command, facts)
        {
            output::warning(self.context, &format!("the hook `{hook}` failed: {why}"));
        }
    }

    /// A file of SQL is run in the target, in a session of its own; all else by the shell. What that prints is no result of
    /// msr's, so it goes to standard error. Where msr minds signals, it hands them on, and the terminal does not.
    fn run(&self, hook: &'static str, command: &str, facts: Facts) -> Result<(), String> {
        if command.trim_end().ends_with(".sql") {
            return self.run_sql(command.trim());
        }
        let stderr = std::io::stderr().as_fd().try_clone_to_owned().map_err(|e| e.to_string())?;
        let mut shell = Command::new("sh");
        if signals::watched() {
            shell.process_group(0);
        }
        let mut child = shell
            .args(["-c", command])
            .env("MSR_HOOK", hook)
            .env("MSR_COMMAND", self.command)
            .env("MSR_ENGINE", self.settings.database.engine())
            .env("MSR_DATABASE", self.settings.database.to_string())
            .envs(facts.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(stderr)
            .spawn()
            .map_err(|e| format!("cannot run it: {e}"))?;
        let group = child.id();
        let status = signals::during(Some(Box::new(move || end(group))), || child.wait()).map_err(|e| e.to_string())?;
        if status.success() { Ok(()) } else { Err(status.to_string()) }
    }

    fn run_sql(&self, path: &str) -> Result<(), String> {
        let sql = std::fs::read_to_string(path).map_err(|e| format!("cannot read `{path}`: {e}"))?;
        let (_, mut session) = session::target(self.settings, Access::Write).map_err(|e| e.message)?;
        signals::during(session.canceller(), || session.execute_foreign(&sql)).map_err(|e| e.message)
    }
}

/// The hook with all that it has started, which has five seconds to tidy up. The shell's own `kill`, as it is what runs hooks.
fn end(group: u32) {
    let script = "kill -TERM -$0; for _ in 1 2 3 4 5; do sleep 1; kill -0 -$0 || exit; done; kill -KILL -$0";
    // Where it can't be started, the hook is waited for.
    let _ = Command::new("sh").args(["-c", script, &group.to_string()]).stderr(Stdio::null()).spawn();
}

fn facts(turn: &Turn) -> [(&'static str, String); 4] {
    let way = if turn.back { "down" } else { "up" };
    [
        ("MSR_PLAN", turn.plan.clone()),
        ("MSR_BATCH", turn.batch.to_string()),
        ("MSR_BATCHES", turn.of.to_string()),
        ("MSR_WAY", way.into()),
    ]
}
