//! A type with checks on top of another.

kind! {
    /// A type with checks on top of another.
    Domain {
        /// Type it stands on, as the engine spells it.
        base: String,
        /// If it is not the base type's own.
        collation: Option<String>,
        /// Expression.
        default: Option<String>,
        not_null: bool,
        /// PostgreSQL, from 18 on: the name of the NOT NULL constraint, if somebody gave it one.
        not_null_name: Option<String>,
    }
}
