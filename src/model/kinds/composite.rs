//! A row type of its own.

kind! {
    /// A row type of its own.
    Composite {
    }
}
