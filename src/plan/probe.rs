//! What a plan asks the rows that are there before anything is done to them.

use super::node::Node;
use super::online::name_before;
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::Scene;
use crate::engine::probe::{Asked, Probe, Rows, When, sql};
use crate::model::{Id, Kind, Object, Value};

/// A question about the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Whose rows, under the name that the plan ends with.
    pub table: Id,
    /// What is the matter with those that it finds.
    pub wrong: String,
    /// Answers with a count and the keys of some.
    pub sql: String,
    /// Shows the rows.
    pub show: Option<String>,
    /// Speaks of names as they are before the first batch.
    pub early: bool,
    /// It is said of what it finds what becomes of it; nothing is in the way.
    pub tells: bool,
    /// What was found when the plan was made; in no file, since it is data.
    pub found: Option<Found>,
}

/// Rows that are in the way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub rows: u64,
    /// There are more, which nobody counted.
    pub more: bool,
    /// Of some of them, the values of the primary key.
    pub keys: Vec<String>,
}

impl Question {
    /// `at least 10,000 rows of table public.t have NULL in n (id: 4, 7)`
    pub fn told(&self, found: &Found) -> String {
        let word = if found.rows == 1 { "row" } else { "rows" };
        let least = if found.more { "at least " } else { "" };
        let keys: Vec<&str> = found.keys.iter().map(String::as_str).filter(|k| !k.is_empty()).collect();
        let some = if (keys.len() as u64) < found.rows { ", …" } else { "" };
        let keys = if keys.is_empty() { String::new() } else { format!(" (keys: {}{some})", keys.join("; ")) };
        format!("{least}{} {word} of {} {}{keys}", found.rows, self.table, self.wrong)
    }
}

/// The questions of each node, in their order.
pub fn questions(engine: &dyn Engine, scene: Scene, renames: &[Node], nodes: &[Node]) -> Vec<Vec<Question>> {
    // What the half that waits will do is asked before the first half too.
    let whole = |node: &Node| -> Vec<Delta> {
        let halves = nodes.iter().filter(|other| node.part && other.part && other.subject == node.subject);
        if node.part { halves.flat_map(|half| half.deltas.clone()).collect() } else { node.deltas.clone() }
    };
    let of = |node: &Node| {
        let mut all: Vec<Question> = whole(node).iter().flat_map(|d| of_delta(engine, scene, renames, d)).collect();
        all.sort_by(|a, b| (&a.table, &a.sql).cmp(&(&b.table, &b.sql)));
        all.dedup_by(|a, b| a.sql == b.sql);
        all
    };
    nodes.iter().map(of).collect()
}

fn of_delta(engine: &dyn Engine, scene: Scene, renames: &[Node], delta: &Delta) -> Vec<Question> {
    let meant = |when: When| match (delta, when) {
        (Delta::Add(_), When::Comes) => true,
        (Delta::Set { attr, .. }, When::Sets(name)) => attr == name,
        _ => false,
    };
    let Some(object) = scene.to.get(delta.id()).filter(|o| !as_before(&scene, o) && !with_leader(&scene, o)) else {
        return vec![];
    };
    let rules = engine.probes().iter().filter(|r| r.kind == object.id().kind && meant(r.when));
    let probes = rules.flat_map(|rule| (rule.ask)(&scene, object));
    probes.filter_map(|probe| question(engine, scene, renames, object, &probe)).collect()
}

/// What is dropped and comes back as it was finds the rows as they were.
fn as_before(scene: &Scene, o: &Object) -> bool {
    scene.from.get(o.id()).is_some_and(|old| old.attrs() == o.attrs())
}

/// What is asked of the rows of a partitioned table is asked of those of its partitions.
fn with_leader(scene: &Scene, o: &Object) -> bool {
    let changes = |l: &Object| scene.from.get(l.id()).is_none_or(|old| old.attrs() != l.attrs());
    o.leaders().filter_map(|l| scene.to.get(l)).any(|l| changes(l) && scene.from.contains(scene.to.root(l.id())))
}

fn question(engine: &dyn Engine, scene: Scene, renames: &[Node], o: &Object, probe: &Probe) -> Option<Question> {
    let places = Places { engine, scene, renames };
    let alone = matches!(probe.rows, Rows::Alike { .. } | Rows::Orphans { .. });
    let uses: Vec<&Id> = o.refs().iter().map(|r| &r.to).filter(|to| to.kind == Kind::Column).collect();
    // What the schema files make of a value is known only to the change of its type.
    let made_up = |id: &&Id| scene.to.get(id).is_some_and(|c| c.head().using.is_some()) && *id != o.id();
    if uses.iter().any(made_up)
        || o.head().using.is_some() && !matches!(probe.rows, Rows::Failing(_) | Rows::Changed(_))
    {
        return None;
    }
    let (from, mut early) = places.relation(&probe.table, &uses, alone, "t")?;
    let target = match &probe.rows {
        Rows::Orphans { target, .. } if scene.from.contains(target) => {
            let (target, renamed) = places.relation(target, &uses, alone, "p")?;
            early |= renamed;
            Some(target)
        }
        _ => None,
    };
    if early && matches!(probe.rows, Rows::Failing(_) | Rows::Changed(_)) {
        return None;
    }
    let key = places.key(&probe.table);
    let (sql, show) = sql(engine, &Asked { probe, from, target, key })?;
    let tells = matches!(probe.rows, Rows::Changed(_));
    Some(Question { table: probe.table.clone(), wrong: probe.wrong.clone(), sql, show, early, tells, found: None })
}

struct Places<'a> {
    engine: &'a dyn Engine,
    scene: Scene<'a>,
    renames: &'a [Node],
}

impl Places<'_> {
    /// The table as it is there now and looks like later, and whether the two differ.
    fn relation(&self, table: &Id, uses: &[&Id], alone: bool, alias: &str) -> Option<(String, bool)> {
        self.scene.from.get(table)?;
        let before = name_before(self.renames, table.clone());
        let only = if alone { self.engine.alone(self.scene.from, table) } else { "" };
        let name = format!("{only}{}", self.engine.named(&before));
        let (mut columns, mut differs) = (vec![], before != *table);
        for o in self.scene.to.children(table).filter(|o| o.id().kind == Kind::Column) {
            let is = self.engine.quoted(o.id().name());
            if self.scene.from.contains(o.id()) {
                let was = name_before(self.renames, o.id().clone());
                differs |= was != *o.id() && was.name() != o.id().name();
                columns.push(format!("{} AS {is}", self.engine.quoted(was.name())));
            } else if uses.contains(&o.id()) {
                // It has no value yet; one that it gets by itself is not known here.
                if self.scene.to.contains(&o.id().of_kind(Kind::Default)) || has_own_value(o) {
                    return None;
                }
                differs = true;
                columns.push(format!("CAST(NULL AS {}) AS {is}", o.attr("type")));
            }
        }
        let shape = match differs {
            true => format!("(SELECT {} FROM {name}) AS {alias}", columns.join(", ")),
            false => format!("{name} AS {alias}"),
        };
        Some((shape, differs))
    }

    fn key(&self, table: &Id) -> Vec<String> {
        let keys = self.scene.from.children(table).find(|o| o.id().kind == Kind::PrimaryKey);
        match keys.map(|k| k.attr("columns")) {
            // Not under names that go with the plan.
            Some(Value::List(columns))
                if columns.iter().all(|c| self.scene.to.contains(&table.below(Kind::Column, c))) =>
            {
                columns.iter().map(|c| self.engine.quoted(c)).collect()
            }
            _ => vec![],
        }
    }
}

fn has_own_value(column: &Object) -> bool {
    ["generated", "identity"].iter().any(|attr| column.attr(attr) != Value::None)
        || column.refs().iter().any(|r| r.to.kind == Kind::Domain)
}
