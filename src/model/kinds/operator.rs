//! An operator; its path ends with the types of its arguments, the left one `NONE` for a prefix operator.

kind! {
    /// An operator; its path ends with the types of its arguments, the left one `NONE` for a prefix operator.
    Operator {
        /// What stands between the parentheses of its `CREATE`.
        definition: String,
    }
}
