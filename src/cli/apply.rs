use super::context::Context;
use super::Done;
use msr::Result;

/// x
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_: &Context, _: Args) -> Result<Done> {
    Ok(Done::Fine)
}
