//! Whose an object is; known only where a schema file says it.

kind! {
    /// Whose an object is; known only where a schema file says it.
    Owner {
        role: String,
    }
}
