//! Desired SQL, as text: files, statements with their places, hints, order and digest. No engine is asked here; the
//! engine is the judge of every statement, through the `run` that [`Source::load`] is given.
//!
//! Names are found by their positions among tokens (`needs`), not by a grammar: it costs no parser that knows less SQL
//! than the engine, works inside of bodies, and a wrong guess costs a retry, never a wrong schema.

mod digest;
mod head;
mod hints;
mod lexer;
mod load;
pub mod migrations;
mod needs;
mod order;
mod parts;
mod read;
mod refuse;
mod roles;
pub mod script;
mod split;
mod subject;
#[cfg(test)]
mod tests;
mod words;

use crate::model::Roles;
use crate::{Error, Result};
use std::ops::Range;

/// Whose rules the text follows for strings, names and comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Sqlite,
}

#[derive(Debug, Clone)]
pub struct File {
    /// As the user wrote the path; `<stdin>` for `-`.
    pub name: String,
    /// Without a byte order mark.
    pub text: String,
}

#[derive(Debug, Clone)]
pub struct Statement {
    /// Index in [`Source::files`].
    pub file: usize,
    /// Bytes in the file, from the first token to the end of the last, before the `;`.
    pub range: Range<usize>,
    /// The exact text of the range.
    pub text: String,
    pub hints: Vec<Hint>,
    /// Best effort; a schema of its own is a name without a schema.
    pub defines: Vec<Name>,
    /// Best effort, and only names that some statement of the source defines.
    pub needs: Vec<Name>,
    roles: Roles,
    facts: needs::Facts,
}

/// A name as the dialect folds it: SQLite's are lower-cased even when quoted, for they are compared so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    pub schema: Option<String>,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hint {
    /// Byte offset in the file.
    pub at: usize,
    pub kind: HintKind,
    /// What the hint stands directly before, where that has a name; the same as inside `RenamedFrom`.
    pub subject: Option<Subject>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum HintKind {
    /// `old` as it is written; `subject` is always there in a parsed source.
    RenamedFrom {
        old: String,
        subject: Option<Subject>,
    },
    DependsOn {
        on: Vec<Written>,
    },
    /// `subject` is a column in a parsed source.
    Using {
        expression: String,
    },
    /// What a column that goes is made of as long as the old application is there, and on the way back; `subject` is a column
    /// in a parsed source.
    Back {
        column: String,
        expression: String,
    },
    /// A permission without its reason is refused, so `reason` is always there in a parsed source.
    Allow {
        rule: String,
        reason: Option<String>,
        until: Option<String>,
    },
}

/// A name in a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// As the user wrote it.
    pub text: String,
    /// Unquoted, as the engine's catalog shows it; the schema only where it is written.
    pub path: Vec<String>,
    /// The argument types of a function, where they are written.
    pub arguments: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// `table`, `column`, `index`, `enum value`, `attribute`, `constraint`, …
    pub object: &'static str,
    /// Unquoted, as the engine's catalog shows it; the schema only where it is written. Things of a table (columns,
    /// constraints, triggers, policies) come after the table's path.
    pub path: Vec<String>,
    pub new: String,
}

#[derive(Debug, Clone)]
pub struct Source {
    pub dialect: Dialect,
    pub files: Vec<File>,
    pub statements: Vec<Statement>,
    /// Loaded in the order in which they are written and no other: they say what to do, not what there is to be.
    pub as_written: bool,
}

impl Source {
    /// Reads a file, a folder (recursively, `*.sql`, sorted), or `-` (standard input).
    pub fn read(path: &str, dialect: Dialect) -> Result<Source> {
        Source::parse(read::files(path)?, dialect)
    }

    pub fn parse(mut files: Vec<File>, dialect: Dialect) -> Result<Source> {
        for file in &mut files {
            if file.text.starts_with('\u{feff}') {
                file.text.drain(..'\u{feff}'.len_utf8());
            }
        }
        let mut statements = vec![];
        for (file, File { name, text }) in files.iter().enumerate() {
            let mut splitter = split::Splitter::new(text, dialect);
            let place = |flaw: lexer::Flaw| flaw.error.at(format!("{name}:{}", position(text, flaw.at)));
            while let Some(piece) = splitter.next().map_err(place)? {
                statements.push(statement(file, text, dialect, &piece).map_err(place)?);
            }
        }
        needs::keep_defined(&mut statements);
        Ok(Source { dialect, files, statements, as_written: false })
    }

    /// `schema/a.sql:3:14`: line and column count from 1, the column in characters.
    pub fn place(&self, statement: usize, byte_offset_in_statement: usize) -> String {
        let statement = &self.statements[statement];
        let file = &self.files[statement.file];
        let offset = byte_offset_in_statement.min(statement.text.len());
        format!("{}:{}", file.name, position(&file.text, statement.range.start + offset))
    }

    /// The place of a byte of a file: of a [`Hint::at`], for one.
    pub fn place_in_file(&self, file: usize, byte: usize) -> String {
        let file = &self.files[file];
        format!("{}:{}", file.name, position(&file.text, byte))
    }
}

fn statement(file: usize, text: &str, dialect: Dialect, piece: &split::Piece) -> Result<Statement, lexer::Flaw> {
    let words = words::Words { text, dialect, tokens: &piece.tokens };
    let hints = hints::attach(&words, &piece.hints)?;
    let found = needs::find(&words, &hints);
    let range = piece.tokens[0].start..piece.tokens[piece.tokens.len() - 1].end;
    let text = text[range.clone()].to_string();
    let roles = words.roles();
    Ok(Statement { roles, file, range, text, hints, defines: found.defines, needs: found.needs, facts: found.facts })
}

/// The text without the lines that hold hints.
pub fn without_hints(text: &str, dialect: Dialect) -> String {
    let mut lexer = lexer::Lexer::new(text, dialect);
    let (mut out, mut from) = (String::new(), 0);
    while let Ok(Some(token)) = lexer.next() {
        if token.kind == lexer::Kind::LineComment && matches!(hints::recognise(text, token), Ok(Some(_))) {
            let line = text[..token.start].rfind('\n').map_or(0, |end| end + 1);
            out.push_str(&text[from..line]);
            from = (token.end + 1).min(text.len());
        }
    }
    out.push_str(&text[from..]);
    out
}

/// The statements of a text, by their bytes. Never panics, whatever the text; errors have their place as `line:column`.
pub fn split(text: &str, dialect: Dialect) -> Result<Vec<Range<usize>>> {
    let mut splitter = split::Splitter::new(text, dialect);
    let mut ranges = vec![];
    let place = |flaw: lexer::Flaw| -> Error { flaw.error.at(position(text, flaw.at)) };
    while let Some(piece) = splitter.next().map_err(place)? {
        ranges.push(piece.tokens[0].start..piece.tokens[piece.tokens.len() - 1].end);
    }
    Ok(ranges)
}

/// `line:column` of a byte; one inside of a character counts as that character.
fn position(text: &str, byte: usize) -> String {
    let before = &text[..text.floor_char_boundary(byte)];
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{line}:{column}")
}
