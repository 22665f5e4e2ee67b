//! Who sent a statement, told with the statement: a comment before it, for those who look at the server's log or at
//! `pg_stat_activity`.
//!
//! The form is sqlcommenter's (<https://google.github.io/sqlcommenter/spec/>), which tools that watch databases read. It
//! stands before the statement and not behind: what follows could be kept with a definition. The statement itself is the
//! plan's, byte for byte.

use crate::plan::Plan;
use std::collections::BTreeMap;
use std::fmt;

/// What is said of each statement of a run, in the order of the names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tag(BTreeMap<&'static str, String>);

impl Tag {
    /// Of the run of that name.
    pub fn of_run(run: &str) -> Tag {
        Tag::default().with("application", "msr").with("run", run)
    }

    /// And this besides.
    pub fn with(mut self, name: &'static str, value: &str) -> Tag {
        self.0.insert(name, value.into());
        self
    }

    /// Of the same run, at work on this plan, and this step of it.
    pub(super) fn at(&self, plan: Option<&Plan>, step: Option<usize>) -> Tag {
        let plan = plan.map(|p| ("plan", format!("{}_{}", p.header.version, p.header.name)));
        let step = step.map(|id| ("step", id.to_string()));
        let more = [plan, step].into_iter().flatten();
        more.fold(self.clone(), |tag, (name, value)| tag.with(name, &value))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}='{}'", encoded(value))).collect();
        if pairs.is_empty() { Ok(()) } else { write!(f, "/*{}*/ ", pairs.join(",")) }
    }
}

/// As in a URL, so that no value ends the comment or the quotes.
fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    value.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::Tag;

    #[test]
    fn nothing_in_a_value_ends_the_comment() {
        let tag = Tag::of_run("1-2").with("plan", "a*/'; DROP TABLE ü --\n");
        let text = "/*application='msr',plan='a%2A%2F%27%3B%20DROP%20TABLE%20%C3%BC%20--%0A',run='1-2'*/ ";
        assert_eq!(tag.to_string(), text);
        assert_eq!(Tag::default().to_string(), "");
    }
}
