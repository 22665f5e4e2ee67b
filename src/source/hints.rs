//! `-- msr:` comments: what a file says to msr beyond the SQL.

use super::lexer::{Flaw, Kind, Lexer, Token};
use super::subject::subject;
use super::words::Words;
use super::{Dialect, Hint, HintKind, Written};

const KNOWN: &[(&str, &str)] = &[
    ("renamed from", "-- msr:renamed from OLD_NAME"),
    ("depends on", "-- msr:depends on NAME[, NAME]"),
    ("using", "-- msr:using EXPRESSION"),
    ("back", "-- msr:back COLUMN = EXPRESSION"),
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
    let of_column = match kind {
        HintKind::Using { .. } => Some(("using", "write it on the line before the column whose type changes")),
        HintKind::Back { .. } => {
            Some(("back", "write it on the line before the column that takes the other one's place"))
        }
        _ => None,
    };
    if let Some((word, hint)) = of_column.filter(|_| found.as_ref().is_none_or(|s| s.object != "column")) {
        let what = format!("a {word} hint stands before something that is no column");
        return Err(Flaw::new(comment.start, what).hint(hint));
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
        "depends on" => names(rest, dialect).map(|on| HintKind::DependsOn { on }).map_err(wrong),
        "using" if !is_expression(rest, dialect) => Err(wrong("that is not one expression")),
        "using" => Ok(HintKind::Using { expression: rest.to_string() }),
        "back" => back(rest, dialect).map_err(wrong),
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

/// `column = expression`
fn back(written: &str, dialect: Dialect) -> Result<HintKind, &'static str> {
    let tokens = tokens(written, dialect).ok_or("that is no column and no expression")?;
    let words = Words { text: written, dialect, tokens: &tokens };
    let column = words.name(0).ok_or("the name of the column is missing")?;
    if !words.is(1, "=") || words.len() < 3 {
        return Err("after the column come `=` and what it is made of");
    }
    let expression = &written[tokens[2].start..];
    match is_expression(expression, dialect) {
        true => Ok(HintKind::Back { column, expression: expression.to_string() }),
        false => Err("that is not one expression"),
    }
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

/// `a, s.b, function f(int, text)`: each name with what of it the catalog can be asked for.
fn names(written: &str, dialect: Dialect) -> Result<Vec<Written>, &'static str> {
    let tokens = tokens(written, dialect).ok_or("that is no list of names")?;
    let words = Words { text: written, dialect, tokens: &tokens };
    let (mut found, mut at) = (vec![], 0);
    loop {
        let first = at;
        let (mut path, mut end) = words.path(at).ok_or("a name is missing")?;
        // A kind may stand before the name.
        while let Some(next) = words.path(end) {
            (path, end) = next;
        }
        let mut arguments = None;
        if words.is(end, "(") {
            let close = (end..words.len()).find(|i| words.is(*i, ")")).ok_or("a `(` is not closed")?;
            arguments = Some(written[tokens[end].end..tokens[close].start].trim().to_string());
            end = close + 1;
        }
        let text = written[tokens[first].start..tokens[end - 1].end].to_string();
        found.push(Written { text, path, arguments });
        match words.is(end, ",") {
            true => at = end + 1,
            false if end == words.len() => return Ok(found),
            false => return Err("between names comes a comma"),
        }
    }
}

/// Text that ends where it seems to: nothing in it closes the statement that it will stand in, or hides the rest of it.
fn is_expression(written: &str, dialect: Dialect) -> bool {
    let Some(tokens) = tokens(written, dialect) else { return false };
    let mut depth = 0;
    for token in &tokens {
        match &written[token.start..token.end] {
            "(" | "[" => depth += 1,
            ")" | "]" => depth -= 1,
            "," if depth == 0 => return false,
            ";" => return false,
            _ => {}
        }
        if depth < 0 || matches!(token.kind, Kind::LineComment | Kind::BlockComment | Kind::Meta) {
            return false;
        }
    }
    depth == 0
}

fn tokens(text: &str, dialect: Dialect) -> Option<Vec<Token>> {
    let mut lexer = Lexer::new(text, dialect);
    let mut tokens = vec![];
    loop {
        match lexer.next() {
            Ok(Some(token)) => tokens.push(token),
            Ok(None) => return Some(tokens),
            Err(_) => return None,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::super::tests::{postgres, source};
    use super::super::{File, Source};
    use super::*;

    #[test]
    fn renames_have_their_subjects() {
        for (sql, object, path) in [
            ("-- msr:renamed from old\n\n-- note\n/* more */ create table App.\"Users\" ()", "table", "app.Users"),
            ("create table t (\n-- msr:renamed from old\n a int)", "column", "t.a"),
            ("create table s.t (b numeric(3, 2),\n-- why\n--msr: Renamed  FROM old\n a int, c int)", "column", "s.t.a"),
            ("create table t (\n-- msr:renamed from old\n constraint c check (true))", "constraint", "t.c"),
            ("create table t (x int\n-- msr:renamed from old\n constraint c check (true))", "constraint", "t.c"),
            ("create type e as enum ('x',\n-- msr:renamed from old\n 'it''s')", "enum value", "e.it's"),
            ("create type e as (x int,\n-- msr:renamed from old\n y int)", "attribute", "e.y"),
            ("-- msr:renamed from old\ncreate unique index concurrently if not exists i on s.t (x)", "index", "s.i"),
            ("-- msr:renamed from old\ncreate or replace view v as select 1", "view", "v"),
            ("create view v (\n-- msr:renamed from old\nx) as select 1", "column", "v.x"),
            ("-- msr:renamed from old\ncreate materialized view v as select 1", "materialized view", "v"),
            ("-- msr:renamed from old\ncreate sequence s", "sequence", "s"),
            ("-- msr:renamed from old(int)\ncreate function f(int) returns int as 'x' language c", "function", "f"),
            ("-- msr:renamed from old\ncreate trigger g after insert on s.t execute function f()", "trigger", "s.t.g"),
            ("-- msr:renamed from old\ncreate policy p on t", "policy", "t.p"),
            ("-- msr:renamed from old\ncreate schema app", "schema", "app"),
            ("-- msr:renamed from old\ncreate domain d as int", "domain", "d"),
            ("-- msr:renamed from old\nalter table t add constraint c unique (x)", "constraint", "t.c"),
            ("alter table t add x int,\n-- msr:renamed from old\nadd column if not exists y int", "column", "t.y"),
            ("-- msr:renamed from 'old'\nalter type e add value if not exists 'new'", "enum value", "e.new"),
            ("begin; -- c\n-- msr:renamed from old\nbegin;\ncreate table t()", "table", "t"),
        ] {
            let source = postgres(&[sql]);
            let hints = &source.statements[0].hints;
            let [Hint { kind: HintKind::RenamedFrom { old, subject: Some(subject) }, .. }] = &hints[..] else {
                panic!("{sql}: {hints:?}")
            };
            assert!(old.trim_matches('\'').starts_with("old"), "{old}");
            assert_eq!((subject.object, subject.path.join(".").as_str()), (object, path), "{sql}");
            assert_eq!(subject.path.last(), Some(&subject.new));
        }
        let sql = "create table [T t] (\n-- msr:renamed from \"O d\"\n[New] text)";
        let subject = source(Dialect::Sqlite, &[sql]).statements[0].hints[0].subject.clone().unwrap();
        assert_eq!(subject.path, ["T t", "New"]);
    }

    #[test]
    fn other_hints() {
        let source = postgres(&["-- msr:allow drop_column reason=\"gone = unused, since v2\" until=\"2027-01-31\"\n\
             -- msr:depends on app.f(int)\ncreate table t (\n  -- msr:using x::int\n  -- msr:back \"Y\" =x = 'a = b'\n  x int)"]);
        let kinds: Vec<_> = source.statements[0].hints.iter().map(|h| h.kind.clone()).collect();
        let reason = Some("gone = unused, since v2".to_string());
        let until = Some("2027-01-31".to_string());
        assert_eq!(
            kinds,
            [
                HintKind::Allow { rule: "drop_column".into(), reason, until },
                HintKind::DependsOn { on: vec![written("app.f(int)", &["app", "f"], Some("int"))] },
                HintKind::Using { expression: "x::int".into() },
                HintKind::Back { column: "Y".into(), expression: "x = 'a = b'".into() },
            ]
        );
        assert_eq!(source.statements[0].hints[2].subject.as_ref().unwrap().path, ["t", "x"]);
        assert_eq!(source.statements[0].text, &source.files[0].text[source.statements[0].range.clone()]);
    }

    fn written(text: &str, path: &[&str], arguments: Option<&str>) -> Written {
        let path = path.iter().map(|s| s.to_string()).collect();
        Written { text: text.into(), path, arguments: arguments.map(str::to_string) }
    }

    #[test]
    fn lists_of_names() {
        let source = postgres(&["-- msr:depends on T, function App.\"F\"(int, text) ,v\ncreate view w as select 1"]);
        let on = vec![
            written("T", &["t"], None),
            written("function App.\"F\"(int, text)", &["app", "F"], Some("int, text")),
            written("v", &["v"], None),
        ];
        assert_eq!(source.statements[0].hints[0].kind, HintKind::DependsOn { on });
    }

    #[test]
    fn a_text_without_its_hints() {
        let text = "-- why\ncreate table t (\n  -- msr:renamed from '\n  a text default '\n-- msr:no',\n b int)";
        let want = "-- why\ncreate table t (\n  a text default '\n-- msr:no',\n b int)";
        assert_eq!(crate::source::without_hints(text, Dialect::Sqlite), want);
        assert_eq!(crate::source::without_hints("-- msr:x", Dialect::Sqlite), "");
    }

    #[test]
    fn mistakes_have_places() {
        for (sql, at, message, hint) in [
            ("\n -- msr:rename from x\ncreate table t()", "x:2:2", "not known", "did you mean `renamed from`?"),
            ("-- msr:alow x\ncreate table t()", "x:1:1", "not known", "did you mean `allow`?"),
            ("-- msr:zzz\ncreate table t()", "x:1:1", "not known", "the hints are"),
            ("-- msr:allow x\ncreate table t()", "x:1:1", "reason", "write"),
            ("-- msr:allow x reason=\"a\" until=soon\ncreate table t()", "x:1:1", "not a date", "write"),
            ("-- msr:renamed from a b\ncreate table t()", "x:1:1", "not one name", "write"),
            ("-- msr:renamed from\ncreate table t()", "x:1:1", "missing", "write"),
            ("create table t();\n-- msr:renamed from a\n", "x:2:1", "before nothing", "line before"),
            ("create table t (a int\n-- msr:renamed from a\n)", "x:2:1", "before nothing", "line before"),
            ("create table t (a int -- msr:renamed from b\n)", "x:1:23", "line of its own", "line before"),
            ("create table t(); -- msr:allow x reason=y", "x:1:19", "line of its own", "line before"),
            ("-- msr:renamed from a\ncreate index on t (x)", "x:1:1", "nothing that has a name", "line before"),
            ("-- msr:using x\ncreate table t (x int)", "x:1:1", "no column", "before the column"),
            ("create table t (\n-- msr:using x::int; drop table u\nx int)", "x:2:1", "not one expression", "write"),
            ("create table t (\n-- msr:using (x\nx int)", "x:2:1", "not one expression", "write"),
            ("-- msr:back x = y\ncreate table t (x int)", "x:1:1", "no column", "takes the other one's place"),
            ("create table t (\n-- msr:back x\nx int)", "x:2:1", "come `=` and", "write"),
            ("create table t (\n-- msr:back x =\nx int)", "x:2:1", "come `=` and", "write"),
            ("create table t (\n-- msr:back t.x = y\nx int)", "x:2:1", "come `=` and", "write"),
            ("create table t (\n-- msr:back x = y, z\nx int)", "x:2:1", "not one expression", "write"),
            ("create table t (\n-- msr:using x -- why\nx int)", "x:2:1", "not one expression", "write"),
            ("-- msr:depends on a b, \ncreate table t()", "x:1:1", "a name is missing", "write"),
            ("-- msr:depends on f(int\ncreate table t()", "x:1:1", "not closed", "write"),
            ("-- msr:depends on a + b\ncreate table t()", "x:1:1", "comes a comma", "write"),
            ("-- msr:renamed from a\nselect 1", "x:1:1", "nothing that has a name", "line before"),
        ] {
            let file = File { name: "x".into(), text: sql.into() };
            let error = Source::parse(vec![file], Dialect::Postgres).unwrap_err();
            assert_eq!(error.at.as_deref(), Some(at), "{error}");
            assert!(error.message.contains(message), "{error}");
            assert!(error.hints[0].contains(hint), "{error}");
        }
        let body = "create function f() returns int language sql as $$\n-- msr:no hint\nselect 1 $$";
        assert!(postgres(&[body]).statements[0].hints.is_empty());
    }
}
