//! Kinds that are read row by row: each has one query and is told by one row of it.

use super::Reader;
use super::ahead::Question;
use super::row::Row;
use crate::SqlError;
use crate::engine::postgres::ddl;
use crate::engine::postgres::rules::NOWHERE;
use crate::model::{
    AccessMethod, Aggregate, BaseType, Cast, Collation, Connection, Conversion, EventTrigger, Firing,
    ForeignDataWrapper, ForeignTable, Head, Id, Kind, Language, Object, Operator, OperatorClass, OperatorFamily,
    Publication, PublicationSchema, PublicationTable, Range, Ref, Server, Statistics, Subscription,
    TextSearchConfiguration, TextSearchDictionary, TextSearchParser, TextSearchTemplate, Transform, UserMapping,
};

/// Each query returns the number of its catalog, the row's, the path, numbers of rows that come and go with it, and then what
/// `read` makes attributes of.
struct Plain {
    kind: Kind,
    sql: &'static str,
    /// The rows of catalogs without which there is none of the kind.
    of: &'static str,
    read: fn(Head, &Row) -> Object,
}

/// Whether the option `o` may be read: no name that sounds like a secret, no address or connection string with a password.
const SAFE: &str = "(split_part(o, '=', 1) IN ('password_required', 'use_scram_passthrough') \
    OR split_part(o, '=', 1) !~* '(pass|pwd|secret|token|credential|private|auth|api_?key|ssl_?key|access_?key|^key$)') \
    AND o !~* '://[^/@]*:[^/@]*@' AND o !~* 'password\\s*='";

/// On 13 only superusers may read the number and the options of one.
pub(super) const SUBSCRIPTIONS: &str = "pg_subscription WHERE has_column_privilege('pg_subscription', 'oid', 'SELECT')";
pub(super) const UNREAD_SUBSCRIPTIONS: &str =
    "pg_subscription WHERE NOT has_column_privilege('pg_subscription', 'oid', 'SELECT')";

/// Superusers may read connections.
const READABLE: &str = "pg_subscription WHERE has_column_privilege('pg_subscription', 'subconninfo', 'SELECT')";

/// Not the array types, which come with others.
pub(super) const BASE_TYPES: &str = "pg_type t WHERE t.oid >= 16384 AND (t.typtype = 'b' OR NOT t.typisdefined) \
    AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)";

/// Copies that the server made of triggers.
const COPIES: &str = "pg_trigger WHERE tgparentid <> 0";

/// Without a wrapper there are no servers and no foreign tables either.
const WRAPPERS: &str = "pg_foreign_data_wrapper";

/// Options of user mappings that are known to be no secrets.
const NO_SECRETS: &str = "('user', 'username', 'user_name', 'role', 'password_required', 'use_scram_passthrough', 'sslcert', 'schema', 'dbname')";

macro_rules! plain {
    ($kind:ident, $file:literal, $of:expr, |$head:ident, $row:ident| $read:expr) => {
        Plain {
            kind: Kind::$kind,
            sql: include_str!(concat!("plain/", $file, ".sql")),
            of: $of,
            read: |$head, $row| $read.into(),
        }
    };
}

/// A kind whose only attribute is its definition.
macro_rules! defined {
    ($kind:ident, $file:literal, $of:expr) => {
        plain!($kind, $file, $of, |head, row| $kind { definition: row.text(4), ..$kind::new(head) })
    };
}

const PLAIN: &[Plain] = &[
    plain!(Language, "languages", "pg_language WHERE oid >= 16384", |head, row| Language {
        trusted: row.flag(4),
        handler: row.text(5),
        inline: row.maybe(6),
        validator: row.maybe(7),
        ..Language::new(head)
    }),
    plain!(AccessMethod, "access_methods", "pg_am WHERE oid >= 16384", |head, row| AccessMethod {
        purpose: row.text(4),
        handler: row.text(5),
        ..AccessMethod::new(head)
    }),
    defined!(Collation, "collations", "pg_collation WHERE oid >= 16384"),
    plain!(Conversion, "conversions", "pg_conversion WHERE oid >= 16384", |head, row| Conversion {
        definition: row.text(4),
        usual: row.flag(5),
        ..Conversion::new(head)
    }),
    defined!(Range, "ranges", "pg_range WHERE rngtypid >= 16384"),
    plain!(BaseType, "base_types", BASE_TYPES, |head, row| BaseType {
        definition: row.maybe(4),
        functions: row.list(5),
        typmod_in: row.maybe(6),
        typmod_out: row.maybe(7),
        analyze: row.maybe(8),
        subscript: row.maybe(9),
        storage: row.maybe(10),
        ..BaseType::new(head)
    }),
    plain!(ForeignDataWrapper, "wrappers", WRAPPERS, |head, row| ForeignDataWrapper {
        handler: row.maybe(4),
        validator: row.maybe(5),
        options: row.list(6).into(),
        ..ForeignDataWrapper::new(head)
    }),
    plain!(Server, "servers", "pg_foreign_server", |head, row| Server {
        wrapper: row.text(4),
        r#type: row.maybe(5),
        version: row.maybe(6),
        options: row.list(7).into(),
        ..Server::new(head)
    }),
    plain!(UserMapping, "user_mappings", "pg_foreign_server", |head, row| UserMapping {
        options: row.list(4).into(),
        ..UserMapping::new(part_of(head, Kind::Server, Ref::normal))
    }),
    plain!(ForeignTable, "foreign_tables", "pg_foreign_table", |head, row| ForeignTable {
        server: row.text(4),
        options: row.list(5).into(),
        ..ForeignTable::new(head)
    }),
    plain!(Statistics, "statistics", "pg_statistic_ext", |head, row| Statistics {
        definition: row.text(4),
        target: (!row.is_null(5)).then(|| row.number(5)),
        ..Statistics::new(head)
    }),
    plain!(Aggregate, "aggregates", "pg_aggregate WHERE aggfnoid::oid >= 16384", |head, row| Aggregate {
        arguments: row.text(4),
        signature: row.text(5),
        definition: row.text(6),
        ..Aggregate::new(head)
    }),
    defined!(Operator, "operators", "pg_operator WHERE oid >= 16384"),
    plain!(OperatorFamily, "operator_families", "pg_opfamily WHERE oid >= 16384", |head, row| OperatorFamily {
        members: row.list(4),
        ..OperatorFamily::new(head)
    }),
    defined!(OperatorClass, "operator_classes", "pg_opclass WHERE oid >= 16384"),
    defined!(Cast, "casts", "pg_cast WHERE oid >= 16384"),
    defined!(Transform, "transforms", "pg_transform"),
    defined!(TextSearchParser, "ts_parsers", "pg_ts_parser WHERE oid >= 16384"),
    defined!(TextSearchTemplate, "ts_templates", "pg_ts_template WHERE oid >= 16384"),
    defined!(TextSearchDictionary, "ts_dictionaries", "pg_ts_dict WHERE oid >= 16384"),
    plain!(TextSearchConfiguration, "ts_configurations", "pg_ts_config WHERE oid >= 16384", |head, row| {
        TextSearchConfiguration { parser: row.text(4), mappings: row.list(5), ..TextSearchConfiguration::new(head) }
    }),
    plain!(Publication, "publications", "pg_publication", |head, row| Publication {
        all_tables: row.flag(4),
        publish: row.text(5),
        via_root: row.flag(6),
        ..Publication::new(head)
    }),
    plain!(PublicationTable, "publication_tables", "pg_publication_rel", |head, row| PublicationTable {
        columns: row.list(4),
        filter: row.maybe(5),
        ..PublicationTable::new(part_of(head, Kind::Publication, Ref::auto))
    }),
    plain!(PublicationSchema, "publication_schemas", "pg_publication_namespace", |head, _row| PublicationSchema::new(
        of_schema(part_of(head, Kind::Publication, Ref::auto))
    )),
    plain!(Subscription, "subscriptions", SUBSCRIPTIONS, |head, row| Subscription {
        publications: row.list(4),
        slot: row.maybe(5),
        options: row.list(6),
        ..Subscription::new(head)
    }),
    plain!(Connection, "connections", READABLE, |head, row| {
        let subscription = Id::new(Kind::Subscription, [head.id.name()]);
        Connection { info: row.text(4), ..Connection::new(Head::child(head.id, subscription)) }
    }),
    plain!(EventTrigger, "event_triggers", "pg_event_trigger", |head, row| EventTrigger {
        definition: row.text(4),
        enabled: row.enabled(5),
        ..EventTrigger::new(head)
    }),
    plain!(Firing, "firings", COPIES, |head, row| Firing {
        enabled: row.enabled(4),
        ..Firing::new(of_copy(head, row))
    }),
];

/// A part of what stands first in its path.
fn part_of(mut head: Head, kind: Kind, strength: fn(Id) -> Ref) -> Head {
    let whole = Id::new(kind, [head.id.at(0)]);
    head.refs.push(strength(whole.clone()));
    head.parent = Some(whole);
    head
}

/// There for as long as the partition is linked to the trigger's table, which is all that it goes with where both go: links are
/// broken first. No part of the partition: those are settled before that is linked.
fn of_copy(mut head: Head, row: &Row) -> Head {
    let kind = if row.flag(5) { Kind::ForeignTable } else { Kind::Table };
    let links = row.list(7).into_iter().map(|partition| Id::new(Kind::Attachment, ddl::split(&partition)));
    let ends = [Id::new(Kind::Trigger, row.list(6)), Id::new(kind, head.id.path.iter().take(2))];
    head.refs.extend(links.chain(ends).map(Ref::auto));
    head
}

/// `pg_depend` is not asked about schemas.
fn of_schema(mut head: Head) -> Head {
    head.refs.push(Ref::auto(Id::new(Kind::Schema, [head.id.at(1)])));
    head
}

/// The condition on an option `o` under which it may be read.
pub(super) fn with_safe_options(sql: &str) -> String {
    sql.replace("{known}", NO_SECRETS).replace("{safe}", &format!("({SAFE})"))
}

fn withheld() -> String {
    with_safe_options(include_str!("withheld.sql"))
}

/// What is asked about all of them.
pub(super) fn questions(version: u32) -> impl Iterator<Item = Question> {
    let plain = PLAIN.iter().filter_map(move |plain| Some(Question::new(for_version(plain, version)?, plain.of)));
    plain.chain([Question::new(withheld(), WRAPPERS)])
}

impl Reader<'_> {
    pub(super) fn plain(&mut self) -> Result<(), SqlError> {
        for plain in PLAIN {
            if let Some(sql) = for_version(plain, self.version) {
                for row in self.query(&sql)? {
                    self.plain_row(plain, &row);
                }
            }
        }
        Ok(())
    }

    /// Names of options whose values are not read.
    pub(super) fn withheld(&mut self) -> Result<(), SqlError> {
        for row in self.query(&withheld())? {
            self.catalog.withheld.insert(row.text(0));
        }
        let connection = |o: &Object| Id::about(Kind::Connection, o.id());
        let secret: Vec<String> = (self.catalog.of_kind(Kind::Subscription))
            .filter(|o| !self.catalog.contains(&connection(o)))
            .map(|o| format!("the connection of {}", o.id()))
            .collect();
        self.catalog.withheld.extend(secret);
        Ok(())
    }

    fn plain_row(&mut self, plain: &Plain, row: &Row) {
        let (class, oid) = (row.number(0), row.number(1));
        let object = (plain.read)(Head::new(Id::new(plain.kind, row.list(2))), row);
        let id = object.id().clone();
        let companions = row.list(3);
        self.add(class, oid, object);
        for companion in companions.iter().filter(|_| self.catalog.contains(&id)) {
            if let Some((class, oid)) = companion.split_once(' ') {
                self.names.add(class.parse().unwrap_or(0), oid.parse().unwrap_or(0), 0, &id);
            }
        }
    }
}

/// The query as this version of the server understands it; `None` where it has no such catalog.
fn for_version(plain: &Plain, version: u32) -> Option<String> {
    let sql = with_safe_options(plain.sql);
    Some(match plain.kind {
        Kind::PublicationSchema if version < 150_000 => return None,
        Kind::PublicationTable if version < 150_000 => sql.replace("{columns}", "NULL").replace("{filter}", "NULL"),
        Kind::PublicationTable => sql
            .replace(
                "{columns}",
                "(SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs))",
            )
            .replace("{filter}", "pg_get_expr(r.prqual, r.prrelid)"),
        Kind::Statistics if version < 130_000 => sql.replace("{target}", "NULL"),
        Kind::Statistics => sql.replace("{target}", "CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END"),
        Kind::Connection => sql.replace("{nowhere}", NOWHERE),
        Kind::Subscription => sql.replace("{options}", subscription_options(version)),
        _ => sql,
    })
}

fn subscription_options(version: u32) -> &'static str {
    match version {
        160_000.. => {
            "CASE WHEN s.subbinary THEN 'binary=true' END, CASE s.substream WHEN 't' THEN 'streaming=on' WHEN 'p' THEN 'streaming=parallel' END, \
             CASE WHEN s.subdisableonerr THEN 'disable_on_error=true' END, CASE WHEN s.subtwophasestate <> 'd' THEN 'two_phase=true' END, \
             CASE WHEN NOT s.subpasswordrequired THEN 'password_required=false' END, CASE WHEN s.subrunasowner THEN 'run_as_owner=true' END, \
             CASE WHEN s.suborigin <> 'any' THEN 'origin=' || s.suborigin END,"
        }
        150_000.. => {
            "CASE WHEN s.subbinary THEN 'binary=true' END, CASE WHEN s.substream THEN 'streaming=on' END, \
             CASE WHEN s.subdisableonerr THEN 'disable_on_error=true' END, CASE WHEN s.subtwophasestate <> 'd' THEN 'two_phase=true' END,"
        }
        140_000.. => "CASE WHEN s.subbinary THEN 'binary=true' END, CASE WHEN s.substream THEN 'streaming=on' END,",
        _ => "",
    }
}
