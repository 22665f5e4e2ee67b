//! Where a subscription connects to; known only where it holds no secret.

kind! {
    /// Where a subscription connects to; known only where it holds no secret.
    Connection {
        /// As libpq reads it.
        info: String,
    }
}
