//! A type made by functions of its own, or the mere name of one.

kind! {
    /// A type made by functions of its own, which come and go with it; without a definition it is a shell, a name that
    /// functions may speak of.
    BaseType {
        /// What stands between the parentheses of its `CREATE` and can't be altered.
        definition: Option<String>,
        /// The functions that need it and that it needs: those that read and write it.
        functions: Vec<String>,
        typmod_in: Option<String>,
        typmod_out: Option<String>,
        analyze: Option<String>,
        subscript: Option<String>,
        storage: Option<String>,
    }
}
