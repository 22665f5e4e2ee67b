//! What only SQLite has.

use super::*;

pub static SQLITE_ONLY: &[Rule] = &[
    warn("lt-table-rebuild", "a table is built anew", When(&[run("rebuild")]))
        .on(SQLITE).cost(Cost::Rewrite)
        .what("builds {table} anew")
        .why("nobody can write the database meanwhile: 4.4 s for a million rows; without WAL nobody can read it either")
        .advice("use WAL and a busy_timeout that is longer than it takes"),
    deny("lt-fk-on-rebuild", "a table is dropped for its rebuild while foreign keys are on", Whole(drops_with_keys_on))
        .on(SQLITE)
        .what("drops {table} to build it anew while foreign keys are on")
        .why("the drop deletes the rows of the tables that point to it, where they say ON DELETE CASCADE")
        .advice("PRAGMA foreign_keys = OFF before BEGIN (inside a transaction it does nothing), PRAGMA foreign_key_check before COMMIT"),
    note("lt-drop-column-rewrite", "a dropped column writes the table anew", When(&[drop(&[Column])]))
        .on(SQLITE).cost(Cost::Rewrite)
        .what("drops {id}, and writes the table anew")
        .why("nobody can write the database meanwhile")
        .advice("use a busy_timeout that is longer than it takes"),
    note("lt-rename-cascades", "a rename rewrites views and triggers", When(&[rename(&[Table, Column])]))
        .on(SQLITE)
        .what("renames {from} to {name}, and rewrites the views and triggers that mention it")
        .why("with legacy_alter_table it would not")
        .advice("fine if that is meant"),
];

/// The usual way around what ALTER can't do: a copy, the old one dropped, the copy renamed.
fn drops_with_keys_on(scene: &Scene) -> Vec<Hit> {
    if scene.plan.is_some() {
        return vec![];
    }
    let off = scene.events.iter().position(|e| e.is_run("set foreign_keys") && !e.is(Trait::InTransaction));
    let renamed = |name: &str| scene.events.iter().any(|e| e.verb == Verb::Rename && e.id.name() == name);
    let drops = |e: &Event| e.verb == Verb::Drop && e.id.kind == Kind::Table && renamed(e.id.name());
    let all = scene.events.iter().enumerate().filter(|(i, e)| drops(e) && off.is_none_or(|off| off > *i));
    all.map(|(i, _)| Hit::at(i)).collect()
}
