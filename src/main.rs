//! Reads the command line, runs the command, turns its outcome into an exit code.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::bug::report_panics();
    cli::main()
}
