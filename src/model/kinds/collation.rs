//! A collation.

kind! {
    /// A collation.
    Collation {
        /// What stands between the parentheses of its `CREATE`.
        definition: String,
    }
}
