//! What a role may do with objects yet to be made; its path is their maker (empty: who runs msr), their schema (empty: any), their sort and the
//! role. Managed only where a schema file says something of the maker, schema and sort.

kind! {
    /// What a role may do with objects yet to be made; its path is their maker (empty: who runs msr), their schema (empty: any), their sort and the
    /// role. Managed only where a schema file says something of the maker, schema and sort.
    DefaultPrivilege {
        /// In order; ` *` after a privilege that may be passed on.
        privileges: Vec<String>,
        /// What the role may do with such objects without any default privileges.
        usual: Vec<String>,
    }
}
