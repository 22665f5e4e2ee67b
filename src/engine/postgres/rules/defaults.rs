//! The default of a column whose type changes.

use crate::engine::how::Scene;
use crate::engine::text::less_casts;
use crate::model::{Catalog, Column, Kind, Object};

/// What a column gets where nobody says.
#[derive(Default)]
pub struct Defaults<'a> {
    pub old: Option<&'a str>,
    pub new: Option<&'a str>,
    /// What the old column gets in place of its own until it goes: the new one, if its type can hold it.
    pub meanwhile: Option<String>,
}

impl<'a> Defaults<'a> {
    pub fn of(scene: &Scene<'a>, column: &Column) -> Defaults<'a> {
        let id = column.head.id.of_kind(Kind::Default);
        let said = |catalog: &'a Catalog| match catalog.get(&id) {
            Some(Object::Default(d)) => Some(d.expression.as_str()),
            _ => None,
        };
        let (old, new) = (said(scene.from), said(scene.to));
        let changes = new.filter(|new| old.is_none_or(|old| less_casts(old) != less_casts(new)));
        Defaults { old, new, meanwhile: changes.and_then(|new| held_by(&column.r#type, new)) }
    }
}

/// The expression as a type's: any value can be written as a string, and a number may fit.
fn held_by(ty: &str, expression: &str) -> Option<String> {
    let fits = match ty {
        "text" | "character varying" => return Some(format!("({expression})::{ty}")),
        "smallint" => expression.parse::<i16>().is_ok(),
        "integer" => expression.parse::<i32>().is_ok(),
        "bigint" | "numeric" => expression.parse::<i64>().is_ok(),
        _ => false,
    };
    fits.then(|| expression.to_string())
}
