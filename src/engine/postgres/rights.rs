//! Whether a role may do what a plan wants, asked before anything is done.
//!
//! Asked is what the manual asks for most changes: to own the relation that is changed, and to be allowed to create in the
//! schema that something is made in (<https://www.postgresql.org/docs/current/ddl-priv.html>). What else a statement needs
//! is told by the server when it comes to that.

use super::conn::Client;
use super::ddl::literal;
use crate::SqlError;
use crate::diff::Delta;
use crate::model::{Id, Kind};
use std::collections::BTreeSet;

/// Parts of a relation, and relations: who changes them must own it.
const OF_RELATIONS: &[Kind] = &[
    Kind::Sequence,
    Kind::Table,
    Kind::Column,
    Kind::Default,
    Kind::PrimaryKey,
    Kind::Unique,
    Kind::Check,
    Kind::ForeignKey,
    Kind::Exclusion,
    Kind::Index,
    Kind::View,
    Kind::MaterializedView,
    Kind::Trigger,
    Kind::Policy,
    Kind::Rule,
];

/// The statements that give this role what it lacks for these changes; none where it lacks nothing.
pub fn lacking(client: &mut Client, deltas: &[&Delta]) -> Result<Vec<String>, SqlError> {
    let of_relations: Vec<&Id> = deltas.iter().map(|d| d.id()).filter(|id| OF_RELATIONS.contains(&id.kind)).collect();
    let name = |id: &&Id| format!("({}, {})", literal(id.at(0)), literal(id.at(1)));
    let relations: BTreeSet<String> = of_relations.iter().map(name).collect();
    let added = deltas.iter().filter(|d| matches!(d, Delta::Add(_))).map(|d| d.id());
    let made = added.filter(|id| matches!(id.kind, Kind::Table | Kind::View | Kind::MaterializedView | Kind::Sequence));
    let schemas: BTreeSet<String> = made.map(|id| format!("({})", literal(id.at(0)))).collect();
    let mut asked = vec![];
    if !relations.is_empty() {
        // The owner of a schema may drop what is in it.
        asked.push(format!(
            "SELECT format('GRANT %I TO %I', pg_get_userbyid(c.relowner), current_user) FROM (VALUES {}) AS w(schema, name) \
             JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name \
             WHERE NOT pg_has_role(c.relowner, 'USAGE') AND NOT pg_has_role(n.nspowner, 'USAGE')",
            relations.into_iter().collect::<Vec<_>>().join(", ")
        ));
    }
    if !schemas.is_empty() {
        asked.push(format!(
            "SELECT format('GRANT CREATE, USAGE ON SCHEMA %I TO %I', n.nspname, current_user) FROM (VALUES {}) AS w(schema) \
             JOIN pg_namespace n ON n.nspname = w.schema WHERE NOT has_schema_privilege(n.oid, 'CREATE')",
            schemas.into_iter().collect::<Vec<_>>().join(", ")
        ));
    }
    if asked.is_empty() {
        return Ok(vec![]);
    }
    let rows = client.rows(&format!("{} ORDER BY 1", asked.join(" UNION ")))?;
    Ok(rows.into_iter().flatten().flatten().collect())
}
