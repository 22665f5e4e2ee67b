//! Ladders: what is done to a relation that others use all the while, in steps that are short or keep nobody waiting. One
//! statement that does it all holds its lock for as long as it reads the rows
//! (<https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES>).

use super::super::ddl::{self, ident, literal, table, with_options};
use super::links::home;
use crate::engine::how::{Change, How, Phase, Rung, Scene};
use crate::engine::text::split_predicate;
use crate::model::{Catalog, Column, Id, Index, Kind, Object, Status, Value};

/// The constraint that stands in for NOT NULL until that can be had without reading the rows.
const NOT_NULL: &str = "msr_nn";

/// The one that says what the bounds of a partition do, until the table is one.
pub const BOUND: &str = "msr_bound";

/// The relation that the object is on, if what is done to it is to keep nobody waiting. Of a partitioned table there are no
/// rows; each of its partitions has its own part of an index.
fn on_busy(scene: &Scene, o: &Object) -> bool {
    o.parent().is_some_and(|p| scene.online(p) && !partitioned(scene, p))
}

fn partitioned(scene: &Scene, relation: &Id) -> bool {
    matches!(scene.to.get(relation), Some(Object::Table(t)) if t.partition_by.is_some())
}

/// Whether rows are looked at in two steps: by what comes from now on first, then those that are there.
fn in_two_steps(scene: &Scene, o: &Object) -> bool {
    let home = home(o);
    let used = scene.online(&home) || o.refs().iter().any(|r| r.to.kind == Kind::Table && scene.online(&r.to));
    // Of a partitioned table only 18 takes a foreign key that is not valid.
    let refused = o.id().kind == Kind::ForeignKey && partitioned(scene, &home);
    let enforced = !o.attr("definition").text().is_some_and(|d| d.ends_with("NOT ENFORCED"));
    used && scene.stays(&home) && !refused && enforced && o.status() == Status::Present
}

/// A foreign key or check that is added and then validated, by which nobody waits.
pub fn checked(scene: &Scene, o: &Object, add: &str) -> Option<How> {
    let both = matches!(o.id().kind, Kind::ForeignKey | Kind::Check) && in_two_steps(scene, o);
    both.then(|| How::Ladder(vec![Rung::alone(format!("{add} NOT VALID")), validate(o.id(), o.id().name())]))
}

/// A table that becomes a partition: where a check says what its bounds do, its rows are not read under a lock
/// (<https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ATTACH-PARTITION>).
pub fn attached(scene: &Scene, o: &Object, attach: &str) -> Option<How> {
    let home = home(o);
    // Of several columns the server does not see that the check says the same, and reads the rows all the same.
    let (within, _) = super::probes::bounds(scene, o).filter(|(_, alone)| *alone && scene.online(&home))?;
    let on = format!("ALTER TABLE {}", ddl::path(&home));
    let drop = || Rung::new(format!("{on} DROP CONSTRAINT {BOUND}"));
    let check = format!("{on} ADD CONSTRAINT {BOUND} CHECK ({within}) NOT VALID");
    Some(How::Ladder(vec![
        Rung::alone(check).back([drop()]),
        validate(&home, BOUND).back([]),
        Rung::new(attach),
        drop(),
    ]))
}

/// VALIDATE of a NOT NULL that is there already.
pub fn validated_not_null(scene: &Scene, column: &Object, name: &str) -> Option<How> {
    scene.online(&home(column)).then(|| How::Ladder(vec![validate(column.id(), name)]))
}

/// VALIDATE of what is there already.
pub fn validated(scene: &Scene, o: &Object) -> Option<How> {
    in_two_steps(scene, o).then(|| How::Ladder(vec![validate(o.id(), o.id().name())]))
}

/// Reads the rows under SHARE UPDATE EXCLUSIVE, behind which no reader or writer waits.
pub fn validate(part: &Id, name: &str) -> Rung {
    Rung::alone(format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", table(part), ident(name))).patient()
}

/// A unique index is built while others write, then becomes the constraint's.
pub fn using_index(scene: &Scene, o: &Object, extras: Vec<String>) -> Option<How> {
    let free = on_busy(scene, o) && o.leaders().next().is_none();
    let definition = o.attr("definition");
    let (word, body, rest) = unique_index(definition.text().filter(|_| free)?)?;
    let name = ident(o.id().name());
    let index = format!("{}.{name}", ident(o.id().at(0)));
    let build = format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON {} USING btree {body}", table(o.id()));
    let add = format!("ALTER TABLE {} ADD CONSTRAINT {name} {word} USING INDEX {name}{rest}", table(o.id()));
    let rungs = [built(build, &index), Rung::new(add)].into_iter().chain(extras.into_iter().map(Rung::new));
    Some(How::Ladder(rungs.collect()))
}

/// Of a constraint's definition: what it is, what its index is made of, and what is said of the constraint alone. `None` if
/// it can't be made from an index.
pub fn unique_index(definition: &str) -> Option<(&str, String, &str)> {
    let words = ["PRIMARY KEY ", "UNIQUE NULLS NOT DISTINCT ", "UNIQUE "];
    let word = words.into_iter().find(|word| definition.starts_with(word))?;
    let (columns, mut rest) = parenthesised(&definition[word.len()..])?;
    let mut body = columns.to_string();
    if let Some(include) = rest.strip_prefix(" INCLUDE ") {
        let (columns, after) = parenthesised(include)?;
        body = format!("{body} INCLUDE {columns}");
        rest = after;
    }
    if word.ends_with("DISTINCT ") {
        body.push_str(" NULLS NOT DISTINCT");
    }
    let overlaps = columns.ends_with(" WITHOUT OVERLAPS)");
    let word = word.split(" NULLS").next().unwrap_or(word).trim_end();
    (!overlaps && (rest.is_empty() || rest.starts_with(" DEFERRABLE"))).then_some((word, body, rest))
}

/// The parentheses that the text begins with, and what comes after them.
fn parenthesised(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let close = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ')' && !quoted
    });
    close.filter(|_| text.starts_with('(')).map(|(at, _)| text.split_at(at + 1))
}

/// A build that waits for others and keeps nobody waiting; one that fails leaves the index INVALID.
fn built(sql: String, index: &str) -> Rung {
    Rung { ahead: true, ..Rung::outside(sql).patient().back([removed(index)]) }
}

pub fn removed(index: &str) -> Rung {
    Rung::outside(format!("DROP INDEX CONCURRENTLY {index}")).patient()
}

/// `CREATE INDEX` of an index under a name, as it is or while others write.
pub fn create_index(i: &Index, name: &str, concurrently: &str, on: &str) -> String {
    let (body, predicate) = split_predicate(&i.definition);
    let unique = if i.unique { "UNIQUE " } else { "" };
    let options = with_options(&i.options);
    format!("CREATE {unique}INDEX {concurrently}{} ON {on} {body}{options}{predicate}", ident(name))
}

/// An index that is built while others write.
pub fn concurrent_index(scene: &Scene, o: &Object) -> Option<Rung> {
    let Object::Index(i) = o else { return None };
    on_busy(scene, o).then(|| index_on(i, o.id().name()))
}

pub fn index_on(i: &Index, name: &str) -> Rung {
    let on = i.head.parent.as_ref().map(ddl::path).unwrap_or_default();
    built(create_index(i, name, "CONCURRENTLY ", &on), &beside(&i.head.id, name))
}

/// An index that goes without a lock that anyone waits for. An index that is a partition's part of another goes with that; one
/// that comes back makes way for a change that locks the table anyhow, and what else makes way is not to be away for as long as
/// transactions are waited for.
/// Rows must not be without an identity meanwhile, so that is seen to before: `away` and the statement that takes it back.
pub fn concurrent_drop(scene: &Scene, o: &Object, away: Option<(String, String)>) -> Option<How> {
    let away = away.map(|(sql, back)| Rung::alone(sql).back([Rung::new(back)]));
    let comes_back = scene.replaced.contains(o.id());
    let free = on_busy(scene, o) && o.leaders().next().is_none() && !comes_back;
    free.then(|| How::Ladder(away.into_iter().chain([removed(&ddl::path(o.id()))]).collect()))
}

fn beside(index: &Id, name: &str) -> String {
    format!("{}.{}", ident(index.at(0)), ident(name))
}

/// Whether an index that must be made anew can be made beside the old one, which serves queries until then.
pub fn swaps(scene: &Scene, c: &Change) -> bool {
    let (Object::Index(old), Object::Index(new)) = (c.old, c.new) else { return false };
    let simple = |i: &Index| i.statistics.is_empty() && !i.clustered && !i.replica_identity && i.part_of.is_none();
    let differs = old.unique != new.unique || old.definition != new.definition;
    let present = c.old.status() == Status::Present && c.new.status() == Status::Present;
    let unused = || scene.from.users(c.old.id()).all(|user| user.id().kind == Kind::Comment);
    differs && present && simple(old) && simple(new) && on_busy(scene, c.new) && unused()
}

/// Builds the new index under another name, swaps the names, removes the old one. Each step knows its own way back.
pub fn swap(scene: &Scene, c: &Change) -> How {
    let (Object::Index(old), Object::Index(new)) = (c.old, c.new) else { return How::Replace };
    let (id, name) = (c.new.id(), c.new.id().name());
    let (fresh, stale) = (with_suffix(name, "_msr_new"), with_suffix(name, "_msr_old"));
    let renamed = |from: &str, to: &str| format!("ALTER INDEX {} RENAME TO {}", beside(id, from), ident(to));
    let rename = |from: &str, to: &str| Rung::new(renamed(from, to)).back([Rung::new(renamed(to, from))]);
    let mut rungs = vec![index_on(new, &fresh)];
    // A comment belongs to the index and not to its name.
    let comment = scene.from.get(&Id::about(Kind::Comment, id)).filter(|o| scene.stays(o.id()));
    let text = comment.and_then(|o| o.attr("text").text().map(literal));
    let say = |text: &str| Rung::new(format!("COMMENT ON INDEX {} IS {text}", ddl::path(id)));
    rungs.extend(text.iter().map(|text| say("NULL").back([say(text)])));
    rungs.extend([rename(name, &stale), rename(&fresh, name)]);
    rungs.extend(text.iter().map(|text| say(text).back([say("NULL")])));
    rungs.push(removed(&beside(id, &stale)).back([Rung { back: None, ..index_on(old, &stale) }]));
    rungs.iter_mut().for_each(|r| r.ahead = false);
    How::Ladder(rungs)
}

/// INVALID indexes: left by CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY that failed
/// (<https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY>). Not those of partitioned
/// tables, which are waiting for their parts. IF EXISTS, since whoever left it may remove it at any time.
pub fn debris(catalog: &Catalog) -> Vec<(Id, Rung)> {
    let whole = |o: &Object| matches!(o.parent().and_then(|p| catalog.get(p)), Some(Object::Table(t)) if t.partition_by.is_some());
    let left = catalog.of_kind(Kind::Index).filter(|o| o.status() == Status::Pending && !whole(o));
    left.map(|o| (o.id().clone(), removed(&format!("IF EXISTS {}", ddl::path(o.id()))))).collect()
}

/// A check or foreign key of another definition: the old one goes in the transaction in which the new one comes.
pub fn rechecked(scene: &Scene, c: &Change) -> Option<How> {
    let (table, name) = (table(c.new.id()), ident(c.new.id().name()));
    let plain = c.new.leaders().next().is_none() && c.old.leaders().next().is_none();
    let unsaid = scene.from.users(c.old.id()).next().is_none() && c.old.status() == Status::Present;
    if !plain || !unsaid || !in_two_steps(scene, c.new) {
        return None;
    }
    either(scene, c).or_else(|| {
        let drop = Rung::new(format!("ALTER TABLE {table} DROP CONSTRAINT {name}"));
        let add = Rung::new(format!("ALTER TABLE {table} ADD {} NOT VALID", super::keys::clause(c.new)));
        Some(How::Ladder(vec![drop, add, validate(c.new.id(), c.new.id().name())]))
    })
}

/// A check of another definition while two applications write: until the old one is gone it is enough to obey either. Which of
/// the two forbids more does not matter then.
fn either(scene: &Scene, c: &Change) -> Option<How> {
    let id = c.new.id();
    if id.kind != Kind::Check || !scene.phased(&home(c.new)) {
        return None;
    }
    let (on, name, fresh) =
        (format!("ALTER TABLE {}", table(id)), ident(id.name()), with_suffix(id.name(), "_msr_new"));
    let (old, new) = (condition(c.old)?, condition(c.new)?);
    let drop = format!("{on} DROP CONSTRAINT {name}");
    let both = format!("{on} ADD CONSTRAINT {name} CHECK (({old}) OR ({new}))");
    let add = format!("{on} ADD CONSTRAINT {} CHECK ({new}) NOT VALID", ident(&fresh));
    let gone = format!("{on} DROP CONSTRAINT {}", ident(&fresh));
    let rename = |from: &str, to: &str| format!("{on} RENAME CONSTRAINT {} TO {}", ident(from), ident(to));
    let late = |rung: Rung| Rung { phase: Phase::Contract, ..rung };
    Some(How::Ladder(vec![
        Rung::new(&drop).back([Rung::new(format!("{on} ADD {}", super::keys::clause(c.old)))]),
        Rung::new(format!("{both} NOT VALID")).back([Rung::new(&drop)]),
        validate(id, id.name()).back([]),
        late(Rung::alone(add)).back([Rung::new(gone)]),
        late(validate(id, &fresh)).back([]),
        late(Rung::new(&drop)).back([Rung::new(both)]),
        late(Rung::new(rename(&fresh, id.name()))).back([Rung::new(rename(id.name(), &fresh))]),
    ]))
}

/// What a check says, if that is all there is to it.
fn condition(check: &Object) -> Option<String> {
    let Object::Check(check) = check else { return None };
    let (condition, rest) = crate::engine::text::parenthesised(check.definition.strip_prefix("CHECK ")?)?;
    rest.is_empty().then(|| condition.to_string())
}

/// The name with something after it, within 63 bytes.
pub fn with_suffix(name: &str, suffix: &str) -> String {
    let room = 63 - suffix.len();
    let end = (0..=room.min(name.len())).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    format!("{}{suffix}", &name[..end])
}

/// NOT NULL without a scan under a lock: a check that says the same is validated first, or from 18 on the constraint itself.
pub fn not_null(scene: &Scene, c: &Change, column: &Column, constraint: &str) -> Option<How> {
    let id = c.new.id();
    // An identity is added to what is NOT NULL by then, which reads no row.
    let comes = c.old.attr("identity") == Value::None && column.identity.is_some();
    let apart = |name: &str| name.starts_with("not_null") || comes && name.starts_with("identity");
    let other = |o: &Object| o.attrs().into_iter().filter(|(name, _)| !apart(name)).collect::<Vec<_>>();
    if !scene.online(&home(c.new)) || other(c.old) != other(c.new) || column.not_null_pending {
        return None;
    }
    Some(How::Ladder(not_null_rungs(scene, id, constraint)))
}

/// The rungs of that. A name that is too long is the server's to shorten.
pub fn not_null_rungs(scene: &Scene, id: &Id, constraint: &str) -> Vec<Rung> {
    let (on, name) = (format!("ALTER TABLE {}", table(id)), ident(id.name()));
    if scene.server.version >= 180_000 && constraint.len() <= 63 {
        let add = format!("{on} ADD CONSTRAINT {} NOT NULL {name} NOT VALID", ident(constraint));
        let gone = format!("{on} DROP CONSTRAINT {}", ident(constraint));
        return vec![Rung::alone(add).back([Rung::new(gone)]), validate(id, constraint).back([])];
    }
    let drop = || Rung::new(format!("{on} DROP CONSTRAINT {NOT_NULL}"));
    let check = format!("{on} ADD CONSTRAINT {NOT_NULL} CHECK ({name} IS NOT NULL) NOT VALID");
    vec![
        Rung::alone(check).back([drop()]),
        validate(id, NOT_NULL).back([]),
        // Two statements: in one, PostgreSQL drops the check before it looks for one that spares it the scan.
        Rung::new(format!("{on} ALTER COLUMN {name} SET NOT NULL")),
        drop(),
    ]
}

/// The same, where each rung is taken back by itself.
pub fn not_null_both_ways(scene: &Scene, id: &Id, constraint: &str) -> Vec<Rung> {
    let (on, name) = (format!("ALTER TABLE {}", table(id)), ident(id.name()));
    let rungs = not_null_rungs(scene, id, constraint);
    let drop = |constraint: &str| format!("{on} DROP CONSTRAINT {}", ident(constraint));
    let backs = match rungs.len() {
        2 => vec![Some(drop(constraint)), None],
        _ => vec![
            Some(drop(NOT_NULL)),
            None,
            Some(format!("{on} ALTER COLUMN {name} DROP NOT NULL")),
            Some(format!("{on} ADD CONSTRAINT {NOT_NULL} CHECK ({name} IS NOT NULL)")),
        ],
    };
    rungs.into_iter().zip(backs).map(|(rung, back)| rung.back(back.map(Rung::new))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_a_constraint() {
        let parts = |text| unique_index(text).map(|(word, body, rest)| format!("{word}|{body}|{rest}"));
        for (definition, found) in [
            ("PRIMARY KEY (a, b)", "PRIMARY KEY|(a, b)|"),
            ("UNIQUE (\"a)\"\"\") INCLUDE (c)", "UNIQUE|(\"a)\"\"\") INCLUDE (c)|"),
            ("UNIQUE NULLS NOT DISTINCT (a)", "UNIQUE|(a) NULLS NOT DISTINCT|"),
            ("UNIQUE (a) DEFERRABLE INITIALLY DEFERRED", "UNIQUE|(a)| DEFERRABLE INITIALLY DEFERRED"),
        ] {
            assert_eq!(parts(definition).as_deref(), Some(found));
        }
        assert_eq!(parts("PRIMARY KEY (a, during WITHOUT OVERLAPS)"), None);
        assert_eq!(parts("EXCLUDE USING gist (a WITH &&)"), None);
    }

    #[test]
    fn names_beside_others_fit() {
        assert_eq!(with_suffix("i", "_msr_new"), "i_msr_new");
        let long = with_suffix(&"ä".repeat(40), "_msr_old");
        assert_eq!((long.len(), long.ends_with("ä_msr_old")), (62, true));
    }
}
