//! Statements of a text: where each begins and ends.

use super::lexer::{Flaw, Kind, Lexer, Token};
use super::{Dialect, hints, refuse};

/// One statement: its tokens without comments, and the `-- msr:` comments before and inside it.
#[derive(Debug, Default)]
pub struct Piece {
    pub tokens: Vec<Token>,
    pub hints: Vec<Token>,
}

/// PostgreSQL's own parser and ours recurse on parentheses; nobody writes this many.
const DEEPEST: usize = 200;

pub struct Splitter<'a> {
    text: &'a str,
    dialect: Dialect,
    lexer: Lexer<'a>,
    /// Statements that have no place in a schema file are kept, and a client's commands passed over.
    script: bool,
}

impl<'a> Splitter<'a> {
    pub fn new(text: &'a str, dialect: Dialect) -> Self {
        Splitter { text, dialect, lexer: Lexer::new(text, dialect), script: false }
    }

    /// For a script that somebody runs, whatever it does.
    pub fn script(text: &'a str, dialect: Dialect) -> Self {
        Splitter { script: true, ..Splitter::new(text, dialect) }
    }

    /// The next statement. Text is read no further than its `;`, so that what follows a `COPY … FROM stdin` is never
    /// taken for SQL.
    pub fn next(&mut self) -> Result<Option<Piece>, Flaw> {
        let mut piece = Piece::default();
        let mut nesting = Nesting::default();
        while let Some(token) = self.lexer.next()? {
            match token.kind {
                Kind::LineComment => piece.hints.extend(hints::recognise(self.text, token)?),
                Kind::BlockComment => {}
                Kind::Meta if self.script => {}
                Kind::Meta => refuse::meta(self.text, token)?,
                _ if &self.text[token.start..token.end] == ";" && nesting.may_end(self.text, &piece.tokens) => {
                    if !piece.tokens.is_empty() && self.keeps(&mut piece)? {
                        return Ok(Some(piece));
                    }
                }
                _ => {
                    nesting.see(self.text, self.dialect, token, &piece.tokens)?;
                    piece.tokens.push(token);
                }
            }
        }
        nesting.end_of_file(self.text, &piece.tokens)?;
        if !piece.tokens.is_empty() && self.keeps(&mut piece)? {
            return Ok(Some(piece));
        }
        match piece.hints.first() {
            Some(hint) if !self.script => Err(hints::before_nothing(hint.start)),
            _ => Ok(None),
        }
    }

    /// Whether the statement belongs to the schema; if not, only its tokens are forgotten: the hints before a `BEGIN;`
    /// are meant for what comes after it.
    fn keeps(&self, piece: &mut Piece) -> Result<bool, Flaw> {
        let keeps = self.script || refuse::statement(self.text, self.dialect, &piece.tokens)?;
        if !keeps {
            piece.tokens.clear();
        }
        Ok(keeps)
    }
}

/// Whether a `;` stands inside something.
#[derive(Default)]
struct Nesting {
    parens: usize,
    head: Head,
    body: Body,
}

/// The statements whose inner `;` do not end them.
#[derive(Default, Clone, Copy, PartialEq)]
enum Head {
    #[default]
    Other,
    /// `CREATE`, and only words so far that may stand before the kind.
    Create,
    Rule,
    Trigger,
}

#[derive(Default)]
enum Body {
    #[default]
    None,
    /// PostgreSQL's `BEGIN ATOMIC … END`: `CASE` and `END` are counted, as psql does.
    Atomic { depth: usize, at: usize },
    /// SQLite's trigger: ends at `; END ;`, as `sqlite3_complete` has it; nothing need be counted.
    Trigger { at: usize },
}

impl Nesting {
    fn see(&mut self, text: &str, dialect: Dialect, token: Token, before: &[Token]) -> Result<(), Flaw> {
        let word = &text[token.start..token.end];
        match word {
            "(" => self.parens += 1,
            ")" => self.parens = self.parens.saturating_sub(1),
            _ if token.kind == Kind::Word => self.word(text, dialect, token, before),
            _ => {}
        }
        if self.parens > DEEPEST {
            return Err(Flaw::new(token.start, format!("parentheses are nested more than {DEEPEST} deep")));
        }
        Ok(())
    }

    fn word(&mut self, text: &str, dialect: Dialect, token: Token, before: &[Token]) {
        let is = |word: &str| text[token.start..token.end].eq_ignore_ascii_case(word);
        let last = before.last().map_or("", |t| &text[t.start..t.end]);
        if before.is_empty() && is("create") {
            self.head = Head::Create;
        } else if self.head == Head::Create && before.len() < 5 {
            if is("rule") && dialect == Dialect::Postgres {
                self.head = Head::Rule;
            } else if is("trigger") && dialect == Dialect::Sqlite {
                self.head = Head::Trigger;
            }
        }
        match &mut self.body {
            Body::None
                if dialect == Dialect::Postgres
                    && is("atomic")
                    && last.eq_ignore_ascii_case("begin")
                    && self.head == Head::Create =>
            {
                self.body = Body::Atomic { depth: 1, at: before[before.len() - 1].start };
            }
            Body::None if is("begin") && self.head == Head::Trigger && self.parens == 0 && last != "." => {
                self.body = Body::Trigger { at: token.start };
            }
            Body::Atomic { depth, .. } if last != "." => {
                if is("case") {
                    *depth += 1;
                } else if is("end") {
                    *depth = depth.saturating_sub(1);
                }
            }
            _ => {}
        }
    }

    /// Parentheses hold a `;` back only in `CREATE RULE … DO (a; b)`: elsewhere an unclosed one is a mistake, better
    /// told for its own statement than for the rest of the file.
    fn may_end(&self, text: &str, tokens: &[Token]) -> bool {
        match self.body {
            Body::Atomic { depth, .. } => depth == 0,
            Body::Trigger { .. } => ends_body(text, tokens),
            Body::None => self.head != Head::Rule || self.parens == 0,
        }
    }

    fn end_of_file(&self, text: &str, tokens: &[Token]) -> Result<(), Flaw> {
        match self.body {
            Body::Atomic { depth: 1.., at } => {
                Err(Flaw::new(at, "a body that begins here with `BEGIN ATOMIC` has no `END`"))
            }
            Body::Trigger { at } if !ends_body(text, tokens) => {
                Err(Flaw::new(at, "a trigger body that begins here has no `END`").hint("close it with `END;`"))
            }
            _ => Ok(()),
        }
    }
}

/// The last tokens are `; END`, or `BEGIN END`.
fn ends_body(text: &str, tokens: &[Token]) -> bool {
    let word = |back: usize| tokens.len().checked_sub(back).map_or("", |i| &text[tokens[i].start..tokens[i].end]);
    word(1).eq_ignore_ascii_case("end") && (word(2) == ";" || word(2).eq_ignore_ascii_case("begin"))
}

#[cfg(test)]
mod tests {
    use super::super::split;
    use super::*;

    fn parts(text: &str, dialect: Dialect) -> Vec<&str> {
        split(text, dialect).unwrap().into_iter().map(|r| &text[r]).collect()
    }

    #[test]
    fn postgres() {
        for (text, want) in [
            ("", &[][..]),
            (";; -- a\n;", &[]),
            ("create table a(); create table b()", &["create table a()", "create table b()"]),
            (
                "create table a (x text default ';'); select $$;$$;",
                &["create table a (x text default ';')", "select $$;$$"],
            ),
            ("comment on table a is E'\\';' ; select 1 -- x;\n;", &["comment on table a is E'\\';'", "select 1"]),
            (
                "create function f() returns int begin atomic select case when true then 1 else 2 end; select 1; end; select 2",
                &[
                    "create function f() returns int begin atomic select case when true then 1 else 2 end; select 1; end",
                    "select 2",
                ],
            ),
            (
                "create rule r as on insert to t do (select 1; select 2); select 3",
                &["create rule r as on insert to t do (select 1; select 2)", "select 3"],
            ),
            ("create table a (x int; create table b()", &["create table a (x int", "create table b()"]),
            ("begin; create table a(); commit;", &["create table a()"]),
            ("\\restrict ab'c\nselect 1;\n\\unrestrict ab'c\n", &["select 1"]),
            ("/* ; /* ; */ ; */ select 1", &["select 1"]),
        ] {
            assert_eq!(parts(text, Dialect::Postgres), want, "{text}");
        }
    }

    #[test]
    fn sqlite() {
        let trigger = "create temp trigger t after insert on a begin update a set x = case new.end when 1 then 2 end; \
                       select case when 1 then 2 end; end";
        assert_eq!(parts(&format!("{trigger}; select 1;"), Dialect::Sqlite), [trigger, "select 1"]);
        assert_eq!(parts(trigger, Dialect::Sqlite), [trigger]);
        assert_eq!(parts("create table [a;b](x); create table `c;d`(x)", Dialect::Sqlite).len(), 2);
        assert_eq!(parts("begin transaction; create table a(x); commit; end;", Dialect::Sqlite), ["create table a(x)"]);
    }

    #[test]
    fn refused() {
        let deep = format!("select {}", "(".repeat(201));
        for (dialect, text, at, message) in [
            (Dialect::Postgres, "select 1; select 'a", "1:18", "has no end"),
            (Dialect::Postgres, "create function f() begin atomic select 1;", "1:21", "has no `END`"),
            (Dialect::Postgres, "\\connect it's", "1:1", "`\\connect`"),
            (Dialect::Postgres, "copy a from stdin;\nit's\n\\.\n", "1:1", "COPY"),
            (Dialect::Postgres, "select 1;\nrollback;", "2:1", "ROLLBACK"),
            (Dialect::Postgres, "create database x;", "1:1", "CREATE DATABASE"),
            (Dialect::Postgres, "vacuum", "1:1", "VACUUM"),
            (Dialect::Postgres, deep.as_str(), "1:208", "200"),
            (Dialect::Sqlite, "create trigger t after insert on a begin select 1;", "1:36", "has no `END`"),
            (Dialect::Sqlite, ".read x", "1:1", "`.read`"),
            (Dialect::Sqlite, "attach 'x' as y", "1:1", "ATTACH"),
        ] {
            let error = split(text, dialect).unwrap_err();
            assert_eq!(error.at.as_deref(), Some(at), "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
        }
    }
}
