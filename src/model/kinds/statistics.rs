//! Extended statistics of a table.

kind! {
    /// Extended statistics of a table.
    Statistics {
        /// The whole `CREATE`, as the engine spells it.
        definition: String,
        /// If not the usual one.
        target: Option<i64>,
    }
}
