//! What the rows that are there must be like, kind by kind.

use super::super::ddl::{ident, literal, path};
use super::casts::base_type;
use super::columns;
use super::links::home;
use super::mirrored::Mirror;
use crate::engine::how::{Change, Scene};
use crate::engine::probe::{COUNTED, Probe, ProbeRule, Rows, When, value_of};
use crate::engine::text::{items, parenthesised, split_predicate};
use crate::model::{Column, Id, Kind, Object, Status, Value};

const fn rule(kind: Kind, when: When, ask: fn(&Scene, &Object) -> Vec<Probe>) -> ProbeRule {
    ProbeRule { kind, when, ask }
}

pub static PROBES: &[ProbeRule] = &[
    rule(Kind::Column, When::Comes, no_value),
    rule(Kind::Column, When::Comes, round_trip),
    rule(Kind::Column, When::Sets("not_null"), nulls),
    rule(Kind::Column, When::Sets("not_null_pending"), nulls),
    rule(Kind::Column, When::Sets("type"), unfit),
    rule(Kind::Check, When::Comes, broken),
    rule(Kind::Check, When::Sets("definition"), broken),
    rule(Kind::Check, When::Sets("status"), broken),
    rule(Kind::ForeignKey, When::Comes, orphans),
    rule(Kind::ForeignKey, When::Sets("definition"), orphans),
    rule(Kind::ForeignKey, When::Sets("status"), orphans),
    rule(Kind::PrimaryKey, When::Comes, alike),
    rule(Kind::Unique, When::Comes, alike),
    rule(Kind::Index, When::Comes, alike),
    rule(Kind::Index, When::Sets("unique"), alike),
    rule(Kind::Index, When::Sets("definition"), alike),
    rule(Kind::DomainCheck, When::Comes, of_domain),
    rule(Kind::DomainCheck, When::Sets("definition"), of_domain),
    rule(Kind::DomainCheck, When::Sets("status"), of_domain),
    rule(Kind::Domain, When::Sets("not_null"), of_domain),
    rule(Kind::Enum, When::Sets("labels"), retired),
    rule(Kind::Attachment, When::Comes, outside),
    rule(Kind::Attachment, When::Sets("bound"), outside),
];

fn probe(table: Id, wrong: String, rows: Rows) -> Vec<Probe> {
    vec![Probe { table, wrong, rows }]
}

fn enforced(o: &Object) -> bool {
    let said = o.attr("definition");
    o.status() == Status::Present && !said.text().is_some_and(|d| d.ends_with("NOT ENFORCED"))
}

/// A column that must have a value and has none for the rows that are there.
fn no_value(scene: &Scene, o: &Object) -> Vec<Probe> {
    let Object::Column(c) = o else { return vec![] };
    let of_domain = o.refs().iter().any(|r| r.to.kind == Kind::Domain);
    let given = scene.to.contains(&o.id().of_kind(Kind::Default)) || c.generated.is_some() || c.identity.is_some();
    if !c.not_null || c.not_null_pending || given || of_domain {
        return vec![];
    }
    let wrong = format!("would have NULL in `{}`, which is new and has no default", o.id().name());
    probe(home(o), wrong, Rows::Where("true".into()))
}

/// What goes there and back again is not always the same: a name of three words made of the first and the last.
fn round_trip(scene: &Scene, o: &Object) -> Vec<Probe> {
    let Some(mirror) = Mirror::of(scene, o).filter(|m| m.first_new() == o.id()) else { return vec![] };
    let new: Vec<String> = mirror.new.iter().map(|s| format!("`{}`", s.column.head.id.name())).collect();
    let lossy = match Mirror::both_ways(scene, o) {
        Some(_) => "the way back is lossy for those of them that are written to until then",
        None => "the way back is lossy for them",
    };
    let probes = |(old, again, rows): (&Column, String, String)| {
        let name = old.head.id.name();
        let probe = |wrong: String, rows: Rows| Probe { table: mirror.home.clone(), wrong, rows };
        // Each write would fail, that of filling them too.
        let fails = format!("have a value of which `-- msr:back {name} = …` makes none");
        let differs = format!("have in `{name}` what {} do not give back: {lossy}", new.join(", "));
        [probe(fails, Rows::Failing(again)), probe(differs, Rows::Changed(rows))]
    };
    mirror.changed().flat_map(probes).collect()
}

fn nulls(_: &Scene, o: &Object) -> Vec<Probe> {
    let must = matches!(o, Object::Column(c) if c.not_null && !c.not_null_pending);
    let name = o.id().name();
    let rows = Rows::Where(format!("t.{} IS NULL", ident(name)));
    if must { probe(home(o), format!("have NULL in `{name}`"), rows) } else { vec![] }
}

/// Values that the new type can't have. What no cast is in doubt about is not asked.
fn unfit(scene: &Scene, o: &Object) -> Vec<Probe> {
    let Some(old) = scene.from.get(o.id()) else { return vec![] };
    let (from, to) = (old.attr("type"), o.attr("type"));
    let change = Change { old, new: o, attr: "type", from: &from, to: &to };
    let computed = o.attr("generated") != Value::None || old.attr("generated") != Value::None;
    if computed || columns::narrowing(scene, &change).is_none() {
        return vec![];
    }
    let (from, to, name) = (from.to_string(), to.to_string(), ident(o.id().name()));
    let enumeration = o.refs().iter().filter(|r| r.to.kind == Kind::Enum && path(&r.to) == to);
    let labels = enumeration.filter_map(|r| scene.to.get(&r.to)).map(|e| e.attr("labels")).next();
    let rows = match (&o.head().using, labels, longest(&to)) {
        (Some(said), ..) => Rows::Failing(said.clone()),
        (None, Some(Value::List(labels)), _) => Rows::Where(format!("{name}::text <> ALL ({})", texts(&labels))),
        // A string that is too long is refused where it is assigned and cut off where it is cast.
        (None, _, Some(most)) => Rows::Where(format!("char_length(rtrim({name}::text, ' ')) > {most}")),
        (None, ..) if to.ends_with("[]") && from.ends_with("[]") && base_type(&from) == base_type(&to) => return vec![],
        (None, ..) => Rows::Failing(format!("{name}::{to}")),
    };
    probe(home(o), format!("have a value in `{}` that does not fit `{to}`", o.id().name()), rows)
}

/// Characters that a value of the type has at most.
fn longest(ty: &str) -> Option<u32> {
    let string = ["character", "character varying"].contains(&&*base_type(ty)) && !ty.ends_with("[]");
    ty.split_once('(').filter(|_| string)?.1.strip_suffix(')')?.parse().ok()
}

fn texts(labels: &[String]) -> String {
    format!("ARRAY[{}]::text[]", labels.iter().map(|l| literal(l)).collect::<Vec<_>>().join(", "))
}

fn expression(o: &Object) -> Option<String> {
    let definition = o.attr("definition");
    let text = definition.text()?.strip_prefix("CHECK ")?;
    Some(parenthesised(text)?.0.to_string())
}

fn broken(_: &Scene, o: &Object) -> Vec<Probe> {
    match expression(o).filter(|_| enforced(o)) {
        Some(must) => {
            probe(home(o), format!("break the check `{}`", o.id().name()), Rows::Where(format!("NOT ({must})")))
        }
        None => vec![],
    }
}

fn orphans(_: &Scene, o: &Object) -> Vec<Probe> {
    let definition = o.attr("definition");
    let parts = definition.text().filter(|_| enforced(o)).and_then(|text| {
        let (columns, rest) = parenthesised(text.strip_prefix("FOREIGN KEY ")?)?;
        let target = rest.strip_prefix(" REFERENCES ")?;
        let (referenced, rest) = parenthesised(&target[target.find('(')?..])?;
        // A period is not a matter of equality.
        (!columns.contains("PERIOD ")).then_some((columns, referenced, rest))
    });
    let target = o.refs().iter().map(|r| &r.to).find(|to| to.kind == Kind::Table && Some(*to) != o.parent());
    let target = target.or(o.parent()).filter(|t| Some(path(t).as_str()) == o.attr("target").text());
    let (Some((columns, referenced, rest)), Some(target)) = (parts, target) else { return vec![] };
    let texts = |list| items(list).into_iter().map(str::to_string).collect();
    let rows = Rows::Orphans {
        columns: texts(columns),
        target: target.clone(),
        referenced: texts(referenced),
        whole: rest.contains(" MATCH FULL"),
    };
    let wrong = format!("refer by ({columns}) to rows of {} that are not there", path(target));
    probe(home(o), wrong, rows)
}

fn alike(_: &Scene, o: &Object) -> Vec<Probe> {
    let definition = o.attr("definition");
    let text = definition.text().unwrap_or_default();
    let unique = o.id().kind != Kind::Index || o.attr("unique") == Value::Bool(true);
    let body = text.find('(').and_then(|at| parenthesised(&text[at..]));
    let Some((list, _)) = body.filter(|_| unique && o.status() == Status::Present) else { return vec![] };
    if list.ends_with(" WITHOUT OVERLAPS") {
        return vec![];
    }
    let among = split_predicate(text).1.strip_prefix(" WHERE ").map(str::to_string);
    let rows = Rows::Alike { values: items(list).into_iter().map(value_of).collect(), among };
    let Some(table) = o.parent().cloned() else { return vec![] };
    probe(table, format!("have the same ({list}) as another row, though {} is unique", o.id()), rows)
}

/// Values of the columns that are of a domain.
fn of_domain(scene: &Scene, o: &Object) -> Vec<Probe> {
    let domain = o.parent().unwrap_or_else(|| o.id());
    let broken = |column: &str| match o {
        Object::Domain(d) => d.not_null.then(|| format!("t.{column} IS NULL")),
        // The word VALUE is read as the name of a column.
        _ => expression(o)
            .filter(|_| enforced(o))
            .map(|must| format!("NOT (SELECT {must} FROM (SELECT t.{column} AS value) AS v)")),
    };
    let columns =
        scene.from.users(domain).filter(|u| u.id().kind == Kind::Column && u.attr("type") == path(domain).into());
    let probes = columns.filter_map(|c| {
        let wrong = format!("have a value in `{}` that {} does not take", c.id().name(), o.id());
        Some(Probe { table: home(c), wrong, rows: Rows::Where(broken(&ident(c.id().name()))?) })
    });
    probes.collect()
}

/// Values of an enum that are no longer to be.
fn retired(scene: &Scene, o: &Object) -> Vec<Probe> {
    let labels = |o: &Object| if let Value::List(labels) = o.attr("labels") { labels } else { vec![] };
    let kept = labels(o);
    let old = scene.from.get(o.id()).map(labels).unwrap_or_default();
    let gone: Vec<String> = old.into_iter().filter(|label| !kept.contains(label)).collect();
    let columns =
        scene.from.users(o.id()).filter(|u| u.id().kind == Kind::Column && u.attr("type") == path(o.id()).into());
    let stay = columns.filter(|c| !gone.is_empty() && scene.to.contains(c.id()));
    let wrong = |c: &Object| format!("have a value in `{}` that goes from {}", c.id().name(), o.id());
    let is = |c: &Object| format!("t.{}::text = ANY ({})", ident(c.id().name()), texts(&gone));
    stay.map(|c| Probe { table: home(c), wrong: wrong(c), rows: Rows::Where(is(c)) }).collect()
}

/// Rows of a table that becomes a partition and of which the bound does not speak. Of a hash the server alone knows.
fn outside(scene: &Scene, o: &Object) -> Vec<Probe> {
    let bound = o.attr("bound").to_string();
    match bounds(scene, o) {
        Some((within, _)) => {
            let wrong = format!("are not {}", bound.to_lowercase().replacen("for values", "within the bounds", 1));
            probe(home(o), wrong.trim_end().to_string(), Rows::Where(format!("({within}) IS NOT TRUE")))
        }
        None => vec![],
    }
}

/// What the bounds of a partition say of its rows, and whether that is about one column or expression.
pub fn bounds(scene: &Scene, o: &Object) -> Option<(String, bool)> {
    let parent = o.attr("parent");
    let parent = o.refs().iter().map(|r| &r.to).find(|to| Some(path(to).as_str()) == parent.text());
    let by = scene.to.get(parent?)?.attr("partition_by");
    let alone = parenthesised(by.text()?.split_once(' ')?.1).is_some_and(|(list, _)| items(list).len() == 1);
    Some((within(by.text()?, o.attr("bound").text()?)?, alone))
}

/// The condition that a bound makes of a partition key.
fn within(by: &str, bound: &str) -> Option<String> {
    let (strategy, list) = by.split_once(' ')?;
    let keys: Vec<String> = items(parenthesised(list)?.0).into_iter().map(value_of).collect();
    let of = |keys: &[String]| if keys.len() == 1 { keys[0].clone() } else { format!("({})", keys.join(", ")) };
    match strategy {
        "LIST" => {
            let (values, _) = parenthesised(bound.strip_prefix("FOR VALUES IN ")?)?;
            let null = items(values).contains(&"NULL");
            (!null).then(|| format!("{0} IS NOT NULL AND {0} IN ({values})", of(&keys)))
        }
        "RANGE" => {
            let (from, rest) = parenthesised(bound.strip_prefix("FOR VALUES FROM ")?)?;
            let (to, _) = parenthesised(rest.strip_prefix(" TO ")?)?;
            let endless = |end: &str| items(end).iter().all(|v| *v == "MINVALUE" || *v == "MAXVALUE");
            let partly = |end: &str| end.contains("MINVALUE") || end.contains("MAXVALUE");
            if [from, to].iter().any(|end| partly(end) && !endless(end)) {
                return None;
            }
            let there = keys.iter().map(|k| format!("{k} IS NOT NULL"));
            let low = (!endless(from)).then(|| format!("{} >= ({from})", of(&keys)));
            let high = (!endless(to)).then(|| format!("{} < ({to})", of(&keys)));
            Some(there.chain(low).chain(high).collect::<Vec<_>>().join(" AND "))
        }
        _ => None,
    }
}

/// Tries all rows at once and, where that fails, one after the other: only a procedural block can go on after an error
/// (<https://www.postgresql.org/docs/current/plpgsql-control-structures.html#PLPGSQL-ERROR-TRAPPING>), and it tells what it
/// found by a setting, since it returns nothing.
pub fn failing(from: &str, key: &str, value: &str) -> Option<String> {
    const BAD: &str = "data_exception OR integrity_constraint_violation OR raise_exception";
    let all = format!("PERFORM count({value}) FROM {from}");
    (!all.contains("$msr$") && !key.contains("$msr$")).then(|| {
        format!(
            "DO $msr$ #variable_conflict use_column\nDECLARE msr_row record; msr_count bigint := 0; msr_keys text := ''; BEGIN \
             BEGIN {all}; EXCEPTION WHEN {BAD} THEN \
             FOR msr_row IN SELECT t.tableoid AS part, t.ctid AS place, {key} AS key FROM {from} LOOP \
             BEGIN {all} WHERE t.tableoid = msr_row.part AND t.ctid = msr_row.place; EXCEPTION WHEN {BAD} THEN \
             msr_count := msr_count + 1; \
             IF msr_count <= 5 THEN msr_keys := msr_keys || chr(31) || msr_row.key; END IF; END; \
             EXIT WHEN msr_count > {COUNTED}; END LOOP; END; \
             PERFORM set_config('msr.found', msr_count || msr_keys, true); END $msr$; \
             SELECT split_part(current_setting('msr.found'), chr(31), 1), key \
             FROM unnest((string_to_array(current_setting('msr.found'), chr(31)))[2:]) AS found (key)"
        )
    })
}
