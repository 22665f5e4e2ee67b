use super::Done;
use super::context::Context;
use super::output;
use msr::{Error, Result};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Start a project: write msr.toml, schema/ and plans/
///
/// What is there already is left as it is.
#[derive(clap::Args)]
pub struct Args {}

const SETTINGS: &str = "\
# Settings of msr; flags and the environment come first.
# The database is better named in the environment: MSR_DATABASE_URL or DATABASE_URL.
# database = \"sqlite://msr.db\"
schema = \"schema\"
plans = \"plans\"
";

const SCHEMA: &str = "\
-- The schema you want, in as many files as you like and in any order. For example:
--
-- CREATE TABLE users (
--   id INTEGER PRIMARY KEY,
--   email TEXT NOT NULL UNIQUE
-- );
";

pub fn run(context: &Context, _: Args) -> Result<Done> {
    let mut wrote = false;
    for (path, text) in [("msr.toml", SETTINGS), ("schema/schema.sql", SCHEMA), ("plans/.gitkeep", "")] {
        // A project that has a schema needs no example in it.
        let folder = Path::new(path).parent().filter(|folder| folder.is_dir() && !folder.as_os_str().is_empty());
        if folder.is_none() && write_new(Path::new(path), text)? {
            output::note(context, &format!("wrote {path}"));
            wrote = true;
        }
    }
    let next = "write the tables you want into schema/, then run `msr plan`";
    output::note(context, if wrote { next } else { "all is there already" });
    Ok(Done::Fine)
}

/// Whether it was written; a file that exists is left alone.
fn write_new(path: &Path, text: &str) -> Result<bool> {
    let failed = |e: std::io::Error| Error::failed(format!("can't write `{}`: {e}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    match std::fs::File::create_new(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true).map_err(failed),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(failed(e)),
    }
}
