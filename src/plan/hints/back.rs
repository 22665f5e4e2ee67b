//! `-- msr:back`: what a column that goes is made of while the old application is there, and on the way back.

use super::column;
use crate::engine::Engine;
use crate::error::{closest, code};
use crate::model::{Catalog, Id, Kind};
use crate::source::{Dialect, HintKind, Source};
use crate::{Error, Result};
use std::borrow::Cow;

/// Says of the columns that go what they are made of on the way back.
pub fn apply(engine: &dyn Engine, source: &Source, base: &mut Cow<Catalog>, goal: &Catalog) -> Result<()> {
    for statement in &source.statements {
        for hint in &statement.hints {
            let (HintKind::Back { column: old, expression }, Some(subject)) = (&hint.kind, &hint.subject) else {
                continue;
            };
            let at = |e: Error| e.at(source.place_in_file(statement.file, hint.at));
            let new = column(engine, subject, goal).map_err(at)?;
            let Some(table) = goal.get(&new).and_then(|o| o.parent()).filter(|table| base.contains(table)).cloned()
            else {
                // There is nothing to go back to.
                continue;
            };
            let old = table.below(Kind::Column, &engine.folded(old));
            // The hint stays in the file when all is done: then the new column is there, and the old one is gone.
            if base.contains(&new) && !base.contains(&old) {
                continue;
            }
            let made = goal.children(&table).any(|o| o.head().using.is_some() && !base.contains(o.id()));
            check(engine, (base, goal), (&new, &old), made).map_err(|e| at(e.code(code::NO_WAY)))?;
            let Some(object) = base.to_mut().get_mut(&old) else { continue };
            if object.head().using.as_ref().is_some_and(|other| other != expression) {
                let what = format!("cannot tell what {old} is made of on the way back: two hints say it");
                return Err(at(Error::refused(what).hint("leave one of the two `-- msr:back` lines")));
            }
            object.head_mut().using = Some(expression.clone());
        }
    }
    Ok(())
}

/// Whether the column goes, and something new is made of others.
fn check(engine: &dyn Engine, (base, goal): (&Catalog, &Catalog), (new, old): (&Id, &Id), made: bool) -> Result<()> {
    let refused = |why: &str, hint: String| {
        Err(Error::refused(format!("cannot make {old} of other columns on the way back: {why}")).hint(hint))
    };
    let remove = format!("remove the line `-- msr:back {} = …`", old.name());
    if engine.dialect() == Dialect::Sqlite {
        return refused("in SQLite no application uses it beside the new one", remove);
    }
    if !base.contains(old) {
        let siblings = base.ids().filter(|id| id.kind == Kind::Column && id.path[..2] == old.path[..2]);
        let names: Vec<&str> = siblings.filter(|id| !goal.contains(id)).map(Id::name).collect();
        let hint = match closest(old.name(), &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{remove}, or name a column that the database has and the schema files have not"),
        };
        return refused("the database has no such column", hint);
    }
    if goal.contains(old) {
        return refused("it stays", format!("{remove}, or the column from the schema files"));
    }
    if base.contains(new) {
        let hint = "write it before a new column that `-- msr:using EXPRESSION` makes of others; if a plan waits for its contract phase, finish it first";
        return refused(&format!("the hint stands before {new}, which is there already"), hint.into());
    }
    if !made {
        let hint = format!("write `-- msr:using EXPRESSION` before {}, with what it is made of", new.name());
        return refused("no new column of its table is made of others", hint);
    }
    Ok(())
}
