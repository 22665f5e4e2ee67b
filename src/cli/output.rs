//! Standard output is for results, standard error for everything else.

use super::context::Context;
use console::style;
use msr::render::text;
use msr::{Error, Result};
use std::io::{ErrorKind, Write};

/// Writes a result. When the reader has gone (`msr plan | head`), msr goes too, without a word.
pub fn result(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(e) => Err(Error::failed(format!("can't write the result: {e}"))),
    }
}

/// Says what was done, to people; not with `--quiet`.
pub fn note(context: &Context, message: &str) {
    if !context.quiet() {
        info(message, context.log_json());
    }
}

/// The same, where what the context says is known.
pub fn info(message: &str, json: bool) {
    say("info", message, json);
}

/// Says what a person should know although the work goes on.
pub fn warning(context: &Context, message: &str) {
    say("warning", message, context.log_json());
}

fn say(level: &str, message: &str, json: bool) {
    let line = match (json, level) {
        (true, _) => serde_json::json!({ "level": level, "message": message }).to_string(),
        (false, "warning") => format!("{}: {}", style("warning").yellow().bold().for_stderr(), text::block(message)),
        (false, _) => text::block(message),
    };
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// The answer to a signal: what happens now, and how to insist.
pub fn stopping() {
    let _ = writeln!(
        std::io::stderr().lock(),
        "stopping at a step boundary; Ctrl-C again stops at once (the next run resumes)"
    );
}

/// The place, what was attempted and why not, the details, what to do next.
pub fn error(e: &Error, json: bool) {
    let mut out = std::io::stderr().lock();
    if json {
        let code = e.failure.exit_code();
        let line = serde_json::json!({ "level": "error", "at": e.at, "code": e.code.map(|code| code.id), "message": e.message, "details": e.details, "hints": e.hints, "exit_code": code });
        let _ = writeln!(out, "{line}");
        return;
    }
    let at = e.at.as_ref().map_or(String::new(), |at| format!("{}: ", text::line(at)));
    let code = e.code.map_or(String::new(), |code| format!("[{}]", code.id));
    let word = format!("error{code}");
    let _ = writeln!(out, "{}: {at}{}", style(word).red().bold().for_stderr(), text::block(&e.message));
    for line in &e.details {
        let _ = writeln!(out, "{}", text::indent(&text::block(line), 2));
    }
    for line in &e.hints {
        let _ = writeln!(out, "{}: {}", style("hint").cyan().for_stderr(), text::block(line));
    }
}

/// What clap says of a wrong command line; it quotes arguments, and a URL among them may hold a password.
pub fn usage(e: &clap::Error) {
    let text = match console::colors_enabled_stderr() {
        true => e.render().ansi().to_string(),
        false => e.render().to_string(),
    };
    let _ = write!(std::io::stderr().lock(), "{}", without_urls(text, std::env::args()));
}

fn without_urls(text: String, arguments: impl Iterator<Item = String>) -> String {
    arguments.fold(text, |text, argument| match argument.split_once("://") {
        Some((scheme, _)) => text.replace(&argument, &format!("{scheme}://…")),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn p31_wrong_usage_quotes_no_password() {
        let url = "postgres://u:sesame@h/d";
        let text =
            super::without_urls(format!("unexpected argument '{url}' found"), ["msr".into(), url.into()].into_iter());
        assert_eq!(text, "unexpected argument 'postgres://…' found");
    }
}
