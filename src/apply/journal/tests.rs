use super::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

fn open(path: &str) -> SqliteConnection {
    let mut c = SqliteConnection::establish(path).unwrap();
    c.batch_execute("PRAGMA busy_timeout = 1000").unwrap();
    c
}

fn entry(event: Event, batch: i64) -> Entry {
    let step = StepRecord { step: 1, hash: "h".into(), started: "2026-11-22T00:00:00.000Z".into(), millis: 3 };
    Entry {
        version: "202611221430".into(),
        name: "n".into(),
        checksum: "c".into(),
        batch,
        who: "me".into(),
        live: Some("l".into()),
        steps: vec![step],
        plan: Some("text".into()),
        ..Entry::new(event)
    }
}

fn filled(c: &mut SqliteConnection) -> Vec<Entry> {
    assert_eq!(c.tables().unwrap(), Tables::Absent);
    c.bootstrap().unwrap();
    c.bootstrap().unwrap();
    assert!(c.exists().unwrap());
    let mut head = None;
    for (event, batch) in [(Event::Started, 0), (Event::Batch, 1), (Event::Applied, 1)] {
        head = c.append(head.as_ref(), entry(event, batch)).unwrap();
        assert!(head.is_some());
    }
    c.entries().unwrap()
}

#[test]
fn what_is_appended_is_read_back_and_the_chain_holds() {
    let mut c = open(":memory:");
    let entries = filled(&mut c);
    assert_eq!(entries.len(), 3);
    verify(&entries).unwrap();
    assert_eq!(c.head().unwrap().as_ref(), entries.last());
    assert_eq!(c.plan("c").unwrap().as_deref(), Some("text"));
    assert_eq!(c.plan("other").unwrap(), None);
    assert_eq!(entries[1].steps[0].millis, 3);
    let version: String =
        diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("(select version || name from msr_schema_version)"))
            .get_result(&mut c)
            .unwrap();
    assert_eq!(version, "202611221430n");
}

#[test]
fn an_entry_that_is_changed_or_taken_away_is_noticed() {
    for tampering in [
        "update msr_journal set who = 'you' where number = 2",
        "update msr_journal set steps = '' where number = 2",
        "update msr_journal set live = null where number = 1",
        "delete from msr_journal where number = 2",
        "delete from msr_journal where number = 1",
    ] {
        let mut c = open(":memory:");
        filled(&mut c);
        c.batch_execute(tampering).unwrap();
        let error = verify(&c.entries().unwrap()).unwrap_err();
        assert_eq!(error.failure, crate::Failure::Refused, "{tampering}");
        let head = c.head().unwrap();
        c.append(head.as_ref(), entry(Event::Baseline, 0)).unwrap().unwrap();
        verify(&c.entries().unwrap()).unwrap();
    }
}

#[test]
fn p16_of_two_runs_from_one_head_only_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let (mut a, mut b) = (open(path.to_str().unwrap()), open(path.to_str().unwrap()));
    filled(&mut a);
    let head = b.head().unwrap();
    assert!(a.append(head.as_ref(), entry(Event::Batch, 2)).unwrap().is_some());
    assert!(b.append(head.as_ref(), entry(Event::Batch, 2)).unwrap().is_none());
    assert!(b.append(None, entry(Event::Batch, 2)).unwrap().is_none());
    verify(&b.entries().unwrap()).unwrap();
}

#[test]
fn a_row_that_is_rolled_back_is_not_there() {
    let mut c = open(":memory:");
    let before = filled(&mut c);
    c.batch_execute("BEGIN IMMEDIATE").unwrap();
    let head = c.head().unwrap();
    c.append(head.as_ref(), entry(Event::Batch, 2)).unwrap().unwrap();
    c.batch_execute("ROLLBACK").unwrap();
    assert_eq!(c.entries().unwrap(), before);
}

#[test]
fn a_large_text_is_kept_in_parts() {
    let text = "é".repeat(1 << 20);
    let kept: Vec<(i64, &str)> = super::parts(&text).collect();
    assert_eq!(kept.iter().map(|(part, _)| *part).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(kept.iter().map(|(_, text)| *text).collect::<String>(), text);
    let uneven = format!("a{text}b");
    assert_eq!(super::parts(&uneven).map(|(_, text)| text).collect::<String>(), uneven);
    assert_eq!(super::parts("").count(), 1);
}

#[test]
fn a_plan_that_an_older_msr_kept_is_still_there() {
    let mut c = open(":memory:");
    c.batch_execute(include_str!("sqlite/2026-11-22-000001_journal/up.sql")).unwrap();
    c.batch_execute(
        "CREATE TABLE msr_journal_migrations (version TEXT NOT NULL PRIMARY KEY); \
         INSERT INTO msr_journal_migrations VALUES ('20261122000001'); INSERT INTO msr_plans VALUES ('c', 'text')",
    )
    .unwrap();
    assert_eq!(c.tables().unwrap(), Tables::Outdated);
    c.bootstrap().unwrap();
    assert_eq!((c.tables().unwrap(), c.plan("c").unwrap().as_deref()), (Tables::Current, Some("text")));
}
