//! Declared renames. They are carried out on a scratch copy of the present state, which is then read back: only the engine
//! knows what a view, a check or a function body says after something under it has another name.

use super::node::Node;
use super::{Action, hints, prove, scope};
use crate::diff::Delta;
use crate::engine::how::{How, Rung, Scene};
use crate::engine::{Engine, Session};
use crate::model::{Catalog, Id, Kind, Object, Value};
use crate::source::{Hint, HintKind, Source, Subject};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// A rename that a schema file asks for and the database does not have yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Object {
        from: Id,
        to: Id,
    },
    /// A label of an enum, which is no object of its own.
    Label {
        of: Id,
        from: String,
        to: String,
    },
}

/// The renames that stand in the files, in an order in which they can be done: what contains before what is contained.
pub fn wanted(engine: &dyn Engine, source: &Source, base: &Catalog, goal: &Catalog) -> Result<Vec<Wanted>> {
    let mut found = Vec::new();
    for (index, statement) in source.statements.iter().enumerate() {
        for hint in &statement.hints {
            if let Hint { kind: HintKind::RenamedFrom { old, subject: Some(subject) }, .. } = hint {
                let place = source.place(index, hint.at.saturating_sub(statement.range.start));
                found.push((resolve(engine, subject, old, goal).map_err(|e| e.at(place.clone()))?, place));
            }
        }
    }
    found.extend(parts_of_same(base, goal).into_iter().map(|want| (want, String::new())));
    found.sort_by_key(|(w, _)| match w {
        Wanted::Object { to, .. } => (to.path.len(), to.clone()),
        Wanted::Label { of, .. } => (of.path.len() + 1, of.clone()),
    });
    swapped(&found, base, goal)?;
    let mut result: Vec<Wanted> = Vec::new();
    for (want, place) in found {
        if is_open(&want, &result, base, goal).map_err(|e| e.at(place))? {
            result.push(want);
        }
    }
    Ok(result)
}

/// Refuses hints that lead round in a circle of names that are all there, before and after: whether they are done already no
/// catalog tells.
fn swapped(found: &[(Wanted, String)], base: &Catalog, goal: &Catalog) -> Result<()> {
    let wants: Vec<Wanted> = found.iter().map(|(want, _)| want.clone()).collect();
    let objects = found.iter().filter_map(|(want, place)| match want {
        Wanted::Object { from, to } => Some((to, (from, place))),
        Wanted::Label { .. } => None,
    });
    let olds: BTreeMap<&Id, (&Id, &String)> = objects.collect();
    let both = |id: &Id| goal.contains(id) && base.contains(&as_in_base(id, &wants));
    for (to, (from, place)) in &olds {
        let mut seen = BTreeSet::from([*to]);
        let mut at = *from;
        while let Some((next, _)) = olds.get(at).filter(|_| both(at) && seen.insert(at)) {
            at = next;
        }
        if at == *to && at != *from && both(at) {
            let error = Error::refused(format!(
                "cannot rename {from} to `{}`: the hints swap names, and which state is meant cannot be told",
                to.name()
            ));
            return Err(error.at((*place).clone()).hint(format!(
                "take a third name and two plans: rename `{}` to a new name in one, and that name to `{}` in the next",
                from.name(),
                to.name()
            )));
        }
    }
    Ok(())
}

/// Parts that differ in nothing but their names and follow the same leader: a partition has one index for each of its table's,
/// whatever it is called, and no statement of its own where a hint could stand.
fn parts_of_same(base: &Catalog, goal: &Catalog) -> Vec<Wanted> {
    let followers = |a: &Catalog, b: &Catalog| -> Vec<Object> {
        let missing = a.iter().filter(|o| !b.contains(o.id()) && o.leaders().next().is_some());
        missing.cloned().collect()
    };
    let new = followers(goal, base);
    let mut found = Vec::new();
    for old in followers(base, goal) {
        let leads = |l: &Id| base.contains(l) && goal.contains(l);
        let same = new.iter().find(|n| {
            n.parent() == old.parent()
                && old.leaders().any(|l| leads(l) && n.leaders().any(|m| m == l))
                && same_but_name(&old, n)
        });
        if let Some(same) = same {
            found.push(Wanted::Object { from: old.id().clone(), to: same.id().clone() });
        }
    }
    found
}

/// Finds the object that the hint stands before. The schema may be left out in the file.
fn resolve(engine: &dyn Engine, subject: &Subject, written: &str, goal: &Catalog) -> Result<Wanted> {
    let mut path: Vec<String> = subject.path.iter().map(|name| engine.folded(name)).collect();
    let old = engine.folded(&unqualified(written));
    if subject.object == "enum value" {
        let label = path.pop().unwrap_or_default();
        let mut types = goal.ids().filter(|id| id.kind == Kind::Enum && hints::ends_with(id, &path));
        let of = types
            .next()
            .ok_or_else(|| Error::refused(format!("cannot rename `{old}`: no enum is called `{}`", path.join("."))))?;
        return Ok(Wanted::Label { of: of.clone(), from: old, to: label });
    }
    let candidates = hints::subjects(goal, subject.object, &path);
    let [to] = candidates[..] else {
        let what = if candidates.is_empty() {
            "no such object comes of this statement"
        } else {
            "more than one object is called so"
        };
        return Err(Error::refused(format!(
            "cannot rename `{old}` to {} `{}`: {what}",
            subject.object,
            path.join(".")
        ))
        .hint("write the hint directly before the object that it concerns, and the schema with its name"));
    };
    let from = match place(written).filter(|_| MOVABLE.contains(&to.kind) && to.path.len() == 2) {
        Some(schema) => Id::new(to.kind, [engine.folded(&schema).as_str(), &old]),
        None => renamed(to, &old),
    };
    Ok(Wanted::Object { from, to: to.clone() })
}

/// What can go to another schema as it is.
const MOVABLE: &[Kind] = &[
    Kind::Table,
    Kind::View,
    Kind::MaterializedView,
    Kind::Sequence,
    Kind::Enum,
    Kind::Domain,
    Kind::Composite,
    Kind::BaseType,
];

/// The schema that stands before a name.
fn place(written: &str) -> Option<String> {
    written.trim().rsplit_once('.').map(|(schema, _)| unqualified(schema))
}

fn unqualified(old: &str) -> String {
    let last = old.trim().rsplit_once('.').map_or(old.trim(), |(_, name)| name);
    match last.strip_prefix('"').and_then(|s| s.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => last.to_string(),
    }
}

/// The id with another name.
fn renamed(id: &Id, name: &str) -> Id {
    let mut path = id.path.to_vec();
    let at = if id.kind.is_named_second() { 1 } else { path.len() - 1 };
    path[at] = name.into();
    Id { kind: id.kind, path: path.into() }
}

/// The id under which the database knows the object while none of the renames before it are done: a column of a renamed
/// table still stands under the table's old name.
fn as_in_base(id: &Id, before: &[Wanted]) -> Id {
    let mut path = id.path.to_vec();
    for want in before {
        if let Wanted::Object { from, to } = want
            && path.len() > to.path.len()
            && path.starts_with(&to.path)
        {
            path[..to.path.len()].clone_from_slice(&from.path);
        }
    }
    Id { kind: id.kind, path: path.into() }
}

/// Whether the rename is still to be done. A hint may stay in the file when it is done.
fn is_open(want: &Wanted, before: &[Wanted], base: &Catalog, goal: &Catalog) -> Result<bool> {
    match want {
        Wanted::Label { of, from, to } => {
            let labels = base.get(&as_in_base(of, before)).map(|o| o.attr("labels"));
            let Some(Value::List(labels)) = labels else { return Ok(false) };
            match (labels.contains(from), labels.contains(to)) {
                (_, true) => Ok(false),
                (true, false) => Ok(true),
                (false, false) => {
                    let known = labels.iter().map(String::as_str).collect::<Vec<_>>();
                    Err(no_such(&of.to_string(), from, to, &known))
                }
            }
        }
        Wanted::Object { from, to } => {
            let (had, has) = (base.contains(&as_in_base(from, before)), base.contains(&as_in_base(to, before)));
            if had && !has && goal.contains(from) {
                return Err(Error::refused(format!(
                    "cannot rename {from} to `{}`: the schema still wants {from}",
                    to.name()
                ))
                .hint("remove one of the two from the schema files, or the hint"));
            }
            // A name that is nowhere is a mistake, unless there is nothing yet that it could be in.
            let parent = goal.get(to).and_then(Object::parent);
            let has_tables = || base.ids().any(|id| id.kind == Kind::Table);
            let expected = parent.map_or_else(has_tables, |p| base.contains(&as_in_base(p, before)));
            if !had && !has && expected {
                let place = &from.path[..from.path.len().saturating_sub(1)];
                let beside = base.ids().filter(|id| id.kind == from.kind && id.path.starts_with(place));
                let known: Vec<&str> = beside.map(Id::name).collect();
                return Err(no_such(&format!("{} {}", to.kind.name(), to.name()), from.name(), to.name(), &known));
            }
            Ok(had && !has)
        }
    }
}

fn no_such(what: &str, old: &str, new: &str, known: &[&str]) -> Error {
    let near = crate::error::closest(old, known).map(|near| format!("did you mean `{near}`?"));
    let error =
        Error::refused(format!("cannot rename `{old}` to `{new}` in {what}: there is no `{old}` in the database"))
            .code(crate::error::code::NO_SUCH_NAME)
            .hint("correct the old name, or remove the `-- msr:renamed from` line");
    near.into_iter().fold(error, Error::hint)
}

/// The renames as nodes, and the catalog as it is after them.
pub struct Renamed {
    pub nodes: Vec<Node>,
    pub base: Catalog,
}

/// Carries the renames out on a copy, reads it back, and puts what was read in the place of what was copied.
pub fn carry_out(
    engine: &dyn Engine,
    scratch: &mut dyn Session,
    base: &Catalog,
    goal: &Catalog,
    wants: &[Wanted],
) -> Result<Renamed> {
    let server = scratch.server().clone();
    let deltas: Vec<Delta> = wants.iter().enumerate().flat_map(|(i, w)| seeds(w, &wants[..i], base)).collect();
    let schemas = wants.iter().filter_map(|w| if let Wanted::Object { to, .. } = w { to.path.first() } else { None });
    let places: Vec<Id> = schemas.map(|name| Id::new(Kind::Schema, [&**name])).collect();
    let keep = match engine.whole_tables() {
        true => base.ids().cloned().collect(),
        false => scope::needed_with(engine, base, base, &Vec::from_iter(&deltas), &Vec::from_iter(&places)),
    };
    let mut state = prove::copy(engine, scratch, base, &keep)?;
    let (mut nodes, mut rooms) = (Vec::new(), Vec::new());
    // What carries the old name in its own (a key, a sequence of a serial column) is renamed along in the second round.
    let mut round = wants.to_vec();
    let mut all = round.clone();
    for _ in 0..3 {
        for want in &round {
            let made = room(engine, &Scene::new(&state, goal, &server), want)?;
            if let Some(node) = made {
                execute(scratch, &node)?;
                state = scratch.inspect()?;
                rooms.push(node.subject.clone());
                nodes.push(node);
            }
            if let Some(node) = node(engine, &Scene::new(&state, goal, &server), want)? {
                execute(scratch, &node)?;
                state = scratch.inspect()?;
                nodes.push(node);
            }
        }
        round = implied(&state, goal, &all);
        if round.is_empty() {
            break;
        }
        all.extend(round.iter().cloned());
    }
    let mut renamed = base.clone();
    keep.iter().for_each(|id| drop(renamed.remove(id)));
    let known: BTreeSet<Id> = renamed.ids().cloned().collect();
    // Who owns a schema that is new is not known yet.
    let said = |o: &Object| o.parent().is_some_and(|of| rooms.contains(of));
    for object in state.iter().filter(|o| !known.contains(o.id()) && !said(o)) {
        renamed.insert(object.clone());
    }
    Ok(Renamed { nodes, base: renamed })
}

fn execute(scratch: &mut dyn Session, node: &Node) -> Result<()> {
    let failed = |e: crate::SqlError, sql: &str| Error::from(e).during(format!("cannot rename: `{sql}`"));
    node.rungs.iter().try_for_each(|rung| scratch.execute(&rung.sql).map(drop).map_err(|e| failed(e, &rung.sql)))
}

/// The schema that something goes to, where it is new.
fn room(engine: &dyn Engine, scene: &Scene, want: &Wanted) -> Result<Option<Node>> {
    let Wanted::Object { from, to } = want else { return Ok(None) };
    let id = Id::new(Kind::Schema, [to.at(0)]);
    let moves = MOVABLE.contains(&to.kind) && to.path.len() == 2 && from.at(0) != to.at(0);
    let Some(schema) = scene.to.get(&id).filter(|_| moves && !scene.from.contains(&id)) else { return Ok(None) };
    let rule = engine.rule(Kind::Schema)?;
    let mut node = Node::new(&id, Action::Create, vec![Delta::Add(id.clone())]);
    node.rungs = rungs((rule.create)(scene, schema, &[]))?;
    node.down = Some(rungs((rule.drop)(scene, schema))?);
    Ok(Some(node))
}

/// What the copy must hold for a rename.
fn seeds(want: &Wanted, before: &[Wanted], base: &Catalog) -> Vec<Delta> {
    let ids = match want {
        Wanted::Object { from, to } => vec![from, to],
        Wanted::Label { of, .. } => vec![of],
    };
    let ids = ids.into_iter().map(|id| as_in_base(id, before)).filter(|id| base.contains(id));
    ids.map(|id| Delta::Rename { from: id.clone(), to: id }).collect()
}

fn node(engine: &dyn Engine, scene: &Scene, want: &Wanted) -> Result<Option<Node>> {
    let (subject, delta, up, down) = match want {
        Wanted::Object { from, to } => {
            let rule = engine.rule(from.kind)?;
            // Some kinds cannot be renamed; the ordinary way, drop and create, is left to the difference.
            let Some(rename) = rule.rename else { return Ok(None) };
            let Some(old) = scene.from.get(from).filter(|_| !scene.from.contains(to)) else { return Ok(None) };
            let mut there = old.clone();
            there.head_mut().id = to.clone();
            (
                to,
                Delta::Rename { from: from.clone(), to: to.clone() },
                rename(scene, old, to),
                rename(scene, &there, from),
            )
        }
        Wanted::Label { of, from, to } => {
            let Some(Object::Enum(old)) = scene.from.get(of) else { return Ok(None) };
            let labels: Vec<String> =
                old.labels.iter().map(|l| if l == from { to.clone() } else { l.clone() }).collect();
            let delta = Delta::Set {
                id: of.clone(),
                attr: "labels".into(),
                from: old.labels.clone().into(),
                to: labels.into(),
            };
            (of, delta, engine.rename_label(of, from, to), engine.rename_label(of, to, from))
        }
    };
    let mut node = Node::new(subject, Action::Rename, vec![delta]);
    node.rungs = rungs(up)?;
    node.down = Some(rungs(down)?);
    Ok(Some(node))
}

fn rungs(how: How) -> Result<Vec<Rung>> {
    match how {
        How::Ladder(rungs) => Ok(rungs),
        How::Refuse(why) => Err(Error::refused(why)),
        other => Err(Error::failed(format!("a rename was answered with {other:?}: a bug in msr"))),
    }
}

/// Names that contain a renamed name and differ in nothing else: `users_pkey` when `users` became `customers` and the
/// schema now says `customers_pkey`.
fn implied(state: &Catalog, goal: &Catalog, done: &[Wanted]) -> Vec<Wanted> {
    let mut found: Vec<Wanted> = Vec::new();
    for want in done {
        let Wanted::Object { from, to } = want else { continue };
        for object in state.iter().filter(|o| !goal.contains(o.id())) {
            let id = object.id();
            if !id.name().contains(from.name())
                || matches!(id.kind, Kind::Table | Kind::Column | Kind::Default | Kind::Schema)
            {
                continue;
            }
            let new = renamed(id, &id.name().replace(from.name(), to.name()));
            let same = goal.get(&new).is_some_and(|n| same_but_name(object, n)) && !state.contains(&new);
            let want = Wanted::Object { from: id.clone(), to: new };
            if same && !found.contains(&want) {
                found.push(want);
            }
        }
    }
    found
}

fn same_but_name(old: &Object, new: &Object) -> bool {
    let mut there = old.clone();
    there.head_mut().id = new.id().clone();
    there.attrs() == new.attrs()
}
