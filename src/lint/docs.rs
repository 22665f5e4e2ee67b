//! The page of all rules, made from their records.

use super::rule::{Cost, Rule};
use super::rules::RULES;
use crate::plan::Level;

/// `docs/lint.md`
pub fn page() -> String {
    let mut out = String::from(OPENING);
    for (title, rules) in RULES {
        out += &format!("\n## {title}\n");
        for rule in *rules {
            out += &entry(rule);
        }
    }
    out
}

fn entry(rule: &Rule) -> String {
    let level = match rule.level {
        Level::Deny => "deny",
        Level::Warn => "warn",
        Level::Note => "note",
        Level::Allow => "off",
    };
    let engines = rule.engines.join(", ");
    let mut out = format!("\n### {}\n\n*{level}* · {engines} · {}\n\n", rule.id, rule.title);
    out += &format!("{}. Instead: {}.\n", first_up(rule.why), rule.advice);
    if let Some(little) = little(rule) {
        out += &format!("{little}\n");
    }
    if rule.momentary {
        out += "Seen on the database when `msr plan` or `msr lint` looks at it; a plan file does not keep it.\n";
    }
    out + &format!("Examples: [`{0}`](../fixtures/lint/{0})\n", rule.id)
}

fn first_up(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// What is said of a rule that looks at how much a table holds.
pub fn little(rule: &Rule) -> Option<&'static str> {
    match rule.cost {
        Cost::Any => None,
        Cost::Scan => Some("Only a note for a table that is known to hold less than 16 MB: it is read in a moment."),
        Cost::Index => {
            Some("Only a note for a table that is known to hold less than 8 MB: its index is built in a moment.")
        }
        Cost::Rewrite => {
            Some("Only a note for a table that is known to hold less than 1 MB: it is written anew in a moment.")
        }
    }
}

const OPENING: &str = "\
# Lint: what a change does to a running application

<!-- Made from the rules' records: UPDATE_DOCS=1 cargo test --test lint -->

`msr lint` looks at what `msr plan` would do; `msr lint PLAN.ron` at a saved plan; `msr lint FILE.sql …` at hand-written
migrations, which are run on a scratch database to see what they do. `msr plan` writes the findings into the plan, and `msr apply`
and `msr migrate` refuse a plan with one that is denied.

A rule's **level** is `deny` (nothing is applied, exit 2 of `lint`, 4 of `apply`), `warn`, `note` or `allow`. It is set

- in `msr.toml`, for all tables or for some: `[lint]` with `deny`, `warn` and `allow`, each a list of `rule` or `rule:table-pattern`
  (`drop-column:audit.*`);
- before a statement of a schema file or a migration: `-- msr:allow RULE reason=\"…\" until=2027-01-31`. Without a reason it is an
  error; after the day it no longer counts, and msr says so;
- for one run: `--allow RULE`. `destructive` stands for all rules about lost data, `all` for every rule.

A table that is made by the same plan or file is never complained about. Some rules are `off` until a level is given to them:
what teams agree on differs.

```toml
[lint]
warn = [\"naming\", \"comments\"]
deny = [\"required-columns\"]
required_columns = [\"created_at\"]

[lint.names]          # by the kind's word; `*` is any run of characters
index = \"*_idx\"
```

What only a live database can tell (how often an index was read by, how large a table is) is asked of the target, or of the
database that `--from` names; without one nothing is said of it. `msr lint --explain RULE` shows one rule.
Formats: human, json, markdown (a pull request's comment or a job's summary), github, gitlab, sarif, junit.
";
