//! An extension; what it owns is never msr's.

kind! {
    /// An extension; what it owns is never msr's.
    Extension {
        /// Where its objects live, if it can be moved.
        schema: String,
    }
}
