//! An index that no constraint owns.

kind! {
    /// An index that no constraint owns.
    Index {
        unique: bool,
        /// What stands after the table's name, without storage parameters.
        definition: String,
        /// Storage parameters.
        options: crate::model::Unordered,
        /// `column number=target`.
        statistics: Vec<String>,
        clustered: bool,
        /// PostgreSQL: its columns tell a row to logical replication.
        replica_identity: bool,
        /// The index of the partitioned table that this one is a partition of.
        part_of: Option<String>,
    }
}
