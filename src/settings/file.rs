//! `msr.toml`: what a project writes down once. TOML, or JSON with the same keys when the name ends in `.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::model::Patterns;
use crate::plan::Manage;
use crate::{Error, Result};

/// The settings file. Every key may be absent; an unknown key is an error, since a misspelt setting that is
/// silently ignored is a setting that does the opposite.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MsrToml {
    /// May hold a password, though the environment is a better place for one.
    pub database: Option<String>,
    pub shadow: Option<String>,
    /// Whom msr acts as in the database.
    pub role: Option<String>,
    pub schema: Option<String>,
    pub plans: Option<String>,
    pub color: Option<String>,
    pub lock_wait: Option<String>,
    pub lock_timeout: Option<String>,
    /// `true`, `false` or `"auto"`.
    pub online: Option<Switch>,
    pub online_from: Option<String>,
    /// Whether what an old application still uses is taken from it in a phase of its own.
    pub phases: Option<bool>,
    /// `[backfill]`: how fast rows are filled.
    #[serde(default)]
    pub backfill: Backfill,
    /// How long rows are asked whether they let a plan through; `0s` not at all.
    pub probe_time: Option<String>,
    #[serde(default)]
    pub lint: Lint,
    /// The platform that the database runs on: see [`super::profiles`].
    pub profile: Option<String>,
    #[serde(default)]
    pub exclude: Patterns,
    #[serde(default)]
    pub include: Patterns,
    #[serde(default)]
    pub manage: Manage,
    #[serde(default)]
    pub hooks: Hooks,
    #[serde(default)]
    pub apply: Apply,
}

/// `[backfill]`: how fast rows are filled, and when that waits for others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backfill {
    /// How long a batch is to take.
    pub batch: Option<String>,
    /// How long it rests after a batch, in percent of what that took.
    pub rest: Option<u32>,
    /// It waits while a replica is further behind than this.
    pub lag: Option<String>,
}

/// `[apply]`: how plans are applied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Apply {
    /// Whether each statement is sent with a comment that says of which run, plan and step it is.
    pub tag: Option<bool>,
    /// How much one transaction holds: `plan`, `all` or `step`.
    pub transaction: Option<String>,
}

/// `[hooks]`: shell commands, each run when its name says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hooks {
    pub before_plan: Option<String>,
    pub after_plan: Option<String>,
    pub before_apply: Option<String>,
    pub after_apply: Option<String>,
    pub before_batch: Option<String>,
    pub after_batch: Option<String>,
    pub on_failure: Option<String>,
}

/// A switch that can also say in a word how it is to be set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Switch {
    Flag(bool),
    Word(String),
}

impl Switch {
    pub fn text(&self) -> String {
        match self {
            Switch::Flag(flag) => flag.to_string(),
            Switch::Word(word) => word.clone(),
        }
    }
}

/// `[lint]`: rules by level, each `rule` or `rule:table-pattern`, and what some of them go by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lint {
    pub deny: Vec<String>,
    pub warn: Vec<String>,
    pub allow: Vec<String>,
    /// For `naming`: what names of a kind look like, `*` for any run of characters.
    pub names: BTreeMap<String, String>,
    /// For `required-columns`: what each new table has.
    pub required_columns: Vec<String>,
}

impl MsrToml {
    /// `None` when there is no such file.
    pub fn read(path: &Path) -> Result<Option<MsrToml>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::config(format!("can't read `{}`: {e}", path.display()))),
        };
        let json = path.extension().is_some_and(|extension| extension == "json");
        let parsed = if json { from_json(&text) } else { from_toml(&text) };
        parsed.map(Some).map_err(|(place, message)| {
            let (message, hint) = explain(&message);
            let error =
                Error::config(message).code(crate::error::code::UNKNOWN_KEY).at(format!("{}{place}", path.display()));
            hint.into_iter().fold(error, Error::hint)
        })
    }
}

type Misread = (String, String);

fn from_toml(text: &str) -> Result<MsrToml, Misread> {
    // Not `Display`: it prints the line, which may hold a password.
    toml::from_str(text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start.min(text.len()));
        let before = &text.as_bytes()[..at];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        (format!(":{line}"), e.message().to_owned())
    })
}

fn from_json(text: &str) -> Result<MsrToml, Misread> {
    serde_json::from_str(text).map_err(|e| {
        let message = e.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        (format!(":{}:{}", e.line(), e.column()), message.to_owned())
    })
}

/// The message without the value it quotes, and a suggestion when a key is misspelt.
fn explain(message: &str) -> (String, Option<String>) {
    if let (Some(from), Some(to)) = (message.find('"'), message.rfind('"'))
        && from < to
    {
        return (format!("{}{}", message[..from].trim_end(), &message[to + 1..]), None);
    }
    let Some(listed) = message.strip_prefix("unknown field ") else {
        return (message.lines().collect::<Vec<_>>().join("; "), None);
    };
    let mut names = listed.split('`').skip(1).step_by(2);
    let written = names.next().unwrap_or_default();
    let known: Vec<&str> = names.collect();
    let hint = match crate::error::closest(written, &known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("the keys known here: {}", known.join(", ")),
    };
    (format!("unknown key `{}`", written.escape_debug()), Some(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(name: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap_or_else(|e| panic!("{e}"));
        let error = MsrToml::read(&path).err().map(|e| e.to_string()).unwrap_or_default();
        error.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn unknown_keys() {
        assert_eq!(
            error("msr.toml", "schema = 'a'\ndatabse = 'sesame'\n"),
            "msr.toml:2: unknown key `databse`\nhint: did you mean `database`?"
        );
        assert_eq!(
            error("msr.toml", "[lint]\nzzzzz = []\n"),
            "msr.toml:2: unknown key `zzzzz`\nhint: the keys known here: deny, warn, allow, names, required_columns"
        );
        assert!(error("msr.json", "{\"plan\": \"x\"}").contains("did you mean `plans`?"));
    }

    #[test]
    fn values_are_not_quoted() {
        for text in ["lint = 'sesame'", "database = 'sesame", "database = ['sesame']", "database = sesame"] {
            let error = error("msr.toml", text);
            assert!(error.starts_with("msr.toml:1: "), "{error}");
            assert!(!error.contains("sesame"), "{error}");
        }
        assert!(!error("msr.json", "{\"lint\": \"sesame\"}").contains("sesame"));
    }
}
