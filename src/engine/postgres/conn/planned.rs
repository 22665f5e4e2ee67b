//! Questions that are asked again and again in one session: the server plans each of them once.

use super::Client;
use crate::SqlError;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use tokio_postgres::SimpleQueryRow;

/// What a session has had planned.
pub struct Planned {
    names: HashMap<String, u32>,
    last: u32,
    /// What its names begin with. A pooler that is not seen for one may give the session to another msr, whose names are others.
    prefix: String,
    /// Of the catalogs when they were planned for.
    size: u64,
}

impl Default for Planned {
    fn default() -> Planned {
        let prefix = format!("msr_{:x}", RandomState::new().build_hasher().finish());
        Planned { names: HashMap::new(), last: 0, prefix, size: 0 }
    }
}

impl Planned {
    /// The statements that ask: a question that is new is prepared first.
    fn statement(&mut self, sql: &str) -> String {
        if let Some(number) = self.names.get(sql) {
            return format!("EXECUTE {}_{number}", self.prefix);
        }
        self.last += 1;
        self.names.insert(sql.to_owned(), self.last);
        let name = format!("{}_{}", self.prefix, self.last);
        // A comment may stand at the end.
        format!("PREPARE {name} AS {sql}\n; EXECUTE {name}")
    }
}

impl Client {
    /// A plan that was good for small catalogs is a bad one for large ones: what was planned is planned anew once they have grown
    /// by a quarter. `size` is what the server's planner goes by, theirs in bytes.
    pub fn plan_for(&mut self, size: u64) -> Result<(), SqlError> {
        if size <= self.plans.size + self.plans.size / 4 {
            return Ok(());
        }
        self.plans.size = size;
        if self.plans.names.is_empty() {
            return Ok(());
        }
        self.plans.names.clear();
        self.execute("DEALLOCATE ALL")
    }

    /// Asks all questions without waiting for answers in between, each in a transaction of its own unless one is open; the rows
    /// of each. Behind a pooler nothing is prepared: the next statement may reach another of its sessions.
    pub fn planned(&mut self, questions: &[&str]) -> Result<Vec<Vec<SimpleQueryRow>>, SqlError> {
        if self.is_pooled() {
            return self.all_rows(questions);
        }
        let prepared: Vec<String> = questions.iter().map(|sql| self.plans.statement(sql)).collect();
        let answers = self.all_rows(&prepared);
        let Err(error) = answers else { return answers };
        // Some are prepared and some are not. The numbers go on, so that no name comes twice.
        self.plans.names.clear();
        // What ran in this session may have taken the plans away.
        if error.code == UNKNOWN_STATEMENT { self.all_rows(questions) } else { Err(error) }
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const UNKNOWN_STATEMENT: &str = "26000";
