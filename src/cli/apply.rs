use super::context::{Context, Extra};
use super::work::{PhaseArgs, Work, WorkArgs};
use super::{Done, plans, prompt, rehearse};
use msr::render::Summary;
use msr::render::text::line;
use msr::{Result, apply};
use std::path::PathBuf;

/// Apply one plan file
///
/// Does what the plan says, or refuses: when it was edited, when it was made for another database, when an object that it
/// touches or relies on has changed since. A run that was interrupted is continued by the next one.
#[derive(clap::Args)]
pub struct Args {
    /// The plan file; `-` for standard input
    plan: PathBuf,
    /// Refuse unless this report of `msr rehearse` says that this very plan went up, down and up again
    #[arg(long, value_name = "FILE")]
    require_rehearsal: Option<PathBuf>,
    #[command(flatten)]
    phase: PhaseArgs,
    #[command(flatten)]
    work: WorkArgs,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let saved = plans::read(&args.plan)?;
    if let Some(report) = &args.require_rehearsal {
        rehearse::required(report, &saved.loaded.checksum)?;
    }
    let extra = Extra { lock_wait: args.work.lock_wait.clone(), allow: args.work.allow.clone(), ..Extra::default() };
    let settings = context.settings_with(extra)?;
    let mut work = Work::begin("apply", context, &settings, &args.work, args.phase.phases())?;
    work.may_stream()?;
    let plan = &saved.loaded.plan;
    if !plan.is_empty() {
        let file = line(&saved.file);
        prompt::confirm(context, &format!("Apply {file} to {}: {}?", settings.database, Summary::of(plan).line()))?;
        work.make_ready(&args.work)?;
    }
    let done = work.run(|engine, session, options, events| {
        apply::apply(&saved.loaded, &saved.text, engine, session, options, events)
    })?;
    work.tell(&[done])?;
    Ok(Done::Fine)
}
