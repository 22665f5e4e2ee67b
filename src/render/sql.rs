//! A plan as a script that the engine's own client can run.

use super::text::{label, line, statement};
use crate::plan::{Batch, Down, Plan, Step};

/// The way there.
pub fn up(plan: &Plan) -> String {
    let mut out = head(plan, "");
    for batch in &plan.batches {
        let steps = plan.batch_steps(batch).iter();
        out += &transaction(batch, steps.map(|step| section(step, &step.up, None)).collect());
    }
    out
}

/// The way back: batches and steps, last first.
pub fn down(plan: &Plan) -> String {
    let mut out = head(plan, ", undone");
    for batch in plan.batches.iter().rev() {
        let steps = plan.batch_steps(batch).iter().rev();
        out += &transaction(batch, steps.map(undo).collect());
    }
    out
}

fn head(plan: &Plan, how: &str) -> String {
    let h = &plan.header;
    let label = label(&h.version, &h.name);
    let mut out = comment(
        format!("{label}{how}: {} {}, {} → {}", h.engine, h.engine_major, h.base, h.goal).trim_start_matches(": "),
    );
    for statement in session(&h.engine) {
        out += &format!("{statement}\n");
    }
    out
}

/// What `msr apply` sets in its session before it runs a plan.
fn session(engine: &str) -> &'static [&'static str] {
    match engine {
        "postgres" => &["SET search_path = pg_catalog;", "SET check_function_bodies = off;"],
        // A rebuilt table is dropped under its old name: with the pragma on, ON DELETE CASCADE would empty its children.
        "sqlite" => &["PRAGMA foreign_keys = OFF;"],
        _ => &[],
    }
}

fn transaction(batch: &Batch, sections: String) -> String {
    match batch.transaction {
        true => format!("\nBEGIN;\n{sections}\nCOMMIT;\n"),
        false => sections,
    }
}

fn section(step: &Step, sql: &[String], note: Option<String>) -> String {
    let mut out = format!("\n{}", comment(&format!("{}. {}", step.id, step.subject)));
    out += &note.map_or(String::new(), |note| comment(&note));
    sql.iter().for_each(|s| out += &format!("{}\n", statement(s)));
    out
}

fn undo(step: &Step) -> String {
    match &step.down {
        Down::Sql(sql) => section(step, sql, None),
        Down::Lossy { sql, loses } => section(step, sql, Some(format!("lossy: {loses}"))),
        Down::Irreversible(why) => section(step, &[], Some(format!("can't be undone: {why}"))),
    }
}

/// One line that no text in it can leave.
fn comment(text: &str) -> String {
    format!("-- {}\n", line(text))
}
