//! An enumerated type.

kind! {
    /// An enumerated type.
    Enum {
        /// In sort order.
        labels: Vec<String>,
    }
}
