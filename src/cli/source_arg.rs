//! What can be compared: SQL files, a database, a plan's target, the folder of plans.

use super::context::Context;
use super::plans::{self, Saved};
use super::progress::Progress;
use msr::diff::Delta;
use msr::engine::how::Server;
use msr::engine::{self, Access, Engine, Session, filtered};
use msr::error::code;
use msr::model::{Catalog, Id, Roles};
use msr::plan::{Plan, Step, make, replay};
use msr::render::text;
use msr::settings::{DatabaseUrl, Settings};
use msr::source::{self, File, Source};
use msr::{Error, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A source, as the user wrote it.
pub enum Form {
    /// A file, a folder, or `-`.
    Sql(String),
    /// A folder of another tool's migrations, all of them replayed.
    Migrations(String),
    Database(DatabaseUrl),
    /// A plan file: what is there once it is applied.
    Plan(PathBuf),
    /// A folder of plans, all of them replayed.
    Plans(PathBuf),
}

/// Tells by its look, and by what is there, which form a source has.
pub fn form(text: &str, settings: &Settings) -> Result<Form> {
    let path = Path::new(text);
    if text == "-" {
        return Ok(Form::Sql(text.to_string()));
    }
    if is_url(text) {
        return Ok(Form::Database(DatabaseUrl::parse(text)?));
    }
    if path.is_dir() {
        return Ok(match path == Path::new(&settings.plans) || holds_plans(path) {
            true => Form::Plans(path.to_owned()),
            false if source::migrations::are_migrations(text) => Form::Migrations(text.to_string()),
            false => Form::Sql(text.to_string()),
        });
    }
    match path.extension().is_some_and(|extension| extension == "ron") {
        true => Ok(Form::Plan(path.to_owned())),
        false => Ok(Form::Sql(text.to_string())),
    }
}

/// A scheme and what only a URL has after it: a file may well be called `a:b.sql`.
fn is_url(text: &str) -> bool {
    text.contains("://") || text.to_ascii_lowercase().starts_with("sqlite:")
}

fn holds_plans(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| entry.path().extension().is_some_and(|extension| extension == "ron"))
}

/// The engine that a source is for, where it says so itself.
pub fn engine_of(form: &Form) -> Result<Option<&'static dyn Engine>> {
    match form {
        Form::Sql(_) | Form::Migrations(_) => Ok(None),
        Form::Database(url) => engine::named(url.engine()).map(Some),
        Form::Plan(path) => engine::named(&plans::read(path)?.loaded.plan.header.engine).map(Some),
        Form::Plans(folder) => match plans::chain(folder)?.first() {
            Some(saved) => engine::named(&saved.loaded.plan.header.engine).map(Some),
            None => Ok(None),
        },
    }
}

/// The objects of a source, and the server that told them.
pub struct Seen {
    pub catalog: Catalog,
    pub server: Server,
    /// Functions that can be made only while bodies are not checked.
    pub unchecked: BTreeSet<Id>,
}

impl Seen {
    pub fn of(session: &mut dyn Session) -> Result<Seen> {
        let (catalog, unchecked) = (session.inspect()?, session.unchecked()?);
        Ok(Seen { catalog, server: session.server().clone(), unchecked })
    }
}

/// Reads sources for one engine.
pub struct Reader<'a> {
    pub context: &'a Context,
    pub settings: &'a Settings,
    pub engine: &'static dyn Engine,
}

impl Reader<'_> {
    /// The objects of a source.
    pub fn catalog(&self, form: &Form) -> Result<Seen> {
        match form {
            Form::Sql(path) => self.load(&Source::read(path, self.engine.dialect())?),
            Form::Migrations(folder) => self.load(&Source::migrations(folder, self.engine.dialect())?),
            Form::Database(url) => self.database(url),
            Form::Plan(path) => self.replay(&up_to(path)?),
            Form::Plans(folder) => self.replay(&plans::chain(folder)?),
        }
    }

    /// A source as statements: as they are written, or those that create what is there.
    pub fn statements(&self, form: &Form) -> Result<Source> {
        let name = match form {
            Form::Sql(path) => return Source::read(path, self.engine.dialect()),
            Form::Migrations(folder) => return Source::migrations(folder, self.engine.dialect()),
            Form::Database(url) => url.to_string(),
            Form::Plan(path) | Form::Plans(path) => path.display().to_string(),
        };
        let text = self.creation(&self.catalog(form)?)?.steps.iter().map(statements).collect();
        Source::parse(vec![File { name, text }], self.engine.dialect())
    }

    /// The steps that make it in a new database.
    pub fn creation(&self, seen: &Seen) -> Result<Plan> {
        let mut plan = self.between(&make::blank(self.engine, &self.settings.filter), seen)?;
        // SQLite keeps the comments of a statement; what a hint in them asked for is done.
        for sql in plan.steps.iter_mut().flat_map(|step| &mut step.up) {
            *sql = source::without_hints(sql, self.engine.dialect());
        }
        let unchecked = |d: &Delta| matches!(d, Delta::Add(id) if seen.unchecked.contains(id));
        for step in plan.steps.iter_mut().filter(|step| step.deltas.iter().any(unchecked)) {
            step.up.insert(0, "SET check_function_bodies = off".into());
            step.up.push("RESET check_function_bodies".into());
        }
        Ok(plan)
    }

    /// The steps from one catalog to another, not proved.
    pub fn between(&self, from: &Catalog, to: &Seen) -> Result<Plan> {
        make::unproved(self.engine, &to.server, from, &to.catalog)
    }

    fn database(&self, url: &DatabaseUrl) -> Result<Seen> {
        if url.engine() != self.engine.name() {
            return Err(Error::usage(format!("`{url}` is no database of the engine `{}`", self.engine.name())));
        }
        let mut progress = Progress::new(self.context);
        progress.at("reading the database", 0, 0);
        Seen::of(&mut *filtered(self.engine.connect(url, Access::Read)?, &self.settings.filter))
    }

    fn load(&self, source: &Source) -> Result<Seen> {
        let mut progress = Progress::new(self.context);
        let mut scratch = self.scratch(&source.roles())?;
        let of = source.statements.len();
        scratch.load(source, &mut |done| progress.at("loading the schema", done, of))?;
        Seen::of(&mut *scratch)
    }

    /// Runs the plans on scratch, which must come out as each of them says.
    pub fn replay(&self, chain: &[Saved]) -> Result<Seen> {
        if let Some(saved) = chain.iter().find(|saved| saved.loaded.plan.header.engine != self.engine.name()) {
            return Err(elsewhere(saved, self.engine.name()));
        }
        let mut progress = Progress::new(self.context);
        let roles = chain.last().map(|saved| saved.loaded.plan.header.roles.clone()).unwrap_or_default();
        let mut scratch = self.scratch(&roles)?;
        for (i, saved) in chain.iter().enumerate() {
            progress.at("replaying plans", i, chain.len());
            let plan = &saved.loaded.plan;
            if i == 0 && scratch.inspect()?.fingerprint() != plan.header.base {
                return Err(not_from_nothing(saved));
            }
            replay(&mut *scratch, plan, plan.batches.len())
                .map_err(|e| e.during(format!("replaying `{}`", saved.file)))?;
        }
        Seen::of(&mut *scratch)
    }

    pub fn scratch(&self, roles: &Roles) -> Result<Box<dyn Session>> {
        let target = &self.settings.database;
        let like = (target.engine() == self.engine.name()).then_some(target);
        let mut scratch = self.engine.scratch(like, self.settings.shadow.as_ref(), roles)?;
        scratch.prepare()?;
        Ok(filtered(scratch, &self.settings.filter))
    }
}

/// What a step sends, as a script has it.
pub fn statements(step: &Step) -> String {
    step.up.iter().map(|sql| text::statement(sql) + "\n").collect::<String>() + "\n"
}

/// The chain of plans that ends with this one; the plans before it stand in the same folder.
fn up_to(path: &Path) -> Result<Vec<Saved>> {
    let last = plans::read(path)?;
    if last.loaded.plan.header.parent.is_none() {
        return Ok(vec![last]);
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut chain = plans::chain(folder)?;
    let end = chain.iter().position(|saved| saved.loaded.checksum == last.loaded.checksum);
    chain.truncate(end.map_or(0, |end| end + 1));
    Ok(chain)
}

fn elsewhere(saved: &Saved, engine: &str) -> Error {
    let made = &saved.loaded.plan.header.engine;
    Error::refused(format!("can't replay `{}`: it was made for {made}, and the database is {engine}", saved.file))
        .code(code::ELSEWHERE)
        .hint("name a database of that engine: `--database URL`, or `MSR_DATABASE_URL`")
}

fn not_from_nothing(saved: &Saved) -> Error {
    Error::refused(format!("can't replay `{}`: it was made for a database that was not empty", saved.file))
        .hint("name the database instead, or a plan that follows a chain from an empty one")
}
