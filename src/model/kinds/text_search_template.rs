//! A text search template.

kind! {
    /// A text search template.
    TextSearchTemplate {
        /// What stands between the parentheses of its `CREATE`.
        definition: String,
    }
}
