//! An enum that loses labels, or has them in another order: there is no ALTER for that. A new type is made beside the old one,
//! and columns of it beside the old columns; the types change names with the columns, and the old one is parked with them.

use super::super::ddl::{ident, literal, path};
use super::ladders::with_suffix;
use super::types::{additions, create_enum};
use crate::engine::how::{Phase, Rung, Scene};
use crate::model::{Column, Enum, Id, Kind, Object};

#[derive(Clone, Copy)]
pub struct Relabelled<'a> {
    old: &'a Enum,
    new: &'a Enum,
}

impl<'a> Relabelled<'a> {
    pub fn of(scene: &Scene<'a>, id: &Id) -> Option<Relabelled<'a>> {
        let (Object::Enum(old), Object::Enum(new)) = (scene.from.get(id)?, scene.to.get(id)?) else { return None };
        let anew = additions(&old.labels, &new.labels).is_none();
        (anew && new.labels.iter().any(|l| old.labels.contains(l))).then_some(Relabelled { old, new })
    }

    /// That of a column which holds it as it is.
    pub fn of_column(scene: &Scene<'a>, column: &Column) -> Option<Relabelled<'a>> {
        let mut types = column.head.refs.iter().map(|r| &r.to).filter(|to| to.kind == Kind::Enum);
        Relabelled::of(scene, types.find(|to| path(to) == column.r#type)?)
    }

    pub fn id(&self) -> &'a Id {
        &self.new.head.id
    }

    fn called(&self, name: &str) -> String {
        format!("{}.{}", ident(self.id().at(0)), ident(name))
    }

    fn fresh_name(&self) -> String {
        with_suffix(self.id().name(), "_msr_new")
    }

    fn parked_name(&self) -> String {
        with_suffix(&format!("msr_trash_{}", self.id().name()), "")
    }

    /// The new type, until it has the old one's name.
    pub fn fresh(&self) -> String {
        self.called(&self.fresh_name())
    }

    /// The old type from then on.
    pub fn parked(&self) -> String {
        self.called(&self.parked_name())
    }

    /// Whether a value of the old type may be none of the new one.
    pub fn removes(&self) -> bool {
        self.old.labels.iter().any(|l| !self.new.labels.contains(l))
    }

    /// The value of the new type; nothing for a label that goes, which the old application may write as long as it is there.
    pub fn value(&self, column: &str) -> String {
        let cast = format!("{column}::text::{}", self.fresh());
        if !self.removes() {
            return cast;
        }
        let kept = self.old.labels.iter().filter(|l| self.new.labels.contains(l));
        let kept: Vec<String> = kept.map(|l| literal(l)).collect();
        format!("CASE WHEN {column} IN ({}) THEN {cast} END", kept.join(", "))
    }

    /// An expression with the new type in the place of the old one.
    pub fn in_text(&self, text: &str) -> String {
        let (cast, other) = (format!("::{}", path(self.id())), format!("::{}", self.fresh()));
        let whole = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        let mut parts = text.split(&cast).peekable();
        let mut done = parts.next().unwrap_or_default().to_string();
        for part in parts {
            done.push_str(if whole(part) { &other } else { &cast });
            done.push_str(part);
        }
        done
    }

    pub fn made(&self) -> Rung {
        let create = create_enum(&self.fresh(), &self.new.labels);
        Rung::new(create).back([Rung::new(format!("DROP TYPE {}", self.fresh()))])
    }

    pub fn swapped(&self) -> [Rung; 2] {
        let own = self.id().name();
        let rename = |from: &str, to: &str| format!("ALTER TYPE {} RENAME TO {}", self.called(from), ident(to));
        [(own, self.parked_name().as_str()), (self.fresh_name().as_str(), own)].map(|(from, to)| {
            let back = Rung::new(rename(to, from));
            Rung { phase: Phase::Contract, ..Rung::new(rename(from, to)).back([back]) }
        })
    }

    /// What removes the old type once the columns of it are gone.
    pub fn purge(&self) -> String {
        format!("; DROP TYPE {}", self.parked())
    }
}
