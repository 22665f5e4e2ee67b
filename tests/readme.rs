//! The commands of the README and of the pages for beginners work as they are printed: every `bash` block is run, in order,
//! in a copy of `schema/`.

#[macro_use]
mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use support::Engine;

/// What the README calls the program, and the database of its PostgreSQL part.
const PROGRAM: &str = "cargo run -q --";
const POSTGRES: &str = "postgres://localhost/library";
const TUTORIAL: &str = "postgres://localhost/shop";

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn blocks(page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository().join(page)).unwrap_or_else(|e| panic!("{page}: {e}"));
    let parts = text.split("```bash\n").skip(1);
    parts.map(|part| part.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// Runs the blocks that are wanted in one folder, each in a shell of its own.
fn run(page: &str, wanted: impl Fn(&str) -> bool, url: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copied = Command::new("cp").arg("-r").arg(repository().join("schema")).arg(folder.path()).status();
    assert!(copied.is_ok_and(|status| status.success()), "schema/ can be copied");
    run_in(folder.path(), page, wanted, url);
}

/// All blocks, in an empty folder.
fn run_without(absent: &str, page: &str, url: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    run_in(folder.path(), page, |_| true, url);
    assert!(folder.path().join(absent).exists(), "{page} makes {absent}");
}

fn run_in(folder: &Path, page: &str, wanted: impl Fn(&str) -> bool, url: &str) {
    let program = tempfile::tempdir().expect("a temporary folder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_msr"), program.path().join("msr")).expect("a link");
    let blocks: Vec<String> = blocks(page).into_iter().filter(|block| wanted(block)).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let script = block.replace(PROGRAM, "\"$MSR\"").replace(POSTGRES, url).replace(TUTORIAL, url);
        let mut command = Command::new("bash");
        command.args(["-e", "-u", "-o", "pipefail", "-c", &script]).current_dir(folder).stdin(Stdio::null());
        // Pages other than the README call the program by its name.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", program.path().display()));
        for name in ["MSR_DATABASE_URL", "MIGRATION_DATABASE_URL", "DATABASE_URL", "MSR_SHADOW_URL"] {
            command.env_remove(name).env_remove(format!("{name}_FILE"));
        }
        let output = command.env("MSR", env!("CARGO_BIN_EXE_msr")).env("NO_COLOR", "1").output().expect("bash runs");
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(output.status.success(), "{}\n{block}\n{said}", output.status);
    }
}

/// What a page's blocks call, of the programs that not every machine has.
fn has_psql() -> Option<String> {
    let there = Command::new("psql").arg("--version").output().is_ok_and(|o| o.status.success());
    (!there).then(|| "psql is not installed".into())
}

/// The test command is run by whoever runs this.
fn is_test_command(block: &str) -> bool {
    block.trim() == "tests/run"
}

#[test]
fn its_first_two_commands_are_the_program_and_the_tests() {
    let blocks = blocks("README.md");
    assert!(blocks[0].starts_with(PROGRAM), "{}", blocks[0]);
    assert!(is_test_command(&blocks[1]), "{}", blocks[1]);
}

#[test]
fn its_tour_on_sqlite() {
    run("README.md", |block| !is_test_command(block) && !block.contains(POSTGRES), "");
}

#[test]
fn its_tour_on_postgres() {
    needs!(Engine::Postgres);
    let database = Engine::Postgres.fresh();
    run("README.md", |block| block.contains(POSTGRES), &database.url());
}

#[test]
fn the_page_of_reports() {
    run("docs/report.md", |_| true, "");
}

#[test]
fn the_page_of_exports() {
    run("docs/export.md", |_| true, "");
}

/// The tutorial writes a schema of its own.
#[test]
fn the_tutorial_on_postgres() {
    needs!(Engine::Postgres);
    if let Some(why) = has_psql() {
        return support::skip("the_tutorial_on_postgres", &why);
    }
    let database = Engine::Postgres.fresh();
    run_without("schema", "docs/tutorial.md", &database.url());
}

/// Every command that the tables of the page name is one that msr has.
#[test]
fn the_page_for_those_who_come_from_elsewhere() {
    let text = std::fs::read_to_string(repository().join("docs/coming-from.md")).expect("the page");
    let named = text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("msr "));
    let mut known = 0;
    for code in named {
        let command = code.split_whitespace().next().unwrap_or_default();
        let help = Command::new(env!("CARGO_BIN_EXE_msr")).args([command, "--help"]).output().expect("msr runs");
        assert!(help.status.success(), "`msr {code}`");
        let help = String::from_utf8_lossy(&help.stdout);
        for flag in code.split_whitespace().filter(|word| word.starts_with("--")) {
            assert!(help.contains(flag), "`msr {code}`: no {flag}");
        }
        known += 1;
    }
    assert!(known > 20, "{known}");
}
