//! An operator family; its path ends with its access method.

kind! {
    /// An operator family; its path ends with its access method.
    OperatorFamily {
        /// Operators and functions that belong to no class of it.
        members: Vec<String>,
    }
}
