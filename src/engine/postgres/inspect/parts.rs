//! Keys, checks, indexes, functions, triggers, policies and rules.

use super::row::Row;
use super::{Reader, class};
use crate::SqlError;
use crate::engine::postgres::ddl;
use crate::model::{
    Check, DomainCheck, Exclusion, ForeignKey, Function, Head, Id, Index, Kind, Object, Policy, PrimaryKey, Ref, Rule,
    Status, Trigger, Unique,
};

impl Reader<'_> {
    pub(super) fn constraints(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("constraints.sql"))? {
            let (oid, index): (u32, u32) = (row.number(0), row.number(7));
            let of_domain = row.number::<u32>(2) != 0;
            let owner = match of_domain {
                true => self.names.exactly((class::TYPE, row.number(2), 0)),
                false => self.names.table(row.number(1)),
            };
            let Some(owner) = owner.cloned() else { continue };
            let kind = row.letter(3);
            let mut object = constraint(&owner, kind, self.columns_of(&row), &row);
            if !row.flag(6) {
                object.head_mut().status = Status::Pending;
            }
            if let Object::ForeignKey(key) = &object {
                let target = Id::new(Kind::Table, ddl::split(&key.target));
                object.head_mut().refs.push(Ref::normal(target));
            }
            let id = object.id().clone();
            if row.number::<i32>(12) > 0 && kind == 'c' {
                self.ties.inherits(&id, row.flag(13));
            }
            match (row.number(16), row.number(17)) {
                (0, 0) => {}
                (0, whole) => self.ties.part_of(&id, (class::CLASS, whole, 0)),
                (key, _) => self.ties.part_of(&id, (class::CONSTRAINT, key, 0)),
            }
            self.add(class::CONSTRAINT, oid, object);
            if index != 0 && matches!(kind, 'p' | 'u' | 'x') {
                self.names.add(class::CLASS, index, 0, &id);
            }
        }
        Ok(())
    }

    /// The names of a constraint's columns.
    fn columns_of(&self, row: &Row) -> Vec<String> {
        let column = |number| self.names.exactly((class::CLASS, row.number(1), number));
        row.numbers(8).into_iter().filter_map(column).map(|id| id.name().to_owned()).collect()
    }

    pub(super) fn indexes(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("indexes.sql"))? {
            let oid: u32 = row.number(0);
            let path = [row.text(1), row.text(2)];
            let Some(owner) = self.names.exactly((class::CLASS, row.number(3), 0)).cloned() else { continue };
            let mut index = Index::new(Head::child(Id::new(Kind::Index, path), owner));
            index.unique = row.flag(4);
            if !row.flag(5) {
                index.head.status = Status::Pending;
            }
            let text = row.printed(6);
            let definition = super::stable::find_outside_quotes(&text, " USING ").map_or("", |at| &text[at + 1..]);
            index.definition = match row.maybe(8) {
                Some(with) => definition.replacen(&with, "", 1),
                None => definition.to_owned(),
            };
            index.options = row.list(7).into();
            index.statistics = row.list(9);
            index.clustered = row.flag(10);
            index.replica_identity = row.flag(14);
            index.head.refs.push(Ref::normal(Id::new(Kind::Schema, [index.head.id.at(0)])));
            if !row.is_null(12) {
                self.ties.part_of(&index.head.id, (class::CLASS, row.number(12), 0));
            }
            self.add(class::CLASS, oid, index.into());
        }
        Ok(())
    }

    pub(super) fn functions(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("functions.sql"))? {
            let oid: u32 = row.number(0);
            let arguments = row.list(3).join(", ");
            let id = Id::new(Kind::Function, [row.text(1), row.text(2), arguments]);
            let mut function = Function::new(Head::new(id));
            function.routine = if row.letter(4) == 'p' { "PROCEDURE" } else { "FUNCTION" }.into();
            function.definition = row.text(5);
            function.signature = row.text(6);
            function.defaults = row.number(7);
            self.bodies.push((function.head.id.clone(), row.text(9)));
            self.add(class::PROC, oid, function.into());
        }
        Ok(())
    }

    pub(super) fn triggers(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("triggers.sql"))? {
            let oid: u32 = row.number(0);
            let Some(owner) = self.names.exactly((class::CLASS, row.number(1), 0)).cloned() else { continue };
            let mut trigger = Trigger::new(Head::child(owner.below(Kind::Trigger, &row.text(2)), owner));
            trigger.definition = row.printed(3);
            trigger.enabled = row.enabled(4);
            self.add(class::TRIGGER, oid, trigger.into());
        }
        Ok(())
    }

    pub(super) fn policies(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("policies.sql"))? {
            let oid: u32 = row.number(0);
            let Some(owner) = self.names.exactly((class::CLASS, row.number(1), 0)).cloned() else { continue };
            let mut policy = Policy::new(Head::child(owner.below(Kind::Policy, &row.text(2)), owner));
            policy.definition = row.printed(3);
            self.add(class::POLICY, oid, policy.into());
        }
        Ok(())
    }

    pub(super) fn rules(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("rules.sql"))? {
            let oid: u32 = row.number(0);
            let Some(owner) = self.names.exactly((class::CLASS, row.number(1), 0)).cloned() else { continue };
            let name = row.text(2);
            match row.maybe(3) {
                // What a view needs is told of its rule.
                None => self.names.add(class::REWRITE, oid, 0, &owner),
                Some(definition) => {
                    let mut rule = Rule::new(Head::child(owner.below(Kind::Rule, &name), owner));
                    rule.definition = super::stable::stable(definition.trim_end_matches(';').to_string());
                    rule.enabled = row.enabled(4);
                    self.add(class::REWRITE, oid, rule.into());
                }
            }
        }
        Ok(())
    }
}

fn constraint(owner: &Id, kind: char, columns: Vec<String>, row: &Row) -> Object {
    let name = row.text(4);
    let text = row.printed(5);
    let definition = text.strip_suffix(" NOT VALID").unwrap_or(&text).to_string();
    let child = |kind: Kind| Head::child(owner.below(kind, &name), owner.clone());
    let options = row.list(11).into();
    let (clustered, replica_identity) = (row.flag(10), row.flag(15));
    match kind {
        'p' => PrimaryKey {
            columns,
            definition,
            clustered,
            replica_identity,
            options,
            ..PrimaryKey::new(child(Kind::PrimaryKey))
        }
        .into(),
        'u' => Unique { columns, definition, clustered, replica_identity, options, ..Unique::new(child(Kind::Unique)) }
            .into(),
        'x' => Exclusion { definition, ..Exclusion::new(child(Kind::Exclusion)) }.into(),
        'f' => {
            let target = row.text(9);
            ForeignKey { columns, target, definition, ..ForeignKey::new(child(Kind::ForeignKey)) }.into()
        }
        _ if owner.kind == Kind::Domain => {
            DomainCheck { definition, ..DomainCheck::new(child(Kind::DomainCheck)) }.into()
        }
        _ => Check { definition, named: true, ..Check::new(child(Kind::Check)) }.into(),
    }
}
