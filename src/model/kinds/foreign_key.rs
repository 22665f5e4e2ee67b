//! A foreign key.

kind! {
    /// A foreign key.
    ForeignKey {
        /// In order.
        columns: Vec<String>,
        /// Table that is referenced.
        target: String,
        /// As the engine spells it, without NOT VALID.
        definition: String,
    }
}
