//! For Graphviz; see <https://graphviz.org/doc/info/lang.html>.

use super::{Diagram, Edge, Ends, Node, Shape};
use crate::render::text::line;

pub fn dot(diagram: &Diagram) -> String {
    let mut out = format!("// {}\ndigraph msr {{\n  rankdir=LR;\n", line(&diagram.title));
    out += "  node [shape=plaintext, fontname=\"monospace\", fontsize=11];\n";
    out += "  edge [fontname=\"sans-serif\", fontsize=9, color=\"#666666\"];\n";
    diagram.nodes.iter().for_each(|node| out += &self::node(node));
    diagram.edges.iter().for_each(|edge| out += &self::edge(diagram, edge));
    out + "}\n"
}

/// A table as Graphviz's HTML-like labels have it; the border is coloured in the node's tone.
fn node(node: &Node) -> String {
    let colour = super::svg::colour(node.tone).0;
    let mut rows = format!(
        "<tr><td colspan=\"2\"><font point-size=\"9\">{}</font><br/><b>{}</b></td></tr>",
        html(&node.over),
        html(&node.title)
    );
    for row in &node.rows {
        let name = if row.primary { format!("<u>{}</u>", html(&row.name)) } else { html(&row.name) };
        rows += &format!("<tr><td align=\"left\">{name}</td><td align=\"left\">{}</td></tr>", html(&row.r#type));
    }
    let table = format!("<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" color=\"{colour}\">{rows}</table>");
    format!("  {} [label=<{table}>];\n", node.key)
}

fn edge(diagram: &Diagram, edge: &Edge) -> String {
    let (from, to) = (&diagram.nodes[edge.from].key, &diagram.nodes[edge.to].key);
    let label = line(&edge.label).replace('\\', "\\\\").replace('"', "\\\"");
    let look = match edge.ends {
        // Reasons are sentences: they are shown when pointed at.
        Ends::Needs if diagram.shape == Shape::Steps => format!("edgetooltip=\"{label}\""),
        Ends::Needs => format!("label=\"{label}\", style=dashed"),
        Ends::Key { optional, many } => {
            let tail = if optional { "odottee" } else { "tee" };
            let head = if many { "crowodot" } else { "teeodot" };
            format!("label=\"{label}\", dir=both, arrowtail={tail}, arrowhead={head}")
        }
    };
    format!("  {from} -> {to} [{look}];\n")
}

/// An empty text is no label, and Graphviz says so.
fn html(text: &str) -> String {
    let text = super::svg::xml(text);
    if text.is_empty() { " ".into() } else { text }
}
