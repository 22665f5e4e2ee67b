//! Stand-in until the journal is plugged in: keeps its entries in memory, for this session only.

use crate::apply::journal::{Entry, Journal};
use crate::{Result, SqlError};

#[derive(Default)]
pub struct Dummy(Vec<Entry>);

impl Journal for Dummy {
    fn exists(&mut self) -> Result<bool, SqlError> {
        Ok(true)
    }

    fn bootstrap(&mut self) -> Result<()> {
        Ok(())
    }

    fn entries(&mut self) -> Result<Vec<Entry>, SqlError> {
        Ok(self.0.clone())
    }

    fn plan(&mut self, checksum: &str) -> Result<Option<String>, SqlError> {
        Ok(self.0.iter().find(|e| e.checksum == checksum).and_then(|e| e.plan.clone()))
    }

    fn head(&mut self) -> Result<Option<Entry>, SqlError> {
        Ok(self.0.last().cloned())
    }

    fn append(&mut self, head: Option<&Entry>, entry: &Entry) -> Result<bool, SqlError> {
        let same = self.0.last() == head;
        if same {
            self.0.push(entry.clone());
        }
        Ok(same)
    }
}
