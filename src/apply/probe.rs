//! Rows are asked whether they let a plan through, before anything is done to them.

use crate::engine::Session;
use crate::plan::probe::{Found, Question};
use crate::plan::{Plan, Step};
use crate::{Error, Result, SqlError};
use std::time::{Duration, Instant};

/// What the rows answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Step (from 1 on), the place of the question in it, and what is in its way.
    pub found: Vec<(usize, usize, Found)>,
    /// Questions that got no answer, and why.
    pub open: Vec<String>,
}

/// Asks for the steps of these batches, all together for at most as long. `early` while nothing of the plan stands.
pub fn look(
    session: &mut dyn Session,
    plan: &Plan,
    batches: std::ops::Range<usize>,
    early: bool,
    limit: Duration,
) -> Result<Answers> {
    let (start, mut answers) = (Instant::now(), Answers::default());
    if limit.is_zero() {
        return Ok(answers);
    }
    for step in plan.batches[batches].iter().flat_map(|b| plan.batch_steps(b)) {
        for (place, question) in step.questions.iter().enumerate().filter(|(_, q)| early || !q.early) {
            let left = limit.saturating_sub(start.elapsed());
            let open = |why: &str| format!("not known whether rows of {} {}: {why}", question.table, question.wrong);
            if left.is_zero() {
                answers.open.push(open(&format!("the time for such questions is up ({} s)", limit.as_secs())));
                continue;
            }
            match session.probe(&question.sql, left) {
                Ok(rows) => answers.found.extend(found(rows).map(|found| (step.id, place, found))),
                Err(error) if error.disconnected => return Err(error.into()),
                Err(error) => answers.open.push(open(&told(&error))),
            }
        }
    }
    Ok(answers)
}

fn found(rows: Vec<(u64, String)>) -> Option<Found> {
    let rows_in_all = rows.first()?.0;
    let counted = crate::engine::probe::COUNTED;
    let keys = rows.into_iter().map(|(_, key)| key).collect();
    (rows_in_all > 0).then(|| Found { rows: rows_in_all.min(counted), more: rows_in_all > counted, keys })
}

fn told(error: &SqlError) -> String {
    match error.code.as_str() {
        "57014" => "it takes too long".into(),
        _ => error.message.clone(),
    }
}

impl Answers {
    /// What was found that is in the way of the plan, or that only `tells` what one should know.
    fn that<'a>(&'a self, plan: &'a Plan, tells: bool) -> impl Iterator<Item = (&'a Step, &'a Question, &'a Found)> {
        let asked = |(id, place, found): &'a (usize, usize, Found)| {
            let step = &plan.steps[id - 1];
            (step, &step.questions[*place], found)
        };
        self.found.iter().map(asked).filter(move |(_, question, _)| question.tells == tells)
    }

    /// What one should know before it is done.
    pub fn notes(self, plan: &Plan) -> Vec<String> {
        let told = self.that(plan, true).map(|(step, question, found)| line(step, question, found));
        told.chain(self.open.iter().cloned()).collect()
    }
}

fn line(step: &Step, question: &Question, found: &Found) -> String {
    format!("step {}: {}", step.id, question.told(found))
}

/// The refusal, if rows are in the way.
pub fn refusal(plan: &Plan, answers: &Answers) -> Option<Error> {
    let found: Vec<_> = answers.that(plan, false).collect();
    let (first, ..) = found.first()?;
    let mut error = Error::refused(format!("rows of this database are in the way of the plan `{}`", plan.header.name));
    for (step, question, found) in &found {
        error = error.detail(line(step, question, found));
        error = question.show.iter().fold(error, |e, show| e.detail(format!("  {show};")));
    }
    error.at = first.at.clone();
    let n = found.len();
    let these = if n == 1 { "the rows".to_string() } else { format!("all {n} kinds of rows") };
    Some(error.hint(format!("nothing was changed: correct {these}, which the queries show, and run again")))
}
