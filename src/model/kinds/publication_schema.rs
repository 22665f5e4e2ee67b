//! A schema all of whose tables are in a publication.

kind! {
    /// A schema all of whose tables are in a publication.
    PublicationSchema {
    }
}
