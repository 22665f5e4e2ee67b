//! That a role is a member of another.

kind! {
    /// That a role is a member of another, where a schema file says who the members are; its path is the role and the member.
    Membership {
        /// Whether the member may make others members.
        admin: bool,
        /// From 16 on: whether the member has the role's rights by itself.
        inherit: Option<bool>,
        /// From 16 on: whether the member may become the role.
        set: Option<bool>,
    }
}
