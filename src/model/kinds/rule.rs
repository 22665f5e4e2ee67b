//! A rewrite rule that is not a view's own.

kind! {
    /// A rewrite rule that is not a view's own.
    Rule {
        definition: String,
        enabled: String,
    }
}
