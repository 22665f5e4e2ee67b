//! `-- msr:allow RULE reason="…" until=DATE` in schema files and in scripts.

use super::{Finding, levels, rules};
use crate::model::Id;
use crate::plan::Level;
use crate::source::script::Script;
use crate::source::{Hint, HintKind, Source};
use crate::{Error, Result};
use jiff::civil::Date;

/// What somebody allowed, and where.
#[derive(Debug, Clone)]
pub struct Allowance {
    rule: String,
    reason: String,
    until: Option<Date>,
    /// `file:line:column`
    place: String,
    scope: Scope,
}

#[derive(Debug, Clone)]
enum Scope {
    /// The number of a statement of the script.
    Statement(usize),
    /// The paths of objects; what is a part of them too.
    Objects(Vec<Vec<String>>),
}

/// Those of schema files: each about what its statement defines.
pub fn of_source(source: &Source) -> Result<Vec<Allowance>> {
    let mut all = vec![];
    for statement in &source.statements {
        for hint in &statement.hints {
            let mut paths: Vec<Vec<String>> = hint.subject.iter().map(|s| s.path.clone()).collect();
            if paths.is_empty() {
                let name = |n: &crate::source::Name| n.schema.iter().chain([&n.name]).cloned().collect();
                paths = statement.defines.iter().map(name).collect();
            }
            all.extend(allowance(hint, source.place_in_file(statement.file, hint.at), Scope::Objects(paths))?);
        }
    }
    Ok(all)
}

/// Those of a script: each about its statement.
pub fn of_script(script: &Script) -> Result<Vec<Allowance>> {
    let mut all = vec![];
    for (at, statement) in script.statements.iter().enumerate() {
        for hint in &statement.hints {
            let line = script.file.text[..hint.at].matches('\n').count() + 1;
            all.extend(allowance(hint, format!("{}:{line}:1", script.file.name), Scope::Statement(at))?);
        }
    }
    Ok(all)
}

fn allowance(hint: &Hint, place: String, scope: Scope) -> Result<Option<Allowance>> {
    let HintKind::Allow { rule, reason, until } = &hint.kind else { return Ok(None) };
    if !levels::is_known(rule) {
        let known: Vec<&str> = rules::all().map(|r| r.id).collect();
        let error = Error::refused(format!("no rule is called `{}`", rule.escape_debug())).at(place);
        return Err(match crate::error::closest(rule, &known) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`msr lint --explain all` names them"),
        });
    }
    let until = until.as_ref().and_then(|date| date.parse().ok());
    Ok(Some(Allowance { rule: rule.clone(), reason: reason.clone().unwrap_or_default(), until, place, scope }))
}

/// Lets pass what is allowed on this day; what each expired one would have allowed is told.
pub fn apply(findings: &mut [Finding], allowances: &[Allowance], today: Date) -> Vec<String> {
    let mut notes = vec![];
    for allowance in allowances {
        let expired = allowance.until.is_some_and(|until| until < today);
        for finding in findings.iter_mut().filter(|f| f.level > Level::Allow && allowance.covers(f)) {
            if expired {
                let until = allowance.until.map(|d| d.to_string()).unwrap_or_default();
                notes.push(format!(
                    "{}: `{}` was allowed until {until} and is no longer ({})",
                    allowance.place, allowance.rule, allowance.reason
                ));
            } else {
                finding.level = Level::Allow;
                finding.allowed = Some(format!("{} ({})", allowance.reason, allowance.place));
            }
        }
    }
    notes.sort();
    notes.dedup();
    notes
}

impl Allowance {
    fn covers(&self, finding: &Finding) -> bool {
        let there = match &self.scope {
            Scope::Statement(at) => finding.spot.as_ref().is_some_and(|(statement, _)| statement == at),
            Scope::Objects(paths) => finding.objects.iter().any(|id| paths.iter().any(|path| stands_below(id, path))),
        };
        there && levels::covers(&self.rule, &finding.rule)
    }
}

/// Whether the id's path begins with this one, with the schema or without.
fn stands_below(id: &Id, path: &[String]) -> bool {
    let begins = |own: &[Box<str>]| own.len() >= path.len() && own.iter().zip(path).all(|(a, b)| **a == **b);
    !path.is_empty() && (begins(&id.path) || id.path.len() > 1 && begins(&id.path[1..]))
}
