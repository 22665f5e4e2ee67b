use super::{Done, output};
use msr::Result;

/// Print the completions for a shell
#[derive(clap::Args)]
pub struct Args {
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub fn run(args: Args, mut command: clap::Command) -> Result<Done> {
    let mut text = vec![];
    clap_complete::generate(args.shell, &mut command, "msr", &mut text);
    output::result(&String::from_utf8_lossy(&text))?;
    Ok(Done::Fine)
}
