//! A column's default: an object apart, since a sequence may depend on the column and the default on the sequence.

kind! {
    /// A column's default: an object apart, since a sequence may depend on the column and the default on the sequence.
    Default {
        /// As the engine spells it.
        expression: String,
    }
}
