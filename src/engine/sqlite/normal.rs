//! One spelling for what SQLite keeps as it was written, so that two spellings of one thing compare equal.
//!
//! White space and comments are dropped, reserved words written in capitals, names in small letters and without quotes that
//! they do not need. What is created is created from the user's own text: this one is only compared.
//! `"x"` loses its quotes only where `x` is known to be a name: SQLite takes it for a string where there is none
//! (<https://sqlite.org/quirks.html#double_quoted_string_literals_are_accepted>).

use super::token::{Token, TokenKind};
use super::words::{in_quotes, is_plain, is_reserved};
use std::collections::BTreeSet;

/// Names in small letters: SQLite compares them without regard to (ASCII) case.
#[derive(Debug, Default, Clone)]
pub struct Names(BTreeSet<String>);

impl Names {
    pub fn add(&mut self, name: &str) {
        self.0.insert(name.to_ascii_lowercase());
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains(&name.to_ascii_lowercase())
    }
}

impl<'a> FromIterator<&'a str> for Names {
    fn from_iter<T: IntoIterator<Item = &'a str>>(names: T) -> Self {
        let mut all = Names::default();
        names.into_iter().for_each(|n| all.add(n));
        all
    }
}

/// A name in its one spelling.
pub fn spelled(name: &str) -> String {
    if is_plain(name) { name.to_string() } else { in_quotes(name) }
}

/// The text in its one spelling.
#[cfg(test)]
pub fn normal_text(sql: &str, known: &Names) -> String {
    normal(&super::token::tokens(sql), known)
}

/// The tokens in their one spelling.
pub fn normal(tokens: &[Token], known: &Names) -> String {
    let mut out = String::new();
    let mut sign = false;
    for (i, token) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).map(|b| &tokens[b]);
        if before.is_some_and(|before| !sign && spaced(before, token)) {
            out.push(' ');
        }
        sign = token.any_of(&["-", "+", "~"]) && !before.is_some_and(Token::ends_operand);
        let next = tokens.get(i + 1);
        out.push_str(&one(token, before, next, known));
    }
    out
}

/// The body of a trigger has a line for each statement.
pub fn normal_trigger(tokens: &[Token], known: &Names) -> String {
    let Some(begin) = tokens.iter().position(|t| t.is("BEGIN")) else { return normal(tokens, known) };
    let mut out = normal(&tokens[..=begin], known);
    let body = &tokens[begin + 1..];
    let body = if body.last().is_some_and(|t| t.is("END")) { &body[..body.len() - 1] } else { body };
    for statement in body.split(|t| t.is(";")).filter(|s| !s.is_empty()) {
        out.push_str(&format!("\n    {};", normal(statement, known)));
    }
    out + "\nEND"
}

fn spaced(before: &Token, token: &Token) -> bool {
    if token.any_of(&[",", ")", ";", "."]) || before.any_of(&["(", "."]) {
        return false;
    }
    // A name before a parenthesis is a function, or a table before its columns.
    let calls = match before.kind {
        TokenKind::Word => {
            !is_reserved(before.text) && !before.any_of(&["OVER", "FILTER", "BY", "MATERIALIZED", "LIKE", "GLOB"])
        }
        TokenKind::DoubleQuoted | TokenKind::Quoted => true,
        _ => false,
    };
    !(token.is("(") && calls)
}

fn one(token: &Token, before: Option<&Token>, next: Option<&Token>, known: &Names) -> String {
    let name = token.name().unwrap_or_default();
    match token.kind {
        TokenKind::Word if is_keyword(token, before, next) => token.text.to_ascii_uppercase(),
        TokenKind::Quoted => spelled(&name),
        TokenKind::DoubleQuoted if known.has(&name) || is_name_here(before, next) => spelled(&name),
        TokenKind::Word => name,
        TokenKind::Text if token.text.starts_with('X') => token.text.replacen('X', "x", 1),
        TokenKind::Symbol if token.text == "==" => "=".into(),
        TokenKind::Symbol if token.text == "!=" => "<>".into(),
        _ => token.text.to_string(),
    }
}

/// Where only a name can stand.
fn is_name_here(before: Option<&Token>, next: Option<&Token>) -> bool {
    before.is_some_and(|t| t.any_of(&["AS", ".", "COLLATE"])) || next.is_some_and(|t| t.any_of(&[".", "("]))
}

/// Whether a word is a keyword where it stands.
fn is_keyword(token: &Token, before: Option<&Token>, next: Option<&Token>) -> bool {
    let after_operand = before.is_some_and(|t| t.ends_operand() || t.is("NOT"));
    let ends = next.is_none_or(|t| t.any_of(&[",", ")", "LIMIT", "NULLS", ";"]));
    let after = |words: &[&str]| before.is_some_and(|t| t.any_of(words));
    if before.is_some_and(|t| t.is(".")) {
        return false;
    }
    is_reserved(token.text)
        || (token.is("BY") && after(&["ORDER", "GROUP", "PARTITION"]))
        || (token.any_of(&["LIKE", "GLOB", "REGEXP", "MATCH"]) && after_operand && !ends)
        || (token.any_of(&["ASC", "DESC"]) && after_operand && ends)
        || (token.is("END") && after_operand)
        || (token.is("CAST") && next.is_some_and(|t| t.is("(")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_thing_are_one() {
        let known = Names::from_iter(["a", "b", "order"]);
        let same = |list: &[&str]| {
            let first = normal_text(list[0], &known);
            list.iter().for_each(|s| assert_eq!(normal_text(s, &known), first, "{s}"));
            first
        };
        assert_eq!(same(&["a > 0 and b", "\"a\">0 AND[b]", "`a`  > /* c */ 0\n  And b -- d"]), "a > 0 AND b");
        assert_eq!(same(&["lower( a )", "lower (a)", "lower(\"a\")"]), "lower(a)");
        assert_eq!(same(&["-1 + - a - b", "- 1 +-a-b"]), "-1 + -a - b");
        assert_eq!(same(&["\"order\" IN (1,2)", "[order] in(1 , 2)"]), "\"order\" IN (1, 2)");
        assert_eq!(
            same(&["case when a like 'x%' then 1 end", "CASE WHEN a LIKE 'x%' THEN 1 END"]),
            "CASE WHEN a LIKE 'x%' THEN 1 END"
        );
        assert_eq!(same(&["a == b", "a=b", "A = [B]"]), "a = b");
    }

    #[test]
    fn what_may_differ_is_kept_apart() {
        let known = Names::from_iter(["a"]);
        for (x, y) in [("\"z\"", "z"), ("'A'", "'a'"), ("'a  b'", "'a b'"), ("\"Z\"", "\"z\""), ("\"end\"", "end")] {
            assert_ne!(normal_text(x, &known), normal_text(y, &known));
        }
    }
}
