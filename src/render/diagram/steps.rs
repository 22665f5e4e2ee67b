//! A plan as a diagram: each step after those that it needs.

use super::{Diagram, Edge, Ends, Node, Shape};
use crate::plan::{Phase, Plan, Step};
use crate::render::human::sign;
use crate::render::json::phase;
use crate::render::text::{count, label};

pub fn of(plan: &Plan) -> Diagram {
    let edges: Vec<Edge> = plan.steps.iter().flat_map(|step| needs(plan, step)).collect();
    let label = label(&plan.header.version, &plan.header.name);
    let waits = count(edges.len(), "link");
    let title =
        format!("{} of the plan {label}, each after those that it needs; {waits}", count(plan.steps.len(), "step"));
    Diagram { title, shape: Shape::Steps, nodes: plan.steps.iter().map(node).collect(), edges }
}

fn node(step: &Step) -> Node {
    let (sign, tone) = sign(step.action);
    let phase = match step.phase {
        Phase::Expand => String::new(),
        other => format!(", {}", phase(other)),
    };
    let alone = if step.transaction { "" } else { ", alone" };
    Node {
        key: format!("s{}", step.id),
        title: step.subject.to_string(),
        over: format!("{} {}{phase}{alone}", step.id, sign.trim()),
        tone: Some(tone),
        rows: vec![],
        link: Some(format!("#step-{}", step.id)),
    }
}

/// A step that needs two rungs of one ladder needs the second: what follows from others is left out.
fn needs(plan: &Plan, step: &Step) -> Vec<Edge> {
    let reached = |id: usize| {
        let others = step.needs.iter().filter(move |(other, _)| *other > id);
        others.clone().any(|(other, _)| plan.steps[other - 1].needs.iter().any(|(n, _)| *n == id))
    };
    let kept = step.needs.iter().filter(|(id, _)| !reached(*id));
    let edge =
        |(id, why): &(usize, String)| Edge { from: id - 1, to: step.id - 1, label: why.clone(), ends: Ends::Needs };
    let mut edges: Vec<Edge> = kept.map(edge).collect();
    edges.dedup_by_key(|edge| edge.from);
    edges
}
