//! Who can connect or hold rights; of the server and not of one database.

kind! {
    /// A role, where a schema file makes it. Its password is never read.
    Role {
        login: bool,
        superuser: bool,
        create_db: bool,
        create_role: bool,
        /// Whether it has the rights of the roles it is a member of by itself.
        inherit: bool,
        replication: bool,
        bypass_rls: bool,
        /// -1 for as many as there may be.
        connection_limit: i64,
        /// When its password ends.
        valid_until: Option<String>,
    }
}
