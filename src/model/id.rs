//! Who an object is: the only key anywhere.

use super::Kind;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Kind and path of an object. Ordered; names are as the engine stores them, unquoted.
///
/// Paths by kind: a schema or extension is `[name]`; what lives in a schema is `[schema, name]`; a part of a table is
/// `[schema, table, name]`; a function is `[schema, name, argument types]`; a comment, grant or owner is the name of its
/// subject's kind and the subject's path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    pub kind: Kind,
    /// Shared: an id stands in many refs.
    pub path: Arc<[Box<str>]>,
}

impl Id {
    pub fn new<S: AsRef<str>>(kind: Kind, path: impl IntoIterator<Item = S>) -> Self {
        Id { kind, path: path.into_iter().map(|s| s.as_ref().into()).collect() }
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        match (self.kind, &self.path[..]) {
            (kind, [_, name, ..]) if kind.is_named_second() => name,
            (_, [.., name]) => name,
            (_, []) => "",
        }
    }

    /// The schema that it stands in, or is.
    pub fn schema(&self) -> Option<&str> {
        match self.kind {
            Kind::Schema => Some(self.at(0)),
            Kind::DefaultPrivilege => Some(self.at(1)).filter(|schema| !schema.is_empty()),
            kind => Some(self.at(0)).filter(|_| kind.is_in_schema()),
        }
    }

    pub fn at(&self, i: usize) -> &str {
        self.path.get(i).map_or("", |s| s)
    }

    /// The same path under another kind: a column's default, a type's comment.
    pub fn of_kind(&self, kind: Kind) -> Id {
        Id { kind, path: self.path.clone() }
    }

    /// A path below this one.
    pub fn below(&self, kind: Kind, name: &str) -> Id {
        Id::new(kind, self.path.iter().map(|s| &**s).chain([name]))
    }

    /// The object that is said something about: a comment's, grant's or owner's.
    pub fn about(kind: Kind, subject: &Id) -> Id {
        Id::new(kind, [subject.kind.name()].into_iter().chain(subject.path.iter().map(|s| &**s)))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind.name())?;
        for (i, part) in self.path.iter().enumerate() {
            let dot = if i == 0 { "" } else { "." };
            let plain = !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$');
            if plain {
                write!(f, "{dot}{part}")?;
            } else {
                write!(f, "{dot}{part:?}")?;
            }
        }
        Ok(())
    }
}

/// Written as its text, read back by [`std::str::FromStr`].
impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl std::str::FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` does not name an object: expected a kind and a dotted path");
        let (kind, path) =
            // The longest kind wins: `domain check` begins with another kind's name.
            (Kind::ALL.iter().filter_map(|k| Some((*k, text.strip_prefix(k.name())?.strip_prefix(' ')?))))
                .min_by_key(|(_, path)| path.len())
                .ok_or_else(wrong)?;
        let mut parts = Vec::new();
        let mut rest = path;
        loop {
            let end = if rest.starts_with('"') {
                quoted_end(rest).ok_or_else(wrong)?
            } else {
                rest.find('.').unwrap_or(rest.len())
            };
            let part = &rest[..end];
            parts.push(if part.starts_with('"') {
                serde_json::from_str(&json_escapes(part)).map_err(|_| wrong())?
            } else {
                part.to_string()
            });
            match rest[end..].strip_prefix('.') {
                Some(more) => rest = more,
                None if end == rest.len() => return Ok(Id::new(kind, parts)),
                None => return Err(wrong()),
            }
        }
    }
}

/// Where a quoted part ends, after its closing quote.
fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(i + 1),
            _ => {}
        }
    }
    None
}

/// Rust's `{:?}` escapes in JSON's spelling: `\u{e9}` as `\u00e9`, `\'` and `\0` likewise.
fn json_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('u') if chars.peek() == Some(&'{') => {
                let hex: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                let point = u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
                let mut units = [0; 2];
                for unit in point.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            Some('0') => out.push_str("\\u0000"),
            Some('\'') => out.push('\''),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

/// How strongly an object needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Strength {
    /// It must be dropped before the other can be.
    Normal,
    /// The engine drops it with the other, silently: an index with its column, a trigger with its table.
    Auto,
    /// What is done to the other is done to it as well, as long as their tables are linked: an inherited column. It goes with
    /// the other only if it is `Auto` too.
    Follow,
    /// A link, which wants the other and all of its parts settled: made after they are, dropped before any of them changes.
    Whole,
}

/// One thing that an object needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ref {
    pub to: Id,
    pub strength: Strength,
}

impl Ref {
    pub fn normal(to: Id) -> Self {
        Ref { to, strength: Strength::Normal }
    }

    pub fn auto(to: Id) -> Self {
        Ref { to, strength: Strength::Auto }
    }

    pub fn follow(to: Id) -> Self {
        Ref { to, strength: Strength::Follow }
    }

    pub fn whole(to: Id) -> Self {
        Ref { to, strength: Strength::Whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p32_every_name_round_trips_through_text() {
        for name in ["users", "a.b", "", "q\"uote", "new\nline", "ünï", "\u{1f600}", "back\\slash", "'", "\u{0}", "a b"]
        {
            let id = Id::new(Kind::Column, ["public", name, "x"]);
            assert_eq!(id.to_string().parse::<Id>().as_ref(), Ok(&id), "{id}");
        }
        assert!("table".parse::<Id>().is_err());
        assert!("nothing public.t".parse::<Id>().is_err());
        assert!("table \"open".parse::<Id>().is_err());
    }
}
