//! A view.

kind! {
    /// A view.
    View {
        /// Query, as the engine spells it.
        definition: String,
        /// Name and type of each, in order.
        columns: Vec<String>,
        options: crate::model::Unordered,
        recursive: bool,
    }
}
