//! Whether a role may do what a plan wants, asked before anything is done.
//!
//! Asked is what the manual asks for: to own what is changed, to be allowed to create where something is made, and to use what
//! is named (<https://www.postgresql.org/docs/current/ddl-priv.html>). What is not in these tables (operators, operator classes,
//! casts, roles, grants, what only a superuser may) is told by the server when it comes to that.

mod places;

use super::conn::Client;
use super::ddl::{about, ident, literal, table};
use crate::SqlError;
use crate::diff::Delta;
use crate::engine::Wants;
use crate::model::{Id, Kind};
use places::{IN_DATABASE, IN_SCHEMAS, PLACES, Place, USES, Use, WITH_INDEXES};
use std::collections::BTreeSet;

/// The statements that give this role what it lacks for these wants; none where it lacks nothing.
pub fn lacking(client: &mut Client, wants: &Wants) -> Result<Vec<String>, SqlError> {
    let asked: Vec<String> =
        [owned(wants), used(wants), in_schemas(wants), handed_over(wants).into_iter().collect(), elsewhere(wants)]
            .concat();
    let rows = client.rows(&format!("{} ORDER BY 1", asked.join(" UNION ")))?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

impl Place {
    /// These as a table `w`, joined with what is there of them as `o`, in its schema `n`.
    fn joined(&self, ids: &[(&Id, bool)]) -> Option<String> {
        let value = |(id, dropped): &(&Id, bool)| {
            let (schema, rest) = if self.schema.is_empty() { ("", &id.path[..]) } else { (id.at(0), &id.path[1..]) };
            let part = |i: usize| literal(rest.get(i).map_or("", |text| text));
            format!("({}, {}, {}, {dropped})", literal(schema), part(0), part(1))
        };
        let values: BTreeSet<String> = ids.iter().filter(|(id, _)| self.kinds.contains(&id.kind)).map(value).collect();
        let values: Vec<String> = values.into_iter().collect();
        (!values.is_empty()).then(|| {
            let mut sql = format!(
                "FROM (VALUES {}) AS w(schema, name, besides, dropped) JOIN {} o ON o.{} = w.name",
                values.join(", "),
                self.catalog,
                self.name
            );
            if !self.schema.is_empty() {
                sql += &format!(" JOIN pg_namespace n ON n.oid = o.{} AND n.nspname = w.schema", self.schema);
            }
            if !self.besides.is_empty() {
                sql += &format!(" AND {} = w.besides", self.besides);
            }
            sql
        })
    }
}

/// What is changed must be owned, by both of its names.
fn owned(wants: &Wants) -> Vec<String> {
    let said: Vec<Id> = wants
        .deltas
        .iter()
        .filter(|d| matches!(d.id().kind, Kind::Comment | Kind::Owner))
        .filter_map(|d| about(d.id()))
        .collect();
    let mut ids: Vec<(&Id, bool)> = said.iter().map(|id| (id, false)).collect();
    for delta in &wants.deltas {
        let id = delta.id();
        ids.push((id, matches!(delta, Delta::Drop(_)) && IN_SCHEMAS.contains(&id.kind)));
        if let Delta::Rename { from, .. } = delta {
            ids.push((from, false));
        }
    }
    let ask = |place: &Place| {
        let mut sql = format!(
            "SELECT format('GRANT %I TO %I', pg_get_userbyid(o.{owner}), current_user) {} WHERE NOT pg_has_role(o.{owner}, 'USAGE')",
            place.joined(&ids)?,
            owner = place.owner
        );
        if !place.schema.is_empty() {
            sql += " AND NOT (w.dropped AND pg_has_role(n.nspowner, 'USAGE'))";
        }
        Some(sql)
    };
    PLACES.iter().filter_map(ask).collect()
}

impl Use {
    /// Whether a statement names it where it would be used.
    fn named(&self, id: &Id, sql: &[&str]) -> bool {
        let name = if self.place.schema.is_empty() { ident(id.at(0)) } else { table(id) };
        self.said.iter().any(|(begins, before)| {
            let said = format!("{before}{name}");
            sql.iter().filter(|sql| sql.starts_with(begins)).any(|sql| {
                sql.match_indices(&said).any(|(at, _)| {
                    !sql[at + said.len()..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '"'))
                })
            })
        })
    }
}

/// What the plan counts on and its statements name may have to be used.
fn used(wants: &Wants) -> Vec<String> {
    let makes =
        |kinds: &[Kind]| wants.deltas.iter().any(|d| !matches!(d, Delta::Drop(_)) && kinds.contains(&d.id().kind));
    let ask = |of: &Use| {
        let relied: Vec<(&Id, bool)> = wants
            .relies
            .iter()
            .filter(|id| of.of.contains(&id.kind) && of.named(id, &wants.sql))
            .map(|id| (*id, false))
            .collect();
        let (what, name) = of.grant;
        let from = of.place.joined(&relied).filter(|_| makes(of.made))?;
        Some(format!("SELECT format('GRANT {what}%s TO %I', {name}, current_user) {from} WHERE NOT {}", of.allowed))
    };
    let languages: BTreeSet<String> = wants.sql.iter().filter_map(|sql| language(sql)).map(literal).collect();
    let languages: Vec<String> = languages.into_iter().collect();
    // One that is not trusted is the superuser's.
    let asks_languages = (!languages.is_empty()).then(|| {
        format!(
            "SELECT format('GRANT USAGE ON LANGUAGE %I TO %I', lanname, current_user) FROM pg_language WHERE lanpltrusted \
             AND NOT has_language_privilege(oid, 'USAGE') AND quote_ident(lanname) IN ({})",
            languages.join(", ")
        )
    });
    USES.iter().filter_map(ask).chain(asks_languages).collect()
}

/// As `pg_get_functiondef` writes it.
fn language(sql: &str) -> Option<&str> {
    let line = sql.lines().find_map(|line| line.strip_prefix(" LANGUAGE "))?;
    line.split_whitespace().next()
}

/// Schemas in which something is made, or gets a new name; and those in which something is named at all.
fn in_schemas(wants: &Wants) -> Vec<String> {
    let new = |d: &&Delta| matches!(d, Delta::Add(_) | Delta::Rename { .. });
    let made = wants.deltas.iter().filter(new).map(|d| d.id());
    let made = made.filter(|id| IN_SCHEMAS.contains(&id.kind) || WITH_INDEXES.contains(&id.kind));
    let there = |id: &&Id| PLACES.iter().any(|p| !p.schema.is_empty() && p.kinds.contains(&id.kind));
    let named = wants.deltas.iter().map(|d| d.id()).chain(wants.relies.iter().copied()).filter(there);
    let ask = |schemas: BTreeSet<String>, rights: &str, lacks: &str| {
        (!schemas.is_empty()).then(|| {
            format!(
                "SELECT format('GRANT {rights} ON SCHEMA %I TO %I', n.nspname, current_user) FROM pg_namespace n \
                 WHERE n.nspname IN ({}) AND {lacks}",
                schemas.into_iter().collect::<Vec<_>>().join(", ")
            )
        })
    };
    let schema = |id: &Id| literal(id.at(0));
    let made: BTreeSet<String> = made.map(schema).collect();
    let named: BTreeSet<String> = named.map(schema).filter(|schema| !made.contains(schema)).collect();
    let create = ask(
        made,
        "CREATE, USAGE",
        "NOT (has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE'))",
    );
    create.into_iter().chain(ask(named, "USAGE", "NOT has_schema_privilege(n.oid, 'USAGE')")).collect()
}

/// Who is to own what is in a schema must be allowed to create there, where no superuser says so.
fn handed_over(wants: &Wants) -> Option<String> {
    let kept = wants.deltas.iter().filter(|d| !matches!(d, Delta::Drop(_)) && d.id().kind == Kind::Owner);
    let of = kept.filter_map(|d| about(d.id())).filter(|of| IN_SCHEMAS.contains(&of.kind));
    let to = |of: Id| -> Option<(Id, &str)> {
        let named = format!(" {}", table(&of));
        let hands_over = wants.sql.iter().filter_map(|sql| sql.rsplit_once(" OWNER TO "));
        let (_, role) =
            hands_over.filter(|(what, _)| what.starts_with("ALTER ")).find(|(what, _)| what.contains(&named))?;
        Some((of, role.trim_end_matches(';')))
    };
    // By the plan itself, or in a schema of its own making.
    let granted = |(of, role): &(Id, &str)| {
        let (made, grant) = (Id::new(Kind::Schema, [of.at(0)]), format!(" ON SCHEMA {} TO {role}", ident(of.at(0))));
        wants.deltas.iter().any(|d| *d.id() == made) || wants.sql.iter().any(|sql| sql.contains(&grant))
    };
    let pairs = of.filter_map(to).filter(|pair| !granted(pair));
    let values: BTreeSet<String> =
        pairs.map(|(of, role)| format!("({}, {})", literal(of.at(0)), literal(role))).collect();
    let values: Vec<String> = values.into_iter().collect();
    (!values.is_empty()).then(|| {
        format!(
            "SELECT format('GRANT CREATE ON SCHEMA %I TO %I', n.nspname, r.rolname) FROM (VALUES {}) AS w(schema, role) \
             JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_roles r ON quote_ident(r.rolname) = w.role \
             WHERE NOT has_schema_privilege(r.oid, n.oid, 'CREATE') \
             AND NOT (SELECT m.rolsuper FROM pg_roles m WHERE m.rolname = current_user)",
            values.join(", ")
        )
    })
}

/// What is made in the database itself, msr's journal among it, and owners, which one must be able to become.
fn elsewhere(wants: &Wants) -> Vec<String> {
    let made = wants.deltas.iter().any(|d| matches!(d, Delta::Add(id) if IN_DATABASE.contains(&id.kind)));
    let journal = "to_regnamespace('msr') IS NULL";
    let when = if made { "true" } else { journal };
    let create = format!(
        "SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user) \
         WHERE NOT has_database_privilege(current_database(), 'CREATE') AND {when}"
    );
    let owners: BTreeSet<String> = wants
        .sql
        .iter()
        .filter_map(|sql| Some(literal(sql.rsplit_once(" OWNER TO ")?.1.trim_end_matches(';'))))
        .collect();
    let become_owner = (!owners.is_empty()).then(|| {
        format!(
            "SELECT format('GRANT %I TO %I', rolname, current_user) FROM pg_roles \
             WHERE quote_ident(rolname) IN ({}) AND NOT pg_has_role(oid, 'MEMBER')",
            owners.into_iter().collect::<Vec<_>>().join(", ")
        )
    });
    let written =
        [("journal", "INSERT"), ("plans", "INSERT"), ("backfill", "INSERT, UPDATE, DELETE")].map(|(table, rights)| {
            let lacks: Vec<String> = rights
                .split(", ")
                .map(|right| format!("NOT has_table_privilege(to_regclass('msr.{table}')::oid, '{right}')"))
                .collect();
            format!(
                "SELECT format('GRANT {rights} ON msr.{table} TO %I', current_user) \
             WHERE has_schema_privilege(to_regnamespace('msr')::oid, 'USAGE') AND ({})",
                lacks.join(" OR ")
            )
        });
    [create].into_iter().chain(become_owner).chain(written).collect()
}
