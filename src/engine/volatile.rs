//! Which expressions may have another value for each row.

/// Functions that give the same for all rows of one statement.
const STEADY: &[&str] = &[
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "transaction_timestamp",
    "statement_timestamp",
    "current_setting",
    "current_user",
    "session_user",
    "lower",
    "upper",
    "coalesce",
    "array",
    "row",
    "cast",
    "interval",
    "date",
    "timestamp",
    "timezone",
    "date_trunc",
    "to_char",
    "to_timestamp",
    "json_build_object",
    "jsonb_build_object",
    "jsonb_build_array",
    "json_build_array",
    "to_jsonb",
    "to_json",
    "length",
    "abs",
    "round",
    "floor",
    "ceil",
    "md5",
    "decode",
    "encode",
    "concat",
    "format",
    "int4range",
    "int8range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "make_interval",
    "make_date",
    "nullif",
    "greatest",
    "least",
    "extract",
    "numeric",
    "varchar",
    "char",
    "bit",
    "in",
    "and",
    "or",
    "not",
    "values",
    "to_date",
    "replace",
    "substring",
    "trim",
    "repeat",
    "point",
    "age",
    "array_fill",
    "string_to_array",
    "current_schema",
    "time",
    "timetz",
    "timestamptz",
    "decimal",
    "float",
    "character",
    "varying",
    "bpchar",
];

/// The functions that an expression calls, lower case, without their schema.
fn calls(expression: &str) -> Vec<String> {
    let mut found = vec![];
    let mut word = String::new();
    let mut chars = expression.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                while chars.next().is_some_and(|c| c != '\'') {}
                word.clear();
            }
            c if c.is_alphanumeric() || c == '_' => word.extend(c.to_lowercase()),
            '(' if !word.is_empty() => found.push(std::mem::take(&mut word)),
            ' ' if chars.peek() == Some(&'(') => {}
            _ => word.clear(),
        }
    }
    found
}

/// Whether the value may differ from row to row. What is not known is: a function is VOLATILE unless it says otherwise.
pub fn is_volatile(expression: &str) -> bool {
    calls(expression).iter().any(|name| !STEADY.contains(&name.as_str()))
}
