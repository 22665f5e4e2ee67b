//! What catalogs know of an event's object, as traits.

use super::event::{Event, Trait, Verb};
use super::types;
use crate::model::{Catalog, Id, Kind, Object, Status, Value};

/// The states before and after, as far as they are known.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    pub from: &'a Catalog,
    pub to: &'a Catalog,
}

/// Adds what the catalogs know to what is known already.
pub fn describe(event: &mut Event, sides: Sides) {
    let object = sides.to.get(&event.id).or_else(|| sides.from.get(&event.id));
    let Some(object) = object else { return };
    let home = if sides.to.contains(&event.id) { sides.to } else { sides.from };
    event.table = table(home, &event.id).or(event.table.take());
    match event.verb {
        Verb::Add => added(event, object, sides.to),
        Verb::Drop => dropped(event, object, sides),
        Verb::Set => changed(event, object, sides),
        Verb::Rename | Verb::Run => {}
    }
    relation(event, sides);
}

/// The table, view or foreign table that an object is a part of.
pub fn table(catalog: &Catalog, id: &Id) -> Option<Id> {
    let relation = |id: &Id| {
        matches!(id.kind, Kind::Table | Kind::VirtualTable | Kind::ForeignTable | Kind::View | Kind::MaterializedView)
    };
    let own = catalog.get(id)?;
    let chain = std::iter::once(own.id()).chain(catalog.ancestors(id));
    chain.filter(|id| relation(id)).last().cloned()
}

fn text(object: &Object, attr: &str) -> String {
    object.attr(attr).text().unwrap_or_default().to_string()
}

fn is_true(object: &Object, attr: &str) -> bool {
    object.attr(attr) == Value::Bool(true)
}

pub fn list(object: &Object, attr: &str) -> Vec<String> {
    match object.attr(attr) {
        Value::List(items) => items,
        _ => vec![],
    }
}

fn mark(event: &mut Event, holds: bool, this: Trait) {
    if holds {
        event.traits.add(this);
    }
}

fn added(event: &mut Event, object: &Object, to: &Catalog) {
    let definition = text(object, "definition").to_lowercase();
    mark(event, object.status() == Status::Pending, Trait::NotValid);
    match object.id().kind {
        Kind::Column => column(event, object, to),
        Kind::Index => index(event, object, to, &definition),
        Kind::Unique | Kind::PrimaryKey => {
            let of = |name: &String| event.table.as_ref().and_then(|t| to.get(&t.below(Kind::Column, name)));
            let columns: Vec<&Object> = event.columns.iter().chain(&list(object, "columns")).filter_map(of).collect();
            // Of several columns, one that is wide is enough.
            let narrow = !columns.is_empty() && columns.iter().all(|c| types::is_narrow(&text(c, "type")));
            mark(event, narrow, Trait::Narrow);
            mark(event, definition.contains("nulls not distinct"), Trait::NullsNotDistinct);
            mark(event, definition.contains("deferrable"), Trait::Deferrable);
        }
        Kind::ForeignKey => foreign_key(event, object, to, &definition),
        Kind::Check => mark(event, definition.contains("not enforced"), Trait::NotEnforced),
        Kind::Firing => mark(event, object.attr("enabled") == Value::from("disabled"), Trait::Unsets),
        Kind::Table => {
            let keys = |kind| to.children(object.id()).any(|o| o.id().kind == kind);
            mark(event, !keys(Kind::PrimaryKey) && keys(Kind::Column), Trait::NoKey);
            mark(event, to.contains(&object.id().of_kind(Kind::Attachment)), Trait::Partition);
        }
        _ => {}
    }
}

fn column(event: &mut Event, object: &Object, to: &Catalog) {
    let spelt = text(object, "type");
    types::describe(&mut event.traits, &spelt);
    mark(event, is_true(object, "not_null"), Trait::NotNull);
    mark(event, object.attr("identity") != Value::None, Trait::Identity);
    mark(event, object.attr("generated") != Value::None, Trait::Generated);
    mark(event, is_true(object, "stored"), Trait::Stored);
    let domain = spelt.replace('"', "");
    let domain = domain.split_once('.').map(|(schema, name)| Id::new(Kind::Domain, [schema, name]));
    mark(event, domain.is_some_and(|d| to.children(&d).next().is_some()), Trait::ConstrainedDomain);
    let Some(default) = to.get(&object.id().of_kind(Kind::Default)) else { return };
    let expression = text(default, "expression");
    mark(event, true, Trait::HasDefault);
    mark(event, types::is_volatile(&expression), Trait::Volatile);
    mark(event, types::is_momentary(&expression), Trait::Momentary);
    let owned = to.users(object.id()).any(|o| o.id().kind == Kind::Sequence);
    mark(event, owned && expression.to_lowercase().contains("nextval"), Trait::Serial);
}

fn index(event: &mut Event, object: &Object, to: &Catalog, definition: &str) {
    let columns = types::index_columns(&text(object, "definition"));
    mark(event, is_true(object, "unique"), Trait::IsUnique);
    mark(event, definition.starts_with("using hash"), Trait::Hash);
    mark(event, columns.len() > 3, Trait::Wide);
    let plain = |d: &str| !d.contains(" WHERE ");
    let Some(table) = event.table.clone() else { return };
    let others = to.children(&table).filter(|o| o.id() != object.id());
    let covers = |o: &Object| match o.id().kind {
        Kind::Index => {
            let definition = text(o, "definition");
            let theirs = types::index_columns(&definition);
            // Of two that are the same, the one that is added is the one too many.
            plain(&definition) && theirs.starts_with(&columns)
        }
        Kind::Unique | Kind::PrimaryKey => list(o, "columns").starts_with(&columns),
        _ => false,
    };
    let mine = plain(&text(object, "definition")) && !is_true(object, "unique") && !columns.is_empty();
    let duplicate = mine && others.into_iter().any(covers);
    mark(event, duplicate, Trait::Duplicate);
    event.columns = columns;
}

fn foreign_key(event: &mut Event, object: &Object, to: &Catalog, definition: &str) {
    let columns = list(object, "columns");
    let Some(table) = event.table.clone() else { return };
    let same_set = |theirs: Vec<String>| {
        theirs.len() >= columns.len() && theirs[..columns.len()].iter().all(|c| columns.contains(c))
    };
    let leads = |o: &Object| match o.id().kind {
        Kind::Index => same_set(types::index_columns(&text(o, "definition"))),
        Kind::Unique | Kind::PrimaryKey => same_set(list(o, "columns")),
        _ => false,
    };
    event.traits.remove(Trait::Unindexed);
    mark(event, !to.children(&table).any(leads), Trait::Unindexed);
    let spread = ["on delete cascade", "on delete set", "on update cascade"];
    mark(event, spread.iter().any(|s| definition.contains(s)), Trait::CascadeAction);
    mark(event, definition.contains("not enforced"), Trait::NotEnforced);
    let of = |table: &Id, name: &String| to.get(&table.below(Kind::Column, name)).map(|c| text(c, "type"));
    let target = object.refs().iter().map(|r| &r.to).find(|t| t.kind == Kind::Table && **t != table).unwrap_or(&table);
    let theirs = types::referenced_columns(&text(object, "definition"));
    let differs = |(mine, other): (&String, &String)| match (of(&table, mine), of(target, other)) {
        (Some(a), Some(b)) => a != b,
        _ => false,
    };
    mark(event, columns.iter().zip(&theirs).any(differs), Trait::Mismatch);
    let has_default = columns.iter().any(|c| to.contains(&table.below(Kind::Default, c)));
    mark(event, event.is(Trait::Inline) && has_default, Trait::HasDefault);
}

fn dropped(event: &mut Event, object: &Object, Sides { from, to }: Sides) {
    let id = object.id();
    match id.kind {
        Kind::Table => {
            let keys = from.children(id).filter(|o| o.id().kind == Kind::ForeignKey).count();
            mark(event, keys >= 2, Trait::ManyKeys);
            mark(event, from.contains(&id.of_kind(Kind::Attachment)), Trait::Partition);
        }
        Kind::Index => mark(event, is_true(object, "unique"), Trait::IsUnique),
        Kind::Default => {
            let column = from.get(&id.of_kind(Kind::Column));
            mark(event, column.is_some_and(|c| is_true(c, "not_null")), Trait::NotNull);
            let after = to.get(&id.of_kind(Kind::Column));
            mark(event, after.is_some_and(|c| c.attr("identity") != Value::None), Trait::Identity);
        }
        _ => {}
    }
}

fn changed(event: &mut Event, object: &Object, sides: Sides) {
    let value = |c: &Catalog| c.get(&event.id).map(|o| o.attr(&event.attr)).unwrap_or(Value::None);
    let (from, to) = (value(sides.from), value(sides.to));
    if from != to {
        let both = [sides.from, sides.to].iter().all(|c| c.contains(&event.id));
        // What the text told of it was a guess.
        if both {
            event.traits.remove(Trait::Unsets);
        }
        (event.from, event.to) = (from.to_string(), to.to_string());
        let unset = matches!(to, Value::None | Value::Bool(false)) || to == Value::from("disabled");
        mark(event, unset, Trait::Unsets);
        mark(event, !unset, Trait::Sets);
    }
    if let (Value::List(old), Value::List(new)) = (&from, &to) {
        mark(event, old.iter().any(|l| !new.contains(l)), Trait::Removes);
        mark(event, new.iter().any(|l| !old.contains(l)), Trait::Adds);
    }
    mark(event, event.attr == "identity" && to == Value::from("ALWAYS"), Trait::Always);
    if (object.id().kind, event.attr.as_str()) == (Kind::Column, "type") {
        let (old, new) = (event.from.clone(), event.to.clone());
        types::describe(&mut event.traits, &new);
        types::compare(&mut event.traits, &old, &new);
        let key = |c: &Catalog| c.users(&event.id).any(|o| o.id().kind == Kind::ForeignKey);
        let tied = key(sides.from) || key(sides.to);
        mark(event, tied, Trait::FkSide);
        mark(event, sides.from.users(&event.id).any(computed), Trait::RebuildsIndex);
    }
}

/// An index on an expression or on a part of the rows: no change of type leaves it as it is.
fn computed(object: &Object) -> bool {
    object.id().kind == Kind::Index && crate::engine::text::computes(&text(object, "definition"))
}

/// What is true of the table, whatever happens to it or to a part of it.
fn relation(event: &mut Event, sides: Sides) {
    let Some(id) = event.table.clone() else { return };
    let Some(table) = sides.from.get(&id).or_else(|| sides.to.get(&id)) else { return };
    if event.id.kind != Kind::Table {
        mark(event, table.attr("partition_by") != Value::None, Trait::Partitioned);
    }
    let published = |o: &Object| matches!(o.id().kind, Kind::PublicationTable);
    mark(event, sides.from.users(&id).any(published), Trait::Published);
    // What is attached, or made a partition, stands beside the other partitions of its parent.
    let link = |c: &Catalog| c.get(&id.of_kind(Kind::Attachment)).map(|l| text(l, "parent"));
    let leaves = event.verb == Verb::Drop && event.id.kind == Kind::Attachment;
    let Some(parent) = link(if leaves { sides.from } else { sides.to }) else { return };
    // The default partition itself is in the way of its own leaving as well.
    let sibling = |o: &&Object| {
        text(o, "parent") == parent && text(o, "bound") == "DEFAULT" && (leaves || o.id().path != id.path)
    };
    mark(event, sides.from.of_kind(Kind::Attachment).any(|o| sibling(&o)), Trait::HasDefaultPartition);
}
