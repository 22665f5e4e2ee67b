use super::fake::{Does, Fake, Fault, Shared, id, plan};
use super::list::Standing;
use super::migrate::Saved;
use super::*;
use crate::engine::named;
use crate::model::Catalog;
use crate::plan::Phase::{Backfill, Contract, Expand};
use crate::plan::file::{self, Loaded};

struct Db {
    world: Shared,
    folder: tempfile::TempDir,
}

impl Db {
    fn new() -> Db {
        Db { world: Shared::default(), folder: tempfile::tempdir().unwrap() }
    }

    fn open(&self) -> Fake {
        Fake::open(&self.world, &self.folder.path().join("journal.db"))
    }

    fn apply(&self, loaded: &Loaded, change: impl FnOnce(&mut Options)) -> Result<Report> {
        let reconnect = || -> Result<Box<dyn Session>> { Ok(Box::new(self.open())) };
        let mut options = Options { reconnect: &reconnect, lock_wait: Duration::from_secs(3), ..Options::default() };
        change(&mut options);
        self.apply_with(loaded, options)
    }

    fn apply_with(&self, loaded: &Loaded, options: Options) -> Result<Report> {
        apply(loaded, &file::write(&loaded.plan).into(), named("sqlite")?, &mut self.open(), &options, &mut |_| ())
    }

    fn down(&self, to: Option<&str>, allow: &[&str]) -> Result<Vec<Report>> {
        let allow = allow.iter().map(|a| a.to_string()).collect();
        let options = Options { allow, lock_wait: Duration::ZERO, ..Options::default() };
        down(named("sqlite")?, &mut self.open(), to, &options, &mut |_| ())
    }

    fn migrate(&self, plans: &[Saved]) -> Result<Vec<Report>> {
        let options = Options { lock_wait: Duration::ZERO, ..Options::default() };
        migrate(plans, None, named("sqlite")?, &mut self.open(), &options, &mut |_| ())
    }

    fn fault(&self, fault: Fault) {
        self.world.lock().unwrap().fault = Some(fault);
    }

    fn has(&self) -> Vec<String> {
        self.world.lock().unwrap().catalog.ids().map(|id| id.name().to_string()).collect()
    }

    fn log(&self) -> Vec<String> {
        self.world.lock().unwrap().log.clone()
    }

    fn listed(&self, plans: &[Saved]) -> Vec<Standing> {
        let entries = self.open().journal().entries().unwrap();
        journal::verify(&entries).unwrap();
        list(plans, &entries).iter().map(|r| r.standing).collect()
    }
}

fn saved(loaded: &Loaded) -> Saved {
    Saved { file: loaded.plan.header.name.clone(), text: file::write(&loaded.plan).into(), loaded: loaded.clone() }
}

const THREE: &[Does] = &[
    Does(true, Expand, &[("add a", "drop a"), ("add b", "drop b")]),
    Does(false, Expand, &[("add c", "drop c")]),
    Does(true, Backfill, &[("fill a", "fill a")]),
    Does(true, Expand, &[("unique a", "plain a"), ("drop b", "add b")]),
];

fn three() -> Loaded {
    plan("1", None, &Catalog::default(), THREE)
}

const DONE: [&str; 6] = ["add a", "add b", "add c", "fill a", "unique a", "drop b"];

fn all(options: &mut Options) {
    options.allow = vec!["destructive".into()];
}

fn allowing<'a>() -> Options<'a> {
    Options { allow: vec!["destructive".into()], ..Options::default() }
}

#[test]
fn p14_is_continued_wherever_it_was_killed_and_each_statement_runs_once() {
    let mut faults: Vec<Fault> = DONE.into_iter().map(Fault::Kill).collect();
    faults.extend([Fault::KillAfter("add c"), Fault::Half("add c", true)]);
    for fault in faults {
        let db = Db::new();
        db.fault(fault.clone());
        let error = db.apply(&three(), all).unwrap_err();
        assert_eq!(error.failure, Failure::Transient, "{fault:?}: {error}");
        let report = db.apply(&three(), all).unwrap_or_else(|e| panic!("{fault:?}: {e}"));
        assert_eq!(report.outcome, Outcome::Applied);
        let log: Vec<String> = db.log();
        let expected: Vec<&str> = match fault {
            Fault::Half(..) => ["add a", "add b", "add c", "drop c", "add c", "fill a", "unique a", "drop b"].into(),
            _ => DONE.into(),
        };
        assert_eq!(log, expected, "{fault:?}");
        assert_eq!(db.listed(&[saved(&three())]), [Standing::Applied]);
        assert_eq!(db.apply(&three(), |_| ()).unwrap().outcome, Outcome::Already);
    }
}

#[test]
fn p18_a_commit_that_broke_is_looked_up() {
    for (n, done) in [(1, true), (1, false), (2, true), (2, false), (3, true), (3, false)] {
        let db = Db::new();
        db.fault(Fault::KillAtCommit(n, done));
        let report = db.apply(&three(), all).unwrap();
        assert_eq!((report.outcome, db.log()), (Outcome::Applied, DONE.map(String::from).to_vec()), "{n} {done}");
        assert_eq!(db.listed(&[]), [Standing::Applied]);
    }
    let db = Db::new();
    db.fault(Fault::KillAtCommit(1, true));
    let nobody = || -> Result<Box<dyn Session>> { Err(Error::transient("no server")) };
    let error = db.apply_with(&three(), Options { reconnect: &nobody, ..allowing() }).unwrap_err();
    assert_eq!(error.failure, Failure::Unknown);
    assert_eq!(db.apply(&three(), all).unwrap().batches, 3);
}

/// As after a failover to a standby that was behind.
#[test]
fn p25_a_server_that_lost_what_it_had_confirmed_is_looked_at_anew() {
    for n in 1..=3 {
        let db = Db::new();
        db.fault(Fault::KillAtCommit(n, false));
        let behind = || -> Result<Box<dyn Session>> {
            let mut fake = db.open();
            let last = "DELETE FROM msr_journal WHERE number = (SELECT max(number) FROM msr_journal)";
            diesel::connection::SimpleConnection::batch_execute(&mut fake.db, last).unwrap();
            Ok(Box::new(fake))
        };
        let error = db.apply_with(&three(), Options { reconnect: &behind, ..allowing() }).unwrap_err();
        assert_eq!(error.failure, Failure::Transient, "{n}: {error}");
        assert!(error.message.contains("lost what it had confirmed"), "{n}: {error}");
        journal::verify(&db.open().journal().entries().unwrap()).unwrap();
    }
}

#[test]
fn an_error_leaves_a_batch_boundary_and_says_what_stands() {
    let db = Db::new();
    db.fault(Fault::Error("unique a"));
    let error = db.apply(&three(), all).unwrap_err();
    assert_eq!(error.failure, Failure::Failed);
    assert!(error.to_string().contains("step 5, index main.a, failed: no"), "{error}");
    assert!(error.to_string().contains("first 3 of 4 batches stand"), "{error}");
    assert_eq!(db.listed(&[]), [Standing::PartApplied]);
    assert_eq!(db.apply(&three(), all).unwrap().batches, 1);

    let db = Db::new();
    db.fault(Fault::Error("add b"));
    let error = db.apply(&three(), all).unwrap_err();
    assert!(error.to_string().contains("nothing was changed"), "{error}");
    assert_eq!((db.has().len(), db.listed(&[])), (0, vec![Standing::Failed]));
}

#[test]
fn p11_what_a_failed_step_left_half_made_is_removed_at_once() {
    let db = Db::new();
    db.fault(Fault::Half("add c", false));
    assert_eq!(db.apply(&three(), all).unwrap_err().failure, Failure::Failed);
    assert_eq!(db.has(), ["a", "b"]);
}

#[test]
fn p09_a_lock_that_is_not_free_is_tried_again_and_then_given_up() {
    let db = Db::new();
    db.fault(Fault::Busy("add b"));
    assert_eq!(db.apply(&three(), all).unwrap().outcome, Outcome::Applied);
    let db = Db::new();
    db.fault(Fault::Busy("add b"));
    let error = db.apply(&three(), |o| (all(o), o.attempts = 1).0).unwrap_err();
    assert_eq!((error.failure, db.has().len()), (Failure::Transient, 0));
}

#[test]
fn p27_a_stale_plan_is_refused_with_the_objects_that_moved() {
    let db = Db::new();
    let other =
        plan("0", None, &Catalog::default(), &[Does(true, Expand, &[("add a", "drop a"), ("unique a", "plain a")])]);
    db.apply(&other, |_| ()).unwrap();
    let error = db.apply(&three(), all).unwrap_err();
    assert_eq!(error.failure, Failure::Refused);
    assert!(error.to_string().contains("index main.a: is ") && error.to_string().contains("unique: yes"), "{error}");
    assert_eq!(db.has(), ["a"]);
    let unrelated = plan("2", None, &Catalog::default(), &[Does(true, Expand, &[("add z", "drop z")])]);
    assert_eq!(db.apply(&unrelated, |o| o.strict = true).unwrap_err().failure, Failure::Refused);
    assert_eq!(db.apply(&unrelated, |_| ()).unwrap().notes.len(), 1);
    let mut relies = plan("3", None, &Catalog::default(), &[Does(true, Expand, &[("add y", "drop y")])]);
    relies.plan.relies = vec![(id("a"), crate::model::Fingerprint::of_parts([]))];
    assert!(db.apply(&relies, |_| ()).unwrap_err().message.contains("depends on"));
    let elsewhere = Loaded {
        plan: crate::plan::Plan {
            header: crate::plan::Header { engine_major: 4, ..three().plan.header },
            ..three().plan
        },
        ..three()
    };
    assert_eq!(db.apply(&elsewhere, all).unwrap_err().failure, Failure::Refused);
}

#[test]
fn p34_what_destroys_needs_to_be_allowed_by_name() {
    let db = Db::new();
    let error = db.apply(&three(), |_| ()).unwrap_err();
    assert_eq!(error.failure, Failure::Refused);
    assert!(error.details[0].contains("step 6") && error.hints[0].contains("--allow loses-data"), "{error}");
    assert_eq!(db.log().len(), 0);
    assert!(db.apply(&three(), |o| o.allow = vec!["loses-data".into()]).is_ok());
}

#[test]
fn down_undoes_what_stands_newest_first() {
    let db = Db::new();
    let first = three();
    db.apply(&first, all).unwrap();
    let here = db.world.lock().unwrap().catalog.clone();
    let second = plan("2", Some(&first), &here, &[Does(true, Expand, &[("add d", "lossy drop d")])]);
    db.apply(&second, |_| ()).unwrap();
    let error = db.down(None, &[]).unwrap_err();
    assert!(error.hints[0].contains("--allow loses-data"), "{error}");
    assert_eq!(db.down(Some("1"), &["all"]).unwrap().len(), 1);
    assert_eq!(db.down(Some("1"), &[]).unwrap().len(), 0);
    assert_eq!(db.down(Some("7"), &[]).unwrap_err().failure, Failure::Refused);
    db.fault(Fault::Error("drop c"));
    assert_eq!(db.down(Some("0"), &[]).unwrap_err().failure, Failure::Failed);
    assert_eq!(db.listed(&[])[0], Standing::PartApplied);
    assert_eq!(db.down(None, &[]).unwrap()[0].batches, 2);
    assert_eq!(db.has().len(), 0);
    assert_eq!(db.listed(&[]), [Standing::Undone, Standing::Undone]);
    assert_eq!(db.apply(&first, all).unwrap().batches, 4);
}

#[test]
fn down_goes_back_from_a_part_and_refuses_what_can_not_be_undone() {
    let db = Db::new();
    db.fault(Fault::Kill("fill a"));
    db.apply(&three(), all).unwrap_err();
    assert_eq!(db.down(None, &[]).unwrap()[0].batches, 2);
    assert_eq!(db.has().len(), 0);
    let stuck = plan("5", None, &Catalog::default(), &[Does(true, Expand, &[("add q", "")])]);
    db.apply(&stuck, |_| ()).unwrap();
    let error = db.down(None, &["all"]).unwrap_err();
    assert!(error.message.contains("can't be undone") && db.has() == ["q"], "{error}");
}

#[test]
fn the_contract_phase_waits_to_be_asked_for() {
    let db = Db::new();
    let batches = [Does(true, Expand, &[("add a", "drop a")]), Does(true, Contract, &[("unique a", "plain a")])];
    let loaded = plan("1", None, &Catalog::default(), &batches);
    let contract = |o: &mut Options| o.phases = Phases::Contract;
    assert_eq!(db.apply(&loaded, contract).unwrap_err().failure, Failure::Refused);
    assert_eq!(db.apply(&loaded, |_| ()).unwrap().outcome, Outcome::Expanded);
    assert_eq!(db.listed(&[]), [Standing::WaitsForContract]);
    assert_eq!(db.apply(&loaded, |_| ()).unwrap().outcome, Outcome::Already);
    assert_eq!(db.apply(&loaded, contract).unwrap().outcome, Outcome::Applied);
    assert_eq!(db.log(), ["add a", "unique a"]);
}

#[test]
fn p22_stops_at_a_step_boundary_when_told_to() {
    let db = Db::new();
    let world = db.world.clone();
    let stop = move || (world.try_lock().is_ok_and(|w| w.log.len() == 3)).then_some(Failure::Terminated);
    let error = db.apply_with(&three(), Options { stop: &stop, ..allowing() }).unwrap_err();
    assert_eq!(error.failure, Failure::Terminated);
    assert_eq!(db.has(), ["a", "b", "c"]);
    assert_eq!(db.apply(&three(), all).unwrap().batches, 2);
}

#[test]
fn one_run_at_a_time() {
    let db = Db::new();
    let mut other = db.open();
    assert!(other.try_lock().unwrap());
    assert_eq!(db.apply(&three(), all).unwrap_err().failure, Failure::Transient);
    drop(other);
    db.apply(&three(), all).unwrap();
}

fn chained() -> [Saved; 3] {
    let mut catalog = Catalog::default();
    let mut plans: Vec<Loaded> = vec![];
    let all: [(&str, &'static [(&str, &str)]); 3] =
        [("30", &[("add a", "drop a")]), ("20", &[("add b", "drop b")]), ("10", &[("add c", "drop c")])];
    for (version, does) in all {
        let made = plan(version, plans.last(), &catalog, &[Does(true, Expand, does)]);
        let db = Db::new();
        db.world.lock().unwrap().catalog = catalog;
        db.apply(&made, |_| ()).unwrap();
        catalog = db.world.lock().unwrap().catalog.clone();
        plans.push(made);
    }
    [saved(&plans[0]), saved(&plans[1]), saved(&plans[2])]
}

#[test]
fn p29_the_chain_gives_the_order_and_a_fork_is_refused() {
    let [a, b, c] = chained();
    let mixed = [c.clone(), a.clone(), b.clone()];
    let order: Vec<&str> = migrate::chain(&mixed).unwrap().iter().map(|s| &*s.file).collect();
    assert_eq!(order, ["p30", "p20", "p10"]);
    let fork = plan("40", Some(&a.loaded), &Catalog::default(), &[Does(true, Expand, &[("add z", "drop z")])]);
    let error = migrate::chain(&[a.clone(), b.clone(), saved(&fork)]).unwrap_err();
    assert!(error.message.contains("forks") && error.details[0].contains("`p20`, `p40`"), "{error}");
    assert!(migrate::chain(&[a.clone(), c.clone()]).unwrap_err().message.contains("not there"));
    let copy = Saved { file: "copy".into(), ..b.clone() };
    assert_eq!(migrate::chain(&[a, b.clone(), copy]).unwrap_err().message, "`p20` and `copy` are the same plan");
    assert_eq!(migrate::chain(&[b, c]).unwrap().len(), 2);
}

#[test]
fn p24_migrate_applies_what_is_pending_and_a_database_ahead_is_fine() {
    let [a, b, c] = chained();
    let db = Db::new();
    assert_eq!(db.migrate(&[a.clone(), b.clone()]).unwrap().len(), 2);
    assert_eq!(
        db.listed(&[a.clone(), b.clone(), c.clone()]),
        [Standing::Pending, Standing::Applied, Standing::Applied]
    );
    assert_eq!(db.migrate(std::slice::from_ref(&a)).unwrap().len(), 0);
    assert_eq!(db.migrate(&[a.clone(), b.clone(), c.clone()]).unwrap().len(), 1);
    assert_eq!(db.migrate(&[a.clone(), b.clone(), c.clone()]).unwrap().len(), 0);
    assert_eq!(db.has(), ["a", "b", "c"]);
}

#[test]
fn p29_two_histories_are_refused() {
    let [a, b, c] = chained();
    let db = Db::new();
    db.migrate(&[a.clone(), b.clone()]).unwrap();
    let other = saved(&plan("40", Some(&a.loaded), &Catalog::default(), &[Does(true, Expand, &[("add z", "drop z")])]));
    assert!(db.migrate(&[a.clone(), other]).unwrap_err().message.contains("two histories"));
    let mut edited = b.clone();
    edited.loaded.plan.notes = vec!["new".into()];
    edited.loaded.checksum = file::checksum_of(&edited.loaded.plan);
    assert!(db.migrate(&[a, edited]).unwrap_err().message.contains("edited after it was applied"));
    assert!(Db::new().migrate(&[c]).unwrap_err().message.contains("neither there nor applied"));
}

#[test]
fn same_statements_and_the_same_catalog_need_no_scratch() {
    let db = Db::new();
    db.apply(&three(), all).unwrap();
    let live = db.world.lock().unwrap().catalog.fingerprint();
    let entries = db.open().journal().entries().unwrap();
    let settled = |desired, live| history::settled(&entries, &mut db.open(), desired, live).unwrap();
    assert_eq!(settled("desired", Some(live)), Some(live));
    assert_eq!(settled("other", Some(live)), None);
    assert_eq!(settled("desired", Some(Catalog::default().fingerprint())), None);
    assert_eq!(settled("desired", None), None, "no stamp, no answer");
}

#[test]
fn a_baseline_covers_the_plans_before_it() {
    let [a, b, c] = chained();
    let db = Db::new();
    let start = db.world.lock().unwrap().catalog.fingerprint();
    baseline(&mut db.open(), "30", None, start, &Options::default(), &mut |_| ()).unwrap();
    assert_eq!(db.migrate(&[a.clone(), b.clone(), c.clone()]).unwrap().len(), 0);
    assert_eq!(db.listed(&[a, b, c]), [Standing::Baseline; 4], "the plans, and the baseline itself");
}
