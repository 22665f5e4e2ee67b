//! Against real databases in memory.

use super::Sqlite;
use crate::diff::diff;
use crate::engine::{Engine, Session};
use crate::model::{Catalog, Kind, Object};
use crate::plan::Tie;
use crate::plan::make::{Inputs, Made, make};
use crate::settings::DatabaseUrl;
use crate::source::{Dialect, File, Source};
use crate::{Error, Result};

mod plans;
mod round_trip;
mod texts;

fn scratch() -> Box<dyn Session> {
    Sqlite.scratch(None, None, &Default::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn execute(session: &mut dyn Session, sql: &str) {
    session.execute(sql).unwrap_or_else(|e| panic!("{e}: {sql}"));
}

fn inspect(session: &mut dyn Session) -> Catalog {
    session.inspect().unwrap_or_else(|e| panic!("{e}"))
}

/// The catalog of a database with that SQL.
fn catalog(sql: &str) -> Catalog {
    let mut session = scratch();
    execute(&mut *session, sql);
    inspect(&mut *session)
}

/// The proved plan from the state of the session to what `new` makes.
fn plan(session: &mut dyn Session, new: &str) -> Result<Made> {
    let url = DatabaseUrl::parse("sqlite::memory:")?;
    let desired = Source::parse(vec![File { name: "new.sql".into(), text: new.into() }], Dialect::Sqlite)?;
    make(Inputs {
        engine: &Sqlite,
        target: Some(session),
        like: &url,
        base: None,
        desired: &desired,
        shadow: None,
        filter: &Default::default(),
        manage: Default::default(),
        online: Default::default(),
        transaction: Default::default(),
        name: String::new(),
        version: String::new(),
        created_at: String::new(),
        parent: None,
        tie: Tie::Hostile(7),
        settled: &mut |_, _, _| Ok(None),
        progress: &mut |_, _, _| {},
    })
}

/// Changes an open database into what `new` makes, and says with which statements.
fn migrate(session: &mut dyn Session, new: &str) -> Vec<String> {
    let made = plan(session, new).unwrap_or_else(|e| panic!("{e}\n{new}"));
    let sql: Vec<String> = made.plan.steps.iter().flat_map(|s| s.up.clone()).collect();
    run(session, &sql).unwrap_or_else(|e| panic!("{e}\n{sql:#?}"));
    let off = diff(&inspect(session), &made.goal);
    assert!(off.is_empty(), "{off:#?}\n{sql:#?}");
    sql
}

/// In one transaction, as apply does it.
fn run(session: &mut dyn Session, sql: &[String]) -> Result<()> {
    session.prepare()?;
    session.begin()?;
    for statement in sql {
        if let Err(e) = session.execute(statement) {
            session.rollback()?;
            return Err(Error::from(e).during(statement));
        }
    }
    Ok(session.commit()?)
}

fn of_kind(catalog: &Catalog, kind: Kind) -> Vec<&Object> {
    catalog.iter().filter(|o| o.id().kind == kind).collect()
}

/// Every attribute of every kind has an answer, if only a refusal.
#[test]
fn p03_every_attribute_has_a_rule() {
    for rule in Sqlite.rules() {
        for attr in rule.kind.attrs() {
            assert!(rule.set_rule(attr).is_some(), "{:?}.{attr}", rule.kind);
        }
        for set in rule.set {
            assert!(rule.kind.attrs().contains(&set.attr), "{:?} has no {}", rule.kind, set.attr);
        }
    }
}

/// The cases of a folder that is not part of the package: `MSR_CASES=…/cases/sqlite cargo test`. None without it.
fn each_case(mut check: impl FnMut(&str, &str, &str)) {
    let Some(root) = std::env::var_os("MSR_CASES") else { return };
    let below =
        |folder: std::path::PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    let mut cases: Vec<_> = below(root.into()).flat_map(below).collect();
    cases.sort();
    assert!(!cases.is_empty());
    for case in cases {
        let read =
            |name: &str| std::fs::read_to_string(case.join(name)).unwrap_or_else(|e| panic!("{e}: {}", case.display()));
        check(&case.display().to_string(), &read("old.sql"), &read("new.sql"));
    }
}
