//! Partitions that become tables of their own.

use super::super::ddl::{self, ident};
use super::ladders::{BOUND, validate};
use super::links::home;
use crate::engine::how::{How, Rung, Scene};
use crate::model::{Id, Kind, Object, Status};

/// A partition that becomes a table of its own while others use the rest. The server puts a check on it that says what its
/// bounds did, under a name of its own choice, unless there is one
/// (<https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION>).
pub fn detached(scene: &Scene, o: &Object, detach: &str) -> Option<How> {
    let home = home(o);
    let parent = o.refs().iter().map(|r| &r.to).find(|to| **to != home && scene.online(to))?;
    let refused = default_partition(scene, parent).is_some() || scene.server.version < 140_000;
    if refused || !scene.stays(&home) || o.status() != Status::Present {
        return None;
    }
    let on = format!("ALTER TABLE {}", ddl::path(&home));
    let without = |check: &str| Rung::new(format!("{on} DROP CONSTRAINT {}", ident(check)));
    let apart = Rung::outside(format!("{detach} {CONCURRENTLY}")).patient();
    let attach = Rung::new(super::links::attach(o));
    Some(How::Ladder(match super::probes::bounds(scene, o) {
        Some((within, true)) => {
            let check = format!("{on} ADD CONSTRAINT {BOUND} CHECK ({within})");
            vec![
                Rung::alone(format!("{check} NOT VALID")).back([without(BOUND)]),
                validate(&home, BOUND).back([]),
                apart.back([attach]),
                without(BOUND).back([Rung::new(check)]),
            ]
        }
        // Of several columns no other check is seen to say the same, so the server's own, which reads no row, goes after it.
        Some(_) => {
            let name = check_of_its_own(scene, &home, parent)?;
            vec![apart.back([without(&name), attach]), without(&name)]
        }
        None if is_hash(o) && checks_no_hash(scene.server.version) => vec![apart],
        None => return None,
    }))
}

/// The name that the server gives to a check of several columns, if it is free (`ChooseConstraintName` of PostgreSQL's source).
fn check_of_its_own(scene: &Scene, table: &Id, parent: &Id) -> Option<String> {
    // Of expressions it may be about one column, and is called otherwise.
    let by = scene.from.get(parent)?.attr("partition_by").to_string();
    if by.matches('(').count() != 1 {
        return None;
    }
    let name = format!("{}_check", table.name());
    let taken = |o: &Object| o.id().name() == name && o.id().at(0) == table.at(0);
    (name.len() <= 63 && !scene.from.iter().any(taken)).then_some(name)
}

pub fn is_hash(link: &Object) -> bool {
    link.attr("bound").text().is_some_and(|bound| bound.starts_with("FOR VALUES WITH "))
}

/// Whether a hash partition that is detached gets no check, as one that speaks of the table it came from: since 14.14, 15.9, 16.5
/// (<https://www.postgresql.org/docs/release/16.5/>).
fn checks_no_hash(version: u32) -> bool {
    let since = match version / 10_000 {
        14 => 140_014,
        15 => 150_009,
        16 => 160_005,
        _ => 170_000,
    };
    version >= since
}

/// The default partition, beside which nothing is detached concurrently.
pub fn default_partition<'a>(scene: &Scene<'a>, parent: &Id) -> Option<&'a Id> {
    let default =
        |link: &&Object| link.attr("bound").text() == Some("DEFAULT") && link.refs().iter().any(|r| r.to == *parent);
    let links = [scene.from, scene.to].into_iter().flat_map(|c| c.of_kind(Kind::Attachment));
    links.filter(default).find_map(Object::parent)
}

const CONCURRENTLY: &str = "CONCURRENTLY";

/// What goes on with a statement that was stopped half way; `None` where that is the statement itself.
pub fn finishing(sql: &str) -> Option<String> {
    let detach = sql.strip_suffix(CONCURRENTLY).filter(|sql| sql.contains(" DETACH PARTITION "))?;
    Some(format!("{detach}FINALIZE"))
}
