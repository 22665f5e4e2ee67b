//! What a role may do with an object; managed only where a schema file grants on the object.

kind! {
    /// What a role may do with an object; managed only where a schema file grants on the object.
    Grant {
        /// In order; ` *` after a privilege that may be passed on.
        privileges: Vec<String>,
        /// What the role may do with a new object of this kind, without any grant.
        usual: Vec<String>,
    }
}
