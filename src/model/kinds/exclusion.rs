//! An exclusion constraint.

kind! {
    /// An exclusion constraint.
    Exclusion {
        /// As the engine spells it.
        definition: String,
    }
}
