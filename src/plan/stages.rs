//! The stages between a difference and ordered nodes, and the way back of each node.

use super::Action;
use super::expand::expand;
use super::group::group;
use super::node::Node;
use super::order::{Ordered, Tie, order};
use super::steps::stretches;
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::{Rung, Scene, Server};
use crate::model::Catalog;
use crate::{Failure, Result};

/// Deltas to ordered nodes.
pub fn arrange(engine: &dyn Engine, scene: Scene, deltas: &[Delta], tie: Tie) -> Result<Ordered> {
    // What else must be touched, since the engine will not let go of it otherwise.
    let work = expand(engine, scene, deltas)?;
    let replaced = work.replaced();
    let scene = Scene { replaced: &replaced, ..scene };
    // One node for what one statement does.
    let mut nodes = group(engine, scene, &work)?;
    nodes.iter_mut().for_each(|node| node.flush_clauses(engine));
    // The four edge rules and a sort with total ties.
    order(engine, &scene, nodes, tie)
}

/// The way back of a node, derived through the same stages.
#[derive(Debug, Clone)]
pub struct WayBack {
    pub rungs: Vec<Rung>,
    pub loses: Option<String>,
    /// Why there is none.
    pub refused: Option<String>,
}

/// The ways back of ordered nodes. `base` and `goal` are what they lead between; each node's inverse is planned between the
/// states that stand directly after and before it, since only there is it known what is in its way.
pub fn ways_back(engine: &dyn Engine, scene: Scene, ordered: &Ordered) -> Result<Vec<WayBack>> {
    let (mut before, mut after) = (scene.from.clone(), scene.from.clone());
    let mut all = Vec::with_capacity(ordered.nodes.len());
    // Who goes back does not wait for anybody to be gone.
    let server = Server { phased: false, ..scene.server.clone() };
    for node in &ordered.nodes {
        advance(&mut after, scene.to, node);
        all.push(way_back(engine, Scene::new(&after, &before, &server), node)?);
        advance(&mut before, scene.to, node);
    }
    Ok(all)
}

/// What a node makes of a catalog on the way to `goal`.
fn advance(state: &mut Catalog, goal: &Catalog, node: &Node) {
    for delta in &node.deltas {
        match delta {
            Delta::Drop(id) => drop(state.remove(id)),
            Delta::Add(id) | Delta::Set { id, .. } => {
                if let Some(object) = goal.get(id) {
                    state.insert(object.clone());
                }
            }
            Delta::Rename { .. } => {}
        }
    }
    // A table built anew has the text of the goal, though all deltas are about its parts.
    if let (Action::Rebuild, Some(table)) = (node.action, goal.get(&node.subject)) {
        state.insert(table.clone());
    }
}

fn way_back(engine: &dyn Engine, scene: Scene, node: &Node) -> Result<WayBack> {
    if let Some(rungs) = &node.down {
        return Ok(WayBack { rungs: rungs.clone(), loses: node.back_loses.clone(), refused: None });
    }
    let inverse: Vec<Delta> = node.deltas.iter().rev().map(Delta::inverse).collect();
    let rungs = |back: &Ordered| back.nodes.iter().flat_map(|n| n.rungs.clone()).collect::<Vec<_>>();
    let mut way = arrange(engine, scene, &inverse, Tie::Reader);
    // What stands between two rungs of a way back is in no plan, so it has one or is as short as for a table that nobody uses.
    if way.as_ref().is_ok_and(|back| stretches(&rungs(back)).len() > 1) {
        let idle = scene.server.idle();
        way = arrange(engine, Scene { server: &idle, ..scene }, &inverse, Tie::Reader);
    }
    match way {
        Ok(back) => {
            let lost: Vec<String> = back.nodes.iter().filter_map(|n| n.loses.clone()).collect();
            let loses = (!lost.is_empty()).then(|| lost.join(", "));
            Ok(WayBack { rungs: rungs(&back), loses, refused: None })
        }
        Err(e) if e.failure == Failure::Refused => Ok(WayBack { rungs: vec![], loses: None, refused: Some(e.message) }),
        Err(e) => Err(e),
    }
}
