//! Where a database stands: its plans, one row each.

use super::history::{Baseline, History, State};
use super::journal::Entry;
use super::migrate::Saved;

/// How a plan stands with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Pending,
    PartApplied,
    /// All but the contract phase is done.
    WaitsForContract,
    Applied,
    Failed,
    Undone,
    /// Part of what `msr baseline` found.
    Baseline,
}

impl Standing {
    pub fn word(self) -> &'static str {
        match self {
            Standing::Pending => "pending",
            Standing::PartApplied => "part-applied",
            Standing::WaitsForContract => "waits for contract",
            Standing::Applied => "applied",
            Standing::Failed => "failed",
            Standing::Undone => "undone",
            Standing::Baseline => "baseline",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub version: String,
    pub name: String,
    pub checksum: String,
    pub standing: Standing,
    /// The plan's file, if there is one.
    pub file: Option<String>,
    /// Batches that stand, and of how many where the file says so.
    pub batches: usize,
    pub of: Option<usize>,
    /// When it came to stand so; server clock.
    pub at: Option<String>,
    pub who: Option<String>,
    pub seconds: Option<f64>,
    pub error: Option<String>,
}

/// All plans of the folder and of the journal, by version.
pub fn list(plans: &[Saved], entries: &[Entry]) -> Vec<Row> {
    let history = History::of(entries);
    let mut rows: Vec<Row> = plans.iter().map(|saved| of_file(saved, &history)).collect();
    let unknown = history.plans.iter().filter(|past| plans.iter().all(|s| s.loaded.checksum != past.checksum));
    rows.extend(unknown.map(|past| Row { version: past.version.clone(), name: past.name.clone(), ..seen(past) }));
    rows.extend(history.baseline.as_ref().map(found));
    rows.sort_by(|a, b| (&a.version, &a.name, &a.checksum).cmp(&(&b.version, &b.name, &b.checksum)));
    rows
}

fn of_file(saved: &Saved, history: &History) -> Row {
    let header = &saved.loaded.plan.header;
    let past = history.get(&saved.loaded.checksum).map(seen);
    let row = past.unwrap_or(Row {
        version: String::new(),
        name: String::new(),
        checksum: saved.loaded.checksum.clone(),
        standing: if history.covers(&header.version, &saved.loaded.checksum) {
            Standing::Baseline
        } else {
            Standing::Pending
        },
        file: None,
        batches: 0,
        of: None,
        at: None,
        who: None,
        seconds: None,
        error: None,
    });
    Row {
        version: header.version.clone(),
        name: header.name.clone(),
        file: Some(saved.file.clone()),
        of: Some(saved.loaded.plan.batches.len()),
        ..row
    }
}

fn found(baseline: &Baseline) -> Row {
    Row {
        version: baseline.version.clone(),
        name: baseline.name.clone(),
        checksum: String::new(),
        standing: Standing::Baseline,
        file: None,
        batches: 0,
        of: None,
        at: Some(baseline.at.clone()),
        who: Some(baseline.who.clone()),
        seconds: None,
        error: None,
    }
}

fn seen(past: &super::history::Past) -> Row {
    Row {
        version: past.version.clone(),
        name: past.name.clone(),
        checksum: past.checksum.clone(),
        standing: match past.state {
            State::Begun => Standing::Pending,
            State::PartApplied => Standing::PartApplied,
            State::Expanded => Standing::WaitsForContract,
            State::Applied => Standing::Applied,
            State::Failed => Standing::Failed,
            State::Undone => Standing::Undone,
        },
        file: None,
        batches: past.batches,
        of: None,
        at: Some(past.at.clone()),
        who: Some(past.who.clone()),
        seconds: Some(past.millis as f64 / 1000.0),
        error: past.error.clone(),
    }
}
