//! Parts of a schema, and the schema without one of them and what leans on it.

use super::{Default, Schema, Type};

/// Something that can be taken out; in the order in which a failing pair is made smaller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Table(String),
    View(String),
    Enum(String),
    Domain(String),
    Sequence(String),
    Function(String),
    Extra(usize),
    Trigger(String, String),
    Foreign(String, String),
    Index(String, String),
    Unique(String, String),
    Check(String, String),
    Column(String, String),
    ViewColumn(String, String),
    /// Rows of a table.
    Rows(String),
    /// Every comment.
    Comments,
}

pub fn parts(schema: &Schema) -> Vec<Part> {
    let mut out = vec![Part::Comments];
    for t in &schema.tables {
        let of = |n: &String| (t.name.clone(), n.clone());
        out.push(Part::Table(t.name.clone()));
        out.push(Part::Rows(t.name.clone()));
        out.extend(t.columns.iter().skip(1).map(|c| of(&c.name)).map(|(t, c)| Part::Column(t, c)));
        out.extend(t.uniques.iter().map(|c| of(&c.name)).map(|(t, c)| Part::Unique(t, c)));
        out.extend(t.checks.iter().map(|c| of(&c.name)).map(|(t, c)| Part::Check(t, c)));
        out.extend(t.foreign.iter().map(|c| of(&c.name)).map(|(t, c)| Part::Foreign(t, c)));
        out.extend(t.indexes.iter().map(|c| of(&c.name)).map(|(t, c)| Part::Index(t, c)));
        out.extend(t.triggers.iter().map(|c| of(&c.name)).map(|(t, c)| Part::Trigger(t, c)));
    }
    for v in &schema.views {
        out.push(Part::View(v.name.clone()));
        out.extend(v.columns.iter().map(|(_, _, c)| Part::ViewColumn(v.name.clone(), c.clone())));
    }
    out.extend(schema.enums.iter().map(|x| Part::Enum(x.name.clone())));
    out.extend(schema.domains.iter().map(|x| Part::Domain(x.name.clone())));
    out.extend(schema.sequences.iter().map(|x| Part::Sequence(x.name.clone())));
    out.extend(schema.functions.iter().map(|x| Part::Function(x.name.clone())));
    out.extend(schema.extras.iter().map(|x| Part::Extra(x.number)));
    out
}

/// Takes a part out, and all that can't be without it; nothing when it is not there.
pub fn remove(schema: &mut Schema, part: &Part) {
    let table = |schema: &Schema, name: &str| schema.tables.iter().position(|t| t.name == name);
    match part {
        Part::Comments => uncomment(schema),
        Part::Rows(t) => {
            if let Some(t) = table(schema, t) {
                schema.tables[t].rows = 0;
            }
        }
        Part::Table(name) => {
            schema.tables.retain(|t| t.name != *name);
            schema.extras.retain(|x| x.table.as_ref() != Some(name));
            for t in &mut schema.tables {
                t.foreign.retain(|f| f.table != *name);
                t.triggers.retain(|tr| tr.calls != *name);
            }
            remove_views_of(schema, name);
        }
        Part::View(name) => {
            schema.views.retain(|v| v.name != *name);
            remove_views_of(schema, name);
        }
        Part::ViewColumn(view, column) => remove_view_column(schema, view, column),
        Part::Column(t, column) => {
            let Some(at) = table(schema, t) else { return };
            let t = &mut schema.tables[at];
            t.columns.retain(|c| c.name != *column && c.twice.as_ref() != Some(column));
            let gone = |name: &String| !t.columns.iter().any(|c| c.name == *name);
            t.uniques.retain(|u| !u.columns.iter().any(gone));
            t.indexes.retain(|i| !i.columns.iter().any(gone));
            t.checks.retain(|c| !gone(&c.column));
            t.foreign.retain(|f| !gone(&f.column));
            t.triggers.retain(|tr| !tr.update_of.iter().chain(&tr.when).any(gone));
            let (name, left): (String, Vec<String>) =
                (t.name.clone(), t.columns.iter().map(|c| c.name.clone()).collect());
            remove_shown(schema, &name, &left);
        }
        Part::Unique(t, name) => each(schema, t, |t| t.uniques.retain(|x| x.name != *name)),
        Part::Check(t, name) => each(schema, t, |t| t.checks.retain(|x| x.name != *name)),
        Part::Foreign(t, name) => each(schema, t, |t| t.foreign.retain(|x| x.name != *name)),
        Part::Index(t, name) => each(schema, t, |t| t.indexes.retain(|x| x.name != *name)),
        Part::Trigger(t, name) => each(schema, t, |t| t.triggers.retain(|x| x.name != *name)),
        Part::Enum(name) => {
            remove_columns_of(schema, &Type::Enum(name.clone()));
            schema.enums.retain(|x| x.name != *name);
        }
        Part::Domain(name) => {
            remove_columns_of(schema, &Type::Domain(name.clone()));
            schema.domains.retain(|x| x.name != *name);
        }
        Part::Sequence(name) => {
            for c in schema.tables.iter_mut().flat_map(|t| &mut t.columns) {
                if c.default == Default::Next(name.clone()) {
                    c.default = Default::None;
                }
            }
            schema.sequences.retain(|x| x.name != *name);
        }
        Part::Function(name) => {
            for t in &mut schema.tables {
                t.triggers.retain(|tr| tr.calls != *name);
                t.checks.retain(|c| c.function.as_ref() != Some(name));
            }
            schema.functions.retain(|x| x.name != *name);
        }
        Part::Extra(number) => schema.extras.retain(|x| x.number != *number),
    }
}

fn each(schema: &mut Schema, table: &str, f: impl Fn(&mut super::Table)) {
    schema.tables.iter_mut().filter(|t| t.name == table).for_each(f);
}

fn uncomment(schema: &mut Schema) {
    schema.enums.iter_mut().for_each(|x| x.comment = None);
    schema.domains.iter_mut().for_each(|x| x.comment = None);
    schema.sequences.iter_mut().for_each(|x| x.comment = None);
    schema.functions.iter_mut().for_each(|x| x.comment = None);
    schema.views.iter_mut().for_each(|x| x.comment = None);
    for t in &mut schema.tables {
        t.comment = None;
        t.columns.iter_mut().for_each(|x| x.comment = None);
        t.indexes.iter_mut().for_each(|x| x.comment = None);
    }
}

fn remove_columns_of(schema: &mut Schema, kind: &Type) {
    let columns = |t: &super::Table| -> Vec<Part> {
        t.columns.iter().filter(|c| c.kind == *kind).map(|c| Part::Column(t.name.clone(), c.name.clone())).collect()
    };
    let gone: Vec<Part> = schema.tables.iter().flat_map(columns).collect();
    gone.iter().for_each(|part| remove(schema, part));
}

fn remove_views_of(schema: &mut Schema, relation: &str) {
    let over = |v: &&super::View| v.from == relation || v.join.as_deref() == Some(relation);
    while let Some(name) = schema.views.iter().find(over).map(|v| v.name.clone()) {
        remove(schema, &Part::View(name));
    }
}

/// Views over `relation` lose the columns that it no longer has.
fn remove_shown(schema: &mut Schema, relation: &str, left: &[String]) {
    let mut gone = vec![];
    for v in &mut schema.views {
        if v.from == relation && v.filter.as_ref().is_some_and(|c| !left.contains(c)) {
            v.filter = None;
        }
        for (joined, column, shown) in &v.columns {
            let of = if *joined { v.join.as_deref() } else { Some(v.from.as_str()) };
            if of == Some(relation) && !left.contains(column) {
                gone.push((v.name.clone(), shown.clone()));
            }
        }
    }
    gone.iter().for_each(|(view, column)| remove_view_column(schema, view, column));
}

pub fn remove_view_column(schema: &mut Schema, view: &str, column: &str) {
    let Some(v) = schema.views.iter_mut().find(|v| v.name == view) else { return };
    v.columns.retain(|(_, _, shown)| shown != column);
    let left: Vec<String> = v.columns.iter().map(|(_, _, shown)| shown.clone()).collect();
    remove_shown(schema, view, &left);
}
