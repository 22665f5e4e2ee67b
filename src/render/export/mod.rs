//! Plans as other tools' migrations: the way there, and the way back where the tool has one.
//!
//! A plan is cut where a transaction ends, since to all of them a file is a transaction or none ([`pieces`]); each tool's rules
//! on that are a record in [`TOOLS`], and its files are a function there.

mod pieces;
mod script;
#[cfg(test)]
mod tests;
mod tools;

pub use tools::TOOLS;

use crate::plan::Plan;
use crate::{Error, Result};
use script::Script;

/// One of the tools.
pub struct Tool {
    pub name: &'static str,
    /// What its files are called, in words.
    pub about: &'static str,
    /// Who begins and ends the transaction of a file.
    wraps: fn(engine: &str) -> Wraps,
    files: fn(&Migration) -> Result<Vec<File>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wraps {
    /// The tool, unless a file says that it shall not.
    Chosen,
    /// The tool, whatever the file is.
    Always,
    /// The file itself.
    Never,
}

/// A file for another tool, its path below the tool's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: String,
    pub text: String,
}

/// What a tool runs, and takes back, as one.
struct Migration {
    /// 14 digits.
    version: u64,
    name: String,
    up: Script,
    down: Script,
}

pub fn named(name: &str) -> Result<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name).ok_or_else(|| {
        let all: Vec<String> = TOOLS.iter().map(|tool| format!("`{}`", tool.name)).collect();
        Error::usage(format!("no tool `{}` to export to is known", name.escape_debug()))
            .hint(format!("known are {}", all.join(", ")))
    })
}

/// The plans in the tool's files. They follow each other in the order given, and so do the versions of their files: a plan that
/// is added later changes none of those before it.
pub fn export(plans: &[&Plan], tool: &Tool) -> Result<Vec<File>> {
    let mut files = vec![];
    let mut next = 0;
    for plan in plans {
        for (piece, at) in pieces::of(plan).into_iter().zip(0..) {
            let version = version(&plan.header.version)?.saturating_add(at).max(next);
            next = version + 1;
            let wraps = (tool.wraps)(&plan.header.engine);
            let script = |way| script::of(plan, way, &piece.head, wraps).map_err(|why| refused(tool, &piece, why));
            let migration = Migration { version, up: script(&piece.up)?, down: script(&piece.down)?, name: piece.name };
            files.extend((tool.files)(&migration)?);
        }
    }
    Ok(files)
}

fn refused(tool: &Tool, piece: &pieces::Piece, why: String) -> Error {
    Error::refused(format!("cannot export `{}` to {}: {why}", piece.name, tool.name))
}

/// `202611221430` as 20261122143000.
fn version(text: &str) -> Result<u64> {
    let digits = format!("{text:0<14}");
    let number = digits.parse().ok().filter(|_| digits.len() == 14);
    number.ok_or_else(|| Error::refused(format!("the version `{}` of a plan is no date", text.escape_debug())))
}
