//! Columns under headings, for `msr list`.

use super::text::line;
use super::{Look, Tone};
use console::measure_text_width;

/// A cell and how it is painted.
#[derive(Debug, Clone)]
pub struct Cell {
    pub text: String,
    pub tone: Option<Tone>,
}

impl<S: Into<String>> From<S> for Cell {
    fn from(text: S) -> Cell {
        Cell { text: text.into(), tone: None }
    }
}

impl Cell {
    pub fn toned(text: impl Into<String>, tone: Tone) -> Cell {
        Cell { text: text.into(), tone: Some(tone) }
    }
}

/// Left-aligned, two blanks between columns, no blanks at the ends of lines.
pub fn table(headings: &[&str], rows: &[Vec<Cell>], look: Look) -> String {
    let cells: Vec<Vec<(String, Option<Tone>)>> =
        rows.iter().map(|row| row.iter().map(|c| (line(&c.text), c.tone)).collect()).collect();
    let width = |column: usize| {
        let texts = cells.iter().filter_map(|row| row.get(column)).map(|(text, _)| measure_text_width(text));
        texts.chain([measure_text_width(headings[column])]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let head: Vec<_> = headings.iter().map(|h| (h.to_string(), Some(Tone::Title))).collect();
    std::iter::once(&head).chain(&cells).map(|row| one(row, &widths, look)).collect()
}

fn one(row: &[(String, Option<Tone>)], widths: &[usize], look: Look) -> String {
    let last = row.iter().rposition(|(text, _)| !text.is_empty()).unwrap_or(0);
    let mut out = String::new();
    for (i, ((text, tone), width)) in row.iter().zip(widths).enumerate().take(last + 1) {
        out += &tone.map_or_else(|| text.clone(), |tone| look.paint(tone, text));
        if i < last {
            out += &" ".repeat(width - measure_text_width(text) + 2);
        }
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["1".into(), "ä\u{1b}".into(), "x".into()], vec!["222".into(), "".into(), "".into()]];
        assert_eq!(table(&["a", "b", "c"], &rows, Look::PLAIN), "a    b        c\n1    ä\\u{1b}  x\n222\n");
    }
}
