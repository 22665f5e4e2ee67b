//! For Mermaid, which GitHub, GitLab and many editors draw in Markdown; see <https://mermaid.js.org/syntax>.

use super::{Diagram, Edge, Ends, Node, Row, Shape};
use crate::render::Tone;
use crate::render::text::line;

pub fn mermaid(diagram: &Diagram) -> String {
    match diagram.shape {
        Shape::Relations => relations(diagram),
        Shape::Steps => steps(diagram),
    }
}

fn relations(diagram: &Diagram) -> String {
    let mut out = String::from("erDiagram\n");
    for node in &diagram.nodes {
        out += &format!("  {}[\"{}\"] {{\n", node.key, string(&node.title));
        node.rows.iter().for_each(|row| out += &self::row(row));
        out += "  }\n";
    }
    for edge in &diagram.edges {
        let (from, to) = ends(diagram, edge);
        let link = match edge.ends {
            Ends::Needs => "||..||",
            Ends::Key { optional: false, many: true } => "||--o{",
            Ends::Key { optional: false, many: false } => "||--o|",
            Ends::Key { optional: true, many: true } => "|o--o{",
            Ends::Key { optional: true, many: false } => "|o--o|",
        };
        out += &format!("  {from} {link} {to} : \"{}\"\n", string(&edge.label));
    }
    out
}

fn row(row: &Row) -> String {
    let keys = [(row.primary, "PK"), (row.foreign, "FK"), (row.unique, "UK")];
    let keys: Vec<&str> = keys.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    let (name, r#type) = (word(&row.name), word(&row.r#type));
    // What had to be changed to fit is told as it is.
    let told = match (name == row.name, r#type == row.r#type) {
        (true, true) => String::new(),
        (true, false) => string(&row.r#type),
        (false, _) => string(format!("{} {}", row.name, row.r#type).trim()),
    };
    let told = if told.is_empty() { told } else { format!("\"{told}\"") };
    let line = format!("    {type} {name} {} {told}", keys.join(", "));
    line.trim_end().replace(&format!("{name}  "), &format!("{name} ")) + "\n"
}

/// Types and names of attributes are words there.
fn word(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let word: String = text.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    if word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') { word } else { format!("_{word}") }
}

fn steps(diagram: &Diagram) -> String {
    let mut out = String::from("flowchart LR\n");
    for Node { key, title, over, .. } in &diagram.nodes {
        out += &format!("  {key}[\"{}<br/>{}\"]\n", string(over), string(title));
    }
    for edge in &diagram.edges {
        let (from, to) = ends(diagram, edge);
        out += &format!("  {from} --> {to}\n");
    }
    for (tone, class) in [(Tone::Create, "create"), (Tone::Change, "change"), (Tone::Drop, "drop")] {
        let of: Vec<&str> = diagram.nodes.iter().filter(|n| n.tone == Some(tone)).map(|n| n.key.as_str()).collect();
        if !of.is_empty() {
            out += &format!("  classDef {class} stroke:{}\n", super::svg::colour(Some(tone)).0);
            out += &format!("  class {} {class}\n", of.join(","));
        }
    }
    out
}

fn ends<'a>(diagram: &'a Diagram, edge: &Edge) -> (&'a str, &'a str) {
    (&diagram.nodes[edge.from].key, &diagram.nodes[edge.to].key)
}

/// Text between quotes. Its `#…;` are Mermaid's own escapes, and labels may hold HTML.
fn string(text: &str) -> String {
    let mut out = String::new();
    for c in line(text).chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | ';' | '`' | '\\' | '{' | '}' | '%' => out += &format!("#{};", c as u32),
            c => out.push(c),
        }
    }
    if out.is_empty() { " ".into() } else { out }
}
