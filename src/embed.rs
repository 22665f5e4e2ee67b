//! msr in a program: plan, apply and status in a few lines.
//!
//! For development, tests, and applications that bring their own database up to date. What the command line has besides
//! (settings, prompts, hooks, signals, progress) is the caller's here; the refusals are the same.
//!
//! ```
//! use msr::embed::Database;
//! use msr::render::{Look, human};
//!
//! # fn main() -> msr::Result<()> {
//! # let folder = tempfile::tempdir().expect("a folder");
//! # std::fs::write(folder.path().join("schema.sql"), "CREATE TABLE t (id integer PRIMARY KEY, a text);").expect("a file");
//! # let (url, schema) = (format!("sqlite://{}/app.db", folder.path().display()), folder.path().join("schema.sql"));
//! let mut database = Database::connect(&url)?;
//! let plan = database.plan(&schema)?;
//! println!("{}", human::plan(&plan, Look::PLAIN));
//! database.apply(&plan)?;
//!
//! assert!(database.plan(&schema)?.is_empty(), "the database has the schema now");
//! assert!(database.status()?.is_some(), "and its journal says since when");
//! # Ok(())
//! # }
//! ```

use crate::apply::history::{History, State};
use crate::apply::journal;
use crate::apply::{self, Options, Phases, Report};
use crate::engine::{self, Access, Engine, Session};
use crate::lint::{Policy, report};
use crate::model::Filter;
use crate::plan::file::{self, Loaded};
use crate::plan::make::{Inputs, Made, make};
use crate::plan::{Manage, Online, Plan, Tie};
use crate::settings::{DatabaseUrl, Lint};
use crate::source::Source;
use crate::{Error, Result};
use std::path::Path;

/// A database, and what is allowed in it.
pub struct Database {
    engine: &'static dyn Engine,
    url: DatabaseUrl,
    session: Box<dyn Session>,
    allow: Vec<String>,
    phases: Phases,
}

/// Where a database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Of the newest plan that was applied, at least its expand phase.
    pub version: String,
    pub name: String,
    /// RFC 3339, by the server's clock.
    pub at: String,
}

impl Database {
    /// Opens the database of a URL as the command line has it; a SQLite file is made if it is not there.
    pub fn connect(url: &str) -> Result<Database> {
        let url = DatabaseUrl::parse(url)?;
        let engine = engine::named(url.engine())?;
        let session = engine.connect(&url, Access::Write)?;
        Ok(Database { engine, url, session, allow: vec![], phases: Phases::All })
    }

    /// Lets a lint rule pass: `destructive` for all that loses data, `all` for everything.
    pub fn allow(mut self, rule: &str) -> Database {
        self.allow.push(rule.to_string());
        self
    }

    /// Which phases `apply` and `migrate` run; all of them unless this is said, since here no other application runs beside.
    pub fn phases(mut self, phases: Phases) -> Database {
        self.phases = phases;
        self
    }

    /// The proved plan to the schema of an .sql file or a folder of them. Nothing is changed.
    pub fn plan(&mut self, schema: impl AsRef<Path>) -> Result<Plan> {
        let path = schema.as_ref();
        let path = path.to_str().ok_or_else(|| Error::config(format!("the path `{}` is not UTF-8", path.display())))?;
        self.plan_to(&Source::read(path, self.engine.dialect())?)
    }

    /// The same, to a schema that was read before: see [`Source::parse`].
    pub fn plan_to(&mut self, desired: &Source) -> Result<Plan> {
        let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
        let mut made = make(Inputs {
            engine: self.engine,
            target: Some(&mut *self.session),
            like: &self.url,
            base: None,
            desired,
            shadow: None,
            filter: &Filter::default(),
            manage: Manage::default(),
            online: Online::default(),
            transaction: Default::default(),
            name: "embedded".into(),
            version: now.strftime("%Y%m%d%H%M%S").to_string(),
            created_at: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            parent: None,
            tie: Tie::Reader,
            settled: &mut |session, desired, live| {
                let entries = journal::read(session.journal())?;
                apply::history::settled(&entries, session, desired, live)
            },
            progress: &mut |_, _, _| {},
        })?;
        self.judge(&mut made, desired, now.date())?;
        Ok(made.plan)
    }

    /// Writes lint's findings into the plan, so that `apply` refuses what is denied.
    fn judge(&mut self, made: &mut Made, desired: &Source, today: jiff::civil::Date) -> Result<()> {
        let policy = Policy::new(&Lint::default(), &self.allow);
        policy.check()?;
        let (figures, version) = match made.plan.is_empty() {
            true => Default::default(),
            false => (self.session.figures()?, self.session.server().version),
        };
        let (base, goal, figures, policy) = (&made.base, &made.goal, &figures, &policy);
        report::judge(&mut made.plan, &report::Judge { base, goal, desired, figures, policy, today, version })?;
        Ok(())
    }

    /// Does what the plan says, or refuses.
    pub fn apply(&mut self, plan: &Plan) -> Result<Report> {
        let text = file::write(plan);
        let loaded = Loaded { plan: plan.clone(), checksum: file::checksum_of(plan) };
        self.with(|engine, session, options| apply::apply(&loaded, &text.into(), engine, session, options, &mut |_| {}))
    }

    /// Applies the pending plans of a folder, as `msr migrate` does.
    pub fn migrate(&mut self, plans: impl AsRef<Path>) -> Result<Vec<Report>> {
        let saved = apply::migrate::saved(plans.as_ref())?;
        let chain: Vec<_> = apply::migrate::chain(&saved)?.into_iter().cloned().collect();
        self.with(|engine, session, options| apply::migrate(&chain, None, engine, session, options, &mut |_| {}))
    }

    fn with<T>(
        &mut self,
        work: impl FnOnce(&'static dyn Engine, &mut dyn Session, &Options) -> Result<T>,
    ) -> Result<T> {
        let (engine, url) = (self.engine, &self.url);
        let reconnect = || engine.connect(url, Access::Write);
        let options = Options {
            allow: self.allow.clone(),
            phases: self.phases,
            who: "embedded".into(),
            reconnect: &reconnect,
            ..Options::default()
        };
        work(engine, &mut *self.session, &options)
    }

    /// Where the database stands; `None` where no plan was applied.
    pub fn status(&mut self) -> Result<Option<Status>> {
        let (_, entries) = self.session.journal().look()?;
        let history = History::of(&entries);
        let standing = history.standing().into_iter().find(|p| matches!(p.state, State::Applied | State::Expanded));
        let of =
            |version: &str, name: &str, at: &str| Status { version: version.into(), name: name.into(), at: at.into() };
        let taken_over = history.baseline.as_ref().map(|b| of(&b.version, &b.name, &b.at));
        Ok(standing.map(|p| of(&p.version, &p.name, &p.at)).or(taken_over))
    }
}
