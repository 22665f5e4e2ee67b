//! A row security policy.

kind! {
    /// A row security policy.
    Policy {
        /// What stands after the table's name.
        definition: String,
    }
}
