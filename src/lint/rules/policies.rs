//! What some teams agree on, and others do not.

use super::*;
use crate::lint::levels::glob;
use crate::lint::types;
use crate::model::{Catalog, Id};

pub static POLICIES: &[Rule] = &[
    off("naming", "a name is not as agreed", Whole(misnamed))
        .what("")
        .why("names of two styles are guessed wrong, and those with capitals must be quoted")
        .advice("a name as `[lint.names]` says for its kind, `index = \"*_idx\"`; where that says nothing: lower case, digits and underscores"),
    off("required-columns", "a new table lacks a column that all have", Whole(lacking))
        .what("")
        .why("what works on all tables does not work on this one")
        .advice("add it; `[lint] required_columns` names them"),
    off("comments", "a new table or column has no comment", Whole(unexplained))
        .on(POSTGRES)
        .what("creates {id} without a comment")
        .why("what it is for is known to whoever made it")
        .advice("COMMENT ON … IS '…'"),
    off("column-alignment", "a new table wastes room between its columns", Whole(padded))
        .on(POSTGRES)
        .what("")
        .why("each value begins where its type may; what is left free before it is in every row")
        .advice("the widest columns of a fixed size first, text and numeric last"),
];

fn created<'a>(scene: &'a Scene, kinds: &'a [Kind]) -> impl Iterator<Item = (usize, &'a Event)> {
    let fits = |e: &Event| e.verb == Verb::Add && kinds.contains(&e.id.kind) && !e.is(Trait::Temporary);
    scene.events.iter().enumerate().filter(move |(_, e)| fits(e))
}

const NAMED: &[Kind] = &[
    Schema,
    Table,
    Column,
    Index,
    Check,
    ForeignKey,
    Unique,
    PrimaryKey,
    View,
    MaterializedView,
    Function,
    Sequence,
    Trigger,
    Enum,
    Domain,
    Policy,
];

/// The kinds that `[lint.names]` may speak of, as it spells them.
pub fn named_kinds() -> impl Iterator<Item = &'static str> {
    NAMED.iter().map(|kind| kind.name())
}

fn misnamed(scene: &Scene) -> Vec<Hit> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let mut hits = vec![];
    // SQLite has no names for constraints: those are msr's.
    let own = |kind: Kind| scene.engine == "sqlite" && matches!(kind, Check | ForeignKey | Unique | PrimaryKey);
    let renamed = scene.events.iter().enumerate().filter(|(_, e)| e.verb == Verb::Rename);
    for (i, event) in created(scene, NAMED).chain(renamed).filter(|(_, e)| !own(e.id.kind)) {
        // The last part of a function's path is its arguments.
        let name = if event.id.kind == Function { event.id.at(1) } else { event.id.name() };
        let agreed = scene.settings.names.get(event.id.kind.name());
        let fits = agreed.map_or_else(|| name.chars().all(plain), |pattern| glob(pattern, name));
        if !fits {
            let like = agreed.map_or("lower case, digits and underscores".into(), |p| format!("`{p}`"));
            hits.push(Hit::says(i, format!("the name of {} is not like {like}", event.id)));
        }
    }
    hits
}

fn lacking(scene: &Scene) -> Vec<Hit> {
    let Some(goal) = scene.goal else { return vec![] };
    let mut hits = vec![];
    for (i, event) in created(scene, &[Table]).filter(|(_, e)| !e.is(Trait::Partition) && goal.contains(&e.id)) {
        let wanted = scene.settings.required_columns.iter();
        let missing: Vec<&str> =
            wanted.filter(|c| !goal.contains(&event.id.below(Column, c))).map(String::as_str).collect();
        if !missing.is_empty() {
            hits.push(Hit::says(i, format!("creates {} without {}", event.id, missing.join(", "))));
        }
    }
    hits
}

fn unexplained(scene: &Scene) -> Vec<Hit> {
    let Some(goal) = scene.goal else { return vec![] };
    let silent = |id: &Id| goal.contains(id) && !goal.contains(&Id::about(Comment, id));
    created(scene, &[Table, Column]).filter(|(_, e)| silent(&e.id)).map(|(i, _)| Hit::at(i)).collect()
}

/// Columns of a new table in their order, against the same from wide to narrow.
fn padded(scene: &Scene) -> Vec<Hit> {
    let Some(goal) = scene.goal else { return vec![] };
    let mut hits = vec![];
    for (i, event) in created(scene, &[Table]).filter(|(_, e)| !e.is(Trait::Partition)) {
        let sizes = sizes(goal, &event.id);
        let mut best = sizes.clone();
        best.sort_by_key(|size| std::cmp::Reverse(size.1));
        let waste = padding(&sizes).saturating_sub(padding(&best));
        if waste > 0 {
            hits.push(Hit::says(i, format!("creates {} with {waste} bytes of each row left free", event.id)));
        }
    }
    hits
}

/// Length and alignment of the columns, in their order, up to the first whose length differs from row to row.
fn sizes(goal: &Catalog, table: &Id) -> Vec<(u64, u64)> {
    let mut columns: Vec<_> = goal.children(table).filter(|o| o.id().kind == Column).collect();
    columns.sort_by_key(|o| o.position());
    columns.iter().map_while(|o| types::fixed(o.attr("type").text()?)).collect()
}

fn padding(sizes: &[(u64, u64)]) -> u64 {
    let (mut at, mut free) = (0u64, 0);
    for (length, alignment) in sizes {
        let start = at.next_multiple_of(*alignment);
        free += start - at;
        at = start + length;
    }
    free
}
