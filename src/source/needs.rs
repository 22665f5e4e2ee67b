//! Which names a statement defines, and which it may need, by their positions among its tokens.
//!
//! Too much is found rather than too little: a false need costs a place in the order, a missed one a retry.

use super::head::{Head, Verb, head};
use super::lexer::{Lexer, Token};
use super::words::{Words, unquote};
use super::{Dialect, Hint, HintKind, Name, Statement};
use std::collections::{BTreeSet, HashSet};

/// What the order and the digest know of a statement beyond its names.
#[derive(Debug, Clone)]
pub struct Facts {
    pub verb: Verb,
    /// The object that is made, changed or spoken of; the table, for an index or a trigger.
    pub target: Option<Name>,
    /// The target is the statement's own object, not the table it hangs on.
    pub own: bool,
    /// OR REPLACE, IF NOT EXISTS, ALTER, DROP: what was there before matters.
    pub replaces: bool,
    /// Takes a name away: DROP, RENAME, SET SCHEMA.
    pub removes: bool,
    /// Adds to its target what others may ask of it: columns, keys.
    pub provides: bool,
    /// Extensions, schemas and languages: wanted by names that cannot be seen.
    pub early: bool,
    /// ATTACH PARTITION: keys and indexes that are there by then are joined, others are made. OWNER TO: what goes with a table
    /// must have its owner, and is made by who loads.
    pub late: bool,
    /// Defines a schema, not a thing in one.
    pub schema: bool,
    /// Cannot run in a transaction with others.
    pub alone: bool,
}

pub struct Found {
    pub defines: Vec<Name>,
    pub needs: Vec<Name>,
    pub facts: Facts,
}

pub fn find(words: &Words, hints: &[Hint]) -> Found {
    let head = head(words);
    let of_table = !head.on.is_empty();
    let target = name(if of_table { &head.on } else { &head.path }, words.dialect);
    let defines = defines(words, &head);
    let mut needs = BTreeSet::new();
    needs.extend(hints.iter().flat_map(|hint| wanted(hint, words.dialect)));
    if of_table || head.verb != Verb::Create {
        needs.extend(target.clone());
    }
    scan_statement(words, &head, &mut needs);
    needs.retain(|need| !defines.contains(need));
    let has = |word: &str| (1..words.len()).any(|i| words.is(i, word));
    let moves = has("rename") || words.skip(head.rest, "SET SCHEMA") > head.rest;
    let early = head.verb == Verb::Create && matches!(head.object, "extension" | "schema" | "language");
    let late = ["ATTACH PARTITION", "OWNER TO"].iter().any(|text| words.skip(head.rest, text) > head.rest);
    // What is not valid is so for the heirs that are there, and valid for those that come after.
    let late = late || (1..words.len()).any(|i| words.is(i, "not") && words.is(i + 1, "valid"));
    let late = late && head.verb == Verb::Alter;
    let facts = Facts {
        target,
        own: !of_table || head.verb == Verb::Act,
        replaces: head.replaces,
        removes: head.verb == Verb::Drop || head.verb == Verb::Alter && moves,
        provides: match head.verb {
            Verb::Alter => !late && !has("references"),
            Verb::Create => head.object == "index" && words.is(1, "unique"),
            _ => false,
        },
        early,
        late,
        schema: head.object == "schema",
        alone: alone(words, &head, has),
        verb: head.verb,
    };
    Found { defines, needs: needs.into_iter().collect(), facts }
}

/// Needs that nothing in the source defines are words of the language, or the engine's own: they go.
pub fn keep_defined(statements: &mut [Statement]) {
    let defined: HashSet<String> = statements.iter().flat_map(|s| &s.defines).map(|n| n.name.clone()).collect();
    for statement in statements {
        statement.needs.retain(|need| defined.contains(&need.name));
        statement.needs.shrink_to_fit();
    }
}

fn alone(words: &Words, head: &Head, has: impl Fn(&str) -> bool) -> bool {
    let add_value = head.verb == Verb::Alter && head.object == "type" && words.is(head.rest, "add");
    let first = ["call", "do", "cluster", "discard", "reindex", "vacuum"];
    add_value || has("concurrently") || head.object == "subscription" || words.any(0, &first)
}

/// The last two parts of a path, folded for comparison.
fn name(path: &[String], dialect: Dialect) -> Option<Name> {
    let fold = |part: &String| match dialect {
        Dialect::Postgres => part.clone(),
        Dialect::Sqlite => part.to_ascii_lowercase(),
    };
    let (last, before) = path.split_last()?;
    Some(Name { schema: before.last().map(fold), name: fold(last) })
}

fn wanted(hint: &Hint, dialect: Dialect) -> Vec<Name> {
    match &hint.kind {
        HintKind::DependsOn { on } => on.iter().filter_map(|written| name(&written.path, dialect)).collect(),
        _ => vec![],
    }
}

fn tokens(text: &str, dialect: Dialect) -> Vec<Token> {
    let mut lexer = Lexer::new(text, dialect);
    let mut tokens = vec![];
    // A body that is no SQL (of another language) ends the search, nothing more.
    while let Ok(Some(token)) = lexer.next() {
        use super::lexer::Kind::*;
        if !matches!(token.kind, LineComment | BlockComment | Meta) {
            tokens.push(token);
        }
    }
    tokens
}

fn defines(words: &Words, head: &Head) -> Vec<Name> {
    let own = name(&head.path, words.dialect);
    match head.verb {
        // Triggers, policies and rules have their names for themselves in each table; nothing can need them.
        Verb::Create if matches!(head.object, "trigger" | "policy" | "rule") => vec![],
        Verb::Create => own.into_iter().collect(),
        Verb::Alter => {
            let to = words.skip(head.rest, "RENAME TO");
            let schema = words.skip(head.rest, "SET SCHEMA");
            let Some(own) = own else { return vec![] };
            match (words.name(to), words.name(schema)) {
                (Some(new), _) if to > head.rest => {
                    name(&[new], words.dialect).map(|n| Name { schema: own.schema, ..n }).into_iter().collect()
                }
                (_, Some(new)) if schema > head.rest => vec![Name { schema: Some(new), ..own }],
                _ => vec![],
            }
        }
        _ => vec![],
    }
}

fn scan_statement(words: &Words, head: &Head, out: &mut BTreeSet<Name>) {
    let routine = matches!(head.object, "function" | "procedure");
    let positional = match (head.verb, head.object) {
        (Verb::Create, "table" | "foreign table" | "view" | "materialized view" | "index" | "trigger") => true,
        (Verb::Create, "policy" | "rule" | "sequence") => true,
        (Verb::Create, "type") => words.skip(head.rest, "AS (") > head.rest,
        (Verb::Alter | Verb::Act, _) => true,
        _ => false,
    };
    let from = if matches!(head.verb, Verb::Act | Verb::Session) { 1 } else { head.rest };
    let mut i = from;
    if !positional {
        let end: &[&str] = match head.verb {
            Verb::Remark => &["to", "from", "is"],
            _ if routine => &["as", "return", "begin"],
            _ => &[],
        };
        while i < words.len() && !words.any(i, end) {
            match words.path(i).filter(|_| words.is_name(i)) {
                Some((path, end)) => {
                    // A name before a name is an argument's; its type follows.
                    let argument = words.is_name(end) && (words.after(i, "(") || words.after(i, ","));
                    if !argument {
                        candidates(words, i, &path, out);
                    }
                    i = end;
                }
                None => i += 1,
            }
        }
    }
    scan(words, i, out);
    if routine || words.is(0, "do") {
        body(words, i, out);
    }
}

/// The body of a routine, where the engine looks into it when the routine is made: wholly for SQL, and for PL/pgSQL
/// the types that are copied from elsewhere.
fn body(words: &Words, from: usize, out: &mut BTreeSet<Name>) {
    let sql = (1..words.len()).any(|i| words.after(i, "language") && unquote(words.text(i), words.dialect) == "sql");
    for i in from..words.len() {
        let text = words.text(i);
        let inner = if words.is_dollar(i) {
            let tag = text[1..].find('$').map_or(0, |end| end + 2);
            text[tag..text.len() - tag].to_string()
        } else if words.is_string(i) && words.after(i, "as") && text.starts_with('\'') {
            unquote(text, Dialect::Sqlite)
        } else {
            continue;
        };
        let tokens = tokens(&inner, words.dialect);
        let inner = Words { text: &inner, tokens: &tokens, ..*words };
        if sql {
            scan(&inner, 0, out);
        } else {
            copied_types(&inner, out);
        }
    }
}

fn copied_types(words: &Words, out: &mut BTreeSet<Name>) {
    for i in 0..words.len() {
        if words.after(i, "%") && words.any(i, &["rowtype", "type"]) && i >= 2 && words.is_name(i - 2) {
            let mut start = i - 2;
            while start >= 2 && words.is(start - 1, ".") && words.is_name(start - 2) {
                start -= 2;
            }
            let Some((mut path, _)) = words.path(start) else { continue };
            if words.is(i, "type") {
                path.pop();
            }
            out.extend(name(&path, words.dialect));
        }
    }
}

/// Key words that a relation, type, function or another named thing follows.
const BEFORE_NAMES: &[&str] = &[
    "from",
    "join",
    "references",
    "into",
    "table",
    "of",
    "on",
    "update",
    "only",
    "function",
    "procedure",
    "routine",
    "like",
    "returns",
    "setof",
    "type",
    "sequence",
    "schema",
    "collate",
    "using",
    "server",
    "wrapper",
    "handler",
    "validator",
    "language",
    "extension",
    "view",
    "index",
    "partition",
    "domain",
    "configuration",
    "::",
    "inherits",
];

/// Key words that end a list of relations.
const AFTER_LISTS: &[&str] = &[
    "where",
    "group",
    "order",
    "having",
    "limit",
    "union",
    "select",
    "window",
    "set",
    "values",
    "for",
    "except",
    "intersect",
    "returning",
    "offset",
    "fetch",
    "with",
];

fn scan(words: &Words, from: usize, out: &mut BTreeSet<Name>) {
    // For each open parenthesis, whether a comma goes on with a list of relations.
    let mut lists = vec![false];
    let mut i = from;
    while i < words.len() {
        match words.text(i) {
            "(" => lists.push(words.after(i, "inherits") || words.after(i, "from") || words.after(i, "only")),
            ")" if lists.len() > 1 => drop(lists.pop()),
            _ => {}
        }
        if words.is_string(i) {
            out.extend(in_string(words, i));
        }
        let Some((path, end)) = words.path(i).filter(|_| words.is_name(i)) else {
            i += 1;
            continue;
        };
        if let Some(list) = lists.last_mut() {
            let word = words.is_word(i);
            *list = if word && words.is(i, "from") { true } else { *list && !(word && words.any(i, AFTER_LISTS)) };
        }
        let go_on = (words.after(i, ",") || words.after(i, "(")) && lists.last() == Some(&true);
        if path.len() > 1 || go_on || position(words, i, end) {
            candidates(words, i, &path, out);
        }
        i = end;
    }
}

fn candidates(words: &Words, i: usize, path: &[String], out: &mut BTreeSet<Name>) {
    let owned_by = i > 1 && words.is(i - 1, "by") && words.is(i - 2, "owned");
    if path.len() > 2 || owned_by && path.len() > 1 {
        out.extend(name(&path[..path.len() - 1], words.dialect));
    }
    if !owned_by {
        out.extend(name(path, words.dialect));
    }
}

fn position(words: &Words, i: usize, end: usize) -> bool {
    if i == 0 {
        return words.is(end, "(");
    }
    let before = |word: &str| words.is(i - 1, word);
    let key = words.any(i - 1, BEFORE_NAMES) && !(before("of") && i > 1 && words.is(i - 2, "update"));
    let call = words.is(end, "(");
    let cast = before("as") && words.is(end, ")");
    let column = i > 1
        && words.is_name(i - 1)
        && ["(", ",", "add", "column", "exists"].iter().any(|w| words.is(i - 2, w))
        && !words.any(i - 1, &["primary", "foreign", "constraint", "unique", "add"]);
    key || call || cast || column
}

/// `nextval('seq')`, `'t'::regclass`.
fn in_string(words: &Words, i: usize) -> Option<Name> {
    let sequence = i > 1 && words.is(i - 1, "(") && words.any(i - 2, &["nextval", "currval", "setval"]);
    let cast = words.is(i + 1, "::") && words.text(i + 2).get(..3).is_some_and(|w| w.eq_ignore_ascii_case("reg"));
    let written = words.text(i).strip_prefix('\'').filter(|_| sequence || cast)?.strip_suffix('\'')?;
    let tokens = tokens(written, words.dialect);
    let (path, _) = Words { text: written, tokens: &tokens, ..*words }.path(0)?;
    name(&path, words.dialect)
}
