//! All that a rule may look at.

use super::event::Event;
use crate::engine::Figures;
use crate::model::Catalog;
use crate::plan::Plan;
use crate::settings::Lint;

pub struct Scene<'a> {
    pub engine: &'a str,
    /// As the server counts it; 0 where none was asked.
    pub version: u32,
    /// In order of execution.
    pub events: Vec<Event>,
    /// The state before and after all of it, where they are known.
    pub base: Option<&'a Catalog>,
    pub goal: Option<&'a Catalog>,
    /// A plan of msr's, which sets its own timeouts and decides on transactions.
    pub plan: Option<&'a Plan>,
    /// What the server has counted; nothing where there is none.
    pub figures: &'a Figures,
    pub settings: &'a Lint,
}

impl Scene<'_> {
    /// The events in their transactions, each with its number; those outside of any are left out.
    pub fn transactions(&self) -> Vec<Vec<usize>> {
        let mut all: std::collections::BTreeMap<usize, Vec<usize>> = Default::default();
        for (i, event) in self.events.iter().enumerate() {
            if let Some(tx) = event.tx {
                all.entry(tx).or_default().push(i);
            }
        }
        all.into_values().collect()
    }
}
