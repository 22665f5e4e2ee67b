use super::context::{Context, Format};
use super::{Done, output, plans};
use msr::Result;
use msr::render::{diagram, human, json, sql};
use std::path::PathBuf;

/// Show a plan file: its steps, SQL, locks, and the way back
///
/// Asks no database, so that a plan can be read that no longer fits any.
///
/// Formats: human, json, sql; mermaid, dot and svg draw the steps with what each waits for.
#[derive(clap::Args)]
pub struct Args {
    /// The plan file; `-` for standard input
    plan: PathBuf,
    /// Show the down-steps instead, in the order in which `msr down` runs them
    #[arg(long)]
    down: bool,
}

pub fn run(context: &Context, args: Args) -> Result<Done> {
    let has = [Format::Human, Format::Json, Format::Sql, Format::Mermaid, Format::Dot, Format::Svg];
    let format = context.format(&has)?;
    let plan = plans::read(&args.plan)?.loaded.plan;
    output::result(&match (format, args.down) {
        (Format::Json, _) => json::plan(&plan),
        (Format::Mermaid, _) => diagram::mermaid(&diagram::steps(&plan)),
        (Format::Dot, _) => diagram::dot(&diagram::steps(&plan)),
        (Format::Svg, _) => diagram::svg(&diagram::steps(&plan), diagram::Use::File),
        (Format::Sql, false) => sql::up(&plan),
        (Format::Sql, true) => sql::down(&plan),
        (_, false) => human::plan(&plan, context.look()),
        (_, true) => human::down(&plan, context.look()),
    })?;
    Ok(Done::Fine)
}
