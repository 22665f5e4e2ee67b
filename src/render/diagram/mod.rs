//! Pictures: what stands in a schema and how it hangs together, and the steps of a plan with what each waits for.
//!
//! One [`Diagram`] is made of a catalog or of a plan; Mermaid, DOT and SVG are written from that alone.

mod dot;
mod layout;
mod mermaid;
mod schema;
mod steps;
mod svg;
#[cfg(test)]
mod tests;

pub use dot::dot;
pub use mermaid::mermaid;
pub use schema::of as schema;
pub use steps::of as steps;
pub use svg::{STYLE, Use, colours, svg};

use super::Tone;

/// Boxes, and lines between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagram {
    /// What is seen, in words, for those who can't see it.
    pub title: String,
    pub shape: Shape,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// What the boxes are, which decides the words that a format has for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Relations with their columns.
    Relations,
    /// Steps in their order.
    Steps,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// A letter and a number: safe in every format, whatever the object is called.
    pub key: String,
    pub title: String,
    /// Above the title, in small: the kind of a relation, the action of a step.
    pub over: String,
    pub tone: Option<Tone>,
    pub rows: Vec<Row>,
    /// Where a click leads, in a page that has such a place.
    pub link: Option<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    pub r#type: String,
    pub primary: bool,
    pub foreign: bool,
    pub unique: bool,
}

/// A line between two nodes, by their index. The first of them stands before the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    /// Why it is there.
    pub label: String,
    pub ends: Ends,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// The second needs the first.
    Needs,
    /// Rows of the second point to one of the first, or perhaps to none; one of them or many.
    Key { optional: bool, many: bool },
}

/// A name that is too long for a box, cut; the whole of it is told beside.
fn short(text: &str, columns: usize) -> String {
    let text = super::text::line(text);
    if console::measure_text_width(&text) <= columns {
        return text;
    }
    console::truncate_str(&text, columns, "…").into_owned()
}
