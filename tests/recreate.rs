//! `msr inspect` writes SQL that makes the same database again, as the engine's own dump tells, and that planning finds nothing
//! to do for: on what every fixture leads to, and on the schemas in the folder that `MSR_SCHEMAS` names, which are also
//! planned from nothing and taken back. So is PostgreSQL's own regression database, made of the files in the folder that
//! `MSR_REGRESS` names (`tests/run regress`).

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use support::{Database, Dump, Engine, Msr, Where, entries, fixture_cases, repository};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![];
    let mut seen = BTreeSet::new();
    for folder in fixture_cases() {
        let case = fs::read_to_string(folder.join("case.ron")).unwrap_or_default();
        let place: Where = ron::from_str(&case).unwrap_or_else(|e| panic!("{}/case.ron: {e}", folder.display()));
        for engine in Engine::ALL.into_iter().filter(|e| place.has(*e)) {
            let new = if folder.join("want.sql").exists() { "want.sql" } else { "new.sql" };
            let sql = fs::read_to_string(folder.join(new)).unwrap_or_default();
            let name = folder.strip_prefix(repository().join("fixtures")).unwrap_or(&folder).display();
            let name = format!("{}::{}", engine.name(), name.to_string().replace('/', "::"));
            if seen.insert((engine, sql.clone())) {
                trials.push(Trial::test(name.clone(), move || fixture(&name, engine, &sql)));
            }
        }
    }
    let schemas = std::env::var_os("MSR_SCHEMAS").map(PathBuf::from);
    for path in schemas.iter().flat_map(|folder| entries(folder)).filter(|p| p.extension().is_some_and(|e| e == "sql"))
    {
        let name = format!("schema::{}", path.file_stem().unwrap_or_default().display());
        trials.push(Trial::test(name.clone(), move || schema(&name, &path)));
    }
    if let Some(folder) = std::env::var_os("MSR_REGRESS").map(PathBuf::from) {
        trials.push(Trial::test("regress", move || regress(&folder)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn fixture(name: &str, engine: Engine, sql: &str) -> Result<(), Failed> {
    if let Some(why) = engine.missing() {
        support::skip(name, &why);
        return Ok(());
    }
    let database = engine.with(sql).map_err(|e| format!("it does not load: {e}"))?;
    again(&Msr::new(), engine, &database)
}

/// Made again from one file and planned for from a tree of files.
fn again(msr: &Msr, engine: Engine, database: &Database) -> Result<(), Failed> {
    let inspected = msr.on(database, &["inspect"]);
    if inspected.code != 0 || !inspected.stderr.is_empty() {
        return Err(inspected.said().into());
    }
    msr.write("inspected.sql", &inspected.stdout);
    let copy =
        engine.with(&inspected.stdout).map_err(|e| format!("the SQL does not load: {e}\n{}", inspected.stdout))?;
    same("made from `msr inspect`", &copy.dump(), &database.dump())?;
    let split = msr.on(database, &["inspect", "--split", "tree"]);
    if split.code != 0 {
        return Err(split.said().into());
    }
    for source in ["inspected.sql", "tree"] {
        let allow = ["plan", "--schema", source, "--detailed-exitcode", "--allow", "destructive"];
        let planned = msr.on(database, &allow);
        if planned.code != 0 {
            return Err(format!("planning {source} finds something: {}", planned.said()).into());
        }
    }
    Ok(())
}

fn schema(name: &str, path: &Path) -> Result<(), Failed> {
    let engine = Engine::Postgres;
    if let Some(why) = engine.missing() {
        support::skip(name, &why);
        return Ok(());
    }
    let sql = fs::read_to_string(path)?;
    let (msr, empty) = (Msr::new(), engine.fresh());
    msr.write("schema.sql", &sql);
    let nothing = empty.dump();
    made(&msr, &empty, "schema.sql")?;
    // Some need msr to be put in order.
    if let Ok(database) = engine.with(&sql) {
        same("planned from nothing", &empty.dump(), &database.dump())?;
    }
    again(&msr, engine, &empty)?;
    let down = msr.on(&empty, &["down", "--yes", "--allow", "all"]);
    if down.code != 0 {
        return Err(down.said().into());
    }
    same("taken back", &empty.dump(), &nothing)
}

/// Planned from nothing and applied.
fn made(msr: &Msr, empty: &Database, schema: &str) -> Result<(), Failed> {
    for args in [
        &["plan", "--schema", schema, "--out", "p.ron"][..],
        &["apply", "p.ron", "--phase", "all", "--yes", "--allow", "all"],
    ] {
        let done = msr.on(empty, args);
        if done.code != 0 {
            return Err(format!("{args:?}: {}", done.said()).into());
        }
    }
    Ok(())
}

fn regress(folder: &Path) -> Result<(), Failed> {
    let engine = Engine::Postgres;
    let (database, told) = support::regress::load(folder)?;
    told.iter().for_each(|line| println!("{line}"));
    let (msr, empty) = (Msr::new(), engine.fresh());
    let inspected = msr.on(&database, &["inspect"]);
    if inspected.code != 0 {
        return Err(inspected.said().into());
    }
    print!("{}", inspected.stderr);
    // What msr says it left out is no difference.
    let words = |text: &str| text.split(['.', ' ', ',', '"']).map(str::to_owned).collect::<Vec<String>>();
    let told: Vec<Vec<String>> = inspected.stderr.lines().map(words).collect();
    let said = |key: &String| {
        let of_key: Vec<String> =
            words(key).into_iter().filter(|w| w.to_uppercase() != *w || w.starts_with('_')).collect();
        let named = |line: &Vec<String>| of_key.iter().all(|word| line.contains(word));
        let left_out = ["RULE ", "CONSTRAINT "].iter().any(|kind| key.starts_with(kind));
        key.starts_with("ACL pg_catalog.") || left_out && told.iter().any(named)
    };
    let wanted: Dump = database.dump().into_iter().filter(|(key, _)| !said(key)).collect();
    println!("{} objects in its dump", wanted.len());
    let alike = |how: &str, got: &Dump| match &support::differences(got, &wanted)[..] {
        [] => Ok(()),
        off => Err(format!("{how}, not the same:\n{}", off.join("\n"))),
    };
    msr.write("inspected.sql", &inspected.stdout);
    let copy = engine.with(&inspected.stdout).map_err(|e| format!("the SQL does not load: {e}"))?;
    alike("made from `msr inspect`", &copy.dump())?;
    let planned =
        msr.on(&database, &["plan", "--schema", "inspected.sql", "--detailed-exitcode", "--allow", "destructive"]);
    if planned.code != 0 {
        return Err(format!("planning it finds something: {}", planned.said()).into());
    }
    let nothing = empty.dump();
    made(&msr, &empty, "inspected.sql")?;
    alike("planned from nothing", &empty.dump())?;
    let down = msr.on(&empty, &["down", "--yes", "--allow", "all"]);
    if down.code != 0 {
        return Err(down.said().into());
    }
    same("taken back", &empty.dump(), &nothing)
}

fn same(how: &str, got: &Dump, want: &Dump) -> Result<(), Failed> {
    let keys: BTreeSet<&String> = got.keys().chain(want.keys()).collect();
    let off: Vec<String> = keys
        .into_iter()
        .filter(|key| got.get(*key) != want.get(*key))
        .map(|key| format!("{key}\n  is    {:?}\n  wants {:?}", got.get(key), want.get(key)))
        .collect();
    if off.is_empty() { Ok(()) } else { Err(format!("{how}, not the same:\n{}", off.join("\n")).into()) }
}
