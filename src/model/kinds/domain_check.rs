//! A check on a domain's values.

kind! {
    /// A check on a domain's values.
    DomainCheck {
        /// As the engine spells it, from `CHECK` on.
        definition: String,
    }
}
