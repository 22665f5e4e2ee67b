//! A column of a table.

kind! {
    /// A column of a table.
    Column {
        /// As the engine spells it.
        r#type: String,
        /// If it is not the type's own.
        collation: Option<String>,
        not_null: bool,
        /// PostgreSQL, from 18 on: the name of the NOT NULL constraint, if somebody gave it one.
        not_null_name: Option<String>,
        /// PostgreSQL, from 18 on: NOT NULL that was not looked at in the rows that are there.
        not_null_pending: bool,
        /// `ALWAYS` or `BY DEFAULT`.
        identity: Option<String>,
        /// Options of the sequence behind an identity, where they are not the usual ones.
        identity_options: Vec<String>,
        /// Expression of a generated column.
        generated: Option<String>,
        /// Whether the generated value is stored.
        stored: bool,
        /// PostgreSQL: how long values are kept.
        storage: String,
        /// What the type has by itself.
        usual_storage: String,
        compression: Option<String>,
        /// Statistics target.
        statistics: Option<i64>,
        options: crate::model::Unordered,
        /// PostgreSQL: of a foreign table's column.
        foreign_options: crate::model::Unordered,
        /// SQLite: the name as it is written; it compares names without regard to case.
        spelling: Option<String>,
        /// SQLite: what ON CONFLICT says after NOT NULL.
        conflict: Option<String>,
    }
}
