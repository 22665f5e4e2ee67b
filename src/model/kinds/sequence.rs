//! A number generator.

kind! {
    /// A number generator.
    Sequence {
        r#type: String,
        start: i64,
        increment: i64,
        min: i64,
        max: i64,
        cache: i64,
        cycle: bool,
        /// The column that it goes with, as `schema.table.column`, quoted where needed.
        owned_by: Option<String>,
        unlogged: bool,
    }
}
