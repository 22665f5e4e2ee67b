//! SQLite: a table that a module answers for; its shadow tables are the module's.

kind! {
    /// SQLite: a table that a module answers for; its shadow tables are the module's.
    VirtualTable {
        module: String,
        /// As written between the parentheses.
        arguments: String,
    }
}
