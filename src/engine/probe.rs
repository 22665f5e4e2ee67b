//! Whether the rows that are there let a delta through: what to ask them, without changing anything.
//!
//! A rule says of which kind and change it is and which rows would be in the way ([`ProbeRule`]); how that is asked is the same
//! for all of them.

use super::Engine;
use super::how::Scene;
use crate::model::{Id, Kind, Object};

/// What the coming or the change of an object asks of the rows that are there.
pub struct ProbeRule {
    pub kind: Kind,
    pub when: When,
    pub ask: fn(&Scene, &Object) -> Vec<Probe>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The object comes to a table that is there.
    Comes,
    /// This attribute of it changes.
    Sets(&'static str),
}

/// The rows of a table that are in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    pub table: Id,
    /// What is the matter with them, as in `3 rows of t have NULL in n`.
    pub wrong: String,
    pub rows: Rows,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// Those that meet a condition.
    Where(String),
    /// Those that another row has the same values as, among those that meet a condition. NULL is not the same as NULL.
    Alike { values: Vec<String>, among: Option<String> },
    /// Those that refer to a row that is not there; `whole` where some NULLs are not allowed among the columns.
    Orphans { columns: Vec<String>, target: Id, referenced: Vec<String>, whole: bool },
    /// Those that meet a condition, and come back from the plan as something else: told, and in nobody's way.
    Changed(String),
    /// Those of which the server can't compute a value.
    Failing(String),
}

/// A probe and how its relations are called where it is asked.
pub struct Asked<'a> {
    pub probe: &'a Probe,
    /// What stands after FROM.
    pub from: String,
    /// That of the table that is referred to; `None` where it is not there yet.
    pub target: Option<String>,
    /// What tells a row from the others: columns of the primary key.
    pub key: Vec<String>,
}

/// Rows are counted up to here.
pub const COUNTED: u64 = 10_000;
/// Keys that are shown.
const SHOWN: u64 = 5;

/// The question, which answers with a count (`n`) and the `key` of some of the rows; and a query that shows the rows.
pub fn sql(engine: &dyn Engine, asked: &Asked) -> Option<(String, Option<String>)> {
    let parts: Vec<String> = asked.key.iter().map(|k| format!("CAST(t.{k} AS text)")).collect();
    let key = if parts.is_empty() { "''".to_string() } else { parts.join(" || ', ' || ") };
    let from = &asked.from;
    if let Rows::Failing(value) = &asked.probe.rows {
        return Some((engine.failing(from, &key, value)?, None));
    }
    let is = condition(asked)?;
    let ask = format!(
        "WITH found AS MATERIALIZED (SELECT {key} AS key FROM {from} WHERE {is} LIMIT {}) \
         SELECT (SELECT count(*) FROM found) AS n, key FROM found LIMIT {SHOWN}",
        COUNTED + 1
    );
    Some((ask, Some(format!("SELECT * FROM {from} WHERE {is}"))))
}

fn condition(asked: &Asked) -> Option<String> {
    let all = |columns: &[String], says: &str| {
        columns.iter().map(|c| format!("t.{c} {says}")).collect::<Vec<_>>().join(" AND ")
    };
    match &asked.probe.rows {
        Rows::Where(is) | Rows::Changed(is) => Some(is.clone()),
        Rows::Alike { values, among } => {
            let list = values.join(", ");
            let there = values.iter().map(|v| format!("({v}) IS NOT NULL"));
            let only: Vec<String> = among.iter().map(|a| format!("({a})")).chain(there).collect();
            let only = only.join(" AND ");
            let of = if values.len() == 1 { list.clone() } else { format!("({list})") };
            Some(format!(
                "{only} AND {of} IN (SELECT {list} FROM {} WHERE {only} GROUP BY {list} HAVING count(*) > 1)",
                asked.from
            ))
        }
        Rows::Orphans { columns, referenced, whole, .. } => {
            let set = all(columns, "IS NOT NULL");
            let alone = match &asked.target {
                Some(target) => {
                    let pairs = columns.iter().zip(referenced).map(|(c, r)| format!("p.{r} = t.{c}"));
                    let pairs: Vec<String> = pairs.collect();
                    format!("{set} AND NOT EXISTS (SELECT 1 FROM {target} WHERE {})", pairs.join(" AND "))
                }
                None => set.clone(),
            };
            let none = all(columns, "IS NULL");
            Some(if *whole && columns.len() > 1 { format!("({alone} OR NOT ({set}) AND NOT ({none}))") } else { alone })
        }
        Rows::Failing(_) => None,
    }
}

/// The value that an index compares: an element of its list without what only says how it is kept.
pub fn value_of(element: &str) -> String {
    let words = element.split_inclusive(' ');
    let mut kept = String::new();
    let mut collation = false;
    for word in words {
        let open = kept.matches('(').count() > kept.matches(')').count() || kept.matches('"').count() % 2 == 1;
        let begins = kept.is_empty() || open || collation;
        collation = !begins && word.trim_end() == "COLLATE";
        if !begins && !collation {
            break;
        }
        kept.push_str(word);
    }
    kept.trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::text::{items, parenthesised};

    #[test]
    fn elements_of_an_index() {
        let list = "a, lower((b)::text) text_pattern_ops DESC, ((c || ', '::text)), \"d, e\" COLLATE \"C\" NULLS FIRST";
        let values: Vec<String> = items(list).into_iter().map(value_of).collect();
        assert_eq!(values, ["a", "lower((b)::text)", "((c || ', '::text))", "\"d, e\" COLLATE \"C\""]);
        assert_eq!(parenthesised("((n > ')'::text)) NO INHERIT"), Some(("(n > ')'::text)", " NO INHERIT")));
        assert_eq!(parenthesised("n > 0"), None);
    }
}
