//! The layers a value is looked for in, from the nearest to the farthest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Color, DatabaseUrl, Origin, duration};
use crate::plan::{DEFAULT_SIZE, Online, Transaction, When};
use crate::{Error, Result};

pub(super) struct Layers<'a> {
    pub env: &'a dyn Fn(&str) -> Option<String>,
    pub dotenv: BTreeMap<String, String>,
    pub cwd: &'a Path,
    pub file: PathBuf,
    pub origins: BTreeMap<&'static str, Origin>,
}

impl Layers<'_> {
    /// A value with one environment variable.
    pub fn plain(
        &mut self,
        key: &'static str,
        flag: &'static str,
        given: &Option<String>,
        variable: &str,
        file: &Option<String>,
    ) -> Result<Option<String>> {
        if given.is_some() {
            return Ok(self.found(key, Origin::Flag(flag), given.clone()));
        }
        // An empty variable is what a shell or a CI file leaves behind for "not set"; of a path or a duration there
        // is no other reading. (A URL is different: see `secret`.)
        if let Some(value) = (self.env)(variable).filter(|value| !value.is_empty()) {
            return Ok(self.found(key, Origin::Environment(variable.to_owned()), Some(value)));
        }
        if let Some(value) = self.dotenv.get(variable).filter(|value| !value.is_empty()).cloned() {
            return Ok(self.found(key, Origin::Dotenv(variable.to_owned()), Some(value)));
        }
        Ok(self.read_file(key, file))
    }

    /// A URL with several environment variables, each also as `…_FILE`.
    ///
    /// The whole environment comes before the whole of `.env`: a `DATABASE_URL` in the environment wins over an
    /// `MSR_DATABASE_URL` in `.env`, since `.env` never overrides the environment.
    pub fn secret(
        &mut self,
        key: &'static str,
        flag: &'static str,
        given: &Option<String>,
        variables: &[&str],
        file: &Option<String>,
    ) -> Result<Option<String>> {
        if given.is_some() {
            return Ok(self.found(key, Origin::Flag(flag), given.clone()));
        }
        let env = self.env;
        for variable in variables {
            if let Some((name, value)) = self.variable_or_file(variable, env)? {
                return Ok(self.found(key, Origin::Environment(name), Some(value)));
            }
        }
        for variable in variables {
            if let Some((name, value)) = self.variable_or_file(variable, &|name| self.dotenv.get(name).cloned())? {
                return Ok(self.found(key, Origin::Dotenv(name), Some(value)));
            }
        }
        Ok(self.read_file(key, file))
    }

    /// The value of `NAME`, or the content of the file named by `NAME_FILE`. A variable that is set but empty is an
    /// error: a secret that failed to arrive must not make msr fall through to another database.
    fn variable_or_file(&self, name: &str, get: &dyn Fn(&str) -> Option<String>) -> Result<Option<(String, String)>> {
        let by_file = format!("{name}_FILE");
        let empty = |name: &str| {
            Error::config(format!("`{name}` is set and empty")).hint(format!("unset `{name}`, or give it a value"))
        };
        match (get(name), get(&by_file)) {
            (Some(_), Some(_)) => {
                Err(Error::config(format!("`{name}` and `{by_file}` are both set")).hint("unset one of the two"))
            }
            (Some(value), None) if value.trim().is_empty() => Err(empty(name)),
            (Some(value), None) => Ok(Some((name.to_owned(), value))),
            (None, Some(path)) if path.is_empty() => Err(empty(&by_file)),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(self.cwd.join(&path))
                    .map_err(|e| Error::config(format!("can't read the file named by `{by_file}`: {e}")))?;
                let text = text.trim_end_matches(['\n', '\r']);
                match text.trim().is_empty() {
                    true => Err(Error::config(format!("the file named by `{by_file}` is empty"))),
                    false => Ok(Some((by_file, text.to_owned()))),
                }
            }
            (None, None) => Ok(None),
        }
    }

    fn read_file(&mut self, key: &'static str, value: &Option<String>) -> Option<String> {
        let origin = Origin::File(self.file.clone(), key);
        value.is_some().then(|| self.found(key, origin, value.clone())).flatten()
    }

    fn found(&mut self, key: &'static str, origin: Origin, value: Option<String>) -> Option<String> {
        self.origins.insert(key, origin);
        value
    }

    pub fn url(&self, key: &'static str, value: Option<String>) -> Result<Option<DatabaseUrl>> {
        value.map(|text| DatabaseUrl::parse(&text).map_err(|e| self.blame(key, e))).transpose()
    }

    /// The database, and the role to act as there.
    pub fn target(&self, url: Option<String>, role: Option<String>) -> Result<DatabaseUrl> {
        let url = self.url("database", url)?.map_or_else(|| DatabaseUrl::parse("sqlite://msr.db"), Ok)?;
        url.with_role(role).map_err(|e| self.blame("role", e.hint("leave the role out: only PostgreSQL has roles")))
    }

    pub fn duration(&self, key: &'static str, value: Option<String>) -> Result<Option<Duration>> {
        let wrong = |text: &str| {
            let error = Error::config(format!("`{}` is no duration", text.escape_debug()));
            self.blame(key, error.hint("write for example `500ms`, `30s`, `10m` or `1h`"))
        };
        value.map(|text| duration::parse(&text).ok_or_else(|| wrong(&text))).transpose()
    }

    pub fn transaction(&self, value: Option<String>) -> Result<Transaction> {
        let Some(text) = value else { return Ok(Transaction::default()) };
        let known = Transaction::ALL.iter().find(|(word, _)| *word == text);
        known.map(|(_, transaction)| *transaction).ok_or_else(|| {
            let error = Error::config(format!("`{}` does not say how much one transaction holds", text.escape_debug()));
            self.blame("apply.transaction", error.hint("write `plan`, `all` or `step`"))
        })
    }

    pub fn switch(&self, key: &'static str, value: Option<String>) -> Result<Option<bool>> {
        let wrong = |text: &str| {
            let error = Error::config(format!("`{}` says neither yes nor no", text.escape_debug()));
            self.blame(key, error.hint("write `true` or `false`"))
        };
        value.map(|text| text.parse().map_err(|_| wrong(&text))).transpose()
    }

    /// `--color`, `MSR_COLOR`, then the two conventions other tools share: <https://no-color.org> and
    /// <https://bixense.com/clicolors>.
    pub fn color(&self, value: Option<String>) -> Result<Color> {
        let set = |name: &str| (self.env)(name).is_some_and(|value| !value.is_empty());
        let from_file = matches!(self.origins.get("color"), Some(Origin::File(..)) | None);
        match value.as_deref() {
            _ if from_file && set("NO_COLOR") => Ok(Color::Never),
            _ if from_file && (self.env)("CLICOLOR_FORCE").is_some_and(|v| !v.is_empty() && v != "0") => {
                Ok(Color::Always)
            }
            None | Some("auto") => Ok(Color::Auto),
            Some("always") => Ok(Color::Always),
            Some("never") => Ok(Color::Never),
            Some(other) => {
                let error = Error::config(format!("`{}` is no colour mode", other.escape_debug()));
                Err(self.blame("color", error.hint("write `auto`, `always` or `never`")))
            }
        }
    }

    /// `online`, `online_from` and `phases`.
    pub fn online(&self, when: Option<String>, size: Option<String>, phases: Option<String>) -> Result<Online> {
        let when = match when.as_deref() {
            None | Some("auto") => When::Auto,
            Some("true") => When::Always,
            Some("false") => When::Never,
            Some(other) => {
                let error = Error::config(format!("`{}` does not say when to change online", other.escape_debug()));
                return Err(self.blame("online", error.hint("write `auto`, `true` or `false`")));
            }
        };
        let wrong = |text: &str| {
            let error = Error::config(format!("`{}` is no size", text.escape_debug()));
            self.blame("online_from", error.hint("write for example `500kB`, `10MB` or `2GB`"))
        };
        let from = size.map(|text| bytes(&text).ok_or_else(|| wrong(&text))).transpose()?;
        let phases = self.switch("phases", phases)?.unwrap_or(true);
        Ok(Online { when, from: from.unwrap_or(DEFAULT_SIZE), phases })
    }

    /// The error, with the place where the value was written; a flag is wrong usage only to clap, to us it is a value.
    fn blame(&self, key: &'static str, error: Error) -> Error {
        match self.origins.get(key) {
            Some(origin) => error.detail(format!("it comes from {origin}")),
            None => error,
        }
    }
}

/// `10MB`, with PostgreSQL's units: powers of 1024.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match text[digits..].trim_start().to_ascii_lowercase().as_str() {
        "b" => 0,
        "" if text[..digits].parse() == Ok(0) => 0,
        "kb" => 10,
        "mb" => 20,
        "gb" => 30,
        "tb" => 40,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(1 << unit)
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_for_people() {
        let sizes = ["10MB", " 2 gb", "512 kB", "0", "7b", "7", "MB", "1.5GB", "99999999999TB"];
        let read = [Some(10 << 20), Some(2 << 30), Some(512 << 10), Some(0), Some(7), None, None, None, None];
        assert_eq!(sizes.map(super::bytes), read);
    }
}
