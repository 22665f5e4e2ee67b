//! That a table is a partition of another.

kind! {
    /// That a table is a partition of another: its path is the partition's.
    Attachment {
        /// The partitioned table, qualified.
        parent: String,
        /// `FOR VALUES …` or `DEFAULT`.
        bound: String,
    }
}
