//! What ties tables together: partitions, inheritance, typed tables; and which of their parts follow others.

use super::row::Row;
use super::{Reader, names};
use crate::engine::postgres::ddl;
use crate::model::{Attachment, Head, Id, Inheritance, Kind, Object, Ref, Status, TypedTable, Unmodelled};
use std::collections::BTreeMap;

/// What is learnt on the way and can be said of objects only when all are known.
#[derive(Default)]
pub struct Ties {
    /// The parents of a table, in order.
    parents: BTreeMap<Id, Vec<Id>>,
    /// Columns and checks that are inherited, and whether they would stay if their parent's went.
    inherited: Vec<(Id, bool)>,
    /// Keys, indexes and foreign keys of partitions, and the address of the parent's.
    parts: Vec<(Id, names::Address)>,
}

impl Ties {
    /// A column or check of a table that has parents.
    pub fn inherits(&mut self, id: &Id, local: bool) {
        self.inherited.push((id.clone(), local));
    }

    /// A key, index or foreign key that is a partition's part of its parent's.
    pub fn part_of(&mut self, id: &Id, whole: names::Address) {
        self.parts.push((id.clone(), whole));
    }
}

impl Reader<'_> {
    /// The links of one relation, once all tables are known.
    pub(super) fn links(&mut self, rows: Vec<Row>) {
        for row in rows {
            let Some(child) = self.names.table(row.number(0)).cloned() else { continue };
            if let Some(composite) = row.maybe(17) {
                self.typed(&child, &composite);
            }
            let bound = row.maybe(15);
            let is_partition = row.flag(13);
            for (place, name) in row.list(16).iter().enumerate() {
                let named = |kind| Id::new(kind, name.split('\u{1f}'));
                let known =
                    [Kind::Table, Kind::ForeignTable].map(named).into_iter().find(|id| self.catalog.contains(id));
                let Some(parent) = known else {
                    let what = if is_partition {
                        "partition of a table that is not msr's"
                    } else {
                        "heir of a table that is not msr's"
                    };
                    self.catalog.unmodelled.insert(Unmodelled {
                        what: what.into(),
                        name: child.path.join("."),
                        definition: name.clone(),
                    });
                    continue;
                };
                self.ties.parents.entry(child.clone()).or_default().push(parent.clone());
                let mut link: Object = match (is_partition, &bound) {
                    (true, Some(bound)) => attachment(&child, &parent, bound).into(),
                    _ => inheritance(&child, &parent, place as u32).into(),
                };
                if row.flag(18) {
                    link.head_mut().status = Status::Pending;
                }
                self.catalog.insert(link);
            }
        }
    }

    fn typed(&mut self, table: &Id, composite: &str) {
        let mut link = TypedTable::new(Head::child(table.of_kind(Kind::TypedTable), table.clone()));
        link.of = composite.to_string();
        let of = Id::new(Kind::Composite, ddl::split(composite));
        match self.catalog.contains(&of) {
            true => link.head.refs.extend(ends(table, &of)),
            false => link.head.refs.push(Ref::whole(table.clone())),
        }
        self.catalog.insert(link.into());
    }

    /// Which part of a table follows which of another's.
    pub(super) fn follow(&mut self) {
        let ties = std::mem::take(&mut self.ties);
        for (id, local) in &ties.inherited {
            let table = self.catalog.get(id).and_then(Object::parent);
            for parent in table.and_then(|table| ties.parents.get(table)).into_iter().flatten() {
                self.follows(id, &parent.below(id.kind, id.name()), *local);
            }
        }
        for (id, address) in &ties.parts {
            let Some(whole) = self.names.exactly(*address).cloned() else { continue };
            self.follows(id, &whole, false);
            let index = index_of(&whole);
            match self.catalog.get_mut(id) {
                Some(Object::Index(i)) => i.part_of = Some(index),
                Some(Object::PrimaryKey(k)) => k.part_of = Some(index),
                Some(Object::Unique(k)) => k.part_of = Some(index),
                _ => {}
            }
        }
        self.typed_columns();
    }

    /// Columns of typed tables follow the attributes of the type.
    fn typed_columns(&mut self) {
        let columns = self.catalog.iter().filter(|o| o.id().kind == Kind::Column);
        let of_type = |o: &Object| {
            let link = self.catalog.get(&o.parent()?.of_kind(Kind::TypedTable))?;
            let composite = link.wholes().find(|whole| whole.kind == Kind::Composite)?;
            Some((o.id().clone(), composite.below(Kind::Attribute, o.id().name())))
        };
        let pairs: Vec<(Id, Id)> = columns.filter_map(of_type).collect();
        for (column, attribute) in pairs {
            self.follows(&column, &attribute, false);
        }
    }

    fn follows(&mut self, id: &Id, leader: &Id, local: bool) {
        if !self.catalog.contains(leader) {
            return;
        }
        if let Some(object) = self.catalog.get_mut(id) {
            let refs = &mut object.head_mut().refs;
            refs.push(Ref::follow(leader.clone()));
            if !local {
                refs.push(Ref::auto(leader.clone()));
            }
        }
    }
}

fn attachment(child: &Id, parent: &Id, bound: &str) -> Attachment {
    let mut attachment = Attachment::new(Head::child(child.of_kind(Kind::Attachment), child.clone()));
    (attachment.parent, attachment.bound) = (ddl::path(parent), bound.to_string());
    attachment.head.refs.extend(ends(child, parent));
    attachment
}

fn inheritance(child: &Id, parent: &Id, place: u32) -> Inheritance {
    let name = ddl::path(parent);
    let mut inheritance = Inheritance::new(Head::child(child.below(Kind::Inheritance, &name), child.clone()));
    (inheritance.position, inheritance.parent) = (place, name);
    inheritance.head.refs.extend(ends(child, parent));
    inheritance
}

fn ends(child: &Id, parent: &Id) -> [Ref; 3] {
    [Ref::normal(parent.clone()), Ref::whole(parent.clone()), Ref::whole(child.clone())]
}

/// The index itself, or the one behind a constraint, which has the constraint's name.
fn index_of(id: &Id) -> String {
    format!("{}.{}", ddl::ident(id.at(0)), ddl::ident(id.name()))
}
