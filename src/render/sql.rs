//! A plan as a script that the engine's own client can run.

use super::text::{label, line, statement};
use crate::plan::{Down, Plan, Step};

/// The way there.
pub fn up(plan: &Plan) -> String {
    let mut out = head(plan, "");
    for batch in &plan.batches {
        let steps = plan.batch_steps(batch).iter();
        let sections = steps.map(|step| section(step, &patiently(plan, &step.up, step.patient), None)).collect();
        out += &transaction(batch.transaction, sections);
    }
    out
}

/// The way back: batches and steps, last first.
pub fn down(plan: &Plan) -> String {
    let mut out = head(plan, ", undone");
    for batch in plan.way_back(plan.batches.len()).map(|index| &plan.batches[index]) {
        let steps = plan.batch_steps(batch).iter().rev();
        out += &transaction(plan.back_in_transaction(batch), steps.map(|step| undo(plan, step)).collect());
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

/// A statement that keeps nobody waiting while it waits has all the time that it takes.
fn patiently(plan: &Plan, sql: &[String], patient: bool) -> Vec<String> {
    match plan.header.engine.as_str() {
        "postgres" if patient => {
            let around = |s: &str| vec![s.to_string()];
            [around("SET lock_timeout = 0"), sql.to_vec(), around("RESET lock_timeout")].concat()
        }
        _ => sql.to_vec(),
    }
}

fn transaction(together: bool, sections: String) -> String {
    match together {
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

fn undo(plan: &Plan, step: &Step) -> String {
    let patiently = |sql: &[String]| patiently(plan, sql, step.back.patient);
    match &step.down {
        Down::Sql(sql) => section(step, &patiently(sql), None),
        Down::Lossy { sql, loses } => section(step, &patiently(sql), Some(format!("lossy: {loses}"))),
        Down::Irreversible(why) => section(step, &[], Some(format!("can't be undone: {why}"))),
    }
}

/// One line that no text in it can leave.
fn comment(text: &str) -> String {
    format!("-- {}\n", line(text))
}
