//! That a table inherits from another.

kind! {
    /// That a table inherits from another: its path is the heir's and, as one name, the parent's.
    Inheritance {
        /// The parent, qualified.
        parent: String,
    }
}
