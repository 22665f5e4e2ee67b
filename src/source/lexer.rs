//! Tokens of SQL text, with their bytes: just enough to know where strings, names and comments begin and end.
//!
//! Not sqlparser's tokenizer, because one statement that it cannot read loses it the whole file, and its spans lie.

use super::Dialect;
use crate::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A key word or a name without quotes.
    Word,
    /// A name in quotes: `"a"`, `U&"a"`, and on SQLite `` `a` `` and `[a]`.
    Quoted,
    /// A string with its prefix: `'a'`, `E'a'`, `x'00'`.
    Text,
    /// `$tag$ … $tag$`.
    Dollar,
    Number,
    /// A run of operator characters, or of colons.
    Operator,
    /// One other character.
    Mark,
    LineComment,
    BlockComment,
    /// A line for the command-line client: `\connect`, `.read`.
    Meta,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// What is wrong with a text, and at which byte; the file's name is added by who knows it.
#[derive(Debug)]
pub struct Flaw {
    pub at: usize,
    pub error: Error,
}

impl Flaw {
    pub fn new(at: usize, message: impl Into<String>) -> Self {
        Flaw { at, error: Error::refused(message) }
    }

    pub fn code(mut self, code: &'static crate::error::Code) -> Self {
        self.error = self.error.code(code);
        self
    }

    pub fn hint(mut self, line: impl Into<String>) -> Self {
        self.error = self.error.hint(line);
        self
    }
}

pub struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
    /// Between statements, where a client's command may stand.
    between: bool,
}

/// Bytes above ASCII count as letters, as both engines have it; so every token ends at a character's border.
fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn in_word(byte: u8) -> bool {
    starts_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

const OPERATORS: &[u8] = b"+-*/<>=~!@#%^&|`?";

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str, dialect: Dialect) -> Self {
        Lexer { text, bytes: text.as_bytes(), at: 0, dialect, between: true }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The next token, comments included; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Token>, Flaw> {
        while matches!(self.peek(0), b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c) {
            self.at += 1;
        }
        let start = self.at;
        if start >= self.bytes.len() {
            return Ok(None);
        }
        let kind = self.scan()?;
        match kind {
            Kind::LineComment | Kind::BlockComment | Kind::Meta => {}
            _ => self.between = self.bytes[start] == b';',
        }
        Ok(Some(Token { kind, start, end: self.at }))
    }

    fn scan(&mut self) -> Result<Kind, Flaw> {
        let postgres = self.dialect == Dialect::Postgres;
        match self.peek(0) {
            b'-' if self.peek(1) == b'-' => Ok(self.line(Kind::LineComment)),
            b'/' if self.peek(1) == b'*' => self.block_comment(),
            b'\\' if postgres && self.between => Ok(self.line(Kind::Meta)),
            b'.' if !postgres && self.between => Ok(self.line(Kind::Meta)),
            b'\'' => self.quoted(b'\'', false, "string", Kind::Text),
            b'"' => self.quoted(b'"', false, "quoted name", Kind::Quoted),
            b'`' if !postgres => self.quoted(b'`', false, "quoted name", Kind::Quoted),
            b'[' if !postgres => self.bracketed(),
            b'$' if postgres => self.dollar(),
            0 => Err(Flaw::new(self.at, "a NUL byte in the text").hint("is the file UTF-16? Save it as UTF-8")),
            b if b.is_ascii_digit() => Ok(self.number()),
            b if starts_word(b) => self.word(),
            b':' => Ok(self.run(b":=")),
            b if OPERATORS.contains(&b) => Ok(self.run(OPERATORS)),
            _ => {
                self.at += 1;
                Ok(Kind::Mark)
            }
        }
    }

    /// To the end of the line.
    fn line(&mut self, kind: Kind) -> Kind {
        while self.at < self.bytes.len() && !matches!(self.bytes[self.at], b'\n' | b'\r') {
            self.at += 1;
        }
        kind
    }

    /// PostgreSQL nests comments, SQLite does not.
    fn block_comment(&mut self) -> Result<Kind, Flaw> {
        let (start, mut depth) = (self.at, 0usize);
        while self.at < self.bytes.len() {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') if depth == 0 || self.dialect == Dialect::Postgres => depth += 1,
                (b'*', b'/') => depth -= 1,
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            self.at += 2;
            if depth == 0 {
                return Ok(Kind::BlockComment);
            }
        }
        Err(Flaw::new(start, "a comment that begins here has no end").hint("close it with `*/`"))
    }

    /// From the opening quote to the closing one; two quotes are one quote of the content.
    fn quoted(&mut self, quote: u8, escapes: bool, what: &str, kind: Kind) -> Result<Kind, Flaw> {
        let start = self.at;
        self.at += 1;
        while self.at < self.bytes.len() {
            let byte = self.bytes[self.at];
            self.at += 1;
            if byte == b'\\' && escapes {
                self.at += 1;
            } else if byte == quote {
                if self.peek(0) == quote {
                    self.at += 1;
                } else if escapes && self.continues() {
                    // `E'a'` newline `'b'` is one string, and the escapes hold in its second part too.
                    return self.quoted_rest(start);
                } else {
                    return Ok(kind);
                }
            }
        }
        let mark = quote as char;
        Err(Flaw::new(start, format!("a {what} that begins here has no end")).hint(format!("close it with `{mark}`")))
    }

    /// The further parts of an escape string, in a loop: a file of a million parts must not use the stack.
    fn quoted_rest(&mut self, start: usize) -> Result<Kind, Flaw> {
        loop {
            while self.peek(0) != b'\'' {
                self.at += 1;
            }
            self.at += 1;
            loop {
                match (self.peek(0), self.peek(1)) {
                    _ if self.at >= self.bytes.len() => {
                        return Err(Flaw::new(start, "a string that begins here has no end").hint("close it with `'`"));
                    }
                    (b'\\', _) | (b'\'', b'\'') => self.at += 2,
                    (b'\'', _) => break,
                    _ => self.at += 1,
                }
            }
            self.at += 1;
            if !self.continues() {
                return Ok(Kind::Text);
            }
        }
    }

    /// After white space with a line break comes a quote.
    fn continues(&self) -> bool {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        let space = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        rest[..space].contains(&b'\n') && rest.get(space) == Some(&b'\'')
    }

    fn bracketed(&mut self) -> Result<Kind, Flaw> {
        match self.text[self.at..].find(']') {
            Some(end) => {
                self.at += end + 1;
                Ok(Kind::Quoted)
            }
            None => Err(Flaw::new(self.at, "a quoted name that begins here has no end").hint("close it with `]`")),
        }
    }

    fn dollar(&mut self) -> Result<Kind, Flaw> {
        let start = self.at;
        let mut end = start + 1;
        while self.bytes.get(end).is_some_and(|&b| b != b'$' && in_word(b)) {
            end += 1;
        }
        let named = end > start + 1;
        if self.bytes.get(end) != Some(&b'$') || (named && !starts_word(self.bytes[start + 1])) {
            self.at += 1;
            return Ok(Kind::Mark);
        }
        let tag = &self.text[start..=end];
        match self.text[end + 1..].find(tag) {
            Some(length) => {
                self.at = end + 1 + length + tag.len();
                Ok(Kind::Dollar)
            }
            None => Err(Flaw::new(start, format!("a string that begins here with `{tag}` has no end"))
                .hint(format!("close it with `{tag}`"))),
        }
    }

    fn number(&mut self) -> Kind {
        while self.peek(0).is_ascii_alphanumeric() || matches!(self.peek(0), b'.' | b'_') {
            let exponent = matches!(self.peek(0), b'e' | b'E') && matches!(self.peek(1), b'+' | b'-');
            self.at += if exponent { 2 } else { 1 };
        }
        Kind::Number
    }

    fn word(&mut self) -> Result<Kind, Flaw> {
        let start = self.at;
        while in_word(self.peek(0)) {
            self.at += 1;
        }
        let postgres = self.dialect == Dialect::Postgres;
        match (&self.bytes[start..self.at], self.peek(0), self.peek(1)) {
            ([b'e' | b'E'], b'\'', _) if postgres => self.quoted(b'\'', true, "string", Kind::Text),
            ([b'b' | b'B' | b'n' | b'N'], b'\'', _) if postgres => self.quoted(b'\'', false, "string", Kind::Text),
            ([b'x' | b'X'], b'\'', _) => self.quoted(b'\'', false, "string", Kind::Text),
            ([b'u' | b'U'], b'&', b'\'') if postgres => {
                self.at += 1;
                self.quoted(b'\'', false, "string", Kind::Text)
            }
            ([b'u' | b'U'], b'&', b'"') if postgres => {
                self.at += 1;
                self.quoted(b'"', false, "quoted name", Kind::Quoted)
            }
            _ => Ok(Kind::Word),
        }
    }

    /// A run, so that `<-1` and `< -1` are not the same tokens; it stops where a comment begins.
    fn run(&mut self, of: &[u8]) -> Kind {
        self.at += 1;
        while of.contains(&self.peek(0)) && self.at < self.bytes.len() {
            if matches!((self.peek(0), self.peek(1)), (b'-', b'-') | (b'/', b'*')) {
                break;
            }
            if self.peek(0) == b'`' && self.dialect == Dialect::Sqlite {
                break;
            }
            self.at += 1;
        }
        Kind::Operator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexed(text: &str, dialect: Dialect) -> Vec<(Kind, &str)> {
        let mut lexer = Lexer::new(text, dialect);
        let mut out = vec![];
        while let Some(token) = lexer.next().unwrap() {
            out.push((token.kind, &text[token.start..token.end]));
        }
        out
    }

    #[test]
    fn every_form_is_one_token() {
        use Dialect::*;
        use Kind::*;
        for (dialect, text, kind) in [
            (Postgres, "'it''s; --'", Text),
            (Postgres, r"E'a\'b;'", Text),
            (Postgres, "e'a'\n  'b\\';'", Text),
            (Postgres, "U&'d\\0061;'", Text),
            (Postgres, "U&\"d\\0061;\"", Quoted),
            (Postgres, "\"a\"\";b\"", Quoted),
            (Postgres, "$$ ; ' $x$ $$", Dollar),
            (Postgres, "$täg$ ; $$ $täg$", Dollar),
            (Postgres, "/* a /* b */ ; */", BlockComment),
            (Postgres, "-- a ; ' ", LineComment),
            (Postgres, "naïve$1", Word),
            (Postgres, "1.5e-3", Number),
            (Postgres, "<=>", Operator),
            (Postgres, "\\connect it's", Meta),
            (Sqlite, "`a``;b`", Quoted),
            (Sqlite, "[a;'b]", Quoted),
            (Sqlite, "x'00'", Text),
            (Sqlite, "'a\\'", Text),
            (Sqlite, "/* /* */", BlockComment),
            (Sqlite, ".read a", Meta),
        ] {
            assert_eq!(lexed(text, dialect), [(kind, text)], "{text}");
        }
    }

    #[test]
    fn neighbours_are_not_swallowed() {
        let parts = |text| lexed(text, Dialect::Postgres).into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(parts("a$b$c $1 x::int"), ["a$b$c", "$", "1", "x", "::", "int"]);
        assert_eq!(parts("1--c\n-2"), ["1", "--c", "-", "2"]);
        assert_eq!(parts("name'x' a[1]"), ["name", "'x'", "a", "[", "1", "]"]);
        assert_eq!(parts("+/*c*/1"), ["+", "/*c*/", "1"]);
    }

    #[test]
    fn what_has_no_end_is_told_at_its_beginning() {
        for (dialect, text) in [
            (Dialect::Postgres, "ab 'c"),
            (Dialect::Postgres, "ab \"c"),
            (Dialect::Postgres, "ab $x$ c $y$"),
            (Dialect::Postgres, "ab /* /* */"),
            (Dialect::Postgres, "ab E'\\'"),
            (Dialect::Postgres, "ab \0"),
            (Dialect::Sqlite, "ab [c"),
            (Dialect::Sqlite, "ab `c"),
        ] {
            let mut lexer = Lexer::new(text, dialect);
            lexer.next().unwrap();
            let flaw = lexer.next().unwrap_err();
            assert!(flaw.at == 3 || text.contains("E'") && flaw.at == 4, "{text}: {}", flaw.at);
        }
    }
}
