//! A catalog as a diagram: relations with their columns, and what points where.

use super::{Diagram, Edge, Ends, Node, Row, Shape};
use crate::model::{Catalog, Id, Kind, Object, Value};
use crate::render::text::count;
use std::collections::{BTreeMap, BTreeSet};

/// What gets a box.
const RELATIONS: &[Kind] = &[Kind::Table, Kind::ForeignTable, Kind::VirtualTable, Kind::View, Kind::MaterializedView];

/// What gets a line from the relation that it is a part of to the one that it names, and what the line says.
const LINKS: &[(Kind, Option<&str>)] =
    &[(Kind::ForeignKey, None), (Kind::Attachment, Some("partition")), (Kind::Inheritance, Some("inherits"))];

type Boxes<'a> = BTreeMap<&'a Id, usize>;

pub fn of(catalog: &Catalog) -> Diagram {
    let relations: Vec<&Object> = catalog.iter().filter(|o| RELATIONS.contains(&o.id().kind)).collect();
    let boxes: Boxes = relations.iter().enumerate().map(|(i, o)| (o.id(), i)).collect();
    let parts = parts(catalog, &boxes);
    let none = vec![];
    let of = |o: &Object| parts.get(&boxes[o.id()]).unwrap_or(&none);
    let nodes: Vec<Node> = relations.iter().enumerate().map(|(i, o)| node(i, o, of(o))).collect();
    let mut edges = vec![];
    for relation in &relations {
        edges.extend(links(catalog, &boxes, relation, of(relation)));
        edges.extend(used(catalog, &boxes, relation));
    }
    let title = format!("{} and {} between them", count(nodes.len(), "relation"), count(edges.len(), "link"));
    Diagram { title, shape: Shape::Relations, nodes, edges }
}

/// What is part of each relation, columns in their order.
fn parts<'a>(catalog: &'a Catalog, boxes: &Boxes) -> BTreeMap<usize, Vec<&'a Object>> {
    let mut parts: BTreeMap<usize, Vec<&Object>> = BTreeMap::new();
    for object in catalog.iter() {
        // SQLite: a key of one column is that column's.
        if let Some(at) = object.parent().and_then(|parent| home(catalog, boxes, parent)) {
            parts.entry(at).or_default().push(object);
        }
    }
    parts.values_mut().for_each(|parts| parts.sort_by_key(|o| o.position()));
    parts
}

fn node(i: usize, relation: &Object, parts: &[&Object]) -> Node {
    let of = |kind: Kind| parts.iter().filter(move |o| o.id().kind == kind);
    let named = |kind: Kind| of(kind).flat_map(|o| columns(o)).collect::<BTreeSet<String>>();
    let (primary, foreign) = (named(Kind::PrimaryKey), named(Kind::ForeignKey));
    // One column alone is unique; of several none is.
    let unique: BTreeSet<String> = of(Kind::Unique).map(|o| columns(o)).filter(|c| c.len() == 1).flatten().collect();
    let row = |column: &&Object| {
        let name = column.id().name().to_string();
        Row {
            primary: primary.contains(&name),
            foreign: foreign.contains(&name),
            unique: unique.contains(&name),
            r#type: text(column, "type"),
            name,
        }
    };
    let rows: Vec<Row> = of(Kind::Column).map(row).collect();
    Node {
        key: format!("r{}", i + 1),
        title: relation.id().path.join("."),
        over: relation.id().kind.name().to_string(),
        tone: None,
        rows: if rows.is_empty() { listed(relation) } else { rows },
        link: None,
    }
}

/// The columns of a view, which are no objects: `name type`.
fn listed(relation: &Object) -> Vec<Row> {
    let row = |column: String| {
        let (name, r#type) = column.split_once(' ').unwrap_or((&column, ""));
        Row { name: name.into(), r#type: r#type.into(), primary: false, foreign: false, unique: false }
    };
    columns(relation).into_iter().map(row).collect()
}

fn links(catalog: &Catalog, boxes: &Boxes, relation: &Object, parts: &[&Object]) -> Vec<Edge> {
    let here = boxes[relation.id()];
    let required = |name: &String| {
        let column = parts.iter().find(|o| o.id().kind == Kind::Column && o.id().name() == name);
        column.is_some_and(|o| attr(o, "not_null") == Value::Bool(true))
    };
    let alone = |columns: &[String]| {
        let same = |o: &&&Object| self::columns(o).iter().collect::<BTreeSet<_>>() == columns.iter().collect();
        parts.iter().filter(|o| matches!(o.id().kind, Kind::PrimaryKey | Kind::Unique)).any(|o| same(&o))
    };
    let mut edges = vec![];
    for (part, says) in parts.iter().filter_map(|o| Some((o, LINKS.iter().find(|(k, _)| *k == o.id().kind)?.1))) {
        let elsewhere = part.refs().iter().filter_map(|r| home(catalog, boxes, &r.to)).find(|at| *at != here);
        let columns = columns(part);
        let ends = match says {
            None => Ends::Key { optional: !columns.iter().all(required), many: !alone(&columns) },
            Some(_) => Ends::Needs,
        };
        let Some(from) = elsewhere.or_else(|| named(boxes, relation, &text(part, "target"))) else { continue };
        edges.push(Edge { from, to: here, label: says.unwrap_or(part.id().name()).to_string(), ends });
    }
    edges
}

/// The relation that a key names: its own, or one that the engine looks for only when rows are written.
fn named(boxes: &Boxes, relation: &Object, target: &str) -> Option<usize> {
    let name = target.rsplit('.').next()?.trim_matches('"');
    let same = |id: &&Id| id.schema() == relation.id().schema() && id.name().eq_ignore_ascii_case(name);
    boxes.iter().find(|(id, _)| same(id)).map(|(_, at)| *at)
}

/// What a view reads.
fn used(catalog: &Catalog, boxes: &Boxes, relation: &Object) -> Vec<Edge> {
    let here = boxes[relation.id()];
    let homes: BTreeSet<usize> = relation.refs().iter().filter_map(|r| home(catalog, boxes, &r.to)).collect();
    let edge = |from| Edge { from, to: here, label: "reads".into(), ends: Ends::Needs };
    homes.into_iter().filter(|at| *at != here).map(edge).collect()
}

/// The box of what an object is a part of.
fn home(catalog: &Catalog, boxes: &Boxes, id: &Id) -> Option<usize> {
    let mut at = id;
    loop {
        if let Some(found) = boxes.get(at) {
            return Some(*found);
        }
        at = catalog.get(at)?.parent()?;
    }
}

fn attr(object: &Object, name: &str) -> Value {
    object.attrs().into_iter().find(|(n, _)| *n == name).map_or(Value::None, |(_, value)| value)
}

fn text(object: &Object, name: &str) -> String {
    attr(object, name).text().unwrap_or_default().to_string()
}

fn columns(object: &Object) -> Vec<String> {
    match attr(object, "columns") {
        Value::List(columns) => columns,
        _ => vec![],
    }
}
