//! The kinds: one file each, one line each in the list below.

use super::shared::Shared;
use super::{Head, Id, Ref, Status, Strength, Value};

/// Declares the struct of a kind: its head, its attributes in order, and their projection.
macro_rules! kind {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $field_doc:literal])* $field:ident : $ty:ty),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            pub head: super::Head,
            /// Where it stands among its siblings as the engine lists them: kept for creation, never compared.
            pub position: u32,
            $($(#[doc = $field_doc])* pub $field: $ty,)*
        }

        impl $name {
            pub const ATTRS: &'static [&'static str] = &[$(super::plain(stringify!($field))),*];
            /// What the kind is, and what each attribute is, as written beside them.
            pub const DOC: &'static str = concat!($($doc),*);
            pub const ATTR_DOCS: &'static [&'static str] = &[$(concat!($($field_doc),*)),*];

            /// With nothing said of it yet.
            pub fn new(head: super::Head) -> Self {
                $name { head, position: 0, $($field: ::std::default::Default::default()),* }
            }

            pub(super) fn attrs(&self) -> Vec<(&'static str, super::Value)> {
                vec![$((super::plain(stringify!($field)), self.$field.clone().into())),*]
            }
        }
    };
}

/// `r#type` is called `type` outside of Rust.
const fn plain(field: &'static str) -> &'static str {
    match field.as_bytes() {
        b"r#type" => "type",
        _ => field,
    }
}

macro_rules! kinds {
    ($($file:ident::$name:ident = $word:literal,)*) => {
        $(mod $file; pub use $file::$name;)*

        /// What an object is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($name,)*
        }

        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$name,)*];

            /// The word for it, in messages and plan files.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$name => $word,)* }
            }

            /// What it is, in words.
            pub fn doc(self) -> &'static str {
                match self { $(Kind::$name => $name::DOC.trim_ascii(),)* }
            }

            /// What each of its attributes is, in words; empty where the name says all.
            pub fn attr_docs(self) -> &'static [&'static str] {
                match self { $(Kind::$name => $name::ATTR_DOCS,)* }
            }

            /// The names of its attributes, in the order in which they are shown.
            pub fn attrs(self) -> &'static [&'static str] {
                match self { $(Kind::$name => $name::ATTRS,)* }
            }
        }

        /// One addressable thing of a schema. Shared: a plan has many catalogs that differ by an object or two.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Object {
            $($name(Shared<$name>),)*
        }

        impl Object {
            /// An object with nothing said of it yet.
            pub fn new(head: Head) -> Object {
                match head.id.kind { $(Kind::$name => $name::new(head).into(),)* }
            }

            pub fn head(&self) -> &Head {
                match self { $(Object::$name(o) => &o.head,)* }
            }

            pub fn head_mut(&mut self) -> &mut Head {
                match self { $(Object::$name(o) => &mut o.head,)* }
            }

            /// Where it stands among its siblings, as the engine lists them.
            pub fn position(&self) -> u32 {
                match self { $(Object::$name(o) => o.position,)* }
            }

            /// What the object is made of, as far as diff and fingerprint care.
            pub fn attrs(&self) -> Vec<(&'static str, Value)> {
                let mut attrs = match self { $(Object::$name(o) => o.attrs(),)* };
                if self.status() == Status::Pending {
                    attrs.push(("status", "pending".into()));
                }
                attrs
            }
        }

        $(impl From<$name> for Object {
            fn from(object: $name) -> Object {
                Object::$name(Shared::new(object))
            }
        })*
    };
}

// In the order in which a reader expects them: a tie in the plan's order falls to the earlier kind.
kinds! {
    role::Role = "role",
    membership::Membership = "membership",
    schema::Schema = "schema",
    extension::Extension = "extension",
    language::Language = "language",
    access_method::AccessMethod = "access method",
    collation::Collation = "collation",
    conversion::Conversion = "conversion",
    enumeration::Enum = "enum",
    domain::Domain = "domain",
    domain_check::DomainCheck = "domain check",
    range::Range = "range type",
    base_type::BaseType = "base type",
    binary_format::BinaryFormat = "binary format",
    composite::Composite = "composite type",
    attribute::Attribute = "attribute",
    foreign_data_wrapper::ForeignDataWrapper = "foreign-data wrapper",
    server::Server = "server",
    user_mapping::UserMapping = "user mapping",
    sequence::Sequence = "sequence",
    table::Table = "table",
    virtual_table::VirtualTable = "virtual table",
    foreign_table::ForeignTable = "foreign table",
    column::Column = "column",
    default::Default = "default",
    primary_key::PrimaryKey = "primary key",
    unique::Unique = "unique",
    check::Check = "check",
    foreign_key::ForeignKey = "foreign key",
    exclusion::Exclusion = "exclusion",
    index::Index = "index",
    statistics::Statistics = "statistics",
    inheritance::Inheritance = "inheritance",
    attachment::Attachment = "attachment",
    typed_table::TypedTable = "typed table",
    view::View = "view",
    materialized_view::MaterializedView = "materialized view",
    function::Function = "function",
    aggregate::Aggregate = "aggregate",
    operator::Operator = "operator",
    operator_family::OperatorFamily = "operator family",
    operator_class::OperatorClass = "operator class",
    cast::Cast = "cast",
    transform::Transform = "transform",
    text_search_parser::TextSearchParser = "text search parser",
    text_search_template::TextSearchTemplate = "text search template",
    text_search_dictionary::TextSearchDictionary = "text search dictionary",
    text_search_configuration::TextSearchConfiguration = "text search configuration",
    trigger::Trigger = "trigger",
    firing::Firing = "firing",
    policy::Policy = "policy",
    rule::Rule = "rule",
    publication::Publication = "publication",
    publication_table::PublicationTable = "publication table",
    publication_schema::PublicationSchema = "publication schema",
    connection::Connection = "connection",
    subscription::Subscription = "subscription",
    event_trigger::EventTrigger = "event trigger",
    comment::Comment = "comment",
    security_label::SecurityLabel = "security label",
    owner::Owner = "owner",
    grant::Grant = "grant",
    default_privilege::DefaultPrivilege = "default privilege",
}

impl Kind {
    /// Whether it only says something of another object.
    pub fn is_about_another(self) -> bool {
        matches!(self, Kind::Comment | Kind::SecurityLabel | Kind::Owner | Kind::Grant | Kind::Connection)
    }

    /// Whether there is one of them for each of several others, who stands last in the path: a role, a provider.
    pub fn is_for_another(self) -> bool {
        matches!(self, Kind::SecurityLabel | Kind::Grant)
    }

    /// Whether objects of the kind, or what they are a part of, stand in a schema: their paths begin with its name.
    pub fn is_in_schema(self) -> bool {
        use Kind::*;
        let elsewhere = matches!(
            self,
            Schema | Extension | Language | AccessMethod | ForeignDataWrapper | Server | UserMapping | Cast | Transform
        );
        let apart = matches!(
            self,
            Publication | PublicationTable | PublicationSchema | Subscription | EventTrigger | Role | Membership
        );
        !elsewhere && !apart && !self.is_about_another() && self != DefaultPrivilege
    }

    /// Whether the name is the second part of the path, and what comes after it tells namesakes apart.
    pub fn is_named_second(self) -> bool {
        matches!(self, Kind::Function | Kind::Aggregate | Kind::Operator | Kind::OperatorFamily | Kind::OperatorClass)
    }
}

impl Object {
    pub fn id(&self) -> &Id {
        &self.head().id
    }

    pub fn parent(&self) -> Option<&Id> {
        self.head().parent.as_ref()
    }

    pub fn refs(&self) -> &[Ref] {
        &self.head().refs
    }

    /// What the object follows while their tables are linked.
    pub fn leaders(&self) -> impl Iterator<Item = &Id> {
        self.refs().iter().filter(|r| r.strength == Strength::Follow).map(|r| &r.to)
    }

    /// What the object ties together.
    pub fn wholes(&self) -> impl Iterator<Item = &Id> {
        self.refs().iter().filter(|r| r.strength == Strength::Whole).map(|r| &r.to)
    }

    pub fn has_ref(&self, to: &Id, strength: Strength) -> bool {
        self.refs().iter().any(|r| r.to == *to && r.strength == strength)
    }

    pub fn status(&self) -> Status {
        self.head().status
    }

    pub fn attr(&self, name: &str) -> Value {
        self.attrs().into_iter().find_map(|(n, v)| (n == name).then_some(v)).unwrap_or(Value::None)
    }
}
