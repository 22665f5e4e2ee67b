//! `.env`: `KEY=VALUE` lines, `export`, quotes, comments. No interpolation: a `$` in a password stays what it is.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{Error, Result};

/// Reads the file; an absent one is empty. Errors give the line number and never the line.
pub fn read(path: &Path) -> Result<BTreeMap<String, String>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(e) => return Err(Error::config(format!("can't read `{}`: {e}", path.display()))),
    };
    parse(&text).map_err(|(line, why)| Error::config(why).at(format!("{}:{line}", path.display())))
}

fn parse(text: &str) -> Result<BTreeMap<String, String>, (usize, &'static str)> {
    let mut values = BTreeMap::new();
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
    for (line, number) in lines.zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (key, rest) = line.split_once('=').ok_or((number, "a line without `=`"))?;
        let key = key.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-';
        if key.is_empty() || !key.chars().all(plain) {
            return Err((number, "what stands before `=` is no variable's name"));
        }
        values.insert(key.to_owned(), value(rest.trim_start()).map_err(|why| (number, why))?);
    }
    Ok(values)
}

fn value(text: &str) -> Result<String, &'static str> {
    let quote = match text.chars().next() {
        Some(c @ ('"' | '\'')) => c,
        // Unquoted: a `#` begins a comment only after white space, so that a password may hold one.
        _ => {
            let end = text.match_indices('#').map(|(at, _)| at);
            let end = end.into_iter().find(|at| *at == 0 || text[..*at].ends_with(char::is_whitespace));
            return Ok(text[..end.unwrap_or(text.len())].trim_end().to_owned());
        }
    };
    let mut value = String::new();
    let mut chars = text[1..].chars();
    loop {
        match chars.next().ok_or("a quote is not closed on its line")? {
            c if c == quote => break,
            '\\' if quote == '"' => match chars.next().ok_or("a quote is not closed on its line")? {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                c @ ('\\' | '"' | '\'' | '$' | '`') => value.push(c),
                c => value.extend(['\\', c]),
            },
            c => value.push(c),
        }
    }
    let rest = chars.as_str().trim_start();
    match rest.is_empty() || rest.starts_with('#') {
        true => Ok(value),
        false => Err("text after the closing quote"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let text = "\u{feff}# c\nA=1\nexport B = two words # no\nC=\"x\\n#\\\"y\" # c\nD='a\\n$b'\nE=p#w\nF=\n";
        let values = parse(text).unwrap_or_default();
        let get = |key: &str| values.get(key).map(String::as_str);
        assert_eq!(get("A"), Some("1"));
        assert_eq!(get("B"), Some("two words"));
        assert_eq!(get("C"), Some("x\n#\"y"));
        assert_eq!(get("D"), Some("a\\n$b"));
        assert_eq!(get("E"), Some("p#w"));
        assert_eq!(get("F"), Some(""));
    }

    #[test]
    fn bad_lines_have_a_number() {
        assert_eq!(parse("A=1\nsesame").unwrap_err().0, 2);
        assert_eq!(parse("A='sesame").unwrap_err().0, 1);
        assert_eq!(parse("A b=1").unwrap_err().0, 1);
        assert_eq!(parse("A=\"x\" y").unwrap_err().0, 1);
    }
}
