//! The flags that every command takes, and what follows from them.

use clap::{ArgAction, ValueEnum};
use msr::render::Look;
use msr::settings::{Color, Flags, Settings};
use msr::{Error, Result};
use std::path::PathBuf;
use std::sync::OnceLock;

#[derive(clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// Settings file [default: msr.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The database: postgres://…, sqlite://FILE. Better in the environment: MSR_DATABASE_URL, MIGRATION_DATABASE_URL or DATABASE_URL, each also with _FILE
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// A server where scratch databases may be made [env: MSR_SHADOW_URL]
    #[arg(long, global = true, value_name = "URL")]
    shadow: Option<String>,
    /// Act as this role in the database, which owns what is made: SET ROLE after each connect. PostgreSQL only [env: MSR_ROLE]
    #[arg(long, global = true, value_name = "ROLE")]
    role: Option<String>,
    /// The desired schema: an .sql file, a folder of them, or another source [default: schema]
    #[arg(long, global = true, value_name = "SOURCE")]
    schema: Option<String>,
    /// The folder of saved plans [default: plans]
    #[arg(long, global = true, value_name = "FOLDER")]
    plans: Option<String>,
    /// Leave this alone: a name as `audit.*` or `tmp_*`, or `schema:NAME`, `kind:KIND`, `role:NAME`, `extension:NAME`; may be repeated
    #[arg(long, global = true, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Manage only what one of these names, written in the same way
    #[arg(long, global = true, value_name = "PATTERN")]
    include: Vec<String>,
    /// How the result is written; each command says which it has
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Whether to use colours [default: auto]
    #[arg(long, global = true, value_name = "WHEN", value_parser = ["auto", "always", "never"])]
    color: Option<String>,
    /// Only results and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// More: the reason of each step's place
    #[arg(long, short, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// How messages on standard error are written
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text, hide_default_value = true)]
    log_format: LogFormat,
    /// Do not show what is longer than the screen in `$MSR_PAGER`, `$PAGER` or `less`
    #[arg(long, global = true)]
    no_pager: bool,
    /// Do not ask. Without a terminal nothing is asked, and a command that would ask fails
    #[arg(long, short, global = true)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
    Sql,
    Ron,
    Markdown,
    Github,
    Gitlab,
    Sarif,
    Junit,
    Mermaid,
    Dot,
    Svg,
    Html,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// Flags that only some commands have and that are settings too.
#[derive(Default)]
pub struct Extra {
    pub lock_wait: Option<String>,
    pub allow: Vec<String>,
    pub online: Option<String>,
}

/// One run of msr.
pub struct Context {
    globals: Globals,
    /// As `msr.toml` or the environment has it; known once settings were read.
    color: OnceLock<Color>,
}

impl Context {
    pub fn new(globals: Globals) -> Context {
        let context = Context { globals, color: OnceLock::new() };
        match context.globals.color.as_deref() {
            Some("always") => context.set_color(Color::Always),
            Some("never") => context.set_color(Color::Never),
            _ => {}
        }
        context
    }

    /// Read once a command needs them, so that `completions` and `--version` need no valid settings.
    pub fn settings(&self) -> Result<Settings> {
        self.settings_with(Extra::default())
    }

    pub fn settings_with(&self, extra: Extra) -> Result<Settings> {
        let g = &self.globals;
        let flags = Flags {
            config: g.config.clone(),
            database: g.database.clone(),
            shadow: g.shadow.clone(),
            role: g.role.clone(),
            schema: g.schema.clone(),
            plans: g.plans.clone(),
            color: g.color.clone(),
            lock_wait: extra.lock_wait,
            lock_timeout: None,
            allow: extra.allow,
            online: extra.online,
            exclude: g.exclude.clone(),
            include: g.include.clone(),
        };
        let cwd = std::env::current_dir().map_err(|e| Error::config(format!("can't tell the current folder: {e}")))?;
        let settings = Settings::load(&flags, &variable, &cwd)?;
        self.set_color(settings.color);
        Ok(settings)
    }

    fn set_color(&self, color: Color) {
        if self.color.set(color).is_err() {
            return;
        }
        let wanted = match color {
            Color::Auto => return,
            Color::Always => true,
            Color::Never => false,
        };
        console::set_colors_enabled(wanted);
        console::set_colors_enabled_stderr(wanted);
    }

    /// The format that was asked for, if the command has it; the first it has if none was.
    pub fn format(&self, has: &[Format]) -> Result<Format> {
        let name = |f: &Format| f.to_possible_value().map_or(String::new(), |v| format!("`{}`", v.get_name()));
        match self.globals.format {
            None => Ok(has[0]),
            Some(format) if has.contains(&format) => Ok(format),
            Some(format) => {
                let all: Vec<String> = has.iter().map(name).collect();
                Err(Error::usage(format!("this command has no format {}", name(&format)))
                    .hint(format!("it has {}", all.join(", "))))
            }
        }
    }

    /// What the standard output is good for.
    pub fn look(&self) -> Look {
        let terminal = console::Term::stdout();
        let width = if terminal.is_term() { usize::from(terminal.size().1) } else { Look::PLAIN.width };
        Look { colour: console::colors_enabled(), verbose: self.globals.verbose > 0, width: width.clamp(40, 120) }
    }

    pub fn quiet(&self) -> bool {
        self.globals.quiet
    }

    /// Whether a pager may be used.
    pub fn pages(&self) -> bool {
        !self.globals.no_pager
    }

    pub fn yes(&self) -> bool {
        self.globals.yes
    }

    pub fn log_json(&self) -> bool {
        self.globals.log_format == LogFormat::Json
    }
}

/// A variable that is not UTF-8 is no URL and no path that msr takes: as good as not set.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
