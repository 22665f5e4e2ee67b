//! Where every setting comes from: flag > environment > `.env` > `msr.toml` > default.
//!
//! [`Settings::load`] is a function of its arguments: the environment is handed in, so that tests need no process of
//! their own. Each value remembers its [`Origin`]; an error about a value says where it was written.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub mod dotenv;
pub mod duration;
pub mod file;
mod layers;
pub mod network;
pub mod profiles;
pub mod url;

pub use file::{Hooks, Lint, MsrToml};
pub use url::{DatabaseUrl, SqliteUrl};

use crate::apply::Pace;
use crate::model::{Filter, Patterns};
use crate::plan::{Manage, Online, Transaction};
use crate::{Error, Result};
use layers::Layers;

/// What the command line said; `None` and empty when it said nothing.
#[derive(Clone, Default)]
pub struct Flags {
    pub config: Option<PathBuf>,
    pub database: Option<String>,
    pub shadow: Option<String>,
    pub role: Option<String>,
    pub schema: Option<String>,
    pub plans: Option<String>,
    pub color: Option<String>,
    pub lock_wait: Option<String>,
    pub lock_timeout: Option<String>,
    pub allow: Vec<String>,
    pub online: Option<String>,
    pub exclude: Vec<String>,
    pub include: Vec<String>,
}

/// The settings of one run.
#[derive(Debug, Clone)]
pub struct Settings {
    pub database: DatabaseUrl,
    pub shadow: Option<DatabaseUrl>,
    /// The desired schema: a file, a folder, or any other source.
    pub schema: String,
    /// The folder of saved plans.
    pub plans: String,
    pub color: Color,
    /// How long to wait for the migration lock.
    pub lock_wait: Duration,
    /// How long one statement may wait for its lock; `None` leaves it to the plan.
    pub lock_timeout: Option<Duration>,
    /// Rules allowed on the command line, for this run only.
    pub allow: Vec<String>,
    pub lint: Lint,
    /// What is managed: `[exclude]`, `[include]` and the profile, with what the command line adds.
    pub filter: Filter,
    /// What is managed of what is said about objects.
    pub manage: Manage,
    /// Commands of the project's own.
    pub hooks: Hooks,
    /// What is changed by ladders of short steps.
    pub online: Online,
    /// How long rows are asked whether they let a plan through.
    pub probe_time: Duration,
    /// How fast rows are filled.
    pub pace: Pace,
    /// Whether statements are sent with a comment that says whose they are.
    pub tag: bool,
    /// How much one transaction holds.
    pub transaction: Transaction,
    origins: BTreeMap<&'static str, Origin>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Environment(String),
    Dotenv(String),
    File(PathBuf, &'static str),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(f, "flag `{name}`"),
            Origin::Environment(name) => write!(f, "environment variable `{name}`"),
            Origin::Dotenv(name) => write!(f, "`{name}` in `.env`"),
            Origin::File(path, key) => write!(f, "`{key}` in `{}`", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// The names under which the target's URL is looked for, in this order.
const DATABASE: &[&str] = &["MSR_DATABASE_URL", "MIGRATION_DATABASE_URL", "DATABASE_URL"];
const SHADOW: &[&str] = &["MSR_SHADOW_URL"];
const DEFAULT_LOCK_WAIT: Duration = Duration::from_secs(600);
const DEFAULT_PROBE_TIME: Duration = Duration::from_secs(30);

impl Settings {
    pub fn load(flags: &Flags, env: &dyn Fn(&str) -> Option<String>, cwd: &Path) -> Result<Settings> {
        let (path, file) = config(flags, cwd)?;
        let dotenv = dotenv::read(&cwd.join(".env"))?;
        let mut layers = Layers { env, dotenv, cwd, file: path, origins: BTreeMap::new() };

        let database = layers.secret("database", "--database", &flags.database, DATABASE, &file.database)?;
        let shadow = layers.secret("shadow", "--shadow", &flags.shadow, SHADOW, &file.shadow)?;
        let role = layers.plain("role", "--role", &flags.role, "MSR_ROLE", &file.role)?;
        let schema = layers.plain("schema", "--schema", &flags.schema, "MSR_SCHEMA", &file.schema)?;
        let plans = layers.plain("plans", "--plans", &flags.plans, "MSR_PLANS", &file.plans)?;
        let wait = layers.plain("lock_wait", "--lock-wait", &flags.lock_wait, "MSR_LOCK_WAIT", &file.lock_wait)?;
        let timeout = layers.plain(
            "lock_timeout",
            "--lock-timeout",
            &flags.lock_timeout,
            "MSR_LOCK_TIMEOUT",
            &file.lock_timeout,
        )?;
        let color = layers.plain("color", "--color", &flags.color, "MSR_COLOR", &file.color)?;
        let profile = layers.plain("profile", "--profile", &None, "MSR_PROFILE", &file.profile)?;

        let switch = file.online.as_ref().map(|switch| switch.text());
        let online = layers.plain("online", "--online", &flags.online, "MSR_ONLINE", &switch)?;
        let size = layers.plain("online_from", "--online-from", &None, "MSR_ONLINE_FROM", &file.online_from)?;
        let batch = layers.plain("backfill.batch", "--batch", &None, "MSR_BACKFILL_BATCH", &file.backfill.batch)?;
        let lag = layers.plain("backfill.lag", "--lag", &None, "MSR_BACKFILL_LAG", &file.backfill.lag)?;
        let usual = Pace::default();
        let phases = file.phases.map(|flag| flag.to_string());
        let phases = layers.plain("phases", "--phases", &None, "MSR_PHASES", &phases)?;
        let tag = file.apply.tag.map(|flag| flag.to_string());
        let tag = layers.plain("apply.tag", "--tag", &None, "MSR_APPLY_TAG", &tag)?;
        let key = &file.apply.transaction;
        let transaction = layers.plain("apply.transaction", "--transaction", &None, "MSR_APPLY_TRANSACTION", key)?;
        let probe = layers.plain("probe_time", "--probe-time", &None, "MSR_PROBE_TIME", &file.probe_time)?;

        Ok(Settings {
            database: layers.target(database, role)?,
            shadow: layers.url("shadow", shadow)?,
            schema: schema.unwrap_or_else(|| "schema".to_owned()),
            plans: plans.unwrap_or_else(|| "plans".to_owned()),
            color: layers.color(color)?,
            lock_wait: layers.duration("lock_wait", wait)?.unwrap_or(DEFAULT_LOCK_WAIT),
            lock_timeout: layers.duration("lock_timeout", timeout)?,
            allow: flags.allow.clone(),
            lint: file.lint,
            filter: filter(flags, file.exclude, file.include, profile)?,
            manage: file.manage,
            hooks: file.hooks,
            online: layers.online(online, size, phases)?,
            probe_time: layers.duration("probe_time", probe)?.unwrap_or(DEFAULT_PROBE_TIME),
            pace: Pace {
                batch: layers.duration("backfill.batch", batch)?.unwrap_or(usual.batch),
                rest: file.backfill.rest.unwrap_or(usual.rest),
                lag: layers.duration("backfill.lag", lag)?.unwrap_or(usual.lag),
            },
            tag: layers.switch("apply.tag", tag)?.unwrap_or(true),
            transaction: layers.transaction(transaction)?,
            origins: layers.origins,
        })
    }

    /// Where the setting of this name (as in `msr.toml`) was written.
    pub fn origin(&self, name: &str) -> &Origin {
        self.origins.get(name).unwrap_or(&Origin::Default)
    }
}

/// What the settings file, the platform and the command line say together.
fn filter(flags: &Flags, mut exclude: Patterns, mut include: Patterns, profile: Option<String>) -> Result<Filter> {
    flags.exclude.iter().for_each(|pattern| exclude.add(pattern));
    flags.include.iter().for_each(|pattern| include.add(pattern));
    if let Some(kind) = exclude.unknown_kinds().chain(include.unknown_kinds()).next() {
        return Err(Error::config(format!("no kind of object is called `{kind}`"))
            .hint("kinds are written as in plans: `table`, `policy`, `materialized view`"));
    }
    let mut all = vec![exclude];
    if let Some(name) = profile {
        let Some(found) = profiles::PROFILES.iter().find(|p| p.name == name) else {
            let known: Vec<String> = profiles::PROFILES.iter().map(|p| format!("`{}`", p.name)).collect();
            return Err(Error::config(format!("no profile is called `{}`", name.escape_debug()))
                .hint(format!("this msr has {}", known.join(", "))));
        };
        all.push(found.patterns());
    }
    Ok(Filter { exclude: all, include })
}

/// The settings file: the one asked for, which must be there, or `msr.toml`, which may be.
fn config(flags: &Flags, cwd: &Path) -> Result<(PathBuf, MsrToml)> {
    let asked = flags.config.as_deref();
    let name = asked.unwrap_or(Path::new("msr.toml"));
    // The path is shown as the user wrote it, and read from the folder the user stands in.
    match MsrToml::read(&cwd.join(name))? {
        Some(file) => Ok((name.to_owned(), file)),
        None if asked.is_none() => Ok((name.to_owned(), MsrToml::default())),
        None => {
            Err(Error::config(format!("there is no file `{}`", name.display())).hint("it was named with `--config`"))
        }
    }
}

#[cfg(test)]
mod tests;
