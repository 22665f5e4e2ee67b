use super::*;
use crate::Failure;
use crate::diff::Delta;
use crate::model::{Fingerprint, Id, Kind, Value};
use crate::plan::{Action, Back, Batch, Down, Header, Phase, Step, Touch};

fn print_of(n: u8) -> Fingerprint {
    Fingerprint::of_parts([&[n][..]])
}

fn step(id: usize, up: &str, down: Down) -> Step {
    let table = Id::new(Kind::Table, ["public", "users"]);
    let column = table.below(Kind::Column, "middle \"name\"");
    Step {
        id,
        phase: Phase::Expand,
        action: Action::Alter,
        subject: column.clone(),
        deltas: vec![
            Delta::Add(column.clone()),
            Delta::Set { id: column, attr: "options".into(), from: Value::None, to: Value::List(vec!["a=1".into()]) },
        ],
        up: vec![up.into(), "select 1".into()],
        down,
        needs: (1..id).map(|n| (n, "build".into())).collect(),
        transaction: true,
        patient: false,
        back: Back::like(true),
        locks: vec![("public.users".into(), "ACCESS EXCLUSIVE".into())],
        rewrites: vec![],
        scans: vec!["public.users".into()],
        loses: None,
        at: Some("schema/users.sql:3:1".into()),
        findings: vec![],
        fill: None,
        purge: vec![],
        held: None,
        questions: vec![],
    }
}

fn plan() -> Plan {
    let users = Id::new(Kind::Table, ["public", "users"]);
    let touch = Touch { id: users.clone(), before: None, after: Some(print_of(3)) };
    Plan {
        header: Header {
            msr: "0.1.0".into(),
            version: "202611221430".into(),
            name: "add_middle_name".into(),
            engine: "postgres".into(),
            engine_major: 15,
            created_at: "2026-11-22T14:30:00Z".into(),
            parent: None,
            base: print_of(1),
            goal: print_of(2),
            desired: Some("abc".into()),
            roles: Default::default(),
        },
        relies: vec![(users, print_of(4))],
        shapes: vec![],
        steps: vec![
            step(
                1,
                "ALTER TABLE public.users\n  ADD COLUMN \"middle\" text DEFAULT '\\'",
                Down::Sql(vec!["x\n\"#\n".into()]),
            ),
            step(2, "two", Down::Lossy { sql: vec!["y".into()], loses: "the column".into() }),
            Step {
                transaction: false,
                back: Back::like(false),
                ..step(3, "three", Down::Irreversible("dropped".into()))
            },
        ],
        batches: vec![
            Batch { first: 1, last: 2, transaction: true, touches: vec![touch] },
            Batch { first: 3, last: 3, transaction: false, touches: vec![] },
        ],
        unmodelled: vec![],
        notes: vec!["a note".into()],
    }
}

fn refusal(text: &str) -> Error {
    let error = read(text, "p.ron").expect_err("must be refused");
    assert_eq!(error.failure, Failure::Refused, "{error}");
    error
}

#[test]
fn p06_reads_back_what_it_wrote_and_writes_the_same_bytes() {
    let text = write(&plan());
    let loaded = read(&text, "p.ron").unwrap();
    assert_eq!(loaded.plan, plan());
    assert_eq!(loaded.checksum, checksum_of(&plan()));
    assert_eq!(write(&loaded.plan), text);
}

#[test]
fn p36_a_plan_of_format_1_stays_what_it_was() {
    let golden = include_str!("v1.ron");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/plan/file/v1.ron"), write(&plan())).unwrap();
        return;
    }
    assert_eq!(read(golden, "v1.ron").unwrap().plan, plan());
    assert_eq!(write(&plan()), golden.replace("\r\n", "\n"));
}

#[test]
fn p28_layout_does_not_break_the_seal() {
    let text = write(&plan());
    let later = Plan { header: Header { created_at: "later".into(), ..plan().header }, ..plan() };
    let sum = read(&text, "p.ron").unwrap().checksum;
    assert_eq!(read(&write(&later), "p.ron").unwrap().checksum, sum);
    for other in [
        text.replace('\n', "\r\n"),
        format!("\u{feff}{text}"),
        text.replace("steps: [", "/* reviewed */ steps:\n\n["),
        text.replace("    Step(", "Step("),
    ] {
        assert_eq!(read(&other, "p.ron").unwrap().checksum, sum, "{other}");
    }
}

#[test]
fn p28_a_carriage_return_that_is_meant_survives_line_end_conversion() {
    let mut plan = plan();
    plan.steps[0].up[0] = "a\r\nb".into();
    let text = write(&plan);
    assert!(!text.contains('\r'));
    assert_eq!(read(&text.replace('\n', "\r\n"), "p.ron").unwrap().plan, plan);
}

#[test]
fn p28_any_meaning_breaks_the_seal_and_reseal_mends_it() {
    let text = write(&plan());
    for (from, to) in [
        ("\"two\"", "\"drop table users\""),
        ("phase: expand", "phase: contract"),
        ("last: 2", "last: 1"),
        ("engine_major: 15", "engine_major: 16"),
        ("\"select 1\"", "\"select  1\""),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{from}");
        let error = refusal(&edited);
        assert!(error.hints[0].contains("--reseal"), "{error}");
        assert!(error.at.unwrap().starts_with("p.ron:6:"));
    }
    let edited = format!("// mine\n{}", text.replacen("\"two\"", "\"2\"", 1));
    let sealed = reseal(&edited, "p.ron").unwrap();
    assert!(sealed.starts_with("// mine\n"));
    assert_eq!(read(&sealed, "p.ron").unwrap().plan.steps[1].up[0], "2");
}

#[test]
fn p36_what_is_not_a_plan_is_refused_and_says_why() {
    let text = write(&plan());
    assert!(refusal(&text.replace("format: 1", "format: 2")).message.contains("reads format 1"));
    let newer = text.replace("format: 1", "format: 2, extra: [1, (a: 2)]");
    assert!(refusal(&newer).message.contains("format 2"));
    assert!(refusal(&text.replace("format: 1", "format: 1, extra: 1")).message.contains("`extra`"));
    assert!(refusal("create table t (a int);").message.contains("not a plan of msr"));
    assert!(refusal("").message.contains("not a plan of msr"));
    assert!(refusal(&text[..text.len() / 2]).message.contains("cut off"));
    assert!(refusal(&text.replace("last: 2", "last: 9")).at.is_some());
    let wrong = Plan { batches: vec![], ..plan() };
    assert!(refusal(&write(&wrong)).message.contains("step 1 is in no batch"));
    refusal(&format!("Plan(format: {}", "[".repeat(1_000_000)));
    refusal(&"Plan(".repeat(1_000_000));
}

#[test]
fn p36_no_bytes_make_it_panic() {
    let text = write(&plan());
    let mut seed = 1_u64;
    for _ in 0..2000 {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let mut bytes = text.clone().into_bytes();
        let at = (seed >> 33) as usize % bytes.len();
        bytes[at] = (seed >> 20) as u8;
        let _ = read(&String::from_utf8_lossy(&bytes), "p.ron");
    }
}
