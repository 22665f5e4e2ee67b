//! A table and its parts.

use super::create::{Constraint, Sliced, What, slice};
use super::{ColumnRow, Entry, MAIN, Reading};
use crate::model::{Check, Column, Default, ForeignKey, Head, Id, Kind, PrimaryKey, Ref, Table, Unique};
use std::collections::BTreeMap;

/// `None` when the text does not say what the PRAGMAs say.
pub fn table(reading: &mut Reading, entry: &Entry, rows: &[&ColumnRow], keys: i64) -> Option<()> {
    let columns: Vec<(&str, &str)> = rows.iter().map(|r| (r.name.as_str(), r.declared.as_str())).collect();
    let sliced = slice(&entry.text, &columns)?;
    agrees(&sliced, rows, keys).then_some(())?;
    let id = Id::new(Kind::Table, [MAIN, &entry.name]);
    reading.catalog.insert(
        Table {
            strict: entry.strict,
            without_rowid: entry.without_rowid,
            autoincrement: sliced.autoincrement,
            ..Table::new(Head::new(id.clone()).with_text(&entry.text))
        }
        .into(),
    );
    for (position, (row, text)) in rows.iter().zip(&sliced.columns).enumerate() {
        let column = Id::new(Kind::Column, [MAIN, &entry.name, &row.name]);
        let mut head = Head::child(column.clone(), id.clone()).with_text(&text.text);
        let others = rows.iter().filter(|r| text.mentions.has(&r.name) && r.name != row.name);
        head.refs.extend(others.map(|r| Ref::normal(Id::new(Kind::Column, [MAIN, &entry.name, &r.name]))));
        reading.catalog.insert(
            Column {
                position: position as u32,
                // SQLite compares type names without regard to case: https://sqlite.org/datatype3.html.
                r#type: row.declared.to_ascii_uppercase(),
                collation: text.collation.clone(),
                not_null: row.not_null,
                generated: text.generated.clone(),
                stored: row.hidden == 3,
                conflict: text.conflict.clone(),
                ..Column::new(head)
            }
            .into(),
        );
        if let Some(expression) = text.default.clone() {
            let head = Head::child(column.of_kind(Kind::Default), column);
            reading.catalog.insert(Default { expression, ..Default::new(head) }.into());
        }
    }
    let mut seen = BTreeMap::new();
    for (position, constraint) in sliced.constraints.into_iter().enumerate() {
        insert(reading, &id, constraint, position as u32, &mut seen);
    }
    Some(())
}

fn agrees(sliced: &Sliced, rows: &[&ColumnRow], keys: i64) -> bool {
    let count = |what| sliced.constraints.iter().filter(|c| c.what == what).count();
    let mut key: Vec<&&ColumnRow> = rows.iter().filter(|r| r.key_place > 0).collect();
    key.sort_by_key(|r| r.key_place);
    let cut = sliced.constraints.iter().find(|c| c.what == What::PrimaryKey);
    // A column that a key names twice is there once.
    let mut cut: Vec<&str> = cut.map_or(vec![], |c| c.columns.iter().map(|s| s.as_str()).collect());
    let mut seen = std::collections::BTreeSet::new();
    cut.retain(|c| seen.insert(*c));
    let generated = rows.iter().zip(&sliced.columns).all(|(r, c)| (r.hidden >= 2) == c.generated.is_some());
    let same_key = key.iter().map(|r| r.name.as_str()).eq(cut);
    generated && same_key && count(What::PrimaryKey) <= 1 && count(What::ForeignKey) as i64 == keys
}

/// Names need not be unique in SQLite, nor be there at all. What has none is called after what it says; the second of a name
/// gets `#2`, and so does a name that ends like that.
fn insert(
    reading: &mut Reading,
    table: &Id,
    constraint: Constraint,
    position: u32,
    seen: &mut BTreeMap<(What, String), usize>,
) {
    let Constraint { name, what, columns, definition, text } = constraint;
    let named = name.is_some();
    let base = name.unwrap_or_else(|| unnamed(what, &columns, &definition));
    let count = seen.entry((what, base.clone())).or_default();
    *count += 1;
    let name = if *count > 1 || without_number(&base) != base { format!("{base}#{count}") } else { base };
    let kind = match what {
        What::PrimaryKey => Kind::PrimaryKey,
        What::Unique => Kind::Unique,
        What::Check => Kind::Check,
        What::ForeignKey => Kind::ForeignKey,
    };
    let id = table.below(kind, &name);
    let of_columns: Vec<Id> = columns.iter().map(|c| table.below(Kind::Column, c)).collect();
    // A check or foreign key of one column comes with that column, in ADD COLUMN too.
    let mut head = match (&of_columns[..], what) {
        ([one], What::Check | What::ForeignKey) => Head::child(id, one.clone()),
        _ => Head::child(id, table.clone()),
    };
    head.text = text;
    head.refs.extend(of_columns.into_iter().map(Ref::normal));
    // No reference to the table that a foreign key points to: SQLite looks for it only when rows are written
    // (https://sqlite.org/foreignkeys.html#fk_schemacommands), and two tables may point to each other.
    reading.catalog.insert(match what {
        What::PrimaryKey => PrimaryKey { position, columns, definition, ..PrimaryKey::new(head) }.into(),
        What::Unique => Unique { position, columns, definition, ..Unique::new(head) }.into(),
        What::Check => Check { position, definition, named, ..Check::new(head) }.into(),
        What::ForeignKey => {
            ForeignKey { position, target: target(&definition), columns, definition, ..ForeignKey::new(head) }.into()
        }
    });
}

fn target(definition: &str) -> String {
    let tokens = super::super::token::tokens(definition);
    let at = tokens.iter().position(|t| t.is("REFERENCES")).map_or(0, |at| at + 1);
    tokens.get(at).and_then(|t| t.name()).unwrap_or_default()
}

/// What a constraint without a name is called.
fn unnamed(what: What, columns: &[String], definition: &str) -> String {
    match what {
        What::PrimaryKey => "primary key".into(),
        What::Unique => format!("unique({})", columns.join(",")),
        What::ForeignKey => format!("foreign key({})", columns.join(",")),
        What::Check => definition.replacen("CHECK (", "check(", 1),
    }
}

fn without_number(name: &str) -> &str {
    match name.rsplit_once('#') {
        Some((before, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => before,
        _ => name,
    }
}
