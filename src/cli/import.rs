use super::context::Context;
use super::inspect::split;
use super::source_arg::{Form, Reader, statements};
use super::{Done, output};
use msr::engine;
use msr::{Error, Result};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Read a folder of another tool's migrations, and write the schema that they lead to
///
/// They are run on scratch, in their order. The names of the files tell whose they are: diesel's, sqlx's, refinery's and
/// Flyway's, dbmate's, golang-migrate's, or `V20261122143000_name.up.sql`. Such a folder is a source as well: for `--schema`,
/// `plan --from` and `diff`.
#[derive(clap::Args)]
pub struct Args {
    folder: String,
    /// Write into this folder, a file for each object, or into one file if the name ends in .sql [default: standard output]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Write into a folder that is not empty, over files of the same names
    #[arg(long, requires = "out")]
    force: bool,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let settings = context.settings()?;
    let engine = engine::named(settings.database.engine())?;
    let reader = Reader { context, settings: &settings, engine };
    let seen = reader.catalog(&Form::Migrations(args.folder))?;
    let plan = reader.creation(&seen)?;
    let script = || plan.steps.iter().map(statements).collect::<String>();
    match &args.out {
        None => output::result(&script())?,
        Some(path) if path.extension().is_some_and(|e| e == "sql") => {
            write(path, args.force, &script())?;
            output::note(context, &format!("wrote {}", path.display()));
        }
        Some(folder) => split(context, folder, args.force, &plan, &seen.catalog)?,
    }
    for object in &seen.catalog.unmodelled {
        output::warning(context, &format!("not modelled by msr and left out: {} {}", object.what, object.name));
    }
    Ok(Done::Fine)
}

fn write(path: &Path, force: bool, text: &str) -> Result<()> {
    let failed = |e: std::io::Error| match e.kind() {
        ErrorKind::AlreadyExists => Error::refused(format!("the file `{}` is there already", path.display()))
            .hint("overwrite it with `--force`"),
        _ => Error::failed(format!("can't write `{}`: {e}", path.display())),
    };
    let file = if force { std::fs::File::create(path) } else { std::fs::File::create_new(path) };
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)
}
