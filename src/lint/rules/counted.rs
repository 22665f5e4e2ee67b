//! What only a live database tells: how often, how much, how many. Where there is none, nothing is said.

use super::*;
use crate::engine::Open;
use std::collections::BTreeSet;

pub static COUNTED: &[Rule] = &[
    warn("drop-index-in-use", "an index that queries use is dropped", When(&[
        drop(&[Index, Unique, PrimaryKey, Exclusion]).is(&[Used])]))
        .on(POSTGRES)
        .what("drops {id}, by which queries have read")
        .why("those queries read the whole table from then on")
        .advice("look in pg_stat_user_indexes whether idx_scan still grows, on the replicas too, and drop it once it does not"),
    deny("invalid-index-left", "an INVALID index stands beside", Whole(beside_invalid))
        .on(POSTGRES)
        .what("")
        .why("a concurrent build that failed left it behind: every write pays for it, no query uses it, and a unique one may refuse rows")
        .advice("DROP INDEX CONCURRENTLY first, or REINDEX INDEX CONCURRENTLY; `msr plan` drops it by itself"),
    warn("cic-waits-on-snapshots", "a transaction is open that a concurrent build waits for", Whole(kept_waiting))
        .on(POSTGRES)
        .momentary()
        .what("")
        .why("it waits for whoever may still look at rows as they were, or has written to the table; as long as that takes, which may be for ever, vacuum can remove nothing either")
        .advice("let it end first, or end it: pg_terminate_backend, ROLLBACK PREPARED"),
    note("index-build-load", "an index of a very large table is built", When(&[
        add(&[Index]).is(&[Concurrently, MuchToIndex])]))
        .on(POSTGRES)
        .what("builds {id} on a table of more than 1 GB")
        .why("it takes minutes, reads the table twice, and replicas fall behind by what it writes")
        .advice("when little is going on, with room on the disk and a larger maintenance_work_mem"),
    note("breaks-hot", "an index on a table that is updated without touching one", When(&[
        add(&[Index]).is(&[Hot])]))
        .on(POSTGRES)
        .what("creates {id} on a table most of whose updates have to write no index so far")
        .why("updates that change one of its columns, or one in its condition, write all indexes from then on, and leave more for vacuum")
        .advice("fine if its columns are seldom updated; else a lower fillfactor, or no index"),
    warn("add-column-limit", "a table runs out of columns", When(&[add(&[Column]).is(&[ManyColumns])]))
        .on(POSTGRES)
        .what("adds {id} to a table that had 1500 columns or more, those that were dropped included")
        .why("at 1600 no column can be added any more, and dropped ones keep their place until the table is made anew")
        .advice("make a new table and move the rows, or put the columns in another table"),
];

/// A script that adds to a table, or takes from it, and leaves an INVALID index there.
fn beside_invalid(scene: &Scene) -> Vec<Hit> {
    if scene.plan.is_some() {
        return vec![];
    }
    let name = |id: &crate::model::Id| id.path.iter().take(2).map(|p| &**p).collect::<Vec<_>>().join(".");
    let seen_to = |index: &str| {
        let ends = |e: &Event| matches!(e.verb, Verb::Drop) || e.is_run("reindex");
        scene.events.iter().any(|e| ends(e) && name(&e.id) == *index)
    };
    let mut said = BTreeSet::new();
    let mut hits = vec![];
    for (i, event) in scene.events.iter().enumerate().filter(|(_, e)| e.verb != Verb::Run) {
        let Some(table) = event.table.as_ref().map(name) else { continue };
        let left = scene.figures.invalid.iter().filter(|(index, of)| **of == table && !seen_to(index));
        let says = |index: &String| format!("leaves the index {index} on {table}, which is INVALID");
        hits.extend(
            left.filter(|(index, _)| said.insert((*index).clone())).map(|(index, _)| Hit::says(i, says(index))),
        );
    }
    hits
}

/// Each open transaction is said of the first step or statement that has to wait for it.
fn kept_waiting(scene: &Scene) -> Vec<Hit> {
    let mut said = BTreeSet::new();
    let mut hits = vec![];
    for (i, event) in scene.events.iter().enumerate() {
        let waits = |open: &&Open| keeps_waiting(scene, event, open);
        let mut news = scene.figures.open.iter().filter(waits).filter(|open| said.insert(&open.who));
        let Some(Open { who, seconds, .. }) = news.next() else { continue };
        let more = match news.count() {
            0 => String::new(),
            1 => ", and for 1 more".to_string(),
            n => format!(", and for {n} more"),
        };
        hits.push(Hit::says(i, format!("would wait for {who}, in a transaction that is {seconds} s old{more}")));
    }
    hits
}

/// What takes away an index or a partition waits for all who have its table locked. Who builds one waits for who writes the table,
/// and in the end for every snapshot that may be older than the index
/// (<https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>).
fn keeps_waiting(scene: &Scene, event: &Event, open: &Open) -> bool {
    let takes = event.verb == Verb::Drop && matches!(event.id.kind, Index | Attachment);
    let builds = event.verb == Verb::Add && event.id.kind == Index || event.is_run("concurrently");
    if !event.is(Concurrently) || !(takes || builds || event.is_run("reindex")) {
        return false;
    }
    let parent = scene.base.and_then(|base| base.get(&event.id)).map(|o| o.attr("parent").to_string().replace('"', ""));
    let table = event.table.as_ref().map(|t| t.path.join("."));
    let locked: Vec<bool> = [table, parent].iter().flatten().filter_map(|t| open.tables.get(t)).copied().collect();
    match (takes, builds) {
        (true, _) => !locked.is_empty(),
        (_, true) => open.snapshot || locked.contains(&true),
        _ => open.snapshot || !locked.is_empty(),
    }
}
