//! A check constraint of a table.

kind! {
    /// A check constraint of a table.
    Check {
        /// As the engine spells it, without NOT VALID.
        definition: String,
        /// SQLite: whether the name is the user's.
        named: bool,
    }
}
