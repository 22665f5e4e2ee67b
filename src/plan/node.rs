//! What will be one step, or several where its ladder is cut.

use super::Action;
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::{Phase, Rung};
use crate::model::Id;

/// What will be one step.
#[derive(Debug, Clone)]
pub struct Node {
    pub subject: Id,
    pub action: Action,
    pub deltas: Vec<Delta>,
    pub rungs: Vec<Rung>,
    /// An action of ALTER TABLE on this object that may share a statement with its neighbours.
    pub clauses: Vec<(Id, String)>,
    pub loses: Option<String>,
    /// Objects that the node alters along with its own, so that their users too go before it and come after it.
    pub along: Vec<Id>,
    /// The object whose step does this too.
    pub with: Option<Id>,
    /// The way back, where it is known without deriving it: renames, and what is only put out of the way.
    pub down: Option<Vec<Rung>>,
    /// What that loses.
    pub back_loses: Option<String>,
    pub phase: Phase,
    /// What it is for comes about in the contract phase.
    pub waits: bool,
    /// Half of what was one node: what it does is seen when it is done.
    pub part: bool,
}

impl Node {
    pub fn new(subject: &Id, action: Action, deltas: Vec<Delta>) -> Node {
        Node {
            subject: subject.clone(),
            action,
            deltas,
            rungs: vec![],
            clauses: vec![],
            loses: None,
            along: vec![],
            with: None,
            down: None,
            back_loses: None,
            phase: Phase::Expand,
            waits: false,
            part: false,
        }
    }

    /// Turns pending ALTER TABLE actions into statements.
    pub fn flush_clauses(&mut self, engine: &dyn Engine) {
        let mut rest = std::mem::take(&mut self.clauses);
        while let Some((table, _)) = rest.first().cloned() {
            let (mine, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(t, _)| *t == table);
            let texts: Vec<String> = mine.into_iter().map(|(_, text)| text).collect();
            self.rungs.extend(engine.join_clauses(&table, &texts).into_iter().map(Rung::new));
            rest = others;
        }
    }

    /// Takes over what another node does, after its own.
    pub fn absorb(&mut self, engine: &dyn Engine, mut other: Node) {
        self.flush_clauses(engine);
        other.flush_clauses(engine);
        self.deltas.extend(other.deltas);
        self.rungs.extend(other.rungs);
        self.rungs.sort_by_key(|r| !r.ahead);
        self.along.extend(other.along);
        let both = |one: Option<String>, other: Option<String>| {
            let lost: Vec<String> = one.into_iter().chain(other).collect();
            (!lost.is_empty()).then(|| lost.join(", "))
        };
        self.loses = both(self.loses.take(), other.loses);
        self.back_loses = both(self.back_loses.take(), other.back_loses);
    }

    /// Whether nothing is sent for it.
    pub fn is_silent(&self) -> bool {
        self.rungs.is_empty() && self.clauses.is_empty()
    }
}
