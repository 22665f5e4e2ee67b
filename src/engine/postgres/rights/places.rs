//! Where the server keeps what, and what is asked of who uses it: tables, one line a sort.

use crate::model::Kind;

/// Where the server keeps things of some kinds, and whose they are. Parts are looked up as what they are parts of.
pub struct Place {
    pub kinds: &'static [Kind],
    pub catalog: &'static str,
    pub name: &'static str,
    /// Empty where they are in no schema.
    pub schema: &'static str,
    pub owner: &'static str,
    /// What tells those of one name apart, as the third part of the path does.
    pub besides: &'static str,
}

pub const RELATIONS: Place = Place {
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
        Kind::Firing,
        Kind::Policy,
        Kind::Rule,
        Kind::Composite,
        Kind::Attribute,
        Kind::Attachment,
        Kind::Inheritance,
        Kind::TypedTable,
    ],
    catalog: "pg_class",
    name: "relname",
    schema: "relnamespace",
    owner: "relowner",
    besides: "",
};

pub const TYPES: Place = Place {
    kinds: &[Kind::Enum, Kind::Domain, Kind::DomainCheck, Kind::Range, Kind::BaseType, Kind::BinaryFormat],
    catalog: "pg_type",
    name: "typname",
    schema: "typnamespace",
    owner: "typowner",
    besides: "",
};

pub const ROUTINES: Place = Place {
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

pub const SERVERS: Place = place(&[Kind::Server, Kind::UserMapping], "pg_foreign_server", "srvname", "", "srvowner");
pub const WRAPPERS: Place = place(&[Kind::ForeignDataWrapper], "pg_foreign_data_wrapper", "fdwname", "", "fdwowner");

pub const PLACES: &[Place] = &[
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
pub const IN_SCHEMAS: &[Kind] = &[
    Kind::Table,
    Kind::ForeignTable,
    Kind::View,
    Kind::MaterializedView,
    Kind::Sequence,
    Kind::Index,
    Kind::Enum,
    Kind::Domain,
    Kind::Range,
    Kind::BaseType,
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
pub const WITH_INDEXES: &[Kind] = &[Kind::PrimaryKey, Kind::Unique, Kind::Exclusion];
pub const IN_DATABASE: &[Kind] = &[Kind::Schema, Kind::Publication];

/// What must be allowed with what is named in what is made.
pub struct Use {
    /// Where one of these is made.
    pub made: &'static [Kind],
    pub of: &'static [Kind],
    /// How the statements begin that name it, and what stands before the name there.
    pub said: &'static [(&'static str, &'static str)],
    pub place: Place,
    /// Whether it is allowed, of `o`.
    pub allowed: &'static str,
    /// What is granted, and how `o` is named there.
    pub grant: (&'static str, &'static str),
}

pub const ANYWHERE: &[(&str, &str)] = &[("", "")];

pub const USES: &[Use] = &[
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
        of: &[Kind::Enum, Kind::Domain, Kind::Range, Kind::BaseType],
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
