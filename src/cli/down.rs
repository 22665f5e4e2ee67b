use super::context::{Context, Extra};
use super::work::{Work, WorkArgs};
use super::{Done, output, prompt};
use msr::Result;
use msr::apply::history::{History, Past};
use msr::apply::{self, Phases};
use msr::engine::Session;
use msr::render::text::{count, label, line};

/// Undo applied plans with their down-steps
///
/// Undoes every applied plan newer than VERSION; without VERSION the newest one, with 0 all of them. The plan files are not
/// needed: the journal has the plans.
#[derive(clap::Args)]
pub struct Args {
    /// The version to go back to
    version: Option<String>,
    #[command(flatten)]
    work: WorkArgs,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let extra = Extra { lock_wait: args.work.lock_wait.clone(), allow: args.work.allow.clone(), ..Extra::default() };
    let settings = context.settings_with(extra)?;
    let mut work = Work::begin("down", context, &settings, &args.work, Phases::All)?;
    work.may_stream()?;
    if work.looks_first(&args.work) {
        let plans = newer(&mut *work.session, args.version.as_deref())?;
        if !plans.is_empty() {
            let what = count(plans.len(), "plan");
            prompt::confirm(context, &format!("Undo {what} in {}:\n{}", settings.database, plans.join("\n")))?;
            work.make_ready(&args.work)?;
        }
    }
    let version = args.version.as_deref();
    let done = work.run(|engine, session, options, events| apply::down(engine, session, version, options, events))?;
    if done.is_empty() {
        output::note(context, "nothing to undo");
    }
    work.tell(&done)?;
    Ok(Done::Fine)
}

/// A line for each plan that would be undone; what exactly is decided under the lock.
fn newer(session: &mut dyn Session, version: Option<&str>) -> Result<Vec<String>> {
    let (_, entries) = session.journal().look()?;
    let history = History::of(&entries);
    let standing = history.standing();
    let keep = |past: &&Past| Some(past.version.as_str()) != version;
    let newer: Vec<&Past> = match version {
        None => standing.into_iter().take(1).collect(),
        Some(_) => standing.into_iter().take_while(keep).collect(),
    };
    Ok(newer.iter().map(|past| format!("  {}, applied {}", label(&past.version, &past.name), line(&past.at))).collect())
}
