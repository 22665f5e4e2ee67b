//! The folder of saved plans: reading it in order, and putting one more into it.

pub use msr::apply::migrate::Saved;

use msr::apply::migrate;
use msr::plan::Plan;
use msr::plan::file;
use msr::{Error, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Reads one plan file; `-` is standard input.
pub fn read(path: &Path) -> Result<Saved> {
    if path.as_os_str() != "-" {
        return migrate::load(path);
    }
    let text = std::io::read_to_string(std::io::stdin());
    let text = text.map_err(|e| Error::refused(format!("can't read a plan from standard input: {e}")))?;
    let loaded = file::read(&text, "<stdin>")?;
    Ok(Saved { file: "<stdin>".into(), text: text.into(), loaded })
}

/// The plans of a folder, in the order of the chain.
pub fn chain(folder: &Path) -> Result<Vec<Saved>> {
    let plans = migrate::saved(folder)?;
    Ok(migrate::chain(&plans)?.into_iter().cloned().collect())
}

/// The chain as it is without one of its plans, and that plan's name.
pub fn without(folder: &Path, file: &Path) -> Result<(String, Vec<Saved>)> {
    let one = read(file)?.loaded;
    let mut plans = migrate::saved(folder)?;
    let before = plans.len();
    plans.retain(|saved| saved.loaded.checksum != one.checksum);
    if plans.len() == before {
        let (file, folder) = (file.display(), folder.display());
        return Err(Error::refused(format!("the plan `{file}` is none of those in `{folder}`")));
    }
    if let Some(child) = plans.iter().find(|saved| saved.loaded.plan.header.parent.as_ref() == Some(&one.checksum)) {
        return Err(Error::refused(format!("`{}` follows the plan `{}`", child.file, file.display()))
            .hint("rebase the last plan of its branch first"));
    }
    Ok((one.plan.header.name, migrate::chain(&plans)?.into_iter().cloned().collect()))
}

pub fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path).map_err(|e| unwritable(path, &e))
}

/// Where a new plan goes, and the version it gets.
pub struct Place {
    pub version: String,
    pub path: PathBuf,
}

/// A place in the folder that no plan has: by the minute, or by the first free second when another has the minute.
pub fn place(folder: &Path, name: &str, now: &jiff::Zoned, plans: &[Saved]) -> Result<Place> {
    let good = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(good) {
        return Err(Error::usage(format!("`{}` is no name for a plan", name.escape_debug()))
            .hint("use letters, digits, `_` and `-`"));
    }
    let taken = |version: &String| plans.iter().any(|saved| saved.loaded.plan.header.version == *version);
    let seconds =
        (0..).map(|later| (now + jiff::SignedDuration::from_secs(later)).strftime("%Y%m%d%H%M%S").to_string());
    let versions = std::iter::once(now.strftime("%Y%m%d%H%M").to_string()).chain(seconds);
    let version = versions.into_iter().find(|version| !taken(version)).unwrap_or_default();
    Ok(Place { path: folder.join(format!("{version}_{name}.ron")), version })
}

/// Writes a plan where none is.
pub fn save(path: &Path, plan: &Plan) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| unwritable(path, &e))?;
    }
    let temporary = temporary(path, &file::write(plan))?;
    temporary.persist_noclobber(path).map_err(|e| unwritable(path, &e.error))?;
    Ok(())
}

/// Writes the whole file or nothing: a plan that was cut off must not be mistaken for one.
pub fn write(path: &Path, text: &str) -> Result<()> {
    temporary(path, text)?.persist(path).map_err(|e| unwritable(path, &e.error))?;
    Ok(())
}

/// The text in a file beside `path`, which goes away unless it is given a name.
fn temporary(path: &Path, text: &str) -> Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is for its owner alone, unless told; the umask still applies.
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    let file = tempfile::Builder::new().prefix(".msr-").permissions(permissions).tempfile_in(folder);
    let mut file = file.map_err(|e| unwritable(path, &e))?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(|e| unwritable(path, &e))?;
    Ok(file)
}

fn unwritable(path: &Path, e: &std::io::Error) -> Error {
    Error::refused(format!("can't write `{}`: {e}", path.display()))
}
