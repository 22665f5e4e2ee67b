//! A table in a publication; its path is the publication's and the table's.

kind! {
    /// A table in a publication; its path is the publication's and the table's.
    PublicationTable {
        /// If not all.
        columns: Vec<String>,
        /// Which rows.
        filter: Option<String>,
    }
}
