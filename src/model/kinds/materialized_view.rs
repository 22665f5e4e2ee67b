//! A view whose rows are stored.

kind! {
    /// A view whose rows are stored.
    MaterializedView {
        /// Query, as the engine spells it.
        definition: String,
        columns: Vec<String>,
        options: crate::model::Unordered,
        method: Option<String>,
        populated: bool,
        /// What is said of single columns, as the actions of ALTER that say it.
        settings: Vec<String>,
    }
}
