//! Roles and who is a member of which: of the server, and so only those that a schema file speaks of.

use super::Reader;
use super::said::Subject;
use crate::SqlError;
use crate::engine::postgres::ddl::{ident, literal};
use crate::model::{Head, Id, Kind, Membership, Object, Ref, Role, Roles};

impl Reader<'_> {
    pub(super) fn roles(&mut self, roles: &Roles) -> Result<(), SqlError> {
        if roles.is_empty() {
            return Ok(());
        }
        let array = |names: &[String]| {
            let names: Vec<String> = names.iter().map(|name| literal(name)).collect();
            format!("ARRAY[{}]::name[]", names.join(", "))
        };
        for row in self.query(&include_str!("roles.sql").replace("{made}", &array(&roles.made)))? {
            let role = Role {
                login: row.flag(1),
                superuser: row.flag(2),
                create_db: row.flag(3),
                create_role: row.flag(4),
                inherit: row.flag(5),
                replication: row.flag(6),
                bypass_rls: row.flag(7),
                connection_limit: row.number(8),
                valid_until: row.maybe(9),
                ..Role::new(Head::new(Id::new(Kind::Role, [row.text(0)])))
            };
            self.catalog.insert(role.into());
        }
        for row in self.query(&include_str!("roles_said.sql").replace("{made}", &array(&roles.made)))? {
            let (of, text) = (Id::new(Kind::Role, [row.text(0)]), row.text(2));
            match row.maybe(1) {
                Some(provider) => self.label(&Subject::of(&of), &provider, text),
                None => self.comment(&Subject::of(&of), text),
            }
        }
        // From 16 on, who makes a role becomes its administrator without a word.
        let (inherit, set, not_own) = if self.version >= 160_000 {
            (
                "bool_or(a.inherit_option)",
                "bool_or(a.set_option)",
                "AND NOT (m.rolname = current_user AND a.grantor = 10)",
            )
        } else {
            ("NULL", "NULL", "")
        };
        let sql = include_str!("memberships.sql")
            .replace("{inherit}", inherit)
            .replace("{set}", set)
            .replace("{not_own}", not_own)
            .replace("{granted}", &array(&roles.granted));
        for row in self.query(&sql)? {
            let path = [row.text(0), row.text(1)];
            let mut head = Head::new(Id::new(Kind::Membership, &path));
            let roles = path.map(|name| Id::new(Kind::Role, [name]));
            head.refs.extend(roles.into_iter().filter(|id| self.catalog.contains(id)).map(Ref::auto));
            let optional = |i: usize| (!row.is_null(i)).then(|| row.flag(i));
            let (inherit, set) = (optional(3), optional(4));
            self.catalog.insert(Membership { admin: row.flag(2), inherit, set, ..Membership::new(head) }.into());
        }
        Ok(())
    }

    /// What is said of a role needs it to be there.
    pub(super) fn lean_on_roles(&mut self, roles: &Roles) {
        let known: Vec<(String, Id)> = roles.made.iter().map(|r| (ident(r), Id::new(Kind::Role, [r]))).collect();
        let known: Vec<(String, Id)> = known.into_iter().filter(|(_, id)| self.catalog.contains(id)).collect();
        if known.is_empty() {
            return;
        }
        let named = |object: &Object| -> Vec<String> {
            let id = object.id();
            match object {
                Object::Owner(owner) => vec![owner.role.clone()],
                Object::Grant(_) => vec![id.name().to_string()],
                Object::DefaultPrivilege(_) => vec![id.at(0).to_string(), id.at(3).to_string()],
                Object::UserMapping(_) => vec![id.name().to_string()],
                Object::Policy(policy) => words_of(&policy.definition),
                _ => vec![],
            }
        };
        let found: Vec<(Id, Id)> = self
            .catalog
            .iter()
            .flat_map(|object| named(object).into_iter().map(|name| (object.id().clone(), name)))
            .filter_map(|(id, name)| Some((id, known.iter().find(|(n, _)| *n == name)?.1.clone())))
            .collect();
        for (object, role) in found {
            if let Some(object) = self.catalog.get_mut(&object) {
                object.head_mut().refs.push(Ref::normal(role));
            }
        }
    }
}

/// The names after `TO` in a policy: a word too many costs nothing but an order that would have done without.
fn words_of(definition: &str) -> Vec<String> {
    definition.split([' ', ',', '(', ')']).map(str::to_owned).collect()
}
