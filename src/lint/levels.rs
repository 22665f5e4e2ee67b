//! What a finding weighs in the end: the rule's own level, the settings', and what somebody allowed for a reason.

use super::rule::Rule;
use crate::model::Id;
use crate::plan::Level;
use crate::settings::Lint;
use crate::{Error, Result};

/// Rules that one name stands for: all that loses data.
const GROUPS: &[(&str, &[&str])] = &[
    ("destructive", &["drop-table", "drop-partition", "drop-column", "loses-data"]),
    // What older plans and scripts call them.
    ("drops-table", &["drop-table", "drop-partition"]),
    ("drops-column", &["drop-column"]),
];

/// Who says what of rules, for this run.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    pub settings: Lint,
    /// Of the command line.
    pub allow: Vec<String>,
}

impl Policy {
    pub fn new(settings: &Lint, allow: &[String]) -> Policy {
        Policy { settings: settings.clone(), allow: allow.to_vec() }
    }

    /// A misspelt rule would allow nothing, or deny nothing, without a word.
    pub fn check(&self) -> Result<()> {
        let lists = [&self.settings.deny, &self.settings.warn, &self.settings.allow];
        let file = lists.into_iter().flatten().map(|entry| (entry, "`[lint]` in the settings file"));
        let flags = self.allow.iter().map(|entry| (entry, "`--allow`"));
        for (entry, place) in file.chain(flags) {
            let name = entry.split(':').next().unwrap_or_default();
            if !is_known(name) {
                let known: Vec<&str> = super::rules::all().map(|r| r.id).collect();
                let near = crate::error::closest(name, &known);
                let error =
                    Error::config(format!("no rule is called `{}`, which stands in {place}", name.escape_debug()));
                return Err(match near {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint("`msr lint --explain all` names them"),
                });
            }
        }
        self.check_names()
    }

    fn check_names(&self) -> Result<()> {
        let kinds: Vec<&str> = super::rules::named_kinds().collect();
        let Some(wrong) = self.settings.names.keys().find(|kind| !kinds.contains(&kind.as_str())) else {
            return Ok(());
        };
        let what = format!(
            "`[lint.names]` in the settings file speaks of `{}`, which has no name of its own",
            wrong.escape_debug()
        );
        Err(Error::config(what).hint(format!("it may speak of: {}", kinds.join(", "))))
    }

    /// The level of a rule on these objects, and who allowed it.
    pub fn level(&self, rule: &str, own: Level, about: &[&Id]) -> (Level, Option<String>) {
        let says = |list: &[String]| list.iter().any(|entry| fits(entry, rule, about));
        if says(&self.allow) {
            return (Level::Allow, Some("on the command line".into()));
        }
        // The nearest wins: a pattern before a bare name, and of two that are as near the stricter.
        let near = |list: &[String]| list.iter().any(|entry| entry.contains(':') && fits(entry, rule, about));
        let order: [(&[String], Level); 3] = [
            (&self.settings.deny, Level::Deny),
            (&self.settings.warn, Level::Warn),
            (&self.settings.allow, Level::Allow),
        ];
        let found = order.iter().find(|(list, _)| near(list)).or_else(|| order.iter().find(|(list, _)| says(list)));
        match found {
            Some((_, Level::Allow)) => (Level::Allow, Some("in the settings file".into())),
            Some((_, level)) => (*level, None),
            None => (own, None),
        }
    }
}

pub fn is_known(name: &str) -> bool {
    name == "all" || GROUPS.iter().any(|(group, _)| *group == name) || super::rules::named(name).is_some()
}

/// Whether an entry, `rule` or `rule:table-pattern`, is about this rule on one of these objects.
fn fits(entry: &str, rule: &str, about: &[&Id]) -> bool {
    let (name, pattern) = entry.split_once(':').map_or((entry, None), |(name, pattern)| (name, Some(pattern)));
    covers(name, rule) && pattern.is_none_or(|p| about.iter().any(|id| matches_table(p, id)))
}

/// Whether a name stands for the rule: its own, a group's, or `all`.
pub fn covers(name: &str, rule: &str) -> bool {
    name == rule || name == "all" || GROUPS.iter().any(|(group, rules)| *group == name && rules.contains(&rule))
}

fn matches_table(pattern: &str, id: &Id) -> bool {
    let whole = id.path.iter().take(2).map(|p| &**p).collect::<Vec<_>>().join(".");
    let name = id.path.get(1).or(id.path.first()).map_or("", |p| p);
    glob(pattern, &whole) || !pattern.contains('.') && glob(pattern, name)
}

/// `*` is any run of characters.
pub fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => {
            let Some(tail) = text.strip_prefix(head) else { return false };
            (0..=tail.len()).filter(|&i| tail.is_char_boundary(i)).any(|i| glob(rest, &tail[i..]))
        }
    }
}

/// The level that a rule has by itself on an event.
pub fn own(rule: &Rule, little: bool) -> Level {
    if little { rule.level.min(Level::Note) } else { rule.level }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    fn level(lint: Lint, allow: &[&str], rule: &str) -> Level {
        let allow: Vec<String> = allow.iter().map(|a| a.to_string()).collect();
        let id = Id::new(Kind::Column, ["app", "users", "name"]);
        Policy::new(&lint, &allow).level(rule, Level::Deny, &[&id]).0
    }

    fn list(entries: &[&str]) -> Vec<String> {
        entries.iter().map(|e| e.to_string()).collect()
    }

    #[test]
    fn the_nearest_wins() {
        let lint = Lint { allow: list(&["drop-column"]), deny: list(&["drop-column:app.u*"]), ..Lint::default() };
        assert_eq!(level(lint.clone(), &[], "drop-column"), Level::Deny);
        assert_eq!(level(lint, &["drop-column"], "drop-column"), Level::Allow);
        let lint = Lint { allow: list(&["drop-column:users"]), ..Lint::default() };
        assert_eq!(level(lint, &[], "drop-column"), Level::Allow);
        let lint = Lint { warn: list(&["drop-column:other"]), ..Lint::default() };
        assert_eq!(level(lint, &[], "drop-column"), Level::Deny);
    }

    #[test]
    fn groups_and_all() {
        for name in ["all", "destructive", "drops-column", "drop-column"] {
            assert_eq!(level(Lint::default(), &[name], "drop-column"), Level::Allow, "{name}");
        }
        assert_eq!(level(Lint::default(), &["drops-table"], "drop-column"), Level::Deny);
        assert!(Policy::new(&Lint { deny: list(&["drop-colum"]), ..Lint::default() }, &[]).check().is_err());
    }
}
