//! What is said about objects: comments, rights, owners.

use super::{Reader, class};
use crate::SqlError;
use crate::model::{Comment, DefaultPrivilege, Grant, Head, Id, Kind, Object, Owner, Ref, SecurityLabel};
use std::collections::BTreeMap;

/// What is spoken of, and the object that it is or is a part of.
pub(super) struct Subject {
    id: Id,
    holder: Id,
}

impl Subject {
    pub(super) fn of(object: &Id) -> Subject {
        Subject { id: object.clone(), holder: object.clone() }
    }
}

impl Reader<'_> {
    pub(super) fn comments(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("comments.sql"))? {
            let address = (row.number(0), row.number(1), row.number(2));
            let Some(subject) = self.subject(address) else { continue };
            self.comment(&subject, row.text(3));
        }
        Ok(())
    }

    pub(super) fn security_labels(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("security_labels.sql"))? {
            let address = (row.number(0), row.number(1), row.number(2));
            let Some(subject) = self.subject(address) else { continue };
            self.label(&subject, &row.text(3), row.text(4));
        }
        Ok(())
    }

    pub(super) fn comment(&mut self, subject: &Subject, text: String) {
        self.say(subject, Kind::Comment, |head| Comment { text, ..Comment::new(head) }.into());
    }

    pub(super) fn label(&mut self, subject: &Subject, provider: &str, label: String) {
        self.say(subject, Kind::SecurityLabel, |mut head| {
            head.id = head.id.below(Kind::SecurityLabel, provider);
            SecurityLabel { label, ..SecurityLabel::new(head) }.into()
        });
    }

    pub(super) fn grants(&mut self) -> Result<(), SqlError> {
        for row in self.query(&grants(self.version))? {
            let address = (row.number(0), row.number(1), row.number(2));
            let Some(subject) = self.subject(address) else { continue };
            let (role, privileges, usual, place) = (row.text(3), row.list(4), row.list(5), row.number(6));
            self.say(&subject, Kind::Grant, |mut head| {
                head.id = head.id.below(Kind::Grant, &role);
                // A new owner takes over what stands under the name of the one before, so what that one keeps is granted later.
                head.after = vec![Id::about(Kind::Owner, &subject.id)];
                // The order in which roles stand in the list is seen in a dump.
                Grant { privileges, usual, position: place, ..Grant::new(head) }.into()
            });
        }
        Ok(())
    }

    pub(super) fn default_privileges(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("default_privileges.sql"))? {
            let path = [0, 1, 2, 3].map(|i| row.text(i));
            let schema = Id::new(Kind::Schema, [&path[1]]);
            let mut head = Head::new(Id::new(Kind::DefaultPrivilege, path));
            if self.catalog.contains(&schema) {
                head.refs.push(Ref::auto(schema));
            }
            let (privileges, usual) = (row.list(4), row.list(5));
            self.catalog.insert(DefaultPrivilege { privileges, usual, ..DefaultPrivilege::new(head) }.into());
        }
        Ok(())
    }

    pub(super) fn owners(&mut self) -> Result<(), SqlError> {
        let mut rows = self.query(include_str!("owners.sql"))?;
        rows.extend(self.query(include_str!("owners_of_subscriptions.sql"))?);
        let mut sequences = if rows.is_empty() { BTreeMap::new() } else { self.owned_sequences() };
        for row in rows {
            let Some(subject) = self.subject((row.number(0), row.number(1), 0)) else { continue };
            // The sequence behind an identity has its table's owner.
            if subject.id.kind == Kind::Sequence && !self.catalog.contains(&subject.id) {
                continue;
            }
            let role = row.text(2);
            let mut after = sequences.remove(&subject.id).unwrap_or_default();
            // Who is to own it must be allowed to create in its schema.
            let schema = Id::about(Kind::Grant, &Id::new(Kind::Schema, [subject.id.at(0)]));
            after.extend([&*role, "PUBLIC"].map(|role| schema.below(Kind::Grant, role)));
            self.say(&subject, Kind::Owner, |mut head| {
                head.after = after;
                Owner { role, ..Owner::new(head) }.into()
            });
        }
        Ok(())
    }

    /// The sequences of a table's columns: they change their owner with it, and only what has the same owner can be tied to it.
    fn owned_sequences(&self) -> BTreeMap<Id, Vec<Id>> {
        let mut by_table: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
        for sequence in self.catalog.of_kind(Kind::Sequence) {
            for column in sequence.refs().iter().filter(|r| r.to.kind == Kind::Column) {
                let table = Id::new(Kind::Table, column.to.path.iter().take(2));
                by_table.entry(table).or_default().push(sequence.id().clone());
            }
        }
        by_table
    }

    fn subject(&self, address: super::names::Address) -> Option<Subject> {
        let (id, holder) = (self.spoken_of(address)?, self.object_at(address)?.clone());
        Some(Subject { id, holder })
    }

    /// The object, or the column of a view, which is no object of its own and can be spoken of all the same.
    fn spoken_of(&self, address: super::names::Address) -> Option<Id> {
        let id = self.names.exactly(address)?;
        let own_constraint =
            address.0 == class::CLASS && matches!(id.kind, Kind::PrimaryKey | Kind::Unique | Kind::Exclusion);
        // Nor is what is said of the sequence behind an identity said of the column.
        if address.0 == class::CLASS && address.2 == 0 && id.kind == Kind::Column {
            return Some(id.of_kind(Kind::Sequence));
        }
        // What is said of a NOT NULL is said of a constraint, which is no object of its own.
        if address.0 == class::CONSTRAINT && matches!(id.kind, Kind::Column | Kind::Domain) {
            let of = self.catalog.get(id)?;
            return not_null(of, of.head().text.as_deref()?);
        }
        // The index of a key is no object of its own either; what is said of it is not said of the key.
        let index = || Id::new(Kind::Index, [id.at(0), id.name()]);
        Some(if own_constraint { index() } else { id.clone() })
    }

    fn say(&mut self, subject: &Subject, kind: Kind, object: impl FnOnce(Head) -> Object) {
        let holder = &subject.holder;
        if !self.catalog.contains(holder) {
            return;
        }
        let mut object = object(Head::child(Id::about(kind, &subject.id), holder.clone()));
        object.head_mut().parent = Some(holder.clone());
        debug_assert!(object.refs().contains(&Ref::auto(holder.clone())));
        self.catalog.insert(object);
    }
}

/// What comments call a NOT NULL of this name: no check of the column's table, or of the domain, has the same.
fn not_null(of: &Object, name: &str) -> Option<Id> {
    match of.id().kind {
        Kind::Domain => Some(of.id().below(Kind::DomainCheck, name)),
        _ => Some(of.parent()?.below(Kind::Check, name)),
    }
}

pub(super) fn grants(version: u32) -> String {
    let usual = if version >= 150_000 {
        "'USAGE', false)"
    } else {
        "'USAGE', false) || makeaclitem(0, n.nspowner, 'CREATE', false)"
    };
    include_str!("grants.sql").replace("{public_usual}, false)", usual)
}
