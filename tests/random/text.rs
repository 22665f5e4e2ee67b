//! A random schema and its rows as SQL.

use super::{Check, Column, Default, Index, KeyStyle, Schema, Table, Trigger, Type, View};
use crate::support::Engine;

/// Quoted where it has to be, so that both ways of writing a name occur.
fn name(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.into() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

fn names(list: &[String]) -> String {
    list.iter().map(|n| name(n)).collect::<Vec<_>>().join(", ")
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Schema {
    /// Statements in an order that the engine takes.
    pub fn text(&self) -> String {
        let mut out = vec![];
        for e in &self.enums {
            let labels: Vec<String> = e.labels.iter().map(|l| literal(l)).collect();
            out.push(format!("CREATE TYPE {} AS ENUM ({})", name(&e.name), labels.join(", ")));
            out.extend(comment("TYPE", &name(&e.name), &e.comment));
        }
        for d in &self.domains {
            let base = if d.text { "text" } else { "integer" };
            let default = if !d.default {
                ""
            } else if d.text {
                " DEFAULT 'd'"
            } else {
                " DEFAULT 7"
            };
            let checks: String =
                d.checks.iter().map(|(n, text)| format!(" CONSTRAINT {} CHECK ({text})", name(n))).collect();
            out.push(format!("CREATE DOMAIN {} AS {base}{default}{checks}", name(&d.name)));
            out.extend(comment("DOMAIN", &name(&d.name), &d.comment));
        }
        for s in &self.sequences {
            let cycle = if s.cycle { " CYCLE" } else { "" };
            out.push(format!("CREATE SEQUENCE {} INCREMENT {}{cycle}", name(&s.name), s.increment));
            out.extend(comment("SEQUENCE", &name(&s.name), &s.comment));
        }
        for f in &self.functions {
            let (head, of) = if f.trigger {
                let body = format!("BEGIN\n    -- {}\n    RETURN NEW;\nEND", f.plus);
                (format!("() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"), "()")
            } else {
                (
                    format!("(x integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT x + {} $$", f.plus),
                    "(integer)",
                )
            };
            out.push(format!("CREATE FUNCTION {}{head}", name(&f.name)));
            out.extend(comment("FUNCTION", &format!("{}{of}", name(&f.name)), &f.comment));
        }
        out.extend(self.tables.iter().map(|t| self.table(t)));
        for t in &self.tables {
            let table = name(&t.name);
            if self.engine == Engine::Postgres {
                out.extend(t.foreign.iter().map(|f| format!("ALTER TABLE {table} ADD {}", foreign(f))));
                out.extend(comment("TABLE", &table, &t.comment));
                for c in &t.columns {
                    out.extend(comment("COLUMN", &format!("{table}.{}", name(&c.name)), &c.comment));
                }
            }
            for i in &t.indexes {
                out.push(index(t, i));
                out.extend(comment("INDEX", &name(&i.name), &i.comment));
            }
        }
        for v in &self.views {
            out.push(view(v));
            let kind = if v.materialized { "MATERIALIZED VIEW" } else { "VIEW" };
            out.extend(comment(kind, &name(&v.name), &v.comment));
        }
        for t in &self.tables {
            out.extend(t.triggers.iter().map(|tr| self.trigger(t, tr)));
        }
        out.extend(self.extras.iter().map(|x| x.statements(name)));
        out.iter().map(|statement| format!("{statement};\n")).collect()
    }

    fn table(&self, t: &Table) -> String {
        let lite = self.engine == Engine::Sqlite;
        let mut parts: Vec<String> =
            t.columns.iter().enumerate().map(|(i, c)| if i == 0 { self.key(t) } else { self.column(c) }).collect();
        for u in &t.uniques {
            let deferrable = if u.deferrable { " DEFERRABLE" } else { "" };
            parts.push(format!("CONSTRAINT {} UNIQUE ({}){deferrable}", name(&u.name), names(&u.columns)));
        }
        parts.extend(t.checks.iter().map(|c| check(t, c)));
        if lite {
            parts.extend(t.foreign.iter().map(foreign));
        }
        let options: Vec<&str> = [(t.key == KeyStyle::Bare).then_some("WITHOUT ROWID"), t.strict.then_some("STRICT")]
            .into_iter()
            .flatten()
            .collect();
        let unlogged = if t.unlogged { "UNLOGGED " } else { "" };
        let body = parts.join(",\n    ");
        format!("CREATE {unlogged}TABLE {} (\n    {body}\n) {}", name(&t.name), options.join(", "))
            .trim_end()
            .to_owned()
    }

    fn key(&self, t: &Table) -> String {
        match (self.engine, t.key) {
            (Engine::Postgres, KeyStyle::Counting) => "id serial PRIMARY KEY".into(),
            (Engine::Postgres, KeyStyle::Identity) => "id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY".into(),
            (Engine::Postgres, _) => "id integer PRIMARY KEY".into(),
            (Engine::Sqlite, KeyStyle::Counting) => "id INTEGER PRIMARY KEY AUTOINCREMENT".into(),
            (Engine::Sqlite, KeyStyle::Bare) => "id INTEGER PRIMARY KEY NOT NULL".into(),
            (Engine::Sqlite, _) => "id INTEGER PRIMARY KEY".into(),
        }
    }

    fn column(&self, c: &Column) -> String {
        let mut out = format!("{} {}", name(&c.name), self.kind(&c.kind));
        if let Some(of) = &c.twice {
            out += &format!(" GENERATED ALWAYS AS ({} * 2) STORED", name(of));
            return out;
        }
        if c.collate {
            out += if self.engine == Engine::Sqlite { " COLLATE NOCASE" } else { " COLLATE \"C\"" };
        }
        if c.not_null {
            out += " NOT NULL";
        }
        match &c.default {
            Default::None => {}
            Default::Literal(n) => out += &format!(" DEFAULT {}", self.default(&c.kind, *n)),
            Default::Next(sequence) => out += &format!(" DEFAULT nextval({})", literal(&name(sequence))),
        }
        out
    }

    fn kind(&self, kind: &Type) -> String {
        let lite = self.engine == Engine::Sqlite;
        match kind {
            Type::Small => "smallint".into(),
            Type::Int => "integer".into(),
            Type::Big => "bigint".into(),
            Type::Numeric => "numeric".into(),
            Type::Double => "double precision".into(),
            Type::Bool => "boolean".into(),
            Type::Text => "text".into(),
            Type::Varchar(n) => format!("varchar({n})"),
            Type::Date => "date".into(),
            Type::Timestamp => "timestamptz".into(),
            Type::Json => "jsonb".into(),
            Type::Uuid => "uuid".into(),
            Type::Ints => "integer[]".into(),
            Type::Bytes if lite => "blob".into(),
            Type::Bytes => "bytea".into(),
            Type::Enum(e) => name(e),
            Type::Domain(d) => name(d),
        }
    }

    fn default(&self, kind: &Type, n: usize) -> String {
        match kind {
            Type::Small | Type::Int | Type::Big | Type::Numeric | Type::Double => ["7", "(3 + 4)", "42"][n].into(),
            Type::Bool => ["true", "false", "true"][n].into(),
            Type::Text | Type::Varchar(_) => ["'x'", "'it''s'", "''"][n].into(),
            Type::Date if self.engine == Engine::Sqlite => ["'2020-01-01'", "'2021-02-03'", "'2020-01-01'"][n].into(),
            Type::Date => ["'2020-01-01'", "CURRENT_DATE", "'2021-02-03'"][n].into(),
            Type::Timestamp => ["now()", "'2020-01-01 00:00:00+00'", "CURRENT_TIMESTAMP"][n].into(),
            Type::Json => ["'{}'", "'[]'", "'{\"a\": 1}'"][n].into(),
            Type::Uuid => {
                ["gen_random_uuid()", "'00000000-0000-0000-0000-000000000000'", "gen_random_uuid()"][n].into()
            }
            Type::Ints => ["'{}'", "'{1,2}'", "ARRAY[1, 2]"][n].into(),
            Type::Bytes if self.engine == Engine::Sqlite => "x'00'".into(),
            Type::Bytes => "'\\x00'".into(),
            Type::Enum(_) => literal(self.base(kind)),
            Type::Domain(_) => if self.domain_text(kind) { "'x'" } else { "7" }.into(),
        }
    }

    fn base(&self, kind: &Type) -> &str {
        self.enums.iter().find(|e| *kind == Type::Enum(e.name.clone())).map_or("", |e| &e.base)
    }

    fn domain_text(&self, kind: &Type) -> bool {
        self.domains.iter().any(|d| *kind == Type::Domain(d.name.clone()) && d.text)
    }

    /// The value in row `i`: distinct, positive, short.
    fn value(&self, kind: &Type, i: usize) -> String {
        match kind {
            Type::Small | Type::Int | Type::Big | Type::Numeric => (i + 1).to_string(),
            Type::Double => format!("{i}.5"),
            Type::Bool => ["true", "false"][i % 2].into(),
            Type::Text | Type::Varchar(_) => format!("'R{i}'"),
            Type::Date => format!("'2020-01-{:02}'", i + 1),
            Type::Timestamp => format!("'2020-01-{:02} 01:02:03+00'", i + 1),
            Type::Json => format!("'{{\"n\": {i}}}'"),
            Type::Uuid => format!("'00000000-0000-0000-0000-{i:012}'"),
            Type::Ints => format!("'{{{i}}}'"),
            Type::Bytes if self.engine == Engine::Sqlite => format!("x'{:02x}'", i + 1),
            Type::Bytes => format!("'\\x{:02x}'", i + 1),
            Type::Enum(_) => literal(self.base(kind)),
            Type::Domain(_) => {
                if self.domain_text(kind) {
                    format!("'R{i}'")
                } else {
                    (i + 1).to_string()
                }
            }
        }
    }

    /// INSERTs; foreign keys are filled in after every table has its rows, so that cycles are no matter.
    pub fn rows(&self) -> String {
        let mut out = String::new();
        for t in &self.tables {
            let columns: Vec<&Column> = t
                .columns
                .iter()
                .filter(|c| c.twice.is_none() && !t.foreign.iter().any(|f| f.column == c.name))
                .collect();
            for i in 0..t.rows {
                let value = |c: &&Column| if c.nulls && i % 2 == 1 { "NULL".into() } else { self.value(&c.kind, i) };
                let values: Vec<String> = columns.iter().map(value).collect();
                let into: Vec<String> = columns.iter().map(|c| name(&c.name)).collect();
                out +=
                    &format!("INSERT INTO {} ({}) VALUES ({});\n", name(&t.name), into.join(", "), values.join(", "));
            }
        }
        for t in &self.tables {
            for f in &t.foreign {
                let parents = self.tables.iter().find(|p| p.name == f.table).map_or(0, |p| p.rows);
                out += &format!("UPDATE {} SET {} = id WHERE id <= {parents};\n", name(&t.name), name(&f.column));
            }
        }
        out
    }

    fn trigger(&self, t: &Table, tr: &Trigger) -> String {
        let time = if tr.before { "BEFORE" } else { "AFTER" };
        let event = tr.update_of.as_ref().map_or("INSERT".into(), |c| format!("UPDATE OF {}", name(c)));
        let when = tr.when.as_ref().map_or(String::new(), |c| format!(" WHEN (NEW.{} IS NOT NULL)", name(c)));
        let head = format!("CREATE TRIGGER {} {time} {event} ON {} FOR EACH ROW{when}", name(&tr.name), name(&t.name));
        match self.engine {
            Engine::Postgres => format!("{head} EXECUTE FUNCTION {}()", name(&tr.calls)),
            Engine::Sqlite => {
                format!("{head} BEGIN DELETE FROM {} WHERE id = NEW.id + 1000000; SELECT 'x;'; END", name(&tr.calls))
            }
        }
    }
}

fn comment(kind: &str, of: &str, text: &Option<String>) -> Option<String> {
    text.as_ref().map(|text| format!("COMMENT ON {kind} {of} IS {}", literal(text)))
}

fn check(t: &Table, c: &Check) -> String {
    let column = name(&c.column);
    let text = match &c.function {
        Some(f) => format!("{}({column}) < {}", name(f), c.limit),
        None if t.columns.iter().any(|x| x.name == c.column && x.kind.text()) => {
            format!("length({column}) < {}", c.limit)
        }
        None => format!("{column} > 0 AND {column} < {}", c.limit),
    };
    format!("CONSTRAINT {} CHECK ({text})", name(&c.name))
}

fn foreign(f: &super::Foreign) -> String {
    let deferrable = if f.deferrable { " DEFERRABLE INITIALLY DEFERRED" } else { "" };
    let action = if f.action == "NO ACTION" { String::new() } else { format!(" ON DELETE {}", f.action) };
    format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} (id){action}{deferrable}",
        name(&f.name),
        name(&f.column),
        name(&f.table)
    )
}

fn index(t: &Table, i: &Index) -> String {
    let mut columns: Vec<String> = i.columns.iter().map(|c| name(c)).collect();
    let first = columns[0].clone();
    if i.lower {
        columns[0] = format!("lower({first})");
    }
    if i.descending {
        columns[0] += " DESC";
    }
    let unique = if i.unique { "UNIQUE " } else { "" };
    let partial = if i.partial { format!(" WHERE {first} IS NOT NULL") } else { String::new() };
    format!("CREATE {unique}INDEX {} ON {} ({}){partial}", name(&i.name), name(&t.name), columns.join(", "))
}

fn view(v: &View) -> String {
    let mut columns = vec!["a.id".to_owned()];
    columns.extend(
        v.columns
            .iter()
            .map(|(joined, c, shown)| format!("{}.{} AS {}", if *joined { "b" } else { "a" }, name(c), name(shown))),
    );
    let join = v.join.as_ref().map_or(String::new(), |b| format!(" JOIN {} b ON b.id = a.id", name(b)));
    let filter = v.filter.as_ref().map_or(String::new(), |c| format!(" WHERE a.{} IS NOT NULL", name(c)));
    let kind = if v.materialized { "MATERIALIZED VIEW" } else { "VIEW" };
    format!("CREATE {kind} {} AS SELECT {} FROM {} a{join}{filter}", name(&v.name), columns.join(", "), name(&v.from))
}
