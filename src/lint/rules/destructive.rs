//! What is gone for good, or gone while the old application still uses it.

use super::*;

pub static DESTRUCTIVE: &[Rule] = &[
    deny("drop-table", "a table is dropped", When(&[drop(&[Table, ForeignTable, VirtualTable]).not(&[Partition])]))
        .what("drops {id} with its rows")
        .why("the rows are gone; the old application fails on every statement that names the table; the tables that its foreign keys point to are locked too, for everybody")
        .advice("first release an application that no longer uses it, drop its foreign keys one by one, then the table; `--allow drop-table` once that is so"),
    deny("drop-partition", "a partition is dropped", When(&[drop(&[Table]).is(&[Partition])]))
        .on(POSTGRES)
        .what("drops the partition {name} with its rows")
        .why("the rows are gone, and the partitioned table is locked against reading and writing meanwhile")
        .advice("DETACH PARTITION … CONCURRENTLY, keep the table for a while, then drop it"),
    warn("drop-table-multiple-fks", "a dropped table has several foreign keys", When(&[drop(&[Table]).is(&[ManyKeys])]))
        .on(POSTGRES)
        .what("drops {id}, which has several foreign keys")
        .why("every table that they point to is locked at once, and lock_timeout counts for each lock anew")
        .advice("drop each foreign key in a short transaction of its own first"),
    deny("drop-column", "a column is dropped", When(&[drop(&[Column])]))
        .what("drops {id} with its values")
        .why("the values are gone; the old application fails wherever it names the column, and its prepared SELECT * fails too")
        .advice("first release an application that no longer uses it; `--allow drop-column` once that is so"),
    warn("drop-column-kills-index", "an index or constraint goes with a column", When(&[
        drop(&[Index, Unique, Check, Exclusion, Statistics, PrimaryKey]).is(&[WithColumn]).even(&[Returns, New])]))
        .on(POSTGRES)
        .what("{id} goes with one of its columns")
        .why("PostgreSQL drops what mentions a dropped column without a word, also where other columns are in it: queries that used it become slow")
        .advice("build the index that takes its place, concurrently, before the column goes"),
    deny("drop-schema", "a schema is dropped", When(&[drop(&[Schema])]))
        .on(POSTGRES)
        .what("drops {id}")
        .why("the application fails on every name in it")
        .advice("rename it out of the application's search_path first, and wait"),
    deny("drop-database", "a database is dropped", When(&[run("drop database")]))
        .on(POSTGRES)
        .what("drops a database")
        .why("everything in it is gone, and nothing can be taken back")
        .advice("this does not belong in a migration"),
    deny("truncate", "a table is emptied", When(&[run("truncate")]))
        .what("empties {table}")
        .why("the rows are gone, the table is locked against reading and writing, and snapshots taken before see it empty")
        .advice("delete in batches"),
    deny("truncate-cascade", "tables that are not named are emptied", When(&[run("truncate").is(&[Cascade])]))
        .on(POSTGRES)
        .what("empties {table} and every table that points to it")
        .why("the rows of all referencing tables are gone too")
        .advice("name each table"),
    deny("drop-cascade", "what depends on a dropped object goes with it", Whole(drop_cascade))
        .on(POSTGRES)
        .what("drops {id} and all that depends on it")
        .why("CASCADE drops objects that nobody listed: views, columns, foreign keys of other tables")
        .advice("drop what depends on it by name, so that a reviewer sees it"),
    deny("drop-view", "a view is dropped", When(&[drop(&[View, MaterializedView])]))
        .what("drops {id}")
        .why("the old application fails on every statement that names it")
        .advice("create what takes its place first; drop it once nobody uses it"),
    deny("drop-function", "a function is dropped", When(&[drop(&[Function, Aggregate])]))
        .on(POSTGRES)
        .what("drops {id}")
        .why("the old application fails where it calls it, and so do functions that call it from a string body, which no dependency tells")
        .advice("add the new one beside it; drop this one once nobody calls it"),
    warn("drop-sequence", "a sequence is dropped", When(&[drop(&[Sequence])]))
        .on(POSTGRES)
        .what("drops {id}")
        .why("whoever still takes numbers from it fails, and where it stood is forgotten")
        .advice("look for its users first"),
    deny("drop-type", "a type is dropped", When(&[drop(&[Enum, Domain, Composite, Range])]))
        .on(POSTGRES)
        .what("drops {id}")
        .why("the old application fails where it casts to it or sends values of it")
        .advice("drop it once no application names it"),
    warn("drop-extension", "an extension is dropped or updated", When(&[drop(&[Extension]), set(&[Extension], "version")]))
        .on(POSTGRES)
        .what("drops or updates {id}")
        .why("what its objects do for the application can't be told from here")
        .advice("read its notes, and try it on a copy"),
    warn("drop-trigger-or-policy", "a trigger or policy is dropped", When(&[drop(&[Trigger, Policy, Kind::Rule])]))
        .what("drops {id}")
        .why("what it did or kept from being done is no longer so; on PostgreSQL the table is locked for everybody")
        .advice("DISABLE TRIGGER first, which blocks no readers, and drop it later"),
    deny("mutation-without-where", "every row is changed or deleted at once", When(&[
        run("update").is(&[NoWhere]), run("delete").is(&[NoWhere])]))
        .what("{attr} of every row of {table}")
        .why("every row stays locked until the statement ends, which took 40 s for 2 million rows, and all of it is one transaction's log")
        .advice("work in batches by ranges of the primary key, each in its own transaction"),
    deny("create-table-force", "a table is dropped and made again", Whole(drop_and_create))
        .what("drops {id} and makes a table of that name again")
        .why("the rows are gone, and it looks as if nothing were")
        .advice("alter the table, or give the new one another name"),
    deny("narrowing-type", "a type becomes narrower", When(&[set(&[Column], "type").is(&[Narrows])]))
        .what("makes {id} narrower: {from} to {to}")
        .why("values that do not fit make the statement fail, or are rounded without a word")
        .advice("count the values that do not fit first; copy into a column of the new type with an explicit conversion"),
    deny("loses-data", "data is lost", When(&[run("loses")]))
        .what("loses {to}")
        .why("what is lost can't be brought back by the way down")
        .advice("keep a copy first; `--allow loses-data` if it is meant"),
];

fn drop_cascade(scene: &Scene) -> Vec<Hit> {
    let cascades = |e: &Event| e.verb == Verb::Drop && e.is(Trait::Cascade) && !e.is(Trait::New);
    scene.events.iter().enumerate().filter(|(_, e)| cascades(e)).map(|(i, _)| Hit::at(i)).collect()
}

fn drop_and_create(scene: &Scene) -> Vec<Hit> {
    let table = |e: &Event, verb| e.verb == verb && e.id.kind == Kind::Table;
    let again = |i: usize, e: &Event| scene.events[i + 1..].iter().any(|n| table(n, Verb::Add) && n.id == e.id);
    let dropped = scene.events.iter().enumerate().filter(|(_, e)| table(e, Verb::Drop) && !e.is(Trait::New));
    dropped.filter(|(i, e)| again(*i, e)).map(|(i, _)| Hit::at(i)).collect()
}
