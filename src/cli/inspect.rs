use super::context::{Context, Format};
use super::progress::Progress;
use super::source_arg::{Reader, Seen};
use super::{Done, output, session};
use msr::engine::Access;
use msr::model::{Catalog, Id};
use msr::plan::{Plan, Step};
use msr::render::{catalog, text};
use msr::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Show the schema of the database, as SQL that creates it
///
/// The SQL can be the beginning of schema/: it loads into an empty database and gives the same objects.
///
/// Formats: sql, ron, json.
#[derive(clap::Args)]
pub struct Args {
    /// Write one file for each table, view and so on into this folder, which must be empty or absent
    #[arg(long, value_name = "FOLDER")]
    split: Option<PathBuf>,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let format = context.format(&[Format::Sql, Format::Ron, Format::Json])?;
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
        Format::Ron => output::result(&catalog::ron(&seen.catalog)?)?,
        _ => {
            let plan = Reader { context, settings: &settings, engine }.between(&Catalog::default(), &seen)?;
            match &args.split {
                None => output::result(&plan.steps.iter().map(statements).collect::<String>())?,
                Some(folder) => split(context, folder, &plan, &seen.catalog)?,
            }
        }
    }
    for object in &seen.catalog.unmodelled {
        output::warning(context, &format!("not modelled by msr and left out: {} {}", object.what, object.name));
    }
    Ok(Done::Fine)
}

fn statements(step: &Step) -> String {
    step.up.iter().map(|sql| text::statement(sql) + "\n").collect::<String>() + "\n"
}

fn split(context: &Context, folder: &Path, plan: &Plan, catalog: &Catalog) -> Result<()> {
    let failed = |e: std::io::Error| Error::failed(format!("can't write into `{}`: {e}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    if std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(Error::refused(format!("the folder `{}` is not empty", folder.display()))
            .hint("name a new one: msr does not overwrite your files"));
    }
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for step in &plan.steps {
        files.entry(file_name(owner(&step.subject, catalog))).or_default().push_str(&statements(step));
    }
    for (name, sql) in &files {
        std::fs::write(folder.join(name), format!("{}\n", sql.trim_end())).map_err(failed)?;
    }
    output::note(context, &format!("wrote {} into {}", text::count(files.len(), "file"), folder.display()));
    Ok(())
}

/// The table of a part of a table: they stand in one file.
fn owner<'a>(id: &'a Id, catalog: &'a Catalog) -> &'a Id {
    let mut id = id;
    while let Some(parent) = catalog.get(id).and_then(|object| object.parent()) {
        id = parent;
    }
    id
}

/// `table.public.users.sql`. Two objects whose names differ only in what a file's name can't hold share a file.
fn file_name(id: &Id) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "_-".contains(c) { c } else { '_' };
    let part = |s: &str| s.chars().map(plain).collect::<String>();
    let path: Vec<String> = id.path.iter().take(2).map(|s| part(s)).collect();
    format!("{}.{}.sql", path.join("."), part(id.kind.name()))
}
