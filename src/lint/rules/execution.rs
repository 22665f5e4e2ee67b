//! How statements stand together in a script. Plans are another thing: there msr sets timeouts and decides on transactions.

use super::*;

pub static EXECUTION: &[Rule] = &[
    warn("no-lock-timeout", "a strong lock is waited for without end", Whole(without_lock_timeout))
        .on(POSTGRES)
        .what("waits for its lock without a limit")
        .why("while it waits for one idle reader, everybody waits behind it: 7.5 s of outage")
        .advice("SET lock_timeout = '100ms' before it, and try again when it is up"),
    note("no-statement-timeout", "a statement may run without end", Whole(without_statement_timeout))
        .on(POSTGRES)
        .what("runs without a limit")
        .why("what it locks is locked for as long as it runs")
        .advice("SET statement_timeout before it; not before VALIDATE or a concurrent build"),
    warn("lock-timeout-too-long", "a lock_timeout is long", When(&[run("set lock_timeout").is(&[Wide])]))
        .on(POSTGRES)
        .what("waits for locks up to {to}")
        .why("everybody else waits behind it for that long, at each try")
        .advice("100 ms, and more tries"),
    deny("statement-timeout-on-scan", "a long step has a short statement_timeout", Whole(scan_under_timeout))
        .on(POSTGRES)
        .what("reads or builds under a statement_timeout")
        .why("when the time is up all work is lost, and a concurrent build leaves an INVALID index behind")
        .advice("SET statement_timeout = 0 before it: it blocks no readers and writers"),
    warn("multi-statement-after-ax", "more is done while a table is locked for everybody", Whole(after_strong_lock))
        .on(POSTGRES)
        .what("runs while {table} stays locked for everybody")
        .why("the lock is held until COMMIT")
        .advice("commit before it; only what must be done together belongs in one transaction"),
    warn("several-tables-one-tx", "one transaction locks several tables for everybody", Whole(several_tables))
        .on(POSTGRES)
        .what("locks {table} for everybody, in a transaction that has locked another table")
        .why("the waits add up, and an application that locks them in another order ends in a deadlock")
        .advice("one table a transaction"),
    deny("ddl-with-dml-one-tx", "rows are changed in the transaction of a schema change", Whole(rows_after_ddl))
        .what("changes rows of {table} in a transaction that has changed the schema")
        .why("the lock of the schema change is held until all rows are done")
        .advice("commit the schema change first"),
    warn("offset-or-max-cursor", "batches by OFFSET skip rows", When(&[run("offset batch")]))
        .what("takes rows by OFFSET")
        .why("rows that come or go between two batches shift the others: some are skipped, some done twice")
        .advice("by ranges of the primary key, beginning after the last one done"),
    deny(
        "set-local-outside-tx",
        "SET LOCAL outside of a transaction",
        When(&[run("set local").not(&[InTransaction, Inline])]),
    )
    .on(POSTGRES)
    .what("sets {to} for a transaction that is not there")
    .why("it has no effect, and the server only warns")
    .advice("SET, or BEGIN before it"),
    warn(
        "transaction-nesting",
        "a transaction is begun in another",
        When(&[run("nested begin").even(&[]), run("stray commit").even(&[])]),
    )
    .what("begins or ends a transaction where there is none to begin or end")
    .why("the inner BEGIN does nothing, and the first COMMIT ends all of it")
    .advice("one BEGIN, one COMMIT, or leave both to the tool"),
    warn("uncommitted-transaction", "a transaction is not ended", When(&[run("uncommitted").even(&[])]))
        .what("begins a transaction that the file does not end")
        .why("all of it is rolled back when the connection closes, or goes on into the next file")
        .advice("COMMIT at the end"),
];

fn asks(scene: &Scene, e: &Event) -> bool {
    scene.plan.is_none() && e.verb != Verb::Run && !e.is(Trait::New) && !e.is(Trait::Temporary)
}

/// The first event of each statement that takes a lock others wait for.
fn locking<'a>(scene: &'a Scene) -> impl Iterator<Item = (usize, &'a Event)> {
    let mut last = None;
    scene.events.iter().enumerate().filter(move |(_, e)| {
        let statement = e.spot.as_ref().map(|s| s.0);
        let locks = locks_table(scene, e) && statement != last;
        if locks {
            last = statement;
        }
        locks
    })
}

fn locks_table(scene: &Scene, e: &Event) -> bool {
    let runs = ["truncate", "vacuum full", "cluster", "reindex", "refresh", "lock table", "set tablespace"];
    let changes = asks(scene, e) && !e.is(Trait::Concurrently) && on_table(e);
    changes
        || scene.plan.is_none() && e.verb == Verb::Run && runs.contains(&e.attr.as_str()) && !e.is(Trait::Concurrently)
}

fn on_table(e: &Event) -> bool {
    e.table.is_some() || matches!(e.id.kind, Kind::Index)
}

fn without(scene: &Scene, setting: &str) -> Vec<Hit> {
    let set = format!("set {setting}");
    let first = scene.events.iter().position(|e| e.is_run(&set)).unwrap_or(usize::MAX);
    locking(scene).filter(|(i, _)| *i < first).take(1).map(|(i, _)| Hit::at(i)).collect()
}

fn without_lock_timeout(scene: &Scene) -> Vec<Hit> {
    without(scene, "lock_timeout")
}

fn without_statement_timeout(scene: &Scene) -> Vec<Hit> {
    without(scene, "statement_timeout")
}

fn scan_under_timeout(scene: &Scene) -> Vec<Hit> {
    let mut on = false;
    let mut hits = vec![];
    for (i, e) in scene.events.iter().enumerate() {
        if e.is_run("set statement_timeout") {
            on = e.is(Trait::Narrow);
        }
        let builds = e.verb == Verb::Add && e.id.kind == Kind::Index && e.is(Trait::Concurrently);
        if on && !e.is(Trait::New) && (builds || e.is_run("validate")) {
            hits.push(Hit::at(i));
        }
    }
    hits
}

/// Whether the event takes the strongest lock on a table that is there.
fn strongest(e: &Event) -> bool {
    let short = e.is(Trait::New) || e.is(Trait::Temporary) || e.is(Trait::Concurrently) || e.table.is_none();
    let kind = e.id.kind;
    let weaker = matches!(kind, Kind::Index | Kind::Trigger | Kind::ForeignKey) && e.verb == Verb::Add;
    let metadata = matches!(kind, Kind::View | Kind::MaterializedView) || e.attr == "statistics";
    match e.verb {
        Verb::Run => ["truncate", "vacuum full", "cluster"].contains(&e.attr.as_str()) && !short,
        _ => !short && !weaker && !metadata,
    }
}

fn after_strong_lock(scene: &Scene) -> Vec<Hit> {
    let mut hits = vec![];
    for tx in scene.transactions() {
        let Some(at) = tx.iter().position(|&i| strongest(&scene.events[i])) else { continue };
        let first = &scene.events[tx[at]];
        let unit = |e: &Event| (e.spot.as_ref().map(|s| s.0), e.step);
        // In a plan, what is done in a moment may well be done together.
        let long = |e: &Event| e.is(Trait::Scans) || e.is(Trait::Rewrites) || e.is(Trait::RebuildsIndex);
        let more = |&&i: &&usize| {
            let e = &scene.events[i];
            unit(e) != unit(first) && !is_setting(e) && (scene.plan.is_none() || long(e))
        };
        if let Some(&i) = tx[at..].iter().find(more) {
            let table = first.table.as_ref().map(|t| t.to_string()).unwrap_or_default();
            hits.push(Hit::says(i, format!("runs while {table} stays locked for everybody")));
        }
    }
    hits
}

fn is_setting(e: &Event) -> bool {
    e.verb == Verb::Run
        && (e.attr.starts_with("set l")
            || e.attr.starts_with("set s") && e.attr != "set tablespace"
            || [
                "commit",
                "rollback",
                "begin",
                "unqualified",
                "too long",
                "loses",
                "nested begin",
                "stray commit",
                "uncommitted",
            ]
            .contains(&e.attr.as_str()))
}

fn several_tables(scene: &Scene) -> Vec<Hit> {
    let mut hits = vec![];
    for tx in scene.transactions().into_iter().filter(|_| scene.plan.is_none()) {
        let mut tables: Vec<&crate::model::Id> = vec![];
        for i in tx.into_iter().filter(|&i| strongest(&scene.events[i])) {
            let Some(table) = &scene.events[i].table else { continue };
            if !tables.contains(&table) {
                if !tables.is_empty() {
                    hits.push(Hit::at(i));
                }
                tables.push(table);
            }
        }
    }
    hits
}

fn rows_after_ddl(scene: &Scene) -> Vec<Hit> {
    let mut hits = vec![];
    for tx in scene.transactions().into_iter().filter(|_| scene.plan.is_none()) {
        let Some(at) = tx.iter().position(|&i| strongest(&scene.events[i])) else { continue };
        let first = scene.events[tx[at]].table.as_ref();
        let rows = |&&i: &&usize| {
            let e = &scene.events[i];
            matches!(e.attr.as_str(), "update" | "delete") && e.verb == Verb::Run && !e.is(Trait::New)
        };
        hits.extend(tx[at..].iter().filter(rows).filter(|_| first.is_some()).map(|&i| Hit::at(i)));
    }
    hits
}
