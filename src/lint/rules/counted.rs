//! What only a live database tells: how often, how much, how many. Where there is none, nothing is said.

use super::*;
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
