//! The roles that statements speak of.

use super::words::Words;
use super::{Dialect, Source};
use crate::model::Roles;

impl Words<'_> {
    /// What the statement says of roles: those that it makes, and those that it grants to others.
    pub fn roles(&self) -> Roles {
        let words = self;
        let mut roles = Roles::default();
        if words.dialect != Dialect::Postgres {
            return roles;
        }
        let make =
            words.any(0, &["create", "alter"]) && words.any(1, &["role", "user", "group"]) && !words.is(2, "mapping");
        if make {
            roles.made.extend(words.name(2));
        }
        if words.any(0, &["grant", "revoke"]) {
            let end = (1..words.len()).find(|i| words.any(*i, &["on", "to", "from"])).unwrap_or(0);
            // `REVOKE ADMIN OPTION FOR role FROM …` says it as well.
            let first = (1..end).find(|i| words.is(*i, "for")).map_or(1, |i| i + 1);
            if end > 0 && !words.is(end, "on") {
                roles.granted.extend((first..end).filter(|i| words.is_name(*i)).filter_map(|i| words.name(i)));
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
