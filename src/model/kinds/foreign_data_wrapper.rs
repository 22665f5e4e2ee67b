//! A foreign-data wrapper.

kind! {
    /// A foreign-data wrapper.
    ForeignDataWrapper {
        handler: Option<String>,
        validator: Option<String>,
        /// `name=value`; those that may be secrets are never read.
        options: crate::model::Unordered,
    }
}
