use super::context::{Context, Format};
use super::{Done, output, session};
use msr::Result;
use msr::apply::history::{History, State};
use msr::drift;
use msr::engine::{Access, Session};
use msr::render::json;
use msr::render::text::{label, line};

/// Print the version of the database in one line, for health checks
///
/// Formats: human, json.
#[derive(clap::Args)]
pub struct Args {
    /// Exit with 2 unless the database has this version or a newer one
    #[arg(long, value_name = "VERSION")]
    at_least: Option<String>,
    /// Exit with 2 if the database is not what the last run left; `msr drift` says what differs
    #[arg(long)]
    drift: bool,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let format = context.format(&[Format::Human, Format::Json])?;
    let settings = context.settings()?;
    let (_, mut session) = session::target(&settings, Access::Read)?;
    let (_, entries) = session.journal().look()?;
    let drifted = args.drift && drifted(&mut *session)?;
    let history = History::of(&entries);
    // A plan that waits for its contract phase is what the new application needs.
    let whole = |state| matches!(state, State::Applied | State::Expanded);
    let now = history.standing().into_iter().find(|past| whole(past.state));
    let how = |state| if state == State::Expanded { "waits for contract since" } else { "applied" };
    let now = now.map(|past| (&past.version, &past.name, &past.at, how(past.state)));
    let now = now.or(history.baseline.as_ref().map(|b| (&b.version, &b.name, &b.at, "taken over")));
    output::result(&match (format, now) {
        (Format::Json, _) => {
            let drift = args.drift.then_some(drifted);
            let (version, name, at) = (now.map(|n| n.0), now.map(|n| n.1), now.map(|n| n.2));
            json::pretty(
                &serde_json::json!({ "format": 1, "version": version, "name": name, "at": at, "drift": drift }),
            )
        }
        (_, Some((version, name, at, how))) => format!("{}, {how} {}\n", label(version, name), line(at)),
        (_, None) => "no plan was applied\n".to_string(),
    })?;
    // Versions begin with their minute, so that their order is that of their texts.
    let reached = args.at_least.as_ref().is_none_or(|least| now.is_some_and(|(version, ..)| version >= least));
    if drifted {
        output::warning(context, "the database has changed since: `msr drift` says what differs");
    }
    Ok(if reached && !drifted { Done::Fine } else { Done::Look })
}

/// Whether something changed since the last run. Where the journal does not tell of the whole, nothing is known to have.
fn drifted(session: &mut dyn Session) -> Result<bool> {
    let Some(left) = drift::left(session)? else { return Ok(false) };
    Ok(left.unchanged(session)? == Some(false))
}
