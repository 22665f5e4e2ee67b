//! The definition of the command line, and the page that shows it.

use super::*;

/// What stands before it in `docs/cli.md` is written by hand.
const MARK: &str =
    "<!-- From here on the help texts of the program; `UPDATE_FIXTURES=1 cargo test --bin msr` writes them. -->\n";

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_page_of_the_command_line_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    let by_hand = page.split_once(MARK).map_or(page.as_str(), |(before, _)| before);
    let wanted = format!("{by_hand}{MARK}{}", helps());
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(path, &wanted).unwrap_or_else(|e| panic!("{path}: {e}"));
        return;
    }
    let diff = similar::TextDiff::from_lines(page.as_str(), wanted.as_str());
    assert!(page == wanted, "docs/cli.md differs:\n{}", diff.unified_diff().header("is", "should be"));
}

fn helps() -> String {
    let mut all = examples::with(Cli::command()).term_width(100);
    all.build();
    let mut text = format!("\n## Global options\n\n```text\n{}```\n", global(&mut all));
    for command in all.get_subcommands_mut() {
        text += &sections("msr", command);
    }
    text
}

/// A command's section, and those of the commands below it.
fn sections(above: &str, command: &mut clap::Command) -> String {
    if command.get_name() == "help" || command.is_hide_set() {
        return String::new();
    }
    let name = format!("{above} {}", command.get_name());
    let help = command.clone().term_width(100).render_long_help().to_string();
    let own = help.split("Global options:").next().unwrap_or_default();
    let examples = help.split_once("Examples:\n").map_or(String::new(), |(_, lines)| format!("\n\nExamples:\n{lines}"));
    let text = format!("\n## {name}\n\n```text\n{}\n```\n", tidy(&format!("{}{examples}", own.trim_end())).trim_end());
    command.get_subcommands_mut().fold(text, |text, below| text + &sections(&name, below))
}

/// Once for all, instead of under every command.
fn global(all: &mut clap::Command) -> String {
    let help = all.render_long_help().to_string();
    let own = help.split("Global options:\n").nth(1).unwrap_or_default();
    tidy(own.split("\nExamples:").next().unwrap_or_default())
}

fn tidy(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
