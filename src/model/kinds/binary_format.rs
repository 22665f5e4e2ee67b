//! How values of a base type are sent or received in binary form.

kind! {
    /// How values of a base type are sent or received in binary form; its path ends with which of the two.
    BinaryFormat {
        function: String,
    }
}
