//! The journal against a throw-away PostgreSQL. Without `initdb` the test says so and is done.

#[path = "../connect/cluster.rs"]
#[allow(dead_code)] // shared with tests/connect, which uses all of it
mod cluster;

use cluster::{Cluster, initdb_folder};
use msr::apply::journal::{Entry, Event, Journal, StepRecord, Tables, verify};
use msr::engine::postgres::conn::{Client, ConnectFor, Params};
use msr::settings::DatabaseUrl;

fn open(cluster: &Cluster) -> Client {
    let url: DatabaseUrl = DatabaseUrl::parse(&cluster.socket("postgres", "postgres")).unwrap();
    Client::connect_with(&Params::resolve(&url, &|_| None).unwrap(), ConnectFor::Write).unwrap()
}

fn entry(event: Event, batch: i64) -> Entry {
    let step = StepRecord { step: 1, hash: "h".into(), started: "2026-11-22T00:00:00.000Z".into(), millis: 3 };
    Entry {
        version: "202611221430".into(),
        name: "n".into(),
        checksum: "c".into(),
        batch,
        who: "me".into(),
        steps: vec![step],
        error: Some("it's \"so\"\n".into()),
        plan: Some("text".into()),
        ..Entry::new(event)
    }
}

#[test]
fn p16_the_journal_is_created_once_and_fences_runs() {
    let Some(bin) = initdb_folder() else { return eprintln!("skipped: no initdb") };
    let cluster = Cluster::start(bin);
    let (mut a, mut b) = (open(&cluster), open(&cluster));
    assert_eq!(a.tables().unwrap(), Tables::Absent);
    a.bootstrap().unwrap();
    b.bootstrap().unwrap();
    assert_eq!(b.tables().unwrap(), Tables::Current);
    assert_eq!(a.head().unwrap(), None);
    let mut head = None;
    for (event, batch) in [(Event::Started, 0), (Event::Batch, 1), (Event::Applied, 1)] {
        head = a.append(head.as_ref(), entry(event, batch)).unwrap();
        assert!(head.is_some());
    }
    let entries = b.entries().unwrap();
    verify(&entries).unwrap();
    assert_eq!((entries.len(), b.head().unwrap()), (3, entries.last().cloned()));
    assert_eq!(b.plan("c").unwrap().as_deref(), Some("text"));
    assert_eq!(b.plan("d").unwrap(), None);
    let version = b.rows("SELECT version, name, applied_at IS NOT NULL FROM msr.schema_version").unwrap();
    assert_eq!(version, [[Some("202611221430".to_string()), Some("n".into()), Some("t".into())]]);

    // Two runs with one head: the second waits for the first and then is told that it was too late.
    a.execute("BEGIN; CREATE TABLE public.t ()").unwrap();
    assert!(a.append(head.as_ref(), entry(Event::Batch, 2)).unwrap().is_some());
    let late = std::thread::spawn(move || {
        b.execute("BEGIN").unwrap();
        let appended = b.append(head.as_ref(), entry(Event::Batch, 2)).unwrap();
        b.execute("ROLLBACK").unwrap();
        appended
    });
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(!late.is_finished());
    a.execute("COMMIT").unwrap();
    assert!(late.join().unwrap().is_none());
    verify(&a.entries().unwrap()).unwrap();
}

#[test]
fn p15_of_many_first_runs_without_a_lock_none_leaves_half_a_journal() {
    let Some(bin) = initdb_folder() else { return eprintln!("skipped: no initdb") };
    let cluster = Cluster::start(bin);
    let runs: Vec<Client> = (0..10).map(|_| open(&cluster)).collect();
    let runs = runs.into_iter().map(|mut c| std::thread::spawn(move || c.bootstrap().is_ok()));
    let done: Vec<_> = runs.collect::<Vec<_>>().into_iter().map(|t| t.join().unwrap()).collect();
    assert!(done.contains(&true));
    let mut c = open(&cluster);
    assert_eq!(c.tables().unwrap(), Tables::Current);
    assert_eq!(c.entries().unwrap(), []);
}
