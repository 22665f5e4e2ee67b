//! A statement as words and names: what the readers of heads, subjects and needs share.

use super::Dialect;
use super::lexer::{Kind, Token};

#[derive(Clone, Copy)]
pub struct Words<'a> {
    pub text: &'a str,
    pub dialect: Dialect,
    pub tokens: &'a [Token],
}

impl<'a> Words<'a> {
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    pub fn text(&self, i: usize) -> &'a str {
        self.tokens.get(i).map_or("", |t| &self.text[t.start..t.end])
    }

    fn kind(&self, i: usize) -> Option<Kind> {
        self.tokens.get(i).map(|t| t.kind)
    }

    /// The token is this key word, or this mark.
    pub fn is(&self, i: usize, want: &str) -> bool {
        !matches!(self.kind(i), Some(Kind::Quoted | Kind::Text)) && self.text(i).eq_ignore_ascii_case(want)
    }

    /// The token before `i` is this key word, or this mark.
    pub fn after(&self, i: usize, want: &str) -> bool {
        i > 0 && self.is(i - 1, want)
    }

    pub fn any(&self, i: usize, want: &[&str]) -> bool {
        want.iter().any(|w| self.is(i, w))
    }

    /// Skips these words, if they are all there.
    pub fn skip(&self, i: usize, words: &str) -> usize {
        let count = words.split(' ').count();
        if words.split(' ').enumerate().all(|(k, w)| self.is(i + k, w)) { i + count } else { i }
    }

    pub fn is_word(&self, i: usize) -> bool {
        self.kind(i) == Some(Kind::Word)
    }

    pub fn is_string(&self, i: usize) -> bool {
        self.kind(i) == Some(Kind::Text)
    }

    pub fn is_dollar(&self, i: usize) -> bool {
        self.kind(i) == Some(Kind::Dollar)
    }

    pub fn is_name(&self, i: usize) -> bool {
        matches!(self.kind(i), Some(Kind::Word | Kind::Quoted))
    }

    /// The name at `i`, without its quotes, as the engine's catalog shows it.
    pub fn name(&self, i: usize) -> Option<String> {
        // SQLite takes a string for a name where only a name can stand.
        let string = self.dialect == Dialect::Sqlite && self.is_string(i);
        (self.is_name(i) || string).then(|| unquote(self.text(i), self.dialect))
    }

    /// `a.b.c` at `i`, and where it ends.
    pub fn path(&self, mut i: usize) -> Option<(Vec<String>, usize)> {
        let mut path = vec![self.name(i)?];
        while self.is(i + 1, ".")
            && let Some(next) = self.name(i + 2)
        {
            path.push(next);
            i += 2;
        }
        Some((path, i + 1))
    }

    /// How deep in parentheses the token at `i` stands, and where the outermost of them was opened.
    pub fn parens(&self, i: usize) -> (usize, Option<usize>) {
        let mut state = (0usize, None);
        for k in 0..i {
            state = match (self.text(k), state) {
                ("(", (0, _)) => (1, Some(k)),
                ("(", (depth, open)) => (depth + 1, open),
                (")", (0 | 1, _)) => (0, None),
                (")", (depth, open)) => (depth - 1, open),
                _ => state,
            };
        }
        state
    }
}

/// PostgreSQL folds names without quotes and cuts all at 63 bytes; SQLite keeps them as they were written.
pub fn unquote(word: &str, dialect: Dialect) -> String {
    let mut name = match word.as_bytes() {
        [b'u' | b'U', b'&', ..] => unescape(&word[3..word.len() - 1].replace("\"\"", "\"")),
        [q @ (b'"' | b'`' | b'\''), _, ..] => {
            let quote = *q as char;
            word[1..word.len() - 1].replace(&format!("{quote}{quote}"), &quote.to_string())
        }
        [b'[', _, ..] => word[1..word.len() - 1].to_string(),
        _ if dialect == Dialect::Postgres => word.to_ascii_lowercase(),
        _ => word.to_string(),
    };
    if dialect == Dialect::Postgres && name.len() > 63 {
        name.truncate(name.floor_char_boundary(63));
    }
    name
}

/// `\0061` and `\+000061` in a `U&"…"` name; another escape character (UESCAPE) is not understood, the engine judges.
fn unescape(content: &str) -> String {
    let mut out = String::new();
    let mut rest = content;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (skip, length) = if rest.starts_with('+') { (1, 6) } else { (0, 4) };
        let code = rest.get(skip..skip + length).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match code.and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                rest = &rest[skip + length..];
            }
            None => {
                out.push('\\');
                rest = rest.strip_prefix('\\').unwrap_or(rest);
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_the_engine_has_them() {
        for (dialect, word, want) in [
            (Dialect::Postgres, "Users", "users"),
            (Dialect::Postgres, "ÄB", "Äb"),
            (Dialect::Postgres, "\"Us\"\"ers\"", "Us\"ers"),
            (Dialect::Postgres, "U&\"d\\0061t\\+000061\\\\\"", "data\\"),
            (Dialect::Sqlite, "Users", "Users"),
            (Dialect::Sqlite, "[a b]", "a b"),
            (Dialect::Sqlite, "`a``b`", "a`b"),
            (Dialect::Sqlite, "'a''b'", "a'b"),
        ] {
            assert_eq!(unquote(word, dialect), want);
        }
        assert_eq!(unquote(&"é".repeat(40), Dialect::Postgres).chars().count(), 31);
    }
}
