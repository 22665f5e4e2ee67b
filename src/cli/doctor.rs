use super::context::{Context, Format};
use super::{Done, output, plans};
use msr::engine::upkeep::{Check, Level};
use msr::engine::{self, Access, Session};
use msr::render::table::{Cell, table};
use msr::render::text::{count, line};
use msr::render::{Tone, json};
use msr::settings::Settings;
use msr::{Error, Result, apply};
use std::path::Path;

/// Look for what would keep msr from working here, and say what to do about it
///
/// Connection, TLS, version, rights, poolers, standbys, INVALID indexes, NOT VALID constraints, the plans, the journal. With a
/// check that fails the exit code is 2. Nothing is changed.
///
/// Formats: human, json.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(context: &Context, _: Args) -> Result<Done> {
    let format = context.format(&[Format::Human, Format::Json])?;
    let settings = context.settings()?;
    let mut checks = vec![saved(&settings)];
    match engine::named(settings.database.engine())?.connect(&settings.database, Access::Read) {
        Ok(mut session) => {
            let mut looked = session.upkeep().checks()?;
            looked.push(history(&mut *session));
            looked.push(lock(&mut *session));
            checks.splice(0..0, looked);
        }
        Err(e) => checks.insert(0, failed("connection", &e)),
    }
    shown(context, format, &checks)
}

/// The checks as a table or as json, and the exit code that follows from them.
pub fn shown(context: &Context, format: Format, checks: &[Check]) -> Result<Done> {
    let rows: Vec<Vec<Cell>> = checks.iter().map(cells).collect();
    output::result(&match format {
        Format::Json => {
            json::pretty(&serde_json::json!({ "format": 1, "checks": checks.iter().map(as_json).collect::<Vec<_>>() }))
        }
        _ => table(&["CHECK", "", "FOUND"], &rows, context.look()),
    })?;
    if format != Format::Json {
        for check in checks.iter().filter(|c| c.level != Level::Ok) {
            let remedy = check.remedy.as_deref().unwrap_or_default();
            output::result(&format!("\n{}: {}\n", line(&check.name), line(remedy)))?;
        }
    }
    let bad = checks.iter().any(|c| c.level == Level::Fail);
    Ok(if bad { Done::Look } else { Done::Fine })
}

fn cells(check: &Check) -> Vec<Cell> {
    let tone = match check.level {
        Level::Ok => Tone::Create,
        Level::Warn => Tone::Change,
        Level::Fail => Tone::Drop,
    };
    vec![check.name.clone().into(), Cell::toned(check.level.word(), tone), check.found.clone().into()]
}

fn as_json(check: &Check) -> serde_json::Value {
    serde_json::json!({
        "check": check.name,
        "level": check.level.word(),
        "found": check.found,
        "remedy": check.remedy,
    })
}

fn failed(name: &str, e: &Error) -> Check {
    let found = std::iter::once(&e.message).chain(&e.details).cloned().collect::<Vec<_>>().join("; ");
    Check::fail(name, found, e.hints.join("; "))
}

fn saved(settings: &Settings) -> Check {
    match plans::chain(Path::new(&settings.plans)) {
        Ok(chain) => Check::ok("plans", format!("{} in `{}`, in order", count(chain.len(), "plan"), settings.plans)),
        Err(e) => failed("plans", &e),
    }
}

fn history(session: &mut dyn Session) -> Check {
    match apply::journal::read(session.journal()) {
        Ok(entries) if entries.is_empty() => Check::ok("journal's chain", "nothing was applied yet"),
        Ok(entries) => Check::ok("journal's chain", format!("{} entries, each follows the one before", entries.len())),
        Err(e) => failed("journal's chain", &e),
    }
}

fn lock(session: &mut dyn Session) -> Check {
    match session.upkeep().holders() {
        Ok(holders) if holders.is_empty() => Check::ok("lock", "nobody has it"),
        Ok(_) => Check::warn("lock", "a run of msr has it", "`msr lock status` says who"),
        Err(e) => Check::unknown("lock", &e),
    }
}
