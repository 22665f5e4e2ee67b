use super::context::{Context, Extra};
use super::progress::Progress;
use super::source_arg::{Reader, form};
use super::work::{Work, WorkArgs};
use super::{Done, list, output, plans, prompt};
use msr::apply::{self, Phases};
use msr::diff::{Delta, diff};
use msr::model::Fingerprint;
use msr::plan::Tie;
use msr::plan::make::{Inputs, Made, make};
use msr::render::text::{count, line};
use msr::{Error, Result};
use std::path::Path;

/// Take a database under management as it is
///
/// Writes into msr's journal that the database is what the schema files say. Nothing else is changed. Refused, with the
/// difference, unless they say the same; `msr inspect --split schema` writes files that do.
///
/// Saved plans that lead to just this state count as applied; later ones are pending.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    work: WorkArgs,
}

/// Older than the version of any plan.
const FIRST: &str = "0";

/// Differences that are told; more hide the first.
const TOLD: usize = 20;

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let extra = Extra { lock_wait: args.work.lock_wait.clone(), allow: args.work.allow.clone(), ..Extra::default() };
    let settings = context.settings_with(extra)?;
    let chain = plans::chain(Path::new(&settings.plans))?;
    let mut work = Work::begin("baseline", context, &settings, &args.work, Phases::All)?;
    refuse_managed(&chain, &mut work)?;
    let reader = Reader { context, settings: &settings, engine: work.engine };
    let desired = reader.statements(&form(&settings.schema, &settings)?)?;
    let mut progress = Progress::new(context);
    let made = make(Inputs {
        engine: work.engine,
        target: Some(&mut *work.session),
        like: &settings.database,
        base: None,
        desired: &desired,
        shadow: settings.shadow.as_ref(),
        filter: &settings.filter,
        manage: settings.manage,
        online: settings.online,
        transaction: settings.transaction,
        name: "baseline".into(),
        version: FIRST.into(),
        created_at: String::new(),
        parent: None,
        tie: Tie::Reader,
        settled: &mut |_, _, _| Ok(None),
        progress: &mut |stage, done, of| progress.at(stage, done, of),
    })?;
    drop(progress);
    if !made.plan.is_empty() {
        let error = differs(&made, &settings.schema);
        work.deliver(Some(&error));
        return Err(error);
    }
    let seen = made.plan.header.base;
    let version = version(&chain, seen);
    let objects = count(made.base.len(), "object");
    let database = &settings.database;
    prompt::confirm(context, &format!("Take {database} under management as it is, with {objects}?"))?;
    let digest = made.plan.header.desired.clone();
    work.run(|_, session, options, events| apply::baseline(session, &version, digest, seen, options, events))?;
    work.end()?;
    output::result(&format!("{version} baseline: {objects}\n"))?;
    Ok(Done::Fine)
}

/// A database that plans were applied to is managed already.
fn refuse_managed(chain: &[plans::Saved], work: &mut Work) -> Result<()> {
    let rows = list::rows(chain, &mut *work.session)?;
    match rows.iter().find(|row| row.batches > 0) {
        Some(row) => Err(Error::refused(format!("this database is managed: `{}` was applied to it", line(&row.name)))
            .hint("`msr list` says where it stands")),
        None => Ok(()),
    }
}

/// Of the newest saved plan that leads to this state, so that it and those before it count as applied.
fn version(chain: &[plans::Saved], seen: Fingerprint) -> String {
    let reached = chain.iter().rev().map(|saved| &saved.loaded.plan.header).find(|header| header.goal == seen);
    reached.map_or(FIRST.into(), |header| header.version.clone())
}

fn differs(made: &Made, schema: &str) -> Error {
    let off = diff(&made.base, &made.goal);
    let error = Error::refused(format!("the schema `{schema}` does not say what this database is"));
    let told = off.iter().take(TOLD).fold(error, |error, delta| {
        error.detail(match delta {
            Delta::Add(id) => format!("only in the schema: {id}"),
            Delta::Drop(id) => format!("only in the database: {id}"),
            Delta::Set { id, attr, from, to } => {
                format!("{id}: {attr} is `{from}` in the database, `{to}` in the schema")
            }
            Delta::Rename { from, to } => format!("{from} in the database, {to} in the schema"),
        })
    });
    let told = if off.len() > TOLD { told.detail(format!("and {} more", off.len() - TOLD)) } else { told };
    told.hint("`msr inspect --split FOLDER` writes what there is into files; `msr plan` shows what would change")
}
