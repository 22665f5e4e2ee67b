//! What a view or trigger needs, found in its text: SQLite keeps no dependencies.

use super::super::normal::Names;
use super::super::token::Token;

/// The names that stand where a table or view must stand: after FROM, JOIN, INTO, UPDATE, IN and the commas of a FROM.
///
/// Every identifier was tried and refused: an alias that is also the name of another view made circles.
pub fn relations(tokens: &[Token]) -> Names {
    let mut names = Names::default();
    // For each open parenthesis: whether it is inside a FROM.
    let mut from = vec![false];
    let mut expected = false;
    for (i, token) in tokens.iter().enumerate() {
        let inside = *from.last().unwrap_or(&false);
        if token.is("(") {
            from.push(inside && expected);
            expected &= inside;
            continue;
        }
        if token.is(")") {
            if from.len() > 1 {
                from.pop();
            }
            expected = false;
            continue;
        }
        if token.any_of(&["FROM", "JOIN", "INTO", "UPDATE"]) {
            if let Some(here) = from.last_mut() {
                *here = token.any_of(&["FROM", "JOIN"]);
            }
            expected = true;
        } else if token.any_of(ENDS) {
            if let Some(here) = from.last_mut() {
                *here = false;
            }
            expected = false;
        } else if token.any_of(&["ON", "USING"]) {
            expected = false;
        } else if token.is(",") {
            expected = inside;
        } else if token.is("IN") {
            expected = tokens.get(i + 1).is_some_and(|t| !t.is("("));
        } else if expected {
            let qualifies = tokens.get(i + 1).is_some_and(|t| t.is("."));
            let conflict = token.any_of(&["OR", "ROLLBACK", "ABORT", "REPLACE", "FAIL", "IGNORE"])
                && i > 0
                && !tokens[i - 1].is("FROM");
            if let Some(name) = token.name().filter(|_| !qualifies) {
                names.add(&name);
            }
            expected = qualifies || token.is(".") || conflict;
        }
    }
    names
}

/// What ends a FROM.
const ENDS: &[&str] = &[
    "SELECT",
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "WINDOW",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "SET",
    "VALUES",
    ";",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sqlite::token::tokens;

    #[test]
    fn relations_of_a_query() {
        let found = |sql: &str, name: &str| relations(&tokens(sql)).has(name);
        for sql in [
            "SELECT 1 FROM t",
            "SELECT x FROM a AS b, \"T\" c WHERE y",
            "SELECT (SELECT max(z) FROM main.t)",
            "SELECT * FROM (a JOIN [t] USING (id))",
            "SELECT * FROM (SELECT 1, 2 FROM a, t)",
            "SELECT 1 FROM a WHERE b IN t",
            "SELECT 1 FROM a JOIN b ON a.x = b.y JOIN t ON 1",
            "SELECT 1 FROM a JOIN b ON max(a.x, b.y), t",
            "INSERT OR REPLACE INTO t(a) VALUES (1)",
            "UPDATE OR IGNORE t SET a = 1",
            "UPDATE x SET a = 1; DELETE FROM t WHERE b",
        ] {
            assert!(found(sql, "t"), "{sql}");
        }
        for sql in [
            "SELECT t, a AS t FROM x",
            "SELECT f(t) FROM x GROUP BY t",
            "SELECT 1 FROM x WHERE a IN (t, 1)",
            "UPDATE x SET a = t",
        ] {
            assert!(!found(sql, "t"), "{sql}");
        }
    }
}
