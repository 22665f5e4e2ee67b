//! `-- msr:` comments: what a file says to msr beyond the SQL.

use super::lexer::{Flaw, Kind, Lexer, Token};
use super::subject::subject;
use super::words::Words;
use super::{Dialect, Hint, HintKind};

const KNOWN: &[(&str, &str)] = &[
    ("renamed from", "-- msr:renamed from OLD_NAME"),
    ("depends on", "-- msr:depends on NAME"),
    ("using", "-- msr:using EXPRESSION"),
    ("allow", "-- msr:allow RULE reason=\"…\" [until=\"YYYY-MM-DD\"]"),
];

/// A comment that is a hint. It must have its line to itself: after code on the same line it would concern what comes
/// next, which is never what its author meant.
pub fn recognise(text: &str, token: Token) -> Result<Option<Token>, Flaw> {
    let comment = text[token.start..token.end].trim_start_matches('-').trim_start();
    let is_hint = comment.get(..4).is_some_and(|c| c.eq_ignore_ascii_case("msr:"));
    if !is_hint {
        return Ok(None);
    }
    let line = text[..token.start].rfind(['\n', '\r']).map_or(0, |i| i + 1);
    if !text[line..token.start].trim().is_empty() {
        return Err(Flaw::new(token.start, "a hint must stand on a line of its own")
            .hint("write it on the line before what it concerns"));
    }
    Ok(Some(token))
}

pub fn before_nothing(at: usize) -> Flaw {
    Flaw::new(at, "a hint stands before nothing that it could concern")
        .hint("write it on the line before the statement, column, constraint or enum label it concerns")
}

/// The hints of one statement, each with what it stands directly before.
pub fn attach(words: &Words, comments: &[Token]) -> Result<Vec<Hint>, Flaw> {
    comments.iter().map(|comment| hint(words, *comment)).collect()
}

fn hint(words: &Words, comment: Token) -> Result<Hint, Flaw> {
    let next = words.tokens.partition_point(|t| t.start < comment.start);
    if next == words.len() || words.is(next, ")") || words.is(next, ",") {
        return Err(before_nothing(comment.start));
    }
    let mut kind = parse(words.text, comment, words.dialect)?;
    let found = subject(words, next);
    if let HintKind::RenamedFrom { subject, .. } = &mut kind {
        if found.is_none() {
            return Err(Flaw::new(comment.start, "a rename hint stands before nothing that has a name")
                .hint("write it on the line before the CREATE, column, constraint or enum label of the new name"));
        }
        *subject = found.clone();
    }
    Ok(Hint { at: comment.start, kind, subject: found })
}

fn parse(text: &str, comment: Token, dialect: Dialect) -> Result<HintKind, Flaw> {
    let whole = text[comment.start..comment.end].trim_start_matches('-').trim();
    let body = whole[4..].trim();
    let at = comment.start;
    let Some((known, usage)) = KNOWN.iter().find(|(known, _)| strip(body, known).is_some()) else {
        return Err(unknown(at, body));
    };
    let rest = strip(body, known).unwrap_or_default();
    let wrong = |what: &str| Flaw::new(at, format!("hint `{body}`: {what}")).hint(format!("write `{usage}`"));
    if rest.is_empty() {
        return Err(wrong("something is missing"));
    }
    match *known {
        "renamed from" if !is_path(rest, dialect) => Err(wrong("the old name is not one name")),
        "renamed from" => Ok(HintKind::RenamedFrom { old: rest.to_string(), subject: None }),
        "depends on" => Ok(HintKind::DependsOn { what: rest.to_string() }),
        "using" => Ok(HintKind::Using { expression: rest.to_string() }),
        _ => allow(rest).map_err(wrong),
    }
}

/// The rest after these words, whatever the case and the white space between them.
fn strip<'a>(body: &'a str, words: &str) -> Option<&'a str> {
    words.split(' ').try_fold(body, |rest, word| {
        let rest = rest.trim_start();
        let head = rest.get(..word.len())?;
        let tail = &rest[word.len()..];
        let ends = tail.is_empty() || tail.starts_with(char::is_whitespace);
        (head.eq_ignore_ascii_case(word) && ends).then(|| tail.trim_start())
    })
}

/// A name, perhaps with dots, perhaps with a function's argument types; or an enum label in quotes.
fn is_path(written: &str, dialect: Dialect) -> bool {
    let mut lexer = Lexer::new(written, dialect);
    let mut tokens = vec![];
    while let Ok(Some(token)) = lexer.next() {
        tokens.push(token);
    }
    let words = Words { text: written, dialect, tokens: &tokens };
    let end = match words.path(0) {
        Some((_, end)) => end,
        None if words.is_string(0) => 1,
        None => return false,
    };
    let whole = tokens.last().is_some_and(|t| t.end == written.len() && t.kind != Kind::LineComment);
    whole && (end == words.len() || words.is(end, "(") && words.is(words.len() - 1, ")"))
}

fn allow(rest: &str) -> Result<HintKind, &'static str> {
    let (rule, mut rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (mut reason, mut until) = (None, None);
    while !rest.trim().is_empty() {
        let (key, value) = rest.trim_start().split_once('=').ok_or("after the rule come `reason=` and `until=`")?;
        let value = value.trim_start();
        let (value, tail) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or("a `\"` is not closed")?,
            None => value.split_once(char::is_whitespace).unwrap_or((value, "")),
        };
        match key.trim() {
            "reason" if reason.is_none() => reason = Some(value.trim().to_string()),
            "until" if until.is_none() => until = Some(value.to_string()),
            _ => return Err("after the rule come `reason=` and `until=`, once each"),
        }
        rest = tail;
    }
    if reason.as_ref().is_none_or(|r| r.is_empty()) {
        return Err("a permission needs its reason");
    }
    if until.as_ref().is_some_and(|u| u.parse::<jiff::civil::Date>().is_err()) {
        return Err("`until` is not a date");
    }
    Ok(HintKind::Allow { rule: rule.to_string(), reason, until })
}

fn unknown(at: usize, body: &str) -> Flaw {
    let mut flaw = Flaw::new(at, format!("hint `{body}` is not known"));
    let first = body.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
    let near = |known: &str| {
        let word = known.split(' ').next().unwrap_or(known);
        first.len() >= 3
            && (word.starts_with(&first)
                || first.starts_with(&word[..word.len().min(4)])
                || similar::TextDiff::from_chars(first.as_str(), word).ratio() > 0.7)
    };
    if let Some((known, _)) = KNOWN.iter().find(|(known, _)| near(known)) {
        flaw = flaw.hint(format!("did you mean `{known}`?"));
    }
    let all: Vec<_> = KNOWN.iter().map(|(_, usage)| format!("`{usage}`")).collect();
    flaw.hint(format!("the hints are {}", all.join(", ")))
}
