//! What the old application still knows by another name.

use super::*;

const BOTH: &str = "the old application fails on the new name's schema and the new one on the old name's: there is no moment at which both work";

pub static RENAMES: &[Rule] = &[
    deny("rename-table", "a table is renamed", When(&[rename(&[Table, ForeignTable]).not(&[Moves])]))
        .what("renames {from} to {name}")
        .why(BOTH)
        .advice("rename it and create a view with the old name in the same transaction; drop the view once the old application is gone"),
    deny("rename-column", "a column is renamed", When(&[rename(&[Column, Attribute])]))
        .what("renames {from} to {name} in {table}")
        .why(BOTH)
        .advice("keep the old name: put a view that shows the column under both names in the table's place, or add the new column, write both, copy, and drop the old one later"),
    note("view-shim-limits", "a view keeps the old name of a table or column", When(&[rename(&[Table, Column]).even(&[New]).is(&[Parked])]))
        .on(POSTGRES)
        .what("renames {from} to {name}, and keeps the old name in a view until the contract phase")
        .why("through it COPY, TRUNCATE, ON CONFLICT ON CONSTRAINT, MERGE before 17, ctid and statements that write both names of a column fail, and drivers see no defaults")
        .advice("where the application does any of that, `phases = false`, and rename while it does not run"),
    deny("rename-as-drop-add", "a column goes and one of the same type comes", Whole(look_alike))
        .what("{id} goes and {to} comes, of the same type")
        .why("if that is a rename, its values are lost")
        .advice("if it is one, write `-- msr:renamed from OLD` before the new column in the schema file"),
    deny("rename-schema", "a schema is renamed", When(&[rename(&[Schema])]))
        .on(POSTGRES)
        .what("renames {from} to {name}")
        .why("every name in it is another one at once, and no lock holds anyone back")
        .advice("make the new schema beside it, with views"),
    deny("move-table-schema", "a table moves to another schema", When(&[rename(&[Table, View, MaterializedView, Sequence, ForeignTable]).is(&[Moves])]))
        .on(POSTGRES)
        .what("moves {from} to {name}")
        .why("the old application does not find it any more; sequences that it owns move too")
        .advice("leave a view in the old schema until the old application is gone"),
    deny("rename-enum-value", "a label of an enum is renamed", When(&[run("rename value")]))
        .on(POSTGRES)
        .what("renames the label {from} of {name} to {to}")
        .why("the old application's literals are no labels any more, and no lock holds anyone back")
        .advice("add the new label, let applications read both, then write only the new one"),
    warn("rename-type", "a type is renamed", When(&[rename(&[Enum, Domain, Composite, Range])]))
        .on(POSTGRES)
        .what("renames {from} to {name}")
        .why("casts in the old application's SQL name the old one")
        .advice("make sure that no application names it"),
    warn("rename-constraint", "a constraint is renamed", When(&[rename(&[Check, Unique, PrimaryKey, ForeignKey, Exclusion])]))
        .on(POSTGRES)
        .what("renames {from} to {name}")
        .why("ON CONFLICT ON CONSTRAINT and code that tells errors by the constraint's name miss it")
        .advice("look for the name in the application first"),
    note("rename-index", "an index is renamed", When(&[rename(&[Index])]))
        .on(POSTGRES)
        .what("renames {from} to {name}")
        .why("ALTER INDEX … RENAME blocks nobody, ALTER TABLE index RENAME blocks everybody")
        .advice("say ALTER INDEX"),
    deny("rename-view-function", "a view or function is renamed", When(&[
        rename(&[View, MaterializedView, Function, Aggregate, Sequence]).not(&[Moves])]))
        .what("renames {from} to {name}")
        .why(BOTH)
        .advice("create the new one, keep the old one until nobody uses it"),
    warn("view-columns-changed", "the columns of a view change", When(&[set(&[View], "columns")]))
        .what("changes the columns of {id}")
        .why("the old application's statements and its prepared SELECT * may fail")
        .advice("only append columns, or make a view of another name"),
];

fn look_alike(scene: &Scene) -> Vec<Hit> {
    let (Some(base), Some(goal)) = (scene.base, scene.goal) else { return vec![] };
    let column = |e: &&Event, verb| e.verb == verb && e.id.kind == Kind::Column && !e.is(Trait::New);
    // One that is only made again is nothing's other name.
    let for_good = |e: &&Event| column(e, Verb::Drop) && !goal.contains(&e.id);
    let mut hits = vec![];
    for (i, gone) in scene.events.iter().enumerate().filter(|(_, e)| for_good(e)) {
        let attr = |c: &crate::model::Catalog, e: &Event| c.get(&e.id).map(|o| o.attr("type"));
        let alike = |e: &&Event| {
            column(e, Verb::Add)
                && !base.contains(&e.id)
                && e.table == gone.table
                && attr(goal, e).is_some()
                && attr(goal, e) == attr(base, gone)
                // The schema files say what it is made of.
                && goal.get(&e.id).is_some_and(|o| o.head().using.is_none())
        };
        if let Some(new) = scene.events.iter().find(alike) {
            hits.push(Hit::says(i, format!("{} goes and {} comes, of the same type", gone.id, new.id)));
        }
    }
    hits
}
