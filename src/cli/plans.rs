//! The folder of saved plans: reading it, and putting one more into it.

use msr::plan::Plan;
use msr::plan::file::{self, Loaded};
use msr::{Error, Failure, Result};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A plan file and what is in it.
pub struct Saved {
    pub path: PathBuf,
    pub text: String,
    pub loaded: Loaded,
}

/// Reads one plan file; `-` is standard input.
pub fn read(path: &Path) -> Result<Saved> {
    let text = match path.as_os_str() == "-" {
        true => std::io::read_to_string(std::io::stdin()),
        false => std::fs::read_to_string(path),
    };
    let text = text.map_err(|e| Error::refused(format!("can't read the plan `{}`: {e}", path.display())))?;
    let loaded = file::read(&text, &path.display().to_string())?;
    Ok(Saved { path: path.to_owned(), text, loaded })
}

/// The plans of a folder, in the order of the chain. A folder that is not there holds none.
pub fn read_folder(folder: &Path) -> Result<Vec<Saved>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(vec![]),
        Err(e) => return Err(unreadable(folder, &e)),
    };
    let mut paths = vec![];
    for entry in entries {
        let path = entry.map_err(|e| unreadable(folder, &e))?.path();
        if path.extension().is_some_and(|extension| extension == "ron") {
            paths.push(path);
        }
    }
    paths.sort();
    chain(paths.iter().map(|path| read(path)).collect::<Result<_>>()?)
}

fn unreadable(folder: &Path, e: &std::io::Error) -> Error {
    Error::refused(format!("can't read the folder `{}`: {e}", folder.display()))
}

/// Puts plans in the order in which each names the one before as its parent.
fn chain(plans: Vec<Saved>) -> Result<Vec<Saved>> {
    let mut rest = plans;
    let mut chain: Vec<Saved> = vec![];
    loop {
        let head = chain.last().map(|saved| saved.loaded.checksum.clone());
        let next: Vec<usize> = (0..rest.len()).filter(|i| rest[*i].loaded.plan.header.parent == head).collect();
        match next[..] {
            [] if rest.is_empty() => return Ok(chain),
            [] => return Err(orphans(&rest)),
            [one] => chain.push(rest.remove(one)),
            _ => return Err(two_heads(chain.last(), next.iter().map(|i| &rest[*i]))),
        }
    }
}

fn orphans(rest: &[Saved]) -> Error {
    let error = Error::refused("the chain of saved plans is broken: a plan follows one that is not there");
    let error = rest.iter().fold(error, |e, saved| e.detail(saved.path.display().to_string()));
    error.hint("bring the missing plan file back; a plan that was edited and sealed anew breaks the chain after it")
}

fn two_heads<'a>(after: Option<&Saved>, heads: impl Iterator<Item = &'a Saved>) -> Error {
    let place = after.map_or("the beginning".into(), |saved| format!("`{}`", saved.path.display()));
    let error = Error::refused(format!("several saved plans follow {place}"));
    let error = heads.fold(error, |e, saved| e.detail(saved.path.display().to_string()));
    error.hint("keep one of them, delete the other and plan it again: `msr plan --save NAME --from plans`")
}

/// Where a new plan goes, and the version it gets.
pub struct Place {
    pub version: String,
    pub path: PathBuf,
}

/// A place in the folder that no plan has: by the minute, by the second when another has the minute.
pub fn place(folder: &Path, name: &str, now: &jiff::Zoned, plans: &[Saved]) -> Result<Place> {
    let good = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(good) {
        return Err(Error::usage(format!("`{}` is no name for a plan", name.escape_debug()))
            .hint("use letters, digits, `_` and `-`"));
    }
    let taken = |version: &str| plans.iter().any(|saved| saved.loaded.plan.header.version == version);
    let minute = now.strftime("%Y%m%d%H%M").to_string();
    let version = if taken(&minute) { now.strftime("%Y%m%d%H%M%S").to_string() } else { minute };
    Ok(Place { path: folder.join(format!("{version}_{name}.ron")), version })
}

/// Writes a plan where none is.
pub fn save(path: &Path, plan: &Plan) -> Result<()> {
    if path.exists() {
        return Err(Error::refused(format!("`{}` is there already", path.display())).hint("wait a second and run it again"));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| unwritable(path, &e))?;
    }
    write(path, &file::write(plan))
}

/// Writes the whole file or nothing: a plan that was cut off must not be mistaken for one.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new()
        .prefix(".msr-")
        .permissions(permissions())
        .tempfile_in(folder)
        .map_err(|e| unwritable(path, &e))?;
    temporary.write_all(text.as_bytes()).and_then(|()| temporary.as_file().sync_all()).map_err(|e| unwritable(path, &e))?;
    temporary.persist(path).map_err(|e| unwritable(path, &e.error))?;
    Ok(())
}

/// As any file that is written here (the umask still applies); temporary files are for their owner alone otherwise.
fn permissions() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

fn unwritable(path: &Path, e: &std::io::Error) -> Error {
    Error::new(Failure::Refused, format!("can't write `{}`: {e}", path.display()))
}
