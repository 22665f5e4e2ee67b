//! A field of a composite type.

kind! {
    /// A field of a composite type.
    Attribute {
        /// As the engine spells it.
        r#type: String,
        collation: Option<String>,
    }
}
