//! Which roles a schema speaks of.

use serde::{Deserialize, Serialize};

/// Roles are the server's, so of them only those are looked at that the schema files speak of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// Made in the files: what they are is compared.
    pub made: Vec<String>,
    /// Granted to others in the files: who their members are is compared.
    pub granted: Vec<String>,
}

impl Roles {
    pub fn is_empty(&self) -> bool {
        self.made.is_empty() && self.granted.is_empty()
    }
}
