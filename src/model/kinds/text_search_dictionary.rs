//! A text search dictionary.

kind! {
    /// A text search dictionary.
    TextSearchDictionary {
        /// What stands between the parentheses of its `CREATE`.
        definition: String,
    }
}
