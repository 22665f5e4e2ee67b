//! Comments, owners and grants.

use super::super::ddl::{about, ident, literal, path, routine, subject};
use super::own_name;
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
fn regrant(catalog: &Catalog, id: &Id, from: &[String], to: &[String]) -> How {
    let (Some(of), Some(role)) = (about(id), id.path.last()) else { return How::Nothing };
    let (on, columns) = match of.kind {
        Kind::Column => {
            let table = Id::new(Kind::Table, of.path.iter().take(2));
            (format!("TABLE {}", path(&table)), format!(" ({})", ident(of.name())))
        }
        Kind::View | Kind::MaterializedView => (format!("TABLE {}", path(&of)), String::new()),
        Kind::Function => {
            let word = catalog.get(&of).map(|o| o.attr("routine").to_string()).unwrap_or("FUNCTION".into());
            (format!("{word} {}", routine(&of)), String::new())
        }
        Kind::Domain | Kind::Composite => (format!("TYPE {}", path(&of)), String::new()),
        _ => (subject(&of, catalog), String::new()),
    };
    let words = |items: Vec<&String>| items.iter().map(|p| format!("{}{columns}", p.trim_end_matches(" *"))).collect::<Vec<_>>().join(", ");
    let mut sql = Vec::new();
    let gone: Vec<&String> = from.iter().filter(|p| !to.contains(p)).collect();
    if !gone.is_empty() {
        sql.push(format!("REVOKE {} ON {on} FROM {role}", words(gone)));
    }
    let (passed, plain): (Vec<&String>, Vec<&String>) = to.iter().filter(|p| !from.contains(p)).partition(|p| p.ends_with(" *"));
    if !plain.is_empty() {
        sql.push(format!("GRANT {} ON {on} TO {role}", words(plain)));
    }
    if !passed.is_empty() {
        sql.push(format!("GRANT {} ON {on} TO {role} WITH GRANT OPTION", words(passed)));
    }
    How::statements(sql)
}

fn change_privileges(s: &Scene, c: &Change) -> How {
    regrant(s.to, c.new.id(), &privileges(c.old, "privileges"), &privileges(c.new, "privileges"))
}

pub const GRANT: KindRule = KindRule {
    kind: Kind::Grant,
    clause: None,
    create: |s, o, _| regrant(s.to, o.id(), &privileges(o, "usual"), &privileges(o, "privileges")),
    drop: |s, o| regrant(s.from, o.id(), &privileges(o, "privileges"), &privileges(o, "usual")),
    rename: None,
    set: &[set("privileges", change_privileges), set("usual", |_, _| How::Nothing)],
    namespace: own_name,
    loses: None,
};
