//! One row of text values.

use tokio_postgres::SimpleQueryRow;

/// A row as the simple protocol gives it. A value that is missing or of another shape reads as the type's empty value:
/// what the queries return is fixed by the files beside this one.
pub struct Row(pub SimpleQueryRow);

impl Row {
    pub fn text(&self, i: usize) -> String {
        self.peek(i).to_owned()
    }

    pub fn maybe(&self, i: usize) -> Option<String> {
        self.get(i).map(str::to_owned)
    }

    /// A text that holds expressions as the server prints them.
    pub fn printed(&self, i: usize) -> String {
        super::stable::stable(self.text(i))
    }

    fn get(&self, i: usize) -> Option<&str> {
        if i < self.0.len() { self.0.get(i) } else { None }
    }

    fn peek(&self, i: usize) -> &str {
        self.get(i).unwrap_or("")
    }

    pub fn is_null(&self, i: usize) -> bool {
        self.get(i).is_none()
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

    /// When a trigger or a rule fires, as `pg_trigger.tgenabled` and its like say it.
    pub fn enabled(&self, i: usize) -> String {
        let word = match self.letter(i) {
            'O' => "origin",
            'A' => "always",
            'R' => "replica",
            _ => "disabled",
        };
        word.to_string()
    }

    /// A JSON array of strings.
    pub fn list(&self, i: usize) -> Vec<String> {
        self.get(i).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// An array of numbers, or a vector of them.
    pub fn numbers<T: std::str::FromStr>(&self, i: usize) -> Vec<T> {
        let words = self.peek(i).split([' ', ',', '{', '}']);
        words.filter_map(|word| word.parse().ok()).collect()
    }
}
