//! What an attribute can be.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The value of one attribute of an object, as diff, fingerprint and plan file see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    None,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<String>),
}

/// A list whose order is kept for creation, so that dumps read alike, and never compared: it means nothing.
#[derive(Debug, Clone, Default, Eq)]
pub struct Unordered(Vec<String>);

impl Unordered {
    fn sorted(&self) -> Vec<&String> {
        let mut sorted: Vec<&String> = self.0.iter().collect();
        sorted.sort();
        sorted
    }
}

impl PartialEq for Unordered {
    fn eq(&self, other: &Self) -> bool {
        self.sorted() == other.sorted()
    }
}

impl std::ops::Deref for Unordered {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl From<Vec<String>> for Unordered {
    fn from(list: Vec<String>) -> Self {
        Unordered(list)
    }
}

impl From<Unordered> for Value {
    fn from(list: Unordered) -> Self {
        Value::List(list.sorted().into_iter().cloned().collect())
    }
}

impl Value {
    pub fn text(&self) -> Option<&str> {
        if let Value::Text(s) = self { Some(s) } else { None }
    }
}

impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Value::Bool(v)
    }
}

impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Value::Int(v)
    }
}

impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Value::Text(v.to_string())
    }
}

impl From<String> for Value {
    fn from(v: String) -> Self {
        Value::Text(v)
    }
}

impl From<Vec<String>> for Value {
    fn from(v: Vec<String>) -> Self {
        Value::List(v)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Value::None, Into::into)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => f.write_str("none"),
            Value::Bool(b) => write!(f, "{}", if *b { "yes" } else { "no" }),
            Value::Int(i) => write!(f, "{i}"),
            Value::Text(s) => f.write_str(s),
            Value::List(list) => write!(f, "[{}]", list.join(", ")),
        }
    }
}
