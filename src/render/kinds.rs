//! The page of kinds: what each has, and what each engine does when it changes.

use crate::engine::how::{Change, How, KindRule, Scene, Server};
use crate::engine::{ENGINES, Engine};
use crate::model::{Catalog, Head, Id, Kind, Object, Value};
use std::fmt::Write;

/// Markdown, from the records themselves. An answer that depends on the values is the one for two texts that differ.
pub fn kinds() -> String {
    let mut page = String::from(HEAD);
    for kind in Kind::ALL {
        let holders: Vec<(&dyn Engine, &KindRule)> =
            ENGINES.iter().filter_map(|e| e.rule(*kind).ok().map(|rule| (*e, rule))).collect();
        let _ = write!(page, "\n## {}\n{}\n\n", kind.name(), kind.doc());
        let names: Vec<&str> = holders.iter().map(|(e, _)| e.name()).collect();
        let _ = writeln!(page, "| | | {} |", names.join(" | "));
        let _ = writeln!(page, "| --- | --- |{}", " --- |".repeat(names.len()));
        let mut row = |name: &str, what: &str, answer: &dyn Fn(&dyn Engine, &KindRule) -> String| {
            let cells: Vec<String> = holders.iter().map(|(e, rule)| answer(*e, rule)).collect();
            let _ = writeln!(page, "| {name} | {} | {} |", what.trim(), cells.join(" | "));
        };
        row("*renamed*", "by `-- msr:renamed from`", &|_, rule| {
            (if rule.rename.is_some() { "in place" } else { "no" }).to_string()
        });
        for (attr, what) in kind.attrs().iter().zip(kind.attr_docs()) {
            row(&format!("`{attr}`"), what, &|engine, rule| answer(engine, rule, attr));
        }
    }
    page
}

const HEAD: &str = "\
# Kinds and attributes

Everything that msr compares, and what a plan does when it changes. Written by `UPDATE_DOCS=1 tests/run kinds` from the rules
themselves; a test fails when it is stale.

**in place**: by ALTER or the like · **made anew**: dropped and created, with all that hangs on it brought back · **rebuild**: the
table is copied · **along**: comes with another change · **–**: the engine has no such thing.
";

fn answer(engine: &dyn Engine, rule: &KindRule, attr: &str) -> String {
    let Some(set) = rule.set_rule(attr) else { return "–".into() };
    // Long enough for the longest path of an id, which a rule may take apart.
    let path = |n: &str| [n, "s", "t", "c"].map(String::from);
    let id = Id::new(rule.kind, path("s"));
    let table = Id::new(Kind::Table, ["s", "s"]);
    let object = Object::new(Head::child(id, table));
    let (from, to) = (Value::Text("a".into()), Value::Text("b".into()));
    let empty = Catalog::default();
    let server = Server::new(engine.name(), u32::MAX, u32::MAX);
    let scene = Scene::new(&empty, &empty, &server);
    let change = Change { old: &object, new: &object, attr, from: &from, to: &to };
    match (set.how)(&scene, &change) {
        How::Nothing | How::With(_) => "along",
        How::Clause(..) | How::Ladder(_) => "in place",
        How::Replace => "made anew",
        How::Rebuild(_) => "rebuild",
        How::Ask { .. } => "if told how",
        How::Refuse(why) => return format!("refused: {}", why.replace('|', "\\|")),
    }
    .into()
}
