//! An aggregate function; its argument types are part of its path.

kind! {
    /// An aggregate function; its argument types are part of its path.
    Aggregate {
        /// As `COMMENT ON AGGREGATE` wants them: `*` for none, `ORDER BY` between direct and aggregated ones.
        arguments: String,
        /// What CREATE OR REPLACE may not change.
        signature: String,
        /// What stands between the second parentheses of its `CREATE`.
        definition: String,
    }
}
