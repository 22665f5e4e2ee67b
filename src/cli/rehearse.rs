use super::context::{Context, Format};
use super::progress::Progress;
use super::{Done, output, plans, prompt, session};
use msr::engine::{self, Access, Session, filtered};
use msr::rehearse::{self, Report, Stage};
use msr::render::text::line;
use msr::render::{json, rehearsal};
use msr::settings::DatabaseUrl;
use msr::{Error, Result};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Try a plan on a copy: up, down, up again
///
/// The target is only read: what the plan touches is copied into a scratch database. Each step's time, locks, rewrites, scans
/// and bytes are shown, and the report can be asked for by `msr apply --require-rehearsal`.
///
/// Formats: human, json, markdown.
#[derive(clap::Args)]
pub struct Args {
    /// The plan file; `-` for standard input
    plan: PathBuf,
    /// Rehearse on this copy of the database, which the plan is applied to in the end, instead of on scratch
    #[arg(long, value_name = "URL")]
    on: Option<String>,
    /// Make this many rows in each table first. `sample:NUMBER` takes about so many of the target's own, with all rows that they
    /// refer to: on scratch they are as secret as in the target
    #[arg(long, value_name = "NUMBER", default_value = "0", hide_default_value = true)]
    rows: Rows,
    /// Write the report to this file: Markdown if it ends in `.md`, else the JSON that `--require-rehearsal` reads
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// How many rows, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rows {
    count: u64,
    sampled: bool,
}

impl FromStr for Rows {
    type Err = String;

    fn from_str(text: &str) -> Result<Rows, String> {
        let (sampled, number) = text.strip_prefix("sample:").map_or((false, text), |number| (true, number));
        let count = number.parse().map_err(|_| "write a number, or `sample:` and a number".to_string())?;
        Ok(Rows { count, sampled })
    }
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let format = context.format(&[Format::Human, Format::Json, Format::Markdown])?;
    let saved = plans::read(&args.plan)?;
    if saved.loaded.plan.is_empty() {
        return Err(Error::usage(format!("`{}` has no steps: there is nothing to rehearse", line(&saved.file))));
    }
    let report = rehearsed(context, &args, &saved)?;
    if let Some(path) = &args.report {
        let markdown = path.extension().is_some_and(|extension| extension == "md");
        plans::write(path, &if markdown { rehearsal::markdown(&report) } else { json::pretty(&report) })?;
    }
    output::result(&match format {
        Format::Json => json::pretty(&report),
        Format::Markdown => rehearsal::markdown(&report),
        _ => rehearsal::human(&report, context.look()),
    })?;
    match report.error {
        None => Ok(Done::Fine),
        Some(why) => Err(Error::failed(format!("the rehearsal of `{}` failed", line(&saved.file)))
            .detail(why)
            .hint("nothing was changed in the target")),
    }
}

fn rehearsed(context: &Context, args: &Args, saved: &plans::Saved) -> Result<Report> {
    let settings = context.settings()?;
    let engine = engine::named(&saved.loaded.plan.header.engine)?;
    let roles = &saved.loaded.plan.header.roles;
    let mut progress = Progress::new(context);
    let mut tell = |stage: &str, done: usize, of: usize| progress.at(stage, done, of);
    let (on, session, base, mut from) = match &args.on {
        Some(_) if args.rows.sampled => {
            return Err(Error::usage(
                "`--rows sample:NUMBER` takes rows of the target for scratch, and `--on` is a copy already",
            )
            .hint("leave one of the two out"));
        }
        Some(url) => {
            let url = DatabaseUrl::parse(url)?;
            if url.to_string() == settings.database.to_string() {
                return Err(Error::refused(format!("`{url}` is the target itself, and no copy of it"))
                    .hint("make a copy, and name that one"));
            }
            prompt::confirm(context, &format!("Apply the plan to {url}, take it back, and apply it again?"))?;
            (url.to_string(), engine.connect(&url, Access::Write)?, None, None)
        }
        None => {
            let target = engine::named(settings.database.engine())?;
            tell("reading the database", 0, 0);
            let mut session = session::connect(&settings, target, Access::Read)?;
            session.look_at_roles(roles);
            let base = session.inspect()?;
            let like = (target.name() == engine.name()).then_some(&settings.database);
            let scratch = engine.scratch(like, settings.shadow.as_ref(), roles)?;
            ("scratch".to_string(), scratch, Some(base), Some(session).filter(|_| args.rows.sampled))
        }
    };
    let mut session = filtered(session, &settings.filter);
    session.look_at_roles(roles);
    let stage = Stage {
        engine,
        session: &mut *session,
        copy: base.as_ref(),
        manage: settings.manage,
        rows: args.rows.count,
        rows_of: from.as_mut().map(|session| &mut **session as &mut dyn Session),
        progress: &mut tell,
    };
    let report = rehearse::rehearse(&saved.loaded, stage)?;
    let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Ok(Report { on, at, ..report }.sealed())
}

/// Refuses unless the file is a report of a rehearsal of the plan with that checksum, and it went well.
pub fn required(path: &Path, checksum: &str) -> Result<()> {
    let (name, text) = report(path)?;
    Report::require(&text, &name, checksum).map(drop)
}

/// What the file tells of the plan with that checksum, however it went.
pub fn told(path: &Path, checksum: &str) -> Result<Report> {
    let (name, text) = report(path)?;
    Report::read(&text, &name, checksum)
}

fn report(path: &Path) -> Result<(String, String)> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| {
        Error::refused(format!("cannot read the report of a rehearsal `{name}`: {e}"))
            .hint("make it: `msr rehearse PLAN --report FILE`")
    })?;
    Ok((name, text))
}
