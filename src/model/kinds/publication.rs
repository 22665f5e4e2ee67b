//! A publication; its tables and schemas are objects of their own.

kind! {
    /// A publication; its tables and schemas are objects of their own.
    Publication {
        all_tables: bool,
        /// The operations, in order.
        publish: String,
        /// Whether changes of a partition are told as its root's.
        via_root: bool,
    }
}
