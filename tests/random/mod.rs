//! Random pairs of schemas: A, and B which is A changed a few times, each as SQL that its engine takes.
//!
//! Same seed, same pair; no clock. B is only changed in ways that A's rows satisfy and that have a way back, since a plan
//! may rightly be refused for data: new NOT NULL columns have defaults, new unique keys stand on distinct values, types
//! change where every value can be cast, a column goes only if it could come back.
#![allow(dead_code)]

mod change;
mod extras;
mod less;
mod schema;
mod tables;
mod templates;
mod text;

use crate::support::Engine;
pub use less::{Part, parts, remove};
pub use schema::*;

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
