//! A text search parser.

kind! {
    /// A text search parser.
    TextSearchParser {
        /// What stands between the parentheses of its `CREATE`.
        definition: String,
    }
}
