use super::context::{Context, Format};
use super::{Done, output, pager, plans, rehearse};
use msr::render::{diagram, html, human, json, markdown, sql};
use msr::{Error, Result};
use std::path::PathBuf;

/// Show a plan file: its steps, SQL, locks, and the way back
///
/// Asks no database, so that a plan can be read that no longer fits any.
///
/// Formats: human, json, sql; markdown is for a comment on a pull request; html is a report in one file, for a browser; mermaid, dot and svg draw the steps with what each
/// waits for.
#[derive(clap::Args)]
pub struct Args {
    /// The plan file; `-` for standard input
    plan: PathBuf,
    /// Show the down-steps instead, in the order in which `msr down` runs them
    #[arg(long)]
    down: bool,
    /// With html: show the times that this report of `msr rehearse PLAN --report FILE` tells of
    #[arg(long, value_name = "FILE")]
    rehearsal: Option<PathBuf>,
}

const FORMATS: &[Format] = &[
    Format::Human,
    Format::Json,
    Format::Sql,
    Format::Markdown,
    Format::Html,
    Format::Mermaid,
    Format::Dot,
    Format::Svg,
];

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let format = context.format(FORMATS)?;
    if args.rehearsal.is_some() && format != Format::Html {
        return Err(Error::usage("`--rehearsal` is shown by the format `html`, and another was asked for"));
    }
    if args.down && !matches!(format, Format::Human | Format::Sql) {
        return Err(Error::usage("`--down` is for the formats `human` and `sql`; the others show both ways"));
    }
    let loaded = plans::read(&args.plan)?.loaded;
    let plan = &loaded.plan;
    let text = match (format, args.down) {
        (Format::Json, _) => json::plan(plan),
        (Format::Html, _) => {
            let report = args.rehearsal.map(|path| rehearse::told(&path, &loaded.checksum)).transpose()?;
            html::plan(plan, report.as_ref())?
        }
        (Format::Markdown, _) => markdown::plan(plan),
        (Format::Mermaid, _) => diagram::mermaid(&diagram::steps(plan)),
        (Format::Dot, _) => diagram::dot(&diagram::steps(plan)),
        (Format::Svg, _) => diagram::svg(&diagram::steps(plan), diagram::Use::File),
        (Format::Sql, false) => sql::up(plan),
        (Format::Sql, true) => sql::down(plan),
        (_, false) => human::plan(plan, context.look()),
        (_, true) => human::down(plan, context.look()),
    };
    match format == Format::Human {
        true => pager::result(context, &text)?,
        false => output::result(&text)?,
    }
    Ok(Done::Fine)
}
