//! When a trigger of a partitioned table fires in one of its partitions.

kind! {
    /// When a trigger of a partitioned table fires in one of its partitions, if not as it does in the others: its path is
    /// the partition's and the trigger's name there.
    Firing {
        /// `origin`, `always`, `replica` or `disabled`.
        enabled: String,
    }
}
