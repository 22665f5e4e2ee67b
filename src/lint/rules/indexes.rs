//! Indexes.

use super::*;

pub static INDEXES: &[Rule] = &[
    deny(
        "create-index-blocking",
        "an index is built while nobody can write",
        When(&[add(&[Index]).not(&[Concurrently, Partitioned, ByAttaching])]),
    )
    .on(POSTGRES)
    .cost(Cost::Index)
    .what("creates {id}")
    .why("the table can't be written while it is built: 4 s for 2 million rows")
    .advice("CREATE INDEX CONCURRENTLY, outside of a transaction"),
    deny(
        "create-index-partitioned",
        "an index is built on all partitions at once",
        When(&[add(&[Index]).is(&[Partitioned]).not(&[Inline])]),
    )
    .on(POSTGRES)
    .cost(Cost::Index)
    .what("creates {id} on a partitioned table")
    .why("no partition can be written while all of them are indexed, and CONCURRENTLY is refused here")
    .advice("CREATE INDEX ON ONLY the parent, CONCURRENTLY on each partition, then ALTER INDEX … ATTACH PARTITION"),
    deny(
        "concurrently-in-tx",
        "CONCURRENTLY stands in a transaction",
        When(&[
            add(&[Index]).is(&[Concurrently, InTransaction]).even(&[]),
            drop(&[Index]).is(&[Concurrently, InTransaction]).even(&[]),
            drop(&[Attachment]).is(&[Concurrently, InTransaction]).even(&[]),
            run("reindex").is(&[Concurrently, InTransaction]).even(&[]),
        ]),
    )
    .on(POSTGRES)
    .what("does {id} concurrently, in a transaction")
    .why("the server refuses it")
    .advice("run it outside of a transaction, alone in its file"),
    warn(
        "if-not-exists-masks",
        "IF NOT EXISTS hides an index that is not the one",
        When(&[add(&[Index]).is(&[Concurrently, IfNotExists])]),
    )
    .on(POSTGRES)
    .what("creates {id} concurrently, if it does not exist")
    .why("an INVALID index that a failed try left behind exists too, and success is reported")
    .advice("look at pg_index.indisvalid, and drop what is invalid first"),
    deny("cic-lock-timeout", "a concurrent build runs under a lock_timeout", Whole(build_under_timeout))
        .on(POSTGRES)
        .what("builds {id} concurrently under a lock_timeout")
        .why("it waits for old transactions as for a lock: when the time is up an INVALID index is left behind")
        .advice("SET lock_timeout = 0 before it: it blocks nobody while it waits"),
    warn(
        "drop-index-blocking",
        "an index is dropped while nobody can read or write",
        When(&[drop(&[Index]).not(&[Concurrently, IsUnique, Partitioned])]),
    )
    .on(POSTGRES)
    .what("drops {id}")
    .why("it waits for all readers of the table, and everybody waits behind it")
    .advice("DROP INDEX CONCURRENTLY, outside of a transaction"),
    warn(
        "drop-index-before-replacement",
        "an index is dropped before its replacement is there",
        When(&[drop(&[Index]).is(&[Returns]).even(&[New, WithColumn])]),
    )
    .cost(Cost::Index)
    .what("drops {id} and builds it anew")
    .why("until the new one is there, queries that used the old one are slow")
    .advice("build the new one under another name, concurrently, then drop the old one and rename"),
    deny("reindex-blocking", "REINDEX blocks", When(&[run("reindex").not(&[Concurrently])]))
        .on(POSTGRES)
        .cost(Cost::Index)
        .what("reindexes {name}")
        .why("the table can't be written meanwhile, and whoever would read by the index waits")
        .advice("REINDEX … CONCURRENTLY, outside of a transaction"),
    note("wide-index", "an index has many columns", When(&[add(&[Index]).is(&[Wide]).not(&[IsUnique]).even_new()]))
        .what("creates {id} on more than three columns")
        .why("it is large, and every write pays for it")
        .advice("keep the columns that queries filter by"),
    note("duplicate-index", "an index does the work of another", When(&[add(&[Index]).is(&[Duplicate]).even_new()]))
        .what("creates {id}, whose columns another index begins with")
        .why("every write pays for both")
        .advice("leave one of the two out"),
    deny("cic-bug-14", "PostgreSQL 14.0 to 14.3 corrupts concurrent builds", Whole(corrupting))
        .on(POSTGRES)
        .what("builds {id} concurrently on PostgreSQL 14.0 to 14.3")
        .why("the index may miss rows")
        .advice("upgrade to 14.4 or newer first"),
    note("hash-index", "a hash index is created", When(&[add(&[Index]).is(&[Hash]).even_new()]))
        .on(POSTGRES)
        .what("creates {id} as a hash index")
        .why("it serves equality only, can't be unique, and is not written ahead on PostgreSQL 9.6 and older")
        .advice("use btree unless it was measured"),
];

fn build_under_timeout(scene: &Scene) -> Vec<Hit> {
    let mut on = false;
    let mut hits = vec![];
    for (i, e) in scene.events.iter().enumerate() {
        if e.is_run("set lock_timeout") {
            on = !matches!(e.to.as_str(), "" | "0" | "default");
        }
        if on && e.verb == Verb::Add && e.id.kind == Kind::Index && e.is(Trait::Concurrently) {
            hits.push(Hit::at(i));
        }
    }
    hits
}

fn corrupting(scene: &Scene) -> Vec<Hit> {
    let builds = |e: &Event| {
        e.is(Trait::Concurrently) && (e.verb == Verb::Add && e.id.kind == Kind::Index || e.is_run("reindex"))
    };
    if !(140_000..140_004).contains(&scene.version) {
        return vec![];
    }
    scene.events.iter().enumerate().filter(|(_, e)| builds(e)).map(|(i, _)| Hit::at(i)).collect()
}
