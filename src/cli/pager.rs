//! What is longer than the screen goes through a pager, as `git` has it: `MSR_PAGER`, `PAGER`, or `less`.

use super::context::Context;
use super::output;
use msr::Result;
use std::io::Write;
use std::process::{Command, Stdio};

/// Writes a result for people.
pub fn result(context: &Context, text: &str) -> Result<()> {
    match pager(context, text) {
        Some(program) if page(&program, text) => Ok(()),
        _ => output::result(text),
    }
}

/// Which one, if there is a screen that the text does not fit on and somebody before it.
fn pager(context: &Context, text: &str) -> Option<String> {
    let terminal = console::Term::stdout();
    let (lines, _) = terminal.size();
    if !terminal.is_term() || !context.pages() || text.lines().count() < usize::from(lines) {
        return None;
    }
    let set = |name: &str| std::env::var(name).ok();
    let program = set("MSR_PAGER").or(set("PAGER")).unwrap_or_else(|| "less".into());
    // Both mean none.
    (!program.trim().is_empty() && program.trim() != "cat").then_some(program)
}

/// Whether the pager took it. One that is closed early has shown enough.
fn page(program: &str, text: &str) -> bool {
    let mut command = Command::new("sh");
    command.arg("-c").arg(program).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // Colours as they are; what fits after all is left on the screen.
        command.env("LESS", "FRX");
    }
    let Ok(mut child) = command.spawn() else { return false };
    if let Some(mut input) = child.stdin.take() {
        let _ = input.write_all(text.as_bytes());
    }
    // 127: there is no such program, and nothing was shown.
    child.wait().is_ok_and(|status| status.code() != Some(127))
}
