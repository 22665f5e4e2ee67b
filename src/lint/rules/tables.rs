//! Partitions, whole tables, views, functions and rights.

use super::*;

pub static TABLES: &[Rule] = &[
    warn("attach-partition-scan", "a partition is attached and all its rows are read", When(&[
        add(&[Attachment]).is(&[Scans]).not(&[HasDefaultPartition])]))
        .on(POSTGRES).cost(Cost::Scan)
        .what("attaches {name}, and reads all its rows")
        .why("nobody can read or write the partition meanwhile")
        .advice("a check that says the same as the bounds first: NOT VALID, VALIDATE; attach; drop the check"),
    deny("attach-default-scan", "the default partition is read", When(&[
        add(&[Attachment]).is(&[HasDefaultPartition]), add(&[Table]).is(&[Partition, HasDefaultPartition]).even_new()]))
        .on(POSTGRES).cost(Cost::Scan)
        .what("attaches {name} beside a default partition")
        .why("all rows of the default partition are read while nobody can read or write it")
        .advice("a check on the default partition that excludes the new bounds first: NOT VALID, then VALIDATE"),
    warn("create-partition-of", "a partition is made in place", When(&[add(&[Table]).is(&[Partition]).even(&[TextOnly])]))
        .on(POSTGRES)
        .what("creates {id} as a partition")
        .why("the partitioned table is locked for everybody for a moment")
        .advice("CREATE TABLE (LIKE …), then ATTACH PARTITION, which lets others read and write"),
    deny("detach-blocking", "a partition is detached while nobody can read or write", When(&[
        drop(&[Attachment]).not(&[Concurrently, HasDefaultPartition])]))
        .on(POSTGRES)
        .what("detaches {name}")
        .why("the partitioned table and the partition are locked for everybody")
        .advice("DETACH PARTITION … CONCURRENTLY, outside of a transaction"),
    warn("detach-beside-default", "a partition is detached where there is a default partition", When(&[
        drop(&[Attachment]).is(&[HasDefaultPartition])]))
        .on(POSTGRES)
        .what("detaches {name}, and there is a default partition")
        .why("CONCURRENTLY is refused there; without it the partitioned table and the partition are locked for everybody, behind whoever uses them")
        .advice("a lock_timeout of 100 ms and more tries, as `msr apply` does it: the lock is short once it is had"),
    warn("detach-concurrently-writers", "writers of a partition that is detached fail", When(&[
        drop(&[Attachment]).is(&[Concurrently])]))
        .on(POSTGRES)
        .what("detaches {name} concurrently")
        .why("whoever inserts rows of that range fails at once, also while it still waits; when it is cancelled, the partition stays half detached")
        .advice("only for ranges that nobody writes any more; FINALIZE what was cancelled"),
    deny("set-logged", "a table becomes logged or unlogged", When(&[set(&[Table], "unlogged")]))
        .on(POSTGRES).cost(Cost::Rewrite)
        .what("makes {id} logged or unlogged")
        .why("every row is written anew while nobody can read or write the table")
        .advice("make a new table and move the rows in batches"),
    deny("set-tablespace", "a table moves to another tablespace", When(&[run("set tablespace")]))
        .on(POSTGRES).cost(Cost::Rewrite)
        .what("moves {name} to another tablespace")
        .why("it is copied while nobody can read or write it")
        .advice("pg_repack, or a window without traffic"),
    deny("set-access-method", "a table gets another access method", When(&[set(&[Table], "method")]))
        .on(POSTGRES).cost(Cost::Rewrite)
        .what("changes the access method of {id}")
        .why("every row is written anew while nobody can read or write the table")
        .advice("make a new table and move the rows in batches"),
    deny("vacuum-full-cluster", "a table is written anew to save space", When(&[run("vacuum full"), run("cluster")]))
        .on(POSTGRES).cost(Cost::Rewrite)
        .what("{attr} of {name}")
        .why("every row is written anew while nobody can read or write the table: 9 s for 2 million rows")
        .advice("pg_repack or pg_squeeze; REPACK CONCURRENTLY from PostgreSQL 19 on"),
    warn("replica-identity", "the replica identity changes", When(&[
        set(&[Table], "replica_identity"), set(&[Index, Unique, PrimaryKey], "replica_identity")]))
        .on(POSTGRES)
        .what("changes the replica identity of {id}")
        .why("change-data-capture sees other old rows; without an identity, UPDATE and DELETE on a published table fail")
        .advice("look at who subscribes first"),
    warn("publication-subscriber-order", "a published table changes", When(&[
        add(&[Column]).is(&[Published]), drop(&[Column]).is(&[Published]), set(&[Column], "type").is(&[Published])]))
        .on(POSTGRES)
        .what("changes {id}, whose table is published")
        .why("logical replication does not carry it over: rows that do not fit stop the subscription")
        .advice("add columns at the subscriber first, drop them at the publisher first"),
    deny("rls-change", "row security changes", When(&[
        set(&[Table], "row_security"), add(&[Policy]), set(&[Policy], ""), drop(&[Policy]).is(&[Returns]).even(&[New])]))
        .on(POSTGRES)
        .what("changes row security: {id}")
        .why("the old application may see no rows at all, or rows that are not for it")
        .advice("test it as the application's role first"),
    warn("grants-revoked", "a right is taken away", When(&[drop(&[Grant]), run("revoke")]))
        .on(POSTGRES)
        .what("takes a right away: {id}")
        .why("the old application may need it")
        .advice("after the old application is gone"),
    warn("create-trigger", "a trigger is added", When(&[add(&[Kind::Trigger])]))
        .what("creates {id}")
        .why("every write pays for it; on PostgreSQL the table can't be written while it is made")
        .advice("run it in a short transaction with a lock_timeout"),
    deny("disable-trigger", "a trigger is disabled", When(&[
        set(&[Kind::Trigger, Firing], "enabled").is(&[Unsets]), add(&[Firing]).is(&[Unsets])]))
        .on(POSTGRES)
        .what("disables {id}")
        .why("what it keeps true is no longer kept; with ALL or USER foreign keys may be among it")
        .advice("name the one trigger, and for as short as can be"),
    warn("inherit-change", "inheritance changes", When(&[add(&[Inheritance]), drop(&[Inheritance])]))
        .on(POSTGRES)
        .what("changes what {name} inherits")
        .why("the table is locked for everybody for a moment, and queries on the parent see other rows")
        .advice("run it in a short transaction with a lock_timeout"),
    deny("refresh-matview", "a materialized view is refreshed while nobody can read it", When(&[
        run("refresh").not(&[Concurrently])]))
        .on(POSTGRES).cost(Cost::Scan)
        .what("refreshes {name}")
        .why("readers wait until its query is done")
        .advice("a unique index on it, and REFRESH … CONCURRENTLY"),
    warn("replace-function", "what a function does changes", When(&[set(&[Function, Aggregate], "definition"), set(&[Function], "body")]))
        .on(POSTGRES)
        .what("changes {id}")
        .why("the old application gets the new behaviour at once")
        .advice("give a function that behaves otherwise another name"),
    note("opaque-sql", "what a statement does can't be judged", When(&[run("do"), run("call")]))
        .on(POSTGRES)
        .what("runs code that lint does not look into")
        .why("what it does is known only when it runs")
        .advice("write it as plain statements, or try it on a copy"),
    warn("lock-table", "a table is locked by hand", When(&[run("lock table")]))
        .on(POSTGRES)
        .what("locks {table}")
        .why("everybody waits until the transaction ends, and behind it while it waits itself")
        .advice("a short lock_timeout, and as little as can be in the transaction"),
    note("create-extension", "an extension is installed", When(&[add(&[Extension])]))
        .on(POSTGRES)
        .what("installs {id}")
        .why("it needs rights that a migration's role often has not, and must be there on every server")
        .advice("install it with the server"),
];
