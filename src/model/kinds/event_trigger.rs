//! An event trigger.

kind! {
    /// An event trigger.
    EventTrigger {
        /// What stands after its name.
        definition: String,
        /// `origin`, `always`, `replica` or `disabled`.
        enabled: String,
    }
}
