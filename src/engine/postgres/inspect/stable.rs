//! Texts of the server that read back as what they were printed from.

/// `status IN ('a', 'b')` on a `varchar` is printed as `… = ANY ((ARRAY['a'::character varying, …])::text[])`, and that, read
/// again, is printed in yet another way: a cast over an array constructor goes into its elements
/// (<https://www.postgresql.org/docs/current/sql-expressions.html#SQL-SYNTAX-ARRAY-CONSTRUCTORS>). With the array's own type
/// said first it stays where it is, so a check made from the text is the check that the text was taken from.
pub fn stable(text: String) -> String {
    if !text.contains("(ARRAY[") {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text.as_str();
    while let Some(start) = find_outside_quotes(rest, "(ARRAY[") {
        let (before, from) = rest.split_at(start + "(ARRAY[".len());
        out.push_str(before);
        let Some((inside, own)) = constructor(from) else {
            rest = from;
            continue;
        };
        out.push_str(inside);
        out.push_str(&format!("]::{own}[]"));
        rest = &from[inside.len() + 1..];
    }
    out.push_str(rest);
    out
}

/// What stands between the brackets, and the type of the elements, if a cast to an array of another type follows.
fn constructor(from: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quote) = (1, None);
    let mut end = None;
    for (i, c) in from.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => {
                depth -= 1;
                if depth == 0 {
                    end = Some(i);
                    break;
                }
            }
            _ => {}
        }
    }
    let inside = &from[..end?];
    let cast = from[end? + 1..].strip_prefix(")::")?;
    let own = &inside[inside.rfind("'::")? + 3..];
    let plain = !own.is_empty() && own.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | '"'));
    let target = cast.split_once("[]")?.0;
    let other = target != own && target.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | '"'));
    (plain && other).then_some((inside, own))
}

pub fn find_outside_quotes(text: &str, what: &str) -> Option<usize> {
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, _) if text[i..].starts_with(what) => return Some(i),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::stable;

    #[test]
    fn p01_a_cast_over_an_array_stays_over_it() {
        let printed = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b]'::character varying])::text[])))";
        let sent = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b]'::character varying]::character varying[])::text[])))";
        assert_eq!(stable(printed.into()), sent);
        for same in ["a = ANY (ARRAY[1, 2])", "x = '(ARRAY['", "a = ANY ((ARRAY['a'::text])::text[])", "(ARRAY["] {
            assert_eq!(stable(same.into()), same);
        }
    }
}
