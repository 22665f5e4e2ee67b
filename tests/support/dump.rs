//! Dumps to compare, the judge's way: an object's key -> its lines, in an order that no history of ALTERs moves.

use serde_json::Value;
use std::collections::BTreeMap;

pub type Dump = BTreeMap<String, Vec<String>>;

/// What differs, one object a line; empty when both are the same but for the order of a table's columns.
pub fn differences(got: &Dump, want: &Dump) -> Vec<String> {
    let mut out = vec![];
    for key in got.keys().chain(want.keys().filter(|key| !got.contains_key(*key))) {
        match (got.get(key), want.get(key)) {
            (None, _) => out.push(format!("missing: {key}")),
            (_, None) => out.push(format!("left over: {key}")),
            (Some(a), Some(b)) if order_free(a) != order_free(b) => {
                let (a, b) = (order_free(a), order_free(b));
                let only = |x: &[String], y: &[String]| -> Vec<String> {
                    x.iter().filter(|l| !y.contains(l)).cloned().collect()
                };
                out.push(format!("differs: {key}\n    has   {:?}\n    wants {:?}", only(&a, &b), only(&b, &a)));
            }
            _ => {}
        }
    }
    out.sort();
    out
}

/// A CREATE TABLE's lines with columns and constraints in one fixed order, a composite type's attributes too: no ALTER can
/// insert one. Rights likewise: a
/// grant to one more role comes last in the object's list.
fn order_free(lines: &[String]) -> Vec<String> {
    let mut text: Vec<String> = lines.iter().map(|l| l.trim_end().trim_end_matches(',').to_owned()).collect();
    if text.iter().all(|l| l.starts_with("GRANT ") || l.starts_with("REVOKE ")) {
        text.sort_by_key(|l| (l.starts_with("GRANT "), l.clone()));
    }
    let starts = ["CREATE TABLE ", "CREATE UNLOGGED TABLE ", "CREATE FOREIGN TABLE "];
    let Some(end) = text.iter().position(|l| l.starts_with(')')) else { return text };
    let composite = text[0].starts_with("CREATE TYPE ") && text[0].ends_with(" AS (");
    if !composite && !starts.iter().any(|s| text[0].starts_with(s)) {
        return text;
    }
    let mut columns = text[1..end].to_vec();
    columns.sort();
    [&text[..1], &columns, &text[end..]].concat()
}

/// pg_dump's text in sections, named by its own comments.
pub fn postgres(text: &str) -> Dump {
    let mut dump = Dump::new();
    let mut name: Option<String> = None;
    // What is parked is out of the way, and nobody's.
    for line in text.lines() {
        if line.contains("msr_trash_") {
            // Of a type that is, all lines.
            name = name.filter(|_| section(line).is_none());
        } else if let Some(section) = section(line) {
            dump.entry(section.clone()).or_default();
            name = Some(section);
        } else if let Some(name) = &name
            && !line.trim().is_empty()
            && !["--", "SET default_t", "\\restrict", "\\unrestrict"].iter().any(|s| line.starts_with(s))
        {
            dump.get_mut(name).expect("a section").push(without_own_name(line));
        }
    }
    dump
}

/// From 18 on pg_dump tells the name of a NOT NULL where the server, which chose it, would choose another today.
fn without_own_name(line: &str) -> String {
    let Some((before, rest)) = line.split_once(" CONSTRAINT ") else { return line.to_owned() };
    let Some((name, after)) = rest.split_once(" NOT NULL") else { return line.to_owned() };
    let own = name.trim_end_matches('"').trim_end_matches(|c: char| c.is_ascii_digit()).ends_with("_not_null");
    if own { format!("{before} NOT NULL{after}") } else { line.to_owned() }
}

fn section(line: &str) -> Option<String> {
    let rest = line.strip_prefix("-- ")?.strip_prefix("Name: ")?;
    let (rest, _owner) = rest.rsplit_once("; Owner: ")?;
    let (rest, schema) = rest.rsplit_once("; Schema: ")?;
    let (name, kind) = rest.rsplit_once("; Type: ")?;
    Some(format!("{kind} {schema}.{name}"))
}

/// What `sqlite` reads, each row tagged by `what`.
pub const SQLITE: &str = r#"
CREATE TEMP VIEW mine AS SELECT type, name, sql FROM main.sqlite_schema
  WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE 'msr\_%' ESCAPE '\';
SELECT 'object' AS what, type, name, sql FROM mine ORDER BY type, name;
SELECT 'line' AS what, m.name, x.name || ' ' || upper(x.type) || ' notnull=' || x."notnull" || ' default='
  || coalesce(x.dflt_value, '') || ' pk=' || x.pk || ' hidden=' || x.hidden AS line
  FROM mine m JOIN pragma_table_xinfo(m.name) x WHERE m.type = 'table';
SELECT 'line' AS what, m.name, 'fk ' || f."table" || ' ' || group_concat(f."from" || '->' || coalesce(f."to", ''), ' ') || ' update '
  || f.on_update || ' delete ' || f.on_delete AS line
  FROM mine m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' GROUP BY m.name, f.id, f."table", f.on_update, f.on_delete;
SELECT 'line' AS what, m.name, 'auto-index unique=' || i."unique" || ' origin=' || i.origin || ' '
  || (SELECT group_concat(coalesce(x.name, '?') || ' ' || x.coll || ' desc=' || x.desc, ',') FROM pragma_index_xinfo(i.name) x WHERE x.key) AS line
  FROM mine m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND i.origin <> 'c';
"#;

/// Pragmas for what SQLite reads itself, tokens of the stored text for the rest: quotes, case, white space and comments
/// fold, string literals do not.
pub fn sqlite(rows: &[Value]) -> Dump {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let mut dump = Dump::new();
    for row in rows.iter().filter(|row| row["what"] == "object") {
        let (kind, name) = (text(row, "type"), text(row, "name"));
        let tokens = tokens(&text(row, "sql"));
        let virtual_table = tokens.get(1).is_some_and(|t| t.text == "virtual");
        let mut lines = vec![];
        if kind == "table" && !virtual_table {
            lines.extend(table_lines(&tokens));
            lines.extend(
                rows.iter().filter(|r| r["what"] == "line" && r["name"] == row["name"]).map(|r| text(r, "line")),
            );
            lines.sort();
        } else {
            lines.push(join(&tokens).replace("if not exists ", ""));
        }
        dump.insert(format!("{kind} {name}"), lines);
    }
    dump
}

/// What no pragma tells of a table: checks, generated columns, collations, names of constraints, conflict clauses, options.
fn table_lines(tokens: &[Token]) -> Vec<String> {
    let Some(open) = tokens.iter().position(|t| t.depth == 1) else { return vec![] };
    let close = tokens[open..].iter().position(|t| t.depth == 0).map_or(tokens.len(), |n| open + n);
    // Their order means nothing: https://sqlite.org/lang_createtable.html#table_options.
    let mut options: Vec<String> =
        tokens[close..].iter().skip(1).map(|t| t.text.clone()).filter(|t| t != ",").collect();
    options.sort();
    let mut out = vec![format!("options {}", options.join(" "))];
    for part in tokens[open..close].split(|t| t.depth == 1 && t.text == "," && !t.quoted) {
        let word = |i: usize| part.get(i).map_or("", |t| if t.quoted { "" } else { t.text.as_str() });
        let owner = part.first().map_or("", |t| t.text.as_str());
        // A foreign key of one column is the same at its column and after the columns.
        let of_key = part.iter().position(|t| t.text == "foreign" && !t.quoted).and_then(|i| part.get(i + 3));
        let key_owner = of_key.map_or(owner, |t| t.text.as_str());
        for (i, _) in part.iter().enumerate().filter(|(_, t)| t.depth == 1) {
            let inside = || {
                let end =
                    part[i + 1..].iter().position(|t| t.depth == 1 && t.text == ")").map_or(part.len(), |n| i + 2 + n);
                join(&part[i..end])
            };
            match word(i) {
                "check" => out.push(inside()),
                "as" => out.push(format!(
                    "{owner} {} {}",
                    inside(),
                    if part.iter().any(|t| t.text == "stored") { "stored" } else { "virtual" }
                )),
                "collate" => out.push(format!("{owner} collate {}", word(i + 1))),
                "constraint" => out.push(format!("constraint {}", part[i + 1].text)),
                "conflict" => out.push(format!("{owner} on conflict {}", word(i + 1))),
                "autoincrement" => out.push("autoincrement".into()),
                "deferrable" => out.push(format!(
                    "{key_owner} {} deferrable {} {}",
                    if i > 0 { word(i - 1) } else { "" },
                    word(i + 1),
                    word(i + 2)
                )),
                _ => {}
            }
        }
    }
    out
}

struct Token {
    text: String,
    quoted: bool,
    /// Parentheses around it; a parenthesis itself has the depth of what stands outside of it.
    depth: usize,
}

fn join(tokens: &[Token]) -> String {
    let words: Vec<&str> = tokens.iter().map(|t| t.text.as_str()).collect();
    words.join(" ")
}

fn tokens(sql: &str) -> Vec<Token> {
    let chars: Vec<char> = sql.chars().collect();
    let (mut out, mut i, mut depth) = (Vec::<Token>::new(), 0, 0usize);
    while i < chars.len() {
        let c = chars[i];
        let next = chars.get(i + 1).copied().unwrap_or(' ');
        let mut push = |text: String, quoted: bool, depth: usize| out.push(Token { text, quoted, depth });
        match c {
            _ if c.is_whitespace() => i += 1,
            '-' if next == '-' => i += chars[i..].iter().position(|c| *c == '\n').unwrap_or(chars.len() - i),
            '/' if next == '*' => {
                let end = (i + 2..chars.len()).find(|&j| chars[j] == '/' && chars[j - 1] == '*').unwrap_or(chars.len());
                i = end + 1;
            }
            '\'' | '"' | '`' | '[' => {
                let close = if c == '[' { ']' } else { c };
                let mut text = String::new();
                i += 1;
                while i < chars.len() {
                    if chars[i] == close && chars.get(i + 1) == Some(&close) && c != '[' {
                        i += 1;
                    } else if chars[i] == close {
                        break;
                    }
                    text.push(chars[i]);
                    i += 1;
                }
                i += 1;
                if c == '\'' { push(format!("'{text}'"), true, depth) } else { push(text.to_lowercase(), true, depth) }
            }
            '(' => {
                // The list's own parenthesis counts as outside of it, so that depth 1 is the list.
                push("(".into(), false, depth);
                depth += 1;
                i += 1;
            }
            ')' => {
                depth = depth.saturating_sub(1);
                push(")".into(), false, depth);
                i += 1;
            }
            _ if c.is_alphanumeric() || c == '_' => {
                let start = i;
                while i < chars.len() && (chars[i].is_alphanumeric() || matches!(chars[i], '_' | '$')) {
                    i += 1;
                }
                push(chars[start..i].iter().collect::<String>().to_lowercase(), false, depth);
            }
            _ => {
                push(c.to_string(), false, depth);
                i += 1;
            }
        }
    }
    out
}
