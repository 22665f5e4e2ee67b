//! What a rehearsal found, as it is written to disk: JSON, versioned, sealed by a hash.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const FORMAT: u32 = 1;

/// All that a rehearsal found. Times are whole microseconds and no fractions, so that reading gives what was written and the
/// hash holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub format: u32,
    pub msr: String,
    pub plan: Named,
    pub engine: String,
    pub server: u32,
    /// RFC 3339.
    pub at: String,
    /// `scratch`, or the database that was given.
    pub on: String,
    pub filled: Vec<Rows>,
    pub passes: Vec<Pass>,
    /// Why there was no way back to rehearse.
    pub no_way_back: Option<String>,
    pub succeeded: bool,
    pub error: Option<String>,
    pub hash: String,
}

/// The plan that was rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub version: String,
    pub name: String,
    pub checksum: String,
}

/// Rows that were generated before the first pass, or why none were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    pub table: String,
    pub rows: u64,
    pub why: Option<String>,
}

/// Once through the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// `up`, `down` or `up again`.
    pub way: String,
    pub micros: u64,
    pub steps: Vec<StepReport>,
    /// Whether the state afterwards was the one that was promised; `false` where the pass broke off.
    pub verified: bool,
    /// Rows of each filled table that is there afterwards.
    pub rows: Vec<Rows>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    pub step: usize,
    pub subject: String,
    pub micros: u64,
    /// Whether locks and the like could be watched: not outside of a transaction.
    pub watched: bool,
    /// Relation and mode, on what was there before the step.
    pub locks: Vec<(String, String)>,
    pub rewrites: Vec<String>,
    pub scans: Vec<String>,
    /// By how much the database grew.
    pub bytes: i64,
    /// Bytes written ahead, where the engine tells.
    pub wal: Option<u64>,
}

impl Report {
    pub fn new(plan: Named, engine: &str, server: u32) -> Report {
        Report {
            format: FORMAT,
            msr: env!("CARGO_PKG_VERSION").into(),
            plan,
            engine: engine.into(),
            server,
            at: String::new(),
            on: String::new(),
            filled: vec![],
            passes: vec![],
            no_way_back: None,
            succeeded: false,
            error: None,
            hash: String::new(),
        }
    }

    /// With the hash over all that stands in it now.
    pub fn sealed(mut self) -> Report {
        self.hash = self.hash();
        self
    }

    fn hash(&self) -> String {
        let plain = Report { hash: String::new(), ..self.clone() };
        let bytes = serde_json::to_vec(&plain).expect("plain data can be written as JSON");
        Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Reads the report called `name` and refuses one that is no proof for the plan of that checksum.
    pub fn require(text: &str, name: &str, checksum: &str) -> Result<Report> {
        let report = Report::read(text, name, checksum)?;
        if !report.succeeded {
            let error = refused(name, "tells of a rehearsal that failed".into());
            return Err(report.error.into_iter().fold(error, Error::detail));
        }
        Ok(report)
    }

    /// Reads the report called `name`, which tells of the plan of that checksum, however it went.
    pub fn read(text: &str, name: &str, checksum: &str) -> Result<Report> {
        let report: Report = serde_json::from_str(text)
            .map_err(|e| refused(name, format!("is not a report of a rehearsal that this msr can read: {e}")))?;
        if report.format != FORMAT {
            let why = format!("is a report of format {}, and this msr reads {FORMAT}", report.format);
            return Err(refused(name, why));
        }
        if report.hash != report.hash() {
            return Err(refused(name, "was edited: its hash does not match its content".into()));
        }
        if report.plan.checksum != checksum {
            let error = refused(name, format!("tells of another plan, `{}`", report.plan.name));
            return Err(error.detail(format!("it was made for {}", report.plan.checksum)));
        }
        Ok(report)
    }
}

fn refused(name: &str, why: String) -> Error {
    Error::refused(format!("`{name}` {why}")).hint("rehearse the plan: `msr rehearse PLAN --report FILE`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let named = Named { version: "1".into(), name: "n".into(), checksum: "c".into() };
        Report { succeeded: true, ..Report::new(named, "sqlite", 1) }.sealed()
    }

    #[test]
    fn only_a_whole_report_of_this_plan_will_do() {
        let text = serde_json::to_string_pretty(&report()).unwrap_or_default();
        assert_eq!(Report::require(&text, "r", "c").as_ref().ok(), Some(&report()));
        let why = |text: &str, checksum: &str| Report::require(text, "r", checksum).err().map(|e| e.message);
        assert!(why(&text, "d").is_some_and(|m| m.contains("another plan")));
        assert!(why(&text.replace("sqlite", "postgres"), "c").is_some_and(|m| m.contains("edited")));
        assert!(why("{}", "c").is_some_and(|m| m.contains("not a report")));
        let failed = Report { succeeded: false, ..report() }.sealed();
        let failed = serde_json::to_string(&failed).unwrap_or_default();
        assert!(why(&failed, "c").is_some_and(|m| m.contains("failed")));
    }
}
