mod split;

pub use split::split;

use super::context::{Context, Format};
use super::progress::Progress;
use super::source_arg::{Reader, Seen, statements};
use super::{Done, output, session};
use msr::engine::Access;
use msr::render::{catalog, diagram};
use msr::{Error, Result};
use std::path::PathBuf;

/// Show the schema of the database, as SQL that creates it
///
/// The SQL can be the beginning of schema/: it loads into an empty database and gives the same objects.
///
/// Formats: sql, ron, json; mermaid, dot and svg draw the relations and what points where.
#[derive(clap::Args)]
pub struct Args {
    /// Write a file for each object into a tree in this folder, as public/tables/users.sql; it must be empty or absent
    #[arg(long, value_name = "FOLDER")]
    split: Option<PathBuf>,
    /// With --split: write into a folder that is not empty, over files of the same names
    #[arg(long, requires = "split")]
    force: bool,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let format =
        context.format(&[Format::Sql, Format::Ron, Format::Json, Format::Mermaid, Format::Dot, Format::Svg])?;
    let settings = context.settings()?;
    let (engine, mut session) = session::target(&settings, Access::Read)?;
    let seen = {
        let mut progress = Progress::new(context);
        progress.at("reading the database", 0, 0);
        Seen::of(&mut *session)?
    };
    if args.split.is_some() && format != Format::Sql {
        return Err(Error::usage("`--split` writes SQL, and another format was asked for"));
    }
    match format {
        Format::Json => output::result(&catalog::json(&seen.catalog))?,
        Format::Mermaid => output::result(&diagram::mermaid(&diagram::schema(&seen.catalog)))?,
        Format::Dot => output::result(&diagram::dot(&diagram::schema(&seen.catalog)))?,
        Format::Svg => output::result(&diagram::svg(&diagram::schema(&seen.catalog), diagram::Use::File))?,
        Format::Ron => output::result(&catalog::ron(&seen.catalog)?)?,
        _ => {
            let plan = Reader { context, settings: &settings, engine }.creation(&seen)?;
            match &args.split {
                None => output::result(&plan.steps.iter().map(statements).collect::<String>())?,
                Some(folder) => split(context, folder, args.force, &plan, &seen.catalog)?,
            }
        }
    }
    for object in &seen.catalog.unmodelled {
        output::warning(context, &format!("not modelled by msr and left out: {} {}", object.what, object.name));
    }
    Ok(Done::Fine)
}
