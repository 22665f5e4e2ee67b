//! One row of text values.

/// A row as the simple protocol gives it. A value that is missing or of another shape reads as the type's empty value:
/// what the queries return is fixed by the files beside this one.
pub struct Row(pub Vec<Option<String>>);

impl Row {
    pub fn text(&mut self, i: usize) -> String {
        self.maybe(i).unwrap_or_default()
    }

    pub fn maybe(&mut self, i: usize) -> Option<String> {
        self.0.get_mut(i).and_then(Option::take)
    }

    /// A text that holds expressions as the server prints them.
    pub fn printed(&mut self, i: usize) -> String {
        super::stable::stable(self.text(i))
    }

    fn peek(&self, i: usize) -> &str {
        self.0.get(i).and_then(Option::as_deref).unwrap_or("")
    }

    pub fn is_null(&self, i: usize) -> bool {
        self.0.get(i).is_none_or(Option::is_none)
    }

    pub fn number<T: std::str::FromStr + Default>(&self, i: usize) -> T {
        self.peek(i).parse().unwrap_or_default()
    }

    pub fn flag(&self, i: usize) -> bool {
        self.peek(i) == "t"
    }

    pub fn letter(&self, i: usize) -> char {
        self.peek(i).chars().next().unwrap_or(' ')
    }

    /// A JSON array of strings.
    pub fn list(&self, i: usize) -> Vec<String> {
        serde_json::from_str(self.peek(i)).unwrap_or_default()
    }
}
