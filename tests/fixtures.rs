//! One test of each (case, engine) under `fixtures/`: see `fixtures/README.md`.
//!
//! Everything goes through the binary; what it did is judged by `pg_dump` and SQLite's own pragmas.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use similar::TextDiff;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use support::{
    Database, Engine, Msr, Where, columns_in_both, common, differences, entries, fixture_cases, fixture_groups,
    repository,
};

/// `case.ron`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "about")]
    _about: String,
    engines: Vec<String>,
    #[serde(default)]
    expect: Expect,
    #[serde(default)]
    downs: Downs,
    #[serde(default)]
    rows: Seeded,
    /// Nothing is to be planned: both files say the same.
    #[serde(default)]
    empty: bool,
    /// Queries after apply, and what they answer.
    #[serde(default)]
    asks: Vec<(String, String)>,
    /// Of PostgreSQL: only from this major version on. Texts are compared on that version, or on 15: elsewhere the server
    /// may print them otherwise.
    #[serde(default)]
    since: u32,
    /// What stands in `msr.toml`.
    #[serde(default)]
    settings: String,
    /// Text that the plan's SQL must not hold.
    #[serde(default)]
    lacks: Vec<String>,
}

impl Case {
    fn place(&self) -> Where {
        Where { engines: self.engines.clone(), since: self.since }
    }

    fn has_texts_of(&self, engine: Engine) -> bool {
        // What is set for all cases is another way to the same end.
        let as_set = std::env::var_os("MSR_ONLINE").is_none();
        engine != Engine::Postgres || as_set && engine.major() == self.since.max(15)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
enum Expect {
    #[default]
    Applied,
    /// `plan` or `apply` exits 4, says this, and changes nothing.
    Refused(String),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
enum Downs {
    /// The way back is checked, what the plan says of it is not.
    #[default]
    Any,
    Exact,
    Lossy,
    /// There is no way back, and `down` says so with exit 4.
    None,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
enum Seeded {
    /// Every value in a table and column that both schemas have.
    #[default]
    Exact,
    Counts,
    Lost,
}

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("fixtures_are_all_read", fixtures_are_all_read)];
    for folder in fixture_cases() {
        match read_case(&folder) {
            Ok(case) => {
                let place = case.place();
                for engine in Engine::ALL.into_iter().filter(|e| place.has(*e)) {
                    let (folder, case) = (folder.clone(), case.clone());
                    let name = format!("{}::{}", engine.name(), name_of(&folder).replace('/', "::"));
                    trials.push(Trial::test(name.clone(), move || run(&name, engine, &folder, &case)));
                }
            }
            Err(why) => trials.push(Trial::test(name_of(&folder), move || Err(why.into()))),
        }
    }
    // `MSR_PART=6`: each sixth of them.
    let part = std::env::var("MSR_PART").ok().and_then(|n| n.parse().ok()).unwrap_or(1).max(1);
    let trials = trials.into_iter().step_by(part).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn root() -> PathBuf {
    repository().join("fixtures")
}

fn name_of(folder: &Path) -> String {
    folder.strip_prefix(root()).expect("under fixtures").to_string_lossy().into_owned()
}

fn read_case(folder: &Path) -> Result<Case, String> {
    let text = fs::read_to_string(folder.join("case.ron")).map_err(|e| format!("case.ron: {e}"))?;
    let case: Case = ron::from_str(&text).map_err(|e| format!("case.ron: {e}"))?;
    match case.engines.iter().find(|name| !Engine::ALL.iter().any(|e| e.name() == **name)) {
        Some(name) => Err(format!("case.ron: no engine `{name}`")),
        None if case.engines.is_empty() => Err("case.ron: no engine".into()),
        None => Ok(case),
    }
}

fn fixtures_are_all_read() -> Result<(), Failed> {
    let mut unread = vec![];
    for group in fixture_groups() {
        if group.is_file() {
            unread.extend((!group.ends_with("README.md")).then_some(group));
            continue;
        }
        for folder in entries(&group) {
            let case = read_case(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
            let mut read: BTreeSet<PathBuf> = ["old.sql", "new.sql", "want.sql", "seed.sql", "case.ron"]
                .iter()
                .map(|name| folder.join(name))
                .collect();
            let golden = matches!(case.expect, Expect::Applied) && !case.empty;
            for engine in case.engines.iter().filter(|_| golden) {
                read.extend(["plan.sql", "down.sql"].map(|name| folder.join(engine).join(name)));
            }
            let files =
                entries(&folder).into_iter().flat_map(|path| if path.is_dir() { entries(&path) } else { vec![path] });
            unread.extend(files.filter(|path| !read.contains(path)));
        }
    }
    if unread.is_empty() { Ok(()) } else { Err(format!("nothing reads these: {unread:#?}").into()) }
}

/// What went wrong with one case; the later checks are made all the same where they can be.
#[derive(Default)]
struct Trouble(Vec<String>);

impl Trouble {
    fn check(&mut self, holds: bool, say: impl FnOnce() -> String) {
        if !holds {
            self.0.push(say());
        }
    }

    fn same(&mut self, when: &str, got: &support::Dump, want: &support::Dump) {
        let found = differences(got, want);
        self.check(found.is_empty(), || format!("{when}:\n  {}", found.join("\n  ")));
    }

    fn done(self) -> Result<(), Failed> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0.join("\n").into()) }
    }
}

fn run(name: &str, engine: Engine, folder: &Path, case: &Case) -> Result<(), Failed> {
    if let Some(why) = engine.missing() {
        support::skip(name, &why);
        return Ok(());
    }
    let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
    let need = |file: &str| read(file).ok_or(format!("{file} is missing"));
    let load = |database: &Database, file: &str, sql: &str| {
        database.load(sql).map_err(|e| format!("{file} does not load: {e}"))
    };

    let database = engine.with(&need("old.sql")?).map_err(|e| format!("old.sql does not load: {e}"))?;
    let seed = read("seed.sql").unwrap_or_default();
    load(&database, "seed.sql", &seed)?;
    let want = {
        let fresh = engine.fresh();
        let file = if read("want.sql").is_some() { "want.sql" } else { "new.sql" };
        load(&fresh, file, &need(file)?)?;
        fresh.dump()
    };
    let (before, rows) = (database.dump(), database.rows());
    if std::env::var("MSR_FIXTURES").is_ok_and(|v| v == "load") {
        return Ok(());
    }

    let mut trouble = Trouble::default();
    let mut msr = Msr::new();
    if std::env::var_os("MSR_ONLINE").is_some() && !name.contains("::expand::") {
        // What is dropped is to be gone, as a fresh database has it.
        msr = msr.env("MSR_PHASES", "false");
    }
    msr.write("msr.toml", &case.settings);
    let schema = msr.write("new.sql", need("new.sql")?);
    let schema = schema.to_str().expect("a path");
    let plan = |out: &str| msr.on(&database, &["plan", "--schema", schema, "--out", out]);

    if case.empty {
        let again = msr.on(&database, &["plan", "--schema", schema, "--detailed-exitcode"]);
        trouble.check(again.code == 0, || format!("nothing was to be planned: {}", again.said()));
        return trouble.done();
    }
    let planned = plan("p.ron");
    if let Expect::Refused(say) = &case.expect {
        let refused = if planned.code == 0 {
            msr.on(&database, &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"])
        } else {
            planned
        };
        trouble.check(refused.code == 4, || format!("was to be refused: {}", refused.said()));
        // A plan that fails on scratch is also refused, but for a fault of msr's own and not for the data.
        trouble.check(!refused.stderr.contains("its own proof"), || {
            format!("refused for another reason: {}", refused.said())
        });
        trouble.check(refused.stderr.contains(say.as_str()), || format!("does not say `{say}`: {}", refused.said()));
        trouble.same("a refusal changed the schema", &database.dump(), &before);
        trouble.check(database.rows() == rows, || "a refusal changed rows".into());
        return trouble.done();
    }
    if planned.code != 0 {
        return Err(format!("plan: {}", planned.said()).into());
    }
    // The plan takes its name from the file, so both go to the same.
    let first = msr.read("p.ron");
    let again = plan("p.ron");
    trouble.check(again.code == 0, || format!("plan, the second time: {}", again.said()));
    let (first, second) = (timeless(&first), timeless(&msr.read("p.ron")));
    trouble.check(first == second, || {
        format!("planned twice, not the same bytes:\n{}", unified("first", &first, "second", &second))
    });
    let first = msr.read("p.ron");
    match case.downs {
        Downs::Exact => trouble.check(!first.contains("Lossy(") && !first.contains("Irreversible("), || {
            "the way back was to be exact".into()
        }),
        Downs::Lossy => {
            trouble.check(first.contains("Lossy("), || "the plan does not say what its way back loses".into())
        }
        Downs::None => {
            trouble.check(first.contains("Irreversible("), || "the plan does not say that there is no way back".into())
        }
        Downs::Any => {}
    }
    let up_sql = msr.on(&database, &["plan", "--schema", schema, "--format", "sql"]);
    let down_sql = msr.run(&["show", "p.ron", "--format", "sql", "--down"]);
    trouble.check(up_sql.code == 0, || format!("plan --format sql: {}", up_sql.said()));
    trouble.check(down_sql.code == 0, || format!("show --format sql --down: {}", down_sql.said()));
    let as_set = std::env::var_os("MSR_ONLINE").is_none();
    for text in case.lacks.iter().filter(|_| as_set) {
        trouble
            .check(!up_sql.stdout.contains(text.as_str()), || format!("the plan holds `{text}`:\n{}", up_sql.stdout));
    }

    msr.breaks_off("p.ron");
    let applied = msr.in_parts(&database, &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"]);
    trouble.check(applied.code == 0, || format!("apply: {}", applied.said()));
    trouble.same("after apply, against a fresh new.sql", &database.dump(), &want);
    if applied.code != 0 {
        return trouble.done();
    }
    let empty = msr.on(&database, &["plan", "--schema", schema, "--detailed-exitcode"]);
    trouble.check(empty.code == 0, || format!("planning again was to be empty: {}", empty.said()));
    let up = database.rows();
    survived(&mut trouble, "apply", case.rows, &rows, &up);
    for (query, answer) in &case.asks {
        match database.load(query) {
            Ok(got) => trouble
                .check(got.trim_end() == answer, || format!("{query}: answers `{}`, not `{answer}`", got.trim_end())),
            Err(why) => trouble.0.push(format!("{query}: {why}")),
        }
    }
    let up = if case.asks.is_empty() { up } else { database.rows() };

    let down = msr.in_parts(&database, &["down", "--yes", "--allow", "all"]);
    if case.downs == Downs::None {
        trouble.check(down.code == 4, || format!("down was to be refused with exit 4: {}", down.said()));
    } else {
        trouble.check(down.code == 0, || format!("down: {}", down.said()));
        trouble.same("after down, against a fresh old.sql", &database.dump(), &before);
        survived(&mut trouble, "down", case.rows, &up, &database.rows());
    }

    if case.has_texts_of(engine) && (trouble.0.is_empty() || std::env::var("UPDATE_FIXTURES").is_err()) {
        let folder = folder.join(engine.name());
        golden(&mut trouble, &folder.join("plan.sql"), &up_sql.stdout);
        golden(&mut trouble, &folder.join("down.sql"), &down_sql.stdout);
    }
    trouble.done()
}

/// Rows of what both schemas have.
fn survived(trouble: &mut Trouble, after: &str, how: Seeded, before: &support::Rows, now: &support::Rows) {
    if how == Seeded::Lost {
        return;
    }
    for (table, rows) in before.iter().filter(|(table, _)| now.contains_key(*table)) {
        let (had, has) = (rows.len(), now[table].len());
        trouble.check(had == has, || format!("after {after}, `{table}` has {has} rows and had {had}"));
    }
    if how == Seeded::Exact {
        let columns = columns_in_both(before, now);
        let (a, b) = (common(before, &columns), common(now, &columns));
        trouble.check(a == b, || format!("after {after}, rows differ:\n  had {a:?}\n  has {b:?}"));
    }
}

/// A plan file without the lines that hold the time, or a hash of it.
fn timeless(plan: &str) -> String {
    let timed = |line: &&str| {
        let line = line.trim_start();
        ["created", "checksum", "version: \"20", "version: 20"].iter().any(|start| line.starts_with(start))
    };
    plan.lines().filter(|line| !timed(line)).map(|line| format!("{line}\n")).collect()
}

fn unified(old: &str, a: &str, new: &str, b: &str) -> String {
    TextDiff::from_lines(a, b).unified_diff().header(old, new).to_string()
}

/// Compares with the file, or rewrites it when `UPDATE_FIXTURES` is set. The head line holds the time.
fn golden(trouble: &mut Trouble, path: &Path, got: &str) {
    let name = name_of(path);
    let version = |l: &&str| l.strip_prefix("-- 20").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let timeless = |text: &str| text.lines().filter(|l| !version(l)).map(|l| format!("{l}\n")).collect::<String>();
    let got = timeless(got);
    if std::env::var("UPDATE_FIXTURES").is_ok() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, got).expect("a file");
        return;
    }
    match fs::read_to_string(path) {
        Ok(want) => trouble.check(timeless(&want) == got, || {
            format!("fixtures/{name} differs:\n{}", unified("expected", &want, "got", &got))
        }),
        Err(_) => trouble.0.push(format!("fixtures/{name} is not there; UPDATE_FIXTURES=1 writes it:\n{got}")),
    }
}
