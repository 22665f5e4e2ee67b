use super::context::{Context, Format};
use super::{Done, output, prompt, session};
use msr::engine::Access;
use msr::engine::upkeep::Holder;
use msr::render::json;
use msr::render::table::{Cell, table};
use msr::render::text::line;
use msr::{Error, Result};

/// Show who has the lock that keeps other runs out, or end them
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Status(StatusArgs),
    Release(ReleaseArgs),
}

/// Show who has the migration lock
///
/// Formats: human, json.
#[derive(clap::Args)]
pub struct StatusArgs {}

/// End the session or the process that has the migration lock
///
/// A run that was killed leaves no lock: what has it is alive, be it a run on a machine that nobody reaches any more. Whose it is
/// is said before it is ended. What it was doing is rolled back or finished by the next run.
#[derive(clap::Args)]
pub struct ReleaseArgs {}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    match args.command {
        Command::Status(args) => status(context, args),
        Command::Release(args) => release(context, args),
    }
}

pub fn status(context: &Context, _: StatusArgs) -> Result<Done> {
    let format = context.format(&[Format::Human, Format::Json])?;
    let settings = context.settings()?;
    let (_, mut session) = session::target(&settings, Access::Read)?;
    let holders = session.upkeep().holders()?;
    output::result(&match format {
        Format::Json => json::pretty(
            &serde_json::json!({ "format": 1, "holders": holders.iter().map(as_json).collect::<Vec<_>>() }),
        ),
        _ if holders.is_empty() => "nobody has the lock\n".to_string(),
        _ => shown(context, &holders),
    })?;
    Ok(Done::Fine)
}

pub fn release(context: &Context, _: ReleaseArgs) -> Result<Done> {
    let settings = context.settings()?;
    let (_, mut session) = session::target(&settings, Access::Read)?;
    let holders = session.upkeep().holders()?;
    if holders.is_empty() {
        output::result("nobody has the lock\n")?;
        return Ok(Done::Fine);
    }
    output::result(&shown(context, &holders))?;
    let who: Vec<String> = holders.iter().map(named).collect();
    prompt::confirm(context, &format!("End {}?", who.join(" and ")))?;
    for holder in &holders {
        let done = session.upkeep().release(holder)?;
        let end = if done { "was ended" } else { "was gone already" };
        output::result(&format!("{} {end}\n", named(holder)))?;
    }
    free(&mut *session)
}

/// A session that was told to end may take a moment.
fn free(session: &mut dyn msr::engine::Session) -> Result<Done> {
    for _ in 0..50 {
        if session.upkeep().holders()?.is_empty() {
            return Ok(Done::Fine);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err(Error::transient("somebody has the lock still, or again").hint("`msr lock status` says who"))
}

fn named(holder: &Holder) -> String {
    let pid = holder.pid.map_or("a process that is not known".into(), |pid| format!("process {pid}"));
    let of = [&holder.user, &holder.application].into_iter().filter(|s| !s.is_empty());
    let of: Vec<String> = of.map(|s| format!("`{}`", line(s))).collect();
    let at = if holder.client.is_empty() { String::new() } else { format!(" at {}", line(&holder.client)) };
    let of = if of.is_empty() { String::new() } else { format!(" of {}", of.join(", ")) };
    format!("{pid}{of}{at}")
}

fn shown(context: &Context, holders: &[Holder]) -> String {
    let row = |h: &Holder| -> Vec<Cell> {
        let query: String = h.query.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(60).collect();
        let pid = h.pid.map_or("?".to_string(), |pid| pid.to_string());
        [pid, h.user.clone(), h.application.clone(), h.client.clone(), h.since.clone(), h.state.clone(), query]
            .into_iter()
            .map(Cell::from)
            .collect()
    };
    let rows: Vec<Vec<Cell>> = holders.iter().map(row).collect();
    table(&["PID", "USER", "APPLICATION", "FROM", "SINCE", "STATE", "QUERY"], &rows, context.look())
}

fn as_json(h: &Holder) -> serde_json::Value {
    serde_json::json!({
        "pid": h.pid,
        "user": h.user,
        "application": h.application,
        "client": h.client,
        "since": h.since,
        "state": h.state,
        "query": h.query,
    })
}
