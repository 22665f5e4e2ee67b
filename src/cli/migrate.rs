use super::context::{Context, Extra};
use super::work::{PhaseArgs, Work, WorkArgs};
use super::{Done, list, output, plans, prompt};
use msr::Result;
use msr::apply::list::Standing;
use msr::apply::{self, Phases};
use msr::render::Summary;
use msr::render::text::{count, line};
use std::path::Path;

/// Apply every pending plan under plans/, oldest first
///
/// When nothing is pending, or the database is ahead of the plans, there is nothing to do, and that is fine.
#[derive(clap::Args)]
pub struct Args {
    /// Stop after this version
    version: Option<String>,
    #[command(flatten)]
    phase: PhaseArgs,
    #[command(flatten)]
    work: WorkArgs,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let extra = Extra { lock_wait: args.work.lock_wait.clone(), allow: args.work.allow.clone(), ..Extra::default() };
    let settings = context.settings_with(extra)?;
    let chain = plans::chain(Path::new(&settings.plans))?;
    let mut work = Work::begin("migrate", context, &settings, &args.work, args.phase.phases())?;
    work.may_stream()?;
    if work.looks_first(&args.work) {
        let pending = pending(&chain, &args, &mut work)?;
        if !pending.is_empty() {
            let what = count(pending.len(), "plan");
            prompt::confirm(context, &format!("Apply {what} to {}:\n{}", settings.database, pending.join("\n")))?;
            work.make_ready(&args.work)?;
        }
    }
    let done = work.run(|engine, session, options, events| {
        apply::migrate(&chain, args.version.as_deref(), engine, session, options, events)
    })?;
    if done.is_empty() {
        output::note(context, "nothing is pending");
    }
    work.tell(&done)?;
    Ok(Done::Fine)
}

/// A line for each plan that has something left to do; what exactly is decided under the lock.
fn pending(chain: &[plans::Saved], args: &Args, work: &mut Work) -> Result<Vec<String>> {
    let rows = list::rows(chain, &mut *work.session)?;
    let open = |standing| match standing {
        Standing::Applied | Standing::Baseline => false,
        Standing::WaitsForContract => args.phase.phases() != Phases::Expand,
        _ => true,
    };
    let mut pending = vec![];
    for saved in chain {
        let header = &saved.loaded.plan.header;
        if rows.iter().any(|row| row.checksum == saved.loaded.checksum && open(row.standing)) {
            pending.push(format!("  {}: {}", line(&saved.file), Summary::of(&saved.loaded.plan).line()));
        }
        if args.version.as_ref() == Some(&header.version) {
            break;
        }
    }
    Ok(pending)
}
