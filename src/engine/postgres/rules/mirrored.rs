//! Columns that are made of others in both directions: one that is split, several that are merged. While two applications write,
//! a trigger carries what either writes over to the columns of the other; on the way back the old columns get what was written
//! since.
//!
//! A value of an old column is kept for as long as nothing is made of the new columns but what was made of those that were made of
//! it: what the new ones do not hold (a second blank, a third name) is not lost by being looked at.

use super::super::ddl::{ident, path};
use super::filling::{self, Trigger};
use super::links::home;
use super::parking;
use super::retyping::compared;
use crate::engine::how::{Fill, Phase, Rung, Scene};
use crate::model::{Catalog, Column, Id, Kind, Object};

/// A column, and the expression that makes it of those of the other side.
pub struct Side<'a> {
    pub column: &'a Column,
    pub made: &'a str,
}

pub struct Mirror<'a> {
    pub home: Id,
    pub old: Vec<Side<'a>>,
    pub new: Vec<Side<'a>>,
    /// Columns that are there all the time, as they stand in SQL: what else the expressions may speak of.
    rest: Vec<String>,
}

impl<'a> Mirror<'a> {
    /// All of the table that the column, old or new, is one of.
    pub fn of(scene: &Scene<'a>, column: &Object) -> Option<Mirror<'a>> {
        let home = home(column);
        let old = sides(scene.from, scene.to, &home);
        let new = sides(scene.to, scene.from, &home);
        let all = || old.iter().chain(&new).map(|side| &side.column.head.id);
        if old.is_empty() || new.is_empty() || !all().any(|id| id == column.id()) {
            return None;
        }
        let columns = scene.from.children(&home).map(|o| o.id()).filter(|id| id.kind == Kind::Column);
        let rest = columns.filter(|id| scene.to.contains(id)).map(|id| ident(id.name())).collect();
        Some(Mirror { home, old, new, rest })
    }

    /// The same where both applications are to work, and each of the columns lets them.
    pub fn both_ways(scene: &Scene<'a>, column: &Object) -> Option<Mirror<'a>> {
        let found = Mirror::of(scene, column).filter(|m| scene.phased(&m.home) && scene.online(&m.home))?;
        let object = |catalog: &'a Catalog, side: &Side| catalog.get(&side.column.head.id);
        let parked =
            found.old.iter().all(|s| object(scene.from, s).is_some_and(|o| parking::parkable_column(scene, o)));
        let filled = found.new.iter().all(|s| filling::fillable(scene, s.column));
        (parked && filled).then_some(found)
    }

    /// Whose ladder it is, among the columns that come.
    pub fn first_new(&self) -> &'a Id {
        &self.new[0].column.head.id
    }

    /// Among those that go.
    pub fn first_old(&self) -> &'a Id {
        &self.old[0].column.head.id
    }

    /// What a trigger does to a row: whoever writes one side has the other one follow. A statement that writes both is the new
    /// application's, which keeps an old value that fits.
    pub fn follows(&self) -> String {
        let given = self.backs("(SELECT new.*) AS t");
        let made = self.backs(&format!("(SELECT {} FROM (SELECT new.*) AS t) AS t", self.as_made()));
        let kept = self.old.iter().map(|s| {
            let (name, given, made) = (s.name(), format!("given.{}", s.name()), format!("made.{}", s.name()));
            format!("CASE WHEN {} THEN {given} ELSE new.{name} END", s.differs(&given, &made, &format!("new.{name}")))
        });
        let values = self.new.iter().map(|s| format!("({})", s.made));
        format!(
            "IF {} THEN\n        SELECT {} INTO {}\n        FROM ({given}) AS given, ({made}) AS made;\n    \
             ELSIF TG_OP = 'INSERT' OR {} THEN\n        SELECT {} INTO {} FROM (SELECT new.*) AS t;\n    END IF;",
            written(&self.new),
            list(kept),
            targets(&self.old),
            written(&self.old),
            list(values),
            targets(&self.new),
        )
    }

    /// What the old columns are made of, from rows like these.
    fn backs(&self, rows: &str) -> String {
        format!("SELECT {} FROM {rows}", list(self.old.iter().map(|s| format!("({}) AS {}", s.made, s.name()))))
    }

    /// A row as it would be if nobody had written its new columns.
    fn as_made(&self) -> String {
        let there = self.rest.iter().cloned().chain(self.old.iter().map(Side::name));
        list(there.chain(self.new.iter().map(|s| format!("({}) AS {}", s.made, s.name()))))
    }

    /// Of a row of the table: what would be made of it again if nobody wrote its new columns.
    fn again(&self, side: &Side) -> String {
        format!("(SELECT ({}) FROM (SELECT {}) AS t)", side.made, self.as_made())
    }

    /// On the way back: the old columns get what was written since.
    pub fn since(&self) -> String {
        let differs = |s: &Side| s.differs(&format!("({})", s.made), &self.again(s), &s.name());
        let set = |s: &Side| match self.old.len() {
            1 => format!("{} = ({})", s.name(), s.made),
            _ => format!("{0} = CASE WHEN {1} THEN ({2}) ELSE {0} END", s.name(), differs(s), s.made),
        };
        let any: Vec<String> = self.old.iter().map(differs).collect();
        format!("UPDATE {} SET {} WHERE {}", path(&self.home), list(self.old.iter().map(set)), any.join(" OR "))
    }

    /// For each column that goes: what would be made of it again, and which rows have something else in it.
    pub fn changed(&self) -> impl Iterator<Item = (&'a Column, String, String)> {
        self.old.iter().map(|s| (s.column, self.again(s), s.unlike(&s.name(), &self.again(s))))
    }

    /// The ladder of all that come, with a trigger in both directions and one way of filling.
    pub fn ladder(&self, scene: &Scene, key: Vec<(String, String)>) -> Vec<Rung> {
        let trigger = Trigger::of(self.first_new(), &self.follows());
        let mut rungs: Vec<Rung> = self.new.iter().flat_map(|s| filling::added(s.column)).collect();
        rungs.extend(trigger.made());
        let set = list(self.new.iter().map(|s| format!("{} = ({})", s.name(), s.made)));
        let empty: Vec<String> = self.new.iter().map(|s| format!("{} IS NULL", s.name())).collect();
        rungs.push(Rung::fill(Fill { table: path(&self.home), key, set, only: empty.join(" AND ") }));
        rungs.extend(self.new.iter().flat_map(|s| filling::required(scene, s.column, s.made)));
        let old = self.old.iter().filter_map(|s| scene.from.get(&s.column.head.id));
        rungs.extend(old.filter_map(|o| parking::eased(scene, o)).map(|rung| Rung {
            phase: Phase::Contract,
            alone: false,
            ..rung
        }));
        rungs.extend(trigger.gone());
        rungs
    }
}

impl Side<'_> {
    fn name(&self) -> String {
        ident(self.column.head.id.name())
    }

    /// Whether the old value no longer holds. Where there must be one, a row that the new application made has none yet.
    fn differs(&self, given: &str, made: &str, is: &str) -> String {
        let unlike = self.unlike(given, made);
        if self.column.not_null { format!("({is} IS NULL OR {unlike})") } else { unlike }
    }

    fn unlike(&self, one: &str, other: &str) -> String {
        match compared(&self.column.r#type) {
            "" => format!("{one} IS DISTINCT FROM {other}"),
            cast => format!("({one}){cast} IS DISTINCT FROM ({other}){cast}"),
        }
    }
}

/// Whether the statement that a trigger fires for writes any of these; a row that is new had nothing in them.
fn written(sides: &[Side]) -> String {
    let row = |of: &str| list(sides.iter().map(|s| format!("{of}.{}{}", s.name(), compared(&s.column.r#type))));
    format!("({}) IS DISTINCT FROM ({})", row("new"), row("old"))
}

fn targets(sides: &[Side]) -> String {
    list(sides.iter().map(|s| format!("new.{}", s.name())))
}

fn list(all: impl Iterator<Item = String>) -> String {
    all.collect::<Vec<_>>().join(", ")
}

/// The columns of the table that are in the one catalog only and are made of others.
fn sides<'a>(of: &'a Catalog, not_in: &Catalog, home: &Id) -> Vec<Side<'a>> {
    let side = |o: &'a Object| match o {
        Object::Column(column) if !not_in.contains(o.id()) => {
            Some(Side { column, made: column.head.using.as_deref()? })
        }
        _ => None,
    };
    of.children(home).filter_map(side).collect()
}
