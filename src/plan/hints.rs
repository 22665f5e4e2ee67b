//! What the hints of the schema files say of objects: found by name in the catalog that was read from those files.

mod back;

use crate::engine::Engine;
use crate::model::{Catalog, Id, Kind, Ref};
use crate::source::{HintKind, Source, Subject, Written};
use crate::{Error, Result};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Puts what `msr:using` and `msr:depends on` say where the planner looks for it. A need that was declared holds in the present
/// state as well: what is dropped there takes along who is declared to need it.
pub fn apply(engine: &dyn Engine, source: &Source, base: &mut Cow<Catalog>, goal: &mut Catalog) -> Result<()> {
    for statement in &source.statements {
        for hint in &statement.hints {
            let at = |e: Error| e.at(source.place_in_file(statement.file, hint.at));
            let Some(subject) = &hint.subject else { continue };
            match &hint.kind {
                HintKind::Using { expression } => using(engine, subject, expression, goal).map_err(at)?,
                HintKind::DependsOn { on } => {
                    for written in on {
                        depends(engine, subject, written, base, goal).map_err(at)?;
                    }
                }
                HintKind::RenamedFrom { .. } | HintKind::Allow { .. } | HintKind::Back { .. } => {}
            }
        }
    }
    back::apply(engine, source, base, goal)
}

fn using(engine: &dyn Engine, subject: &Subject, expression: &str, goal: &mut Catalog) -> Result<()> {
    let column = column(engine, subject, goal)?;
    if let Some(object) = goal.get_mut(&column) {
        object.head_mut().using = Some(expression.to_string());
    }
    Ok(())
}

fn column(engine: &dyn Engine, subject: &Subject, goal: &Catalog) -> Result<Id> {
    let path = folded(engine, &subject.path);
    let [column] = subjects(goal, subject.object, &path)[..] else {
        let what = format!("cannot tell which column `{}` is: {NO_ONE}", path.join("."));
        return Err(Error::refused(what).hint("write the schema with the name of the table"));
    };
    Ok(column.clone())
}

const NO_ONE: &str = "none or more than one of the schema is called so";

fn depends(
    engine: &dyn Engine,
    subject: &Subject,
    on: &Written,
    base: &mut Cow<Catalog>,
    goal: &mut Catalog,
) -> Result<()> {
    let path = folded(engine, &subject.path);
    let users: Vec<Id> = subjects(goal, subject.object, &path).into_iter().cloned().collect();
    if users.is_empty() {
        return Err(Error::refused(format!("cannot tell what `{}` is: {NO_ONE}", path.join("."))));
    }
    let wanted = folded(engine, &on.path);
    let needed: Vec<Id> = named(goal, &wanted, on.arguments.as_deref()).into_iter().cloned().collect();
    if needed.is_empty() {
        let what = format!("cannot make {} depend on `{}`: nothing in the schema is called so", users[0], on.text);
        return Err(Error::refused(what)
            .hint("correct the name, or name the extension that brings it; the schema comes before the name"));
    }
    for (user, needed) in users.iter().flat_map(|u| needed.iter().map(move |n| (u, n))).filter(|(u, n)| u != n) {
        if reaches(goal, needed, user) {
            let what = format!("cannot make {user} depend on {needed}, which needs {user}");
            return Err(Error::refused(what).hint("remove the hint: one of the two must come first"));
        }
        need(goal, user, needed);
        if base.contains(user) && base.contains(needed) {
            need(base.to_mut(), user, needed);
        }
    }
    Ok(())
}

fn need(catalog: &mut Catalog, user: &Id, needed: &Id) {
    if let Some(object) = catalog.get_mut(user)
        && object.refs().iter().all(|r| r.to != *needed)
    {
        object.head_mut().refs.push(Ref::normal(needed.clone()));
    }
}

/// Whether `from` needs `to`, by way of others or directly.
fn reaches(catalog: &Catalog, from: &Id, to: &Id) -> bool {
    let mut queue = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if id == to {
            return true;
        }
        if seen.insert(id) {
            queue.extend(catalog.get(id).into_iter().flat_map(|o| o.refs()).map(|r| &r.to));
        }
    }
    false
}

fn folded(engine: &dyn Engine, path: &[String]) -> Vec<String> {
    path.iter().map(|name| engine.folded(name)).collect()
}

/// The objects that a hint's subject can be; the schema may be left out in the file.
pub fn subjects<'a>(catalog: &'a Catalog, word: &str, path: &[String]) -> Vec<&'a Id> {
    nearest(catalog.ids().filter(|id| kind_fits(word, id.kind) && ends_with(id, path)).collect())
}

/// The objects that have this name of their own: not parts of others, and not what is said of others.
fn named<'a>(catalog: &'a Catalog, path: &[String], arguments: Option<&str>) -> Vec<&'a Id> {
    let whole = |id: &Id| catalog.get(id).is_some_and(|o| o.parent().is_none());
    let mut found = nearest(catalog.ids().filter(|id| whole(id) && ends_with(id, path)).collect());
    let same = |id: &&Id| arguments.is_none_or(|a| id.kind.is_named_second() && plain(id.at(2)) == plain(a));
    if found.iter().any(same) {
        found.retain(same);
    }
    found
}

fn plain(arguments: &str) -> String {
    arguments.to_lowercase().split_whitespace().collect()
}

/// A name without a schema means the one where an unqualified CREATE puts it.
fn nearest(mut found: Vec<&Id>) -> Vec<&Id> {
    let usual = |id: &&Id| matches!(id.at(0), "public" | "main");
    if found.len() > 1 && found.iter().any(usual) {
        found.retain(usual);
    }
    found
}

fn kind_fits(word: &str, kind: Kind) -> bool {
    match word {
        "constraint" => matches!(
            kind,
            Kind::PrimaryKey | Kind::Unique | Kind::Check | Kind::ForeignKey | Kind::Exclusion | Kind::DomainCheck
        ),
        "type" => matches!(kind, Kind::Enum | Kind::Composite | Kind::Domain | Kind::Range | Kind::BaseType),
        "procedure" => kind == Kind::Function,
        "materialized view" | "view" => matches!(kind, Kind::View | Kind::MaterializedView),
        "table" => matches!(kind, Kind::Table | Kind::VirtualTable),
        other => kind.name() == other,
    }
}

pub fn ends_with(id: &Id, path: &[String]) -> bool {
    let own: Vec<&str> = match id.kind {
        kind if kind.is_named_second() => id.path.iter().take(2).map(|s| &**s).collect(),
        _ => id.path.iter().map(|s| &**s).collect(),
    };
    own.len() >= path.len() && own[own.len() - path.len()..].iter().zip(path).all(|(a, b)| *a == b)
}
