//! How a type looks to a language; its path is one text, `type LANGUAGE language`.

kind! {
    /// How a type looks to a language; its path is one text, `type LANGUAGE language`.
    Transform {
        /// What stands between the parentheses of its `CREATE`.
        definition: String,
    }
}
