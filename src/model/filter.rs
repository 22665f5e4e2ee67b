//! Which objects are managed, by patterns over schema, kind, name, role and extension.

use super::{Catalog, Id, Kind, Strength, Value};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Patterns, in which `*` stands for anything and `?` for one character.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patterns {
    /// Schemas, with all that is in them.
    pub schemas: Vec<String>,
    /// Kinds, by their words in messages: `policy`, `materialized view`.
    pub kinds: Vec<String>,
    /// `schema.name`, `schema.table.part`, or a name without a dot, of whatever is called so.
    pub objects: Vec<String>,
    /// Roles: grants to them, what they own, their default privileges.
    pub roles: Vec<String>,
    pub extensions: Vec<String>,
}

impl Patterns {
    pub fn is_empty(&self) -> bool {
        *self == Patterns::default()
    }

    /// Adds `kind:policy`, `schema:audit*`, `role:…`, `extension:…` or an object's pattern.
    pub fn add(&mut self, pattern: &str) {
        let (list, text) = match pattern.split_once(':') {
            Some(("schema", text)) => (&mut self.schemas, text),
            Some(("kind", text)) => (&mut self.kinds, text),
            Some(("role", text)) => (&mut self.roles, text),
            Some(("extension", text)) => (&mut self.extensions, text),
            Some(("object", text)) => (&mut self.objects, text),
            _ => (&mut self.objects, pattern),
        };
        list.push(text.to_string());
    }

    /// Kinds that no object has.
    pub fn unknown_kinds(&self) -> impl Iterator<Item = &String> {
        self.kinds.iter().filter(|pattern| !Kind::ALL.iter().any(|kind| glob(pattern, kind.name())))
    }

    fn names(&self, catalog: &Catalog, id: &Id) -> bool {
        any(&self.kinds, id.kind.name())
            || id.schema().is_some_and(|schema| any(&self.schemas, schema))
            || self.names_object(id)
            || roles(catalog, id).iter().any(|role| any(&self.roles, role))
            || id.kind == Kind::Extension && any(&self.extensions, id.name())
    }

    fn names_object(&self, id: &Id) -> bool {
        let full: Vec<&str> =
            id.path.iter().map(|s| &**s).take(if id.kind.is_named_second() { 2 } else { 3 }).collect();
        let full = full.join(".");
        let own = |pattern: &str| if pattern.contains('.') { glob(pattern, &full) } else { glob(pattern, id.name()) };
        !id.kind.is_about_another() && self.objects.iter().any(|pattern| own(pattern))
    }
}

/// Who is spoken of.
fn roles(catalog: &Catalog, id: &Id) -> Vec<String> {
    let plain = |role: &str| role.trim_matches('"').to_string();
    match (id.kind, catalog.get(id).map(|o| o.attr("role"))) {
        (Kind::Grant, _) => id.path.last().map(|role| plain(role)).into_iter().collect(),
        (Kind::DefaultPrivilege, _) => vec![plain(id.at(0)), plain(id.at(3))],
        (Kind::Owner, Some(Value::Text(role))) => vec![plain(&role)],
        _ => vec![],
    }
}

fn any(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| glob(pattern, text))
}

fn glob(pattern: &str, text: &str) -> bool {
    let (mut p, mut t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    p.reverse();
    t.reverse();
    // Where the last `*` stands, and how much of the text it was given; it is given more until the rest fits.
    let mut star: Option<(Vec<char>, Vec<char>)> = None;
    loop {
        match (p.last(), t.last()) {
            (Some('*'), _) => {
                p.pop();
                star = Some((p.clone(), t.clone()));
            }
            (Some(a), Some(b)) if *a == '?' || a == b => {
                p.pop();
                t.pop();
            }
            (None, None) => return true,
            _ => {
                let Some((rest, left)) = star.as_mut() else { return false };
                if left.pop().is_none() {
                    return false;
                }
                (p, t) = (rest.clone(), left.clone());
            }
        }
    }
}

/// What is managed. What is not is as if it were not there, but stays known as what stands [outside](Catalog::outside).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Each of them leaves out what it names.
    pub exclude: Vec<Patterns>,
    /// Where it says something, what it does not name is left out.
    pub include: Patterns,
}

impl Filter {
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.iter().all(Patterns::is_empty)
    }

    /// Sets aside what is not managed, with its parts and what the engine drops with it.
    pub fn apply(&self, catalog: &mut Catalog) {
        if self.is_empty() {
            return;
        }
        let mut queue: Vec<Id> = catalog.ids().filter(|id| self.leaves_out(catalog, id)).cloned().collect();
        let mut out = BTreeSet::new();
        while let Some(id) = queue.pop() {
            queue.extend(catalog.children(&id).map(|o| o.id().clone()));
            let bound =
                catalog.users(&id).filter(|o| o.has_ref(&id, Strength::Auto) && !o.has_ref(&id, Strength::Follow));
            // A foreign key goes with a table that it refers to from a managed one; it is the managed one's all the same.
            queue.extend(bound.filter(|o| o.parent().is_none_or(|p| *p == id)).map(|o| o.id().clone()));
            out.insert(id);
        }
        catalog.set_aside(&out);
        let unmanaged = |name: &str| {
            let id = Id::new(Kind::Table, name.split('.'));
            self.leaves_out(catalog, &id)
        };
        let left: BTreeSet<_> = catalog.unmodelled.iter().filter(|u| !unmanaged(&u.name)).cloned().collect();
        catalog.unmodelled = left;
    }

    fn leaves_out(&self, catalog: &Catalog, id: &Id) -> bool {
        self.exclude.iter().any(|patterns| patterns.names(catalog, id)) || !self.is_included(catalog, id)
    }

    /// Whether each list that says something names the object, or what it is a part of. What stands in no schema is not judged
    /// by its schema.
    fn is_included(&self, catalog: &Catalog, id: &Id) -> bool {
        let wanted = &self.include;
        let whole: Vec<&Id> = std::iter::once(id).chain(catalog.ancestors(id)).collect();
        let root = catalog.root(id);
        let of_kind = |id: &&Id| any(&wanted.kinds, id.kind.name());
        let schema = root.schema().is_none_or(|schema| any(&wanted.schemas, schema));
        let extension = root.kind != Kind::Extension || any(&wanted.extensions, root.name());
        let role = roles(catalog, id).iter().all(|role| any(&wanted.roles, role));
        (wanted.schemas.is_empty() || schema)
            && (wanted.extensions.is_empty() || extension)
            && (wanted.roles.is_empty() || role)
            && (wanted.kinds.is_empty() || whole.iter().any(of_kind))
            && (wanted.objects.is_empty() || whole.iter().any(|id| wanted.names_object(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Column, Head, Object, Policy, Ref, Schema, Sequence, Table};

    #[test]
    fn globs() {
        for (pattern, text, fits) in [
            ("audit*", "audit_log", true),
            ("audit*", "the_audit", false),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*ab", "aab", true),
            ("a*b*c", "abbc", true),
            ("", "x", false),
            ("é*", "été", true),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    fn catalog() -> Catalog {
        let table = |schema: &str, name: &str| -> Vec<Object> {
            let id = Id::new(Kind::Table, [schema, name]);
            let column = id.below(Kind::Column, "c");
            let mut sequence = Head::new(Id::new(Kind::Sequence, [schema, &format!("{name}_c_seq")]));
            sequence.refs.push(Ref::auto(column.clone()));
            vec![
                Table::new(Head::new(id.clone())).into(),
                Column::new(Head::child(column, id.clone())).into(),
                Policy::new(Head::child(id.below(Kind::Policy, "p"), id)).into(),
                Sequence::new(sequence).into(),
            ]
        };
        let schemas = ["app", "audit"].map(|s| Schema::new(Head::new(Id::new(Kind::Schema, [s]))).into());
        let tables = [("app", "t"), ("app", "tmp_t"), ("audit", "log")];
        schemas.into_iter().chain(tables.into_iter().flat_map(|(s, t)| table(s, t))).collect()
    }

    fn left(filter: Filter) -> Vec<String> {
        let mut catalog = catalog();
        let all = catalog.len();
        filter.apply(&mut catalog);
        assert_eq!(catalog.len() + catalog.outside().count(), all, "nothing is lost");
        assert_eq!(catalog.whole().len(), all);
        catalog.ids().map(|id| id.to_string()).collect()
    }

    fn patterns(all: &[&str]) -> Patterns {
        let mut patterns = Patterns::default();
        all.iter().for_each(|p| patterns.add(p));
        patterns
    }

    #[test]
    fn p03_what_is_left_out_goes_with_all_that_is_a_part_of_it() {
        let exclude = |all: &[&str]| left(Filter { exclude: vec![patterns(all)], ..Filter::default() });
        assert_eq!(
            exclude(&["schema:aud*", "app.tmp_t"]),
            ["schema app", "sequence app.t_c_seq", "table app.t", "column app.t.c", "policy app.t.p"]
        );
        assert!(!exclude(&["kind:policy"]).iter().any(|id| id.starts_with("policy")));
        assert_eq!(exclude(&["kind:policy"]).len(), 11);
        let include = |all: &[&str]| left(Filter { include: patterns(all), ..Filter::default() });
        assert_eq!(include(&["schema:audit"]).len(), 5);
        assert_eq!(include(&["app.t"]), ["table app.t", "column app.t.c", "policy app.t.p"]);
        assert_eq!(patterns(&["kind:polizy", "kind:*view"]).unknown_kinds().collect::<Vec<_>>(), ["polizy"]);
    }
}
