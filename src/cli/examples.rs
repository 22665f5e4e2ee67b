//! The examples at the end of each command's help. A test parses every line, so that none of them is one that msr refuses.

/// Of each command: lines, and what each does.
const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    (
        "plan",
        &[
            ("msr plan", "what would be done; nothing is changed"),
            ("msr plan --out plan.ron", "write it down, for `msr apply plan.ron`"),
            ("msr plan --save add_middle_name", "write it into plans/, for `msr migrate`"),
            ("msr plan --from plans --save next", "on top of the saved plans, without a database"),
            ("msr plan --detailed-exitcode -q", "in a pipeline: 2 if there is anything to do"),
            ("msr plan --watch", "while writing the schema: plans again at each change"),
        ],
    ),
    (
        "show",
        &[
            ("msr show plan.ron", "its steps, SQL, locks and ways back"),
            ("msr show plan.ron --down", "what `msr down` would do"),
            ("msr show plan.ron --format html", "a page for a reviewer's browser"),
            ("msr show plan.ron --format sql", "a script"),
        ],
    ),
    (
        "lint",
        &[
            ("msr lint", "what the plan would do to the running application"),
            ("msr lint migrations/0042.sql", "the same of a hand-written migration"),
            ("msr lint --explain drop-column", "a rule"),
        ],
    ),
    (
        "apply",
        &[
            ("msr apply plan.ron", "do what the plan says, or refuse"),
            ("msr apply plan.ron --yes --phase all", "in a pipeline, with the contract phase"),
        ],
    ),
    (
        "migrate",
        &[
            ("msr migrate --yes", "at deploy: all pending plans, but for their contract phases"),
            ("msr migrate --phase all --yes", "once no old application runs"),
            ("msr migrate 202611221430", "up to that version"),
        ],
    ),
    (
        "down",
        &[
            ("msr down", "undo the newest plan"),
            ("msr down 202611221430", "undo all that is newer"),
            ("msr down 0 --allow destructive", "undo everything, tables with their rows"),
        ],
    ),
    (
        "rehearse",
        &[
            ("msr rehearse plan.ron --rows 10000", "on scratch, with generated rows"),
            (
                "msr rehearse plan.ron --on postgres://localhost/copy --report r.json",
                "on a copy, for `apply --require-rehearsal`",
            ),
        ],
    ),
    ("drift", &[("msr drift", "what the database is besides what it should be")]),
    (
        "inspect",
        &[
            ("msr inspect --split schema", "the beginning of schema/ from a database that is there"),
            ("msr inspect --format mermaid", "a diagram"),
        ],
    ),
    ("import", &[("msr import migrations --out schema", "the schema that another tool's migrations lead to")]),
    (
        "export",
        &[
            ("msr export --to sqlx --out migrations", "plans/ as migrations of sqlx"),
            ("msr export plan.ron --to sql --out out", "one plan as plain files"),
        ],
    ),
    (
        "diff",
        &[
            ("msr diff schema postgres://localhost/app", "from files to a database"),
            ("msr diff old.sql new.sql", "between two files"),
        ],
    ),
    ("explain", &[("msr explain E0601", "the code of a message")]),
];

/// The command with its examples, and those below it.
pub fn with(command: clap::Command) -> clap::Command {
    let mut command = command;
    for (name, lines) in EXAMPLES {
        command = command.mut_subcommand(name, |sub| sub.after_help(text(lines)));
    }
    command
}

fn text(lines: &[(&str, &str)]) -> String {
    let widest = lines.iter().map(|(line, _)| line.len()).max().unwrap_or(0).min(40);
    let line = |(line, what): &(&str, &str)| match line.len() > widest {
        true => format!("  {line}\n  {:widest$}  {what}\n", ""),
        false => format!("  {line:widest$}  {what}\n"),
    };
    format!("Examples:\n{}", lines.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_example_is_one_that_msr_takes() {
        for (name, lines) in EXAMPLES {
            assert!(crate::cli::Cli::command().find_subcommand(name).is_some(), "{name}");
            for (line, _) in *lines {
                let parsed = crate::cli::Cli::command().try_get_matches_from(line.split(' '));
                assert!(parsed.is_ok_and(|m| m.subcommand_name() == Some(name)), "{line}");
            }
        }
    }
}
