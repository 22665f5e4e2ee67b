//! Text from elsewhere, made fit for a terminal: a name can hold a newline or an escape sequence, and must not be able
//! to draw on the reader's screen or to end a comment.

/// One line: every control character and every character that reorders text is shown as its escape.
pub fn line(text: &str) -> String {
    escape(text, false)
}

/// Several lines: as [`line()`], but newlines and tabs stay.
pub fn block(text: &str) -> String {
    escape(&text.replace("\r\n", "\n"), true)
}

fn escape(text: &str, lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' if lines => out.push(c),
            c if c.is_control() || reorders(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// Bidirectional controls and line separators: see <https://trojansource.codes>.
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `1 step`, `2 steps`, `2 batches`.
pub fn count(n: usize, one: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n if one.ends_with("ch") => format!("{n} {one}es"),
        n => format!("{n} {one}s"),
    }
}

/// A plan, as one names it: version and name, on one line.
pub fn label(version: &str, name: &str) -> String {
    line(format!("{version} {name}").trim())
}

/// The statement as it is sent to a client: with its semicolon, without white space around it.
pub fn statement(sql: &str) -> String {
    let sql = sql.trim();
    // A line comment at the end would swallow the semicolon, or has one that ends nothing.
    match sql.lines().next_back().is_some_and(|last| last.contains("--")) {
        true => format!("{sql}\n;"),
        false => format!("{};", sql.trim_end_matches(';')),
    }
}

/// Every line of it, moved to the right.
pub fn indent(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!("{pad}{line}") });
    lines.collect::<Vec<_>>().join("\n")
}

/// Prose in lines of at most `width` columns, all but the first of them indented by `by`. A long word stays whole.
pub fn wrap(text: &str, width: usize, by: usize) -> String {
    let mut out = String::new();
    let mut column = by;
    for word in text.split_whitespace() {
        let wide = console::measure_text_width(word);
        if column > by && column + 1 + wide > width {
            out.push('\n');
            out.push_str(&" ".repeat(by));
            column = by;
        } else if column > by {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += wide;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p32_no_name_draws_on_the_terminal() {
        assert_eq!(line("a\u{1b}[31mb\nc\td\u{202e}"), "a\\u{1b}[31mb\\nc\\td\\u{202e}");
        assert_eq!(block("a\r\nb\u{7}\tc"), "a\nb\\u{7}\tc");
        assert_eq!(line("größe 名 '\"\\"), "größe 名 '\"\\");
    }

    #[test]
    fn statements_end_in_one_semicolon() {
        assert_eq!(statement(" SELECT 1 "), "SELECT 1;");
        assert_eq!(statement("SELECT 1;\n"), "SELECT 1;");
        assert_eq!(statement("SELECT 1 -- one"), "SELECT 1 -- one\n;");
        assert_eq!(statement("SELECT 1 -- one;"), "SELECT 1 -- one;\n;");
    }

    #[test]
    fn prose_is_wrapped_between_words() {
        assert_eq!(wrap("one two three", 9, 2), "one two\n  three");
        assert_eq!(wrap("unbreakable word", 5, 0), "unbreakable\nword");
    }
}
