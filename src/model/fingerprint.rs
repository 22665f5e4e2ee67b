//! Content hashes of objects and catalogs.

use super::{Object, Value};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// A SHA-256, shown and stored as its first 16 hexadecimal digits: enough to tell states of one object apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 8]);

impl Fingerprint {
    /// Over length-prefixed parts, so that no two different lists of parts hash alike.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        Fingerprint(first)
    }

    /// Over kind, path and attributes. What an object needs is left out: it follows from the attributes.
    pub fn of(object: &Object) -> Self {
        let mut text = String::with_capacity(256);
        object.id().to_string().as_str().clone_into(&mut text);
        for (name, value) in object.attrs() {
            // A `None` is left out so that a new attribute of a later msr does not change what older plans recorded.
            if value != Value::None {
                text.push('\n');
                text.push_str(name);
                text.push('=');
                push_value(&mut text, &value);
            }
        }
        Self::of_parts([text.as_bytes()])
    }
}

fn push_value(text: &mut String, value: &Value) {
    match value {
        Value::List(items) => {
            for item in items {
                text.push_str(&format!("{}:{item},", item.len()));
            }
        }
        Value::Text(s) => text.push_str(&format!("{}:{s}", s.len())),
        other => text.push_str(&other.to_string()),
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a fingerprint: expected 16 hexadecimal digits");
        if text.len() != 16 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0; 8];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Fingerprint(bytes))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
