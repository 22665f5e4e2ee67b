//! Types and expressions, as far as rules care.

use super::event::{Trait, Traits};

/// What is known of a type by its spelling, the engine's or the user's.
pub fn describe(traits: &mut Traits, spelt: &str) {
    let name = base(spelt);
    let mut mark = |holds: bool, this| {
        if holds {
            traits.add(this);
        }
    };
    mark(name == "json", Trait::Json);
    mark(matches!(name.as_str(), "character" | "char" | "bpchar"), Trait::Char);
    let limited = spelt.contains('(');
    mark(limited && matches!(name.as_str(), "varchar" | "character varying"), Trait::Varchar);
    mark(name == "timestamp" && !spelt.to_lowercase().contains("with time zone"), Trait::NoZone);
    mark(is_narrow(spelt), Trait::Narrow);
    mark(is_serial(&name), Trait::Serial);
}

/// Lower case, without length, array and what comes after it.
fn base(spelt: &str) -> String {
    let lower = spelt.trim().replace('"', "").to_lowercase();
    let name = lower.split(['(', '[']).next().unwrap_or_default().trim();
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    let name = name.strip_suffix("without time zone").or(name.strip_suffix("with time zone")).unwrap_or(name);
    name.trim().to_string()
}

pub fn is_narrow(spelt: &str) -> bool {
    let names = ["int", "integer", "int4", "smallint", "int2", "serial", "serial4", "smallserial", "serial2"];
    names.contains(&base(spelt).as_str())
}

pub fn is_serial(name: &str) -> bool {
    let name = name.to_lowercase();
    ["serial", "serial2", "serial4", "serial8", "smallserial", "bigserial"].contains(&name.as_str())
}

fn width(name: &str) -> Option<u32> {
    Some(match name {
        "smallint" | "int2" => 2,
        "integer" | "int" | "int4" => 4,
        "bigint" | "int8" => 8,
        _ => return None,
    })
}

/// How many bytes a value takes and at a multiple of how many it begins, of types whose values are all of one length.
pub fn fixed(spelt: &str) -> Option<(u64, u64)> {
    if spelt.ends_with("[]") {
        return None;
    }
    Some(match base(spelt).as_str() {
        "boolean" => (1, 1),
        "smallint" => (2, 2),
        "integer" | "real" | "date" | "oid" => (4, 4),
        "bigint" | "double precision" | "timestamp" | "timestamptz" | "time" | "money" => (8, 8),
        "uuid" => (16, 1),
        _ => return None,
    })
}

/// The numbers in the parentheses.
fn limits(spelt: &str) -> Vec<u64> {
    let inner = spelt.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inner, _)| inner);
    inner.split(',').filter_map(|n| n.trim().parse().ok()).collect()
}

/// What a change from one type to another is.
pub fn compare(traits: &mut Traits, from: &str, to: &str) {
    let (old, new) = (base(from), base(to));
    let zone = |spelt: &str| spelt.to_lowercase().contains("with time zone") || base(spelt) == "timestamptz";
    let stamps = ["timestamp", "timestamptz"];
    if stamps.contains(&old.as_str()) && stamps.contains(&new.as_str()) && zone(from) != zone(to) {
        traits.add(Trait::TzDependent);
    }
    let texts = ["text", "varchar", "character varying", "character", "char"];
    let narrower = match (width(&old), width(&new)) {
        (Some(a), Some(b)) => b < a,
        _ if texts.contains(&old.as_str()) && texts.contains(&new.as_str()) => {
            let longest = |name: &str, spelt: &str| match (name, limits(spelt).first()) {
                (_, Some(n)) => *n,
                ("character" | "char", None) => 1,
                _ => u64::MAX,
            };
            longest(&new, to) < longest(&old, from)
        }
        _ if old == "numeric" && new == "numeric" => {
            let digits = |l: &[u64]| (l.first().copied(), l.get(1).copied().unwrap_or(0));
            match (digits(&limits(from)), digits(&limits(to))) {
                (_, (None, _)) => false,
                ((None, _), _) => true,
                ((Some(p), s), (Some(q), r)) => r < s || q.saturating_sub(r) < p.saturating_sub(s),
            }
        }
        _ => [
            ("timestamp", "date"),
            ("timestamptz", "date"),
            ("inet", "cidr"),
            ("double precision", "real"),
            ("numeric", "integer"),
            ("numeric", "bigint"),
        ]
        .contains(&(old.as_str(), new.as_str())),
    };
    if narrower {
        traits.add(Trait::Narrows);
    }
}

pub use crate::engine::volatile::is_volatile;

pub fn is_momentary(expression: &str) -> bool {
    let lower = expression.to_lowercase();
    let words = [
        "now()",
        "current_timestamp",
        "current_date",
        "current_time",
        "localtimestamp",
        "transaction_timestamp()",
        "statement_timestamp()",
    ];
    words.iter().any(|w| lower.contains(w))
}

/// The columns of an index as its definition has them; an expression is kept as it is.
pub fn index_columns(definition: &str) -> Vec<String> {
    let Some(open) = definition.find('(') else { return vec![] };
    let mut columns = vec![];
    let (mut depth, mut current) = (0, String::new());
    for c in definition[open..].chars() {
        match c {
            '(' if depth == 0 => depth = 1,
            ')' if depth == 1 => break,
            ',' if depth == 1 => columns.push(std::mem::take(&mut current)),
            c => {
                depth += i32::from(c == '(') - i32::from(c == ')');
                current.push(c);
            }
        }
    }
    columns.push(current);
    columns.iter().map(|c| plain(c)).filter(|c| !c.is_empty()).collect()
}

/// A column's name alone, without order and operator class.
fn plain(column: &str) -> String {
    let column = column.trim();
    if let Some(quoted) = column.strip_prefix('"') {
        return quoted.split('"').next().unwrap_or_default().to_string();
    }
    let expression = column.contains('(');
    if expression { column.to_string() } else { column.split_whitespace().next().unwrap_or_default().to_string() }
}

/// `REFERENCES t(a, b)`
pub fn referenced_columns(definition: &str) -> Vec<String> {
    let rest = definition.split_once("REFERENCES").map_or("", |(_, rest)| rest);
    index_columns(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrower_types() {
        for (from, to, narrower) in [
            ("bigint", "integer", true),
            ("integer", "bigint", false),
            ("character varying(50)", "character varying(10)", true),
            ("character varying(10)", "text", false),
            ("text", "character varying(10)", true),
            ("numeric(10,2)", "numeric(12,2)", false),
            ("numeric(10,2)", "numeric(10,4)", true),
            ("numeric", "numeric(10,4)", true),
            ("timestamp without time zone", "date", true),
        ] {
            let mut traits = Traits::NONE;
            compare(&mut traits, from, to);
            assert_eq!(traits.has(Trait::Narrows), narrower, "{from} to {to}");
        }
    }

    #[test]
    fn volatile_expressions() {
        for (expression, volatile) in [
            ("now()", false),
            ("'random()'::text", false),
            ("gen_random_uuid()", true),
            ("(1 + 2)", false),
            ("'{}'::jsonb", false),
            ("my.thing(1)", true),
            ("CURRENT_TIMESTAMP", false),
        ] {
            assert_eq!(is_volatile(expression), volatile, "{expression}");
        }
        assert_eq!(index_columns("USING btree (a, lower(b), \"c d\" DESC)"), ["a", "lower(b)", "c d"]);
    }
}
