//! Tables, and what is added to them.

use super::{Check, Column, Default, Foreign, Index, KeyStyle, Random, Schema, Table, Trigger, Type, Unique};
use crate::support::Engine;

impl Schema {
    pub(super) fn add_table(&mut self, random: &mut Random) {
        let name = self.name(random, "t");
        let lite = self.engine == Engine::Sqlite;
        let key = match random.below(6) {
            0 => KeyStyle::Counting,
            1 if lite => KeyStyle::Bare,
            1 => KeyStyle::Identity,
            _ => KeyStyle::Plain,
        };
        let strict = lite && random.one_in(5);
        let id = Column {
            name: "id".into(),
            kind: Type::Int,
            not_null: true,
            default: Default::None,
            collate: false,
            twice: None,
            nulls: false,
            late: false,
            back: true,
            comment: None,
        };
        let mut columns = vec![id];
        for _ in 0..random.below(6) {
            columns.push(self.random_column(random, strict, false));
        }
        let (unlogged, comment) = (!lite && random.one_in(10), self.comment(random));
        self.tables.push(Table {
            name,
            columns,
            uniques: vec![],
            checks: vec![],
            foreign: vec![],
            indexes: vec![],
            triggers: vec![],
            key,
            strict,
            unlogged,
            rows: 0,
            referred: false,
            comment,
        });
    }

    /// A nullable column with a foreign key to any table, its own among them.
    pub(super) fn add_foreign_column(&mut self, random: &mut Random, table: usize) -> bool {
        let mut parents: Vec<usize> = (0..self.tables.len()).collect();
        // A permanent table can't refer to an unlogged one.
        parents.retain(|p| !self.tables[*p].unlogged || self.tables[table].unlogged);
        let Some(parent) = random.pick(&parents).copied() else { return false };
        let column = self.name(random, "c");
        self.tables[table].columns.push(Column {
            name: column.clone(),
            kind: Type::Int,
            not_null: false,
            default: Default::None,
            collate: false,
            twice: None,
            nulls: true,
            late: false,
            back: true,
            comment: None,
        });
        self.push_foreign(random, table, column, parent);
        true
    }

    pub(super) fn push_foreign(&mut self, random: &mut Random, table: usize, column: String, parent: usize) {
        let actions = ["NO ACTION", "CASCADE", "SET NULL", "RESTRICT"];
        let name = self.name(random, "fk");
        let not_null = self.tables[table].columns.iter().any(|c| c.name == column && c.not_null);
        let action = actions[random.below(if not_null { 2 } else { 4 })];
        let parent = self.tables[parent].name.clone();
        self.tables[table].foreign.push(Foreign { name, column, table: parent, action, deferrable: random.one_in(4) });
    }

    pub(super) fn add_check(&mut self, random: &mut Random, table: usize) -> bool {
        let fits = |c: &&Column| (c.kind.number() || c.kind.text()) && c.twice.is_none();
        let columns: Vec<Column> = self.tables[table].columns.iter().skip(1).filter(fits).cloned().collect();
        let Some(column) = random.pick(&columns) else { return false };
        let functions: Vec<String> = self.functions.iter().filter(|f| !f.trigger).map(|f| f.name.clone()).collect();
        let function =
            if column.kind == Type::Int && random.one_in(2) { random.pick(&functions).cloned() } else { None };
        let name = self.name(random, "ck");
        let limit = 100 + random.below(100);
        self.tables[table].checks.push(Check { name, column: column.name.clone(), function, limit });
        true
    }

    /// Columns whose values are distinct in A's rows, or NULL.
    pub(super) fn distinct(&self, table: usize) -> Vec<String> {
        let table = &self.tables[table];
        let distinct = |c: &&Column| {
            !c.late
                && c.twice.is_none()
                && c.default == Default::None
                && matches!(c.kind, Type::Small | Type::Int | Type::Big | Type::Text | Type::Varchar(_))
        };
        table.columns.iter().skip(1).filter(distinct).map(|c| c.name.clone()).collect()
    }

    pub(super) fn add_unique(&mut self, random: &mut Random, table: usize) -> bool {
        let mut columns = self.distinct(table);
        random.shuffle(&mut columns);
        columns.truncate(1 + random.below(2));
        // A second key on the same columns is one index to SQLite, under no name.
        if columns.is_empty()
            || self.tables[table].uniques.iter().any(|u| u.columns.iter().all(|c| columns.contains(c)))
        {
            return false;
        }
        let name = self.name(random, "u");
        let deferrable = self.engine == Engine::Postgres && random.one_in(4);
        self.tables[table].uniques.push(Unique { name, columns, deferrable });
        true
    }

    pub(super) fn add_index(&mut self, random: &mut Random, table: usize) -> bool {
        let unique = random.one_in(4);
        let mut columns = if unique {
            self.distinct(table)
        } else {
            let columns = self.tables[table].columns.iter().skip(1);
            columns.filter(|c| !matches!(c.kind, Type::Json | Type::Ints)).map(|c| c.name.clone()).collect()
        };
        random.shuffle(&mut columns);
        columns.truncate(1 + random.below(2));
        let Some(first) = columns.first() else { return false };
        let lower = self.tables[table].columns.iter().any(|c| c.name == *first && c.kind.text()) && random.one_in(3);
        let name = self.name(random, "i");
        let (descending, partial, comment) = (random.one_in(3), random.one_in(4), self.comment(random));
        self.tables[table].indexes.push(Index { name, columns, unique, descending, partial, lower, comment });
        true
    }

    pub(super) fn add_trigger(&mut self, random: &mut Random, table: usize) -> bool {
        let calls = match self.engine {
            Engine::Postgres => {
                random.pick(&self.functions.iter().filter(|f| f.trigger).collect::<Vec<_>>()).map(|f| f.name.clone())
            }
            Engine::Sqlite => random.pick(&self.tables).map(|t| t.name.clone()),
        };
        let Some(calls) = calls else { return false };
        let column = |random: &mut Random, schema: &Schema| {
            let columns: Vec<&Column> = schema.tables[table].columns.iter().filter(|c| c.twice.is_none()).collect();
            random.pick(&columns).map(|c| c.name.clone())
        };
        let update_of = if random.one_in(2) { column(random, self) } else { None };
        let when = if random.one_in(2) { column(random, self) } else { None };
        let name = self.name(random, "tr");
        self.tables[table].triggers.push(Trigger { name, before: random.one_in(2), update_of, when, calls });
        true
    }
}
