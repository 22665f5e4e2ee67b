//! The roles that statements speak of.

use super::words::Words;
use super::{Dialect, Source};
use crate::model::Roles;

impl Words<'_> {
    /// What the statement says of roles: those that it makes or says something about, and those that it grants to others.
    pub fn roles(&self) -> Roles {
        let mut roles = Roles::default();
        if self.dialect != Dialect::Postgres {
            return roles;
        }
        let make =
            self.any(0, &["create", "alter"]) && self.any(1, &["role", "user", "group"]) && !self.is(2, "mapping");
        if make {
            roles.made.extend(self.name(2));
        }
        let on = (1..self.len()).find(|i| self.any(0, &["comment", "security"]) && self.is(*i, "on"));
        if let Some(on) = on.filter(|on| self.is(on + 1, "role")) {
            roles.made.extend(self.name(on + 2));
        }
        if self.any(0, &["grant", "revoke"]) {
            let end = (1..self.len()).find(|i| self.any(*i, &["on", "to", "from"])).unwrap_or(0);
            // `REVOKE ADMIN OPTION FOR role FROM …` says it as well.
            let first = (1..end).find(|i| self.is(*i, "for")).map_or(1, |i| i + 1);
            if end > 0 && !self.is(end, "on") {
                roles.granted.extend((first..end).filter(|i| self.is_name(*i)).filter_map(|i| self.name(i)));
            }
        }
        roles
    }
}

impl Source {
    /// All roles that the statements speak of.
    pub fn roles(&self) -> Roles {
        let mut all = Roles::default();
        for roles in self.statements.iter().map(|s| &s.roles) {
            all.made.extend(roles.made.iter().cloned());
            all.granted.extend(roles.granted.iter().cloned());
        }
        for names in [&mut all.made, &mut all.granted] {
            names.sort();
            names.dedup();
        }
        all
    }
}
