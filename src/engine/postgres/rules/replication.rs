//! Publications and subscriptions.

use super::super::ddl::{ident, literal, subject};
use super::own_name;
use super::plain::plain;
use crate::engine::how::{How, KindRule, Scene, replace, set};
use crate::model::{Kind, Object, Publication, Value};

fn publish(p: &Publication) -> String {
    format!("publish = {}, publish_via_partition_root = {}", literal(&p.publish), p.via_root)
}

fn set_publish(_: &Scene, c: &crate::engine::how::Change) -> How {
    let Object::Publication(p) = c.new else { return How::Nothing };
    let first = ["publish", "via_root"].into_iter().find(|a| c.old.attr(a) != c.new.attr(a));
    // One statement says both.
    if first != Some(c.attr) {
        return How::Nothing;
    }
    How::statement(format!("ALTER PUBLICATION {} SET ({})", ident(c.new.id().name()), publish(p)))
}

pub const PUBLICATION: KindRule = plain(
    Kind::Publication,
    |_, o, _| {
        let Object::Publication(p) = o else { return How::Nothing };
        let all = if p.all_tables { " FOR ALL TABLES" } else { "" };
        How::statement(format!("CREATE PUBLICATION {}{all} WITH ({})", ident(o.id().name()), publish(p)))
    },
    &[set("all_tables", replace), set("publish", set_publish), set("via_root", set_publish)],
);

/// The table as ADD and DROP want it.
fn table(o: &Object) -> String {
    format!("TABLE {}.{}", ident(o.id().at(1)), ident(o.id().at(2)))
}

fn add(o: &Object, what: String) -> How {
    How::statement(format!("ALTER PUBLICATION {} ADD {what}", ident(o.id().at(0))))
}

fn take_out(o: &Object, what: String) -> How {
    How::statement(format!("ALTER PUBLICATION {} DROP {what}", ident(o.id().at(0))))
}

pub const PUBLICATION_TABLE: KindRule = KindRule {
    kind: Kind::PublicationTable,
    clause: None,
    create: |_, o, _| {
        let Object::PublicationTable(t) = o else { return How::Nothing };
        let columns: Vec<String> = t.columns.iter().map(|c| ident(c)).collect();
        let columns = if columns.is_empty() { String::new() } else { format!(" ({})", columns.join(", ")) };
        let filter = t.filter.as_ref().map(|f| format!(" WHERE ({f})")).unwrap_or_default();
        add(o, format!("{}{columns}{filter}", table(o)))
    },
    drop: |_, o| take_out(o, table(o)),
    rename: None,
    // SET would have to name all tables of the publication.
    set: &[set("columns", replace), set("filter", replace)],
    namespace: own_name,
    loses: None,
};

pub const PUBLICATION_SCHEMA: KindRule = KindRule {
    kind: Kind::PublicationSchema,
    clause: None,
    create: |_, o, _| add(o, format!("TABLES IN SCHEMA {}", ident(o.id().at(1)))),
    drop: |_, o| take_out(o, format!("TABLES IN SCHEMA {}", ident(o.id().at(1)))),
    rename: None,
    set: &[],
    namespace: own_name,
    loses: None,
};

/// What a subscription whose connection is a secret connects to until someone says it by hand.
pub const NOWHERE: &str = "dbname=msr_does_not_know_where";

fn slot(name: Option<&str>) -> String {
    name.map_or("NONE".to_string(), literal)
}

fn create(_: &Scene, o: &Object, parts: &[&Object]) -> How {
    let Object::Subscription(s) = o else { return How::Nothing };
    let connection = parts.iter().find(|p| p.id().kind == Kind::Connection).map(|p| connection(p));
    let mut with = vec!["connect = false".to_string(), format!("slot_name = {}", slot(s.slot.as_deref()))];
    with.extend(s.options.iter().map(|o| option(o)));
    How::statement(format!(
        "CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} WITH ({})",
        ident(s.head.id.name()),
        connection.unwrap_or_else(|| literal(NOWHERE)),
        s.publications.join(", "),
        with.join(", ")
    ))
}

fn connection(o: &Object) -> String {
    literal(o.attr("info").text().unwrap_or(NOWHERE))
}

fn connect(o: &Object, to: &str) -> How {
    How::statement(format!("ALTER SUBSCRIPTION {} CONNECTION {to}", ident(o.id().name())))
}

pub const CONNECTION: KindRule = KindRule {
    kind: Kind::Connection,
    clause: Some(|_, o| connection(o)),
    create: |_, o, _| connect(o, &connection(o)),
    drop: |_, o| connect(o, &literal(NOWHERE)),
    rename: None,
    set: &[set("info", |_, c| connect(c.new, &connection(c.new)))],
    namespace: own_name,
    loses: None,
};

fn option(text: &str) -> String {
    let (name, value) = text.split_once('=').unwrap_or((text, "true"));
    format!("{name} = {}", literal(value))
}

/// What an option is when nothing is said of it (<https://www.postgresql.org/docs/current/sql-createsubscription.html>).
fn usual(name: &str) -> &'static str {
    match name {
        "streaming" | "synchronous_commit" => "off",
        "origin" => "any",
        "password_required" => "true",
        _ => "false",
    }
}

pub const SUBSCRIPTION: KindRule = KindRule {
    // A slot that is still named is dropped at the publisher, over the network and outside of transactions.
    drop: |_, o| {
        let alter = format!("ALTER SUBSCRIPTION {}", ident(o.id().name()));
        How::statements([
            format!("{alter} DISABLE"),
            format!("{alter} SET (slot_name = NONE)"),
            format!("DROP SUBSCRIPTION {}", ident(o.id().name())),
        ])
    },
    loses: Some(|o| Some(format!("the connection of {} if it is a secret; its slot stays at the publisher", o.id()))),
    ..plain(
        Kind::Subscription,
        create,
        &[
            set("publications", |s, c| {
                let Value::List(names) = c.to else { return How::Replace };
                let set = format!("ALTER {} SET PUBLICATION {}", subject(c.new.id(), s.to), names.join(", "));
                How::statement(format!("{set} WITH (refresh = false)"))
            }),
            set("slot", |s, c| {
                How::statement(format!("ALTER {} SET (slot_name = {})", subject(c.new.id(), s.to), slot(c.to.text())))
            }),
            set("options", |s, c| {
                let (Value::List(from), Value::List(to)) = (c.from, c.to) else { return How::Replace };
                let name = |o: &str| o.split('=').next().unwrap_or("").to_string();
                let gone = from.iter().map(|o| name(o)).filter(|n| !to.iter().any(|o| name(o) == *n));
                let mut all: Vec<String> = gone.map(|n| format!("{n}={}", usual(&n))).collect();
                all.extend(to.iter().filter(|o| !from.contains(o)).cloned());
                if all.iter().any(|o| name(o) == "two_phase") {
                    return How::Refuse(format!(
                        "cannot change two_phase of {}: PostgreSQL cannot either; drop it and create it anew",
                        c.new.id()
                    ));
                }
                let all: Vec<String> = all.iter().map(|o| option(o)).collect();
                How::statement(format!("ALTER {} SET ({})", subject(c.new.id(), s.to), all.join(", ")))
            }),
        ],
    )
};
