//! New columns whose rows get a value each: written in one statement, the table would be written anew under a lock that
//! nobody else gets past.

use super::super::ddl::{ident, table};
use super::columns::{column_clause, column_extras};
use super::ladders::{not_null_both_ways, not_null_rungs, with_suffix};
use super::mirrored::Mirror;
use crate::engine::how::{Fill, How, Phase, Rung, Scene};
use crate::engine::volatile::is_volatile;
use crate::model::{Catalog, Column, Id, Kind, Object, Strength, Value};

/// What the rows that are there get.
enum Source {
    /// The default, which is another one for each row.
    Default(String),
    /// What the schema files make of the other columns. The old application does not write it, so a trigger does.
    Said(String),
}

/// The ladder of a new column that others' rows must be filled with; `None` where one statement is as good.
pub fn ladder(scene: &Scene, c: &Column, default: Option<&Object>) -> Option<How> {
    let home = c.head.parent.as_ref()?;
    let given = default.map(|d| d.attr("expression").to_string());
    let source = match (&given, &c.head.using) {
        (Some(expression), _) if is_volatile(expression) => Source::Default(expression.clone()),
        (_, Some(said)) => Source::Said(said.clone()),
        _ => return None,
    };
    // Its sequence is a part of it.
    let serial = matches!(&source, Source::Default(e) if e.starts_with("nextval("));
    if serial || !fits(scene, c, home) {
        return None;
    }
    // A trigger that is to go needs a phase in which it goes; what has a default too is not what an application left out.
    let apart = match &source {
        Source::Default(_) => true,
        Source::Said(_) => scene.server.phased && given.is_none(),
    };
    let key = key(scene.from, home).filter(|_| scene.online(home) && apart);
    let Some(key) = key else { return at_once(c, source, default) };
    if let (Source::Said(_), Some(mirror)) = (&source, Mirror::both_ways(scene, &c.clone().into())) {
        return Some(match mirror.first_new() {
            first if *first == c.head.id => How::Ladder(mirror.ladder(scene, key)),
            first => How::With(first.clone()),
        });
    }
    let name = ident(c.head.id.name());
    let mut rungs = added(c);
    let (value, trigger) = match &source {
        Source::Default(expression) => {
            let set = format!("ALTER TABLE {} ALTER COLUMN {name} SET DEFAULT {expression}", table(&c.head.id));
            rungs.push(Rung::new(set).back([]));
            ("DEFAULT".to_string(), None)
        }
        Source::Said(said) => {
            let trigger = Trigger::missing(&c.head.id, said);
            rungs.extend(trigger.made());
            (format!("({said})"), Some(trigger))
        }
    };
    let only = format!("{name} IS NULL");
    let fill = Fill { table: table(home), key, set: format!("{name} = {value}"), only };
    rungs.push(Rung::fill(fill));
    rungs.extend(required(scene, c, if let Source::Said(said) = &source { said } else { "" }));
    rungs.extend(trigger.into_iter().flat_map(|trigger| trigger.gone()));
    Some(How::Ladder(rungs))
}

/// Whether a column can come to its table and be filled there.
fn fits(scene: &Scene, c: &Column, home: &Id) -> bool {
    let plain = c.generated.is_none() && c.identity.is_none() && !c.not_null_pending && c.not_null_name.is_none();
    let follows = c.head.refs.iter().any(|r| r.strength == Strength::Follow);
    let linked = follows || !super::links::only(scene.to, home).is_empty();
    plain && !linked && !scene.from.contains(&c.head.id) && scene.stays(home)
}

/// Whether what the schema files make of others can be filled in batches, with a trigger for who does not write it.
pub fn fillable(scene: &Scene, c: &Column) -> bool {
    let given = scene.to.contains(&c.head.id.of_kind(Kind::Default));
    c.head.parent.as_ref().is_some_and(|home| fits(scene, c, home) && key(scene.from, home).is_some() && !given)
}

/// The column as it comes, free to have no value.
pub fn added(c: &Column) -> Vec<Rung> {
    let (on, name) = (format!("ALTER TABLE {}", table(&c.head.id)), ident(c.head.id.name()));
    let bare = Column { not_null: false, ..c.clone() };
    let add = format!("{on} ADD COLUMN {}", column_clause(&bare, None));
    let mut rungs = vec![Rung::new(add).back([Rung::new(format!("{on} DROP COLUMN {name}"))])];
    rungs.extend(column_extras(&bare).into_iter().map(|action| Rung::new(format!("{on} {action}")).back([])));
    rungs
}

/// `NOT NULL`, where the column is to be, once all rows have a value.
pub fn required(scene: &Scene, c: &Column, said: &str) -> Vec<Rung> {
    let constraint = format!("{}_{}_not_null", c.head.id.at(1), c.head.id.name());
    let nothing = c.head.parent.as_ref().is_some_and(|home| may_be_nothing(scene.from, home, said));
    match (c.not_null, nothing) {
        // The old application may go on to write nothing that it could be made of.
        (true, true) => {
            let must = not_null_both_ways(scene, &c.head.id, &constraint);
            must.into_iter().map(|rung| Rung { phase: Phase::Contract, ..rung }).collect()
        }
        // Whole is the way back from here on, as the column goes.
        (true, false) => {
            let must = not_null_rungs(scene, &c.head.id, &constraint);
            must.into_iter().map(|rung| Rung { back: None, ..rung }).collect()
        }
        (false, _) => vec![],
    }
}

/// Whether what is said speaks of a column that may be NULL.
fn may_be_nothing(catalog: &Catalog, table: &Id, said: &str) -> bool {
    let words: Vec<&str> = said.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let spoken = |o: &Object| {
        words.iter().any(|w| w.eq_ignore_ascii_case(o.id().name())) || said.contains(&ident(o.id().name()))
    };
    let columns = catalog.children(table).filter(|o| o.id().kind == Kind::Column);
    columns.filter(|o| o.attr("not_null") == Value::Bool(false)).any(spoken)
}

/// The same where nobody has to be spared.
fn at_once(c: &Column, source: Source, default: Option<&Object>) -> Option<How> {
    // One statement does it with the default.
    let Source::Said(said) = source else { return None };
    let (on, name) = (table(&c.head.id), ident(c.head.id.name()));
    let bare = Column { not_null: false, ..c.clone() };
    let add = format!("ALTER TABLE {on} ADD COLUMN {}", column_clause(&bare, default));
    let fill = format!("UPDATE {on} SET {name} = ({said})");
    let must = c.not_null.then(|| format!("ALTER TABLE {on} ALTER COLUMN {name} SET NOT NULL"));
    let extras = column_extras(&bare).into_iter().map(|action| format!("ALTER TABLE {on} {action}"));
    Some(How::statements([add].into_iter().chain(extras).chain([fill]).chain(must)))
}

/// The columns of the primary key and their types, if the table has one all the time.
pub fn key(catalog: &Catalog, of: &Id) -> Option<Vec<(String, String)>> {
    let key = catalog.children(of).find(|o| o.id().kind == Kind::PrimaryKey)?;
    let Value::List(columns) = key.attr("columns") else { return None };
    let typed = |name: &String| {
        let column = catalog.get(&of.below(Kind::Column, name))?;
        Some((ident(name), column.attr("type").to_string()))
    };
    columns.iter().map(typed).collect()
}

/// Writes a column where an application does not.
pub struct Trigger {
    function: String,
    name: String,
    on: String,
    when: String,
    body: String,
}

impl Trigger {
    /// Where nobody gave it a value. That is not left to the function: rows that are filled in batches need no call of it.
    fn missing(column: &Id, said: &str) -> Trigger {
        let name = ident(column.name());
        Trigger { when: format!("WHEN (new.{name} IS NULL) "), ..Trigger::of(column, &set(&name, said)) }
    }

    /// Each time, whatever it was.
    pub fn always(column: &Id, said: &str) -> Trigger {
        Trigger::of(column, &set(&ident(column.name()), said))
    }

    pub fn of(column: &Id, does: &str) -> Trigger {
        // Triggers fire in the order of their names, and this one is to see what the others did.
        let plain = with_suffix(&format!("zz_msr_{}_{}", column.at(1), column.name()), "");
        let body = format!("#variable_conflict use_column\nBEGIN\n    {does}\n    RETURN new;\nEND");
        let function = format!("{}.{}", ident(column.at(0)), ident(&plain));
        Trigger { function, name: ident(&plain), on: table(column), when: String::new(), body }
    }

    fn create(&self) -> [String; 2] {
        let Trigger { function, name, on, when, body } = self;
        let quote = if body.contains("$$") { "$msr$" } else { "$$" };
        [
            format!(
                "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS {quote}\n{body}\n{quote}"
            ),
            format!(
                "CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {on} FOR EACH ROW {when}EXECUTE FUNCTION {function}()"
            ),
        ]
    }

    fn drop(&self) -> [String; 2] {
        [format!("DROP FUNCTION {}()", self.function), format!("DROP TRIGGER {} ON {}", self.name, self.on)]
    }

    pub fn made(&self) -> Vec<Rung> {
        let back = |drop| [Rung::new(drop)];
        self.create().into_iter().zip(self.drop()).map(|(create, drop)| Rung::new(create).back(back(drop))).collect()
    }

    pub fn gone(&self) -> Vec<Rung> {
        let later = |(create, drop)| Rung { phase: Phase::Contract, ..Rung::new(drop).back([Rung::new(create)]) };
        self.create().into_iter().zip(self.drop()).rev().map(later).collect()
    }
}

fn set(column: &str, value: &str) -> String {
    format!("new.{column} := (SELECT {value} FROM (SELECT new.*) AS t);")
}
