//! As whom a role goes to a foreign server; its path is the server and the role.

kind! {
    /// As whom a role goes to a foreign server; its path is the server and the role.
    UserMapping {
        /// `name=value`, of those only that are known to be no secrets.
        options: crate::model::Unordered,
    }
}
