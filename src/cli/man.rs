use super::{Done, output, plans};
use msr::{Error, Result};
use std::path::{Path, PathBuf};

/// Print the manual page
#[derive(clap::Args)]
pub struct Args {
    /// Write this page and one for each command into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub fn run(args: Args, mut command: clap::Command) -> Result<Done> {
    command.build();
    match &args.out {
        None => output::result(&page(command)?)?,
        Some(folder) => write(folder, command)?,
    }
    Ok(Done::Fine)
}

fn page(command: clap::Command) -> Result<String> {
    let mut text = vec![];
    let man = clap_mangen::Man::new(command);
    man.render(&mut text).map_err(|e| Error::failed(format!("can't write the manual page: {e}")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn write(folder: &Path, command: clap::Command) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| Error::failed(format!("can't make `{}`: {e}", folder.display())))?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        // `build` has given it the display name `msr-plan`, which is what the page is called by.
        let name = format!("msr-{}.1", sub.get_name());
        plans::write(&folder.join(name), &page(sub.clone())?)?;
    }
    plans::write(&folder.join("msr.1"), &page(command)?)
}
