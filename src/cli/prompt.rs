//! Asking, where somebody can answer.

use super::context::Context;
use msr::{Error, Result};
use std::io::{IsTerminal, Write};

/// Goes on if `--yes` was given or somebody at a terminal answers `yes`; an error otherwise.
///
/// The command that would have asked says what it is about to do in `what`.
pub fn confirm(context: &Context, what: &str) -> Result<()> {
    if context.yes() {
        return Ok(());
    }
    // Where the result goes does not matter: it is asked on standard error and answered on standard input.
    if !std::io::stdin().is_terminal() || !console::user_attended_stderr() {
        return Err(Error::refused("this needs an answer, and there is no terminal to ask on")
            .code(msr::error::code::NO_ANSWER)
            .detail(what)
            .hint("give `--yes` to go on without being asked"));
    }
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "\n{what}\nOnly `yes` goes on: ");
    let _ = err.flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    match read.is_ok() && answer.trim() == "yes" {
        true => Ok(()),
        false => Err(Error::refused("not confirmed; nothing was changed")),
    }
}
