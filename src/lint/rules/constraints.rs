//! Constraints that come, go and change.

use super::*;

pub static CONSTRAINTS: &[Rule] = &[
    deny("add-check", "a check is added and verified at once", When(&[
        add(&[Check]).not(&[NotValid, Inline])]))
        .on(POSTGRES).cost(Cost::Scan)
        .what("adds {id}")
        .why("all rows are read while nobody can read or write the table; the old application fails where it writes what the check forbids")
        .advice("add it NOT VALID in a short transaction, then VALIDATE it"),
    deny("add-fk", "a foreign key is added and verified at once", When(&[
        add(&[ForeignKey]).not(&[NotValid, Inline, ByAttaching])]))
        .on(POSTGRES).cost(Cost::Scan)
        .what("adds {id}")
        .why("all rows are checked while neither of the two tables can be written")
        .advice("add it NOT VALID in a short transaction, then VALIDATE it"),
    warn("add-fk-locks-parent", "a foreign key locks the table that it points to", When(&[
        add(&[ForeignKey]).is(&[NotValid])]))
        .on(POSTGRES)
        .what("adds {id}")
        .why("both tables are locked against writing for a moment, in an order that the application may not share")
        .advice("one foreign key a transaction, with a short lock_timeout and another try"),
    warn("multiple-fks-one-tx", "one transaction adds several foreign keys", Whole(several_keys))
        .on(POSTGRES)
        .what("adds another foreign key in the same transaction")
        .why("all tables that they point to are locked against writing together")
        .advice("one foreign key a transaction"),
    warn("create-table-with-fk", "a new table points to one that is there", When(&[
        add(&[ForeignKey]).is(&[New, Inline]).even(&[Temporary, Returns, TextOnly])]))
        .on(POSTGRES)
        .what("creates {table} with the foreign key {name}")
        .why("the table that is pointed to is locked against writing: one open writer makes all others wait")
        .advice("create the table alone, then add the foreign key in a short transaction: no row is there to be checked"),
    warn("fk-no-index", "a foreign key's columns have no index", When(&[
        add(&[ForeignKey]).is(&[Unindexed]).even_new()]))
        .what("adds {id}, whose columns have no index")
        .why("every DELETE and every UPDATE of the key in the table that is pointed to reads this whole table")
        .advice("create an index on the columns first"),
    warn("fk-type-mismatch", "a foreign key's columns are of different types", When(&[
        add(&[ForeignKey]).is(&[Mismatch]).even_new()]))
        .what("adds {id}, whose two sides are of different types")
        .why("the narrower side overflows one day, and an index may not be used")
        .advice("give both sides the same type"),
    warn("fk-cascade-added", "deletes spread to other tables", When(&[
        add(&[ForeignKey]).is(&[CascadeAction])]))
        .what("adds {id} with CASCADE or SET on delete")
        .why("a delete in one table changes another one from now on, and locks its rows")
        .advice("fine if that is meant; the old application may not expect it"),
    warn("drop-fk", "a foreign key is dropped", When(&[drop(&[ForeignKey])]))
        .what("drops {id}")
        .why("both tables are locked for everybody for a moment, and nothing keeps the old application from writing orphans")
        .advice("run it in a short transaction with a lock_timeout"),
    deny("validate-same-tx", "a constraint is validated in the transaction that adds it", Whole(validated_at_once))
        .on(POSTGRES).cost(Cost::Scan)
        .what("validates {name} in the transaction that added it")
        .why("the lock of the ADD is held while all rows are read: as bad as without NOT VALID")
        .advice("commit between the two"),
    deny("validate-domain", "a check of a domain is verified on every table that uses it", When(&[
        add(&[DomainCheck]).not(&[NotValid]), set(&[Domain], "not_null").is(&[Sets]), run("validate domain")]))
        .on(POSTGRES).cost(Cost::Scan)
        .what("verifies {id} on every table that uses the domain")
        .why("every one of them is locked against writing while its rows are read; NOT VALID first does not help, since VALIDATE locks too")
        .advice("put the check on the tables instead: NOT VALID, then VALIDATE"),
    warn("domain-with-constraint", "a domain is made with checks", When(&[
        add(&[DomainCheck]).is(&[New, Inline]).even(&[])]))
        .on(POSTGRES)
        .what("creates a domain with {name}")
        .why("its checks can't be changed later without locking every table that uses it, and a new column of it writes the table anew")
        .advice("use the base type and a check of the table"),
    deny("add-unique", "a unique constraint is added", When(&[add(&[Unique]).not(&[UsingIndex, Inline, ByAttaching])]))
        .on(POSTGRES).cost(Cost::Index)
        .what("adds {id}")
        .why("its index is built while nobody can read or write the table: 4.3 s for 2 million rows; it fails on duplicates")
        .advice("CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … UNIQUE USING INDEX"),
    warn("unique-nulls-semantics", "NULL counts as a value, or uniqueness is checked late", When(&[
        add(&[Unique]).is(&[NullsNotDistinct]), add(&[Unique]).is(&[Deferrable])]))
        .on(POSTGRES)
        .what("adds {id}, which is NULLS NOT DISTINCT or DEFERRABLE")
        .why("a second NULL is refused; and a deferrable one can't be the target of ON CONFLICT or of a foreign key")
        .advice("fine if that is meant"),
    deny("add-primary-key", "a primary key is added", When(&[add(&[PrimaryKey]).not(&[UsingIndex, Inline, ByAttaching])]))
        .on(POSTGRES).cost(Cost::Index)
        .what("adds {id}")
        .why("its index is built, and NULLs are looked for, while nobody can read or write the table")
        .advice("NOT NULL by way of a check, CREATE UNIQUE INDEX CONCURRENTLY, then ADD PRIMARY KEY USING INDEX"),
    warn("pk-using-index-nullable", "a primary key is made of columns that may be NULL", When(&[
        add(&[PrimaryKey]).is(&[UsingIndex, Nullable])]))
        .on(POSTGRES).cost(Cost::Scan)
        .what("makes {id} of columns that are not NOT NULL yet")
        .why("SET NOT NULL is done for them, which reads all rows while nobody can read or write the table")
        .advice("make them NOT NULL first, by way of a validated check"),
    deny("drop-primary-key", "a primary key is dropped or changed", When(&[
        drop(&[PrimaryKey]), drop(&[PrimaryKey]).is(&[Returns]).even(&[New]), set(&[PrimaryKey], "columns")]))
        .what("drops or changes {id}")
        .why("ON CONFLICT loses its target, logical replication its identity, and nothing keeps duplicates out")
        .advice("put a unique index on the new columns first, and change it in one short statement"),
    deny("drop-unique", "a unique constraint is dropped", When(&[drop(&[Unique]), drop(&[Index]).is(&[IsUnique])]))
        .what("drops {id}")
        .why("the old application's ON CONFLICT on these columns fails; once duplicates are there, it can't be made again")
        .advice("drop it once the old application is gone"),
    warn("drop-check", "a check is dropped", When(&[drop(&[Check])]))
        .what("drops {id}")
        .why("the old application may read values that it never met; once they are there, the check can't come back")
        .advice("release an application that copes with them first"),
    deny("tighten-check", "a check changes", When(&[
        drop(&[Check]).is(&[Returns]).even(&[New, WithColumn]), set(&[Check], "definition").not(&[Parked])]))
        .cost(Cost::Scan)
        .what("changes {id}")
        .why("the old application fails where it writes what the new check forbids, and the rows that are there are read again")
        .advice("add the new check NOT VALID under another name, VALIDATE it, then drop the old one"),
    deny("add-exclusion", "an exclusion constraint is added", When(&[add(&[Exclusion])]))
        .on(POSTGRES).cost(Cost::Index)
        .what("adds {id}")
        .why("its index is built while nobody can read or write the table, and there is no way around it")
        .advice("a window without traffic, or a new table that has it from the start"),
    note("alter-constraint-deferrable", "when a constraint is checked changes", When(&[run("alter constraint")]))
        .on(POSTGRES)
        .what("changes when {name} is checked")
        .why("the lock is strong but short")
        .advice("run it in a short transaction of its own"),
    warn("not-enforced", "a constraint is not enforced", When(&[
        add(&[Check, ForeignKey]).is(&[NotEnforced]).even_new()]))
        .on(POSTGRES)
        .what("adds {id}, which is not enforced")
        .why("it looks like a promise and is none")
        .advice("enforce it, or write a comment instead"),
    note("unnamed-constraint", "a constraint has no name", When(&[
        add(&[Check, ForeignKey, Unique, PrimaryKey, Exclusion]).is(&[Unnamed]).not(&[Inline])]))
        .what("adds a constraint without a name to {table}")
        .why("the server makes one up, and a later statement must guess it")
        .advice("ADD CONSTRAINT name …"),
];

fn several_keys(scene: &Scene) -> Vec<Hit> {
    let key = |i: &&usize| {
        let e = &scene.events[**i];
        e.verb == Verb::Add && e.id.kind == Kind::ForeignKey && !(e.is(Trait::New) && scene.plan.is_some())
    };
    let all = scene.transactions();
    all.iter().flat_map(|tx| tx.iter().filter(key).skip(1).copied().map(Hit::at)).collect()
}

fn validated_at_once(scene: &Scene) -> Vec<Hit> {
    let mut hits = vec![];
    for tx in scene.transactions() {
        for (at, &i) in tx.iter().enumerate() {
            let e = &scene.events[i];
            let added = |&&j: &&usize| {
                let a = &scene.events[j];
                a.verb == Verb::Add && a.id.path == e.id.path && a.is(Trait::NotValid)
            };
            if e.is_run("validate") && !e.is(Trait::New) && tx[..at].iter().any(|j| added(&j)) {
                hits.push(Hit::at(i));
            }
        }
    }
    hits
}
