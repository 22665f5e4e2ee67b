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
    }
}
