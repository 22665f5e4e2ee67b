//! What PostgreSQL says for each kind and attribute: one record a kind.

mod base_types;
mod beside;
mod casts;
mod code;
mod columns;
mod defaults;
mod detaching;
mod filling;
mod foreign;
mod hindrance;
mod keys;
mod ladders;
mod links;
mod materialized;
mod mirrored;
mod not_null;
mod numbers;
mod parking;
mod plain;
mod privileges;
mod probes;
mod queries;
mod relabelled;
mod replication;
mod retyping;
mod roles;
mod said;
mod shims;
mod swapping;
mod tables;
mod twins;
mod types;
mod widening;

use crate::engine::how::{Change, How, KindRule, Scene, nothing, own_name, replace, set};
use crate::model::{Id, Kind, Object};

use super::ddl::{ident, path};

pub use columns::column_extras;
pub use detaching::finishing;
pub use hindrance::hindrance;
pub use ladders::debris;
pub use links::alone;
pub use probes::{PROBES, failing};
pub use replication::NOWHERE;
pub use shims::shim;
pub use types::rename_label;

/// In the order in which kinds are listed.
pub static RULES: &[KindRule] = &[
    roles::ROLE,
    roles::MEMBERSHIP,
    SCHEMA,
    EXTENSION,
    plain::LANGUAGE,
    plain::ACCESS_METHOD,
    plain::COLLATION,
    plain::CONVERSION,
    types::ENUM,
    types::DOMAIN,
    types::DOMAIN_CHECK,
    plain::RANGE,
    base_types::BASE_TYPE,
    base_types::BINARY_FORMAT,
    types::COMPOSITE,
    types::ATTRIBUTE,
    foreign::FOREIGN_DATA_WRAPPER,
    foreign::SERVER,
    foreign::USER_MAPPING,
    tables::SEQUENCE,
    tables::TABLE,
    foreign::FOREIGN_TABLE,
    columns::COLUMN,
    columns::DEFAULT,
    keys::PRIMARY_KEY,
    keys::UNIQUE,
    keys::CHECK,
    keys::FOREIGN_KEY,
    keys::EXCLUSION,
    keys::INDEX,
    plain::STATISTICS,
    links::INHERITANCE,
    links::ATTACHMENT,
    links::TYPED_TABLE,
    queries::VIEW,
    queries::MATERIALIZED_VIEW,
    code::FUNCTION,
    plain::AGGREGATE,
    plain::OPERATOR,
    plain::OPERATOR_FAMILY,
    plain::OPERATOR_CLASS,
    plain::CAST,
    plain::TRANSFORM,
    plain::TEXT_SEARCH_PARSER,
    plain::TEXT_SEARCH_TEMPLATE,
    plain::TEXT_SEARCH_DICTIONARY,
    plain::TEXT_SEARCH_CONFIGURATION,
    code::TRIGGER,
    code::FIRING,
    code::POLICY,
    code::RULE,
    replication::PUBLICATION,
    replication::PUBLICATION_TABLE,
    replication::PUBLICATION_SCHEMA,
    replication::SUBSCRIPTION,
    replication::CONNECTION,
    plain::EVENT_TRIGGER,
    said::COMMENT,
    said::SECURITY_LABEL,
    said::OWNER,
    said::GRANT,
    privileges::DEFAULT_PRIVILEGE,
];

const SCHEMA: KindRule = KindRule {
    kind: Kind::Schema,
    clause: None,
    create: |s, o, _| privileges::fresh(s, o, How::statement(format!("CREATE SCHEMA {}", path(o.id())))),
    drop: |_, o| How::statement(format!("DROP SCHEMA {}", path(o.id()))),
    rename: Some(|_, o, to| rename("SCHEMA", o, to)),
    set: &[],
    namespace: own_name,
    loses: None,
};

const EXTENSION: KindRule = KindRule {
    kind: Kind::Extension,
    clause: None,
    create: |_, o, _| {
        let schema = o.attr("schema");
        let place = schema.text().map(|s| format!(" WITH SCHEMA {}", ident(s))).unwrap_or_default();
        How::statement(format!("CREATE EXTENSION {}{place}", path(o.id())))
    },
    drop: |_, o| How::statement(format!("DROP EXTENSION {}", path(o.id()))),
    rename: None,
    set: &[set("schema", |_, c| {
        How::statement(format!(
            "ALTER EXTENSION {} SET SCHEMA {}",
            path(c.new.id()),
            ident(c.to.text().unwrap_or("public"))
        ))
    })],
    namespace: own_name,
    loses: None,
};

/// `ALTER … RENAME TO`, and before that `SET SCHEMA` where it goes to another one.
fn rename(word: &str, o: &Object, to: &Id) -> How {
    let id = o.id();
    let moves = id.path.len() > 1 && id.at(0) != to.at(0);
    let there = if moves { format!("{}.{}", ident(to.at(0)), ident(id.name())) } else { path(id) };
    let away = moves.then(|| format!("ALTER {word} {} SET SCHEMA {}", path(id), ident(to.at(0))));
    let called = (id.name() != to.name()).then(|| format!("ALTER {word} {there} RENAME TO {}", ident(to.name())));
    How::statements(away.into_iter().chain(called))
}

/// Tables, views, sequences, indexes share one space of names in a schema
/// (<https://www.postgresql.org/docs/current/catalog-pg-class.html>).
fn relation_name(o: &Object) -> Vec<Vec<String>> {
    vec![named("relation", &o.id().path)]
}

/// A relation with a row type of its name.
fn row_type_name(o: &Object) -> Vec<Vec<String>> {
    vec![named("relation", &o.id().path), named("type", &o.id().path)]
}

fn type_name(o: &Object) -> Vec<Vec<String>> {
    vec![named("type", &o.id().path)]
}

/// Functions, procedures and aggregates share their names. Overloads of one name are others, yet one that goes has to be gone
/// before what calls its successor is written: a call that fits both is refused as not unique
/// (<https://www.postgresql.org/docs/current/typeconv-func.html>).
fn routine_name(o: &Object) -> Vec<Vec<String>> {
    vec![named("routine", &o.id().path[..2])]
}

fn constraint_name(o: &Object) -> Vec<Vec<String>> {
    vec![named("constraint", &o.id().path)]
}

/// A constraint whose index stands among the relations.
fn index_constraint_name(o: &Object) -> Vec<Vec<String>> {
    let id = o.id();
    vec![named("constraint", &id.path), named("relation", &[id.at(0).into(), id.name().into()])]
}

fn named(space: &str, path: &[Box<str>]) -> Vec<String> {
    std::iter::once(space.to_string()).chain(path.iter().map(|p| p.to_string())).collect()
}

/// An attribute that needs no statement of its own since another one of the same object carries it.
fn carried(scene: &Scene, change: &Change) -> How {
    nothing(scene, change)
}

/// An attribute that can't be altered.
fn anew(scene: &Scene, change: &Change) -> How {
    replace(scene, change)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attributes that PostgreSQL's catalogs never have: they belong to other engines.
    const FOREIGN: &[(Kind, &str)] = &[
        (Kind::Table, "spelling"),
        (Kind::Column, "spelling"),
        (Kind::Table, "strict"),
        (Kind::Table, "without_rowid"),
        (Kind::Table, "autoincrement"),
        (Kind::Column, "conflict"),
        (Kind::Check, "named"),
        (Kind::View, "recursive"),
    ];

    #[test]
    fn every_attribute_has_an_answer() {
        for rule in RULES {
            for attr in rule.kind.attrs() {
                let known = rule.set_rule(attr).is_some() || FOREIGN.contains(&(rule.kind, attr));
                assert!(known, "{}.{attr} has no rule", rule.kind.name());
            }
        }
    }

    #[test]
    fn every_kind_stands_once() {
        let kinds: std::collections::BTreeSet<Kind> = RULES.iter().map(|r| r.kind).collect();
        assert_eq!(kinds.len(), RULES.len());
        assert_eq!(Kind::ALL.len() - 1, RULES.len(), "all but virtual tables");
    }
}
