//! A table without its parts: columns, keys and so on are objects of their own.

kind! {
    /// A table without its parts: columns, keys and so on are objects of their own.
    Table {
        /// PostgreSQL: not written ahead.
        unlogged: bool,
        /// Storage parameters as `name=value`, in order of name.
        options: crate::model::Unordered,
        /// Table access method, if not the usual one.
        method: Option<String>,
        /// `FULL` or `NOTHING`; that it is an index is said of the index.
        replica_identity: Option<String>,
        /// PostgreSQL: row security, `enabled`, `forced` or both.
        row_security: Option<String>,
        /// PostgreSQL: strategy and key, as in `RANGE (created_at)`.
        partition_by: Option<String>,
        /// SQLite: the name as it is written; it compares names without regard to case.
        spelling: Option<String>,
        /// SQLite: STRICT.
        strict: bool,
        /// SQLite: WITHOUT ROWID.
        without_rowid: bool,
        /// SQLite: its rowid column is AUTOINCREMENT.
        autoincrement: bool,
    }
}
