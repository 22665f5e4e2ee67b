//! What a security module keeps of an object.

kind! {
    /// What a security module keeps of an object; managed only where a schema file labels the object for that provider.
    SecurityLabel {
        label: String,
    }
}
