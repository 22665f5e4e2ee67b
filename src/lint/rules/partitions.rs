//! What is made of a table in the statement that makes it a partition, since the partitioned table has it.

use super::*;
use crate::lint::facts;
use crate::model::{Id, Object};

pub static PARTITIONS: &[Rule] = &[
    warn("attach-index-build", "an index is built while a partition is attached", Whole(builds))
        .on(POSTGRES)
        .cost(Cost::Index)
        .what("")
        .why("nobody can read or write the partition while it is built")
        .advice("CREATE INDEX CONCURRENTLY on the table first: one that says the same is attached, and none is built"),
    warn("attach-fk", "a foreign key is checked while a partition is attached", Whole(checks))
        .on(POSTGRES)
        .cost(Cost::Scan)
        .what("")
        .why("nobody can read or write the partition while all its rows are looked up, nor write the table that it points to")
        .advice("add the foreign key to the table first, NOT VALID, and VALIDATE it; then attach"),
];

fn builds(scene: &Scene) -> Vec<Hit> {
    made_by_attaching(scene, &[Index, Unique, PrimaryKey], "part_of", "builds")
}

fn checks(scene: &Scene) -> Vec<Hit> {
    made_by_attaching(scene, &[ForeignKey], "", "checks")
}

/// Parts of a table that are there neither before it is attached nor by a statement of their own.
fn made_by_attaching(scene: &Scene, kinds: &[Kind], whole: &str, verb: &str) -> Vec<Hit> {
    let (Some(base), Some(goal)) = (scene.base, scene.goal) else { return vec![] };
    let mut hits = vec![];
    for (i, event) in scene.events.iter().enumerate() {
        if event.verb != Verb::Add || event.id.kind != Attachment || event.is(Trait::New) {
            continue;
        }
        let home = event.id.of_kind(Table);
        let before = |id: &Id| base.contains(id) || scene.events[..i].iter().any(|e| adds(e, id) && apart(e, event));
        let follows = |o: &Object| match whole {
            "" => o.leaders().next().is_some(),
            attr => o.attr(attr) != crate::model::Value::None || o.leaders().next().is_some(),
        };
        let parts =
            goal.iter().filter(|o| kinds.contains(&o.id().kind) && facts::table(goal, o.id()) == Some(home.clone()));
        let made = parts.filter(|o| follows(o) && !before(o.id()));
        hits.extend(made.map(|o| Hit::says(i, format!("attaches {home}, and {verb} {} for it", o.id()))));
    }
    hits
}

fn adds(event: &Event, id: &Id) -> bool {
    event.verb == Verb::Add && event.id == *id
}

/// Not of the same statement, and of the same step neither.
fn apart(a: &Event, b: &Event) -> bool {
    let statement = |e: &Event| e.spot.as_ref().map(|s| s.0);
    (statement(a), a.step) != (statement(b), b.step)
}
