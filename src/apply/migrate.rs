//! Every pending plan of a folder is applied, in the order of the chain that the plans form by their parents' checksums.

use super::history::{History, Past, State};
use super::journal::Tables;
use super::run::{finished, forward};
use super::target::Target;
use super::{Event, Options, Phases, Report, gate, lock, together};
use crate::engine::{Engine, Session};
use crate::error::closest;
use crate::plan::Transaction;
use crate::plan::file::{self, Loaded};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// A plan file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// As messages name it.
    pub file: String,
    pub text: Arc<str>,
    pub loaded: Loaded,
}

/// All plans of a folder, by file name. A folder that is not there has none.
pub fn saved(folder: &Path) -> Result<Vec<Saved>> {
    let unreadable = |e: std::io::Error| Error::config(format!("cannot read the plans in `{}`: {e}", folder.display()));
    if !folder.exists() {
        return Ok(vec![]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|e| e == "ron") {
            files.push(path);
        }
    }
    files.sort();
    files.into_iter().map(|path| load(&path)).collect()
}

/// One plan file. No more of it is read than a plan can have.
pub fn load(path: &Path) -> Result<Saved> {
    let file = path.display().to_string();
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(path);
    opened
        .and_then(|f| {
            bytes.reserve_exact(f.metadata()?.len().min(file::LIMIT as u64) as usize + 1);
            f.take(file::LIMIT as u64 + 1).read_to_end(&mut bytes)
        })
        .map_err(|e| Error::config(format!("cannot read the plan `{file}`: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::refused(format!("`{file}` is not a plan of msr: it is not UTF-8")).at(format!("{file}:1:1"))
    })?;
    let loaded = file::read(&text, &file)?;
    Ok(Saved { file, text: text.into(), loaded })
}

/// The plans from the first to the last. A fork is refused: which of two plans with one parent comes first is for people
/// to say, by `msr plan --rebase`.
pub fn chain(plans: &[Saved]) -> Result<Vec<&Saved>> {
    let mut by_checksum: BTreeMap<&str, &Saved> = BTreeMap::new();
    for plan in plans {
        if let Some(twin) = by_checksum.insert(&plan.loaded.checksum, plan) {
            return Err(Error::refused(format!("`{}` and `{}` are the same plan", twin.file, plan.file))
                .hint("remove one of the files"));
        }
    }
    let mut children: BTreeMap<Option<&str>, Vec<&Saved>> = BTreeMap::new();
    for plan in plans {
        // A parent that is not there any more was applied long ago and tidied away: its child is where this folder begins.
        let parent = plan.loaded.plan.header.parent.as_deref().filter(|p| by_checksum.contains_key(p));
        children.entry(parent).or_default().push(plan);
    }
    let orphan = |s: &&&Saved| s.loaded.plan.header.parent.is_some();
    if let Some(first) = children.get(&None).filter(|c| c.len() > 1).and_then(|c| c.iter().find(orphan)) {
        return Err(Error::refused(format!("`{}` follows a plan that is not there", first.file))
            .code(crate::error::code::MISSING_PLAN)
            .hint("bring the missing file back, or make this one anew with `msr plan --rebase FILE`"));
    }
    if let Some(fork) = children.values().find(|c| c.len() > 1) {
        return Err(Error::refused("two plans follow the same one: the history forks")
            .code(crate::error::code::TWO_HEADS)
            .detail(names(fork.iter().copied()))
            .hint("`msr plan --rebase FILE` makes one of them anew on top of the other"));
    }
    let mut ordered = Vec::new();
    let mut last = None;
    while let Some(next) = children.get(&last).and_then(|c| c.first()) {
        ordered.push(*next);
        last = Some(&*next.loaded.checksum);
    }
    match twice(&ordered) {
        Some(version) => {
            let twins = ordered.into_iter().filter(|p| p.loaded.plan.header.version == version);
            Err(Error::refused(format!("two plans have the version `{version}`"))
                .detail(names(twins))
                .hint("`msr plan --rebase FILE` gives the later one a version of its own"))
        }
        None => Ok(ordered),
    }
}

fn twice<'a>(plans: &[&'a Saved]) -> Option<&'a str> {
    let mut seen = BTreeSet::new();
    plans.iter().map(|p| &*p.loaded.plan.header.version).find(|v| !seen.insert(*v))
}

fn names<'a>(plans: impl Iterator<Item = &'a Saved>) -> String {
    plans.map(|p| format!("`{}`", p.file)).collect::<Vec<_>>().join(", ")
}

/// Applies what is pending, up to the version `to` if one is given. A database that is ahead of the plans has nothing
/// pending: a release that was rolled back starts as before.
pub fn migrate(
    plans: &[Saved],
    to: Option<&str>,
    engine: &dyn Engine,
    session: &mut dyn Session,
    options: &Options,
    events: &mut dyn FnMut(Event),
) -> Result<Vec<Report>> {
    let chain = until(chain(plans)?, to)?;
    let mut target = Target::new(session, options, events);
    // Without the lock first: when all is done, many that start at once need not queue.
    let (tables, entries) = target.journal().look()?;
    if tables != Tables::Outdated {
        let history = target.history(&entries)?;
        if pending(&mut target, plans, &chain, &history)?.is_empty() {
            return Ok(vec![]);
        }
    }
    for saved in &chain {
        gate::engine(&saved.loaded.plan, engine, target.session().server())?;
    }
    lock::held(&mut target, |target| {
        let history = target.read_journal()?;
        let pending = pending(target, plans, &chain, &history)?;
        if target.options.transaction == Transaction::All {
            return together::run(target, engine, &pending);
        }
        let mut reports = Vec::new();
        for saved in pending {
            let report = forward(target, &saved.loaded, &saved.text);
            reports.push(report.map_err(|e| e.during(format!("`{}`", saved.file)))?);
        }
        Ok(reports)
    })
}

fn until<'a>(chain: Vec<&'a Saved>, to: Option<&str>) -> Result<Vec<&'a Saved>> {
    let Some(version) = to else { return Ok(chain) };
    let last = chain.iter().position(|s| s.loaded.plan.header.version == version);
    let last = last.ok_or_else(|| {
        let known: Vec<&str> = chain.iter().map(|s| s.loaded.plan.header.version.as_str()).collect();
        let error = Error::refused(format!("no plan has the version `{version}`"));
        closest(version, &known).map_or(error.clone(), |near| error.hint(format!("did you mean `{near}`?")))
    })?;
    Ok(chain[..=last].to_vec())
}

/// The plans of the chain that have something left to do. Refused where database and files tell two histories.
fn pending<'a>(target: &mut Target, plans: &[Saved], chain: &[&'a Saved], history: &History) -> Result<Vec<&'a Saved>> {
    let phases = target.options.phases;
    for saved in plans {
        edited(saved, plans, history)?;
    }
    let past = |s: &&Saved| history.get(&s.loaded.checksum);
    let covered = |s: &&Saved| history.covers(&s.loaded.plan.header.version, &s.loaded.checksum);
    let applied =
        |s: &&Saved| covered(s) || past(s).is_some_and(|p| matches!(p.state, State::Applied | State::Expanded));
    if let (Some(gap), Some(last)) = (chain.iter().position(|s| !applied(s)), chain.iter().rposition(applied))
        && gap < last
    {
        return Err(diverged(format!("`{}` is not applied, but `{}` after it is", chain[gap].file, chain[last].file)));
    }
    let open = chain.iter().filter(|s| match phases {
        Phases::Contract => past(s).is_some_and(|p| p.state == State::Expanded || p.state == State::PartApplied),
        _ => !covered(s) && !past(s).is_some_and(|p| finished(p, phases)),
    });
    let open: Vec<&Saved> = open.copied().collect();
    if let Some(first) = open.iter().find(|s| !applied(s)) {
        other_branch(target, first, plans, history)?;
    }
    Ok(open)
}

fn diverged(what: String) -> Error {
    Error::refused(format!("the plans and this database tell two histories: {what}"))
        .code(crate::error::code::TWO_HISTORIES)
        .hint("`msr list` shows both; bring the files that were applied back, or `msr down` what should not be there")
}

/// A plan that was applied and changed since has its version under another checksum in the journal.
fn edited(saved: &Saved, plans: &[Saved], history: &History) -> Result<()> {
    let header = &saved.loaded.plan.header;
    let other = history.plans.iter().find(|p| {
        p.stands() && p.version == header.version && p.name == header.name && p.checksum != saved.loaded.checksum
    });
    match other {
        Some(past) if plans.iter().all(|s| s.loaded.checksum != past.checksum) => {
            Err(diverged(format!("`{}` was edited after it was applied at {}", saved.file, past.at)))
        }
        _ => Ok(()),
    }
}

/// What the first pending plan follows must be here. And a plan that stands here, has no file, and follows the same one, is
/// the other side of a fork.
fn other_branch(target: &mut Target, first: &Saved, plans: &[Saved], history: &History) -> Result<()> {
    let Some(parent) = &first.loaded.plan.header.parent else { return Ok(()) };
    let known = plans.iter().any(|s| s.loaded.checksum == *parent) || history.get(parent).is_some_and(Past::stands);
    if !known && history.baseline.is_none() {
        return Err(diverged(format!("`{}` follows a plan that is neither there nor applied", first.file)));
    }
    for past in history.standing().into_iter().filter(|p| plans.iter().all(|s| s.loaded.checksum != p.checksum)) {
        let text = target.journal().plan(&past.checksum)?.unwrap_or_default();
        let loaded = file::read(&text, &past.name);
        if loaded.is_ok_and(|l| l.plan.header.parent.as_ref() == Some(parent)) {
            let what =
                format!("`{}` follows the same plan as `{}`, which is applied and has no file", first.file, past.name);
            return Err(diverged(what));
        }
    }
    Ok(())
}
