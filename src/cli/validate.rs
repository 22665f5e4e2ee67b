use super::context::Context;
use super::{Done, output, plans};
use msr::Result;
use std::path::Path;

/// Check the saved plans without a database: format, checksum, order, chain
///
/// Fails when a plan was edited, when one is missing in the chain, and when two plans follow the same one, as after a merge.
#[derive(clap::Args)]
pub struct Args {}

pub fn run(context: &Context, _: Args) -> Result<Done> {
    let settings = context.settings()?;
    let chain = plans::chain(Path::new(&settings.plans))?;
    let count = msr::render::text::count(chain.len(), "plan");
    let newest =
        chain.last().map_or(String::new(), |saved| format!(", the newest is {}", saved.loaded.plan.header.version));
    output::result(&format!("{}: {count}, in order{newest}\n", settings.plans))?;
    Ok(Done::Fine)
}
