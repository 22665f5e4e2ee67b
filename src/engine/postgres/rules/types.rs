//! Enums, domains and composite types.

use super::super::ddl::{ident, literal, path, table};
use super::casts::{through_text, using};
use super::privileges::fresh;
use super::twins;
use super::{carried, constraint_name, not_null, rename, row_type_name, type_name};
use crate::engine::how::{Around, Change, How, KindRule, Phase, Rung, Scene, replace, set};
use crate::model::{Domain, Id, Kind, Object, Strength, Value};

pub const ENUM: KindRule = KindRule {
    kind: Kind::Enum,
    clause: None,
    create: |s, o, _| fresh(s, o, How::statement(create_enum(&path(o.id()), &list(&o.attr("labels"))))),
    drop: |_, o| How::statement(format!("DROP TYPE {}", path(o.id()))),
    rename: Some(|_, o, to| rename("TYPE", o, to)),
    set: &[set("labels", labels).blocks(around_a_swap).loses(|_, c| {
        let (old, new) = (list(c.from), list(c.to));
        let gone: Vec<&str> = old.iter().filter(|l| !new.contains(l)).map(String::as_str).collect();
        (!gone.is_empty()).then(|| format!("the label {} of {}, if no row has it", gone.join(", "), c.new.id()))
    })],
    namespace: type_name,
    loses: None,
};

fn list(value: &Value) -> Vec<String> {
    if let Value::List(items) = value { items.clone() } else { vec![] }
}

pub fn create_enum(name: &str, labels: &[String]) -> String {
    let labels: Vec<String> = labels.iter().map(|l| literal(l)).collect();
    format!("CREATE TYPE {name} AS ENUM ({})", labels.join(", "))
}

/// New labels alone can be added in place; for anything else there is no ALTER
/// (<https://www.postgresql.org/docs/current/sql-altertype.html>), and the type is swapped for a new one.
fn labels(scene: &Scene, c: &Change) -> How {
    match additions(&list(c.from), &list(c.to)) {
        Some(new) => {
            let one = |(label, place): &(String, String)| {
                let label = literal(label);
                Rung::commit_after(format!("ALTER TYPE {} ADD VALUE {label}{place}", path(c.new.id())), label)
            };
            How::Ladder(new.iter().map(one).collect())
        }
        None => super::retyping::relabelled(scene, c.new.id()).unwrap_or_else(|| swap(scene, c)),
    }
}

/// The labels to add, each with where it stands; `None` if something else than adding is needed.
pub fn additions(from: &[String], to: &[String]) -> Option<Vec<(String, String)>> {
    let kept: Vec<&String> = to.iter().filter(|l| from.contains(l)).collect();
    if kept.len() != from.len() || kept.iter().zip(from).any(|(a, b)| *a != b) {
        return None;
    }
    let mut new = Vec::new();
    for (i, label) in to.iter().enumerate().filter(|(_, l)| !from.contains(l)) {
        let place = match (i.checked_sub(1).map(|p| &to[p]), from.first()) {
            (Some(previous), _) if i + 1 < to.len() => format!(" AFTER {}", literal(previous)),
            (None, Some(first)) => format!(" BEFORE {}", literal(first)),
            _ => String::new(),
        };
        new.push((label.clone(), place));
    }
    Some(new)
}

fn swap(scene: &Scene, c: &Change) -> How {
    let labels = create_enum(&path(c.new.id()), &list(c.to));
    let (old, new) = (list(c.from), list(c.to));
    let removes = old.iter().any(|label| !new.contains(label));
    let used = twins::columns_of(scene, c.new.id()).into_iter().any(|column| scene.phased(&super::links::home(column)));
    let cast = |column: &Object| through_text(&ident(column.id().name()), &column.attr("type").to_string());
    match twins::swap(scene, c, labels, &cast) {
        // The old application may still write it.
        How::Ladder(rungs) if removes && used => {
            How::Ladder(rungs.into_iter().map(|rung| Rung { phase: Phase::Contract, ..rung }).collect())
        }
        how => how,
    }
}

/// What a swap has to have out of its way, where the change is one.
fn around_a_swap(scene: &Scene, c: &Change) -> Vec<Around> {
    let enum_grows = c.attr == "labels" && additions(&list(c.from), &list(c.to)).is_some();
    if enum_grows || c.new.id().kind == Kind::Domain && !first_of(c, &["base", "collation"]) {
        return vec![];
    }
    let beside = super::retyping::relabelled(scene, c.new.id()).is_some();
    if beside { vec![] } else { twins::around(scene, c) }
}

pub const DOMAIN: KindRule = KindRule {
    kind: Kind::Domain,
    clause: None,
    create: |s, o, folded| {
        let Object::Domain(domain) = o else { return How::Nothing };
        let checks = folded.iter().map(|c| format!(" {}", domain_check(c)));
        fresh(
            s,
            o,
            How::statement(format!(
                "CREATE DOMAIN {} AS {}{}",
                path(o.id()),
                domain_body(domain),
                checks.collect::<String>()
            )),
        )
    },
    drop: |_, o| How::statement(format!("DROP DOMAIN {}", path(o.id()))),
    rename: Some(|_, o, to| rename("DOMAIN", o, to)),
    set: &[
        set("base", swap_domain).blocks(around_a_swap),
        set("collation", swap_domain).blocks(around_a_swap),
        set("default", |_, c| {
            if swapped(c) {
                return How::Nothing;
            }
            let action = c.to.text().map_or("DROP DEFAULT".to_string(), |e| format!("SET DEFAULT {e}"));
            How::statement(format!("ALTER DOMAIN {} {action}", path(c.new.id())))
        }),
        set("not_null", |_, c| {
            if swapped(c) {
                return How::Nothing;
            }
            let action = match c.new {
                Object::Domain(d) if d.not_null => match &d.not_null_name {
                    Some(name) => format!("ADD CONSTRAINT {} NOT NULL", ident(name)),
                    None => "SET NOT NULL".to_string(),
                },
                _ => "DROP NOT NULL".to_string(),
            };
            How::statement(format!("ALTER DOMAIN {} {action}", path(c.new.id())))
        }),
        set("not_null_name", |_, c| {
            let (Object::Domain(old), Object::Domain(new)) = (c.old, c.new) else { return How::Nothing };
            if swapped(c) || !old.not_null || !new.not_null {
                return How::Nothing;
            }
            let usual = || format!("{}_not_null", new.head.id.name());
            let (from, to) = (old.head.text.clone(), new.not_null_name.clone().unwrap_or_else(usual));
            let rename =
                |from| format!("ALTER DOMAIN {} RENAME CONSTRAINT {} TO {}", path(&new.head.id), from, ident(&to));
            How::statements(from.filter(|from| *from != to).map(|from| rename(ident(&from))))
        }),
    ],
    namespace: type_name,
    loses: None,
};

/// Whether the attribute is the first of these that differs: it speaks for the others.
fn first_of(c: &Change, attrs: &[&str]) -> bool {
    attrs.iter().find(|a| c.old.attr(a) != c.new.attr(a)) == Some(&c.attr)
}

/// Whether the whole domain is swapped for a new one.
fn swapped(c: &Change) -> bool {
    ["base", "collation"].iter().any(|a| c.old.attr(a) != c.new.attr(a))
}

/// There is no ALTER for the type that a domain stands on
/// (<https://www.postgresql.org/docs/current/sql-alterdomain.html>). Its checks are made anew with it, but for those that
/// change as well: these are dropped before and come after.
fn swap_domain(scene: &Scene, c: &Change) -> How {
    let Object::Domain(domain) = c.new else { return How::Nothing };
    if !first_of(c, &["base", "collation"]) {
        return How::Nothing;
    }
    let id = c.new.id();
    let kept = scene.to.children(id).filter(|o| o.id().kind == Kind::DomainCheck);
    let kept = kept.filter(|o| scene.from.get(o.id()).is_some_and(|old| old.attrs() == o.attrs()));
    let checks: String = kept.map(|check| format!(" {}", domain_check(check))).collect();
    let create = format!("CREATE DOMAIN {} AS {}{checks}", path(id), domain_body(domain));
    let (from, to) = (c.old.attr("base").to_string(), c.new.attr("base").to_string());
    twins::swap(scene, c, create, &|column| match using(&ident(column.id().name()), &from, &to) {
        plain if plain.is_empty() => plain,
        cast => format!("{cast}::{}", column.attr("type")),
    })
}

fn domain_body(d: &Domain) -> String {
    let collation = d.collation.as_ref().map(|c| format!(" COLLATE {c}")).unwrap_or_default();
    let default = d.default.as_ref().map(|e| format!(" DEFAULT {e}")).unwrap_or_default();
    let not_null = if d.not_null { not_null::phrase(d.not_null_name.as_deref()) } else { String::new() };
    format!("{}{collation}{default}{not_null}", d.base)
}

fn domain_check(o: &Object) -> String {
    format!("CONSTRAINT {} {}", ident(o.id().name()), o.attr("definition"))
}

pub const DOMAIN_CHECK: KindRule = KindRule {
    kind: Kind::DomainCheck,
    clause: Some(|_, o| domain_check(o)),
    create: |_, o, _| {
        let valid = if o.status() == crate::model::Status::Pending { " NOT VALID" } else { "" };
        How::statement(format!("ALTER DOMAIN {} ADD {}{valid}", table(o.id()), domain_check(o)))
    },
    drop: |_, o| How::statement(format!("ALTER DOMAIN {} DROP CONSTRAINT {}", table(o.id()), ident(o.id().name()))),
    rename: Some(|_, o, to| {
        How::statement(format!(
            "ALTER DOMAIN {} RENAME CONSTRAINT {} TO {}",
            table(o.id()),
            ident(o.id().name()),
            ident(to.name())
        ))
    }),
    set: &[
        set("definition", replace),
        set("status", |_, c| match c.to {
            Value::None => How::statement(format!(
                "ALTER DOMAIN {} VALIDATE CONSTRAINT {}",
                table(c.new.id()),
                ident(c.new.id().name())
            )),
            _ => How::Replace,
        }),
    ],
    namespace: constraint_name,
    loses: None,
};

pub const COMPOSITE: KindRule = KindRule {
    kind: Kind::Composite,
    clause: None,
    create: |s, o, folded| {
        let parts: Vec<String> = folded.iter().map(|a| attribute(a)).collect();
        fresh(s, o, How::statement(format!("CREATE TYPE {} AS ({})", path(o.id()), parts.join(", "))))
    },
    drop: |_, o| How::statement(format!("DROP TYPE {}", path(o.id()))),
    rename: Some(|_, o, to| rename("TYPE", o, to)),
    set: &[],
    namespace: row_type_name,
    loses: None,
};

fn attribute(o: &Object) -> String {
    let collation = o.attr("collation");
    let collation = collation.text().map(|c| format!(" COLLATE {c}")).unwrap_or_default();
    format!("{} {}{collation}", ident(o.id().name()), o.attr("type"))
}

/// Typed tables follow their type only if that is said
/// (<https://www.postgresql.org/docs/current/sql-altertype.html>).
fn cascade(scene: &Scene, o: &Object) -> &'static str {
    let typed = |of: &Id| {
        scene.from.users(of).any(|link| link.id().kind == Kind::TypedTable && link.has_ref(of, Strength::Whole))
    };
    if o.parent().is_some_and(typed) { " CASCADE" } else { "" }
}

fn retype(scene: &Scene, c: &Change) -> How {
    let collation = c.new.attr("collation");
    let collation = collation.text().map(|c| format!(" COLLATE {c}")).unwrap_or_default();
    let (id, ty) = (c.new.id(), c.new.attr("type"));
    How::statement(format!(
        "ALTER TYPE {} ALTER ATTRIBUTE {} SET DATA TYPE {ty}{collation}{}",
        table(id),
        ident(id.name()),
        cascade(scene, c.new)
    ))
}

pub const ATTRIBUTE: KindRule = KindRule {
    kind: Kind::Attribute,
    clause: Some(|_, o| attribute(o)),
    create: |s, o, _| {
        How::statement(format!("ALTER TYPE {} ADD ATTRIBUTE {}{}", table(o.id()), attribute(o), cascade(s, o)))
    },
    drop: |s, o| {
        How::statement(format!("ALTER TYPE {} DROP ATTRIBUTE {}{}", table(o.id()), ident(o.id().name()), cascade(s, o)))
    },
    rename: Some(|_, o, to| {
        How::statement(format!(
            "ALTER TYPE {} RENAME ATTRIBUTE {} TO {}",
            table(o.id()),
            ident(o.id().name()),
            ident(to.name())
        ))
    }),
    set: &[
        set("type", retype),
        set("collation", |s, c| if c.old.attr("type") == c.new.attr("type") { retype(s, c) } else { carried(s, c) }),
    ],
    namespace: |_| vec![],
    loses: None,
};

/// How a label gets another name.
pub fn rename_label(of: &Id, from: &str, to: &str) -> How {
    How::statement(format!("ALTER TYPE {} RENAME VALUE {} TO {}", path(of), literal(from), literal(to)))
}

#[cfg(test)]
mod tests {
    use super::additions;

    fn list(labels: &str) -> Vec<String> {
        labels.chars().map(String::from).collect()
    }

    #[test]
    fn labels_are_added_where_they_belong() {
        let places = |from: &str, to: &str| {
            additions(&list(from), &list(to)).map(|a| a.into_iter().map(|(l, p)| l + &p).collect::<Vec<_>>())
        };
        assert_eq!(places("ab", "abc"), Some(vec!["c".to_string()]));
        assert_eq!(places("bc", "abc"), Some(vec!["a BEFORE 'b'".to_string()]));
        assert_eq!(places("ad", "abcd"), Some(vec!["b AFTER 'a'".to_string(), "c AFTER 'b'".to_string()]));
        assert_eq!(places("", "ab"), Some(vec!["a".to_string(), "b".to_string()]));
        assert_eq!(places("ab", "ba"), None);
        assert_eq!(places("ab", "b"), None);
    }
}
