//! A namespace.

kind! {
    /// A namespace.
    Schema {
    }
}
