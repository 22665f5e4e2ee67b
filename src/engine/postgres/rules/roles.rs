//! Roles and memberships.

use super::super::ddl::{ident, literal, path};
use super::own_name;
use crate::engine::how::{Change, How, KindRule, Scene, set};
use crate::model::{Id, Kind, Object, Value};

/// Attributes that are a word or its opposite, and whether a new role has them by itself.
const FLAGS: &[(&str, &str, bool)] = &[
    ("login", "LOGIN", false),
    ("superuser", "SUPERUSER", false),
    ("create_db", "CREATEDB", false),
    ("create_role", "CREATEROLE", false),
    ("inherit", "INHERIT", true),
    ("replication", "REPLICATION", false),
    ("bypass_rls", "BYPASSRLS", false),
];

fn create(_: &Scene, o: &Object, _: &[&Object]) -> How {
    let mut sql = format!("CREATE ROLE {}", path(o.id()));
    for (attr, word, usual) in FLAGS {
        let is = o.attr(attr) == Value::Bool(true);
        if is != *usual {
            sql.push_str(&format!(" {}{word}", if is { "" } else { "NO" }));
        }
    }
    if let Value::Int(limit @ 0..) = o.attr("connection_limit") {
        sql.push_str(&format!(" CONNECTION LIMIT {limit}"));
    }
    if let Some(until) = o.attr("valid_until").text() {
        sql.push_str(&format!(" VALID UNTIL {}", literal(until)));
    }
    How::statement(sql)
}

fn alter(c: &Change, what: String) -> How {
    How::statement(format!("ALTER ROLE {} {what}", path(c.new.id())))
}

fn flag(_: &Scene, c: &Change) -> How {
    let word = FLAGS.iter().find(|(attr, ..)| *attr == c.attr).map_or("", |(_, word, _)| word);
    alter(c, format!("{}{word}", if *c.to == Value::Bool(true) { "" } else { "NO" }))
}

pub const ROLE: KindRule = KindRule {
    kind: Kind::Role,
    clause: None,
    create,
    drop: |_, o| How::statement(format!("DROP ROLE {}", path(o.id()))),
    rename: Some(|_, o, to| How::statement(format!("ALTER ROLE {} RENAME TO {}", path(o.id()), ident(to.name())))),
    set: &[
        set("login", flag),
        set("superuser", flag),
        set("create_db", flag),
        set("create_role", flag),
        set("inherit", flag),
        set("replication", flag),
        set("bypass_rls", flag),
        set("connection_limit", |_, c| alter(c, format!("CONNECTION LIMIT {}", c.to))),
        set("valid_until", |_, c| alter(c, format!("VALID UNTIL {}", literal(c.to.text().unwrap_or("infinity"))))),
    ],
    namespace: own_name,
    loses: None,
};

fn pair(id: &Id) -> (String, String) {
    (ident(id.at(0)), ident(id.at(1)))
}

/// GRANT on a membership that is there sets the options that it names, and only those.
fn grant(o: &Object) -> How {
    let (role, member) = pair(o.id());
    let admin = o.attr("admin") == Value::Bool(true);
    let options: Vec<String> = [("inherit", "INHERIT"), ("set", "SET")]
        .iter()
        .filter_map(|(attr, word)| match o.attr(attr) {
            Value::Bool(is) => Some(format!("{word} {}", if is { "TRUE" } else { "FALSE" })),
            _ => None,
        })
        .collect();
    let with = match (options.is_empty(), admin) {
        (true, true) => " WITH ADMIN OPTION".to_string(),
        (true, false) => String::new(),
        // From 16 on every option has a value: https://www.postgresql.org/docs/16/sql-grant.html
        (false, _) => format!(" WITH ADMIN {}, {}", if admin { "TRUE" } else { "FALSE" }, options.join(", ")),
    };
    How::statement(format!("GRANT {role} TO {member}{with}"))
}

fn change(_: &Scene, c: &Change) -> How {
    let old_server = c.new.attr("inherit") == Value::None;
    if old_server && *c.to == Value::Bool(false) {
        let (role, member) = pair(c.new.id());
        return How::statement(format!("REVOKE ADMIN OPTION FOR {role} FROM {member}"));
    }
    grant(c.new)
}

/// One statement says all options: the first that differs sends it.
fn carried(s: &Scene, c: &Change) -> How {
    let same = |attr: &str| c.old.attr(attr) == c.new.attr(attr);
    let first = same("admin") && (c.attr == "inherit" || same("inherit"));
    if first { change(s, c) } else { How::Nothing }
}

pub const MEMBERSHIP: KindRule = KindRule {
    kind: Kind::Membership,
    clause: None,
    create: |_, o, _| grant(o),
    drop: |_, o| {
        let (role, member) = pair(o.id());
        How::statement(format!("REVOKE {role} FROM {member}"))
    },
    rename: None,
    set: &[set("admin", change), set("inherit", carried), set("set", carried)],
    namespace: own_name,
    loses: None,
};
