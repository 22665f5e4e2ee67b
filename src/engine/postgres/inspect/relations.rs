//! Types, tables, views, sequences and their columns.

use super::row::Row;
use super::{Reader, class};
use crate::SqlError;
use crate::engine::postgres::rules::column_extras;
use crate::model::{
    Attribute, Column, Composite, Default as ColumnDefault, Domain, Enum, Head, Id, Kind, MaterializedView, Object,
    Ref, Sequence, Table, Value, View,
};

impl Reader<'_> {
    pub(super) fn types(&mut self) -> Result<(), SqlError> {
        for row in self.query(&types(self.version))? {
            let oid: u32 = row.number(0);
            let (relation, element): (u32, u32) = (row.number(4), row.number(5));
            if relation != 0 {
                self.names.stands_for.insert(oid, (class::CLASS, relation, 0));
            } else if element != 0 {
                self.names.stands_for.insert(oid, (class::TYPE, element, 0));
            }
            let path = [row.text(1), row.text(2)];
            match row.letter(3) {
                'e' => {
                    let labels = row.list(6);
                    self.add(
                        class::TYPE,
                        oid,
                        Enum { labels, ..Enum::new(Head::new(Id::new(Kind::Enum, path))) }.into(),
                    );
                }
                'd' => self.domain(oid, path, row),
                _ => {}
            }
        }
        Ok(())
    }

    fn domain(&mut self, oid: u32, path: [String; 2], row: Row) {
        let mut domain = Domain::new(Head::new(Id::new(Kind::Domain, path)));
        domain.base = row.text(7);
        domain.collation = row.maybe(8);
        domain.default = row.maybe(9).map(super::stable::stable);
        domain.not_null = row.flag(10);
        (domain.not_null_name, domain.head.text) = (row.maybe(13), row.maybe(15));
        if !row.is_null(16) {
            self.names.add(class::CONSTRAINT, row.number(16), 0, &domain.head.id);
        }
        self.add(class::TYPE, oid, domain.into());
    }

    /// What is a part or an heir of another is told of at the end, when foreign tables are known too.
    pub(super) fn relations(&mut self) -> Result<Vec<Row>, SqlError> {
        let mut linked = Vec::new();
        for row in self.query(&classes(self.version))? {
            let oid: u32 = row.number(0);
            let path = [row.text(1), row.text(2)];
            let kind = row.letter(3);
            if kind == 'f' {
                linked.push(row);
                continue;
            }
            let object: Object = match kind {
                'r' | 'p' => table(path, &row).into(),
                'v' => view(path, &row).into(),
                'm' => materialized(path, &row).into(),
                'c' => Composite::new(Head::new(Id::new(Kind::Composite, path))).into(),
                _ => {
                    let sequence = Sequence::new(Head::new(Id::new(Kind::Sequence, path)));
                    Sequence { unlogged: row.letter(4) == 'u', ..sequence }.into()
                }
            };
            self.add(class::CLASS, oid, object);
            linked.extend((!row.is_null(16) || !row.is_null(17)).then_some(row));
        }
        Ok(linked)
    }

    pub(super) fn columns(&mut self) -> Result<(), SqlError> {
        let mut rows = self.query(&columns(self.version))?;
        rows.sort_by_key(|r| (r.number::<u32>(0), r.number::<i32>(1)));
        for row in rows {
            let Some(owner) = self.names.exactly((class::CLASS, row.number(0), 0)).cloned() else { continue };
            self.column(&owner, row);
        }
        Ok(())
    }

    fn column(&mut self, owner: &Id, row: Row) {
        let (relation, number): (u32, i32) = (row.number(0), row.number(1));
        let (name, ty) = (row.text(2), row.text(3));
        match self.catalog.get_mut(owner) {
            Some(view @ (Object::View(_) | Object::MaterializedView(_))) => {
                let shown = format!("{name} {ty}");
                match view {
                    Object::View(view) => view.columns.push(shown),
                    Object::MaterializedView(view) => {
                        view.columns.push(shown);
                        let head = Head::new(owner.below(Kind::Column, &name));
                        view.settings.extend(column_extras(&said_of(head, &row)));
                    }
                    _ => {}
                }
                let id = owner.below(Kind::Column, &name);
                self.names.add(class::CLASS, relation, number, &id);
            }
            Some(Object::Composite(_)) => {
                let id = owner.below(Kind::Attribute, &name);
                let mut attribute = Attribute::new(Head::child(id.clone(), owner.clone()));
                (attribute.position, attribute.r#type, attribute.collation) = (number as u32, ty, row.maybe(4));
                self.names.add(class::CLASS, relation, number, &id);
                self.catalog.insert(attribute.into());
            }
            Some(Object::Table(_) | Object::ForeignTable(_)) => {
                let id = owner.below(Kind::Column, &name);
                let mut column = said_of(Head::child(id.clone(), owner.clone()), &row);
                (column.position, column.r#type, column.collation) = (number as u32, ty, row.maybe(4));
                column.not_null = row.flag(5);
                column.identity = match row.letter(6) {
                    'a' => Some("ALWAYS".into()),
                    'd' => Some("BY DEFAULT".into()),
                    _ => None,
                };
                column.foreign_options = row.list(15).into();
                (column.not_null_name, column.not_null_pending) = (row.maybe(16), row.flag(17));
                // What its NOT NULL is called at present; no attribute, since the server chose it.
                column.head.text = row.maybe(18);
                if !row.is_null(19) {
                    self.names.add(class::CONSTRAINT, row.number(19), 0, &id);
                }
                if row.number::<i32>(12) > 0 {
                    self.ties.inherits(&id, row.flag(11));
                }
                self.names.add(class::CLASS, relation, number, &id);
                self.catalog.insert(column.into());
            }
            _ => {}
        }
    }

    pub(super) fn defaults(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("defaults.sql"))? {
            let oid: u32 = row.number(0);
            let Some(of) = self.names.exactly((class::CLASS, row.number(1), row.number(2))).cloned() else { continue };
            let expression = row.printed(3);
            match (row.letter(4), self.catalog.get_mut(&of)) {
                ('s' | 'v', Some(Object::Column(column))) => {
                    column.generated = Some(expression);
                    column.stored = row.letter(4) == 's';
                    self.names.add(class::ATTRDEF, oid, 0, &of);
                }
                _ => {
                    let parent = if self.catalog.contains(&of) { of.clone() } else { of_view(&of) };
                    let kind = self.catalog.get(&parent).map(|o| o.id().clone());
                    let head = Head::child(of.of_kind(Kind::Default), kind.unwrap_or(parent));
                    self.add(class::ATTRDEF, oid, ColumnDefault { expression, ..ColumnDefault::new(head) }.into());
                }
            }
        }
        Ok(())
    }

    pub(super) fn sequences(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("sequences.sql"))? {
            let Some(id) = self.names.exactly((class::CLASS, row.number(0), 0)).cloned() else { continue };
            let owner = self.names.exactly((class::CLASS, row.number(9), row.number(10))).cloned();
            let Some(Object::Sequence(sequence)) = self.catalog.get_mut(&id) else { continue };
            sequence.r#type = row.text(1);
            [sequence.start, sequence.increment, sequence.min, sequence.max, sequence.cache] =
                [2, 3, 4, 5, 6].map(|i| row.number(i));
            sequence.cycle = row.flag(7);
            match (row.letter(8), owner) {
                ('a', Some(column)) => sequence.owned_by = Some(super::super::ddl::path(&column)),
                // The sequence behind an identity is a part of the column.
                ('i', Some(column)) => {
                    let mut options = identity_options(sequence, &column);
                    let unlogged = sequence.unlogged;
                    self.catalog.remove(&id);
                    // Before 15 an identity's sequence is always logged.
                    let of_table = self.catalog.get(&Id::new(Kind::Table, column.path.iter().take(2)));
                    if self.version >= 150_000 && of_table.is_some_and(|t| t.attr("unlogged") != Value::Bool(unlogged))
                    {
                        options.push(if unlogged { "UNLOGGED" } else { "LOGGED" }.into());
                    }
                    self.names.add(class::CLASS, row.number(0), 0, &column);
                    if let Some(Object::Column(column)) = self.catalog.get_mut(&column) {
                        column.identity_options = options;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

pub(super) fn classes(version: u32) -> String {
    // DETACH PARTITION CONCURRENTLY is there from 14 on.
    let detaching = match version >= 140_000 {
        true => "EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid AND i.inhdetachpending)",
        false => "false",
    };
    include_str!("classes.sql").replace("{detaching}", detaching)
}

pub(super) fn columns(version: u32) -> String {
    let compression =
        if version >= 140_000 { "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END" } else { "NULL" };
    // A partition has its identity from the partitioned table, and may not bring one: https://www.postgresql.org/docs/17/release-17.html
    let identity =
        if version >= 170_000 { "CASE WHEN NOT c.relispartition THEN a.attidentity END" } else { "a.attidentity" };
    let of_column = ("nn.conrelid = a.attrelid AND nn.conkey = ARRAY[a.attnum]", "c.relname || '_' || a.attname");
    with_not_null(&super::plain::with_safe_options(include_str!("columns.sql")), version, of_column)
        .replace("{compression}", compression)
        .replace("{identity}", identity)
}

pub(super) fn types(version: u32) -> String {
    with_not_null(include_str!("types.sql"), version, ("nn.contypid = t.oid", "t.typname"))
}

/// From 18 on NOT NULL is a constraint with a name and a state of its own (<https://www.postgresql.org/docs/18/release-18.html>):
/// its name where it counts, whether it is pending, its name in any case, and its number.
fn with_not_null(query: &str, version: u32, (on, called): (&str, &str)) -> String {
    let (columns, join) = match version >= 180_000 {
        true => (
            NAMED_NOT_NULL.replace("{called}", called),
            format!("LEFT JOIN pg_constraint nn ON nn.contype = 'n' AND {on}"),
        ),
        false => ("NULL, false, NULL, NULL".into(), String::new()),
    };
    query.replace("{not_null}", &columns).replace("{constraints}", &join)
}

/// A name that looks like one of the server's own is none that anybody gave: it depends on what the table, the column or the
/// partitioned table were called when it was made, and stays through all renames. It counts where a comment speaks of it and
/// the server would not give it now.
const NAMED_NOT_NULL: &str = "CASE WHEN nn.conname !~ '_not_null[0-9]*$' \
    OR nn.oid IN (SELECT objoid FROM pg_description WHERE classoid = 'pg_constraint'::regclass) AND nn.conname <> {called} || '_not_null' THEN nn.conname END, \
    NOT coalesce(nn.convalidated, true), nn.conname, nn.oid";

/// A column with what can be set of it whatever it stands in.
fn said_of(head: Head, row: &Row) -> Column {
    Column {
        storage: storage(row.letter(8)),
        usual_storage: storage(row.letter(14)),
        statistics: (!row.is_null(9)).then(|| row.number(9)),
        options: row.list(10).into(),
        compression: row.maybe(13),
        ..Column::new(head)
    }
}

fn storage(letter: char) -> String {
    let word = match letter {
        'p' => "PLAIN",
        'e' => "EXTERNAL",
        'm' => "MAIN",
        _ => "EXTENDED",
    };
    word.to_string()
}

/// The view that a column of it belongs to.
fn of_view(column: &Id) -> Id {
    Id::new(Kind::View, column.path.iter().take(2))
}

fn table(path: [String; 2], row: &Row) -> Table {
    let id = Id::new(Kind::Table, path);
    let mut head = Head::new(id.clone());
    // Its key is made of columns, so it is never there without them.
    head.refs.extend((!row.is_null(14)).then(|| Ref::whole(id)));
    Table {
        unlogged: row.letter(4) == 'u',
        options: row.list(5).into(),
        method: row.maybe(6),
        replica_identity: row.maybe(7),
        partition_by: row.maybe(14),
        row_security: match (row.flag(8), row.flag(9)) {
            (true, true) => Some("enabled, forced".into()),
            (true, false) => Some("enabled".into()),
            (false, true) => Some("forced".into()),
            (false, false) => None,
        },
        ..Table::new(head)
    }
}

fn query_text(row: &Row) -> String {
    row.printed(12).trim().trim_end_matches(';').to_string()
}

fn view(path: [String; 2], row: &Row) -> View {
    View { definition: query_text(row), options: row.list(5).into(), ..View::new(Head::new(Id::new(Kind::View, path))) }
}

fn materialized(path: [String; 2], row: &Row) -> MaterializedView {
    MaterializedView {
        definition: query_text(row),
        options: row.list(5).into(),
        method: row.maybe(6),
        populated: row.flag(10),
        ..MaterializedView::new(Head::new(Id::new(Kind::MaterializedView, path)))
    }
}

/// What was said of an identity's sequence beyond the usual.
fn identity_options(s: &Sequence, column: &Id) -> Vec<String> {
    let max = match s.r#type.as_str() {
        "smallint" => i64::from(i16::MAX),
        "integer" => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    let min = match s.r#type.as_str() {
        "smallint" => i64::from(i16::MIN),
        "integer" => i64::from(i32::MIN),
        _ => i64::MIN,
    };
    let up = s.increment > 0;
    let (usual_min, usual_max) = if up { (1, max) } else { (min, -1) };
    let usual_start = if up { s.min } else { s.max };
    let mut options = Vec::new();
    let mut say = |word: &str, value: i64, usual: i64| {
        if value != usual {
            options.push(format!("{word} {value}"));
        }
    };
    say("INCREMENT BY", s.increment, 1);
    say("MINVALUE", s.min, usual_min);
    say("MAXVALUE", s.max, usual_max);
    say("START WITH", s.start, usual_start);
    say("CACHE", s.cache, 1);
    if s.cycle {
        options.push("CYCLE".into());
    }
    if super::super::ddl::usual_sequence(column) != s.head.id.name() {
        options.push(format!("SEQUENCE NAME {}", super::super::ddl::path(&s.head.id)));
    }
    options
}
