//! Columns and their defaults.

use super::super::ddl::{assignments, change_options, ident, table};
use super::casts::base_type;
use super::links::{comes_with, home, only, with_leader};
use super::tables::{alter, list};
use super::{carried, own_name};
use crate::engine::how::{Around, Change, How, KindRule, Scene, set};
use crate::model::{Column, Id, Kind, Object, Strength, Value};

/// A column as it stands in CREATE TABLE and ADD COLUMN.
pub fn column_clause(c: &Column, default: Option<&Object>) -> String {
    let mut text = format!("{} {}", ident(c.head.id.name()), c.r#type);
    if let Some(collation) = &c.collation {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(default) = default {
        text.push_str(&format!(" DEFAULT {}", default.attr("expression")));
    }
    if let Some(expression) = &c.generated {
        text.push_str(&format!(" GENERATED ALWAYS AS ({expression}){}", if c.stored { " STORED" } else { " VIRTUAL" }));
    }
    if let Some(when) = &c.identity {
        text.push_str(&format!(" GENERATED {when} AS IDENTITY{}", identity_options(&c.identity_options)));
    }
    text.push_str(&not_null_clause(c));
    text
}

/// NOT NULL as it stands at its column; one that is yet to be validated comes after.
fn not_null_clause(c: &Column) -> String {
    match &c.not_null_name {
        _ if !c.not_null || c.not_null_pending => String::new(),
        Some(name) => format!(" CONSTRAINT {} NOT NULL", ident(name)),
        None => " NOT NULL".to_string(),
    }
}

/// What is said of a typed table's column, which has its type from elsewhere.
pub fn in_clause(c: &Column, default: Option<&Object>) -> Option<String> {
    let mut text = String::new();
    if let Some(default) = default {
        text.push_str(&format!(" DEFAULT {}", default.attr("expression")));
    }
    text.push_str(&not_null_clause(c));
    (!text.is_empty()).then(|| format!("{} WITH OPTIONS{text}", ident(c.head.id.name())))
}

/// Where a column that came with its leader's differs from it.
pub fn fitted(scene: &Scene, c: &Column, default: Option<&Object>) -> Vec<String> {
    let name = ident(c.head.id.name());
    let leaders: Vec<&Object> =
        c.head.refs.iter().filter(|r| r.strength == Strength::Follow).filter_map(|r| scene.to.get(&r.to)).collect();
    let not_null = leaders.iter().any(|l| l.attr("not_null") == Value::Bool(true));
    let expression = |o: Option<&Object>| o.map(|o| o.attr("expression"));
    let theirs = leaders.iter().find_map(|l| scene.to.get(&l.id().of_kind(Kind::Default)));
    let mut actions = Vec::new();
    if c.not_null && !not_null {
        actions.push(set_not_null(c));
    }
    match default {
        Some(own) if expression(theirs) != expression(Some(own)) => {
            actions.push(format!("ALTER COLUMN {name} SET DEFAULT {}", own.attr("expression")));
        }
        None if theirs.is_some() && scene.to.get(&c.head.id.of_kind(Kind::Default)).is_none() => {
            actions.push(format!("ALTER COLUMN {name} DROP DEFAULT"));
        }
        _ => {}
    }
    actions
}

fn identity_options(options: &[String]) -> String {
    if options.is_empty() { String::new() } else { format!(" ({})", options.join(" ")) }
}

/// What can't be said where the column is created.
pub fn column_extras(c: &Column) -> Vec<String> {
    let name = ident(c.head.id.name());
    let mut actions = Vec::new();
    if c.not_null && c.not_null_pending {
        actions.push(add_not_null(c));
    }
    let mut say = |what: String| actions.push(format!("ALTER COLUMN {name} {what}"));
    if c.storage != c.usual_storage {
        say(format!("SET STORAGE {}", c.storage));
    }
    c.compression.iter().for_each(|s| say(format!("SET COMPRESSION {s}")));
    c.statistics.iter().for_each(|s| say(format!("SET STATISTICS {s}")));
    if !c.options.is_empty() {
        say(format!("SET ({})", assignments(&c.options)));
    }
    if !c.foreign_options.is_empty() {
        say(super::foreign::options(&c.foreign_options).trim_start().to_string());
    }
    actions
}

/// What stands on a column and must be out of the way while its type changes: the server refuses for views, triggers,
/// policies, rules and generated columns, and can't always convert a default or a foreign key
/// (<https://www.postgresql.org/docs/current/sql-altertable.html>).
pub const ON_COLUMN: &[Kind] = &[
    Kind::Default,
    Kind::View,
    Kind::MaterializedView,
    Kind::Trigger,
    Kind::Policy,
    Kind::Rule,
    Kind::Column,
    Kind::ForeignKey,
    Kind::Function,
];

pub const COLUMN: KindRule = KindRule {
    kind: Kind::Column,
    clause: Some(|_, o| match o {
        Object::Column(c) => column_clause(c, None),
        _ => String::new(),
    }),
    create: |scene, o, folded| {
        let Object::Column(c) = o else { return How::Nothing };
        let default = folded.iter().find(|o| o.id().kind == Kind::Default).copied();
        let add = match comes_with(scene, o) {
            Some(_) => None,
            None => Some(format!("ALTER TABLE {} ADD COLUMN {}", table(o.id()), column_clause(c, default))),
        };
        let fitted = if add.is_none() { fitted(scene, c, default) } else { vec![] };
        let only = only(scene.to, &home(o));
        let extras =
            fitted.into_iter().chain(column_extras(c)).map(|a| format!("ALTER TABLE {only}{} {a}", table(o.id())));
        How::statements(add.into_iter().chain(extras))
    },
    drop: |_, o| alter(o.id(), format!("DROP COLUMN {}", ident(o.id().name()))),
    rename: Some(|_, o, to| {
        How::statement(format!(
            "ALTER TABLE {} RENAME COLUMN {} TO {}",
            table(o.id()),
            ident(o.id().name()),
            ident(to.name())
        ))
    }),
    set: &[
        set("generated", |s, c| with_leader(s, c, generated)),
        set("stored", |_, c| if generation_goes(c) { How::Nothing } else { How::Replace }),
        set("type", |s, c| with_leader(s, c, retype)).blocks(around_a_type).loses(narrowing),
        set("collation", |s, c| {
            if c.old.attr("type") == c.new.attr("type") { with_leader(s, c, retype) } else { carried(s, c) }
        })
        .blocks(around_a_type),
        set("not_null", |s, c| with_leader(s, c, not_null)),
        set("not_null_name", |s, c| with_leader(s, c, name_not_null)),
        set("not_null_pending", |s, c| with_leader(s, c, validate_not_null)),
        set("identity", |s, c| with_leader(s, c, identity)),
        set("identity_options", set_identity_options),
        // The type's own storage comes with the type, and `SET STORAGE DEFAULT` is there from 16 on only.
        set("usual_storage", carried),
        set("storage", |s, c| {
            let usual = |o: &Object| o.attr("storage") == o.attr("usual_storage");
            let with_type = c.old.attr("type") != c.new.attr("type") && usual(c.old) && usual(c.new);
            if with_type { How::Nothing } else { on_column_only(s, c, format!("SET STORAGE {}", c.to)) }
        }),
        set("compression", |_, c| on_column(c, format!("SET COMPRESSION {}", c.to.text().unwrap_or("default")))),
        set("statistics", |s, c| {
            let target = if let Value::Int(i) = c.to { *i } else { -1 };
            on_column_only(s, c, format!("SET STATISTICS {target}"))
        }),
        set("options", |_, c| {
            let clauses = change_options(list(c.from), list(c.to));
            let name = ident(c.new.id().name());
            How::statements(
                clauses
                    .into_iter()
                    .map(|clause| format!("ALTER TABLE {} ALTER COLUMN {name} {clause}", table(c.new.id()))),
            )
        }),
        set("foreign_options", |_, c| on_column(c, super::foreign::change_options(c.from, c.to))),
    ],
    namespace: own_name,
    loses: Some(|o| (o.attr("generated") == Value::None).then(|| format!("the values of {}", o.id()))),
};

/// An action that would reach the columns that follow as well, which have it in their own right.
fn on_column_only(scene: &Scene, c: &Change, action: String) -> How {
    alone(scene, c.new.id(), format!("ALTER COLUMN {} {action}", ident(c.new.id().name())))
}

fn alone(scene: &Scene, part: &Id, action: String) -> How {
    let home = Id::new(Kind::Table, part.path.iter().take(2));
    match only(scene.to, &home) {
        "" => alter(part, action),
        only => How::statement(format!("ALTER TABLE {only}{} {action}", table(part))),
    }
}

fn on_column(c: &Change, action: String) -> How {
    alter(c.new.id(), format!("ALTER COLUMN {} {action}", ident(c.new.id().name())))
}

/// A stored generated column can become an ordinary one that keeps its values.
fn generation_goes(c: &Change) -> bool {
    c.new.attr("generated") == Value::None && c.old.attr("stored") == Value::Bool(true)
}

fn generated(scene: &Scene, c: &Change) -> How {
    match c.to.text() {
        None if generation_goes(c) => on_column(c, "DROP EXPRESSION".into()),
        Some(e) if *c.from != Value::None && scene.server.version >= 170_000 => {
            on_column(c, format!("SET EXPRESSION AS ({e})"))
        }
        _ => How::Replace,
    }
}

fn retype(scene: &Scene, c: &Change) -> How {
    let (from, to) = (c.old.attr("type").to_string(), c.new.attr("type").to_string());
    let collation = c.new.attr("collation");
    let collation = match collation.text() {
        Some(text) => format!(" COLLATE {text}"),
        None => String::new(),
    };
    let name = ident(c.new.id().name());
    let computed = c.new.attr("generated") != Value::None || c.old.attr("generated") != Value::None;
    // Nothing converts the rows of a foreign table.
    let foreign = c.new.parent().is_some_and(|p| p.kind == Kind::ForeignTable);
    let using = match &c.new.head().using {
        _ if computed || foreign => String::new(),
        Some(said) if from != to => format!(" USING {said}"),
        _ if super::casts::between_enums(scene, c) => super::casts::through_text(&name, &to),
        _ if super::casts::castable(scene, &from, &to) => super::casts::using(&name, &from, &to),
        _ => return super::casts::ask(c, &from, &to),
    };
    on_column(c, format!("SET DATA TYPE {to}{collation}{using}"))
}

fn around_a_type(_: &Scene, c: &Change) -> Vec<Around> {
    vec![(c.new.id().clone(), ON_COLUMN)]
}

/// Types that hold every value of another, in order of width.
const WIDENINGS: &[&[&str]] = &[
    &["smallint", "integer", "bigint", "numeric", "text"],
    &["real", "double precision", "text"],
    &["character varying", "text"],
    &["character", "text"],
    &["date", "timestamp without time zone", "text"],
    &["boolean", "text"],
    &["uuid", "text"],
];

/// Casts that may change values: anything but a known widening.
fn narrowing(_: &Scene, c: &Change) -> Option<String> {
    let (from, to) = (c.from.text()?, c.to.text()?);
    if let Some(said) = &c.new.head().using {
        return Some(format!("what `{said}` leaves out of {}, if anything", c.new.id()));
    }
    let (base_from, base_to) = (base_type(from), base_type(to));
    let wider = WIDENINGS.iter().any(|row| {
        let place = |t: &str| row.iter().position(|r| *r == t);
        place(&base_from).zip(place(&base_to)).is_some_and(|(a, b)| a < b) && base_to == to
    });
    let longer = base_from == base_to && modifier(to).is_none_or(|new| modifier(from).is_some_and(|old| new >= old));
    let array_of_same = from.ends_with("[]") && base_from == base_to;
    (!wider && !longer && !array_of_same).then(|| format!("what of {} does not fit {to}, if anything", c.new.id()))
}

fn modifier(ty: &str) -> Option<Vec<i64>> {
    let inner = ty.split_once('(')?.1.split_once(')')?.0;
    inner.split(',').map(|n| n.trim().parse().ok()).collect()
}

fn not_null(scene: &Scene, c: &Change) -> How {
    if let (Value::Bool(true), Object::Column(column)) = (c.to, c.new) {
        let ladder = super::ladders::not_null(scene, c, column, &not_null_constraint(column));
        return ladder.unwrap_or_else(|| alter(c.new.id(), set_not_null(column)));
    }
    let name = ident(c.new.id().name());
    let had_identity = c.old.attr("identity") != Value::None && c.new.attr("identity") == Value::None;
    let alter = |action: &str| format!("ALTER TABLE {} ALTER COLUMN {name} {action}", table(c.new.id()));
    // An identity column must be NOT NULL, so the identity goes first.
    let first = had_identity.then(|| alter("DROP IDENTITY"));
    let followed = !only(scene.to, &home(c.new)).is_empty();
    let keep = if followed { keeping_not_null(scene, c.new.id()) } else { vec![] };
    How::statements(first.into_iter().chain([alter("DROP NOT NULL")]).chain(keep))
}

/// The name that the server gives by itself, as long as it fits.
fn not_null_constraint(c: &Column) -> String {
    let usual = || format!("{}_{}_not_null", c.head.id.at(1), c.head.id.name());
    c.not_null_name.clone().unwrap_or_else(usual)
}

fn not_null_name(c: &Column) -> String {
    ident(&not_null_constraint(c))
}

fn add_not_null(c: &Column) -> String {
    let state = if c.not_null_pending { " NOT VALID" } else { "" };
    format!("ADD CONSTRAINT {} NOT NULL {}{state}", not_null_name(c), ident(c.head.id.name()))
}

fn set_not_null(c: &Column) -> String {
    match c.not_null_pending || c.not_null_name.is_some() {
        true => add_not_null(c),
        false => format!("ALTER COLUMN {} SET NOT NULL", ident(c.head.id.name())),
    }
}

/// Both states of a column that is NOT NULL all the time.
fn stays_not_null<'a>(c: &'a Change) -> Option<(&'a Column, &'a Column)> {
    match (c.old, c.new) {
        (Object::Column(old), Object::Column(new)) if old.not_null && new.not_null => Some((old, new)),
        _ => None,
    }
}

fn name_not_null(_: &Scene, c: &Change) -> How {
    let Some((old, new)) = stays_not_null(c) else { return How::Nothing };
    let present = old.head.text.as_deref().map_or_else(|| not_null_name(old), ident);
    let (from, to) = (present, not_null_name(new));
    // One that loses its validity is made anew.
    if from == to || new.not_null_pending && !old.not_null_pending {
        return How::Nothing;
    }
    How::statement(format!("ALTER TABLE {} RENAME CONSTRAINT {from} TO {to}", table(c.new.id())))
}

fn validate_not_null(s: &Scene, c: &Change) -> How {
    let Some((old, new)) = stays_not_null(c) else { return How::Nothing };
    if !new.not_null_pending {
        // Under the name that it has by then.
        let present = old.head.text.as_deref().filter(|_| old.not_null_name == new.not_null_name);
        let name = present.map_or_else(|| not_null_constraint(new), str::to_string);
        let plain = || alter(c.new.id(), format!("VALIDATE CONSTRAINT {}", ident(&name)));
        return super::ladders::validated_not_null(s, c.new, &name).unwrap_or_else(plain);
    }
    let anew = [format!("ALTER COLUMN {} DROP NOT NULL", ident(new.head.id.name())), add_not_null(new)];
    How::statements(anew.map(|action| format!("ALTER TABLE {} {action}", table(c.new.id()))))
}

/// DROP NOT NULL reaches the columns that follow; those that have it in their own right get it back.
fn keeping_not_null(scene: &Scene, column: &Id) -> Vec<String> {
    let is = |o: Option<&Object>| o.is_some_and(|o| o.attr("not_null") == Value::Bool(true));
    let followers =
        scene.to.users(column).filter(|o| o.id().kind == Kind::Column && o.has_ref(column, Strength::Follow));
    let mut statements = Vec::new();
    for follower in followers {
        let id = follower.id();
        if is(Some(follower)) && is(scene.from.get(id)) {
            statements.push(format!("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", table(id), ident(id.name())));
        } else {
            statements.extend(keeping_not_null(scene, id));
        }
    }
    statements
}

fn identity(_: &Scene, c: &Change) -> How {
    let new_options = c.new.attr("identity_options");
    match (c.from.text(), c.to.text()) {
        (None, Some(when)) => {
            on_column(c, format!("ADD GENERATED {when} AS IDENTITY{}", identity_options(list(&new_options))))
        }
        (Some(_), Some(when)) => on_column(c, format!("SET GENERATED {when}")),
        _ if c.new.attr("not_null") != c.old.attr("not_null") => How::Nothing,
        _ => on_column(c, "DROP IDENTITY".into()),
    }
}

fn set_identity_options(_: &Scene, c: &Change) -> How {
    if c.old.attr("identity") == Value::None || c.new.attr("identity") == Value::None {
        return How::Nothing;
    }
    // What is no longer said goes back to what it is by itself.
    let new = list(c.to);
    let word = |o: &str| o.rsplit_once(' ').map_or(o.to_string(), |(w, _)| w.to_string());
    let mut actions: Vec<String> =
        new.iter().filter(|o| !o.starts_with("SEQUENCE NAME")).map(|o| format!("SET {o}")).collect();
    for gone in list(c.from).iter().map(|o| word(o)).filter(|w| !new.iter().any(|o| word(o) == *w)) {
        actions.extend(match gone.as_str() {
            "INCREMENT BY" => Some("SET INCREMENT BY 1".to_string()),
            "MINVALUE" => Some("SET NO MINVALUE".into()),
            "MAXVALUE" => Some("SET NO MAXVALUE".into()),
            "START WITH" => Some("SET START WITH 1".into()),
            "CACHE" => Some("SET CACHE 1".into()),
            "CYCLE" | "" => Some("SET NO CYCLE".into()),
            _ => None,
        });
    }
    if actions.is_empty() {
        return How::Refuse(format!(
            "cannot rename the sequence behind {}: write `ALTER SEQUENCE … RENAME TO …` by hand and plan again",
            c.new.id()
        ));
    }
    on_column(c, actions.join(" "))
}

pub const DEFAULT: KindRule = KindRule {
    kind: Kind::Default,
    clause: Some(|_, o| format!("DEFAULT {}", o.attr("expression"))),
    create: |s, o, _| set_default(s, o),
    drop: |s, o| alone(s, o.id(), format!("ALTER COLUMN {} DROP DEFAULT", ident(o.id().name()))),
    rename: None,
    set: &[set("expression", |s, c| set_default(s, c.new))],
    namespace: own_name,
    loses: None,
};

fn set_default(scene: &Scene, o: &Object) -> How {
    alone(scene, o.id(), format!("ALTER COLUMN {} SET DEFAULT {}", ident(o.id().name()), o.attr("expression")))
}
