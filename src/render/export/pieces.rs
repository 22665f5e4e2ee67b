//! A plan cut into what is done as one: each batch, and each statement that can't be in a transaction.

use crate::plan::{Batch, Down, Phase, Plan, Step};
use crate::render::text::{label, line};

/// What becomes one migration.
pub struct Piece {
    /// Letters, digits and `_`: what every tool takes.
    pub name: String,
    /// Comments that open its files.
    pub head: Vec<String>,
    pub up: Way,
    pub down: Way,
}

#[derive(Clone)]
pub struct Way {
    pub transaction: bool,
    pub parts: Vec<Part>,
}

/// A step's statements, or why there are none.
#[derive(Clone)]
pub struct Part {
    pub comments: Vec<String>,
    pub statements: Vec<String>,
    /// It must not pass for done: there is no way back.
    pub never: Option<String>,
}

pub fn of(plan: &Plan) -> Vec<Piece> {
    let back: Vec<usize> = plan.way_back(plan.batches.len()).collect();
    let mut pieces = vec![];
    for (i, batch) in plan.batches.iter().enumerate() {
        let (up, down) = (up(plan, batch), down(plan, batch, back.contains(&i)));
        let (ups, downs) = (cut(up), cut(down));
        let count = ups.len().max(downs.len());
        // The last of the ways back is the first to be gone.
        let mut downs = downs.into_iter().rev();
        let mut ups = ups.into_iter();
        let skipped = count - downs.len();
        for at in 0..count {
            let up = ups.next().unwrap_or_else(|| nothing("done by the file before"));
            let down = if at < skipped { None } else { downs.next() };
            let down = down.unwrap_or_else(|| nothing("taken back by a file after this one"));
            pieces.push((batch, up, down));
        }
    }
    let count = pieces.len();
    let piece = |(i, (batch, up, down)): (usize, (&Batch, Way, Way))| Piece {
        name: name(plan, i, count),
        head: head(plan, batch, i, count),
        up,
        down,
    };
    pieces.into_iter().enumerate().map(piece).collect()
}

/// Statements outside of a transaction, each by itself: sent together they would be in one.
fn cut(way: Way) -> Vec<Way> {
    if way.transaction || way.parts.iter().map(|p| p.statements.len()).sum::<usize>() < 2 {
        return vec![way];
    }
    let one = |part: &Part, sql: &String| Way {
        transaction: false,
        parts: vec![Part { statements: vec![sql.clone()], ..part.clone() }],
    };
    way.parts.iter().flat_map(|part| part.statements.iter().map(move |sql| one(part, sql))).collect()
}

fn nothing(why: &str) -> Way {
    let part = Part { comments: vec![format!("nothing to do: {why}")], statements: vec![], never: None };
    Way { transaction: true, parts: vec![part] }
}

fn up(plan: &Plan, batch: &Batch) -> Way {
    let part = |step: &Step| Part { comments: vec![title(step)], statements: step.up.clone(), never: None };
    Way { transaction: batch.transaction, parts: plan.batch_steps(batch).iter().map(part).collect() }
}

fn down(plan: &Plan, batch: &Batch, goes_back: bool) -> Way {
    if !goes_back {
        return nothing("the way back of a later file leads to before this one");
    }
    let part = |step: &Step| {
        let mut comments = vec![title(step)];
        let (statements, never) = match &step.down {
            Down::Sql(sql) => (sql.clone(), None),
            Down::Lossy { sql, loses } => {
                comments.push(format!("lossy: {loses}"));
                (sql.clone(), None)
            }
            Down::Irreversible(why) => (vec![], Some(why.clone())),
        };
        Part { comments, statements, never }
    };
    let steps = plan.batch_steps(batch).iter().rev();
    Way { transaction: plan.back_in_transaction(batch), parts: steps.map(part).collect() }
}

fn title(step: &Step) -> String {
    format!("{}. {}", step.id, step.subject)
}

fn name(plan: &Plan, i: usize, count: usize) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = plan.header.name.chars().map(plain).collect();
    let name = if name.is_empty() { "plan".into() } else { name };
    if count == 1 { name } else { format!("{name}_{}", i + 1) }
}

fn head(plan: &Plan, batch: &Batch, i: usize, count: usize) -> Vec<String> {
    let h = &plan.header;
    let part = if count == 1 { String::new() } else { format!(", part {} of {count}", i + 1) };
    let made = format!(
        "Plan {}{part}, for {} {}; exported by msr.",
        label(&h.version, &h.name),
        line(&h.engine),
        h.engine_major
    );
    let phase = plan.batch_steps(batch).first().map(|step| step.phase);
    let later = "Contract: only once the old application is gone.".to_string();
    [made].into_iter().chain((phase == Some(Phase::Contract)).then_some(later)).collect()
}
