//! How each kind is created, changed and dropped.
//!
//! `ALTER TABLE` knows four things (<https://sqlite.org/lang_altertable.html>): another name for the table or a column, a new
//! column, and the end of one. Everything else about a table means building it anew: see `rebuild.rs`.

mod columns;

use super::ddl::{create, create_table, meanwhile, named, named_in, table_of};
use super::inspect::MAIN;
use super::words::quote;
use crate::engine::how::{Change, How, KindRule, Scene, SetRule, nothing, own_name, replace, set};
use crate::model::{Id, Kind, Object};

pub static RULES: &[KindRule] = &[
    TABLE,
    VIRTUAL_TABLE,
    columns::COLUMN,
    columns::DEFAULT,
    PRIMARY_KEY,
    UNIQUE,
    CHECK,
    FOREIGN_KEY,
    INDEX,
    VIEW,
    TRIGGER,
];

/// The answer for what only other engines have: it cannot differ.
const fn elsewhere(attr: &'static str) -> SetRule {
    set(attr, |_, change| {
        How::Refuse(format!("cannot change {} of {}: SQLite has no such thing", change.attr, change.new.id()))
    })
}

fn rebuild(_: &Scene, change: &Change) -> How {
    How::Rebuild(table_of(change.new.id()))
}

const TABLE: KindRule = KindRule {
    kind: Kind::Table,
    clause: None,
    create: |_, object, parts| match object {
        Object::Table(table) => create_table(table, parts),
        _ => How::Nothing,
    },
    drop: drop_relation,
    rename: Some(rename_table),
    set: &[
        set("spelling", respell),
        set("strict", rebuild),
        set("without_rowid", rebuild),
        set("autoincrement", rebuild),
        elsewhere("unlogged"),
        elsewhere("options"),
        elsewhere("method"),
        elsewhere("replica_identity"),
        elsewhere("row_security"),
        elsewhere("partition_by"),
    ],
    namespace: relation_name,
    loses: Some(|object| Some(format!("the rows of {}", object.id()))),
};

const VIRTUAL_TABLE: KindRule = KindRule {
    kind: Kind::VirtualTable,
    clause: None,
    create: |_, object, _| create(object),
    drop: drop_relation,
    rename: Some(rename_table),
    // It cannot be altered (https://sqlite.org/lang_createvtab.html), and what its rows are only its module knows.
    set: &[set("module", replace), set("arguments", replace)],
    namespace: relation_name,
    loses: Some(|object| Some(format!("the rows of {}", object.id()))),
};

/// A key, check or foreign key of a table that is there already.
const fn constraint(kind: Kind, set: &'static [SetRule]) -> KindRule {
    KindRule {
        kind,
        clause: Some(|_, object| object.head().text.clone().unwrap_or_default()),
        create: |scene, object, _| match comes_with_column(scene.from, object) {
            true => How::Nothing,
            false => How::Rebuild(table_of(object.id())),
        },
        drop: |scene, object| match comes_with_column(scene.to, object) {
            true => How::Nothing,
            false => How::Rebuild(table_of(object.id())),
        },
        rename: None,
        set,
        namespace: own_name,
        loses: None,
    }
}

/// Whether the constraint belongs to a column that is not there, so that it comes or goes with it.
fn comes_with_column(catalog: &crate::model::Catalog, object: &Object) -> bool {
    object.parent().is_some_and(|p| p.kind == Kind::Column && !catalog.contains(p))
}

const PRIMARY_KEY: KindRule = constraint(Kind::PrimaryKey, KEY_ATTRIBUTES);
const UNIQUE: KindRule = constraint(Kind::Unique, KEY_ATTRIBUTES);
const KEY_ATTRIBUTES: &[SetRule] = &[
    set("columns", rebuild),
    set("definition", rebuild),
    elsewhere("clustered"),
    elsewhere("replica_identity"),
    elsewhere("options"),
    elsewhere("part_of"),
];
const CHECK: KindRule = constraint(Kind::Check, &[set("definition", rebuild), set("named", rebuild)]);
const FOREIGN_KEY: KindRule =
    constraint(Kind::ForeignKey, &[set("columns", rebuild), set("target", rebuild), set("definition", rebuild)]);

const INDEX: KindRule = KindRule {
    kind: Kind::Index,
    clause: None,
    create: |_, object, _| create(object),
    drop: drop_relation,
    rename: None,
    set: &[
        set("unique", replace),
        set("definition", replace),
        elsewhere("options"),
        elsewhere("statistics"),
        elsewhere("clustered"),
        elsewhere("replica_identity"),
        elsewhere("part_of"),
    ],
    namespace: relation_name,
    loses: None,
};

const VIEW: KindRule = KindRule {
    kind: Kind::View,
    clause: None,
    create: |_, object, _| create(object),
    drop: drop_relation,
    rename: None,
    set: &[set("definition", replace), set("columns", replace), elsewhere("options"), elsewhere("recursive")],
    namespace: relation_name,
    loses: None,
};

const TRIGGER: KindRule = KindRule {
    kind: Kind::Trigger,
    clause: None,
    create: |_, object, _| create(object),
    drop: |_, object| How::statement(format!("DROP TRIGGER {}", named(object))),
    rename: None,
    set: &[set("definition", replace), set("enabled", nothing)],
    namespace: |object| vec![vec![MAIN.into(), "trigger".into(), object.id().name().into()]],
    loses: None,
};

fn drop_relation(_: &Scene, object: &Object) -> How {
    let word = match object.id().kind {
        Kind::View => "VIEW",
        Kind::Index => "INDEX",
        _ => "TABLE",
    };
    How::statement(format!("DROP {word} {}", named(object)))
}

/// Tables, views and indexes share one space of names.
fn relation_name(object: &Object) -> Vec<Vec<String>> {
    vec![vec![MAIN.into(), object.id().name().into()]]
}

/// SQLite takes a name in other letters for one that is taken.
fn respell(_: &Scene, change: &Change) -> How {
    let between = quote(&meanwhile(change.new.id().name()));
    How::statements([
        format!("ALTER TABLE {} RENAME TO {between}", named(change.old)),
        format!("ALTER TABLE {between} RENAME TO {}", named(change.new)),
    ])
}

fn rename_table(scene: &Scene, object: &Object, new: &Id) -> How {
    How::statement(format!("ALTER TABLE {} RENAME TO {}", named_in(scene, object.id()), named_in(scene, new)))
}
