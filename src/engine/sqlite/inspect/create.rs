//! What PRAGMAs do not tell, cut out of a stored `CREATE TABLE` (<https://sqlite.org/lang_createtable.html>).

use super::super::normal::{Names, normal, spelled};
use super::super::token::{Token, TokenKind, group_end, split_at_commas, tokens};

/// A `CREATE TABLE` in pieces.
#[derive(Debug, Default)]
pub struct Sliced {
    pub columns: Vec<ColumnText>,
    pub constraints: Vec<Constraint>,
    pub autoincrement: bool,
}

#[derive(Debug, Default)]
pub struct ColumnText {
    pub name: String,
    /// From the name to the last token.
    pub text: String,
    pub default: Option<String>,
    pub collation: Option<String>,
    pub generated: Option<String>,
    pub conflict: Option<String>,
    /// What the generating expression mentions.
    pub mentions: Names,
}

#[derive(Debug)]
pub struct Constraint {
    /// As the user named it.
    pub name: Option<String>,
    pub what: What,
    pub columns: Vec<String>,
    pub definition: String,
    /// As it is written; `None` for what stands in its column's text.
    pub text: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    PrimaryKey,
    Unique,
    Check,
    ForeignKey,
}

/// `columns` are the names and types that SQLite tells of. `None` when the text is not as expected: the table is then reported
/// as not modelled.
pub fn slice(sql: &str, columns: &[(&str, &str)]) -> Option<Sliced> {
    let all = tokens(sql);
    let open = all.iter().position(|t| t.is("("))?;
    let end = group_end(&all, open)?;
    let known: Names = columns.iter().map(|c| c.0).collect();
    let mut out = Sliced::default();
    let mut names = columns.iter();
    for part in split_at_commas(&all[open + 1..end - 1]) {
        let mut cutter = Cutter { sql, tokens: part, at: 0, known: &known, columns, name: None, out: &mut out };
        let first = part.first()?;
        let is_constraint = first.any_of(&["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]);
        if !is_constraint {
            // What the text calls the columns must be what SQLite calls them.
            let expected = names.next()?;
            cutter.column(expected).filter(|name| name == expected.0)?;
        } else {
            cutter.table_constraints()?;
        }
    }
    names.next().is_none().then_some(out)
}

struct Cutter<'c, 'a> {
    sql: &'a str,
    tokens: &'c [Token<'a>],
    at: usize,
    known: &'c Names,
    /// Name and type.
    columns: &'c [(&'c str, &'c str)],
    name: Option<String>,
    out: &'c mut Sliced,
}

impl<'c, 'a> Cutter<'c, 'a> {
    fn peek(&self) -> Option<&'c Token<'a>> {
        self.tokens.get(self.at)
    }

    fn take(&mut self) -> Option<&'c Token<'a>> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token
    }

    /// Takes the words if they all stand here.
    fn eat(&mut self, words: &[&str]) -> bool {
        let here = words.iter().enumerate().all(|(i, w)| self.tokens.get(self.at + i).is_some_and(|t| t.is(w)));
        if here {
            self.at += words.len();
        }
        here
    }

    /// The tokens inside the parentheses that open here.
    fn group(&mut self) -> Option<&'c [Token<'a>]> {
        self.peek().filter(|t| t.is("("))?;
        let (open, end) = (self.at, group_end(self.tokens, self.at)?);
        self.at = end;
        Some(&self.tokens[open + 1..end - 1])
    }

    fn column(&mut self, (name, kind): &(&str, &str)) -> Option<String> {
        let mut text = ColumnText { name: self.take()?.name()?, text: self.written(0), ..ColumnText::default() };
        self.skip_type();
        while self.peek().is_some() {
            let word = self.peek()?;
            if self.eat(&["CONSTRAINT"]) {
                self.name = Some(self.take()?.name()?);
            } else if self.eat(&["DEFAULT"]) {
                text.default = Some(self.default()?);
            } else if self.eat(&["COLLATE"]) {
                text.collation = Some(collation(&self.take()?.name()?)).filter(|c| c != "BINARY");
            } else if self.eat(&["GENERATED", "ALWAYS", "AS"]) || self.eat(&["AS"]) {
                let expression = self.group()?;
                text.mentions = mentioned(expression);
                text.generated = Some(normal(expression, self.known));
                let _ = self.eat(&["STORED"]) || self.eat(&["VIRTUAL"]);
            } else if self.eat(&["NOT", "NULL"]) {
                text.conflict = self.conflict()?;
            } else if self.eat(&["NULL"]) {
                self.conflict()?;
            } else if word.any_of(&["NOT", "DEFERRABLE"]) {
                self.defer()?;
            } else if word.is("REFERENCES") {
                let columns = vec![name.to_string()];
                self.references(columns)?;
            } else if self.eat(&["PRIMARY", "KEY"]) {
                self.column_key(name, kind)?;
            } else if self.eat(&["UNIQUE"]) {
                let conflict = self.conflict()?;
                self.key(What::Unique, vec![name.to_string()], vec![spelled(name)], conflict);
            } else {
                self.check()?;
            }
        }
        let found = text.name.clone();
        self.out.columns.push(text);
        Some(found)
    }

    /// The text from the token at `from` to the last one.
    fn written(&self, from: usize) -> String {
        let to = self.tokens.last().map_or(0, Token::end);
        self.tokens.get(from).map_or(String::new(), |first| self.sql[first.start..to].to_string())
    }

    /// PRAGMAs tell the type.
    fn skip_type(&mut self) {
        const STARTS: &[&str] = &[
            "CONSTRAINT",
            "DEFAULT",
            "COLLATE",
            "AS",
            "NOT",
            "NULL",
            "DEFERRABLE",
            "REFERENCES",
            "PRIMARY",
            "UNIQUE",
            "CHECK",
        ];
        while let Some(token) = self.peek() {
            let generated = token.is("GENERATED") && self.tokens.get(self.at + 1).is_some_and(|t| t.is("ALWAYS"));
            if token.any_of(STARTS) || generated {
                return;
            }
            if self.group().is_none() {
                self.at += 1;
            }
        }
    }

    /// A default is kept as it is written but for its keywords: quotes decide between a string and a keyword, and a bare word
    /// that is none is a string.
    fn default(&mut self) -> Option<String> {
        if self.peek()?.is("(") {
            return Some(format!("({})", normal(self.group()?, self.known)));
        }
        let sign = if self.peek()?.any_of(&["+", "-"]) { self.take()?.text } else { "" };
        let token = self.take()?;
        let keyword = token.any_of(&["NULL", "TRUE", "FALSE", "CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP"]);
        let text = if keyword { token.text.to_ascii_uppercase() } else { token.text.to_string() };
        Some(format!("{sign}{text}"))
    }

    /// `ON CONFLICT`, without the usual ABORT. The outer `None` is a mistake.
    fn conflict(&mut self) -> Option<Option<String>> {
        if !self.eat(&["ON", "CONFLICT"]) {
            return Some(None);
        }
        let word = self.take()?.text.to_ascii_uppercase();
        Some(Some(word).filter(|w| w != "ABORT"))
    }

    /// The key of a single column, where DESC has a meaning of its own: an `INTEGER PRIMARY KEY DESC` is no alias of the
    /// rowid, though `PRIMARY KEY (a DESC)` is (<https://sqlite.org/lang_createtable.html#rowid>).
    fn column_key(&mut self, name: &str, kind: &str) -> Option<()> {
        let descends = self.eat(&["DESC"]);
        let _ = self.eat(&["ASC"]);
        let conflict = self.conflict()?;
        self.out.autoincrement |= self.eat(&["AUTOINCREMENT"]);
        if descends && kind.eq_ignore_ascii_case("INTEGER") {
            let definition = format!("PRIMARY KEY DESC{}", on_conflict(conflict));
            self.push(What::PrimaryKey, vec![name.to_string()], definition);
        } else {
            let item = if descends { format!("{} DESC", spelled(name)) } else { spelled(name) };
            self.key(What::PrimaryKey, vec![name.to_string()], vec![item], conflict);
        }
        Some(())
    }

    fn table_constraints(&mut self) -> Option<()> {
        // SQLite lets the comma between table constraints be left out.
        let mut begin = self.at;
        while let Some(word) = self.peek() {
            let defers = word.any_of(&["NOT", "DEFERRABLE"]);
            if self.name.is_none() && !defers {
                begin = self.at;
            }
            let count = self.out.constraints.len();
            if self.eat(&["CONSTRAINT"]) {
                self.name = Some(self.take()?.name()?);
            } else if self.eat(&["PRIMARY", "KEY"]) {
                self.table_key(What::PrimaryKey)?;
            } else if self.eat(&["UNIQUE"]) {
                self.table_key(What::Unique)?;
            } else if self.eat(&["FOREIGN", "KEY"]) {
                let columns = self.names()?;
                self.references(columns)?;
            } else if defers {
                self.defer()?;
            } else {
                self.check()?;
            }
            if defers || self.out.constraints.len() > count {
                let text = self.sql[self.tokens.get(begin)?.start..self.tokens.get(self.at - 1)?.end()].to_string();
                self.out.constraints.last_mut()?.text = Some(text);
            }
        }
        Some(())
    }

    fn table_key(&mut self, what: What) -> Option<()> {
        let mut list = self.group()?;
        if let Some((_, before)) = list.split_last().filter(|(last, _)| last.is("AUTOINCREMENT")) {
            (list, self.out.autoincrement) = (before, true);
        }
        let conflict = self.conflict()?;
        let (mut columns, mut items) = (vec![], vec![]);
        for part in split_at_commas(list) {
            let (first, rest) = part.split_first()?;
            let name = first.name()?;
            items.push(key_item(&name, rest)?);
            columns.push(name);
        }
        self.key(what, columns, items, conflict);
        Some(())
    }

    fn key(&mut self, what: What, columns: Vec<String>, items: Vec<String>, conflict: Option<String>) {
        let word = if what == What::PrimaryKey { "PRIMARY KEY" } else { "UNIQUE" };
        self.push(what, columns, format!("{word} ({}){}", items.join(", "), on_conflict(conflict)));
    }

    fn check(&mut self) -> Option<()> {
        if !self.eat(&["CHECK"]) {
            return None;
        }
        let expression = self.group()?;
        // Parsed and without effect: https://sqlite.org/lang_conflict.html.
        self.conflict()?;
        let mentioned = mentioned(expression);
        let columns = self.columns.iter().filter(|c| mentioned.has(c.0)).map(|c| c.0.to_string()).collect();
        self.push(What::Check, columns, format!("CHECK ({})", normal(expression, self.known)));
        Some(())
    }

    fn references(&mut self, columns: Vec<String>) -> Option<()> {
        if !self.eat(&["REFERENCES"]) {
            return None;
        }
        let target = self.take()?.name()?;
        let mut text = format!("FOREIGN KEY ({}) REFERENCES {}", list(&columns), spelled(&target));
        if self.peek().is_some_and(|t| t.is("(")) {
            text += &format!(" ({})", list(&self.names()?));
        }
        let (mut delete, mut update, mut matches) = (None, None, None);
        loop {
            if self.eat(&["ON", "DELETE"]) {
                delete = Some(self.action()?);
            } else if self.eat(&["ON", "UPDATE"]) {
                update = Some(self.action()?);
            } else if self.eat(&["MATCH"]) {
                matches = Some(self.take()?.name()?.to_ascii_uppercase());
            } else {
                break;
            }
        }
        let actions = [("ON DELETE", delete), ("ON UPDATE", update), ("MATCH", matches)];
        for (word, action) in actions {
            if let Some(action) = action.filter(|a| a != "NO ACTION") {
                text += &format!(" {word} {action}");
            }
        }
        self.push(What::ForeignKey, columns, text);
        Some(())
    }

    fn action(&mut self) -> Option<String> {
        let first = self.take()?.text.to_ascii_uppercase();
        match first.as_str() {
            "SET" | "NO" => Some(format!("{first} {}", self.take()?.text.to_ascii_uppercase())),
            _ => Some(first),
        }
    }

    /// Only `DEFERRABLE INITIALLY DEFERRED` defers: <https://sqlite.org/foreignkeys.html#fk_deferred>.
    fn defer(&mut self) -> Option<()> {
        let never = self.eat(&["NOT"]);
        if !self.eat(&["DEFERRABLE"]) {
            return None;
        }
        let deferred = self.eat(&["INITIALLY", "DEFERRED"]);
        let _ = deferred || self.eat(&["INITIALLY", "IMMEDIATE"]);
        if deferred && !never {
            let key = self.out.constraints.last_mut().filter(|c| c.what == What::ForeignKey)?;
            key.definition += " DEFERRABLE INITIALLY DEFERRED";
        }
        Some(())
    }

    fn names(&mut self) -> Option<Vec<String>> {
        split_at_commas(self.group()?).iter().map(|part| part.first()?.name()).collect()
    }

    fn push(&mut self, what: What, columns: Vec<String>, definition: String) {
        let name = self.name.take();
        self.out.constraints.push(Constraint { name, what, columns, definition, text: None });
    }
}

/// Built-in collations are written in capitals.
fn collation(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    if matches!(upper.as_str(), "BINARY" | "NOCASE" | "RTRIM") { upper } else { name.to_string() }
}

/// A column of a key: its collation and direction, where they are not the usual ones.
fn key_item(name: &str, rest: &[Token]) -> Option<String> {
    let (rest, direction) = match rest {
        [rest @ .., last] if last.is("DESC") => (rest, " DESC"),
        [rest @ .., last] if last.is("ASC") => (rest, ""),
        _ => (rest, ""),
    };
    match rest {
        [] => Some(format!("{}{direction}", spelled(name))),
        [word, used] if word.is("COLLATE") => {
            Some(format!("{} COLLATE {}{direction}", spelled(name), collation(&used.name()?)))
        }
        _ => None,
    }
}

fn on_conflict(conflict: Option<String>) -> String {
    conflict.map_or(String::new(), |c| format!(" ON CONFLICT {c}"))
}

fn list(names: &[String]) -> String {
    names.iter().map(|n| spelled(n)).collect::<Vec<_>>().join(", ")
}

/// Every name in the tokens, strings in double quotes among them.
pub fn mentioned(tokens: &[Token]) -> Names {
    let mut names = Names::default();
    for token in tokens.iter().filter(|t| !matches!(t.kind, TokenKind::Text | TokenKind::Number)) {
        if let Some(name) = token.name() {
            names.add(&name);
        }
    }
    names
}
