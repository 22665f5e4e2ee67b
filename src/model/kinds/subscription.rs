//! A subscription. Whether it runs, and where it connects to, is never read: the one is operation, the other a secret.

kind! {
    /// A subscription. Whether it runs, and where it connects to, is never read: the one is operation, the other a secret.
    Subscription {
        publications: Vec<String>,
        /// Name of the slot at the publisher.
        slot: Option<String>,
        /// `name=value`, where not the usual.
        options: Vec<String>,
    }
}
