//! The command line: one file a command, each an `Args` whose doc comments are the help text, and a `run`.
//!
//! Nothing outside of this folder prints, reads the environment or ends the process.

mod apply;
mod backup;
mod baseline;
pub mod bug;
mod completions;
mod context;
mod diff;
mod doctor;
mod down;
mod drift;
mod examples;
mod explain;
mod export;
mod far;
mod grants;
mod hooks;
mod import;
mod init;
mod inspect;
mod lint;
mod list;
mod lock;
mod man;
mod migrate;
mod output;
mod pager;
mod plan;
mod plans;
mod post;
mod progress;
mod prompt;
mod purge;
mod record;
mod rehearse;
mod session;
mod show;
mod signals;
mod source_arg;
mod status;
mod traces;
mod validate;
mod watch;
mod work;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use context::{Context, Globals};
use msr::{Failure, Result};
use std::process::ExitCode;

/// Plan and apply schema changes of PostgreSQL and SQLite databases
///
/// The schema you want stands in SQL files. `msr plan` compares it with a database and writes down the steps that lead
/// there, proved on a scratch copy; `msr apply` does what that plan says, or refuses.
#[derive(Parser)]
#[command(name = "msr", version, propagate_version = false, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Init(init::Args),
    Plan(plan::Args),
    Show(show::Args),
    Rehearse(rehearse::Args),
    Lint(lint::Args),
    Apply(apply::Args),
    #[command(visible_alias = "up")]
    Migrate(migrate::Args),
    #[command(visible_alias = "rollback")]
    Down(down::Args),
    Purge(purge::Args),
    List(list::Args),
    Status(status::Args),
    Drift(drift::Args),
    Validate(validate::Args),
    Lock(lock::Args),
    #[command(name = "lock:status", hide = true)]
    LockStatus(lock::StatusArgs),
    #[command(name = "lock:release", hide = true)]
    LockRelease(lock::ReleaseArgs),
    Doctor(doctor::Args),
    Grants(grants::Args),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Inspect(inspect::Args),
    Import(import::Args),
    Export(export::Args),
    Baseline(baseline::Args),
    Diff(diff::Args),
    Explain(explain::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// What a command that did not fail leaves to say by its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    Fine,
    /// There is something to look at: changes, pending plans.
    Look,
}

pub fn main() -> ExitCode {
    let matches = examples::with(Cli::command()).try_get_matches();
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(e) => return usage(&e),
    };
    let context = Context::new(cli.globals);
    match run(&context, cli.command) {
        Ok(Done::Fine) => ExitCode::SUCCESS,
        Ok(Done::Look) => ExitCode::from(2),
        Err(e) => {
            output::error(&e, context.log_json());
            ExitCode::from(e.failure.exit_code())
        }
    }
}

fn run(context: &Context, command: Command) -> Result<Done> {
    match command {
        Command::Init(args) => init::run(context, args),
        Command::Plan(args) => plan::run(context, args),
        Command::Show(args) => show::run(context, args),
        Command::Rehearse(args) => rehearse::run(context, args),
        Command::Lint(args) => lint::run(context, args),
        Command::Apply(args) => apply::run(context, args),
        Command::Migrate(args) => migrate::run(context, args),
        Command::Down(args) => down::run(context, args),
        Command::Purge(args) => purge::run(context, args),
        Command::List(args) => list::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::Drift(args) => drift::run(context, args),
        Command::Validate(args) => validate::run(context, args),
        Command::Lock(args) => lock::run(context, args),
        Command::LockStatus(args) => lock::status(context, args),
        Command::LockRelease(args) => lock::release(context, args),
        Command::Doctor(args) => doctor::run(context, args),
        Command::Grants(args) => grants::run(context, args),
        Command::Backup(args) => backup::backup(context, args),
        Command::Restore(args) => backup::restore(context, args),
        Command::Baseline(args) => baseline::run(context, args),
        Command::Import(args) => import::run(context, args),
        Command::Export(args) => export::run(context, args),
        Command::Inspect(args) => inspect::run(context, args),
        Command::Diff(args) => diff::run(context, args),
        Command::Explain(args) => explain::run(args),
        Command::Completions(args) => completions::run(args, Cli::command()),
        Command::Man(args) => man::run(args, examples::with(Cli::command())),
    }
}

/// Help and version are no errors; clap's own code for wrong usage, 2, means something else here.
fn usage(e: &clap::Error) -> ExitCode {
    if !e.use_stderr() {
        let _ = e.print();
        return ExitCode::SUCCESS;
    }
    output::usage(e);
    ExitCode::from(Failure::Usage.exit_code())
}

#[cfg(test)]
mod tests;
