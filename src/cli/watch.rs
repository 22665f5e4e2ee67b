//! Planning again whenever the schema files change.

use super::context::Context;
use super::output;
use msr::{Error, Result};
use notify::{EventKind, RecursiveMode, Watcher};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// An editor writes a file in several goes, and a checkout writes many files.
const QUIET: Duration = Duration::from_millis(150);

/// Runs `work` now and after each change below `schema`, until the process is ended. What fails is told, and waited on.
pub fn again_and_again(context: &Context, schema: &str, mut work: impl FnMut() -> Result<()>) -> Result<()> {
    let path = Path::new(schema);
    if !path.exists() {
        return Err(Error::usage(format!("`{schema}` is no file and no folder, so there is nothing to watch")));
    }
    let (_watcher, changes) = watch(path)?;
    loop {
        if let Err(e) = work() {
            output::error(&e, context.log_json());
        }
        output::note(context, &format!("\nwatching {schema}; Ctrl-C ends it"));
        if changes.recv().is_err() {
            return Ok(());
        }
        while changes.recv_timeout(QUIET).is_ok() {}
        let screen = console::Term::stdout();
        if screen.is_term() {
            let _ = screen.clear_screen();
        }
    }
}

/// A file is watched by its folder: editors put a new one in its place.
fn watch(path: &Path) -> Result<(impl Watcher, Receiver<()>)> {
    let failed = |e: notify::Error| Error::failed(format!("cannot watch `{}`: {e}", path.display()));
    let (tell, changes) = channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // That a file was read is no change; msr itself reads them.
        if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
            let _ = tell.send(());
        }
    })
    .map_err(failed)?;
    let (folder, mode) = match path.is_dir() {
        true => (path, RecursiveMode::Recursive),
        false => {
            (path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")), RecursiveMode::NonRecursive)
        }
    };
    watcher.watch(folder, mode).map_err(failed)?;
    Ok((watcher, changes))
}
