//! A trigger.

kind! {
    /// A trigger.
    Trigger {
        /// The whole `CREATE`, as the engine spells it.
        definition: String,
        /// `origin`, `always`, `replica` or `disabled`.
        enabled: String,
    }
}
