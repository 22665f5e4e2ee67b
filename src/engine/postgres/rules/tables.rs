//! Tables, columns, defaults, sequences.

use super::super::ddl::{assignments, change_options, ident, path, table, with_options};
use super::{anew, carried, own_name, relation_name, rename, row_type_name};
use crate::engine::how::{Around, Change, How, KindRule, Scene, set};
use crate::model::{Column, Id, Kind, Object, Sequence, Table, Value};

fn alter(id: &Id, action: impl std::fmt::Display) -> How {
    How::Clause(Id::new(Kind::Table, id.path.iter().take(2)), action.to_string())
}

fn list(value: &Value) -> &[String] {
    if let Value::List(items) = value { items } else { &[] }
}

pub const TABLE: KindRule = KindRule {
    kind: Kind::Table,
    clause: None,
    create: |_, o, folded| {
        let Object::Table(t) = o else { return How::Nothing };
        How::statements(create_table(t, folded))
    },
    drop: |_, o| How::statement(format!("DROP TABLE {}", path(o.id()))),
    rename: Some(|_, o, to| rename(&format!("TABLE {}", path(o.id())), to)),
    set: &[
        set("unlogged", |_, c| alter(c.new.id(), if *c.to == Value::Bool(true) { "SET UNLOGGED" } else { "SET LOGGED" })),
        set("options", |_, c| {
            let clauses = change_options(list(c.from), list(c.to));
            How::statements(clauses.into_iter().map(|clause| format!("ALTER TABLE {} {clause}", path(c.new.id()))))
        }),
        set("method", |_, c| alter(c.new.id(), format!("SET ACCESS METHOD {}", ident(c.to.text().unwrap_or("heap"))))),
        set("replica_identity", |_, c| alter(c.new.id(), format!("REPLICA IDENTITY {}", c.to.text().unwrap_or("DEFAULT")))),
        set("row_security", |_, c| {
            let actions = row_security(c.from.text(), c.to.text());
            How::statements(actions.into_iter().map(|a| format!("ALTER TABLE {} {a}", path(c.new.id()))))
        }),
    ],
    namespace: row_type_name,
    loses: Some(|o| Some(format!("the rows of {}", o.id()))),
};

fn create_table(t: &Table, folded: &[&Object]) -> Vec<String> {
    let id = &t.head.id;
    let default_of = |column: &Id| folded.iter().find(|o| o.id().kind == Kind::Default && o.id().path == column.path);
    let lines = folded.iter().filter_map(|o| match o {
        Object::Column(column) => Some(column_clause(column, default_of(o.id()).copied())),
        Object::Default(_) => None,
        constraint => Some(super::keys::clause(constraint)),
    });
    let lines: Vec<String> = lines.map(|l| format!("\n    {l}")).collect();
    let method = t.method.as_ref().map(|m| format!(" USING {}", ident(m))).unwrap_or_default();
    let unlogged = if t.unlogged { "UNLOGGED " } else { "" };
    let end = if lines.is_empty() { "" } else { "\n" };
    let body = format!("CREATE {unlogged}TABLE {} ({}{end}){method}{}", path(id), lines.join(","), with_options(&t.options));
    let mut actions = row_security(None, t.row_security.as_deref());
    actions.extend(t.replica_identity.iter().map(|r| format!("REPLICA IDENTITY {r}")));
    for part in folded {
        if let Object::Column(column) = part {
            actions.extend(column_extras(column));
        }
    }
    let alters = actions.into_iter().map(|action| format!("ALTER TABLE {} {action}", path(id)));
    let of_keys = folded.iter().flat_map(|part| super::keys::extras(part));
    std::iter::once(body).chain(alters).chain(of_keys).collect()
}

fn row_security(from: Option<&str>, to: Option<&str>) -> Vec<String> {
    let has = |s: Option<&str>, word: &str| s.is_some_and(|s| s.contains(word));
    let mut actions = Vec::new();
    for (word, on, off) in [
        ("enabled", "ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"),
        ("forced", "FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"),
    ] {
        match (has(from, word), has(to, word)) {
            (false, true) => actions.push(on.to_string()),
            (true, false) => actions.push(off.to_string()),
            _ => {}
        }
    }
    actions
}

/// A column as it stands in CREATE TABLE and ADD COLUMN.
fn column_clause(c: &Column, default: Option<&Object>) -> String {
    let mut text = format!("{} {}", ident(c.head.id.name()), c.r#type);
    if let Some(collation) = &c.collation {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(default) = default {
        text.push_str(&format!(" DEFAULT {}", default.attr("expression")));
    }
    if let Some(expression) = &c.generated {
        text.push_str(&format!(" GENERATED ALWAYS AS ({expression}){}", if c.stored { " STORED" } else { "" }));
    }
    if let Some(when) = &c.identity {
        text.push_str(&format!(" GENERATED {when} AS IDENTITY{}", identity_options(&c.identity_options)));
    }
    if c.not_null {
        text.push_str(" NOT NULL");
    }
    text
}

fn identity_options(options: &[String]) -> String {
    if options.is_empty() { String::new() } else { format!(" ({})", options.join(" ")) }
}

/// What can't be said where the column is created.
fn column_extras(c: &Column) -> Vec<String> {
    let name = ident(c.head.id.name());
    let mut actions = Vec::new();
    let mut say = |what: String| actions.push(format!("ALTER COLUMN {name} {what}"));
    if c.storage != c.usual_storage {
        say(format!("SET STORAGE {}", c.storage));
    }
    c.compression.iter().for_each(|s| say(format!("SET COMPRESSION {s}")));
    c.statistics.iter().for_each(|s| say(format!("SET STATISTICS {s}")));
    if !c.options.is_empty() {
        say(format!("SET ({})", assignments(&c.options)));
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
    create: |_, o, folded| {
        let Object::Column(c) = o else { return How::Nothing };
        let default = folded.iter().find(|o| o.id().kind == Kind::Default).copied();
        let add = format!("ADD COLUMN {}", column_clause(c, default));
        let actions = std::iter::once(add).chain(column_extras(c));
        How::statements(actions.map(|a| format!("ALTER TABLE {} {a}", table(o.id()))))
    },
    drop: |_, o| alter(o.id(), format!("DROP COLUMN {}", ident(o.id().name()))),
    rename: Some(|_, o, to| {
        How::statement(format!("ALTER TABLE {} RENAME COLUMN {} TO {}", table(o.id()), ident(o.id().name()), ident(to.name())))
    }),
    set: &[
        set("generated", generated),
        set("stored", |_, c| if generation_goes(c) { How::Nothing } else { How::Replace }),
        set("type", retype).blocks(around_a_type).loses(narrowing),
        set("collation", |s, c| if c.old.attr("type") == c.new.attr("type") { retype(s, c) } else { carried(s, c) }).blocks(around_a_type),
        set("not_null", not_null),
        set("identity", identity),
        set("identity_options", set_identity_options),
        // The type's own storage comes with the type, and `SET STORAGE DEFAULT` is there from 16 on only.
        set("usual_storage", carried),
        set("storage", |_, c| {
            let usual = |o: &Object| o.attr("storage") == o.attr("usual_storage");
            let with_type = c.old.attr("type") != c.new.attr("type") && usual(c.old) && usual(c.new);
            if with_type { How::Nothing } else { on_column(c, format!("SET STORAGE {}", c.to)) }
        }),
        set("compression", |_, c| on_column(c, format!("SET COMPRESSION {}", c.to.text().unwrap_or("default")))),
        set("statistics", |_, c| {
            let target = if let Value::Int(i) = c.to { *i } else { -1 };
            on_column(c, format!("SET STATISTICS {target}"))
        }),
        set("options", |_, c| {
            let clauses = change_options(list(c.from), list(c.to));
            let name = ident(c.new.id().name());
            How::statements(clauses.into_iter().map(|clause| format!("ALTER TABLE {} ALTER COLUMN {name} {clause}", table(c.new.id()))))
        }),
    ],
    namespace: own_name,
    loses: Some(|o| (o.attr("generated") == Value::None).then(|| format!("the values of {}", o.id()))),
};

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
        Some(e) if *c.from != Value::None && scene.server.version >= 170_000 => on_column(c, format!("SET EXPRESSION AS ({e})")),
        _ => How::Replace,
    }
}

/// `varchar(10)` without the modifier, `timestamp(3) with time zone` likewise.
pub fn base_type(ty: &str) -> String {
    match (ty.find('('), ty.find(')')) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &ty[..open], &ty[close + 1..]),
        _ => ty.to_string(),
    }
}

fn retype(_: &Scene, c: &Change) -> How {
    let (from, to) = (c.old.attr("type").to_string(), c.new.attr("type").to_string());
    let collation = c.new.attr("collation");
    let collation = match collation.text() {
        Some(text) => format!(" COLLATE {text}"),
        None => String::new(),
    };
    let name = ident(c.new.id().name());
    let computed = c.new.attr("generated") != Value::None || c.old.attr("generated") != Value::None;
    let using = if computed { String::new() } else { super::types::using(&name, &from, &to) };
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

fn not_null(_: &Scene, c: &Change) -> How {
    if *c.to == Value::Bool(true) {
        return on_column(c, "SET NOT NULL".into());
    }
    let name = ident(c.new.id().name());
    let had_identity = c.old.attr("identity") != Value::None && c.new.attr("identity") == Value::None;
    let alter = |action: &str| format!("ALTER TABLE {} ALTER COLUMN {name} {action}", table(c.new.id()));
    // An identity column must be NOT NULL, so the identity goes first.
    let first = had_identity.then(|| alter("DROP IDENTITY"));
    How::statements(first.into_iter().chain([alter("DROP NOT NULL")]))
}

fn identity(_: &Scene, c: &Change) -> How {
    let new_options = c.new.attr("identity_options");
    match (c.from.text(), c.to.text()) {
        (None, Some(when)) => on_column(c, format!("ADD GENERATED {when} AS IDENTITY{}", identity_options(list(&new_options)))),
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
    let mut actions: Vec<String> = new.iter().filter(|o| !o.starts_with("SEQUENCE NAME")).map(|o| format!("SET {o}")).collect();
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
    create: |_, o, _| set_default(o),
    drop: |_, o| alter(o.id(), format!("ALTER COLUMN {} DROP DEFAULT", ident(o.id().name()))),
    rename: None,
    set: &[set("expression", |_, c| set_default(c.new))],
    namespace: own_name,
    loses: None,
};

fn set_default(o: &Object) -> How {
    alter(o.id(), format!("ALTER COLUMN {} SET DEFAULT {}", ident(o.id().name()), o.attr("expression")))
}

pub const SEQUENCE: KindRule = KindRule {
    kind: Kind::Sequence,
    clause: None,
    create: |_, o, _| {
        let Object::Sequence(s) = o else { return How::Nothing };
        let unlogged = if s.unlogged { "UNLOGGED " } else { "" };
        let owner = s.owned_by.as_ref().map(|c| format!(" OWNED BY {c}")).unwrap_or_default();
        How::statement(format!("CREATE {unlogged}SEQUENCE {} {}{owner}", path(o.id()), sequence_options(s)))
    },
    drop: |_, o| How::statement(format!("DROP SEQUENCE {}", path(o.id()))),
    rename: Some(|_, o, to| rename(&format!("SEQUENCE {}", path(o.id())), to)),
    set: &[
        set("type", sequence_numbers),
        set("start", sequence_numbers),
        set("increment", sequence_numbers),
        set("min", sequence_numbers),
        set("max", sequence_numbers),
        set("cache", sequence_numbers),
        set("cycle", sequence_numbers),
        set("owned_by", |_, c| {
            How::statement(format!("ALTER SEQUENCE {} OWNED BY {}", path(c.new.id()), c.to.text().unwrap_or("NONE")))
        }),
        set("unlogged", anew),
    ],
    namespace: relation_name,
    loses: Some(|o| Some(format!("the present value of {}", o.id()))),
};

fn sequence_options(s: &Sequence) -> String {
    format!(
        "AS {} INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {}{}",
        s.r#type,
        s.increment,
        s.min,
        s.max,
        s.start,
        s.cache,
        if s.cycle { " CYCLE" } else { " NO CYCLE" }
    )
}

/// All numbers in one statement, since each may be out of the bounds of the others for a moment: the first changed one
/// carries them.
fn sequence_numbers(_: &Scene, c: &Change) -> How {
    let Object::Sequence(new) = c.new else { return How::Nothing };
    let numbers = ["type", "start", "increment", "min", "max", "cache", "cycle"];
    let first = numbers.iter().find(|a| c.old.attr(a) != c.new.attr(a));
    if first != Some(&c.attr) {
        return How::Nothing;
    }
    let alter = format!("ALTER SEQUENCE {} {}", path(c.new.id()), sequence_options(new));
    How::statements(into_bounds(c.old, new).into_iter().flatten().chain([alter]))
}

/// Narrower bounds must hold the present value. The bounds are first widened to old and new, then a value that is outside
/// of the new ones moves to the nearer one.
fn into_bounds(old: &Object, new: &Sequence) -> Option<[String; 2]> {
    let Object::Sequence(old) = old else { return None };
    let (name, min, max) = (path(&new.head.id), new.min, new.max);
    (min > old.min || max < old.max).then(|| {
        let widen = format!("ALTER SEQUENCE {name} AS bigint MINVALUE {} MAXVALUE {}", min.min(old.min), max.max(old.max));
        let value = format!("greatest(least(last_value, {max}), {min}), is_called AND last_value BETWEEN {min} AND {max}");
        [widen, format!("SELECT setval({}, {value}) FROM {name}", super::super::ddl::literal(&name))]
    })
}
