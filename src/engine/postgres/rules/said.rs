//! Comments, owners and grants.

use super::super::ddl::{about, called, ident, literal, path, routine, subject};
use super::own_name;
use super::privileges::change;
use crate::engine::how::{Change, How, KindRule, Scene, set};
use crate::model::{Catalog, Id, Kind, Object, Value};

fn comment(catalog: &Catalog, id: &Id, text: Option<&str>) -> How {
    let Some(of) = about(id) else { return How::Nothing };
    let text = text.map_or("NULL".to_string(), literal);
    How::statement(format!("COMMENT ON {} IS {text}", subject(&of, catalog)))
}

pub const COMMENT: KindRule = KindRule {
    kind: Kind::Comment,
    clause: None,
    create: |s, o, _| comment(s.to, o.id(), o.attr("text").text()),
    drop: |s, o| comment(s.from, o.id(), None),
    rename: None,
    set: &[set("text", |s, c| comment(s.to, c.new.id(), c.to.text()))],
    namespace: own_name,
    loses: None,
};

/// The provider stands last in the path.
fn label(catalog: &Catalog, id: &Id, text: Option<&str>) -> How {
    let (Some(of), Some(provider)) = (about(id), id.path.last()) else { return How::Nothing };
    let text = text.map_or("NULL".to_string(), literal);
    How::statement(format!("SECURITY LABEL FOR {} ON {} IS {text}", ident(provider), subject(&of, catalog)))
}

pub const SECURITY_LABEL: KindRule = KindRule {
    kind: Kind::SecurityLabel,
    clause: None,
    create: |s, o, _| label(s.to, o.id(), o.attr("label").text()),
    drop: |s, o| label(s.from, o.id(), None),
    rename: None,
    set: &[set("label", |s, c| label(s.to, c.new.id(), c.to.text()))],
    namespace: own_name,
    loses: None,
};

fn own(catalog: &Catalog, id: &Id, role: &str) -> How {
    let Some(of) = about(id) else { return How::Nothing };
    How::statement(format!("ALTER {} OWNER TO {role}", subject(&of, catalog)))
}

pub const OWNER: KindRule = KindRule {
    kind: Kind::Owner,
    clause: None,
    create: |s, o, _| own(s.to, o.id(), o.attr("role").text().unwrap_or("CURRENT_USER")),
    drop: |s, o| own(s.from, o.id(), "CURRENT_USER"),
    rename: None,
    set: &[set("role", |s, c| own(s.to, c.new.id(), c.to.text().unwrap_or("CURRENT_USER")))],
    namespace: own_name,
    loses: None,
};

fn privileges(o: &Object, attr: &str) -> Vec<String> {
    if let Value::List(items) = o.attr(attr) { items } else { vec![] }
}

/// REVOKE and GRANT that lead from one set of privileges to another. The role stands last in the path, as SQL.
pub fn regrant(s: &Scene, catalog: &Catalog, id: &Id, from: &[String], to: &[String]) -> How {
    let (Some(of), Some(role)) = (about(id), id.path.last()) else { return How::Nothing };
    let (on, columns) = match of.kind {
        Kind::Column => {
            let table = Id::new(Kind::Table, of.path.iter().take(2));
            (format!("TABLE {}", path(&table)), format!(" ({})", ident(of.name())))
        }
        Kind::View | Kind::MaterializedView | Kind::ForeignTable => (format!("TABLE {}", path(&of)), String::new()),
        Kind::Function => {
            let word = catalog.get(&of).map(|o| o.attr("routine").to_string()).unwrap_or("FUNCTION".into());
            (format!("{word} {}", called(&of, catalog)), String::new())
        }
        Kind::Aggregate => (format!("FUNCTION {}", routine(&of)), String::new()),
        Kind::Server => (format!("FOREIGN SERVER {}", path(&of)), String::new()),
        Kind::Domain | Kind::Composite => (format!("TYPE {}", path(&of)), String::new()),
        _ => (subject(&of, catalog), String::new()),
    };
    let say = |verb: &str, what: String| {
        let what = what.replace(", ", &format!("{columns}, "));
        format!("{verb} {what}{columns} ON {on} {} {role}", if verb == "GRANT" { "TO" } else { "FROM" })
    };
    let mut sql = change(from, to, say, " WITH GRANT OPTION");
    let revokes = from.iter().any(|p| !to.contains(p));
    if revokes {
        sql.extend(column_grants(s, &of, role));
    }
    How::statements(sql)
}

/// What is revoked on a table is revoked on all of its columns
/// (<https://www.postgresql.org/docs/current/sql-revoke.html>), and what the role keeps there is granted again.
fn column_grants(s: &Scene, table: &Id, role: &str) -> Vec<String> {
    let of_column = |o: &&Object| {
        let id = o.id();
        id.kind == Kind::Grant
            && id.at(0) == Kind::Column.name()
            && id.path[1..3] == table.path[..]
            && id.path.last().is_some_and(|r| **r == *role)
    };
    let relation = matches!(table.kind, Kind::Table | Kind::ForeignTable | Kind::View | Kind::MaterializedView);
    let grants = s.to.of_kind(Kind::Grant).filter(|_| relation).filter(of_column);
    let ladders = grants.map(|o| regrant(s, s.to, o.id(), &privileges(o, "usual"), &privileges(o, "privileges")));
    ladders.flat_map(|how| if let How::Ladder(rungs) = how { rungs } else { vec![] }).map(|r| r.sql).collect()
}

/// Whether the role of a grant becomes the owner: what was granted to it is part of an owner's rights then, and to revoke it
/// would take those.
fn takes_over(s: &Scene, grant: &Id) -> bool {
    let owner = about(grant).and_then(|of| s.to.get(&Id::about(Kind::Owner, &of)));
    owner.is_some_and(|owner| owner.attr("role").text() == grant.path.last().map(|r| &**r))
}

fn change_privileges(s: &Scene, c: &Change) -> How {
    regrant(s, s.to, c.new.id(), &privileges(c.old, "privileges"), &privileges(c.new, "privileges"))
}

pub const GRANT: KindRule = KindRule {
    kind: Kind::Grant,
    clause: None,
    create: |s, o, _| regrant(s, s.to, o.id(), &privileges(o, "usual"), &privileges(o, "privileges")),
    drop: |s, o| match takes_over(s, o.id()) {
        true => How::Nothing,
        false => regrant(s, s.from, o.id(), &privileges(o, "privileges"), &privileges(o, "usual")),
    },
    rename: None,
    set: &[set("privileges", change_privileges), set("usual", |_, _| How::Nothing)],
    namespace: own_name,
    loses: None,
};
