//! One file for each object, in a tree that a person finds their way in.

use super::super::context::Context;
use super::super::output;
use super::super::source_arg::statements;
use msr::model::{Catalog, Id, Kind};
use msr::plan::Plan;
use msr::render::text::count;
use msr::{Error, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes the tree. What is there is overwritten only by `force`, and files of others stay in any case.
pub fn split(context: &Context, folder: &Path, force: bool, plan: &Plan, catalog: &Catalog) -> Result<()> {
    let failed = |e: std::io::Error| Error::failed(format!("can't write into `{}`: {e}", folder.display()));
    let files = files(plan, catalog);
    fs::create_dir_all(folder).map_err(failed)?;
    if !force && fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(Error::refused(format!("the folder `{}` is not empty", folder.display()))
            .hint("name a new one, or overwrite the files of the same names with `--force`"));
    }
    for (path, sql) in files.values() {
        let path = folder.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        fs::write(&path, format!("{}\n", sql.trim_end())).map_err(failed)?;
    }
    for other in others(folder, &files).map_err(failed)? {
        output::warning(
            context,
            &format!("not written by this run, and still a part of the schema: {}", other.display()),
        );
    }
    output::note(context, &format!("wrote {} into {}", count(files.len(), "file"), folder.display()));
    Ok(())
}

/// By their paths in lower case: where `Users` and `users` are one file, both stand in it.
type Files = BTreeMap<String, (String, String)>;

fn files(plan: &Plan, catalog: &Catalog) -> Files {
    let mut files = Files::new();
    for step in &plan.steps {
        let path = path(home(&step.subject, catalog), catalog);
        files.entry(path.to_lowercase()).or_insert((path, String::new())).1.push_str(&statements(step));
    }
    files
}

/// What the step belongs to. A partition is attached in the file of the partitioned table, after its indexes: those of the
/// partitions find theirs by being attached.
fn home<'a>(subject: &'a Id, catalog: &'a Catalog) -> &'a Id {
    let root = catalog.root(subject);
    let link = catalog.get(subject).filter(|o| o.id().kind == Kind::Attachment);
    link.and_then(|link| link.wholes().find(|end| *end != root)).unwrap_or(root)
}

/// `public/tables/users.sql`, `public/schema.sql`, `extensions.sql`. An engine without schemas has no folders for them.
fn path(root: &Id, catalog: &Catalog) -> String {
    let schema = root.schema().filter(|_| catalog.of_kind(Kind::Schema).next().is_some()).map(plain);
    let kinds = plural(root.kind).replace([' ', '-'], "_");
    match (root.kind, schema) {
        (Kind::Schema, Some(schema)) => format!("{schema}/schema.sql"),
        // They act on what is made after them, and a folder is read in the order of names.
        (Kind::DefaultPrivilege, _) => format!("zz_{kinds}.sql"),
        (kind, Some(schema)) if kind.is_in_schema() => format!("{schema}/{kinds}/{}.sql", plain(root.name())),
        (kind, None) if kind.is_in_schema() => format!("{kinds}/{}.sql", plain(root.name())),
        _ => format!("{kinds}.sql"),
    }
}

/// A name as a file's. Those that differ only in what a file's name can't hold share a file.
fn plain(name: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || "_-".contains(c) { c } else { '_' };
    name.chars().take(64).map(kept).collect()
}

fn plural(kind: Kind) -> String {
    let word = kind.name();
    match word.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if word.ends_with("ss") => format!("{word}es"),
        None if word.ends_with('s') => word.to_string(),
        None => format!("{word}s"),
    }
}

/// Files of SQL below the folder that are none of these.
fn others(folder: &Path, files: &Files) -> std::io::Result<Vec<PathBuf>> {
    let (mut found, mut queue) = (vec![], vec![PathBuf::new()]);
    while let Some(at) = queue.pop() {
        for entry in fs::read_dir(folder.join(&at))? {
            let entry = entry?;
            let path = at.join(entry.file_name());
            let known = path.to_str().is_some_and(|path| files.contains_key(&path.to_lowercase()));
            if entry.file_type()?.is_dir() {
                queue.push(path);
            } else if !known && path.extension().is_some_and(|e| e == "sql") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
