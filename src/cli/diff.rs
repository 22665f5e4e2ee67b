use super::context::{Context, Format};
use super::source_arg::{Reader, engine_of, form};
use super::{Done, output};
use msr::render::{human, json, sql};
use msr::{Error, Result, engine};

/// Show the difference between two sources, as the steps from one to the other
///
/// A source is an .sql file, a folder of them, a database URL, a plan file (what is there after it), the folder plans/ (all
/// plans replayed), a folder of another tool's migrations (replayed), or `-` for standard input. The steps are not proved, and a rename is a drop and an add: to change a
/// database, use `msr plan`.
///
/// Formats: human, json, sql.
#[derive(clap::Args)]
pub struct Args {
    from: String,
    to: String,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let format = context.format(&[Format::Human, Format::Json, Format::Sql])?;
    if args.from == "-" && args.to == "-" {
        return Err(Error::usage("only one of the two sources can be standard input"));
    }
    let settings = context.settings()?;
    let (from, to) = (form(&args.from, &settings)?, form(&args.to, &settings)?);
    let engine = match (engine_of(&from)?, engine_of(&to)?) {
        (Some(a), Some(b)) if a.name() != b.name() => {
            return Err(Error::usage(format!("can't compare the engines `{}` and `{}`", a.name(), b.name())));
        }
        (Some(engine), _) | (None, Some(engine)) => engine,
        (None, None) => engine::named(settings.database.engine())?,
    };
    let reader = Reader { context, settings: &settings, engine };
    let (from, to) = std::thread::scope(|both| {
        let from = both.spawn(|| reader.catalog(&from));
        let to = reader.catalog(&to);
        (from.join(), to)
    });
    let (from, to) = (from.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?, to?);
    let plan = reader.between(&from.catalog, &to)?;
    output::result(&match format {
        Format::Json => json::plan(&plan),
        Format::Sql => sql::up(&plan),
        _ if plan.is_empty() => "No difference.\n".to_string(),
        _ => human::plan(&plan, context.look()),
    })?;
    Ok(Done::Fine)
}
