//! NOT NULL, which from 18 on is a constraint with a name and a state of its own.

use super::super::ddl::{ident, table};
use super::ladders;
use super::links::{home, only};
use super::tables::alter;
use crate::engine::how::{Change, How, Scene};
use crate::model::{Column, Id, Kind, Object, Ref, Strength, Value};

/// NOT NULL as it stands at its column; one that is yet to be validated comes after.
pub fn clause(c: &Column) -> String {
    if c.not_null && !c.not_null_pending { phrase(c.not_null_name.as_deref()) } else { String::new() }
}

/// NOT NULL under the name that somebody gave it, if so, and a blank before it.
pub fn phrase(name: Option<&str>) -> String {
    name.map_or(" NOT NULL".to_string(), |name| format!(" CONSTRAINT {} NOT NULL", ident(name)))
}

/// NOT NULL comes or goes.
pub fn change(scene: &Scene, c: &Change) -> How {
    if super::retyping::goes_beside(scene, c.new.id()) {
        return How::Nothing;
    }
    if let (Value::Bool(true), Object::Column(column)) = (c.to, c.new) {
        let ladder = ladders::not_null(scene, c, column, &constraint(column));
        return ladder.unwrap_or_else(|| alter(c.new.id(), set(column)));
    }
    let name = ident(c.new.id().name());
    let had_identity = c.old.attr("identity") != Value::None && c.new.attr("identity") == Value::None;
    let alter = |action: &str| format!("ALTER TABLE {} ALTER COLUMN {name} {action}", table(c.new.id()));
    // An identity column must be NOT NULL, so the identity goes first.
    let first = had_identity.then(|| alter("DROP IDENTITY"));
    let followed = !only(scene.to, &home(c.new)).is_empty();
    let keep = if followed { keeping(scene, c.new.id()) } else { vec![] };
    How::statements(first.into_iter().chain([alter("DROP NOT NULL")]).chain(keep))
}

/// The name that the server gives by itself, as long as it fits.
fn constraint(c: &Column) -> String {
    let usual = || format!("{}_{}_not_null", c.head.id.at(1), c.head.id.name());
    c.not_null_name.clone().unwrap_or_else(usual)
}

fn quoted(c: &Column) -> String {
    ident(&constraint(c))
}

/// The name that an heir has for a NOT NULL that it inherits: only its CREATE can give it.
pub fn of_heir(scene: &Scene, c: &Column) -> Option<String> {
    let name = c.not_null_name.as_ref().filter(|_| c.not_null && !c.not_null_pending)?;
    let leads = |r: &&Ref| r.strength == Strength::Follow;
    let leaders = c.head.refs.iter().filter(leads).filter_map(|r| scene.to.get(&r.to));
    let mut theirs = leaders.filter(|l| l.attr("not_null") == Value::Bool(true)).map(|l| l.attr("not_null_name"));
    let first = theirs.next()?;
    let own = first.text() != Some(name) && theirs.all(|other| other.text() != Some(name));
    own.then(|| format!("CONSTRAINT {} NOT NULL {}", ident(name), ident(c.head.id.name())))
}

pub fn add(c: &Column) -> String {
    let state = if c.not_null_pending { " NOT VALID" } else { "" };
    format!("ADD CONSTRAINT {} NOT NULL {}{state}", quoted(c), ident(c.head.id.name()))
}

pub fn set(c: &Column) -> String {
    match c.not_null_pending || c.not_null_name.is_some() {
        true => add(c),
        false => format!("ALTER COLUMN {} SET NOT NULL", ident(c.head.id.name())),
    }
}

/// Both states of a column that is NOT NULL all the time.
fn stays<'a>(c: &'a Change) -> Option<(&'a Column, &'a Column)> {
    match (c.old, c.new) {
        (Object::Column(old), Object::Column(new)) if old.not_null && new.not_null => Some((old, new)),
        _ => None,
    }
}

pub fn rename(_: &Scene, c: &Change) -> How {
    let Some((old, new)) = stays(c) else { return How::Nothing };
    let present = old.head.text.as_deref().map_or_else(|| quoted(old), ident);
    let (from, to) = (present, quoted(new));
    // One that loses its validity is made anew.
    if from == to || new.not_null_pending && !old.not_null_pending {
        return How::Nothing;
    }
    How::statement(format!("ALTER TABLE {} RENAME CONSTRAINT {from} TO {to}", table(c.new.id())))
}

pub fn validate(s: &Scene, c: &Change) -> How {
    let Some((old, new)) = stays(c) else { return How::Nothing };
    if !new.not_null_pending {
        // Under the name that it has by then.
        let present = old.head.text.as_deref().filter(|_| old.not_null_name == new.not_null_name);
        let name = present.map_or_else(|| constraint(new), str::to_string);
        let plain = || alter(c.new.id(), format!("VALIDATE CONSTRAINT {}", ident(&name)));
        return ladders::validated_not_null(s, c.new, &name).unwrap_or_else(plain);
    }
    let anew = [format!("ALTER COLUMN {} DROP NOT NULL", ident(new.head.id.name())), add(new)];
    How::statements(anew.map(|action| format!("ALTER TABLE {} {action}", table(c.new.id()))))
}

/// DROP NOT NULL reaches the columns that follow; those that have it in their own right get it back.
fn keeping(scene: &Scene, column: &Id) -> Vec<String> {
    let is = |o: Option<&Object>| o.is_some_and(|o| o.attr("not_null") == Value::Bool(true));
    let followers =
        scene.to.users(column).filter(|o| o.id().kind == Kind::Column && o.has_ref(column, Strength::Follow));
    let mut statements = Vec::new();
    for follower in followers {
        let id = follower.id();
        if is(Some(follower)) && is(scene.from.get(id)) {
            statements.push(format!("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", table(id), ident(id.name())));
        } else {
            statements.extend(keeping(scene, id));
        }
    }
    statements
}
