//! That a table has its columns from a composite type.

kind! {
    /// That a table has its columns from a composite type (`OF`): its path is the table's.
    TypedTable {
        /// The type, qualified.
        of: String,
    }
}
