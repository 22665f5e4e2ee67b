//! The crash matrix of promise 14: an apply, or the way back from one, is harmed at every moment in every way, and run again as it
//! was; then the goal is reached, each batch was done once, and the journal's chain holds.
//!
//! Several are at work at once (`MSR_CRASH_WORKERS`), each with a server of its own. A harm that left the database as it was, to
//! the byte, with nobody connected, needs no second run: that one would be the undisturbed run, which was tried. Nor does one that
//! left what another harm to the same case had left, from where it was finished: all rows of catalogs and tables, and the journal,
//! but for the numbers that a server gives to what is made.
//!
//! `MSR_CRASH=all` tries all of it on every fixture that can be applied, and `MSR_CRASH=N` about N runs of each engine (120 by
//! default), spread over the cases, the moments and the faults; `MSR_CRASH=points` tries the points that promise 14 names on every fixture.
//! `MSR_CRASH_EVERY` takes every so many of them, `MSR_CRASH_OF` those of cases with this in their names, and `MSR_CRASH_WAY` those of
//! one way, `up` or `down`. Some cases are tried
//! with each step in a transaction of its own, and a chain of plans in one (`[apply] transaction`).

#[path = "../support/mod.rs"]
#[macro_use]
mod support;
mod bench;
mod proxy;
mod state;

use bench::{Bench, Copied, spread, workers};
use proxy::{Asked, Fault, Moment, Proxy, When};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
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

/// How much one transaction holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Plan,
    Step,
    /// Of the plans of [`CHAIN`], one after the other.
    All,
}

/// What is harmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    /// `down` from what an apply left.
    Down,
}

/// Of the cases that are tried first, those that are tried with each step in a transaction of its own, too.
const STEPWISE: [&str; 3] = ["online/mixed", "columns/rename_and_retype", "tables/rename_and_rebuild"];

/// What plans that share one transaction lead to, one after the other.
const CHAIN: [&str; 3] = [
    "CREATE TABLE a (id integer PRIMARY KEY, x integer);",
    "CREATE TABLE a (id integer PRIMARY KEY, x integer, y text DEFAULT 'n');\nCREATE VIEW v AS SELECT id, y FROM a;",
    "CREATE TABLE a (id integer PRIMARY KEY, x integer, y text DEFAULT 'n');\nCREATE VIEW v AS SELECT id, y FROM a;\n\
     CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a (id));\nCREATE INDEX a_x ON a (x);",
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
    number: usize,
    /// What its database begins with.
    fill: String,
    engine: Engine,
    msr: Msr,
    /// Run before any harm is done, for the way back.
    before: Option<Args>,
    command: Args,
    /// On SQLite; on PostgreSQL each server has one of its own.
    from: Option<Database>,
    goal: Dump,
    /// The moments of an undisturbed apply.
    moments: Vec<Asked>,
    /// Of those that are tried first.
    first: bool,
    /// What harms left behind that were finished by a second run.
    finished: Mutex<BTreeSet<String>>,
}

type Args = &'static [&'static str];

const APPLY: Args = &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"];
const MIGRATE: Args = &["migrate", "--phase", "all", "--yes", "--allow", "all"];
const DOWN: Args = &["down", "0", "--yes", "--allow", "all"];

/// `None` where the case is not one to be applied, or not one that can be taken back.
fn ready(bench: &Bench, engine: Engine, number: usize, (mode, way, path): &(Mode, Way, PathBuf)) -> Option<Ready> {
    let text = |name: &str| std::fs::read_to_string(path.join(name)).unwrap_or_default();
    let msr = Msr::new().env("MSR_LOCK_WAIT", "60s");
    let (name, fill, command) = match mode {
        // SQLite makes no file for nothing.
        Mode::All => {
            (format!("a chain of plans {way:?}"), "CREATE TABLE gone (id integer); DROP TABLE gone;".into(), MIGRATE)
        }
        _ => {
            let place: Where = ron::from_str(&text("case.ron")).ok()?;
            let case: Case = ron::from_str(&text("case.ron")).ok()?;
            if !place.has(engine) || case.expect.is_some() || case.empty {
                return None;
            }
            if !case.settings.is_empty() {
                msr.write("msr.toml", &case.settings);
            }
            let name = path.strip_prefix(repository().join("fixtures")).ok()?.to_string_lossy().into_owned();
            (format!("{name} {mode:?} {way:?}"), format!("{}\n{}", text("old.sql"), text("seed.sql")), APPLY)
        }
    };
    let msr = msr.env("MSR_APPLY_TRANSACTION", format!("{mode:?}").to_lowercase());
    let from = engine.with(&fill).ok()?;
    planned(&msr, &from, *mode, &text("new.sql"))?;
    let (before, command) = if *way == Way::Up { (None, command) } else { (Some(command), DOWN) };
    let first = *mode != Mode::Plan || FIRST.iter().any(|name| path.ends_with(name));
    let (goal, moments, finished) = (Dump::default(), vec![], Mutex::default());
    let mut ready =
        Ready { name, number, fill, engine, msr, before, command, from: None, goal, moments, first, finished };
    if engine == Engine::Sqlite {
        ready.prepare(&from);
        ready.from = Some(from);
    }
    // What it leaves without being harmed is what it has to leave after any harm.
    let copy = bench.copy(&ready);
    let (output, moments, _) = ready.run(&copy, None);
    if *way == Way::Down && output.code == 4 {
        bench.drop(copy);
        return None;
    }
    output.expect(0);
    (ready.goal, ready.moments) = (copy.dump(), moments);
    bench.drop(copy);
    Some(ready)
}

/// Makes the plan, or the plans; `None` where there is nothing to do.
fn planned(msr: &Msr, from: &Database, mode: Mode, new: &str) -> Option<()> {
    if mode == Mode::All {
        msr.write("plans/.gitkeep", "");
        for (i, schema) in CHAIN.iter().enumerate() {
            msr.write("schema/s.sql", schema);
            msr.on(from, &["plan", "--save", &format!("number{i}"), "--from", "plans"]).expect(0);
        }
        return Some(());
    }
    msr.write("new.sql", new);
    msr.on(from, &["plan", "--schema", "new.sql", "--out", "p.ron", "--allow", "destructive"]).expect(0);
    msr.path("p.ron").exists().then_some(())
}

/// What came of one run.
struct Run {
    fired: bool,
    /// Nothing had changed and nobody was there: it would have been run again as if there had been no harm.
    untouched: bool,
    /// It left what another had left that was finished.
    known: bool,
}

impl Ready {
    /// Makes the loaded database what each run begins with.
    fn prepare(&self, database: &Database) {
        if let Some(before) = self.before {
            self.msr.on(database, before).expect(0);
        }
    }

    /// The command, harmed or not; what it said, its moments, and whether the harm was done.
    fn run(&self, to: &Database, moment: Option<Moment>) -> (Output, Vec<Asked>, bool) {
        match self.engine {
            Engine::Postgres => {
                let proxy = Proxy::start(moment);
                let url = proxy.url(&to.name);
                let child = self.msr.command(&[self.command, &["--database", &url]].concat()).spawn().expect("msr");
                proxy.watches(child.id());
                let output = finish(child, Duration::from_secs(120));
                (output, proxy.asked(), proxy.fired())
            }
            Engine::Sqlite => {
                static RUNS: AtomicUsize = AtomicUsize::new(0);
                let count = self.msr.path(&format!("moments{}", RUNS.fetch_add(1, Ordering::Relaxed)));
                let url = to.url();
                let mut command = self.msr.command(&[self.command, &["--database", &url]].concat());
                command.env("LD_PRELOAD", shim()).env("MSR_SHIM_COUNT", &count);
                if let Some(moment) = moment {
                    command.env("MSR_SHIM_AT", moment.at.to_string());
                    command.env("MSR_SHIM_SIGNAL", if moment.fault == Fault::Term { "15" } else { "9" });
                }
                let output = finish(command.spawn().expect("msr"), Duration::from_secs(120));
                let asked = std::fs::read_to_string(&count).ok().and_then(|n| n.trim().parse().ok()).unwrap_or(0);
                let _ = std::fs::remove_file(&count);
                (output, vec![Asked::Writes; asked], moment.is_some_and(|m| asked >= m.at || asked == 0))
            }
        }
    }

    /// Harm, then the same again; why it is not right.
    fn harmed(&self, bench: &Bench, moment: Moment) -> Result<Run, String> {
        let copy = bench.copy(self);
        let mark = bench.mark();
        let (first, _, fired) = self.run(&copy, Some(moment));
        if moment.fault == Fault::Crash {
            support::postgres().expect("a server").wait();
        }
        // An error that is no answer to what was asked, before there is a session, is a refusal.
        let refused = first.code == 4 && moment.fault == Fault::Error;
        if !refused && !matches!(first.code, 0 | 1 | 3 | 6 | 130 | 143 | 137) {
            return Err(format!("the harmed run ended oddly: {}", first.said()));
        }
        // All is as it was for the run that was not disturbed, which reached the goal.
        let untouched = bench.untouched(&copy, mark, moment.fault == Fault::Crash);
        // The server writes for itself now and then, which is no change of the database.
        if first.code == 4 && !untouched && !self.is_fresh(bench, &copy) {
            return Err(format!("the harmed run refused, and had changed something: {}", first.said()));
        }
        if untouched && first.code == 0 {
            return Err(format!("the harmed run ended well and did nothing: {}", first.said()));
        }
        if untouched {
            bench.keep(self, copy);
            return Ok(Run { fired, untouched, known: false });
        }
        let state = bench.state(&copy);
        let known = state.as_ref().is_some_and(|state| self.finished.lock().expect("states").contains(state));
        let held = if known { Ok(()) } else { self.finish(bench, &copy, &first) };
        bench.drop(copy);
        held?;
        self.finished.lock().expect("states").extend(state);
        Ok(Run { fired, untouched, known })
    }

    /// Whether it holds what it began with.
    fn is_fresh(&self, bench: &Bench, copy: &Copied) -> bool {
        let fresh = bench.copy(self);
        let same = bench.state(copy) == bench.state(&fresh);
        bench.drop(fresh);
        same
    }

    /// Runs it again, undisturbed, and looks whether all is as it should be.
    fn finish(&self, bench: &Bench, copy: &Copied, first: &Output) -> Result<(), String> {
        let again = self.msr.on(copy, self.command);
        if again.code != 0 {
            return Err(format!("the second run failed: {}\nafter the first: {}", again.said(), first.said()));
        }
        let off = differences(&copy.dump(), &self.goal);
        if !off.is_empty() {
            return Err(format!("the goal was not reached:\n  {}\nafter: {}", off.join("\n  "), first.said()));
        }
        let twice = self.twice(bench, copy);
        if !twice.is_empty() {
            return Err(format!("batches were done twice: {twice:?}\nafter: {}", first.said()));
        }
        let valid = self.msr.on(copy, &["list"]);
        if valid.code != 0 {
            return Err(format!("the journal does not hold: {}", valid.said()));
        }
        Ok(())
    }

    /// Batches, and ends of plans, that the journal has more than once since the case began. Where nothing was sent, as a constraint
    /// that is validated stays it on the way back, the second time is none.
    fn twice(&self, bench: &Bench, copy: &Copied) -> Vec<String> {
        const NOTHING: &str = " e3b0c44298fc1c14 ";
        let journal = self.engine.journal();
        let begun = if self.before.is_some() {
            format!("(SELECT max(number) FROM {journal} WHERE event = 'applied')")
        } else {
            "0".into()
        };
        let entries = format!(
            "SELECT checksum || ' ' || event || ' ' || batch, replace(steps, '\n', ';') FROM {journal} \
             WHERE event IN ('batch', 'applied', 'undone') AND number > {begun} ORDER BY number;"
        );
        let entries = match self.engine {
            Engine::Postgres => bench.ask_in(&copy.name, &entries),
            Engine::Sqlite => copy.ask(&entries),
        };
        let sent = |steps: &str| steps.is_empty() || steps.split_terminator(';').any(|step| !step.contains(NOTHING));
        let done = entries.lines().filter_map(|line| line.split_once('|')).filter(|(_, steps)| sent(steps));
        let mut seen = BTreeSet::new();
        done.filter(|(what, _)| !seen.insert(what.to_string())).map(|(what, _)| what.to_owned()).collect()
    }
}

/// All moments, each with all the harm that can be done there. A run that is killed when its request was answered and one that
/// is killed before the next request leave the same behind, as the server has heard the same: it is done once.
///
/// With `points` those that promise 14 names: of requests one after the other that only read the first alone, as nothing is
/// different at the others, and of a case that is not among the first nothing before what leads to its own first statement,
/// as all plans have that alike.
fn matrix(engine: Engine, of: &Ready, points: bool) -> Vec<Moment> {
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
    let moments = of.moments.len();
    let reads = |at: usize| of.moments.get(at.wrapping_sub(1)) == Some(&Asked::Reads);
    // The plan is noted, then comes the first transaction.
    let own = of.moments.iter().position(|asked| *asked == Asked::Step).unwrap_or(0).saturating_sub(5);
    let left = |at: &usize| points && (reads(*at) && reads(at - 1) || !of.first && *at <= own);
    let all =
        (1..=moments).filter(|at| !left(at)).flat_map(|at| faults.iter().map(move |(when, fault)| (at, *when, *fault)));
    let same = |(at, when, fault): &(usize, When, Fault)| (*when, *fault) == (When::After, Kill) && *at < moments;
    all.filter(|moment| !same(moment)).map(|(at, when, fault)| Moment { at, when, fault }).collect()
}

fn cases(engine: Engine) -> Vec<(Mode, Way, PathBuf)> {
    let fixtures = repository().join("fixtures");
    let named = |mode: Mode, names: &[&str]| -> Vec<(Mode, PathBuf)> {
        names.iter().map(|name| (mode, fixtures.join(name))).collect()
    };
    let mut all = [named(Mode::Plan, &FIRST), named(Mode::Step, &STEPWISE)].concat();
    if std::env::var("MSR_CRASH").is_ok_and(|v| v == "all" || v == "points") {
        let rest = fixture_cases().into_iter().filter(|path| !FIRST.iter().any(|name| path.ends_with(name)));
        all.extend(rest.map(|path| (Mode::Plan, path)));
    }
    all.retain(|(_, path)| path.join(engine.name()).is_dir());
    all.push((Mode::All, PathBuf::new()));
    if let Ok(named) = std::env::var("MSR_CRASH_OF") {
        all.retain(|(_, path)| path.to_string_lossy().contains(&named));
    }
    let ways: &[Way] = match std::env::var("MSR_CRASH_WAY").as_deref() {
        Ok("up") => &[Way::Up],
        Ok("down") => &[Way::Down],
        _ => &[Way::Up, Way::Down],
    };
    let both = |way: &Way| all.iter().map(|(mode, path)| (*mode, *way, path.clone())).collect::<Vec<_>>();
    ways.iter().flat_map(both).collect()
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

fn all_of(engine: Engine) {
    let mut benches: Vec<Bench> = (0..workers()).map(|_| Bench::new(engine)).collect();
    let paths = cases(engine);
    let cases: Vec<Ready> =
        spread(&mut benches, &paths, |bench, i, path| ready(bench, engine, i, path)).into_iter().flatten().collect();
    let named = std::env::var("MSR_CRASH_OF").is_ok();
    assert!(cases.len() >= 3 || named, "of the cases that are tried first, only {} are there", cases.len());
    let asked = std::env::var("MSR_CRASH");
    let points = asked.as_deref() == Ok("points");
    let every: Vec<(&Ready, Moment)> =
        cases.iter().flat_map(|c| matrix(engine, c, points).into_iter().map(move |m| (c, m))).collect();
    let wanted = match asked.as_deref() {
        Ok("all" | "points") => every.len() / number("MSR_CRASH_EVERY").unwrap_or(1).max(1),
        Ok(number) => number.parse().unwrap_or(120),
        Err(_) => 120,
    };
    // A step that has no divisor in common with the faults, so that all of them come up at all moments.
    let mut step = (every.len() / wanted.max(1)).max(1);
    while step > 1 && (step.is_multiple_of(5) || step.is_multiple_of(2)) {
        step -= 1;
    }
    // The others of every third, say, are tried by another run that begins with another one.
    let from = number("MSR_CRASH_FROM").unwrap_or(0);
    let chosen: Vec<(&Ready, Moment)> = every.iter().skip(from).step_by(step).copied().collect();
    // A case's moments stay together, so that its database need not be made on each server for each.
    let parts: Vec<&[(&Ready, Moment)]> =
        chosen.chunk_by(|a, b| a.0.number == b.0.number).flat_map(|part| part.chunks(100)).collect();
    let (begun, failures, tried) = (Instant::now(), AtomicUsize::new(0), AtomicUsize::new(0));
    let results = spread(&mut benches, &parts, |bench, _, part| {
        let mut results = vec![];
        for (case, moment) in *part {
            // The rest would most likely fail alike.
            if failures.load(Ordering::Relaxed) >= 20 {
                break;
            }
            let result = case.harmed(bench, *moment);
            failures.fetch_add(usize::from(result.is_err()), Ordering::Relaxed);
            results.push((moment, result.map_err(|why| format!("{} {moment:?}: {why}", case.name))));
        }
        // A run of hours that is broken off has said how far it came.
        let tried = tried.fetch_add(results.len(), Ordering::Relaxed) + results.len();
        println!(
            "{}: {tried} of {} tried in {:.0} s, {} failed",
            engine.name(),
            chosen.len(),
            begun.elapsed().as_secs_f64(),
            failures.load(Ordering::Relaxed)
        );
        for (_, result) in &results {
            result.as_ref().err().inspect(|why| println!("{why}"));
        }
        results
    });
    tell(engine, (cases.len(), every.len()), begun.elapsed(), results.into_iter().flatten().collect());
}

/// Prints what was tried, and fails where something was not right.
fn tell(engine: Engine, (cases, every): (usize, usize), took: Duration, results: Vec<(&Moment, Result<Run, String>)>) {
    let (mut counts, mut failed) = (BTreeMap::<String, (usize, usize)>::new(), vec![]);
    let (mut untouched, mut known) = (0, 0);
    let runs = results.len();
    for (moment, result) in results {
        let count = counts.entry(format!("{:?} {:?}", moment.fault, moment.when)).or_default();
        count.0 += 1;
        match result {
            Ok(run) => {
                count.1 += usize::from(run.fired);
                untouched += usize::from(run.untouched);
                known += usize::from(run.known);
            }
            Err(why) => failed.push(why),
        }
    }
    let each = took.as_secs_f64() / runs.max(1) as f64;
    println!(
        "crash matrix on {}: {cases} cases, {runs} of {every} runs in {:.0} s, {:.0} ms each by {} at once; all would take {:.0} min",
        engine.name(),
        took.as_secs_f64(),
        each * 1000.0,
        workers(),
        each * every as f64 / 60.0
    );
    println!("  {untouched} of them left the database as it was, to the byte, so that there was nothing to finish");
    println!("  {known} of them left what another had left, row for row, from where it had been finished");
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
