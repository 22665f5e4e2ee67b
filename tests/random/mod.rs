//! Random pairs of schemas: A, and B which is A changed a few times, each as SQL that its engine takes.
//!
//! Same seed, same pair; no clock. B is only changed in ways that A's rows satisfy and that have a way back, since a plan
//! may rightly be refused for data: new NOT NULL columns have defaults, new unique keys stand on distinct values, types
//! change where every value can be cast, a column goes only if it could come back.
#![allow(dead_code)]

mod change;
mod extras;
mod text;

use crate::support::Engine;
pub use change::{Part, parts, remove};

/// xorshift64*: small, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03);
        if random.0 == 0 {
            random.0 = 1;
        }
        for _ in 0..4 {
            random.next();
        }
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() >> 11) as usize % n }
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.below(from.len())) }
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i + 1));
        }
    }
}

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
    count: usize,
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
    fn number(&self) -> bool {
        matches!(self, Type::Small | Type::Int | Type::Big | Type::Numeric)
    }

    fn text(&self) -> bool {
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

/// A pair to plan between, and rows that A holds.
#[derive(Debug, Clone)]
pub struct Pair {
    pub a: Schema,
    pub b: Schema,
}

impl Pair {
    pub fn new(engine: Engine, seed: u64) -> Pair {
        let mut random = Random::new(seed);
        let a = Schema::random(engine, &mut random);
        let mut b = a.clone();
        for _ in 0..1 + random.below(6) {
            b.change(&mut random);
        }
        Pair { a, b }
    }

    pub fn rows(&self) -> String {
        self.a.rows()
    }

    /// Every object of either, the biggest first.
    pub fn parts(&self) -> Vec<Part> {
        let mut all = parts(&self.a);
        all.extend(parts(&self.b).into_iter().filter(|part| !parts(&self.a).contains(part)));
        all.sort();
        all
    }

    pub fn without(&self, part: &Part) -> Pair {
        let mut pair = self.clone();
        remove(&mut pair.a, part);
        remove(&mut pair.b, part);
        pair
    }
}

impl Schema {
    fn random(engine: Engine, random: &mut Random) -> Schema {
        let mut schema = Schema {
            engine,
            enums: vec![],
            domains: vec![],
            sequences: vec![],
            functions: vec![],
            tables: vec![],
            views: vec![],
            extras: vec![],
            count: 0,
        };
        if engine == Engine::Postgres {
            for _ in 0..random.below(3) {
                schema.add_enum(random);
            }
            for _ in 0..random.below(2) {
                schema.add_domain(random);
                schema.add_sequence(random);
                schema.add_function(random, false);
                schema.add_function(random, true);
            }
        }
        for _ in 0..1 + random.below(4) {
            schema.add_table(random);
        }
        for table in 0..schema.tables.len() {
            schema.tables[table].rows = random.below(4);
        }
        for table in 0..schema.tables.len() {
            if random.one_in(2) {
                schema.add_foreign_column(random, table);
            }
            for _ in 0..random.below(4) {
                match random.below(4) {
                    0 => schema.add_check(random, table),
                    1 => schema.add_unique(random, table),
                    2 => schema.add_index(random, table),
                    _ => schema.add_trigger(random, table),
                };
            }
        }
        for _ in 0..random.below(4) {
            schema.add_view(random);
        }
        for _ in 0..random.below(6) {
            schema.add_extra(random);
        }
        schema.mark();
        schema
    }

    /// Notes in A what its rows forbid to go.
    fn mark(&mut self) {
        let referred: Vec<String> = self
            .tables
            .iter()
            .flat_map(|t| t.foreign.iter().filter(|f| f.table != t.name))
            .map(|f| f.table.clone())
            .collect();
        for t in &mut self.tables {
            t.referred = t.rows > 0 && referred.contains(&t.name);
            let keys =
                t.uniques.iter().map(|u| &u.columns).chain(t.indexes.iter().filter(|i| i.unique).map(|i| &i.columns));
            let keys: Vec<String> = keys.flatten().cloned().collect();
            for c in &mut t.columns {
                c.back = match c.default {
                    Default::None => !c.not_null,
                    Default::Literal(_) => !keys.contains(&c.name),
                    Default::Next(_) => false,
                };
            }
        }
    }

    /// A name that nothing has had, now and then an odd one.
    fn name(&mut self, random: &mut Random, kind: &str) -> String {
        self.count += 1;
        let n = self.count;
        match random.below(24) {
            0 => format!("{kind} {n}"),
            1 => format!("{kind}\"{n}"),
            2 => format!("Größe{kind}{n}"),
            _ => format!("{kind}{n}"),
        }
    }

    fn comment(&self, random: &mut Random) -> Option<String> {
        let texts = ["short", "it's \"quoted\"", "two\nlines; -- of text", "変 $$ \\"];
        (self.engine == Engine::Postgres && random.one_in(4)).then(|| texts[random.below(texts.len())].into())
    }

    fn random_type(&self, random: &mut Random, strict: bool) -> Type {
        use Type::*;
        let types: Vec<Type> = match self.engine {
            Engine::Sqlite if strict => vec![Int, Text],
            Engine::Sqlite => vec![Int, Big, Numeric, Double, Bool, Text, Text, Varchar(20), Date, Bytes],
            Engine::Postgres => {
                let mut types = vec![
                    Small,
                    Int,
                    Int,
                    Big,
                    Numeric,
                    Double,
                    Bool,
                    Text,
                    Varchar(20),
                    Date,
                    Timestamp,
                    Json,
                    Uuid,
                    Ints,
                    Bytes,
                ];
                types.extend(self.enums.iter().flat_map(|e| [Enum(e.name.clone()), Enum(e.name.clone())]));
                types.extend(self.domains.iter().map(|d| Domain(d.name.clone())));
                types
            }
        };
        types[random.below(types.len())].clone()
    }

    fn random_column(&mut self, random: &mut Random, strict: bool, late: bool) -> Column {
        let kind = self.random_type(random, strict);
        let not_null = random.one_in(3);
        let mut default =
            if random.one_in(3) || (late && not_null) { Default::Literal(random.below(3)) } else { Default::None };
        if matches!(kind, Type::Int | Type::Big)
            && random.one_in(4)
            && !late
            && let Some(sequence) = random.pick(&self.sequences)
        {
            default = Default::Next(sequence.name.clone());
        }
        let name = self.name(random, "c");
        let collate = kind == Type::Text && random.one_in(5);
        let nulls = !not_null && !late && random.one_in(3);
        Column {
            name,
            kind,
            not_null,
            default,
            collate,
            twice: None,
            nulls,
            late,
            back: true,
            comment: self.comment(random),
        }
    }

    fn add_enum(&mut self, random: &mut Random) {
        let name = self.name(random, "e");
        let labels: Vec<String> =
            (0..2 + random.below(3)).map(|i| if i == 1 { "it's b".into() } else { format!("l{i}") }).collect();
        let base = labels[0].clone();
        let comment = self.comment(random);
        self.enums.push(Enum { name, labels, base, comment });
    }

    fn add_domain(&mut self, random: &mut Random) {
        let name = self.name(random, "d");
        let (text, default, comment) = (random.one_in(2), random.one_in(2), self.comment(random));
        self.domains.push(Domain { name, text, default, checks: vec![], comment });
        if random.one_in(2) {
            let last = self.domains.len() - 1;
            self.add_domain_check(random, last);
        }
    }

    fn add_domain_check(&mut self, random: &mut Random, at: usize) {
        let name = self.name(random, "dc");
        let limit = 100 + random.below(100);
        let domain = &mut self.domains[at];
        let text = if domain.text { format!("length(VALUE) < {limit}") } else { format!("VALUE < {limit}") };
        domain.checks.push((name, text));
    }

    fn add_sequence(&mut self, random: &mut Random) {
        let name = self.name(random, "s");
        let comment = self.comment(random);
        self.sequences.push(Sequence { name, increment: 1 + random.below(5), cycle: random.one_in(4), comment });
    }

    fn add_function(&mut self, random: &mut Random, trigger: bool) {
        let name = self.name(random, "f");
        let comment = self.comment(random);
        self.functions.push(Function { name, trigger, plus: random.below(9), comment });
    }

    fn add_table(&mut self, random: &mut Random) {
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
    fn add_foreign_column(&mut self, random: &mut Random, table: usize) -> bool {
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

    fn push_foreign(&mut self, random: &mut Random, table: usize, column: String, parent: usize) {
        let actions = ["NO ACTION", "CASCADE", "SET NULL", "RESTRICT"];
        let name = self.name(random, "fk");
        let not_null = self.tables[table].columns.iter().any(|c| c.name == column && c.not_null);
        let action = actions[random.below(if not_null { 2 } else { 4 })];
        let parent = self.tables[parent].name.clone();
        self.tables[table].foreign.push(Foreign { name, column, table: parent, action, deferrable: random.one_in(4) });
    }

    fn add_check(&mut self, random: &mut Random, table: usize) -> bool {
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
    fn distinct(&self, table: usize) -> Vec<String> {
        let table = &self.tables[table];
        let distinct = |c: &&Column| {
            !c.late
                && c.twice.is_none()
                && c.default == Default::None
                && matches!(c.kind, Type::Small | Type::Int | Type::Big | Type::Text | Type::Varchar(_))
        };
        table.columns.iter().skip(1).filter(distinct).map(|c| c.name.clone()).collect()
    }

    fn add_unique(&mut self, random: &mut Random, table: usize) -> bool {
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

    fn add_index(&mut self, random: &mut Random, table: usize) -> bool {
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

    fn add_trigger(&mut self, random: &mut Random, table: usize) -> bool {
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

    /// Relations that a view can stand on, with their columns besides `id`.
    fn relations(&self) -> Vec<(String, Vec<String>)> {
        let tables =
            self.tables.iter().map(|t| (t.name.clone(), t.columns.iter().skip(1).map(|c| c.name.clone()).collect()));
        let views =
            self.views.iter().map(|v| (v.name.clone(), v.columns.iter().map(|(_, _, name)| name.clone()).collect()));
        tables.chain(views).collect()
    }

    fn add_view(&mut self, random: &mut Random) -> bool {
        let relations = self.relations();
        let Some((from, columns)) = random.pick(&relations).cloned() else { return false };
        let others: Vec<_> = relations.iter().filter(|(name, _)| *name != from).cloned().collect();
        let join = if random.one_in(3) { random.pick(&others).cloned() } else { None };
        let mut shown: Vec<(bool, String)> = columns.iter().map(|c| (false, c.clone())).collect();
        shown.extend(join.iter().flat_map(|(_, columns)| columns.iter().map(|c| (true, c.clone()))));
        random.shuffle(&mut shown);
        shown.truncate(random.below(4));
        let shown = shown
            .into_iter()
            .map(|(joined, column)| {
                let name = self.name(random, "vc");
                (joined, column, name)
            })
            .collect();
        let filter = if random.one_in(2) { random.pick(&columns).cloned() } else { None };
        let name = self.name(random, "v");
        let materialized = self.engine == Engine::Postgres && random.one_in(5);
        let comment = self.comment(random);
        self.views.push(View {
            name,
            from,
            join: join.map(|(name, _)| name),
            columns: shown,
            filter,
            materialized,
            comment,
        });
        true
    }
}
