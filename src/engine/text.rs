//! Texts that an engine printed, taken apart at parentheses and quotes.

/// Each character with its place, how deep in parentheses and brackets the text is after it, and whether it is not quoted.
fn levels(text: &str) -> impl Iterator<Item = (usize, char, usize, bool)> {
    let (mut depth, mut quote) = (0usize, None);
    text.char_indices().map(move |(i, c)| {
        let bare = quote.is_none();
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        (i, c, depth, bare)
    })
}

/// The text in the parentheses that it begins with, and what comes after them.
pub fn parenthesised(text: &str) -> Option<(&str, &str)> {
    let (end, ..) = levels(text).find(|(_, _, depth, _)| *depth == 0).filter(|_| text.starts_with('('))?;
    Some((&text[1..end], &text[end + 1..]))
}

/// What stands between the commas, those within parentheses and quotes aside.
pub fn items(list: &str) -> Vec<&str> {
    let commas = levels(list).filter(|(_, c, depth, bare)| *c == ',' && *depth == 0 && *bare);
    let (mut start, mut all) = (0, vec![]);
    for (comma, ..) in commas {
        all.push(list[start..comma].trim());
        start = comma + 1;
    }
    all.push(list[start..].trim());
    all
}

/// Where the predicate of an index definition begins, outside of parentheses and quotes.
pub fn split_predicate(definition: &str) -> (&str, &str) {
    let mut spaces = levels(definition).filter(|(_, c, depth, bare)| *c == ' ' && *depth == 0 && *bare);
    match spaces.find(|(i, ..)| definition[*i..].starts_with(" WHERE ")) {
        Some((i, ..)) => definition.split_at(i),
        None => (definition, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_predicate_is_found_outside_of_quotes() {
        assert_eq!(split_predicate("USING btree (((a || ' WHERE '::text))) WHERE (b > 0)").1, " WHERE (b > 0)");
        assert_eq!(split_predicate("USING btree (a)").1, "");
    }
}
