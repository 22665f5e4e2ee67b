//! Columns and their defaults.

use super::super::ddl::{assignments, change_options, ident, identity_sequence, split, table};
use super::casts::base_type;
use super::links::{comes_with, home, only, with_leader};
use super::tables::{alter, list};
use super::{carried, not_null, own_name};
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
    text.push_str(&not_null::clause(c));
    text
}

/// What is said of a typed table's column, which has its type from elsewhere.
pub fn in_clause(c: &Column, default: Option<&Object>) -> Option<String> {
    let mut text = String::new();
    if let Some(default) = default {
        text.push_str(&format!(" DEFAULT {}", default.attr("expression")));
    }
    text.push_str(&not_null::clause(c));
    (!text.is_empty()).then(|| format!("{} WITH OPTIONS{text}", ident(c.head.id.name())))
}

/// Where a column that came with its leader's differs from it.
pub fn fitted(scene: &Scene, c: &Column, default: Option<&Object>) -> Vec<String> {
    let name = ident(c.head.id.name());
    let leaders: Vec<&Object> =
        c.head.refs.iter().filter(|r| r.strength == Strength::Follow).filter_map(|r| scene.to.get(&r.to)).collect();
    let already = leaders.iter().any(|l| l.attr("not_null") == Value::Bool(true));
    let expression = |o: Option<&Object>| o.map(|o| o.attr("expression"));
    let theirs = leaders.iter().find_map(|l| scene.to.get(&l.id().of_kind(Kind::Default)));
    let mut actions = Vec::new();
    if c.not_null && !already {
        actions.push(not_null::set(c));
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
        actions.push(not_null::add(c));
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
        if let Some(ladder) = super::filling::ladder(scene, c, default) {
            return ladder;
        }
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
    drop: |scene, o| {
        super::parking::of_column(scene, o)
            .unwrap_or_else(|| alter(o.id(), format!("DROP COLUMN {}", ident(o.id().name()))))
    },
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
        set("not_null", |s, c| with_leader(s, c, not_null::change)),
        set("not_null_name", |s, c| with_leader(s, c, not_null::rename)),
        set("not_null_pending", |s, c| with_leader(s, c, not_null::validate)),
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
    if let Some(ladder) = super::retyping::ladder(scene, c).or_else(|| super::widening::ladder(scene, c)) {
        return ladder;
    }
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

/// The column whose change of type changes this part as well.
pub fn carrier(scene: &Scene, part: &Object) -> Option<How> {
    super::retyping::carrier(scene, part).or_else(|| super::widening::carrier(scene, part))
}

fn around_a_type(scene: &Scene, c: &Change) -> Vec<Around> {
    let nothing = || super::widening::Widening::of(scene, c.new.id()).map(|_| vec![]);
    let beside = super::retyping::around(scene, c);
    beside.or_else(nothing).unwrap_or_else(|| vec![(c.new.id().clone(), ON_COLUMN)])
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
pub fn narrowing(_: &Scene, c: &Change) -> Option<String> {
    let (from, to) = (c.from.text()?, c.to.text()?);
    if let Some(said) = &c.new.head().using {
        return Some(format!("what `{said}` leaves out of {}, if anything", c.new.id()));
    }
    let (base_from, base_to) = (base_type(from), base_type(to));
    let wider = WIDENINGS.iter().any(|row| {
        let place = |t: &str| row.iter().position(|r| *r == t);
        place(&base_from).zip(place(&base_to)).is_some_and(|(a, b)| a < b) && base_to == to
    });
    let array_of_same = from.ends_with("[]") && base_from == base_to;
    (!wider && !longer(from, to) && !array_of_same)
        .then(|| format!("what of {} does not fit {to}, if anything", c.new.id()))
}

/// The same type with room for more.
fn longer(from: &str, to: &str) -> bool {
    base_type(from) == base_type(to) && modifier(to).is_none_or(|new| modifier(from).is_some_and(|old| new >= old))
}

/// Whether each value of the one type is a value of the other, and stored in the same way: nothing is written anew.
pub fn holds_all(from: &str, to: &str) -> bool {
    const STRINGS: &[&str] = &["character varying", "text"];
    // Other blanks, or other digits after the point, are other bytes.
    let scale = |ty: &str| modifier(ty).and_then(|m| m.get(1).copied());
    let padded = base_type(from) == "character" || base_type(from) == "bit";
    let same = longer(from, to) && !padded && (modifier(to).is_none() || scale(from) == scale(to));
    same || [base_type(from), base_type(to)].iter().all(|ty| STRINGS.contains(&ty.as_str())) && modifier(to).is_none()
}

fn modifier(ty: &str) -> Option<Vec<i64>> {
    let inner = ty.split_once('(')?.1.split_once(')')?.0;
    inner.split(',').map(|n| n.trim().parse().ok()).collect()
}

fn identity(_: &Scene, c: &Change) -> How {
    let new_options = c.new.attr("identity_options");
    match (c.from.text(), c.to.text()) {
        (None, Some(when)) => {
            let options = identity_options(list(&new_options));
            let add = format!("ALTER COLUMN {} ADD GENERATED {when} AS IDENTITY{options}", ident(c.new.id().name()));
            let go_on = super::numbers::identity_goes_on(c.new.id(), list(&new_options));
            How::statements([format!("ALTER TABLE {} {add}", table(c.new.id())), go_on])
        }
        (Some(_), Some(when)) => on_column(c, format!("SET GENERATED {when}")),
        _ if c.new.attr("not_null") != c.old.attr("not_null") => How::Nothing,
        _ => on_column(c, "DROP IDENTITY".into()),
    }
}

fn set_identity_options(scene: &Scene, c: &Change) -> How {
    if c.old.attr("identity") == Value::None || c.new.attr("identity") == Value::None {
        return How::Nothing;
    }
    // What is no longer said goes back to what it is by itself.
    let new = list(c.to);
    let word = |o: &str| o.rsplit_once(' ').map_or(o.to_string(), |(w, _)| w.to_string());
    let of_sequence = |o: &String| o.starts_with("SEQUENCE NAME") || o.ends_with("LOGGED");
    let mut actions: Vec<String> = new.iter().filter(|o| !of_sequence(o)).map(|o| format!("SET {o}")).collect();
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
    let name = ident(c.new.id().name());
    let set = format!("ALTER TABLE {} ALTER COLUMN {name} {}", table(c.new.id()), actions.join(" "));
    let set = (!actions.is_empty()).then_some(set);
    How::statements(new_name(c).into_iter().chain(set).chain(super::numbers::identity_logged(scene, c)))
}

/// The sequence behind an identity keeps its name when the table or the column gets another one.
fn new_name(c: &Change) -> Option<String> {
    let (Object::Column(old), Object::Column(new)) = (c.old, c.new) else { return None };
    let (from, to) = (identity_sequence(old), identity_sequence(new));
    let plain = split(&to).pop().filter(|_| from != to)?;
    Some(format!("ALTER SEQUENCE {from} RENAME TO {}", ident(&plain)))
}

pub const DEFAULT: KindRule = KindRule {
    kind: Kind::Default,
    clause: Some(|_, o| format!("DEFAULT {}", o.attr("expression"))),
    create: |s, o, _| set_default(s, o),
    drop: |s, o| {
        let plain = || alone(s, o.id(), format!("ALTER COLUMN {} DROP DEFAULT", ident(o.id().name())));
        carrier(s, o).unwrap_or_else(plain)
    },
    rename: None,
    set: &[set("expression", |s, c| set_default(s, c.new))],
    namespace: own_name,
    loses: None,
};

fn set_default(scene: &Scene, o: &Object) -> How {
    if let Some(with) = carrier(scene, o) {
        return with;
    }
    alone(scene, o.id(), format!("ALTER COLUMN {} SET DEFAULT {}", ident(o.id().name()), o.attr("expression")))
}
