//! Whether a role may do what a plan wants, asked before anything is done.
//!
//! Asked is what the manual asks for: to own what is changed, to be allowed to create where something is made, and to use what
//! is named (<https://www.postgresql.org/docs/current/ddl-priv.html>). What is not in these tables (operators, operator classes,
//! casts, roles, grants, what only a superuser may) is told by the server when it comes to that.

use super::conn::Client;
use super::ddl::{about, ident, literal, table};
use crate::SqlError;
use crate::diff::Delta;
use crate::engine::Wants;
use crate::model::{Id, Kind};
use std::collections::BTreeSet;

/// Where the server keeps things of some kinds, and whose they are. Parts are looked up as what they are parts of.
struct Place {
    kinds: &'static [Kind],
    catalog: &'static str,
    name: &'static str,
    /// Empty where they are in no schema.
    schema: &'static str,
    owner: &'static str,
    /// What tells those of one name apart, as the third part of the path does.
    besides: &'static str,
}

const RELATIONS: Place = Place {
    kinds: &[
        Kind::Sequence,
        Kind::Table,
        Kind::ForeignTable,
        Kind::Column,
        Kind::Default,
        Kind::PrimaryKey,
        Kind::Unique,
        Kind::Check,
        Kind::ForeignKey,
        Kind::Exclusion,
        Kind::Index,
        Kind::View,
        Kind::MaterializedView,
        Kind::Trigger,
        Kind::Policy,
        Kind::Rule,
        Kind::Composite,
        Kind::Attribute,
        Kind::Attachment,
        Kind::Inheritance,
    ],
    catalog: "pg_class",
    name: "relname",
    schema: "relnamespace",
    owner: "relowner",
    besides: "",
};

const TYPES: Place = Place {
    kinds: &[Kind::Enum, Kind::Domain, Kind::DomainCheck, Kind::Range],
    catalog: "pg_type",
    name: "typname",
    schema: "typnamespace",
    owner: "typowner",
    besides: "",
};

const ROUTINES: Place = Place {
    kinds: &[Kind::Function, Kind::Aggregate],
    catalog: "pg_proc",
    name: "proname",
    schema: "pronamespace",
    owner: "proowner",
    besides: "array_to_string(ARRAY(SELECT format_type(u.t, NULL) FROM unnest(o.proargtypes) WITH ORDINALITY u(t, ord) ORDER BY ord), ', ')",
};

const fn place(
    kinds: &'static [Kind],
    catalog: &'static str,
    name: &'static str,
    schema: &'static str,
    owner: &'static str,
) -> Place {
    Place { kinds, catalog, name, schema, owner, besides: "" }
}

const SERVERS: Place = place(&[Kind::Server, Kind::UserMapping], "pg_foreign_server", "srvname", "", "srvowner");
const WRAPPERS: Place = place(&[Kind::ForeignDataWrapper], "pg_foreign_data_wrapper", "fdwname", "", "fdwowner");

const PLACES: &[Place] = &[
    RELATIONS,
    TYPES,
    ROUTINES,
    SERVERS,
    WRAPPERS,
    place(&[Kind::Schema], "pg_namespace", "nspname", "", "nspowner"),
    place(&[Kind::Extension], "pg_extension", "extname", "", "extowner"),
    place(&[Kind::Language], "pg_language", "lanname", "", "lanowner"),
    place(&[Kind::Collation], "pg_collation", "collname", "collnamespace", "collowner"),
    place(&[Kind::Conversion], "pg_conversion", "conname", "connamespace", "conowner"),
    place(&[Kind::Statistics], "pg_statistic_ext", "stxname", "stxnamespace", "stxowner"),
    place(&[Kind::TextSearchDictionary], "pg_ts_dict", "dictname", "dictnamespace", "dictowner"),
    place(&[Kind::TextSearchConfiguration], "pg_ts_config", "cfgname", "cfgnamespace", "cfgowner"),
    place(
        &[Kind::Publication, Kind::PublicationTable, Kind::PublicationSchema],
        "pg_publication",
        "pubname",
        "",
        "pubowner",
    ),
    place(&[Kind::Subscription, Kind::Connection], "pg_subscription", "subname", "", "subowner"),
    place(&[Kind::EventTrigger], "pg_event_trigger", "evtname", "", "evtowner"),
];

/// Made in a schema, whose owner may drop them. An index is made in the schema of its table, and so are those of keys.
const IN_SCHEMAS: &[Kind] = &[
    Kind::Table,
    Kind::ForeignTable,
    Kind::View,
    Kind::MaterializedView,
    Kind::Sequence,
    Kind::Index,
    Kind::Enum,
    Kind::Domain,
    Kind::Range,
    Kind::Composite,
    Kind::Function,
    Kind::Aggregate,
    Kind::Collation,
    Kind::Conversion,
    Kind::Operator,
    Kind::OperatorFamily,
    Kind::OperatorClass,
    Kind::Statistics,
    Kind::TextSearchDictionary,
    Kind::TextSearchConfiguration,
];
const WITH_INDEXES: &[Kind] = &[Kind::PrimaryKey, Kind::Unique, Kind::Exclusion];
const IN_DATABASE: &[Kind] = &[Kind::Schema, Kind::Publication];

/// What must be allowed with what is named in what is made.
struct Use {
    /// Where one of these is made.
    made: &'static [Kind],
    of: &'static [Kind],
    /// How the statements begin that name it, and what stands before the name there.
    said: &'static [(&'static str, &'static str)],
    place: Place,
    /// Whether it is allowed, of `o`.
    allowed: &'static str,
    /// What is granted, and how `o` is named there.
    grant: (&'static str, &'static str),
}

const ANYWHERE: &[(&str, &str)] = &[("", "")];

const USES: &[Use] = &[
    // These stand on a table without its name in their path.
    Use {
        made: &[Kind::Index, Kind::Statistics],
        of: &[Kind::Table, Kind::MaterializedView, Kind::Column],
        said: &[
            ("CREATE INDEX", " ON "),
            ("CREATE INDEX", " ON ONLY "),
            ("CREATE UNIQUE INDEX", " ON "),
            ("CREATE UNIQUE INDEX", " ON ONLY "),
            ("CREATE STATISTICS", " FROM "),
        ],
        place: RELATIONS,
        allowed: "pg_has_role(o.relowner, 'USAGE')",
        grant: ("", "quote_ident(pg_get_userbyid(o.relowner))"),
    },
    Use {
        made: Kind::ALL,
        of: &[Kind::Enum, Kind::Domain, Kind::Range],
        said: ANYWHERE,
        place: TYPES,
        allowed: "has_type_privilege(o.oid, 'USAGE')",
        grant: ("USAGE ON TYPE ", "format_type(o.oid, NULL)"),
    },
    Use {
        made: Kind::ALL,
        of: &[Kind::Composite],
        said: ANYWHERE,
        place: RELATIONS,
        allowed: "has_type_privilege(o.reltype, 'USAGE')",
        grant: ("USAGE ON TYPE ", "format_type(o.reltype, NULL)"),
    },
    // A view or a function that calls one is asked when it is used.
    Use {
        made: &[
            Kind::Trigger,
            Kind::EventTrigger,
            Kind::Aggregate,
            Kind::Operator,
            Kind::Cast,
            Kind::Column,
            Kind::Check,
            Kind::Index,
            Kind::Exclusion,
        ],
        of: &[Kind::Function],
        said: ANYWHERE,
        place: ROUTINES,
        allowed: "has_function_privilege(o.oid, 'EXECUTE')",
        grant: ("EXECUTE ON ROUTINE ", "o.oid::regprocedure"),
    },
    Use {
        made: &[Kind::ForeignKey],
        of: &[Kind::Table],
        said: &[("", "REFERENCES ")],
        place: RELATIONS,
        allowed: "has_any_column_privilege(o.oid, 'REFERENCES')",
        grant: ("REFERENCES ON TABLE ", "o.oid::regclass"),
    },
    Use {
        made: &[Kind::ForeignTable],
        of: &[Kind::Server],
        said: &[("CREATE FOREIGN TABLE", "SERVER ")],
        place: SERVERS,
        allowed: "has_server_privilege(o.oid, 'USAGE')",
        grant: ("USAGE ON FOREIGN SERVER ", "quote_ident(o.srvname)"),
    },
    Use {
        made: &[Kind::Server],
        of: &[Kind::ForeignDataWrapper],
        said: &[("CREATE SERVER", "WRAPPER ")],
        place: WRAPPERS,
        allowed: "has_foreign_data_wrapper_privilege(o.oid, 'USAGE')",
        grant: ("USAGE ON FOREIGN DATA WRAPPER ", "quote_ident(o.fdwname)"),
    },
];

/// The statements that give this role what it lacks for these wants; none where it lacks nothing.
pub fn lacking(client: &mut Client, wants: &Wants) -> Result<Vec<String>, SqlError> {
    let asked: Vec<String> = [owned(wants), used(wants), in_schemas(wants), elsewhere(wants)].concat();
    let rows = client.rows(&format!("{} ORDER BY 1", asked.join(" UNION ")))?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

impl Place {
    /// These as a table `w`, joined with what is there of them as `o`, in its schema `n`.
    fn joined(&self, ids: &[(&Id, bool)]) -> Option<String> {
        let value = |(id, dropped): &(&Id, bool)| {
            let (schema, rest) = if self.schema.is_empty() { ("", &id.path[..]) } else { (id.at(0), &id.path[1..]) };
            let part = |i: usize| literal(rest.get(i).map_or("", |text| text));
            format!("({}, {}, {}, {dropped})", literal(schema), part(0), part(1))
        };
        let values: BTreeSet<String> = ids.iter().filter(|(id, _)| self.kinds.contains(&id.kind)).map(value).collect();
        let values: Vec<String> = values.into_iter().collect();
        (!values.is_empty()).then(|| {
            let mut sql = format!(
                "FROM (VALUES {}) AS w(schema, name, besides, dropped) JOIN {} o ON o.{} = w.name",
                values.join(", "),
                self.catalog,
                self.name
            );
            if !self.schema.is_empty() {
                sql += &format!(" JOIN pg_namespace n ON n.oid = o.{} AND n.nspname = w.schema", self.schema);
            }
            if !self.besides.is_empty() {
                sql += &format!(" AND {} = w.besides", self.besides);
            }
            sql
        })
    }
}

/// What is changed must be owned, by both of its names.
fn owned(wants: &Wants) -> Vec<String> {
    let said: Vec<Id> = wants
        .deltas
        .iter()
        .filter(|d| matches!(d.id().kind, Kind::Comment | Kind::Owner))
        .filter_map(|d| about(d.id()))
        .collect();
    let mut ids: Vec<(&Id, bool)> = said.iter().map(|id| (id, false)).collect();
    for delta in &wants.deltas {
        let id = delta.id();
        ids.push((id, matches!(delta, Delta::Drop(_)) && IN_SCHEMAS.contains(&id.kind)));
        if let Delta::Rename { from, .. } = delta {
            ids.push((from, false));
        }
    }
    let ask = |place: &Place| {
        let mut sql = format!(
            "SELECT format('GRANT %I TO %I', pg_get_userbyid(o.{owner}), current_user) {} WHERE NOT pg_has_role(o.{owner}, 'USAGE')",
            place.joined(&ids)?,
            owner = place.owner
        );
        if !place.schema.is_empty() {
            sql += " AND NOT (w.dropped AND pg_has_role(n.nspowner, 'USAGE'))";
        }
        Some(sql)
    };
    PLACES.iter().filter_map(ask).collect()
}

impl Use {
    /// Whether a statement names it where it would be used.
    fn named(&self, id: &Id, sql: &[&str]) -> bool {
        let name = if self.place.schema.is_empty() { ident(id.at(0)) } else { table(id) };
        self.said.iter().any(|(begins, before)| {
            let said = format!("{before}{name}");
            sql.iter().filter(|sql| sql.starts_with(begins)).any(|sql| {
                sql.match_indices(&said).any(|(at, _)| {
                    !sql[at + said.len()..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '"'))
                })
            })
        })
    }
}

/// What the plan counts on and its statements name may have to be used.
fn used(wants: &Wants) -> Vec<String> {
    let makes =
        |kinds: &[Kind]| wants.deltas.iter().any(|d| !matches!(d, Delta::Drop(_)) && kinds.contains(&d.id().kind));
    let ask = |of: &Use| {
        let relied: Vec<(&Id, bool)> = wants
            .relies
            .iter()
            .filter(|id| of.of.contains(&id.kind) && of.named(id, &wants.sql))
            .map(|id| (*id, false))
            .collect();
        let (what, name) = of.grant;
        let from = of.place.joined(&relied).filter(|_| makes(of.made))?;
        Some(format!("SELECT format('GRANT {what}%s TO %I', {name}, current_user) {from} WHERE NOT {}", of.allowed))
    };
    let languages: BTreeSet<String> = wants.sql.iter().filter_map(|sql| language(sql)).map(literal).collect();
    let languages: Vec<String> = languages.into_iter().collect();
    // One that is not trusted is the superuser's.
    let asks_languages = (!languages.is_empty()).then(|| {
        format!(
            "SELECT format('GRANT USAGE ON LANGUAGE %I TO %I', lanname, current_user) FROM pg_language WHERE lanpltrusted \
             AND NOT has_language_privilege(oid, 'USAGE') AND quote_ident(lanname) IN ({})",
            languages.join(", ")
        )
    });
    USES.iter().filter_map(ask).chain(asks_languages).collect()
}

/// As `pg_get_functiondef` writes it.
fn language(sql: &str) -> Option<&str> {
    let line = sql.lines().find_map(|line| line.strip_prefix(" LANGUAGE "))?;
    line.split_whitespace().next()
}

/// Schemas in which something is made, or gets a new name; and those in which something is named at all.
fn in_schemas(wants: &Wants) -> Vec<String> {
    let new = |d: &&Delta| matches!(d, Delta::Add(_) | Delta::Rename { .. });
    let made = wants.deltas.iter().filter(new).map(|d| d.id());
    let made = made.filter(|id| IN_SCHEMAS.contains(&id.kind) || WITH_INDEXES.contains(&id.kind));
    let there = |id: &&Id| PLACES.iter().any(|p| !p.schema.is_empty() && p.kinds.contains(&id.kind));
    let named = wants.deltas.iter().map(|d| d.id()).chain(wants.relies.iter().copied()).filter(there);
    let ask = |schemas: BTreeSet<String>, rights: &str, lacks: &str| {
        (!schemas.is_empty()).then(|| {
            format!(
                "SELECT format('GRANT {rights} ON SCHEMA %I TO %I', n.nspname, current_user) FROM pg_namespace n \
                 WHERE n.nspname IN ({}) AND {lacks}",
                schemas.into_iter().collect::<Vec<_>>().join(", ")
            )
        })
    };
    let schema = |id: &Id| literal(id.at(0));
    let made: BTreeSet<String> = made.map(schema).collect();
    let named: BTreeSet<String> = named.map(schema).filter(|schema| !made.contains(schema)).collect();
    let create = ask(
        made,
        "CREATE, USAGE",
        "NOT (has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE'))",
    );
    create.into_iter().chain(ask(named, "USAGE", "NOT has_schema_privilege(n.oid, 'USAGE')")).collect()
}

/// What is made in the database itself, msr's journal among it, and owners, which one must be able to become.
fn elsewhere(wants: &Wants) -> Vec<String> {
    let made = wants.deltas.iter().any(|d| matches!(d, Delta::Add(id) if IN_DATABASE.contains(&id.kind)));
    let journal = "to_regnamespace('msr') IS NULL";
    let when = if made { "true" } else { journal };
    let create = format!(
        "SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user) \
         WHERE NOT has_database_privilege(current_database(), 'CREATE') AND {when}"
    );
    let owners: BTreeSet<String> = wants
        .sql
        .iter()
        .filter_map(|sql| Some(literal(sql.rsplit_once(" OWNER TO ")?.1.trim_end_matches(';'))))
        .collect();
    let become_owner = (!owners.is_empty()).then(|| {
        format!(
            "SELECT format('GRANT %I TO %I', rolname, current_user) FROM pg_roles \
             WHERE quote_ident(rolname) IN ({}) AND NOT pg_has_role(oid, 'MEMBER')",
            owners.into_iter().collect::<Vec<_>>().join(", ")
        )
    });
    [create].into_iter().chain(become_owner).collect()
}
