//! A way to store tables or indexes.

kind! {
    /// A way to store tables or indexes.
    AccessMethod {
        /// `TABLE` or `INDEX`.
        purpose: String,
        handler: String,
    }
}
