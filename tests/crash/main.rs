//! The crash matrix of promise 14: an apply is harmed at every moment in every way, and run again as it was; then the goal is
//! reached, each batch was done once, and the journal's chain holds.
//!
//! `MSR_CRASH=all` tries all of it on every fixture that can be applied, and `MSR_CRASH=N` about N runs of each engine (120 by
//! default), spread over the cases, the moments and the faults.

#[path = "../support/mod.rs"]
#[macro_use]
mod support;
mod proxy;

use proxy::{Fault, Moment, Proxy, When};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use support::{
    Database, Dump, Engine, Msr, Output, Where, differences, finish, fixture_cases, folder, repository, run,
};

/// Cases whose plans are made of many sorts of steps; the first ones count when not all are tried.
const FIRST: [&str; 10] = [
    "online/mixed",
    "enums/reorder",
    "columns/rename_and_retype",
    "online/index_replace",
    "tables/drop_everything",
    "dependents/everything_over_a_column",
    "postgres-partitions/attach",
    "tables/rename_and_rebuild",
    "columns/drop_with_index_back",
    "columns/retype_sqlite",
];

#[derive(Debug, Clone, serde::Deserialize)]
struct Case {
    #[serde(default)]
    expect: Option<ron::Value>,
    #[serde(default)]
    empty: bool,
    #[serde(default)]
    settings: String,
}

/// A case made ready: the plan was made once, and each run begins from a copy of the database that it was made for.
struct Ready {
    name: String,
    engine: Engine,
    msr: Msr,
    from: Database,
    goal: Dump,
    /// How many moments an undisturbed apply has.
    moments: usize,
}

const APPLY: [&str; 7] = ["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"];

/// `None` where the case is not one to be applied.
fn ready(engine: Engine, path: &Path) -> Option<Ready> {
    let text = |name: &str| std::fs::read_to_string(path.join(name)).unwrap_or_default();
    let place: Where = ron::from_str(&text("case.ron")).ok()?;
    let case: Case = ron::from_str(&text("case.ron")).ok()?;
    if !place.has(engine) || case.expect.is_some() || case.empty {
        return None;
    }
    let name = path.strip_prefix(repository().join("fixtures")).ok()?.to_string_lossy().into_owned();
    let from = engine.with(&text("old.sql")).ok()?;
    from.load(&text("seed.sql")).ok()?;
    let msr = Msr::new().env("MSR_LOCK_WAIT", "60s");
    msr.write("new.sql", text("new.sql"));
    if !case.settings.is_empty() {
        msr.write("msr.toml", &case.settings);
    }
    // What apply leaves without being harmed is what it has to leave after any harm.
    msr.on(&from, &["plan", "--schema", "new.sql", "--out", "p.ron", "--allow", "destructive"]).expect(0);
    if !msr.path("p.ron").exists() {
        return None;
    }
    let mut ready = Ready { name, engine, msr, from, goal: Dump::default(), moments: 0 };
    let copy = ready.copy();
    let (output, moments, _) = ready.apply(&copy, None);
    output.expect(0);
    (ready.goal, ready.moments) = (copy.dump(), moments);
    Some(ready)
}

impl Ready {
    fn copy(&self) -> Database {
        self.from.copy()
    }

    /// One apply, harmed or not; what it said, how many moments it had, and whether the harm was done.
    fn apply(&self, to: &Database, moment: Option<Moment>) -> (Output, usize, bool) {
        match self.engine {
            Engine::Postgres => {
                let proxy = Proxy::start(moment);
                let url = proxy.url(&to.name);
                let child = self.msr.command(&[&APPLY[..], &["--database", &url]].concat()).spawn().expect("msr");
                proxy.watches(child.id());
                let output = finish(child, Duration::from_secs(120));
                (output, proxy.asked(), proxy.fired())
            }
            Engine::Sqlite => {
                let count = self.msr.path("moments");
                let _ = std::fs::remove_file(&count);
                let url = to.url();
                let mut command = self.msr.command(&[&APPLY[..], &["--database", &url]].concat());
                command.env("LD_PRELOAD", shim()).env("MSR_SHIM_COUNT", &count);
                if let Some(moment) = moment {
                    command.env("MSR_SHIM_AT", moment.at.to_string());
                    command.env("MSR_SHIM_SIGNAL", if moment.fault == Fault::Term { "15" } else { "9" });
                }
                let output = finish(command.spawn().expect("msr"), Duration::from_secs(120));
                let asked = std::fs::read_to_string(&count).ok().and_then(|n| n.trim().parse().ok()).unwrap_or(0);
                (output, asked, moment.is_some_and(|m| asked >= m.at || asked == 0))
            }
        }
    }

    /// Harm, then the same again; why it is not right.
    fn harmed(&self, moment: Moment) -> Result<bool, String> {
        let database = self.copy();
        let (first, _, fired) = self.apply(&database, Some(moment));
        if moment.fault == Fault::Crash {
            support::postgres().expect("a server").wait();
        }
        if !matches!(first.code, 0 | 1 | 3 | 6 | 130 | 143 | 137) {
            return Err(format!("the harmed run ended oddly: {}", first.said()));
        }
        let again = self.msr.on(&database, &APPLY);
        if again.code != 0 {
            return Err(format!("the second run failed: {}\nafter the first: {}", again.said(), first.said()));
        }
        let off = differences(&database.dump(), &self.goal);
        if !off.is_empty() {
            return Err(format!("the goal was not reached:\n  {}\nafter: {}", off.join("\n  "), first.said()));
        }
        let journal = self.engine.journal();
        let twice = database.ask(&format!(
            "SELECT batch, count(*) FROM {journal} WHERE event IN ('batch', 'applied') GROUP BY event, batch HAVING count(*) > 1"
        ));
        if !twice.is_empty() {
            return Err(format!("batches were done twice: {twice}\nafter: {}", first.said()));
        }
        let valid = self.msr.on(&database, &["list"]);
        if valid.code != 0 {
            return Err(format!("the journal does not hold: {}", valid.said()));
        }
        Ok(fired)
    }
}

/// All moments, each with all the harm that can be done there.
fn matrix(engine: Engine, moments: usize) -> Vec<Moment> {
    use Fault::*;
    let faults: &[(When, Fault)] = match engine {
        Engine::Postgres => &[
            (When::Before, Kill),
            (When::After, Cut),
            (When::Before, Terminate),
            (When::After, Kill),
            (When::Before, Term),
            (When::Before, Cut),
            (When::After, Terminate),
            (When::Before, Error),
            (When::After, Term),
            (When::After, Crash),
            (When::Before, Crash),
        ],
        Engine::Sqlite => &[(When::Before, Kill), (When::Before, Term)],
    };
    let all = (1..=moments).flat_map(|at| faults.iter().map(move |(when, fault)| (at, *when, *fault)));
    all.map(|(at, when, fault)| Moment { at, when, fault }).collect()
}

fn cases(engine: Engine) -> Vec<PathBuf> {
    let fixtures = repository().join("fixtures");
    let mut all: Vec<PathBuf> = FIRST.iter().map(|name| fixtures.join(name)).collect();
    if std::env::var("MSR_CRASH").is_ok_and(|v| v == "all") {
        all.extend(fixture_cases().into_iter().filter(|path| !FIRST.iter().any(|name| path.ends_with(name))));
    }
    all.retain(|path| path.join(engine.name()).is_dir());
    all
}

fn all_of(engine: Engine) {
    let cases: Vec<Ready> = cases(engine).iter().filter_map(|path| ready(engine, path)).collect();
    assert!(cases.len() >= 3, "of the cases that are tried first, only {} are there", cases.len());
    let every: Vec<(&Ready, Moment)> =
        cases.iter().flat_map(|c| matrix(engine, c.moments).into_iter().map(move |m| (c, m))).collect();
    let wanted = match std::env::var("MSR_CRASH").as_deref() {
        Ok("all") => every.len(),
        Ok(number) => number.parse().unwrap_or(120),
        Err(_) => 120,
    };
    // A step that has no divisor in common with the faults, so that all of them come up at all moments.
    let mut step = (every.len() / wanted.max(1)).max(1);
    while step > 1 && (step.is_multiple_of(11) || step.is_multiple_of(2)) {
        step -= 1;
    }
    let (mut counts, mut failed) = (BTreeMap::<String, (usize, usize)>::new(), vec![]);
    for (case, moment) in every.iter().step_by(step) {
        let count = counts.entry(format!("{:?} {:?}", moment.fault, moment.when)).or_default();
        count.0 += 1;
        match case.harmed(*moment) {
            Ok(fired) => count.1 += usize::from(fired),
            Err(why) => failed.push(format!("{} {moment:?}: {why}", case.name)),
        }
        if failed.len() == 5 {
            break;
        }
    }
    let runs: usize = counts.values().map(|c| c.0).sum();
    println!("crash matrix on {}: {} cases, {runs} of {} runs", engine.name(), cases.len(), every.len());
    for (fault, (tried, fired)) in &counts {
        println!("  {fault}: {tried} runs, in {fired} of them it came to pass");
    }
    assert!(failed.is_empty(), "{} of {runs} runs failed\n{}", failed.len(), failed.join("\n\n"));
    let never: Vec<&String> = counts.iter().filter(|(_, (_, fired))| *fired == 0).map(|(fault, _)| fault).collect();
    assert!(never.is_empty(), "never came to pass: {never:?}");
}

#[test]
fn p14_harmed_at_any_moment_and_run_again_on_postgres() {
    needs!(Engine::Postgres);
    all_of(Engine::Postgres);
}

#[test]
fn p14_harmed_at_any_moment_and_run_again_on_sqlite() {
    needs!(Engine::Sqlite);
    all_of(Engine::Sqlite);
}

/// A library that counts what a process writes to disk and ends it at one of these writes: what SQLite had asked of the kernel
/// until then stands, the rest does not.
fn shim() -> PathBuf {
    static BUILT: std::sync::OnceLock<(tempfile::TempDir, PathBuf)> = std::sync::OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = folder();
        let path = folder.path().join("shim.so");
        let source = repository().join("tests/crash/shim.c");
        run(Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&path).arg(source).arg("-ldl"), "")
            .expect("cc builds tests/crash/shim.c");
        (folder, path)
    });
    path.clone()
}
