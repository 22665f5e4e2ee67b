//! Does what a plan says, or refuses. Never diffs.

pub mod journal;
