//! Reads the catalog: four queries whatever its size, and the stored texts for what no PRAGMA tells.
//!
//! A text that cannot be cut as expected, or that does not agree with what the PRAGMAs say, is reported as not modelled;
//! it is never half read.

mod create;
mod mentions;
mod objects;
mod table;

pub use create::slice;

use super::ddl::spelling;
use crate::SqlError;
use crate::model::{Catalog, Id, Kind, Object, Unmodelled};
use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{QueryableByName, RunQueryDsl, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};

/// The schema that everything of the opened file lives in: <https://sqlite.org/lang_naming.html>.
pub const MAIN: &str = "main";

#[derive(QueryableByName)]
struct Entry {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    on_table: String,
    #[diesel(sql_type = Text)]
    text: String,
    /// `table`, `virtual`, `shadow` or `view`: <https://sqlite.org/pragma.html#pragma_table_list>.
    #[diesel(sql_type = Text)]
    storage: String,
    #[diesel(sql_type = Bool)]
    strict: bool,
    #[diesel(sql_type = Bool)]
    without_rowid: bool,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    on_table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    declared: String,
    #[diesel(sql_type = Bool)]
    not_null: bool,
    /// Place in the primary key, from 1; 0 outside of it.
    #[diesel(sql_type = BigInt)]
    key_place: i64,
    /// 2 is a virtual and 3 a stored generated column.
    #[diesel(sql_type = BigInt)]
    hidden: i64,
}

#[derive(QueryableByName)]
struct KeyCount {
    #[diesel(sql_type = Text)]
    on_table: String,
    #[diesel(sql_type = BigInt)]
    keys: i64,
}

#[derive(QueryableByName)]
struct Module {
    #[diesel(sql_type = Text)]
    name: String,
}

/// What the texts are read against.
struct Reading {
    catalog: Catalog,
    /// Tables, views and virtual tables, by name.
    relations: BTreeMap<String, Id>,
    /// Columns by table and name.
    columns: BTreeMap<(String, String), Id>,
}

/// Reads all that is there.
pub fn inspect(connection: &mut SqliteConnection) -> Result<Catalog, SqlError> {
    let failed = super::session::failure;
    let mut entries: Vec<Entry> =
        diesel::sql_query(include_str!("inspect/schema.sql")).load(connection).map_err(failed)?;
    let mut columns: Vec<ColumnRow> =
        diesel::sql_query(include_str!("inspect/columns.sql")).load(connection).map_err(failed)?;
    let mut keys: Vec<KeyCount> =
        diesel::sql_query(include_str!("inspect/foreign_keys.sql")).load(connection).map_err(failed)?;
    let modules: Vec<Module> =
        diesel::sql_query("SELECT name FROM pragma_module_list").load(connection).map_err(failed)?;
    // SQLite compares names without regard to case, so that in an id they have none; how they are spelled, the texts tell.
    entries.iter_mut().flat_map(|e| [&mut e.name, &mut e.on_table]).for_each(|n| n.make_ascii_lowercase());
    columns.iter_mut().flat_map(|c| [&mut c.name, &mut c.on_table]).for_each(|n| n.make_ascii_lowercase());
    keys.iter_mut().for_each(|k| k.on_table.make_ascii_lowercase());
    let modules: BTreeSet<String> = modules.into_iter().map(|m| m.name.to_ascii_lowercase()).collect();
    let keys: BTreeMap<&str, i64> = keys.iter().map(|k| (k.on_table.as_str(), k.keys)).collect();
    let mut of_table: BTreeMap<&str, Vec<&ColumnRow>> = BTreeMap::new();
    columns.iter().for_each(|c| of_table.entry(&c.on_table).or_default().push(c));

    let mut reading = Reading::new(&entries, &columns);
    let foreign = foreign_prefixes(&entries, &modules);
    // What hangs on a relation after all relations: it must be known which of them are modelled.
    for kind in ["table", "view", "index", "trigger"] {
        for entry in entries.iter().filter(|e| e.kind == kind && e.storage != "shadow") {
            let rows = of_table.get(entry.name.as_str()).map_or(&[][..], |v| v);
            let keys = keys.get(entry.name.as_str()).copied().unwrap_or(0);
            let done = match kind {
                "table" if is_foreign(entry, &foreign) => None,
                "table" if entry.storage == "virtual" => objects::virtual_table(&mut reading, entry),
                "table" => table::table(&mut reading, entry, rows, keys),
                "view" => objects::view(&mut reading, entry),
                "index" => objects::index(&mut reading, entry),
                _ => objects::trigger(&mut reading, entry),
            };
            if done.is_none() {
                reading.unmodelled(entry);
            }
        }
    }
    Ok(reading.finish())
}

/// Virtual tables whose module this build of msr does not have. Their shadow tables cannot be told from ordinary ones but
/// by name (<https://sqlite.org/vtab.html#the_xshadowname_method>), and dropping one destroys the virtual table.
fn foreign_prefixes(entries: &[Entry], modules: &BTreeSet<String>) -> Vec<String> {
    let is_virtual = |e: &&Entry| e.kind == "table" && objects::module(&e.text).is_some_and(|m| !modules.contains(&m));
    entries.iter().filter(is_virtual).map(|e| e.name.clone()).collect()
}

fn is_foreign(entry: &Entry, foreign: &[String]) -> bool {
    foreign
        .iter()
        .any(|f| entry.name.strip_prefix(f.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
}

impl Reading {
    fn new(entries: &[Entry], rows: &[ColumnRow]) -> Reading {
        let mut relations = BTreeMap::new();
        let mut columns = BTreeMap::new();
        for entry in entries.iter().filter(|e| matches!(e.kind.as_str(), "table" | "view") && e.storage != "shadow") {
            let kind = match (entry.kind.as_str(), entry.storage.as_str()) {
                ("view", _) => Kind::View,
                (_, "virtual") => Kind::VirtualTable,
                _ => Kind::Table,
            };
            relations.insert(entry.name.clone(), Id::new(kind, [MAIN, &entry.name]));
        }
        for row in rows {
            let key = (row.on_table.clone(), row.name.clone());
            columns.insert(key, Id::new(Kind::Column, [MAIN, &row.on_table, &row.name]));
        }
        Reading { catalog: Catalog::default(), relations, columns }
    }

    fn unmodelled(&mut self, entry: &Entry) {
        let what = if entry.storage == "virtual" { "virtual table" } else { &entry.kind };
        let definition = entry.text.clone();
        self.catalog.unmodelled.insert(Unmodelled { what: what.to_string(), name: entry.name.clone(), definition });
    }

    /// Leaves out references to what turned out not to be modelled.
    fn finish(mut self) -> Catalog {
        let there: BTreeSet<Id> = self.catalog.ids().cloned().collect();
        for id in &there {
            if let Some(object) = self.catalog.get_mut(id) {
                let refs = &mut object.head_mut().refs;
                refs.retain(|r| there.contains(&r.to));
                // What goes along goes along, whatever else is needed of it.
                refs.sort_by(|a, b| (&a.to, b.strength).cmp(&(&b.to, a.strength)));
                refs.dedup_by(|a, b| a.to == b.to);
                let written = Some(spelling(object));
                match object {
                    Object::Table(table) => table.spelling = written,
                    Object::Column(column) => column.spelling = written,
                    _ => {}
                }
            }
        }
        self.catalog
    }
}
