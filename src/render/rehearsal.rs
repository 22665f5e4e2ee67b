//! A rehearsal's report for people: on the terminal, and as Markdown for a review.

use super::table::{Cell, table};
use super::text::{line, wrap};
use super::{Look, Tone};
use crate::rehearse::{Pass, Report, Rows, StepReport};

const HEADINGS: &[&str] = &["STEP", "OBJECT", "TOOK", "LOCKS", "REWRITES", "SCANS", "BYTES", "WAL"];

pub fn human(report: &Report, look: Look) -> String {
    let mut out = String::new();
    for pass in &report.passes {
        out += &look.paint(Tone::Title, heading(pass));
        out.push('\n');
        let rows: Vec<Vec<Cell>> = pass.steps.iter().map(|s| cells(s).into_iter().map(Cell::from).collect()).collect();
        out += &table(HEADINGS, &rows, look);
        out += &pass.rows.iter().map(|r| format!("{}: {} rows\n", line(&r.table), r.rows)).collect::<String>();
        out.push('\n');
    }
    out += &unfilled(report).map(|text| format!("{}\n", wrap(&text, look.width, 2))).collect::<String>();
    out + &verdict(report) + "\n"
}

pub fn markdown(report: &Report) -> String {
    let plan = &report.plan;
    let mut out = format!("# Rehearsal of `{} {}`\n\n{}\n", code(&plan.version), code(&plan.name), verdict(report));
    out += &format!(
        "\nOn {}, {} {}, at {}; plan `{}`, report `{}`\n",
        code(&report.on),
        report.engine,
        report.server,
        report.at,
        plan.checksum,
        report.hash
    );
    for pass in &report.passes {
        out += &format!("\n## {}\n\n", heading(pass));
        out += &row(HEADINGS.iter().map(|h| h.to_lowercase()));
        out += &row(HEADINGS.iter().map(|_| "---".to_string()));
        for step in &pass.steps {
            out += &row(cells(step).into_iter().map(|c| code(&c)));
        }
        out += &pass.rows.iter().map(|r| format!("\n{}: {} rows\n", code(&r.table), r.rows)).collect::<String>();
    }
    let left: Vec<String> = unfilled(report).map(|text| format!("- {}\n", code(&text))).collect();
    if left.is_empty() { out } else { format!("{out}\n## Tables without rows\n\n{}", left.concat()) }
}

fn row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// A name can hold what means something in Markdown.
fn code(text: &str) -> String {
    line(text).replace('|', "\\|").replace('`', "'").replace('<', "&lt;")
}

pub(super) fn heading(pass: &Pass) -> String {
    let end = if pass.verified { "verified" } else { "not verified" };
    format!("{}: {}, {end}", pass.way, took(pass.micros))
}

fn cells(step: &StepReport) -> Vec<String> {
    let locks = step.locks.iter().map(|(relation, mode)| format!("{relation}: {mode}")).collect::<Vec<_>>();
    vec![
        step.step.to_string(),
        step.subject.clone(),
        took(step.micros),
        if step.watched { locks.join(", ") } else { "not watched".into() },
        step.rewrites.join(", "),
        step.scans.join(", "),
        if step.bytes == 0 { "0".into() } else { format!("{:+}", step.bytes) },
        step.wal.map_or(String::new(), |wal| wal.to_string()),
    ]
}

fn unfilled(report: &Report) -> impl Iterator<Item = String> {
    let why = |r: &Rows| Some(format!("no rows in {}: {}", line(&r.table), line(r.why.as_ref()?)));
    report.filled.iter().filter_map(why)
}

pub(super) fn verdict(report: &Report) -> String {
    match (&report.error, &report.no_way_back) {
        (Some(_), _) => "The rehearsal failed.".into(),
        (None, Some(why)) => format!("Up: as promised. There is no way back to rehearse: {}.", line(why)),
        (None, None) => "Up, down and up again: as promised, and nothing is left behind.".into(),
    }
}

pub(super) fn took(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_short() {
        assert_eq!([1_250, 12_345, 3_456_789].map(super::took), ["1.2 ms", "12 ms", "3.4 s"]);
    }

    #[test]
    fn p32_no_name_ends_a_cell() {
        assert_eq!(super::code("a|b`c<d"), "a\\|b'c&lt;d");
    }
}
