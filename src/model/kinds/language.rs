//! A procedural language that no extension made.

kind! {
    /// A procedural language that no extension made.
    Language {
        trusted: bool,
        handler: String,
        /// What DO calls.
        inline: Option<String>,
        validator: Option<String>,
    }
}
