//! What is shown when msr itself is wrong.

use std::io::Write;

/// A panic's own message may quote a value, and a value may be a secret: only its place is told.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or("an unknown place".into(), |l| format!("{}:{}", l.file(), l.line()));
        let version = env!("CARGO_PKG_VERSION");
        let mut out = std::io::stderr().lock();
        let _ = writeln!(out, "error: msr {version} has a bug, at {place}");
        let _ = writeln!(out, "hint: run the command again: an interrupted run is resumed, or undone by the database");
        let _ = writeln!(out, "hint: please report this place and the command, without passwords");
        std::process::exit(1);
    }));
}
