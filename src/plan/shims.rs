//! Between the renames and the sort: a table or column that an old application still knows by its old name keeps it, in a view,
//! until the contract phase.

use super::Action;
use super::node::Node;
use super::online::name_before;
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::Scene;
use crate::model::{Id, Kind, Object};
use std::collections::BTreeSet;

/// The renames, with views where they serve and nothing else of the plan is in their way.
pub fn over(engine: &dyn Engine, scene: Scene, renames: Vec<Node>, deltas: &[Delta]) -> Vec<Node> {
    let done: Vec<(Id, Id)> = renames.iter().filter_map(|n| renamed(n).cloned().zip(new_name(n).cloned())).collect();
    let tables: BTreeSet<&Id> = done.iter().map(|(_, to)| to).filter(|to| to.kind == Kind::Table).collect();
    let plain = renames.clone();
    let mut all: Vec<Node> = Vec::with_capacity(renames.len());
    let mut aside: BTreeSet<Id> = BTreeSet::new();
    for mut node in renames {
        let (Some(from), Some(to)) = (renamed(&node).cloned(), new_name(&node).cloned()) else {
            all.push(node);
            continue;
        };
        let table = scene.from.root(&to).clone();
        match to.kind {
            Kind::Table if scene.phased(&to) && free(scene, &from) && keeps_columns(scene, &to, deltas) => {
                let rungs = engine.shim(&scene, &from, &to, &columns(scene, &plain, &to));
                if !rungs.is_empty() {
                    let down = node.down.take().unwrap_or_default();
                    node.rungs.iter_mut().for_each(|r| r.back = Some(vec![]));
                    node.rungs.last_mut().into_iter().for_each(|r| r.back = Some(down.clone()));
                    node.rungs.extend(rungs);
                    node.down = Some(down);
                }
                all.push(node);
            }
            Kind::Column if aside.contains(&table) => {}
            Kind::Column
                if scene.phased(&table) && !tables.contains(&table) && only_columns(scene, &table, &done, deltas) =>
            {
                let rungs = engine.shim(&scene, &table, &table, &columns(scene, &plain, &table));
                if rungs.is_empty() {
                    all.push(node);
                    continue;
                }
                let own = plain.iter().filter(|n| new_name(n).is_some_and(|id| *scene.from.root(id) == table));
                let deltas = own.flat_map(|n| n.deltas.clone()).collect();
                aside.insert(table.clone());
                all.push(Node { rungs, waits: true, ..Node::new(&to, Action::Rename, deltas) });
            }
            _ => all.push(node),
        }
    }
    all
}

fn renamed(node: &Node) -> Option<&Id> {
    node.deltas.iter().find_map(|d| if let Delta::Rename { from, .. } = d { Some(from) } else { None })
}

fn new_name(node: &Node) -> Option<&Id> {
    node.deltas.iter().find_map(|d| if let Delta::Rename { to, .. } = d { Some(to) } else { None })
}

/// Old and new name of each column, in order.
fn columns(scene: Scene, renames: &[Node], table: &Id) -> Vec<(String, String)> {
    let mut all: Vec<&Object> = scene.from.children(table).filter(|o| o.id().kind == Kind::Column).collect();
    all.sort_by_key(|o| (o.position(), o.id()));
    let names = |o: &Object| (name_before(renames, o.id().clone()).name().to_string(), o.id().name().to_string());
    all.into_iter().map(names).collect()
}

/// Whether nothing else gets the old name, and the place of it stays.
fn free(scene: Scene, name: &Id) -> bool {
    if name.path.len() > 1 && !scene.to.contains(&Id::new(Kind::Schema, [name.at(0)])) {
        return false;
    }
    let relations = [Kind::Table, Kind::View, Kind::MaterializedView, Kind::ForeignTable, Kind::Sequence, Kind::Index];
    relations.iter().all(|kind| !scene.to.contains(&name.of_kind(*kind)))
}

/// Whether no column changes that a view would hold fast.
fn keeps_columns(scene: Scene, table: &Id, deltas: &[Delta]) -> bool {
    let held = |d: &Delta| match d {
        Delta::Drop(id) => id.kind == Kind::Column,
        Delta::Set { id, attr, .. } => id.kind == Kind::Column && ["type", "collation", "generated"].contains(&&**attr),
        _ => false,
    };
    deltas.iter().filter(|d| held(d)).all(|d| scene.from.root(d.id()) != table)
}

/// Whether columns get other names, and nothing else happens to the table or what would have to find it.
fn only_columns(scene: Scene, table: &Id, renames: &[(Id, Id)], deltas: &[Delta]) -> bool {
    let touches = |id: &Id| {
        let both = [scene.from, scene.to].into_iter();
        both.filter_map(|c| Some((c, c.get(id)?)))
            .any(|(c, o)| c.root(id) == table || o.refs().iter().any(|r| c.root(&r.to) == table))
    };
    let others = renames.iter().filter(|(_, to)| to.kind != Kind::Column && scene.from.root(to) == table);
    others.count() == 0 && !deltas.iter().any(|d| touches(d.id()))
}
