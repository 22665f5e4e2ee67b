//! What a random schema is made of.

use super::extras;
use crate::support::Engine;

#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    pub engine: Engine,
    pub enums: Vec<Enum>,
    pub domains: Vec<Domain>,
    pub sequences: Vec<Sequence>,
    pub functions: Vec<Function>,
    pub tables: Vec<Table>,
    /// In an order in which they can be created.
    pub views: Vec<View>,
    /// Objects of all the other kinds.
    pub extras: Vec<extras::Extra>,
    /// For names that no object had before.
    pub(super) count: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Enum {
    pub name: String,
    pub labels: Vec<String>,
    /// The label that rows and defaults use; it never goes.
    pub base: String,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    pub name: String,
    pub text: bool,
    pub default: bool,
    pub checks: Vec<(String, String)>,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    pub name: String,
    pub increment: usize,
    pub cycle: bool,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    pub name: String,
    /// Adds this to an int; a trigger function returns NEW.
    pub trigger: bool,
    pub plus: usize,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub name: String,
    /// The first is `id`, the primary key.
    pub columns: Vec<Column>,
    pub uniques: Vec<Unique>,
    pub checks: Vec<Check>,
    pub foreign: Vec<Foreign>,
    pub indexes: Vec<Index>,
    pub triggers: Vec<Trigger>,
    pub key: KeyStyle,
    pub strict: bool,
    pub unlogged: bool,
    pub rows: usize,
    /// Rows of A refer to rows of it, so that it can't come back empty.
    pub referred: bool,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KeyStyle {
    Plain,
    /// `serial`, or AUTOINCREMENT.
    Counting,
    Identity,
    /// WITHOUT ROWID.
    Bare,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub kind: Type,
    pub not_null: bool,
    pub default: Default,
    pub collate: bool,
    /// Twice this column, stored.
    pub twice: Option<String>,
    /// Some of its values are NULL, so it can't become NOT NULL.
    pub nulls: bool,
    /// It came after the rows did: they all have its default.
    pub late: bool,
    /// It could come back under A's rows if it went: it may be NULL, or has a default that no key minds.
    pub back: bool,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Default {
    None,
    Literal(usize),
    Next(String),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    Small,
    Int,
    Big,
    Numeric,
    Double,
    Bool,
    Text,
    Varchar(usize),
    Date,
    Timestamp,
    Json,
    Uuid,
    Ints,
    Bytes,
    Enum(String),
    Domain(String),
}

impl Type {
    /// One of the number types that fit into each other.
    pub(super) fn number(&self) -> bool {
        matches!(self, Type::Small | Type::Int | Type::Big | Type::Numeric)
    }

    pub(super) fn text(&self) -> bool {
        matches!(self, Type::Text | Type::Varchar(_))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Unique {
    pub name: String,
    pub columns: Vec<String>,
    pub deferrable: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub name: String,
    pub column: String,
    pub function: Option<String>,
    pub limit: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Foreign {
    pub name: String,
    pub column: String,
    pub table: String,
    pub action: &'static str,
    pub deferrable: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    pub name: String,
    pub columns: Vec<String>,
    pub unique: bool,
    pub descending: bool,
    pub partial: bool,
    /// `lower(column)` in place of the first column.
    pub lower: bool,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    pub name: String,
    pub before: bool,
    pub update_of: Option<String>,
    pub when: Option<String>,
    /// The function on PostgreSQL, the table it deletes from on SQLite.
    pub calls: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub name: String,
    pub from: String,
    pub join: Option<String>,
    /// (of `join` rather than of `from`, column, its name in the view); `id` is always there besides.
    pub columns: Vec<(bool, String, String)>,
    pub filter: Option<String>,
    pub materialized: bool,
    pub comment: Option<String>,
}
