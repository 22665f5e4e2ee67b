use super::context::{Context, Format};
use super::{Done, doctor, output, session};
use msr::engine::Access;
use msr::engine::upkeep::Parts;
use msr::render::json;
use msr::render::text::statement;
use msr::{Error, Result};

/// Print the SQL that gives owner, migrator and application their rights, or check that they have them
///
/// The application may read and write rows and not change the schema, in the tables that are there and in those that the
/// migrator will make. The SQL is for a superuser to run, and may be run again; roles that are not there are created without
/// a password.
///
/// Formats: human (SQL, or a table with `--check`), sql, json.
#[derive(clap::Args)]
pub struct Args {
    /// Who owns the tables [default: the migrator]
    #[arg(long, value_name = "ROLE")]
    owner: Option<String>,
    /// Who changes the schema [default: who is connected]
    #[arg(long, value_name = "ROLE")]
    migrator: Option<String>,
    /// Who reads and writes rows
    #[arg(long, value_name = "ROLE")]
    app: Vec<String>,
    /// Who reads rows
    #[arg(long, value_name = "ROLE")]
    read_only: Vec<String>,
    /// Try what the roles can do, in a transaction that is rolled back; exit with 2 if it is not what they should
    #[arg(long)]
    check: bool,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let format = context.format(&[Format::Human, Format::Sql, Format::Json])?;
    if args.check && format == Format::Sql {
        return Err(Error::usage("`--check` prints a table, and SQL was asked for"));
    }
    let settings = context.settings()?;
    let access = if args.check { Access::Write } else { Access::Read };
    let (_, mut session) = session::target(&settings, access)?;
    let check = args.check;
    let migrator = match args.migrator {
        Some(role) => role,
        None => session.role()?,
    };
    let owner = args.owner.unwrap_or_else(|| migrator.clone());
    let roles = Parts { owner, migrator, app: args.app, read_only: args.read_only };
    if check {
        let checks = session.upkeep().try_grants(&roles)?;
        return doctor::shown(context, format, &checks);
    }
    let sql = session.upkeep().grants(&roles)?;
    output::result(&match format {
        Format::Json => json::pretty(&serde_json::json!({ "format": 1, "statements": sql })),
        _ => sql.iter().map(|sql| statement(sql) + "\n").collect(),
    })?;
    if roles.app.is_empty() && roles.read_only.is_empty() {
        output::warning(context, "no application is named: give `--app ROLE` or `--read-only ROLE`");
    }
    Ok(Done::Fine)
}
