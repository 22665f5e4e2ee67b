//! Changes of a random schema.

use super::less::{Part, parts, remove, remove_view_column};
use super::{Default, Random, Schema, Type};
use crate::support::Engine;

impl Schema {
    /// One change that A's rows satisfy; tries until one is possible.
    pub(super) fn change(&mut self, random: &mut Random) {
        for _ in 0..50 {
            let before = self.clone();
            self.try_change(random);
            let mut same = before;
            same.count = self.count;
            if same != *self {
                return;
            }
        }
    }

    fn try_change(&mut self, random: &mut Random) {
        let table = random.below(self.tables.len());
        if self.tables.is_empty() {
            return self.add_table(random);
        }
        match random.below(if self.engine == Engine::Postgres { 30 } else { 18 }) {
            0 => {
                self.add_table(random);
                let last = self.tables.len() - 1;
                self.add_foreign_column(random, last);
            }
            1 => {
                if !self.tables[table].referred {
                    let name = self.tables[table].name.clone();
                    remove(self, &Part::Table(name));
                }
            }
            2 | 3 => {
                let strict = self.tables[table].strict;
                let column = self.random_column(random, strict, true);
                let at = if random.one_in(4) { 1 } else { self.tables[table].columns.len() };
                self.tables[table].columns.insert(at, column);
            }
            4 => self.add_twice(random, table),
            5 => self.drop_column(random, table),
            6 => self.change_default(random, table),
            7 => self.change_not_null(random, table),
            8 | 9 => self.retype(random, table),
            10 => {
                if !self.add_check(random, table) || random.one_in(2) {
                    self.drop_one(random, table, |part| matches!(part, Part::Check(..)));
                }
            }
            11 => {
                if !self.add_unique(random, table) || random.one_in(2) {
                    self.drop_one(random, table, |part| matches!(part, Part::Unique(..)));
                }
            }
            12 => self.change_foreign(random, table),
            13 => {
                if !self.add_index(random, table) || random.one_in(2) {
                    self.drop_one(random, table, |part| matches!(part, Part::Index(..)));
                }
            }
            14 => self.change_index(random, table),
            15 => {
                self.add_view(random);
            }
            16 => self.change_view(random),
            17 => {
                if !self.add_trigger(random, table) || random.one_in(2) {
                    self.drop_one(random, table, |part| matches!(part, Part::Trigger(..)));
                }
            }
            18 | 19 => self.change_enum(random),
            20 => self.change_domain(random),
            21 => self.change_sequence(random),
            22 => self.change_function(random),
            23 => self.change_comments(random, table),
            _ => self.change_extras(random),
        }
    }

    fn drop_one(&mut self, random: &mut Random, table: usize, wanted: impl Fn(&Part) -> bool) {
        let name = self.tables[table].name.clone();
        let of = |part: &Part| match part {
            Part::Check(t, _) | Part::Unique(t, _) | Part::Index(t, _) | Part::Trigger(t, _) | Part::Foreign(t, _) => {
                *t == name
            }
            _ => false,
        };
        let found: Vec<Part> = parts(self).into_iter().filter(|part| wanted(part) && of(part)).collect();
        if let Some(part) = random.pick(&found) {
            remove(self, part);
        }
    }

    fn add_twice(&mut self, random: &mut Random, table: usize) {
        let fits =
            |c: &&super::Column| matches!(c.kind, Type::Int | Type::Small) && c.twice.is_none() && c.name != "id";
        let numbers: Vec<String> = self.tables[table].columns.iter().filter(fits).map(|c| c.name.clone()).collect();
        let Some(of) = random.pick(&numbers).cloned() else { return };
        let name = self.name(random, "g");
        self.tables[table].columns.push(super::Column {
            name,
            kind: Type::Int,
            not_null: false,
            default: Default::None,
            collate: false,
            twice: Some(of),
            nulls: false,
            late: true,
            back: true,
            comment: None,
        });
    }

    /// Only a column that could come back under the rows that are there.
    fn drop_column(&mut self, random: &mut Random, table: usize) {
        let t = &self.tables[table];
        let back = |c: &&super::Column| c.back || t.rows == 0;
        // One that another is computed from goes only after that one has.
        let free = |c: &&super::Column| !t.columns.iter().any(|x| x.twice.as_ref() == Some(&c.name));
        let columns: Vec<String> = t.columns.iter().skip(1).filter(back).filter(free).map(|c| c.name.clone()).collect();
        let name = t.name.clone();
        if let Some(column) = random.pick(&columns) {
            remove(self, &Part::Column(name, column.clone()));
        }
    }

    fn change_default(&mut self, random: &mut Random, table: usize) {
        let columns = &mut self.tables[table].columns;
        let at = random.below(columns.len());
        let n = random.below(3);
        let c = &mut columns[at];
        // A NOT NULL column that is new has to keep one.
        if at == 0 || c.twice.is_some() || (c.late && c.not_null) {
            return;
        }
        c.default = if c.default == Default::None { Default::Literal(n) } else { Default::None };
    }

    fn change_not_null(&mut self, random: &mut Random, table: usize) {
        let t = &mut self.tables[table];
        let at = random.below(t.columns.len());
        let c = &mut t.columns[at];
        if at > 0 && c.twice.is_none() && !c.nulls && !c.late {
            c.not_null = !c.not_null;
        }
    }

    /// To a wider type or back to a narrower one that holds every value there is.
    fn retype(&mut self, random: &mut Random, table: usize) {
        let lite = self.engine == Engine::Sqlite;
        let t = &self.tables[table];
        let plain = |c: &&super::Column| {
            (c.kind.number() || c.kind.text())
                && c.twice.is_none()
                && !t.foreign.iter().any(|f| f.column == c.name)
                && !t.checks.iter().any(|k| k.column == c.name && k.function.is_some())
                && !t.strict
                && !matches!(c.default, Default::Next(_))
        };
        let columns: Vec<String> = t.columns.iter().skip(1).filter(plain).map(|c| c.name.clone()).collect();
        let Some(name) = random.pick(&columns).cloned() else { return };
        let wider = match t.columns.iter().find(|c| c.name == name).map(|c| &c.kind) {
            Some(Type::Small) => vec![Type::Int, Type::Big],
            Some(Type::Int) => vec![Type::Big, Type::Numeric],
            Some(Type::Big) => vec![Type::Int, Type::Numeric],
            Some(Type::Numeric) => vec![Type::Big],
            Some(Type::Varchar(n)) => vec![Type::Text, Type::Varchar(n + 10)],
            Some(Type::Text) => vec![Type::Varchar(50)],
            _ => return,
        };
        let to = wider[random.below(wider.len())].clone();
        let column = self.tables[table].columns.iter_mut().find(|c| c.name == name).expect("it");
        // SQLite's NUMERIC and INTEGER hold the same numbers; a collation stays with its text.
        if !(lite && to == Type::Small) {
            column.kind = to;
        }
    }

    fn change_foreign(&mut self, random: &mut Random, table: usize) {
        let t = &self.tables[table];
        if !t.foreign.is_empty() && random.one_in(2) {
            if random.one_in(2) {
                return self.drop_one(random, table, |part| matches!(part, Part::Foreign(..)));
            }
            let at = random.below(t.foreign.len());
            let foreign = &mut self.tables[table].foreign[at];
            foreign.action = if foreign.action == "CASCADE" { "NO ACTION" } else { "CASCADE" };
            return;
        }
        // An old column of numbers 1, 2, … fits a parent that has as many rows.
        let parents: Vec<usize> = (0..self.tables.len())
            .filter(|p| self.tables[*p].rows >= t.rows && (!self.tables[*p].unlogged || t.unlogged))
            .collect();
        let fits = |c: &&super::Column| {
            c.kind == Type::Int
                && c.twice.is_none()
                && !c.late
                && !t.foreign.iter().any(|f| f.column == c.name)
                && c.default == Default::None
        };
        let columns: Vec<String> = t.columns.iter().skip(1).filter(fits).map(|c| c.name.clone()).collect();
        if let (Some(column), Some(parent)) = (random.pick(&columns).cloned(), random.pick(&parents).copied()) {
            self.push_foreign(random, table, column, parent);
        }
    }

    fn change_index(&mut self, random: &mut Random, table: usize) {
        let count = self.tables[table].indexes.len();
        if count == 0 {
            return;
        }
        let index = &mut self.tables[table].indexes[random.below(count)];
        match random.below(3) {
            0 => index.descending = !index.descending,
            1 => index.partial = !index.partial,
            // Only ever less strict.
            _ => index.unique = false,
        }
    }

    fn change_view(&mut self, random: &mut Random) {
        let Some(name) = random.pick(&self.views).map(|v| v.name.clone()) else { return };
        let at = self.views.iter().position(|v| v.name == name).expect("it");
        let relations = self.relations();
        let columns =
            relations.iter().find(|(n, _)| *n == self.views[at].from).map(|(_, c)| c.clone()).unwrap_or_default();
        match random.below(4) {
            0 => remove(self, &Part::View(name)),
            1 => {
                if let Some((_, _, column)) = random.pick(&self.views[at].columns).cloned() {
                    remove_view_column(self, &name, &column);
                }
            }
            2 => {
                if let Some(column) = random.pick(&columns).cloned() {
                    let shown = self.name(random, "vc");
                    let place = random.below(self.views[at].columns.len() + 1);
                    self.views[at].columns.insert(place, (false, column, shown));
                }
            }
            _ => {
                let filter = random.pick(&columns).cloned();
                self.views[at].filter = if self.views[at].filter.is_some() { None } else { filter };
            }
        }
    }

    fn change_enum(&mut self, random: &mut Random) {
        if self.enums.is_empty() || random.one_in(5) {
            return self.add_enum(random);
        }
        let at = random.below(self.enums.len());
        let label = self.name(random, "l");
        let e = &mut self.enums[at];
        match random.below(4) {
            0 => e.labels.push(label),
            1 => e.labels.insert(random.below(e.labels.len() + 1), label),
            2 => {
                let base = e.base.clone();
                let gone = random.below(e.labels.len());
                if e.labels[gone] != base {
                    e.labels.remove(gone);
                }
            }
            _ => {
                let kind = Type::Enum(e.name.clone());
                let name = e.name.clone();
                if !self.tables.iter().flat_map(|t| &t.columns).any(|c| c.kind == kind) {
                    remove(self, &Part::Enum(name));
                }
            }
        }
    }

    fn change_domain(&mut self, random: &mut Random) {
        if self.domains.is_empty() || random.one_in(5) {
            return self.add_domain(random);
        }
        let at = random.below(self.domains.len());
        match random.below(3) {
            0 => self.add_domain_check(random, at),
            1 => self.domains[at].default = !self.domains[at].default,
            _ => {
                self.domains[at].checks.pop();
            }
        }
    }

    fn change_sequence(&mut self, random: &mut Random) {
        if self.sequences.is_empty() || random.one_in(4) {
            return self.add_sequence(random);
        }
        let at = random.below(self.sequences.len());
        let used = Default::Next(self.sequences[at].name.clone());
        match random.below(3) {
            0 => self.sequences[at].increment += 1,
            1 => self.sequences[at].cycle = !self.sequences[at].cycle,
            _ if !self.tables.iter().flat_map(|t| &t.columns).any(|c| c.default == used) => {
                self.sequences.remove(at);
            }
            _ => {}
        }
    }

    fn change_function(&mut self, random: &mut Random) {
        if self.functions.is_empty() || random.one_in(4) {
            let trigger = random.one_in(2);
            return self.add_function(random, trigger);
        }
        let at = random.below(self.functions.len());
        if random.one_in(4) {
            let name = self.functions[at].name.clone();
            remove(self, &Part::Function(name));
        } else {
            self.functions[at].plus += 1;
        }
    }

    fn change_comments(&mut self, random: &mut Random, table: usize) {
        let (one, two, three) = (self.comment(random), self.comment(random), self.comment(random));
        let t = &mut self.tables[table];
        t.comment = one;
        let last = t.columns.len() - 1;
        t.columns[last].comment = two;
        if let Some(i) = t.indexes.first_mut() {
            i.comment = three.clone();
        }
        if let Some(v) = self.views.first_mut() {
            v.comment = three;
        }
    }
}
