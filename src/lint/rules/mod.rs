//! The rules, by what they are about. Most are a record; the few that look at the whole have a function beside it.

mod add_column;
mod alter_column;
mod constraints;
mod counted;
mod design;
mod destructive;
mod execution;
mod indexes;
mod partitions;
mod policies;
mod renames;
mod sqlite;
mod tables;
mod types;

use super::event::Trait::{self, *};
use super::event::{Event, Verb};
use super::rule::Check::{When, Whole};
use super::rule::{Cost, Hit, POSTGRES, Rule, SQLITE, add, deny, drop, note, off, rename, run, set, warn};
use super::scene::Scene;
use crate::model::Kind::{self, *};

/// Every rule, in the order of the documentation.
pub static RULES: &[(&str, &[Rule])] = &[
    ("What is gone for good", destructive::DESTRUCTIVE),
    ("Renames and moves", renames::RENAMES),
    ("New columns", add_column::ADD_COLUMN),
    ("Changed columns", alter_column::ALTER_COLUMN),
    ("Constraints", constraints::CONSTRAINTS),
    ("Indexes", indexes::INDEXES),
    ("What a live database tells", counted::COUNTED),
    ("Tables, views, rights", tables::TABLES),
    ("What comes along with a partition", partitions::PARTITIONS),
    ("Types", types::TYPES),
    ("Design", design::DESIGN),
    ("Policies, off unless `msr.toml` asks for them", policies::POLICIES),
    ("How a script runs", execution::EXECUTION),
    ("SQLite", sqlite::SQLITE_ONLY),
];

pub use policies::named_kinds;

pub fn all() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().flat_map(|(_, rules)| rules.iter())
}

pub fn named(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// Whether what the rule finds is true for the moment only.
pub fn is_momentary(id: &str) -> bool {
    named(id).is_some_and(|rule| rule.momentary)
}
