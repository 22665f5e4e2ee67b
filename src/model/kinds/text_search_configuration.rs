//! A text search configuration.

kind! {
    /// A text search configuration.
    TextSearchConfiguration {
        parser: String,
        /// `token type: dictionaries`, in order of name.
        mappings: Vec<String>,
    }
}
