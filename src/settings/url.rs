//! A database URL that can be shown: the text is secret, what is displayed is not.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::network::NetworkUrl;
use crate::{Error, Result};

/// Where a database is. `Display` and `Debug` show it without password or parameters; the text itself is reached
/// only through [`DatabaseUrl::network`] and [`DatabaseUrl::sqlite`].
#[derive(Clone)]
pub struct DatabaseUrl {
    text: SecretString,
    engine: &'static str,
    shown: String,
    role: Option<String>,
}

/// A SQLite URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteUrl {
    /// A file name as written, not percent-decoded, or `:memory:`.
    pub path: String,
    /// What follows the `?`: `mode=ro` and friends.
    pub query: Option<String>,
}

/// The schemes, with the engine each names.
const SCHEMES: &[(&str, &str)] = &[
    ("postgres", "postgres"),
    ("postgresql", "postgres"),
    ("mysql", "mysql"),
    ("mariadb", "mysql"),
    ("sqlite", "sqlite"),
];

const FORMS: &str = "write `postgres://user@host:port/database`, `mysql://user@host:port/database`, \
     `sqlite://file.db`, `sqlite:///absolute/file.db` or `sqlite::memory:`";

impl DatabaseUrl {
    /// Reads a URL and checks its form; no error quotes any part of it.
    pub fn parse(text: &str) -> Result<DatabaseUrl> {
        let text = text.trim();
        let unknown = || {
            Error::config("the database URL has no form that msr knows").code(crate::error::code::BAD_URL).hint(FORMS)
        };
        let (scheme, rest) = text.split_once(':').ok_or_else(unknown)?;
        let (scheme, engine) =
            SCHEMES.iter().copied().find(|(name, _)| name.eq_ignore_ascii_case(scheme)).ok_or_else(unknown)?;
        let shown = match engine {
            "sqlite" => {
                let url = sqlite(rest)?;
                match url.path.as_str() {
                    ":memory:" => "sqlite::memory:".to_owned(),
                    path => format!("sqlite://{}", path.replace(char::is_control, "?")),
                }
            }
            _ => NetworkUrl::parse(rest.strip_prefix("//").ok_or_else(unknown)?)?.shown(scheme),
        };
        Ok(DatabaseUrl { text: SecretString::from(text), engine, shown, role: None })
    }

    /// The same database; who connects acts as this role there.
    pub fn with_role(self, role: Option<String>) -> Result<DatabaseUrl> {
        match &role {
            Some(_) if self.engine != "postgres" => Err(Error::config(format!("`{self}` has no roles to act as"))),
            _ => Ok(DatabaseUrl { role, ..self }),
        }
    }

    /// The role to act as, where it is another than the user's.
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// `postgres`, `sqlite` or `mysql`.
    pub fn engine(&self) -> &'static str {
        self.engine
    }

    /// The parts of a network URL; an error for SQLite, which has none.
    pub fn network(&self) -> Result<NetworkUrl> {
        match self.after_scheme().strip_prefix("//") {
            Some(rest) if self.engine != "sqlite" => NetworkUrl::parse(rest),
            _ => Err(Error::config(format!("`{self}` names a file, and a server is needed here"))),
        }
    }

    /// The parts of a SQLite URL; an error for a server.
    pub fn sqlite(&self) -> Result<SqliteUrl> {
        match self.engine {
            "sqlite" => sqlite(self.after_scheme()),
            _ => Err(Error::config(format!("`{self}` names a server, and a file is needed here"))),
        }
    }

    fn after_scheme(&self) -> &str {
        self.text.expose_secret().split_once(':').map_or("", |(_, rest)| rest)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.shown)
    }
}

impl std::str::FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<DatabaseUrl> {
        DatabaseUrl::parse(text)
    }
}

fn sqlite(rest: &str) -> Result<SqliteUrl> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (rest, None),
    };
    if path.is_empty() {
        return Err(Error::config("the SQLite URL names no file").hint(FORMS));
    }
    if path.contains('\0') {
        return Err(Error::config("the SQLite URL has a NUL character"));
    }
    Ok(SqliteUrl { path: path.to_owned(), query })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        DatabaseUrl::parse(text).map(|url| format!("{} {url}", url.engine())).unwrap_or_else(|e| e.to_string())
    }

    #[test]
    fn forms() {
        assert_eq!(shown("postgres://app:sesame@db:5432/shop?sslmode=require"), "postgres postgres://app@db:5432/shop");
        assert_eq!(shown("postgresql://db/shop"), "postgres postgresql://db/shop");
        assert_eq!(shown("mariadb://u:sesame@h/d?socket=/run/my.sock"), "mysql mariadb://u@h/d?socket=/run/my.sock");
        assert_eq!(shown("sqlite://msr.db"), "sqlite sqlite://msr.db");
        assert_eq!(shown("sqlite:///var/msr.db?mode=ro"), "sqlite sqlite:///var/msr.db");
        assert_eq!(shown("sqlite:msr.db"), "sqlite sqlite://msr.db");
        assert_eq!(shown("sqlite::memory:"), "sqlite sqlite::memory:");
        assert_eq!(shown("sqlite://:memory:"), "sqlite sqlite::memory:");
    }

    #[test]
    fn neither_errors_nor_debug_quote() {
        for text in ["sesame", "sesame://x", "postgres:sesame", "postgres://u:sesame:x@h:sesame/d", "sqlite:"] {
            let error = DatabaseUrl::parse(text).map(|url| url.to_string()).unwrap_err();
            assert_eq!(error.failure, crate::Failure::Config);
            assert!(!error.to_string().contains("sesame"), "{error}");
        }
        let url = DatabaseUrl::parse("postgres://u:sesame@h/d?password=sesame&options=sesame");
        assert!(!format!("{url:?}").contains("sesame"), "{url:?}");
    }
}
