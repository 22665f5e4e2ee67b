//! A range type, and the multirange type that comes with it.

kind! {
    /// A range type, and the multirange type that comes with it.
    Range {
        /// What stands between the parentheses of its `CREATE`.
        definition: String,
    }
}
