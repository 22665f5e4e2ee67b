//! A conversion between encodings.

kind! {
    /// A conversion between encodings.
    Conversion {
        /// What stands after its name.
        definition: String,
        /// Whether it is the one used between its encodings.
        usual: bool,
    }
}
