//! What is said of an object.

kind! {
    /// What is said of an object.
    Comment {
        text: String,
    }
}
