//! An operator class; its path ends with its access method.

kind! {
    /// An operator class; its path ends with its access method.
    OperatorClass {
        /// What stands after its name.
        definition: String,
    }
}
