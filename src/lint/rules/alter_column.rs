//! Columns that change.

use super::*;
use crate::model::{Id, Object};

pub static ALTER_COLUMN: &[Rule] = &[
    deny("alter-type-rewrite", "a change of type writes the table anew", When(&[set(&[Column], "type").is(&[Rewrites])]))
        .on(POSTGRES).cost(Cost::Rewrite)
        .what("changes the type of {id} from {from} to {to}")
        .why("every row is written anew, and all indexes are built anew, while nobody can read or write the table: 8.5 s for 2 million rows")
        .advice("add a column of the new type, keep both in step by a trigger, fill it in batches, then swap the names"),
    warn("no-ladder", "a large table is changed at once", When(&[run("at once")]))
        .on(POSTGRES)
        .what("changes {id} at once: {to}")
        .why("for other tables msr makes short steps of it that keep nobody waiting; here everybody waits until it is done")
        .advice("take away what stands in the way, in a plan before it, or do it while nobody works"),
    warn("insert-without-columns", "a function writes rows by the place of columns that change it", Whole(by_place))
        .on(POSTGRES)
        .what("")
        .why("a column that is parked keeps its place and the new one is the last: what is written for the one ends up in another, or fails")
        .advice("name the columns: INSERT INTO t (a, b) VALUES (…)"),
    deny("alter-type-index-rebuild", "a change of type builds indexes anew", When(&[
        set(&[Column], "type").is(&[RebuildsIndex]).not(&[Rewrites])]))
        .on(POSTGRES).cost(Cost::Index)
        .what("changes the type of {id}, and indexes are built anew for it")
        .why("the rows stay, but an index is built while nobody can read or write the table")
        .advice("drop the index concurrently, change the type, create the index concurrently"),
    warn("alter-type-check-rescan", "a change of type checks all rows again", When(&[
        set(&[Column], "type").is(&[Scans]).not(&[Rewrites, RebuildsIndex])]))
        .on(POSTGRES).cost(Cost::Scan)
        .what("changes the type of {id}, and all rows are checked for it")
        .why("a check that mentions the column is verified anew while nobody can read or write the table")
        .advice("drop the check, change the type, add it NOT VALID, VALIDATE it"),
    warn("alter-type-invalidates-plans", "a change of type breaks prepared statements", When(&[set(&[Column], "type")]))
        .on(POSTGRES)
        .what("changes the type of {id} from {from} to {to}")
        .why("a prepared statement that returns the column fails for as long as its connection lives: cached plan must not change result type; DISCARD PLANS does not help")
        .advice("let the application connect anew after it, or DEALLOCATE ALL"),
    warn("alter-type-combined", "a change of type has company", Whole(combined))
        .on(POSTGRES).cost(Cost::Rewrite)
        .what("changes the type of {id} in a statement that does more to the table")
        .why("what else it does would be done in a moment, and is locked away behind the rewrite of the table")
        .advice("a statement of its own for what needs no rewrite"),
    deny("alter-type-tz-dependent", "a change of type depends on the time zone", When(&[
        set(&[Column], "type").is(&[TzDependent])]))
        .on(POSTGRES)
        .what("changes {id} from {from} to {to}")
        .why("what the stored values mean depends on the TimeZone of the session that runs it")
        .advice("if they are UTC, SET LOCAL timezone = 'UTC' and write no USING: then no row is written anew either"),
    deny("alter-type-fk-side", "the type of one side of a foreign key changes", When(&[
        set(&[Column], "type").is(&[FkSide]).not(&[Parked])]))
        .on(POSTGRES)
        .what("changes the type of {id}, which is on one side of a foreign key")
        .why("both tables are locked for everybody, and the foreign key may be checked anew")
        .advice("change both sides by new columns, the referencing one first"),
    note("alter-type-loses-stats", "a change of type loses statistics", When(&[set(&[Column], "type")]))
        .on(POSTGRES)
        .what("loses the statistics of {id}")
        .why("until they are gathered again the planner guesses")
        .advice("ANALYZE the table right after it"),
    deny("alter-collation", "a collation changes", When(&[set(&[Column], "collation")]))
        .on(POSTGRES).cost(Cost::Index)
        .what("changes the collation of {id}")
        .why("indexes are built anew while nobody can read or write the table; order and uniqueness change")
        .advice("build an index with the new collation concurrently, and move to a new column"),
    deny("set-not-null", "a column becomes required", When(&[set(&[Column], "not_null").is(&[Sets, Scans])]))
        .on(POSTGRES).cost(Cost::Scan)
        .what("makes {id} NOT NULL")
        .why("all rows are read while nobody can read or write the table; the old application fails where it writes NULL")
        .advice("ADD CHECK (… IS NOT NULL) NOT VALID, VALIDATE it, then SET NOT NULL, which no longer reads the rows, then drop the check"),
    deny("set-not-null-merged", "NOT NULL and the drop of its proof are one statement", Whole(merged))
        .on(POSTGRES).cost(Cost::Scan)
        .what("makes {id} NOT NULL and drops a check of the table in the same statement")
        .why("the drop is done first, so the check proves nothing and all rows are read under the strongest lock")
        .advice("SET NOT NULL, and drop the check in a second statement"),
    warn("set-not-null-weak-proof", "a check proves NOT NULL only almost", Whole(unproved))
        .on(POSTGRES).cost(Cost::Scan)
        .what("")
        .why("only a validated check one of whose conjuncts is IS NOT NULL proves it: all rows are read while nobody can read or write the table")
        .advice("CHECK (… IS NOT NULL) NOT VALID, VALIDATE it, then SET NOT NULL"),
    warn("drop-not-null", "a column may be NULL from now on", When(&[set(&[Column], "not_null").is(&[Unsets])]))
        .what("lets {id} be NULL")
        .why("the old application may read NULL, which it never met")
        .advice("release an application that copes with NULL first"),
    warn("change-default", "a default changes", When(&[set(&[Default], "expression").not(&[Unsets])]))
        .what("changes {id} from {from} to {to}")
        .why("during a rollout the two applications write different values")
        .advice("let both write the value explicitly meanwhile"),
    deny("drop-default", "a required column loses its default", When(&[drop(&[Default]).is(&[NotNull]).not(&[Identity])]))
        .what("drops {id}, whose column is NOT NULL")
        .why("the old application's INSERT that leaves the column out fails")
        .advice("drop it once the old application is gone"),
    warn("identity-always", "an identity refuses explicit values", When(&[set(&[Column], "identity").is(&[Always])]))
        .on(POSTGRES)
        .what("makes {id} GENERATED ALWAYS")
        .why("the old application's INSERT with an explicit value fails")
        .advice("BY DEFAULT during the rollout"),
    warn("drop-expression", "a generated column is no longer computed", When(&[set(&[Column], "generated").is(&[Unsets])]))
        .on(POSTGRES)
        .what("no longer computes {id}")
        .why("the old application relies on its value")
        .advice("put a trigger in its place first"),
    deny("set-expression", "a generated column is computed in another way", When(&[
        set(&[Column], "generated").is(&[Sets])]))
        .on(POSTGRES).cost(Cost::Rewrite)
        .what("computes {id} in another way")
        .why("every row is written anew while nobody can read or write the table")
        .advice("add a new column"),
    note("set-storage-compression", "storage or compression changes", When(&[
        set(&[Column], "storage"), set(&[Column], "compression")]))
        .on(POSTGRES)
        .what("changes the {attr} of {id}")
        .why("only rows written from now on have it; the lock is strong but short")
        .advice("run it in a short transaction of its own"),
    note("set-statistics", "a statistics target changes", When(&[set(&[Column], "statistics")]))
        .on(POSTGRES)
        .what("changes the statistics target of {id}")
        .why("nobody is blocked; it counts from the next ANALYZE on")
        .advice("ANALYZE the table after it"),
];

fn merged(scene: &Scene) -> Vec<Hit> {
    let sets = |e: &Event| e.verb == Verb::Set && e.attr == "not_null" && e.is(Trait::Sets) && !e.is(Trait::New);
    let together = |a: &Event, b: &Event| match (&a.spot, &b.spot) {
        (Some((x, _)), Some((y, _))) => x == y,
        _ => false,
    };
    let drops = |a: &Event| {
        let check = |b: &&Event| b.verb == Verb::Drop && matches!(b.id.kind, Kind::Check) && a.table == b.table;
        scene.events.iter().filter(check).any(|b| together(a, b))
    };
    scene.events.iter().enumerate().filter(|(_, e)| sets(e) && drops(e)).map(|(i, _)| Hit::at(i)).collect()
}

/// A check of the column that the server does not take for a proof, as seen by what it read.
fn unproved(scene: &Scene) -> Vec<Hit> {
    let (Some(base), Some(goal)) = (scene.base, scene.goal) else { return vec![] };
    let mut hits = vec![];
    for (i, event) in scene.events.iter().enumerate() {
        let sets = event.verb == Verb::Set && event.attr == "not_null" && event.is(Sets) && event.is(Scans);
        let Some(table) = event.table.as_ref().filter(|_| sets && !event.is(New)) else { continue };
        let about = |o: &&Object| o.id().kind == Kind::Check && o.refs().iter().any(|r| r.to == event.id);
        let check = [base, goal].into_iter().flat_map(|c| c.children(table)).find(about);
        let says = |o: &Object| format!("makes {} NOT NULL, which {} does not prove", event.id, o.id());
        hits.extend(check.map(|o| Hit::says(i, says(o))));
    }
    hits
}

/// A rewrite in one statement with what needs none.
fn combined(scene: &Scene) -> Vec<Hit> {
    let retypes = |e: &Event| e.verb == Verb::Set && e.id.kind == Column && e.attr == "type";
    let same = |a: &Event, b: &Event| match (&a.spot, &b.spot) {
        (Some((x, _)), Some((y, _))) => x == y && a.table == b.table,
        _ => false,
    };
    let apart = |e: &Event| {
        matches!(e.verb, Verb::Add | Verb::Drop) && matches!(e.id.kind, Column | Kind::Check | ForeignKey | Unique)
            || e.verb == Verb::Set && e.attr == "not_null"
    };
    let more = |e: &Event| scene.events.iter().any(|other| same(e, other) && apart(other));
    let hit = |e: &Event| retypes(e) && e.is(Rewrites) && !e.is(New) && more(e);
    scene.events.iter().enumerate().filter(|(_, e)| hit(e)).map(|(i, _)| Hit::at(i)).collect()
}

/// Functions and rules that say nothing of columns when they write to a table of which one is parked. What applications send is
/// not to be seen from here.
fn by_place(scene: &Scene) -> Vec<Hit> {
    let Some(goal) = scene.goal else { return vec![] };
    let parked = |e: &Event| e.is(Parked) && e.id.kind == Column && (e.verb == Verb::Drop || e.attr == "type");
    let mut hits = vec![];
    for (i, event) in scene.events.iter().enumerate().filter(|(_, e)| parked(e)) {
        let Some(table) = &event.table else { continue };
        let body = |o: &Object| o.attr("definition").text().is_some_and(|text| inserts_by_place(text, table));
        let writers = goal.iter().filter(|o| matches!(o.id().kind, Function | Kind::Rule) && body(o));
        let says = |o: &Object| {
            format!("{} inserts into {table} without naming its columns, and {} is parked", o.id(), event.id)
        };
        hits.extend(writers.map(|o| Hit::says(i, says(o))));
    }
    hits
}

fn inserts_by_place(text: &str, table: &Id) -> bool {
    let text = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let (whole, bare) = (table.path.join(".").to_lowercase(), table.name().to_lowercase());
    text.match_indices("insert into ").any(|(at, begin)| {
        let rest = &text[at + begin.len()..];
        let (name, rest) = rest.split_at(rest.find([' ', '(', ';']).unwrap_or(rest.len()));
        let name = name.replace('"', "");
        let next = rest.trim_start().split(|c: char| !c.is_alphanumeric()).next();
        (name == whole || name == bare) && matches!(next, Some("values" | "select" | "table" | "with"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_or_not() {
        let t = Id::new(Table, ["public", "t"]);
        for (text, found) in [
            ("BEGIN INSERT  INTO public.t\nVALUES (1); END", true),
            ("insert into T values(1)", true),
            ("insert into \"t\" select * from s", true),
            ("insert into t (a) values (1)", false),
            ("insert into t(a) select 1", false),
            ("insert into tt values (1)", false),
            ("insert into t default values", false),
        ] {
            assert_eq!(inserts_by_place(text, &t), found, "{text}");
        }
    }
}
