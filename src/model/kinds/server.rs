//! A foreign server.

kind! {
    /// A foreign server.
    Server {
        wrapper: String,
        r#type: Option<String>,
        version: Option<String>,
        /// `name=value`; those that may be secrets are never read.
        options: crate::model::Unordered,
    }
}
