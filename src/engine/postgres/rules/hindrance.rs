//! Why something is done at once though others use the table: for whoever reads the plan.

use super::links::{home, only};
use super::relabelled::Relabelled;
use super::{detaching, filling, probes, retyping, twins, widening};
use crate::diff::Delta;
use crate::engine::how::Scene;
use crate::engine::text::computes;
use crate::model::{Id, Kind, Object, Status, Value};

pub fn hindrance(scene: &Scene, delta: &Delta) -> Option<String> {
    match delta {
        Delta::Set { id, attr, .. } if id.kind == Kind::Column && attr == "type" => of_type(scene, id),
        Delta::Set { id, attr, .. } if id.kind == Kind::Enum && attr == "labels" => of_labels(scene, id),
        Delta::Drop(id) if id.kind == Kind::Attachment => of_partition(scene, id),
        _ => None,
    }
}

fn of_type(scene: &Scene, id: &Id) -> Option<String> {
    let column = scene.from.get(id)?;
    if !scene.online(&home(column)) {
        return None;
    }
    if !retyping::writes_rows(scene, id) {
        return of_width(scene, id);
    }
    let reason =
        || in_the_way(scene, column).unwrap_or_else(|| "what is tied to it must change at once as well".into());
    (!retyping::goes_beside(scene, id)).then(reason)
}

/// What is built or checked anew for a type that needs no row written.
fn of_width(scene: &Scene, id: &Id) -> Option<String> {
    if widening::Widening::of(scene, id).is_some() {
        return None;
    }
    let anew = |o: &&Object| match o {
        Object::Index(i) => computes(&i.definition),
        Object::Check(_) => o.status() == Status::Present,
        _ => false,
    };
    let anew = scene.from.users(id).find(anew)?;
    Some(format!("all rows are read for {}: more than indexes and checks stands on the column", anew.id()))
}

fn in_the_way(scene: &Scene, column: &Object) -> Option<String> {
    let home = home(column);
    let told = |why: &str| Some(format!("{home} {why}"));
    if !scene.server.phased {
        return Some("`phases = false` leaves no time for two columns".into());
    }
    if column.leaders().next().is_some() || !only(scene.to, &home).is_empty() {
        return told("is partitioned or inherits, or a part of such a table");
    }
    if filling::key(scene.from, &home).is_none() {
        return told("has no primary key by which a column could be filled in batches");
    }
    if column.attr("generated") != Value::None {
        return Some(format!("{} is computed", column.id()));
    }
    let made = retyping::left_behind(scene, column.id());
    made.map(|o| format!("{} is made of it, and can't be made of another column or takes long to make again", o.id()))
}

fn of_labels(scene: &Scene, id: &Id) -> Option<String> {
    let columns = twins::columns_of(scene, Relabelled::of(scene, id)?.id());
    let used = columns.iter().any(|c| scene.online(&home(c)));
    if !used || retyping::relabelled(scene, id).is_some() {
        return None;
    }
    let plain = |o: &&Object| matches!(o.id().kind, Kind::Column | Kind::Default | Kind::Index | Kind::Check);
    let other = scene.from.users(id).find(|o| !plain(o) && !o.id().kind.is_about_another());
    let reason = other.map(|o| format!("{} is made of it", o.id()));
    let of_columns = || columns.iter().find_map(|c| in_the_way(scene, c));
    Some(reason.or_else(of_columns).unwrap_or_else(|| "not all that is made of it can be made of another type".into()))
}

fn of_partition(scene: &Scene, id: &Id) -> Option<String> {
    let link = scene.from.get(id)?;
    let parent = link.refs().iter().map(|r| &r.to).find(|to| **to != home(link) && scene.online(to))?;
    if detaching::detached(scene, link, "").is_some() {
        return None;
    }
    let wait = "everybody waits for a moment, and behind whoever uses the table";
    let default = detaching::default_partition(scene, parent);
    Some(match (default, probes::bounds(scene, link)) {
        (Some(default), _) => {
            format!("nothing is detached CONCURRENTLY beside {default}, the default partition: {wait}")
        }
        (None, None) if !detaching::is_hash(link) => {
            format!("its bounds can't be said by a check, for NULL or a bound that is open in part: {wait}")
        }
        (None, None) => {
            format!("this server gives a hash partition a check that speaks of the table it was in: {wait}")
        }
        (None, Some(_)) => {
            format!("the check that the server would give it has a name that is taken or not to be foreseen: {wait}")
        }
    })
}
