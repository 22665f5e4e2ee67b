//! Golden tests: hand-made plans, rendered and compared with the files in `testdata/`. `UPDATE_FIXTURES=1` writes them anew.

use super::{Look, Summary, catalog, human, json, markdown, sql};
use crate::diff::Delta;
use crate::model::{Catalog, Column, Fingerprint, Head, Id, Kind, Table, Unmodelled, Value};
use crate::plan::{Action, Back, Batch, Down, Header, Phase, Plan, Step};
use std::path::Path;

pub(super) fn check(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/render/testdata").join(name);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(&path, found).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let diff = similar::TextDiff::from_lines(expected.as_str(), found);
    assert!(expected == found, "{name} differs:\n{}", diff.unified_diff().header("expected", "found"));
}

pub(super) fn id(kind: Kind, path: &[&str]) -> Id {
    Id::new(kind, path)
}

pub(super) fn step(action: Action, subject: Id, up: &[&str], down: Down) -> Step {
    Step {
        id: 0,
        phase: Phase::Expand,
        action,
        subject,
        deltas: vec![],
        up: up.iter().map(|s| s.to_string()).collect(),
        down,
        needs: vec![],
        transaction: true,
        patient: false,
        back: Back::like(true),
        locks: vec![],
        rewrites: vec![],
        scans: vec![],
        loses: None,
        at: None,
        findings: vec![],
        fill: None,
        purge: vec![],
        held: None,
        questions: vec![],
    }
}

pub(super) fn exact(sql: &str) -> Down {
    Down::Sql(vec![sql.into()])
}

/// Numbers the steps and puts those side by side that may share a transaction.
pub(super) fn plan(engine: &str, mut steps: Vec<Step>) -> Plan {
    let mut batches: Vec<Batch> = vec![];
    for (i, step) in steps.iter_mut().enumerate() {
        step.id = i + 1;
        match batches.last_mut() {
            Some(last) if last.transaction && step.transaction => last.last = i + 1,
            _ => batches.push(Batch { first: i + 1, last: i + 1, transaction: step.transaction, touches: vec![] }),
        }
    }
    let header = Header {
        msr: "0.1.0".into(),
        version: "202611221430".into(),
        name: "names".into(),
        engine: engine.into(),
        engine_major: if engine == "sqlite" { 3 } else { 15 },
        created_at: "2026-11-22T14:30:00Z".into(),
        parent: None,
        base: Fingerprint::of_parts([&b"base"[..]]),
        goal: Fingerprint::of_parts([&b"goal"[..]]),
        desired: None,
        roles: Default::default(),
    };
    Plan { header, relies: vec![], shapes: vec![], steps, batches, unmodelled: vec![], notes: vec![] }
}

pub(super) fn postgres() -> Plan {
    let table = id(Kind::Table, &["public", "users"]);
    let create = Step {
        at: Some("schema/users.sql:1:1".into()),
        deltas: vec![Delta::Add(table.clone()), Delta::Add(table.below(Kind::Column, "id"))],
        ..step(
            Action::Create,
            table.clone(),
            &["CREATE TABLE public.users (\n  id bigint NOT NULL,\n  name text\n)"],
            exact("DROP TABLE public.users"),
        )
    };
    let column = id(Kind::Column, &["public", "orders", "total"]);
    let (from, to) = ("integer".into(), "bigint".into());
    let alter = Step {
        deltas: vec![Delta::Set { id: column.clone(), attr: "type".into(), from, to }],
        locks: vec![("public.orders".into(), "AccessExclusiveLock".into())],
        rewrites: vec!["public.orders".into()],
        needs: vec![(1, "build: it is needed by the step".into())],
        ..step(
            Action::Alter,
            column,
            &["ALTER TABLE public.orders ALTER COLUMN total TYPE bigint"],
            Down::Lossy {
                sql: vec!["ALTER TABLE public.orders ALTER COLUMN total TYPE integer".into()],
                loses: "values over 2147483647".into(),
            },
        )
    };
    let view = id(Kind::View, &["public", "active"]);
    let old = "SELECT id,\n  name\nFROM users\nWHERE active";
    let new = "SELECT id,\n  name,\n  email\nFROM users\nWHERE active";
    let set = Delta::Set { id: view.clone(), attr: "definition".into(), from: old.into(), to: new.into() };
    let replace = Step {
        deltas: vec![set],
        ..step(
            Action::Alter,
            view,
            &[&format!("CREATE OR REPLACE VIEW public.active AS\n{new}")],
            Down::Irreversible("columns of a view can't be taken away in place".into()),
        )
    };
    let index = id(Kind::Index, &["public", "orders_total"]);
    let concurrent = Step {
        transaction: false,
        patient: true,
        back: Back { patient: true, ..Back::like(false) },
        locks: vec![("public.orders".into(), "ShareUpdateExclusiveLock".into())],
        scans: vec!["public.orders".into()],
        ..step(
            Action::Create,
            index,
            &["CREATE INDEX CONCURRENTLY orders_total ON public.orders (total);"],
            exact("DROP INDEX CONCURRENTLY public.orders_total"),
        )
    };
    let gone = id(Kind::Column, &["public", "orders", "note"]);
    let contract = Step {
        phase: Phase::Contract,
        deltas: vec![Delta::Drop(gone.clone())],
        loses: Some("the values of column note".into()),
        locks: vec![("public.orders".into(), "AccessExclusiveLock".into())],
        ..step(
            Action::Drop,
            gone,
            &["ALTER TABLE public.orders DROP COLUMN note"],
            Down::Lossy {
                sql: vec!["ALTER TABLE public.orders ADD COLUMN note text".into()],
                loses: "the values of column note".into(),
            },
        )
    };
    let mut plan = plan("postgres", vec![create, alter, replace, concurrent, contract]);
    plan.notes = vec!["a column disappears and another of its type appears: if it was renamed, write `-- msr:renamed from note` before the new one".into()];
    plan.unmodelled = vec!["publication everything".into(), "text search configuration \"a\u{1b}[31m\"".into()];
    plan
}

pub(super) fn sqlite() -> Plan {
    let table = id(Kind::Table, &["main", "users"]);
    let email = id(Kind::Column, &["main", "users", "email"]);
    let rename = Step {
        deltas: vec![Delta::Rename { from: id(Kind::Table, &["main", "people"]), to: table.clone() }],
        ..step(
            Action::Rename,
            table.clone(),
            &["ALTER TABLE \"people\" RENAME TO \"users\""],
            exact("ALTER TABLE \"users\" RENAME TO \"people\""),
        )
    };
    let set = |attr: &str, from: Value, to: Value| Delta::Set { id: email.clone(), attr: attr.into(), from, to };
    let rebuild = Step {
        deltas: vec![
            set("not_null", false.into(), true.into()),
            set("collation", Value::None, "NOCASE".into()),
            Delta::Add(id(Kind::Check, &["main", "users", "a\nb"])),
        ],
        rewrites: vec!["users".into()],
        ..step(
            Action::Rebuild,
            table,
            &["CREATE TABLE \"new\" (email TEXT NOT NULL)", "INSERT INTO \"new\" SELECT * FROM \"users\""],
            exact("-- the same the other way round"),
        )
    };
    // A name that tries to leave its comment.
    let hostile = id(Kind::Index, &["main", "a\nDROP TABLE users; --"]);
    let create = step(
        Action::Create,
        hostile,
        &["CREATE INDEX \"a\nDROP TABLE users; --\" ON users (email)"],
        Down::Sql(vec![]),
    );
    plan("sqlite", vec![rename, rebuild, create])
}

#[test]
fn plans_for_people() {
    let verbose = Look { verbose: true, ..Look::PLAIN };
    check("postgres.txt", &human::plan(&postgres(), Look::PLAIN));
    check("postgres-verbose.txt", &human::plan(&postgres(), verbose));
    check("postgres-narrow-colour.txt", &human::plan(&postgres(), Look { colour: true, width: 50, ..Look::PLAIN }));
    check("postgres-down.txt", &human::down(&postgres(), Look::PLAIN));
    check("sqlite.txt", &human::plan(&sqlite(), Look::PLAIN));
    check("nothing.txt", &human::plan(&plan("sqlite", vec![]), Look::PLAIN));
}

#[test]
fn plans_as_scripts() {
    check("postgres-up.sql", &sql::up(&postgres()));
    check("postgres-down.sql", &sql::down(&postgres()));
    check("sqlite-up.sql", &sql::up(&sqlite()));
    check("sqlite-down.sql", &sql::down(&sqlite()));
}

#[test]
fn plans_for_programs() {
    check("postgres.json", &json::plan(&postgres()));
    check("sqlite.json", &json::plan(&sqlite()));
}

#[test]
fn plans_for_reviews() {
    check("postgres.md", &markdown::plan(&postgres()));
    let mut hostile = sqlite();
    hostile.header.name = "a`|<b>@all\n# x".into();
    check("sqlite.md", &markdown::plan(&hostile));
    let mut long = postgres();
    long.steps[0].up = vec!["x".repeat(70_000)];
    assert!(markdown::plan(&long).len() < 65_536 && markdown::plan(&long).contains("more than a comment holds"));
}

#[test]
fn p32_no_comment_of_a_script_can_be_left() {
    let script = sql::down(&sqlite());
    assert!(!script.lines().any(|line| line.starts_with("DROP TABLE users")), "{script}");
}

#[test]
fn colours_carry_no_meaning_alone() {
    let coloured = human::plan(&postgres(), Look { colour: true, ..Look::PLAIN });
    assert_eq!(console::strip_ansi_codes(&coloured), human::plan(&postgres(), Look::PLAIN));
}

#[test]
fn an_object_counts_once() {
    let table = id(Kind::Table, &["t"]);
    let steps =
        [Action::Replace, Action::Create, Action::Alter].map(|a| step(a, table.clone(), &[], Down::Sql(vec![])));
    let summary = Summary::of(&plan("sqlite", steps.into()));
    assert_eq!(summary.line(), "0 to create, 0 to change, 1 to replace, 0 to drop");
}

#[test]
fn catalogs_as_data() {
    let table = id(Kind::Table, &["main", "t"]);
    let column = table.below(Kind::Column, "a\"b");
    let mut found: Catalog = [
        Table { strict: true, ..Table::new(Head::new(table.clone())) }.into(),
        Column { r#type: "TEXT".into(), ..Column::new(Head::child(column, table)) }.into(),
    ]
    .into_iter()
    .collect();
    found.unmodelled.insert(Unmodelled { what: "module".into(), name: "m".into(), definition: "".into() });
    check("catalog.json", &catalog::json(&found));
    check("catalog.ron", &catalog::ron(&found).unwrap_or_default());
}
