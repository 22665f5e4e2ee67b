//! The text of one way of a migration, with the transaction that it needs and the settings that a plan is run under.

use super::Wraps;
use super::pieces::{Part, Way};
use crate::plan::Plan;
use crate::render::text::{line, statement};

/// Both forms of it: some tools have one switch for the way there and the way back.
pub struct Script {
    /// For a tool that begins and ends the transaction.
    inside: String,
    /// With a transaction of its own, where it wants one.
    alone: String,
    /// Whether the tool is to begin and end one.
    pub transaction: bool,
}

impl Script {
    pub fn text(&self) -> &str {
        if self.transaction { &self.inside } else { &self.alone }
    }

    /// For a tool that was told not to begin a transaction.
    pub fn alone(&self) -> &str {
        &self.alone
    }
}

/// The `Err` says why the tool can't run it.
pub fn of(plan: &Plan, way: &Way, head: &[String], wraps: Wraps) -> Result<Script, String> {
    let engine = plan.header.engine.as_str();
    let (before, after) = settings(engine);
    let work = way.parts.iter().map(|part| self::part(engine, part)).collect::<String>();
    let head: String = head.iter().map(|text| comment(text)).collect();
    let empty = way.parts.iter().all(|p| p.statements.is_empty() && p.never.is_none());
    let unchecked = engine == "sqlite" && way.parts.iter().any(drops_table);
    let settled = if empty { work.clone() } else { format!("{before}{work}{after}") };
    let inside = format!("{head}{}{settled}", if unchecked { GUARD } else { "" });
    let alone = match (way.transaction && !empty, unchecked) {
        (false, _) => format!("{head}{work}"),
        (true, false) => format!("{head}BEGIN;\n{settled}COMMIT;\n"),
        (true, true) => format!("{head}{OFF}BEGIN;\n{settled}COMMIT;\n{ON}"),
    };
    let can = empty || way.transaction;
    match wraps {
        Wraps::Always if !can => {
            Err(format!("it runs every file in a transaction, and this cannot be in one:\n{}", work.trim()))
        }
        Wraps::Always => Ok(Script { inside, alone, transaction: true }),
        Wraps::Never => Ok(Script { inside, alone, transaction: false }),
        Wraps::Chosen => Ok(Script { inside, alone, transaction: can && !unchecked }),
    }
}

/// SQLite empties a table before it drops it, and with the pragma on `ON DELETE CASCADE` would empty its children. It can't be
/// changed inside of a transaction, and what it was before can't be asked for in SQL: on is what keeps the data sound.
const OFF: &str = "PRAGMA foreign_keys = OFF;\n";
const ON: &str = "PRAGMA foreign_keys = ON;\n";

/// Where a tool leaves no room for the pragma: fails if it is on.
const GUARD: &str = "\
CREATE TEMP TABLE msr_guard (foreign_keys_must_be_off CHECK (foreign_keys_must_be_off = 0));
INSERT INTO msr_guard SELECT foreign_keys FROM pragma_foreign_keys;
DROP TABLE temp.msr_guard;
";

fn drops_table(part: &Part) -> bool {
    part.statements.iter().any(|sql| {
        let mut words = sql.split_whitespace().map(str::to_ascii_uppercase);
        words.next().as_deref() == Some("DROP") && words.next().as_deref() == Some("TABLE")
    })
}

/// What a plan runs under, for as long as its transaction. The tool's own tables may be found by the search path, so that is
/// put back before the tool goes on in the same transaction.
fn settings(engine: &str) -> (&'static str, &'static str) {
    match engine {
        "postgres" => (
            "SELECT pg_catalog.set_config('msr.search_path', pg_catalog.current_setting('search_path'), true);\n\
             SET LOCAL search_path = pg_catalog;\nSET LOCAL check_function_bodies = off;\n",
            "SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('msr.search_path', true), true);\n",
        ),
        _ => ("", ""),
    }
}

fn part(engine: &str, part: &Part) -> String {
    let comments = part.comments.iter().map(|text| comment(text));
    let statements = part.statements.iter().map(|sql| statement(sql) + "\n");
    let never = part.never.iter().map(|why| raise(engine, why));
    comments.chain(statements).chain(never).collect()
}

/// A statement that fails and says why.
fn raise(engine: &str, why: &str) -> String {
    let why = line(&format!("cannot be undone: {why}")).replace('\'', "''");
    match engine {
        "postgres" => {
            // No tag that the text could hold, and no sign that RAISE takes for a place to fill.
            let why = why.replace('%', "%%").replace('$', "");
            format!("DO $msr$ BEGIN RAISE EXCEPTION '{why}'; END $msr$;\n")
        }
        _ => format!("SELECT msr_cannot_undo_this('{why}');\n"),
    }
}

fn comment(text: &str) -> String {
    format!("-- {}\n", line(text))
}
