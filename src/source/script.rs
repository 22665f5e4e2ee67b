//! A script as it is: every statement with its place, also those that have no place in a schema file.

use super::lexer::Token;
pub use super::words::Words;
use super::{Dialect, File, Hint, hints, lexer, position, split};
use crate::Result;
use std::ops::Range;

/// A file of statements that somebody runs, in their order.
#[derive(Debug, Clone)]
pub struct Script {
    pub dialect: Dialect,
    pub file: File,
    pub statements: Vec<Said>,
}

/// One statement of a script.
#[derive(Debug, Clone)]
pub struct Said {
    /// Bytes in the file.
    pub range: Range<usize>,
    pub hints: Vec<Hint>,
    tokens: Vec<Token>,
}

impl Script {
    pub fn parse(mut file: File, dialect: Dialect) -> Result<Script> {
        if file.text.starts_with('\u{feff}') {
            file.text.drain(..'\u{feff}'.len_utf8());
        }
        let mut statements = vec![];
        let mut splitter = split::Splitter::script(&file.text, dialect);
        let place = |flaw: lexer::Flaw| flaw.error.at(format!("{}:{}", file.name, position(&file.text, flaw.at)));
        while let Some(piece) = splitter.next().map_err(place)? {
            let words = Words { text: &file.text, dialect, tokens: &piece.tokens };
            let hints = hints::attach(&words, &piece.hints).map_err(place)?;
            let range = piece.tokens[0].start..piece.tokens[piece.tokens.len() - 1].end;
            statements.push(Said { range, hints, tokens: piece.tokens });
        }
        Ok(Script { dialect, file, statements })
    }

    /// Reads each file of a path: a file, a folder, or `-`.
    pub fn read(path: &str, dialect: Dialect) -> Result<Vec<Script>> {
        super::read::files(path)?.into_iter().map(|file| Script::parse(file, dialect)).collect()
    }

    pub fn words(&self, statement: usize) -> Words<'_> {
        Words { text: &self.file.text, dialect: self.dialect, tokens: &self.statements[statement].tokens }
    }

    pub fn text(&self, statement: usize) -> &str {
        &self.file.text[self.statements[statement].range.clone()]
    }

    /// The bytes of some tokens of a statement.
    pub fn bytes(&self, statement: usize, tokens: Range<usize>) -> Range<usize> {
        let all = &self.statements[statement].tokens;
        let end = tokens.end.clamp(1, all.len());
        all[tokens.start.min(end - 1)].start..all[end - 1].end
    }
}
