//! Where in a `CREATE TABLE` a column or a constraint is written: for messages, so at best.

use super::lexer::{Kind, Lexer};
use super::words::Words;
use super::{Dialect, Source};

impl Source {
    /// The byte of the statement at which the part of this name begins; 0 where it is not found.
    pub fn part(&self, statement: usize, name: &str) -> usize {
        offset(&self.statements[statement].text, self.dialect, name).unwrap_or(0)
    }
}

fn offset(text: &str, dialect: Dialect, name: &str) -> Option<usize> {
    let mut lexer = Lexer::new(text, dialect);
    let mut tokens = vec![];
    while let Some(token) = lexer.next().ok()? {
        if !matches!(token.kind, Kind::LineComment | Kind::BlockComment | Kind::Meta) {
            tokens.push(token);
        }
    }
    let words = Words { text, dialect, tokens: &tokens };
    if !words.is(0, "create") || !(1..5).any(|i| words.is(i, "table")) {
        return None;
    }
    let called = |i: usize| {
        let folded =
            |own: String| if dialect == Dialect::Sqlite { own.eq_ignore_ascii_case(name) } else { own == name };
        words.name(i).is_some_and(folded)
    };
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate() {
        let begins = depth == 1 && (words.after(i, "(") || words.after(i, ","));
        let constraint = depth == 1 && words.is(i, "constraint");
        if begins && !constraint && called(i) || constraint && called(i + 1) {
            return Some(token.start);
        }
        depth = match words.is(i, "(") {
            true => depth + 1,
            false if words.is(i, ")") => depth - 1,
            false => depth,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_constraints_are_found() {
        let text = "CREATE TABLE IF NOT EXISTS t (\n  -- b is not here\n  a numeric(1, 2) CHECK (b > 0),\n  \"B\" int, b int CONSTRAINT c CHECK (a > 1),\n  CONSTRAINT d UNIQUE (a, b))";
        let found = |name: &str| offset(text, Dialect::Postgres, name).map(|at| &text[at..(at + 5).min(text.len())]);
        assert_eq!(found("a"), Some("a num"));
        assert_eq!(found("b"), Some("b int"));
        assert_eq!(found("B"), Some("\"B\" i"));
        assert_eq!(found("c"), Some("CONST"));
        assert_eq!(found("d"), Some("CONST"));
        assert_eq!(found("e"), None);
        assert_eq!(offset("CREATE VIEW v (a) AS SELECT 1", Dialect::Postgres, "a"), None);
        assert_eq!(offset("create table T(A int, bee text)", Dialect::Sqlite, "BEE"), Some(22));
    }
}
