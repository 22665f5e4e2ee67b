//! As SVG: by itself, or for a page that has the styles already.

use super::layout::{Placed, Size, layout};
use super::{Diagram, Edge, Ends, Node, Row, short};
use crate::render::Tone;
use crate::render::text::line;
use console::measure_text_width;

/// What the picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A file of its own.
    File,
    /// A part of a page, which has [`STYLE`] and styles of its own for colours.
    Page,
}

/// Width of a character, height of a line, and the room around them.
const CHAR: f64 = 7.3;
const LINE: f64 = 17.0;
const PAD: f64 = 9.0;
const MARGIN: f64 = 10.0;
/// Longer names are cut; all of them are told when pointed at.
const LONGEST: usize = 44;

/// Line and letter of a tone, in light and in dark: each 4.5:1 against the ground.
pub(super) fn colour(tone: Option<Tone>) -> (&'static str, &'static str) {
    match tone {
        Some(Tone::Create) => ("#116329", "#56d364"),
        Some(Tone::Change) => ("#7d4e00", "#e3b341"),
        Some(Tone::Drop | Tone::Warn) => ("#b3131d", "#ff8d85"),
        Some(Tone::Title | Tone::Quiet) | None => ("#4d5561", "#a8b3c0"),
    }
}

fn class(tone: Option<Tone>) -> &'static str {
    match tone {
        Some(Tone::Create) => "create",
        Some(Tone::Change) => "change",
        Some(Tone::Drop | Tone::Warn) => "drop",
        Some(Tone::Title | Tone::Quiet) | None => "plain",
    }
}

pub fn svg(diagram: &Diagram, r#use: Use) -> String {
    let sizes: Vec<Size> = diagram.nodes.iter().map(size).collect();
    let pairs: Vec<(usize, usize)> = diagram.edges.iter().map(|e| (e.from, e.to)).collect();
    let placed = layout(&sizes, &pairs);
    let (w, h) = (placed.w + 2.0 * MARGIN, placed.h + 2.0 * MARGIN);
    let title = xml(&diagram.title);
    let mut out = match r#use {
        Use::File => format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"t\" viewBox=\"0 0 {w:.0} {h:.0}\" \
             width=\"{w:.0}\" height=\"{h:.0}\">\n<title id=\"t\">{title}</title>\n<style>{STYLE}{}</style>\n\
             <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n",
            colours()
        ),
        Use::Page => format!(
            "<svg class=\"diagram\" role=\"group\" aria-label=\"{title}\" viewBox=\"0 0 {w:.0} {h:.0}\" width=\"{w:.0}\" \
             height=\"{h:.0}\">\n",
        ),
    };
    out += ENDS;
    out += &format!("<g transform=\"translate({MARGIN} {MARGIN})\">\n");
    for (edge, way) in diagram.edges.iter().zip(&placed.edges) {
        out += &line_of(edge, way, &placed, &sizes);
    }
    for (i, node) in diagram.nodes.iter().enumerate() {
        out += &boxed(node, placed.nodes[i], &sizes[i], r#use);
    }
    out + "</g>\n</svg>\n"
}

/// How lines end: an arrow; one, perhaps none; many, or one, at the other side.
const ENDS: &str = "<defs>\n\
<marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 1L9 5L0 9z\" class=\"end\"/></marker>\n\
<marker id=\"one\" viewBox=\"0 0 16 12\" refX=\"0\" refY=\"6\" markerWidth=\"16\" markerHeight=\"12\" orient=\"auto\"><path d=\"M5 1V11M9 1V11\" class=\"stroke\"/></marker>\n\
<marker id=\"maybe\" viewBox=\"0 0 16 12\" refX=\"0\" refY=\"6\" markerWidth=\"16\" markerHeight=\"12\" orient=\"auto\"><path d=\"M5 1V11\" class=\"stroke\"/><circle cx=\"11\" cy=\"6\" r=\"3.5\" class=\"hollow\"/></marker>\n\
<marker id=\"many\" viewBox=\"0 0 18 12\" refX=\"18\" refY=\"6\" markerWidth=\"18\" markerHeight=\"12\" orient=\"auto\"><path d=\"M18 1L8 6L18 11\" class=\"stroke\"/><circle cx=\"4\" cy=\"6\" r=\"3.5\" class=\"hollow\"/></marker>\n\
<marker id=\"single\" viewBox=\"0 0 18 12\" refX=\"18\" refY=\"6\" markerWidth=\"18\" markerHeight=\"12\" orient=\"auto\"><path d=\"M13 1V11\" class=\"stroke\"/><circle cx=\"7\" cy=\"6\" r=\"3.5\" class=\"hollow\"/></marker>\n\
</defs>\n";

/// What is neither colour nor place.
pub const STYLE: &str = "\
svg text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:var(--ink)}\
svg .over{font-size:11px;fill:var(--quiet)}svg .name{font-weight:600}svg .type{fill:var(--quiet)}svg .primary{text-decoration:underline}\
svg .box{fill:var(--card);stroke:var(--line);stroke-width:1.2}svg .rule{stroke:var(--line)}\
svg .edge{fill:none;stroke:var(--edge);stroke-width:1.3}svg .dashed{stroke-dasharray:5 4}\
svg .end{fill:var(--edge)}svg .stroke{fill:none;stroke:var(--edge);stroke-width:1.3}svg .hollow{fill:var(--ground);stroke:var(--edge)}\
svg .ground{fill:var(--ground)}svg .create .box{stroke:var(--create)}svg .create .over{fill:var(--create)}\
svg .change .box{stroke:var(--change)}svg .change .over{fill:var(--change)}\
svg .drop .box{stroke:var(--drop)}svg .drop .over{fill:var(--drop)}";

/// The colours that [`STYLE`] names, for light and for dark.
pub fn colours() -> String {
    let of = |dark: bool| {
        let pick = |(light, night): (&str, &str)| if dark { night.to_string() } else { light.to_string() };
        let ground = pick(("#ffffff", "#14181d"));
        let card = pick(("#f7f8fa", "#1d232a"));
        let ink = pick(("#1b2026", "#e4e8ed"));
        let line = pick(("#c3cad3", "#46505c"));
        let edge = pick(("#6a7480", "#8a95a2"));
        let quiet = pick(colour(None));
        let tone = |tone| pick(colour(Some(tone)));
        format!(
            ":root{{--ground:{ground};--card:{card};--ink:{ink};--line:{line};--edge:{edge};--quiet:{quiet};--create:{};--change:{};--drop:{}}}",
            tone(Tone::Create),
            tone(Tone::Change),
            tone(Tone::Drop)
        )
    };
    format!("{}@media (prefers-color-scheme:dark){{{}}}", of(false), of(true))
}

fn size(node: &Node) -> Size {
    let text = |text: &str| measure_text_width(&short(text, LONGEST));
    let rows = node.rows.iter().map(|row| text(&row.name) + text(&row.r#type) + marks(row).len() + 3);
    let columns = rows.chain([text(&node.title), text(&node.over)]).max().unwrap_or(0);
    let below = if node.rows.is_empty() { 0.0 } else { node.rows.len() as f64 * LINE + PAD };
    Size { w: columns as f64 * CHAR + 2.0 * PAD, h: 2.0 * LINE + PAD + below }
}

fn marks(row: &Row) -> &'static str {
    match (row.primary, row.foreign, row.unique) {
        (true, true, _) => "PK FK",
        (true, false, _) => "PK",
        (false, true, true) => "FK UK",
        (false, true, false) => "FK",
        (false, false, true) => "UK",
        (false, false, false) => "",
    }
}

fn boxed(node: &Node, (x, y): (f64, f64), size: &Size, r#use: Use) -> String {
    let (w, h) = (size.w, size.h);
    let mut out = format!(
        "<g class=\"{}\" transform=\"translate({x:.1} {y:.1})\">\n<title>{} {}</title>\n\
         <rect class=\"box\" width=\"{w:.1}\" height=\"{h:.1}\" rx=\"5\"/>\n",
        class(node.tone),
        xml(&node.over),
        xml(&node.title)
    );
    let text = |class: &str, x: f64, line: f64, end: bool, text: &str| {
        let anchor = if end { " text-anchor=\"end\"" } else { "" };
        let y = line * LINE + PAD / 2.0 - 4.0;
        format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\"{anchor}>{}</text>\n", xml(&short(text, LONGEST)))
    };
    out += &text("over", PAD, 1.0, false, &node.over);
    out += &text("name", PAD, 2.0, false, &node.title);
    if !node.rows.is_empty() {
        let y = 2.0 * LINE + PAD / 2.0;
        out += &format!("<line class=\"rule\" x1=\"0\" x2=\"{w:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n");
    }
    for (i, row) in node.rows.iter().enumerate() {
        let at = 3.3 + i as f64;
        out += &text(if row.primary { "primary" } else { "column" }, PAD, at, false, &row.name);
        let r#type = format!("{} {}", short(&row.r#type, LONGEST), marks(row));
        out += &text("type", w - PAD, at, true, r#type.trim());
    }
    out += "</g>\n";
    match (&node.link, r#use) {
        (Some(link), Use::Page) => {
            // What is seen must be a part of what is said.
            let seen = short(&node.title, LONGEST);
            let whole = if seen == line(&node.title) { String::new() } else { format!(": {}", node.title) };
            let name = xml(&format!("step {} {seen}{whole}", node.over));
            format!("<a href=\"{}\" aria-label=\"{name}\">\n{out}</a>\n", xml(link))
        }
        _ => out,
    }
}

fn line_of(edge: &Edge, way: &[(f64, f64)], placed: &Placed, sizes: &[Size]) -> String {
    let (from, to) = match edge.ends {
        Ends::Needs => (None, "arrow"),
        Ends::Key { optional, many } => {
            (Some(if optional { "maybe" } else { "one" }), if many { "many" } else { "single" })
        }
    };
    let start = from.map_or(String::new(), |end| format!(" marker-start=\"url(#{end})\""));
    let dashed = if edge.ends == Ends::Needs && from.is_none() && edge.label == "reads" { " dashed" } else { "" };
    let path = if way.is_empty() { round(edge.from, placed, sizes) } else { curve(way) };
    let title = xml(&edge.label);
    format!(
        "<path class=\"edge{dashed}\" d=\"{path}\"{start} marker-end=\"url(#{to})\"><title>{title}</title></path>\n"
    )
}

/// From bend to bend: level where it begins and ends, level through a layer.
fn curve(way: &[(f64, f64)]) -> String {
    let mut path = format!("M{:.1} {:.1}", way[0].0, way[0].1);
    for pair in way.windows(2) {
        let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
        let mid = (ax + bx) / 2.0;
        path += &match (ay - by).abs() < 0.05 {
            true => format!("L{bx:.1} {by:.1}"),
            false => format!("C{mid:.1} {ay:.1} {mid:.1} {by:.1} {bx:.1} {by:.1}"),
        };
    }
    path
}

/// From a node to itself, round its upper right corner.
fn round(node: usize, placed: &Placed, sizes: &[Size]) -> String {
    let ((x, y), w) = (placed.nodes[node], sizes[node].w);
    let (right, top) = (x + w, y + PAD);
    format!("M{right:.1} {top:.1}C{0:.1} {top:.1} {0:.1} {1:.1} {right:.1} {1:.1}", right + 40.0, top + LINE)
}

/// Text between tags or in an attribute; on one line, and nothing in it draws.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::new();
    for c in line(text).chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            c => out.push(c),
        }
    }
    out
}
