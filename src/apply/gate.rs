//! What is refused before the first statement, whatever the database looks like.

use super::Phases;
use crate::engine::Engine;
use crate::engine::how::Server;
use crate::lint::plans::loss;
use crate::lint::{Policy, report};
use crate::plan::{Action, Batch, Down, Level, Phase, Plan, Step};
use crate::{Error, Result};

/// A plan is for one engine and one major version of it.
pub fn engine(plan: &Plan, engine: &dyn Engine, server: &Server) -> Result<()> {
    let h = &plan.header;
    if h.engine == engine.name() && h.engine_major == server.major {
        return Ok(());
    }
    let made = format!("{} {}", h.engine, h.engine_major);
    let found = format!("{} {}", engine.name(), server.major);
    Err(Error::refused(format!("the plan `{}` was made for {made}, this database is {found}", h.name))
        .code(crate::error::code::ELSEWHERE)
        .hint("make the plan anew for this database: `msr plan`"))
}

/// The number of batches that stand when the phases are done. A batch with one step of the contract phase waits whole.
pub fn end(plan: &Plan, phases: Phases) -> usize {
    let contracts = |b| plan.batch_steps(b).iter().any(|s| s.phase == Phase::Contract);
    let first = plan.batches.iter().position(contracts).unwrap_or(plan.batches.len());
    if phases == Phases::Expand { first } else { plan.batches.len() }
}

/// A plan that was made on a larger server may hold more locks at once than this one has.
pub fn fits(plan: &Plan, batches: &[Batch], server: &Server) -> Result<()> {
    let Some(entries) = server.locks else { return Ok(()) };
    let too_heavy = |b: &&Batch| b.transaction && plan.weight(b) > entries;
    let Some(batch) = batches.iter().find(too_heavy) else { return Ok(()) };
    Err(Error::refused(format!(
        "the plan `{}` is too much for this server: its steps {} to {} are one transaction of about {} locks, and the server is sure to have {entries}",
        plan.header.name,
        batch.first,
        batch.last,
        plan.weight(batch)
    ))
    .hint("`msr plan` on this database makes smaller transactions; or raise `max_locks_per_transaction` of the server"))
}

/// What lint denies, a loss of data among it, is done only where the user has named it.
pub fn denied<'a>(plan: &Plan, steps: impl IntoIterator<Item = &'a Step>, policy: &Policy) -> Result<()> {
    let steps: Vec<usize> = steps.into_iter().map(|step| step.id).collect();
    report::refuse(plan, &steps, policy)
}

/// The same for the way back, and there are steps without one.
pub fn way_back<'a>(plan: &'a Plan, steps: impl IntoIterator<Item = &'a Step>, policy: &Policy) -> Result<()> {
    let steps: Vec<&Step> = steps.into_iter().collect();
    let irreversible: Vec<String> = steps.iter().filter_map(|s| no_way_back(s)).collect();
    if !irreversible.is_empty() {
        let error = Error::refused(format!("the plan `{}` can't be undone", plan.header.name))
            .code(crate::error::code::NO_WAY_BACK);
        let error = irreversible.into_iter().fold(error, Error::detail);
        return Err(error.hint("go forward instead: change the schema files and make a new plan"));
    }
    let lossy = steps.into_iter().filter_map(|step| match &step.down {
        Down::Lossy { loses, .. } => Some((step, loss(step.subject.kind, step.action == Action::Create), loses)),
        _ => None,
    });
    let denied =
        |(step, rule, _): &(&Step, &str, &String)| policy.level(rule, Level::Deny, &[&step.subject]).0 == Level::Deny;
    let mut rules = vec![];
    let mut error = Error::refused(format!("undoing the plan `{}` destroys data", plan.header.name))
        .code(crate::error::code::DENIED);
    for (step, rule, loses) in lossy.filter(denied) {
        error = error.detail(format!("step {}, {}: loses {loses} ({rule})", step.id, step.subject));
        rules.push(rule);
    }
    if rules.is_empty() {
        return Ok(());
    }
    rules.sort();
    rules.dedup();
    let flags: Vec<String> = rules.iter().map(|r| format!("--allow {r}")).collect();
    Err(error.hint(format!("if that is meant, say so: `{}`", flags.join(" "))))
}

fn no_way_back(step: &Step) -> Option<String> {
    match &step.down {
        Down::Irreversible(why) => Some(format!("step {}, {}: {why}", step.id, step.subject)),
        _ => None,
    }
}
