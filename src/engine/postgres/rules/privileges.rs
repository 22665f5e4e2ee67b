//! Default privileges, and what they do to objects that a plan makes.

use super::super::ddl::ident;
use super::own_name;
use crate::engine::how::{How, KindRule, Rung, Scene, set};
use crate::model::{Catalog, DefaultPrivilege, Id, Kind, Object};
use std::collections::BTreeMap;

/// GRANT and REVOKE that lead from one set of privileges to another; `passing` is said where a privilege may be passed on.
pub fn change(from: &[String], to: &[String], say: impl Fn(&str, String) -> String, passing: &str) -> Vec<String> {
    let bare = |p: &String| p.trim_end_matches(" *").to_string();
    let join = |items: Vec<&String>| items.into_iter().map(bare).collect::<Vec<_>>().join(", ");
    let mut sql = Vec::new();
    let gone: Vec<&String> = from.iter().filter(|p| !to.contains(p)).collect();
    if !gone.is_empty() {
        sql.push(say("REVOKE", join(gone)));
    }
    let (passed, plain): (Vec<&String>, Vec<&String>) =
        to.iter().filter(|p| !from.contains(p)).partition(|p| p.ends_with(" *"));
    if !plain.is_empty() {
        sql.push(say("GRANT", join(plain)));
    }
    if !passed.is_empty() {
        sql.push(format!("{}{passing}", say("GRANT", join(passed))));
    }
    sql
}

fn alter(id: &Id, from: &[String], to: &[String]) -> How {
    let maker = if id.at(0).is_empty() { String::new() } else { format!(" FOR ROLE {}", id.at(0)) };
    let schema = if id.at(1).is_empty() { String::new() } else { format!(" IN SCHEMA {}", ident(id.at(1))) };
    let say = |verb: &str, what: String| {
        let direction = if verb == "GRANT" { "TO" } else { "FROM" };
        format!("ALTER DEFAULT PRIVILEGES{maker}{schema} {verb} {what} ON {} {direction} {}", id.at(2), id.at(3))
    };
    How::statements(change(from, to, say, " WITH GRANT OPTION"))
}

/// Where the list starts: at what is built in, or, for one schema, at nothing.
fn start(d: &DefaultPrivilege) -> &[String] {
    if d.head.id.at(1).is_empty() { &d.usual } else { &[] }
}

pub const DEFAULT_PRIVILEGE: KindRule = KindRule {
    kind: Kind::DefaultPrivilege,
    clause: None,
    create: |_, o, _| match o {
        Object::DefaultPrivilege(d) => alter(o.id(), start(d), &d.privileges),
        _ => How::Nothing,
    },
    drop: |_, o| match o {
        Object::DefaultPrivilege(d) => alter(o.id(), &d.privileges, start(d)),
        _ => How::Nothing,
    },
    rename: None,
    set: &[
        set("privileges", |_, c| match (c.old, c.new) {
            (Object::DefaultPrivilege(old), Object::DefaultPrivilege(new)) => {
                alter(c.new.id(), &old.privileges, &new.privileges)
            }
            _ => How::Nothing,
        }),
        set("usual", |_, _| How::Nothing),
    ],
    namespace: own_name,
    loses: None,
};

/// The sort of objects that ALTER DEFAULT PRIVILEGES knows the kind as.
fn sort(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Table | Kind::View | Kind::MaterializedView | Kind::ForeignTable => "TABLES",
        Kind::Sequence => "SEQUENCES",
        Kind::Function | Kind::Aggregate => "FUNCTIONS",
        Kind::Enum | Kind::Domain | Kind::Composite | Kind::Range | Kind::BaseType => "TYPES",
        Kind::Schema => "SCHEMAS",
        _ => return None,
    })
}

/// What default privileges give or take from an object as it is made is set right at once: the rights that the desired schema
/// says, or the usual ones where it says none. It is left as the default privileges have it only where the desired schema
/// speaks neither of the object's rights nor of these default privileges: whoever set those wants them.
pub fn fresh(s: &Scene, o: &Object, how: How) -> How {
    let How::Ladder(mut rungs) = how else { return how };
    let Some(sort) = sort(o.id().kind) else { return How::Ladder(rungs) };
    let schema = if o.id().kind == Kind::Schema { "" } else { o.id().at(0) };
    let mut by_role: BTreeMap<&str, Vec<&DefaultPrivilege>> = BTreeMap::new();
    for object in acting(s.from, sort, schema) {
        by_role.entry(object.head.id.at(3)).or_default().push(object);
    }
    for (role, acting) in by_role {
        let id = Id::about(Kind::Grant, o.id()).below(Kind::Grant, role);
        let usual = &acting[0].usual;
        let wanted = match s.to.get(&id) {
            Some(Object::Grant(grant)) => &grant.privileges,
            // What is made anew keeps the rights that it had.
            _ if s.from.contains(o.id()) || is_spoken_of(s.to, o.id(), &acting) => usual,
            _ => continue,
        };
        let How::Ladder(more) = super::said::regrant(s, s.to, &id, &given(&acting), wanted) else { continue };
        rungs.extend::<Vec<Rung>>(more);
    }
    How::Ladder(rungs)
}

/// The default privileges that act on what this session makes.
fn acting<'a>(catalog: &'a Catalog, sort: &'static str, schema: &'a str) -> impl Iterator<Item = &'a DefaultPrivilege> {
    let fits = move |id: &Id| id.at(0).is_empty() && id.at(2) == sort && (id.at(1).is_empty() || id.at(1) == schema);
    catalog.of_kind(Kind::DefaultPrivilege).filter_map(move |o| match o {
        Object::DefaultPrivilege(d) if fits(o.id()) => Some(&**d),
        _ => None,
    })
}

/// What a role gets on a new object: what holds for all schemas, or is built in, and what a schema adds.
fn given(acting: &[&DefaultPrivilege]) -> Vec<String> {
    let everywhere = acting.iter().find(|d| d.head.id.at(1).is_empty());
    let mut all = everywhere.map_or(acting[0].usual.clone(), |d| d.privileges.clone());
    for privilege in acting.iter().filter(|d| !d.head.id.at(1).is_empty()).flat_map(|d| &d.privileges) {
        if !all.contains(privilege) {
            all.push(privilege.clone());
        }
    }
    all
}

fn is_spoken_of(goal: &Catalog, object: &Id, acting: &[&DefaultPrivilege]) -> bool {
    let about = Id::about(Kind::Grant, object);
    let default = |o: &Object| acting.iter().any(|d| d.head.id.path[..3] == o.id().path[..3]);
    let granted = |o: &Object| o.id().path[..o.id().path.len() - 1] == *about.path;
    goal.says_all_rights || goal.of_kind(Kind::DefaultPrivilege).any(default) || goal.of_kind(Kind::Grant).any(granted)
}
