//! How much a plan does, in one line.

use crate::model::Id;
use crate::plan::{Action, Down, Plan};
use std::collections::BTreeMap;

use super::text::count;

/// Objects by what happens to them, each counted once however many steps it takes, and the steps to beware of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    pub create: usize,
    pub change: usize,
    pub replace: usize,
    pub drop: usize,
    /// Steps that lose data.
    pub losing: usize,
    /// Steps that can't be undone at all.
    pub irreversible: usize,
}

impl Summary {
    pub fn of(plan: &Plan) -> Summary {
        // The first step decides: an object is created and then validated, or replaced and then created.
        let mut first: BTreeMap<&Id, Action> = BTreeMap::new();
        for step in &plan.steps {
            first.entry(&step.subject).or_insert(step.action);
        }
        let number = |actions: &[Action]| first.values().filter(|a| actions.contains(a)).count();
        Summary {
            create: number(&[Action::Create]),
            change: number(&[Action::Alter, Action::Rename, Action::Rebuild]),
            replace: number(&[Action::Replace]),
            drop: number(&[Action::Drop]),
            losing: plan.steps.iter().filter(|s| s.loses.is_some()).count(),
            irreversible: plan.steps.iter().filter(|s| matches!(s.down, Down::Irreversible(_))).count(),
        }
    }

    /// `3 to create, 1 to change, 0 to drop; 1 step loses data`
    pub fn line(&self) -> String {
        let mut line = format!("{} to create, {} to change, ", self.create, self.change);
        if self.replace > 0 {
            line += &format!("{} to replace, ", self.replace);
        }
        line += &format!("{} to drop", self.drop);
        if self.losing > 0 {
            line += &format!(
                "; {} data",
                if self.losing == 1 { "1 step loses".into() } else { format!("{} lose", count(self.losing, "step")) }
            );
        }
        if self.irreversible > 0 {
            line += &format!("; {} can't be undone", count(self.irreversible, "step"));
        }
        line
    }
}
