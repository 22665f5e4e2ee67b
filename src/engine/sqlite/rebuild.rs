//! A table built anew under its name: the procedure of <https://sqlite.org/lang_altertable.html#otheralter>.
//!
//! What that page asks for besides these statements is done around them: `foreign_keys` is off before the transaction begins
//! and `foreign_key_check` runs before it ends (`session.rs`); indexes and triggers of the table are objects of their own,
//! dropped before and created after by steps of the same transaction.

use super::ddl::{self, create_table_as, meanwhile, named, parts, spelling};
use super::token::tokens;
use super::words::{literal, quote};
use crate::diff::Delta;
use crate::engine::how::{Rung, Scene};
use crate::model::{Catalog, Column, Id, Kind, Object, Table, Unmodelled};
use crate::{Error, Result};

/// The statements, all to be run in one transaction.
///
/// The columns that `scene` knows on both sides are copied; a rename among the deltas is followed.
pub fn rebuild(scene: &Scene, table: &Id, deltas: &[Delta]) -> Result<Vec<Rung>> {
    let (Some(Object::Table(old)), Some(Object::Table(new))) =
        (scene.from.get(&before(table, deltas)), scene.to.get(table))
    else {
        return Err(Error::failed(format!("{table} is to be rebuilt and is missing on one side: a bug in msr")));
    };
    let spelled = |object: Option<&Object>| object.map(spelling).unwrap_or_default();
    let (old_name, name) = (&spelled(scene.from.get(&old.head.id)), &spelled(scene.to.get(table)));
    if let Some(lost) = scene.from.unmodelled.iter().find(|u| hangs_on(u, old_name)) {
        return Err(Error::refused(format!(
            "cannot rebuild {table}: the {} `{}` would be lost, which msr does not model",
            lost.what, lost.name
        )));
    }
    let between = meanwhile(name);
    let (from, to, temporary) = (quote(old_name), quote(name), quote(&between));
    let (into, select) = copied(scene, old, new, deltas);
    let create = create_table_as(&between, new, &parts(scene.to, table));
    let create = create.ok_or_else(|| {
        Error::failed(format!("cannot rebuild {table}: SQLite's text of it is missing: a bug in msr"))
    })?;
    let mut sql = vec![create];
    if !into.is_empty() {
        // OR ABORT overrules what ON CONFLICT says in the table, which may drop rows: https://sqlite.org/lang_conflict.html.
        sql.push(format!(
            "INSERT OR ABORT INTO {temporary} ({}) SELECT {} FROM {from}",
            into.join(", "),
            select.join(", ")
        ));
    }
    sql.extend(count_rows(old_name, &from, &temporary));
    if old.autoincrement && new.autoincrement {
        // The mark may be above every row that is left: https://sqlite.org/autoinc.html.
        sql.push(format!("DELETE FROM sqlite_sequence WHERE name = {}", literal(&between)));
        sql.push(format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {}, seq FROM sqlite_sequence WHERE name = {} COLLATE NOCASE",
            literal(&between),
            literal(old_name)
        ));
    }
    sql.push(format!("DROP TABLE {from}"));
    // Without it RENAME would look for the dropped table in every view and trigger, and fail, or rewrite what refers to it.
    sql.push("PRAGMA legacy_alter_table = ON".into());
    sql.push(format!("ALTER TABLE {temporary} RENAME TO {to}"));
    sql.push("PRAGMA legacy_alter_table = OFF".into());
    Ok(sql.into_iter().map(Rung::new).collect())
}

fn hangs_on(unmodelled: &Unmodelled, table: &str) -> bool {
    let tokens = tokens(&unmodelled.definition);
    let on = tokens.iter().position(|t| t.is("ON"));
    let named = on.and_then(|on| tokens.get(on + 1)).and_then(|t| t.name());
    matches!(unmodelled.what.as_str(), "index" | "trigger") && named.is_some_and(|n| n.eq_ignore_ascii_case(table))
}

/// Fails when the copy has not as many rows as the original: SQLite can raise an error in plain SQL only by a constraint.
fn count_rows(name: &str, from: &str, to: &str) -> [String; 3] {
    let check = quote(&format!("every row of {name} is copied"));
    [
        format!("CREATE TEMP TABLE msr_copied (same INTEGER CONSTRAINT {check} CHECK (same))"),
        format!("INSERT INTO temp.msr_copied SELECT (SELECT count(*) FROM {from}) = (SELECT count(*) FROM {to})"),
        "DROP TABLE temp.msr_copied".into(),
    ]
}

/// The id under which the object is known before the deltas.
fn before(id: &Id, deltas: &[Delta]) -> Id {
    let renamed = deltas.iter().find_map(|d| match d {
        Delta::Rename { from, to } if to == id => Some(from.clone()),
        _ => None,
    });
    renamed.unwrap_or_else(|| id.clone())
}

/// The columns to write and what to write into them.
fn copied(scene: &Scene, old: &Table, new: &Table, deltas: &[Delta]) -> (Vec<String>, Vec<String>) {
    let (mut into, mut select) = (vec![], vec![]);
    for column in columns(scene.to, &new.head.id).into_iter().filter(|c| c.generated.is_none()) {
        let known = before(&column.head.id, deltas);
        let source = old.head.id.below(Kind::Column, known.name());
        // A column that is dropped and made again under one name is a new one.
        let anew = deltas.contains(&Delta::Add(column.head.id.clone()));
        if let Some(source) = scene.from.get(&source).filter(|_| !anew) {
            let new: Object = column.clone().into();
            let said = column.head.using.clone().filter(|_| source.attr("type") != new.attr("type"));
            into.push(named(&new));
            select.push(said.unwrap_or_else(|| named(source)));
        }
    }
    if let Some(rowid) = rowid(scene, old, new) {
        into.insert(0, rowid.into());
        select.insert(0, rowid.into());
    }
    (into, select)
}

/// Keeps the numbers of rows that have no other: an external-content FTS5 table refers to them
/// (<https://sqlite.org/fts5.html#external_content_tables>).
fn rowid(scene: &Scene, old: &Table, new: &Table) -> Option<&'static str> {
    if old.without_rowid || new.without_rowid || has_alias(scene.to, &new.head.id) {
        return None;
    }
    let all: Vec<&Column> =
        columns(scene.from, &old.head.id).into_iter().chain(columns(scene.to, &new.head.id)).collect();
    ["rowid", "_rowid_", "oid"]
        .into_iter()
        .find(|name| !all.iter().any(|c| c.head.id.name().eq_ignore_ascii_case(name)))
}

/// Whether the table has an INTEGER PRIMARY KEY, which is its rowid.
fn has_alias(catalog: &Catalog, table: &Id) -> bool {
    parts(catalog, table).into_iter().any(|o| match o {
        Object::PrimaryKey(key) => match &key.columns[..] {
            [one] => {
                let column = catalog.get(&table.below(Kind::Column, one));
                let integer = column.is_some_and(|c| c.attr("type").text() == Some("INTEGER"));
                integer && !key.definition.starts_with("PRIMARY KEY DESC")
            }
            _ => false,
        },
        _ => false,
    })
}

fn columns<'a>(catalog: &'a Catalog, table: &'a Id) -> Vec<&'a Column> {
    ddl::columns(&parts(catalog, table))
}
