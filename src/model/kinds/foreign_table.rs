//! A table of a foreign server; its columns are objects of their own.

kind! {
    /// A table of a foreign server; its columns are objects of their own.
    ForeignTable {
        server: String,
        /// `name=value`; those that may be secrets are never read.
        options: crate::model::Unordered,
    }
}
