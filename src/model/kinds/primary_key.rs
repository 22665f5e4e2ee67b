//! A primary key.

kind! {
    /// A primary key.
    PrimaryKey {
        /// In order.
        columns: Vec<String>,
        /// As the engine spells it.
        definition: String,
        clustered: bool,
        /// PostgreSQL: its columns tell a row to logical replication.
        replica_identity: bool,
        /// Storage parameters of its index.
        options: crate::model::Unordered,
        /// The index of the partitioned table that this one is a partition of.
        part_of: Option<String>,
    }
}
