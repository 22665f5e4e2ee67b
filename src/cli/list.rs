use super::context::{Context, Format};
use super::work::took;
use super::{Done, output, plans, session};
use msr::Result;
use msr::apply::list::{Row, Standing, list};
use msr::engine::{Access, Session};
use msr::render::table::{Cell, table};
use msr::render::text::label;
use msr::render::{Tone, json};
use std::path::Path;

/// List the plans and how they stand with the database
///
/// A plan is applied, waiting for its contract phase, part-applied, pending, failed or undone.
///
/// Formats: human, json.
#[derive(clap::Args)]
pub struct Args {
    /// Exit with 2 if a plan is not applied
    #[arg(long)]
    check: bool,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let format = context.format(&[Format::Human, Format::Json])?;
    let settings = context.settings()?;
    let saved = plans::chain(Path::new(&settings.plans))?;
    let (_, mut session) = session::target(&settings, Access::Read)?;
    let rows = rows(&saved, &mut *session)?;
    output::result(&match format {
        Format::Json => {
            json::pretty(&serde_json::json!({ "format": 1, "plans": rows.iter().map(as_json).collect::<Vec<_>>() }))
        }
        _ if rows.is_empty() => "No plans, and none was applied.\n".to_string(),
        _ => {
            let cells: Vec<Vec<Cell>> = rows.iter().map(cells).collect();
            table(&["VERSION", "NAME", "STATE", "WHEN", "TOOK", "BY"], &cells, context.look())
        }
    })?;
    for row in rows.iter().filter(|row| row.error.is_some()) {
        let error = row.error.as_deref().unwrap_or_default();
        output::warning(context, &format!("{}: {error}", label(&row.version, &row.name)));
    }
    let open = rows
        .iter()
        .any(|row| !matches!(row.standing, Standing::Applied | Standing::WaitsForContract | Standing::Baseline));
    Ok(if args.check && open { Done::Look } else { Done::Fine })
}

/// Files and journal side by side.
pub fn rows(saved: &[plans::Saved], session: &mut dyn Session) -> Result<Vec<Row>> {
    let (_, entries) = session.journal().look()?;
    Ok(list(saved, &entries))
}

fn cells(row: &Row) -> Vec<Cell> {
    let (tone, more) = match row.standing {
        Standing::Applied | Standing::Baseline => (Tone::Create, String::new()),
        Standing::PartApplied => {
            let of = row.of.map_or(String::new(), |of| format!(" of {of}"));
            (Tone::Drop, format!(" ({}{of})", row.batches))
        }
        Standing::Failed => (Tone::Drop, String::new()),
        Standing::Pending | Standing::WaitsForContract => (Tone::Change, String::new()),
        Standing::Undone => (Tone::Quiet, String::new()),
    };
    let state = Cell::toned(format!("{}{more}", row.standing.word()), tone);
    let took = row.seconds.map_or(String::new(), |s| took((s * 1000.0) as u64));
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        row.version.clone().into(),
        row.name.clone().into(),
        state,
        text(&row.at).into(),
        took.into(),
        text(&row.who).into(),
    ]
}

fn as_json(row: &Row) -> serde_json::Value {
    serde_json::json!({
        "version": row.version,
        "name": row.name,
        "checksum": row.checksum,
        "state": row.standing.word(),
        "file": row.file,
        "batches": row.batches,
        "of": row.of,
        "at": row.at,
        "who": row.who,
        "seconds": row.seconds,
        "error": row.error,
    })
}
