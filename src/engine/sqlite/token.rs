//! SQLite's own lexical rules.
//!
//! A stored `CREATE` must be cut exactly where SQLite would cut it, or a piece is lost without anyone noticing. These are
//! the rules of `tokenize.c` (<https://sqlite.org/draft/tokenreq.html>). sqlparser's tokenizer was tried and refused: it
//! ends an identifier at `$`, takes characters beyond U+FFFF for symbols, and counts lines where offsets are needed.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// An identifier or keyword without quotes.
    Word,
    /// `"x"`, which may be a string where no such name exists.
    DoubleQuoted,
    /// `` `x` `` or `[x]`, always a name.
    Quoted,
    /// `'x'` or `x'00'`.
    Text,
    Number,
    Symbol,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    pub kind: TokenKind,
    pub text: &'a str,
    pub start: usize,
}

impl Token<'_> {
    /// Whether it is this keyword or symbol, in capitals.
    pub fn is(&self, word: &str) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::Symbol) && self.text.eq_ignore_ascii_case(word)
    }

    pub fn any_of(&self, words: &[&str]) -> bool {
        words.iter().any(|w| self.is(w))
    }

    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// The name that it spells, where it stands in the place of a name, folded as SQLite compares names.
    pub fn name(&self) -> Option<String> {
        self.spelling().map(|name| name.to_ascii_lowercase())
    }

    /// The name as it is written, without its quotes.
    /// SQLite takes a string for a name there: <https://sqlite.org/lang_keywords.html>.
    pub fn spelling(&self) -> Option<String> {
        let inner = |t: &str| t.get(1..t.len().saturating_sub(1)).unwrap_or_default().to_string();
        match (self.kind, self.text.chars().next()?) {
            (TokenKind::Word, _) => Some(self.text.to_string()),
            (_, '[') => Some(inner(self.text)),
            (_, q @ ('"' | '`' | '\'')) => Some(inner(self.text).replace(&format!("{q}{q}"), &q.to_string())),
            _ => None,
        }
    }

    /// What ends an operand, so that a sign after it is an operator between two.
    pub fn ends_operand(&self) -> bool {
        match self.kind {
            TokenKind::Symbol => self.text == ")" || self.text == "*",
            TokenKind::Word => !super::words::is_reserved(self.text) || self.is("NULL"),
            _ => true,
        }
    }
}

/// The tokens, without white space and comments.
pub fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < sql.len() {
        let (kind, length) = next(&sql[at..]);
        if let Some(kind) = kind {
            all.push(Token { kind, text: &sql[at..at + length], start: at });
        }
        at += length;
    }
    all
}

/// The kind and length of the first token; `None` for what does not count.
fn next(rest: &str) -> (Option<TokenKind>, usize) {
    let bytes = rest.as_bytes();
    let while_ = |from: usize, f: fn(char) -> bool| from + rest[from..].find(|c| !f(c)).unwrap_or(rest.len() - from);
    let second = bytes.get(1).copied();
    match (bytes[0], second) {
        (b' ' | b'\t' | b'\n' | b'\x0c' | b'\r', _) => (None, while_(0, |c| c.is_ascii_whitespace())),
        (b'-', Some(b'-')) => (None, rest.find('\n').unwrap_or(rest.len())),
        (b'/', Some(b'*')) => (None, rest[2..].find("*/").map_or(rest.len(), |end| end + 4)),
        (b'\'', _) => (Some(TokenKind::Text), quoted(rest, '\'')),
        (b'"', _) => (Some(TokenKind::DoubleQuoted), quoted(rest, '"')),
        (b'`', _) => (Some(TokenKind::Quoted), quoted(rest, '`')),
        (b'[', _) => (Some(TokenKind::Quoted), rest.find(']').map_or(rest.len(), |end| end + 1)),
        (b'x' | b'X', Some(b'\'')) => (Some(TokenKind::Text), 1 + quoted(&rest[1..], '\'')),
        (b'0'..=b'9', _) | (b'.', Some(b'0'..=b'9')) => (Some(TokenKind::Number), number(rest)),
        (b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.., _) => (Some(TokenKind::Word), while_(0, is_part)),
        (b'?' | b'@' | b'$' | b':' | b'#', _) => (Some(TokenKind::Word), while_(1, is_part).max(1)),
        (b'-', Some(b'>')) => (Some(TokenKind::Symbol), if bytes.get(2) == Some(&b'>') { 3 } else { 2 }),
        (b'<', Some(b'=' | b'>' | b'<'))
        | (b'>', Some(b'=' | b'>'))
        | (b'=' | b'!', Some(b'='))
        | (b'|', Some(b'|')) => (Some(TokenKind::Symbol), 2),
        _ => (Some(TokenKind::Symbol), 1),
    }
}

/// What may follow in an identifier. SQLite counts every byte above 127.
pub fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut from = 1;
    while let Some(found) = rest[from..].find(quote) {
        from += found + 1;
        if !rest[from..].starts_with(quote) {
            return from;
        }
        from += 1;
    }
    rest.len()
}

/// Digits, `_` between them, a fraction, an exponent, or hexadecimal.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let exponent = |i: usize| matches!(bytes[i], b'+' | b'-') && i > 0 && matches!(bytes[i - 1], b'e' | b'E');
    let hexadecimal = matches!(bytes.get(1), Some(b'x' | b'X'));
    let part = |i: usize| is_part(bytes[i] as char) || bytes[i] == b'.' || (!hexadecimal && exponent(i));
    (0..bytes.len()).find(|i| !part(*i)).unwrap_or(bytes.len())
}

/// The index of the name in a `CREATE`. SQLite stores neither schema nor `IF NOT EXISTS`, but says nowhere that it never will.
pub fn name_at(tokens: &[Token]) -> Option<usize> {
    let kind = tokens.iter().position(|t| t.any_of(&["TABLE", "INDEX", "VIEW", "TRIGGER"]))?;
    let exists =
        [("IF", 1), ("NOT", 2), ("EXISTS", 3)].iter().all(|(w, i)| tokens.get(kind + i).is_some_and(|t| t.is(w)));
    let name = if exists { kind + 4 } else { kind + 1 };
    let qualified = tokens.get(name + 1).is_some_and(|t| t.is("."));
    Some(if qualified { name + 2 } else { name })
}

/// The index after the parenthesis that closes the one at `open`.
pub fn group_end(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(i + 1);
            }
        }
    }
    None
}

/// The parts between commas that stand in no parentheses.
pub fn split_at_commas<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut depth = 0i32;
    tokens
        .split(|t| {
            depth += i32::from(t.is("(")) - i32::from(t.is(")"));
            depth == 0 && t.is(",")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_tokens_are_cut_where_sqlite_cuts_them() {
        let texts = |sql| tokens(sql).iter().map(|t| t.text).collect::<Vec<_>>();
        assert_eq!(
            texts("a$b+1e-5-x'0f'->>'a''b'--c\n/*d*/[e]]"),
            ["a$b", "+", "1e-5", "-", "x'0f'", "->>", "'a''b'", "[e]", "]"]
        );
        assert_eq!(
            texts("\u{1f600}a\"b\"\"c\"`d```<=||1_000 0x1F-1 .5"),
            ["\u{1f600}a", "\"b\"\"c\"", "`d```", "<=", "||", "1_000", "0x1F", "-", "1", ".5"]
        );
        assert_eq!(texts("'open"), ["'open"]);
        assert_eq!(tokens("`d```")[0].name().as_deref(), Some("d`"));
    }
}
