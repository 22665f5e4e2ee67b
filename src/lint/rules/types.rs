//! Enums and composite types.

use super::*;

pub static TYPES: &[Rule] = &[
    deny("enum-value-same-tx", "a label is used in the transaction that adds it", Whole(used_at_once))
        .on(POSTGRES)
        .what("uses {id} in the transaction that adds a label to it")
        .why("the server refuses a label that is not committed yet")
        .advice("add the label in a transaction of its own"),
    note("enum-add-order", "a label is added at the end", When(&[run("add value").not(&[Placed])]))
        .on(POSTGRES)
        .what("adds the label {to} at the end of {name}")
        .why("the order of labels is the order in which they compare and sort, and can't be changed later")
        .advice("say BEFORE or AFTER if the order matters"),
    warn("enum-add-value-old-reader", "a label is added", When(&[
        run("add value"), set(&[Enum], "labels").is(&[Adds]).not(&[Removes])]))
        .on(POSTGRES)
        .what("adds a label to {name}")
        .why("the old application may not know how to read it once the new one writes it; and it can't be taken back")
        .advice("release readers first, writers after"),
    deny("enum-remove-value", "a label is removed", When(&[set(&[Enum], "labels").is(&[Removes]).not(&[Parked])]))
        .on(POSTGRES)
        .what("removes a label of {id}")
        .why("the type must be made anew and every table that uses it written anew; the old application still writes the label")
        .advice("forbid the label by a check, and leave it in the type"),
    note("create-enum", "an enum is created", When(&[add(&[Enum]).even(&[Returns])]))
        .on(POSTGRES)
        .what("creates {id}")
        .why("labels can't be removed or put into another order later")
        .advice("a table of values and a foreign key, where they are going to change"),
    warn("composite-alter", "a composite type changes", When(&[
        add(&[Attribute]).not(&[New]), drop(&[Attribute]), set(&[Attribute], "type")]))
        .on(POSTGRES)
        .what("changes a composite type: {id}")
        .why("the old application reads and writes values of the old shape, and a change of type is refused where a table uses it")
        .advice("make a new type beside it"),
];

fn used_at_once(scene: &Scene) -> Vec<Hit> {
    let mut hits = vec![];
    for tx in scene.transactions() {
        let mut added: Vec<&Event> = vec![];
        for &i in &tx {
            let e = &scene.events[i];
            let uses = |a: &&Event| !a.to.is_empty() && e.verb == Verb::Run && e.from.contains(&a.to);
            if e.is_run("add value") {
                added.push(e);
            } else if added.iter().any(uses) {
                hits.push(Hit::says(i, "uses a label in the transaction that adds it"));
            }
        }
    }
    hits
}
