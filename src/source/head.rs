//! The head of a statement: what it does, to which kind of object, of which name.

use super::words::Words;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Create,
    Alter,
    Drop,
    /// COMMENT, GRANT, REVOKE, SECURITY LABEL: says something about an object and changes nothing it needs.
    Remark,
    /// SET, RESET, `set_config`, PRAGMA, and ALTER DEFAULT PRIVILEGES: changes what later statements mean.
    Session,
    /// INSERT, SELECT, DO, …: what it does cannot be known from its head.
    Act,
}

#[derive(Debug, Clone)]
pub struct Head {
    pub verb: Verb,
    pub object: &'static str,
    /// The object's own name, schema first where it is written; may be empty (`CREATE INDEX ON t`).
    pub path: Vec<String>,
    /// The table an index, trigger, policy or rule belongs to, or the table of a column or constraint remarked on.
    pub on: Vec<String>,
    /// CREATE OR REPLACE, or IF NOT EXISTS: what was there before matters.
    pub replaces: bool,
    /// The token after the name.
    pub rest: usize,
}

/// Kinds as they are written after CREATE, ALTER, DROP, COMMENT ON and GRANT ON; longer before shorter.
const KINDS: &[(&str, &str)] = &[
    ("MATERIALIZED VIEW", "materialized view"),
    ("FOREIGN DATA WRAPPER", "foreign data wrapper"),
    ("FOREIGN TABLE", "foreign table"),
    ("FOREIGN SERVER", "server"),
    ("VIRTUAL TABLE", "table"),
    ("EVENT TRIGGER", "event trigger"),
    ("CONSTRAINT TRIGGER", "trigger"),
    ("TEXT SEARCH CONFIGURATION", "text search configuration"),
    ("TEXT SEARCH DICTIONARY", "text search dictionary"),
    ("TEXT SEARCH PARSER", "text search parser"),
    ("TEXT SEARCH TEMPLATE", "text search template"),
    ("OPERATOR CLASS", "operator class"),
    ("OPERATOR FAMILY", "operator family"),
    ("ACCESS METHOD", "access method"),
    ("USER MAPPING", "user mapping"),
    ("TABLE", "table"),
    ("VIEW", "view"),
    ("INDEX", "index"),
    ("SEQUENCE", "sequence"),
    ("TYPE", "type"),
    ("DOMAIN", "domain"),
    ("FUNCTION", "function"),
    ("PROCEDURE", "procedure"),
    ("ROUTINE", "function"),
    ("AGGREGATE", "aggregate"),
    ("TRIGGER", "trigger"),
    ("RULE", "rule"),
    ("POLICY", "policy"),
    ("SCHEMA", "schema"),
    ("EXTENSION", "extension"),
    ("COLLATION", "collation"),
    ("CONVERSION", "conversion"),
    ("LANGUAGE", "language"),
    ("OPERATOR", "operator"),
    ("CAST", "cast"),
    ("TRANSFORM", "transform"),
    ("STATISTICS", "statistics"),
    ("SERVER", "server"),
    ("PUBLICATION", "publication"),
    ("SUBSCRIPTION", "subscription"),
    ("COLUMN", "column"),
    ("CONSTRAINT", "constraint"),
];

/// Words that may stand between CREATE and the kind.
const MODIFIERS: &[&str] = &[
    "OR",
    "REPLACE",
    "GLOBAL",
    "LOCAL",
    "TEMP",
    "TEMPORARY",
    "UNLOGGED",
    "UNIQUE",
    "RECURSIVE",
    "TRUSTED",
    "PROCEDURAL",
    "DEFAULT",
];

fn kind(words: &Words, i: usize) -> Option<(&'static str, usize)> {
    KINDS.iter().find_map(|&(written, object)| {
        let next = words.skip(i, written);
        (next > i).then_some((object, next))
    })
}

pub fn head(words: &Words) -> Head {
    if words.is(0, "create") {
        create(words)
    } else if words.any(0, &["alter", "drop"]) {
        alter(words)
    } else if words.any(0, &["comment", "security", "grant", "revoke"]) {
        remark(words)
    } else {
        other(words)
    }
}

fn create(words: &Words) -> Head {
    let mut i = 1;
    while words.any(i, MODIFIERS) {
        i += 1;
    }
    let replaces = (1..i).any(|k| words.is(k, "replace"));
    let Some((object, next)) = kind(words, i) else { return plain(Verb::Create, "object") };
    i = words.skip(words.skip(next, "CONCURRENTLY"), "IF NOT EXISTS");
    let exists = i > next && words.after(i, "exists");
    if object == "schema" {
        i = words.skip(i, "AUTHORIZATION");
    }
    let nameless = object == "index" && words.is(i, "on") || matches!(object, "cast" | "transform" | "user mapping");
    let (mut path, mut rest) = if nameless { (vec![], i) } else { words.path(i).unwrap_or((vec![], i)) };
    let mut on = vec![];
    if matches!(object, "index" | "trigger" | "policy" | "rule") {
        on = on_table(words, rest, if object == "rule" { "to" } else { "on" });
        if object == "index" && path.len() == 1 && on.len() == 2 {
            path.insert(0, on[0].clone());
        } else if path.len() == 2 && on.len() == 1 {
            on.insert(0, path[0].clone());
        }
    }
    if object == "operator" {
        (path, rest) = (vec![], i);
    }
    Head { verb: Verb::Create, object, path, on, replaces: replaces || exists, rest }
}

/// The table after the first `ON` (of a rule: `TO`) outside of parentheses.
fn on_table(words: &Words, from: usize, key: &str) -> Vec<String> {
    let found = (from..words.len().min(from + 60)).find(|&i| words.is(i, key));
    let at = found.map(|i| words.skip(i + 1, "ONLY"));
    at.and_then(|i| words.path(i)).map_or(vec![], |(path, _)| path)
}

fn alter(words: &Words) -> Head {
    let verb = if words.is(0, "alter") { Verb::Alter } else { Verb::Drop };
    if words.is(1, "default") {
        return plain(Verb::Session, "default privileges");
    }
    let Some((object, next)) = kind(words, 1) else { return plain(verb, "object") };
    let i = words.skip(words.skip(words.skip(next, "CONCURRENTLY"), "IF EXISTS"), "ONLY");
    let (path, rest) = words.path(i).unwrap_or((vec![], i));
    let mut on = vec![];
    if matches!(object, "trigger" | "policy" | "rule") {
        on = on_table(words, rest, "on");
    }
    Head { verb, object, path, on, replaces: true, rest }
}

/// `COMMENT ON kind name …`, `GRANT … ON [kind] name …`.
fn remark(words: &Words) -> Head {
    let nothing = plain(Verb::Remark, "object");
    let Some(at) = (1..words.len().min(200)).find(|&i| words.is(i, "on")) else { return nothing };
    let (object, i) = kind(words, at + 1).unwrap_or(("table", at + 1));
    let Some((mut path, rest)) = words.path(i) else { return nothing };
    let mut on = vec![];
    if object == "column" {
        path.pop();
        on = std::mem::take(&mut path);
    } else if matches!(object, "constraint" | "trigger" | "policy" | "rule") {
        let domain = words.skip(rest, "ON DOMAIN");
        on = if domain > rest { words.path(domain).map_or(vec![], |p| p.0) } else { on_table(words, rest, "on") };
        path.clear();
    }
    Head { verb: Verb::Remark, object, path, on, replaces: false, rest }
}

fn other(words: &Words) -> Head {
    let config = words.is(0, "select") && (1..8).any(|i| words.is(i, "set_config"));
    if config || words.any(0, &["set", "reset", "pragma", "discard"]) {
        return plain(Verb::Session, "setting");
    }
    let mut head = plain(Verb::Act, "statement");
    let i = words.skip(words.skip(words.skip(1, "INTO"), "FROM"), "ONLY");
    if words.any(0, &["insert", "update", "delete"])
        && let Some((path, rest)) = words.path(i)
    {
        (head.on, head.rest) = (path, rest);
    }
    head
}

fn plain(verb: Verb, object: &'static str) -> Head {
    Head { verb, object, path: vec![], on: vec![], replaces: true, rest: 1 }
}
