//! The words of <https://sqlite.org/lang_keywords.html>, by how SQLite's grammar treats them.

use super::token::is_part;

/// Words that are never a bare name.
const RESERVED: &[&str] = &[
    "ADD",
    "ALL",
    "ALTER",
    "AND",
    "AS",
    "AUTOINCREMENT",
    "BETWEEN",
    "CASE",
    "CHECK",
    "COLLATE",
    "COMMIT",
    "CONSTRAINT",
    "CREATE",
    "DEFAULT",
    "DEFERRABLE",
    "DELETE",
    "DISTINCT",
    "DROP",
    "ELSE",
    "ESCAPE",
    "EXCEPT",
    "EXISTS",
    "FOREIGN",
    "FROM",
    "GROUP",
    "HAVING",
    "IN",
    "INDEX",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "ISNULL",
    "JOIN",
    "LIMIT",
    "NOT",
    "NOTHING",
    "NOTNULL",
    "NULL",
    "ON",
    "OR",
    "ORDER",
    "PRIMARY",
    "REFERENCES",
    "RETURNING",
    "SELECT",
    "SET",
    "TABLE",
    "THEN",
    "TO",
    "TRANSACTION",
    "UNION",
    "UNIQUE",
    "UPDATE",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
];

/// Words that mean something in a few places and are a bare name in all others (`%fallback ID` in `parse.y`).
const CONTEXTUAL: &[&str] = &[
    "ABORT",
    "ANALYZE",
    "ASC",
    "ATTACH",
    "BEGIN",
    "BY",
    "CASCADE",
    "CAST",
    "CONFLICT",
    "CROSS",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "DEFERRED",
    "DESC",
    "DETACH",
    "DO",
    "END",
    "EXCLUSIVE",
    "EXPLAIN",
    "FAIL",
    "FILTER",
    "FOLLOWING",
    "FOR",
    "FULL",
    "GLOB",
    "IF",
    "IGNORE",
    "IMMEDIATE",
    "INDEXED",
    "INITIALLY",
    "INNER",
    "INSTEAD",
    "LEFT",
    "LIKE",
    "MATCH",
    "MATERIALIZED",
    "NATURAL",
    "NULLS",
    "OF",
    "OFFSET",
    "OUTER",
    "OVER",
    "PARTITION",
    "PRAGMA",
    "PRECEDING",
    "RAISE",
    "RECURSIVE",
    "REGEXP",
    "REINDEX",
    "RENAME",
    "REPLACE",
    "RIGHT",
    "ROLLBACK",
    "SAVEPOINT",
    "TEMPORARY",
    "UNBOUNDED",
    "VACUUM",
    "WINDOW",
    "WITH",
    "WITHIN",
    "WITHOUT",
];

/// Of those, the ones that no expression or query could take for anything but a name.
const HARMLESS: &[&str] = &[
    "ACTION",
    "AFTER",
    "ALWAYS",
    "BEFORE",
    "COLUMN",
    "CURRENT",
    "DATABASE",
    "EACH",
    "EXCLUDE",
    "FIRST",
    "GENERATED",
    "GROUPS",
    "KEY",
    "LAST",
    "NO",
    "OTHERS",
    "PLAN",
    "QUERY",
    "RANGE",
    "RELEASE",
    "RESTRICT",
    "ROW",
    "ROWS",
    "TEMP",
    "TIES",
    "TRIGGER",
    "VIEW",
    "VIRTUAL",
];

fn among(list: &[&str], word: &str) -> bool {
    list.iter().any(|w| w.eq_ignore_ascii_case(word))
}

pub fn is_reserved(word: &str) -> bool {
    among(RESERVED, word)
}

/// Whether the name can be written without quotes in any text: the one spelling that names are compared in.
pub fn is_plain(name: &str) -> bool {
    is_bare(name) && !is_reserved(name) && !among(CONTEXTUAL, name)
}

fn is_bare(name: &str) -> bool {
    name.chars().all(is_part) && name.starts_with(|c: char| !c.is_ascii_digit() && c != '$')
}

/// A name in generated SQL: quotes where they are needed or where a later SQLite might need them.
pub fn quote(name: &str) -> String {
    if is_plain(name) && !among(HARMLESS, name) { name.to_string() } else { in_quotes(name) }
}

pub fn in_quotes(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sqlite::token::tokens;

    #[test]
    fn p32_every_name_survives_quoting() {
        for name in
            ["a", "", "order", "key", "a b", "q\"uote", "1a", "$a", "a$", "\u{1f600}", "new\nline", "[x]", "'", "--"]
        {
            let quoted = quote(name);
            let read = tokens(&quoted);
            assert_eq!(read.len(), 1, "{quoted}");
            assert_eq!(read[0].name().as_deref(), Some(name));
        }
    }
}
