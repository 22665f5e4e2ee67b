use super::context::{Context, Extra};
use super::work::{Work, WorkArgs};
use super::{Done, output, prompt};
use msr::apply::purge::{self, Parked};
use msr::apply::{Phases, journal::Tables};
use msr::render::text::{count, label, line};
use msr::settings::duration;
use msr::{Error, Result};

/// Remove for good what contract phases put out of the way
///
/// A table or column that a plan drops in its contract phase is kept where no application sees it, so that `msr down` brings
/// it back as it was. After `msr purge` it can't.
#[derive(clap::Args)]
pub struct Args {
    /// Only what has been out of the way for so long, as `14d` or `12h`
    #[arg(long, value_name = "DURATION", default_value = "14d")]
    older_than: String,
    #[command(flatten)]
    work: WorkArgs,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let older = duration::parse(&args.older_than).ok_or_else(|| {
        Error::usage(format!("`{}` is no duration", args.older_than.escape_debug()))
            .hint("write for example `14d` or `12h`")
    })?;
    let extra = Extra { lock_wait: args.work.lock_wait.clone(), allow: args.work.allow.clone(), ..Extra::default() };
    let settings = context.settings_with(extra)?;
    let mut work = Work::begin("purge", context, &settings, &args.work, Phases::All)?;
    let due = match work.session.journal().tables()? {
        Tables::Absent => vec![],
        _ => purge::due(&mut *work.session, older)?,
    };
    if due.is_empty() {
        output::note(context, &format!("nothing has been out of the way for {}", args.older_than));
        return Ok(Done::Fine);
    }
    let list: Vec<String> = due.iter().map(told).collect();
    prompt::confirm(
        context,
        &format!("Purge {} in {}:\n{}", count(due.len(), "object"), settings.database, list.join("\n")),
    )?;
    work.make_ready(&args.work)?;
    let gone = work.run(|_, session, options, events| purge::purge(session, older, options, events))?;
    work.end()?;
    output::result(&gone.iter().map(|parked| format!("{}: purged\n", told(parked).trim_start())).collect::<String>())?;
    Ok(Done::Fine)
}

fn told(parked: &Parked) -> String {
    let plan = label(&parked.version, &parked.name);
    format!("  {}, since {} ({plan})", line(&parked.subject.to_string()), line(&parked.at))
}
