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

/// Whether an index is of an expression or of a part of the rows.
pub fn computes(definition: &str) -> bool {
    let (body, predicate) = split_predicate(definition);
    let columns = body.find('(').and_then(|open| parenthesised(&body[open..])).map_or("", |(columns, _)| columns);
    !predicate.is_empty() || items(columns).iter().any(|column| column.contains('('))
}

/// What a text is made of: quoted texts and names, words and numbers, `::`, single signs, and what is blank between them.
fn tokens(text: &str) -> Vec<&str> {
    let (mut all, mut rest) = (vec![], text);
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    while let Some(first) = rest.chars().next() {
        let end = match first {
            // A quote that is doubled begins another text right where the one ends, which is as good.
            '\'' | '"' => rest[1..].find(first).map(|at| at + 2),
            c if word(c) => rest.find(|c| !word(c)),
            c if c.is_whitespace() => rest.find(|c: char| !c.is_whitespace()),
            ':' if rest.starts_with("::") => Some(2),
            c => Some(c.len_utf8()),
        };
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        all.push(token);
        rest = after;
    }
    all
}

/// An expression as an engine spells it, with columns under other names, and how many there were. What follows a cast is a
/// type, what is called is a function; what is of something else stands behind a dot.
pub fn with_names(text: &str, other: &dyn Fn(&str) -> Option<String>) -> (String, usize) {
    let all = tokens(text);
    let blank = |t: &&&str| t.trim().is_empty();
    let (mut done, mut count) = (String::with_capacity(text.len()), 0);
    for (i, token) in all.iter().enumerate() {
        let before = all[..i].iter().rev().find(|t| !blank(t)).copied().unwrap_or_default();
        let after = all[i + 1..].iter().find(|t| !blank(t)).copied().unwrap_or_default();
        let column = !["::", ".", "COLLATE"].contains(&before) && !["(", "."].contains(&after);
        let named = other(token).filter(|_| column);
        count += usize::from(named.is_some());
        done.push_str(named.as_deref().unwrap_or(token));
    }
    (done, count)
}

/// The words of an expression without casts, parentheses and blanks: columns of another type leave no other trace in it.
pub fn less_casts(text: &str) -> Vec<&str> {
    let all: Vec<&str> = tokens(text).into_iter().filter(|t| !t.trim().is_empty()).collect();
    let (mut kept, mut at) = (vec![], 0);
    while let Some(token) = all.get(at) {
        at = if *token == "::" { past_type(&all, at + 2) } else { at + 1 };
        if !["(", ")", "::"].contains(token) {
            kept.push(*token);
        }
    }
    kept
}

/// Where a type ends of which the first word stands before.
fn past_type(all: &[&str], mut at: usize) -> usize {
    const MORE: &[&str] = &["varying", "precision", "without", "with", "time", "zone"];
    loop {
        at = match all.get(at).copied() {
            Some("." | "[") => at + 2,
            Some("(") => all[at..].iter().position(|t| *t == ")").map_or(all.len(), |end| at + end + 1),
            Some(word) if MORE.contains(&word) => at + 1,
            _ => return at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_get_other_names() {
        let named = |text| with_names(text, &|t| (t == "n" || t == "\"N\"").then(|| "m".to_string()));
        assert_eq!(named("((n > 'n'::n) AND n(n) = n.n COLLATE n)").0, "((m > 'n'::n) AND n(m) = n.n COLLATE n)");
        assert_eq!(named("(\"N\" DESC, nn, 'it''s n')"), ("(m DESC, nn, 'it''s n')".to_string(), 1));
    }

    #[test]
    fn casts_leave_no_trace() {
        let same = |a, b| less_casts(a) == less_casts(b);
        assert!(same("(n > 0)", "(n > (0)::numeric)"));
        assert!(same("((a)::text <> 'x'::text)", "(a <> 'x'::character varying(9))"));
        assert!(same("(at < '2020-01-01'::date)", "(at < '2020-01-01'::timestamp without time zone)"));
        assert!(!same("(n > 0)", "(n > 1)"));
    }

    #[test]
    fn a_predicate_is_found_outside_of_quotes() {
        assert_eq!(split_predicate("USING btree (((a || ' WHERE '::text))) WHERE (b > 0)").1, " WHERE (b > 0)");
        assert_eq!(split_predicate("USING btree (a)").1, "");
    }
}
