//! Comments, owners and grants.

use super::super::ddl::{about, called, ident, literal, path, routine, subject};
use super::own_name;
use super::privileges::change;
use crate::engine::how::{How, KindRule, Scene, set};
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

/// Hands over, and sets right what the new owner has then. `None` is whoever asks.
fn own(s: &Scene, catalog: &Catalog, id: &Id, role: Option<&str>) -> How {
    let Some(of) = about(id) else { return How::Nothing };
    let hand_over = format!("ALTER {} OWNER TO {}", subject(&of, catalog), role.unwrap_or("CURRENT_USER"));
    How::statements(std::iter::once(hand_over).chain(owners_rights(s, &of, role)))
}

/// With the object the new owner takes over what the one before may do with it, beside what was granted to it already, and that
/// one has nothing left (`aclnewowner`). An owner may have fewer rights than all.
fn owners_rights(s: &Scene, of: &Id, new: Option<&str>) -> Vec<String> {
    let (old, wanted) = (owners_grant(s.from, s.to, of), owners_grant(s.to, s.from, of));
    let role = |grant: &'_ Object| grant.id().path.last().map(|role| role.to_string());
    let rights = |grant: &Object| privileges(grant, "privileges");
    let regrant = |name: &str, has: &[String], wants: &[String]| {
        let id = Id::about(Kind::Grant, of).below(Kind::Grant, name);
        if let How::Ladder(rungs) = regrant(s, s.to, &id, has, wants) { rungs } else { vec![] }
    };
    let granted = |catalog: &Catalog, name: &str| {
        catalog.get(&Id::about(Kind::Grant, of).below(Kind::Grant, name)).map(rights).unwrap_or_default()
    };
    let all = old.or(wanted).map(|grant| privileges(grant, "usual")).filter(|all| !all.is_empty());
    let all = all.unwrap_or(vec!["ALL".into()]);
    let name = new.map(str::to_owned).or(wanted.and_then(role)).unwrap_or("CURRENT_USER".into());
    let has = old.map_or(all.clone(), |grant| [rights(grant), granted(s.from, &name)].concat());
    let mut rungs = regrant(&name, &has, &wanted.map_or(all, rights));
    let before = owner(s.from, of).or(old.and_then(role)).filter(|before| *before != name);
    rungs.extend(before.map(|before| regrant(&before, &[], &granted(s.to, &before))).unwrap_or_default());
    rungs.into_iter().map(|rung| rung.sql).collect()
}

/// Who owns it; `None` is whoever asks.
fn owner(catalog: &Catalog, of: &Id) -> Option<String> {
    catalog.get(&Id::about(Kind::Owner, of))?.attr("role").text().map(str::to_owned)
}

/// What the owner may do, where that is not all. It is not who owns it in the other state.
fn owners_grant<'a>(catalog: &'a Catalog, other: &Catalog, of: &Id) -> Option<&'a Object> {
    let another = owner(other, of);
    let its = |o: &&Object| is_owners(catalog, o) && o.id().path.last().map(|r| &**r) != another.as_deref();
    catalog.children(of).filter(|o| o.id().kind == Kind::Grant).find(its)
}

/// Whether the grant is the owner's. Of one without a name it is told by the rights that it has of itself, as everybody may
/// have them too.
fn is_owners(catalog: &Catalog, grant: &Object) -> bool {
    let (Some(of), Some(role)) = (about(grant.id()), grant.id().path.last()) else { return false };
    if grant.parent() != Some(&of) {
        return false;
    }
    match owner(catalog, &of) {
        Some(owner) => *owner == **role,
        None => **role != *"PUBLIC" && !privileges(grant, "usual").is_empty(),
    }
}

pub const OWNER: KindRule = KindRule {
    kind: Kind::Owner,
    clause: None,
    create: |s, o, _| own(s, s.to, o.id(), o.attr("role").text()),
    drop: |s, o| own(s, s.from, o.id(), None),
    rename: None,
    set: &[set("role", |s, c| own(s, s.to, c.new.id(), c.to.text()))],
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

/// What leads from what a role has to what it is to have. Where the object changes hands that is done for whoever is the owner,
/// before or after, as it does.
fn regranted(s: &Scene, catalog: &Catalog, id: &Id, has: &[String], wants: &[String]) -> How {
    let changes_hands = about(id).is_some_and(|of| owner(s.from, &of) != owner(s.to, &of));
    let named = |catalog: &Catalog| {
        about(id).and_then(|of| owner(catalog, &of)).is_some_and(|o| id.path.last().is_some_and(|r| **r == *o))
    };
    let is = |catalog: &Catalog| named(catalog) || catalog.get(id).is_some_and(|grant| is_owners(catalog, grant));
    if changes_hands && (is(s.from) || is(s.to)) {
        return How::Nothing;
    }
    regrant(s, catalog, id, has, wants)
}

pub const GRANT: KindRule = KindRule {
    kind: Kind::Grant,
    clause: None,
    create: |s, o, _| regranted(s, s.to, o.id(), &privileges(o, "usual"), &privileges(o, "privileges")),
    drop: |s, o| regranted(s, s.from, o.id(), &privileges(o, "privileges"), &privileges(o, "usual")),
    rename: None,
    set: &[
        set("privileges", |s, c| {
            regranted(s, s.to, c.new.id(), &privileges(c.old, "privileges"), &privileges(c.new, "privileges"))
        }),
        set("usual", |_, _| How::Nothing),
    ],
    namespace: own_name,
    loses: None,
};
