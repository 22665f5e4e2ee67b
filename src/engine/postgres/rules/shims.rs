//! Views that show a table under the names that an old application knows. They can be written to
//! (<https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS>); TRUNCATE, COPY, MERGE before
//! 17 and ON CONFLICT ON CONSTRAINT are beyond them.

use super::super::ddl::{about, ident, path};
use super::RULES;
use super::ladders::with_suffix;
use crate::engine::how::{How, Phase, Rung, Scene};
use crate::model::{Id, Kind, Object};

fn later(sql: String, back: Vec<String>) -> Rung {
    Rung { phase: Phase::Contract, ..Rung::new(sql).back(back.into_iter().map(Rung::new)) }
}

/// What is done besides a rename of a table, or in place of one of its columns; nothing where a view would not do.
pub fn shim(scene: &Scene, from: &Id, to: &Id, columns: &[(String, String)]) -> Vec<Rung> {
    let Some(Object::Table(table)) = scene.from.get(to) else { return vec![] };
    let invoked = scene.server.version >= 150_000;
    let on_columns = scene.from.of_kind(Kind::Grant).filter_map(|g| about(g.id()));
    let apart = on_columns.into_iter().any(|of| of.kind == Kind::Column && of.path[..2] == to.path[..]);
    if apart || table.row_security.is_some() && !invoked {
        return vec![];
    }
    let view = View { scene, name: from, invoked };
    match from == to {
        true => view.over_columns(columns),
        false => view.over_table(to, columns),
    }
}

struct View<'a> {
    scene: &'a Scene<'a>,
    name: &'a Id,
    /// Whether it can leave it to the table who may do what.
    invoked: bool,
}

impl View<'_> {
    /// Its statements: the view, and on it the grants of the table.
    fn create(&self, of: &Id, list: &[String], base: &str) -> Vec<String> {
        let with = if self.invoked { " WITH (security_invoker = true)" } else { "" };
        let create = format!("CREATE VIEW {}{with} AS SELECT {} FROM {base}", path(self.name), list.join(", "));
        let view = self.name.of_kind(Kind::View);
        let rule = RULES.iter().find(|r| r.kind == Kind::Grant);
        let grants = self.scene.from.of_kind(Kind::Grant).filter(|g| about(g.id()).as_ref() == Some(of));
        let same = |grant: &Object| {
            let mut grant = grant.clone();
            let role = grant.id().path.last().cloned().unwrap_or_default();
            grant.head_mut().id = Id::about(Kind::Grant, &view).below(Kind::Grant, &role);
            match rule.map(|rule| (rule.create)(self.scene, &grant, &[])) {
                Some(How::Ladder(rungs)) => rungs.into_iter().map(|r| r.sql).collect(),
                _ => vec![],
            }
        };
        std::iter::once(create).chain(grants.flat_map(same)).collect()
    }

    fn drop(&self) -> String {
        format!("DROP VIEW {}", path(self.name))
    }

    fn made(&self, statements: Vec<String>) -> impl Iterator<Item = Rung> {
        let drop = self.drop();
        let back = move |i: usize| if i == 0 { vec![Rung::new(drop.clone())] } else { vec![] };
        statements.into_iter().enumerate().map(move |(i, sql)| Rung::new(sql).back(back(i)))
    }

    /// The table has its new name, the view the old one.
    fn over_table(&self, to: &Id, columns: &[(String, String)]) -> Vec<Rung> {
        // Renamed columns have their new names only after this.
        let before: Vec<String> = columns.iter().map(|(old, _)| ident(old)).collect();
        let after: Vec<String> = columns.iter().map(|(old, new)| shown(new, old)).collect();
        let gone = later(self.drop(), self.create(to, &after, &path(to)));
        self.made(self.create(to, &before, &path(to))).chain([gone]).collect()
    }

    /// The table is out of the way, and the view in its place shows renamed columns under both names.
    fn over_columns(&self, columns: &[(String, String)]) -> Vec<Rung> {
        let aside = with_suffix(self.name.name(), "_msr_base");
        let (name, base) = (path(self.name), format!("{}.{}", ident(self.name.at(0)), ident(&aside)));
        let renamed: Vec<&(String, String)> = columns.iter().filter(|(old, new)| old != new).collect();
        let mut list: Vec<String> = columns.iter().map(|(old, _)| ident(old)).collect();
        list.extend(renamed.iter().map(|(old, new)| shown(old, new)));
        let rename = |table: &str, from: &str, to: &str| format!("ALTER TABLE {table} RENAME{from} TO {to}");
        let (away, home) = (rename(&name, "", &ident(&aside)), rename(&base, "", &ident(self.name.name())));
        let create = self.create(self.name, &list, &base);
        let mut rungs = vec![Rung::new(away.clone()).back([Rung::new(home.clone())])];
        rungs.extend(self.made(create.clone()));
        rungs.push(later(self.drop(), create));
        for (old, new) in renamed {
            let column = |name: &str| format!(" COLUMN {}", ident(name));
            let back = vec![rename(&base, &column(new), &ident(old))];
            rungs.push(later(rename(&base, &column(old), &ident(new)), back));
        }
        rungs.push(later(home, vec![away]));
        rungs
    }
}

fn shown(column: &str, name: &str) -> String {
    if column == name { ident(name) } else { format!("{} AS {}", ident(column), ident(name)) }
}
