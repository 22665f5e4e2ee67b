use super::context::Context;
use super::{Done, output, plans};
use msr::plan::{Phase, Plan};
use msr::render::export::{self, File, TOOLS};
use msr::render::text::{count, label};
use msr::{Error, Result};
use std::path::{Path, PathBuf};

/// Write plans as another tool's migrations, with their ways back
///
/// A plan becomes as many migrations as it has transactions: what cannot be in one is a file of its own, marked as the tool
/// wants it. Plans that are exported already are left as they are, so that plans/ can be exported again after each `plan --save`.
#[derive(clap::Args)]
pub struct Args {
    /// A plan file, or a folder of plans [default: plans]
    source: Option<PathBuf>,
    /// diesel, sqlx, refinery, flyway, dbmate, golang-migrate, or sql for plain files
    #[arg(long, value_name = "TOOL", value_parser = clap::builder::PossibleValuesParser::new(TOOLS.iter().map(|t| t.name)))]
    to: String,
    /// The tool's folder of migrations
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Write over files that say something else
    #[arg(long)]
    force: bool,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let tool = export::named(&args.to)?;
    let source = match args.source {
        Some(path) => path,
        None => PathBuf::from(context.settings()?.plans),
    };
    let one = source.is_file() || source.as_os_str() == "-" || source.extension().is_some_and(|e| e == "ron");
    let saved = if one { vec![plans::read(&source)?] } else { plans::chain(&source)? };
    if saved.is_empty() {
        return Err(Error::refused(format!("there is no plan in `{}`", source.display()))
            .hint("save one with `msr plan --save NAME`, or name a plan file"));
    }
    let all: Vec<&Plan> = saved.iter().map(|saved| &saved.loaded.plan).collect();
    let files = export::export(&all, tool)?;
    let new = unlike(&args.out, &files, args.force)?;
    for file in &new {
        let path = args.out.join(&file.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|e| Error::failed(format!("can't make `{}`: {e}", folder.display())))?;
        }
        plans::write(&path, &file.text)?;
    }
    all.iter().for_each(|plan| warn(context, plan));
    let there = files.len() - new.len();
    let kept = if there == 0 { String::new() } else { format!(", and {} were there already", count(there, "file")) };
    output::note(
        context,
        &format!("wrote {} for {} into {}{kept}", count(new.len(), "file"), tool.name, args.out.display()),
    );
    Ok(Done::Fine)
}

/// What is to be written: all but the files that are there and say the same.
fn unlike<'a>(folder: &Path, files: &'a [File], force: bool) -> Result<Vec<&'a File>> {
    let mut new = vec![];
    let mut others = vec![];
    for file in files {
        match std::fs::read_to_string(folder.join(&file.path)) {
            Ok(text) if text == file.text => {}
            Ok(_) if !force => others.push(file.path.clone()),
            _ => new.push(file),
        }
    }
    others.extend(same_versions(folder, &new, files));
    if others.is_empty() {
        return Ok(new);
    }
    let error = Error::refused(format!(
        "cannot export into `{}`: it has other migrations of these names or versions",
        folder.display()
    ));
    let error = others.into_iter().take(10).fold(error, Error::detail);
    Err(error.hint("name a new folder, or, if none of them ran anywhere, write over them with `--force`"))
}

/// Files of others with a version that one of the new ones has.
fn same_versions(folder: &Path, new: &[&File], files: &[File]) -> Vec<String> {
    let version =
        |name: &str| name.trim_start_matches(['V', 'U']).chars().take_while(char::is_ascii_digit).collect::<String>();
    let first = |path: &str| path.split('/').next().unwrap_or_default().to_string();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut there: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    there.sort();
    there.retain(|name| files.iter().all(|f| first(&f.path) != *name));
    there.retain(|name| new.iter().any(|f| version(&f.path) == version(name)));
    there
}

/// What another tool does not look after.
fn warn(context: &Context, plan: &Plan) {
    let name = label(&plan.header.version, &plan.header.name);
    if plan.steps.iter().any(|step| step.phase == Phase::Contract) {
        output::warning(
            context,
            &format!("{name} has a contract phase: hold back its files until the old application is gone"),
        );
    }
    if plan.steps.iter().any(|step| step.loses.is_some()) {
        output::warning(context, &format!("{name} loses data, and nobody will ask before the exported files do"));
    }
}
