//! A function or procedure; its argument types are part of its path.

kind! {
    /// A function or procedure; its argument types are part of its path.
    Function {
        /// `FUNCTION` or `PROCEDURE`.
        routine: String,
        /// The whole `CREATE`, as the engine spells it.
        definition: String,
        /// Argument names and defaults, and what it returns: what CREATE OR REPLACE may not change.
        signature: String,
        /// How many arguments have a default.
        defaults: i64,
        /// The base type or range that there can't be without it.
        part_of: Option<String>,
    }
}
