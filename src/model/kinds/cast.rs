//! A cast; its path is one text, `source AS target`.

kind! {
    /// A cast; its path is one text, `source AS target`.
    Cast {
        /// What stands after the types.
        definition: String,
    }
}
