use super::context::{Context, Extra};
use super::progress::Progress;
use super::{Done, output, prompt, session};
use msr::apply::journal::Tables;
use msr::engine::{self, Access, Engine, Session};
use msr::model::Kind;
use msr::render::text::{count, line};
use msr::settings::{DatabaseUrl, Settings};
use msr::{Error, Result};
use std::path::{Path, PathBuf};

/// Write the whole database, with its rows, into a file
///
/// By `pg_dump` (of the server's version or a newer one), or by SQLite's online backup, while others go on working. The file is
/// read back before it gets its name.
#[derive(clap::Args)]
pub struct BackupArgs {
    /// The file to write, which must not be there yet
    file: PathBuf,
}

/// Bring a database back from a file that `msr backup` wrote
///
/// Only into an empty database. With `--allow destructive` into one that is not: SQLite's becomes what the backup was; in
/// PostgreSQL what has the same name is dropped first, and what the backup does not know stays.
#[derive(clap::Args)]
pub struct RestoreArgs {
    file: PathBuf,
    /// `destructive` goes on although the database is not empty
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
}

pub fn backup(context: &Context, args: BackupArgs) -> Result<Done> {
    let settings = context.settings()?;
    let engine = engine::named(settings.database.engine())?;
    let told = write(context, engine, &settings.database, &args.file)?;
    output::result(&told)?;
    Ok(Done::Fine)
}

/// Before a run changes anything: a backup in this folder, under a name of its own.
pub fn before(context: &Context, engine: &'static dyn Engine, settings: &Settings, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .map_err(|e| Error::refused(format!("cannot make the folder `{}`: {e}", folder.display())))?;
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ");
    let file = folder.join(format!("{now}.{}", engine.backup_extension()));
    let told = write(context, engine, &settings.database, &file)?;
    output::note(context, told.trim_end());
    Ok(())
}

/// The file gets its name when it is whole.
fn write(context: &Context, engine: &'static dyn Engine, url: &DatabaseUrl, file: &Path) -> Result<String> {
    let refused = |e: std::io::Error| Error::refused(format!("cannot write `{}`: {e}", file.display()));
    if file.exists() {
        return Err(Error::refused(format!("`{}` is there already", file.display()))
            .hint("name a new file: msr does not overwrite a backup"));
    }
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = tempfile::Builder::new().prefix(".msr-backup-").tempfile_in(folder).map_err(refused)?;
    let made = {
        let mut progress = Progress::new(context);
        progress.at("writing a backup", 0, 0);
        engine.backup(url, temporary.path())?
    };
    temporary.as_file().sync_all().map_err(refused)?;
    temporary.persist_noclobber(file).map_err(|e| refused(e.error))?;
    Ok(format!("wrote {}: {} bytes, {}, read back\n", file.display(), made.bytes, made.contents))
}

pub fn restore(context: &Context, args: RestoreArgs) -> Result<Done> {
    if !args.file.is_file() {
        return Err(Error::refused(format!("there is no file `{}`", args.file.display())));
    }
    let settings = context.settings_with(Extra { allow: args.allow, ..Extra::default() })?;
    let (engine, mut session) = session::target(&settings, Access::Write)?;
    if !session.try_lock()? {
        return Err(Error::transient("a run of msr has the lock of this database").hint("`msr lock status` says who"));
    }
    let there = there(&mut *session)?;
    let over = there > 0;
    if over && !settings.allow.iter().any(|rule| rule == "destructive" || rule == "all") {
        let what = count(there, "object");
        return Err(Error::refused(format!("{} is not empty: it has {what}", settings.database))
            .hint("restore into a new database, or say that what is there may go: `--allow destructive`"));
    }
    let file = line(&args.file.display().to_string());
    prompt::confirm(context, &format!("Restore {file} into {}?", settings.database))?;
    {
        let mut progress = Progress::new(context);
        progress.at("restoring", 0, 0);
        engine.restore(&settings.database, &args.file, over)?;
    }
    session.unlock()?;
    output::result(&format!("restored {} from {file}\n", settings.database))?;
    Ok(Done::Fine)
}

/// Objects that are not there in every new database.
fn there(session: &mut dyn Session) -> Result<usize> {
    let usual = |kind: Kind| {
        matches!(
            kind,
            Kind::Schema
                | Kind::Extension
                | Kind::Language
                | Kind::Comment
                | Kind::SecurityLabel
                | Kind::Owner
                | Kind::Grant
                | Kind::DefaultPrivilege
        )
    };
    let catalog = session.inspect()?;
    let journal = usize::from(session.journal().tables()? != Tables::Absent);
    Ok(catalog.ids().filter(|id| !usual(id.kind)).count() + catalog.unmodelled.len() + journal)
}
