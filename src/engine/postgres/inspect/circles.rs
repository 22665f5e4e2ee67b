//! Types that need functions which need them: base types, and ranges with a canonical function. The functions without which
//! there is no such type are parts of it; each of the others is tied to it by an object of its own.

use super::{Depend, Reader, class};
use crate::SqlError;
use crate::engine::postgres::ddl;
use crate::model::{BinaryFormat, Head, Id, Kind, Object, Ref, Strength};

impl Reader<'_> {
    pub(super) fn circles(&mut self, depends: &[Depend]) -> Result<(), SqlError> {
        let formats = self.binary_formats()?;
        for d in depends.iter().filter(|d| d.from.0 == class::TYPE && d.to.0 == class::PROC) {
            let (Some(of), Some(function)) = (self.object_at(d.from).cloned(), self.object_at(d.to).cloned()) else {
                continue;
            };
            let needs =
                |from: &Id, to: &Id| self.catalog.get(from).is_some_and(|o| o.refs().iter().any(|r| r.to == *to));
            let made = matches!(of.kind, Kind::BaseType | Kind::Range) && function.kind == Kind::Function;
            if !made || !needs(&of, &function) || !needs(&function, &of) {
                continue;
            }
            if let Some(object) = self.catalog.get_mut(&of) {
                object.head_mut().refs.retain(|r| r.to != function);
            }
            let part = !formats.contains(&function);
            if let Some(Object::Function(function)) = self.catalog.get_mut(&function) {
                // The server can only drop them together.
                function.head.refs.iter_mut().filter(|r| r.to == of).for_each(|r| r.strength = Strength::Auto);
                function.part_of = part.then(|| ddl::path(&of));
                function.head.parent = part.then_some(of);
            }
        }
        Ok(())
    }

    /// The functions that send and receive.
    fn binary_formats(&mut self) -> Result<Vec<Id>, SqlError> {
        let mut functions = Vec::new();
        for row in self.query(include_str!("binary_formats.sql"))? {
            let Some(of) = self.names.exactly((class::TYPE, row.number(0), 0)).cloned() else { continue };
            if !self.catalog.contains(&of) {
                continue;
            }
            let mut format = BinaryFormat::new(Head::child(of.below(Kind::BinaryFormat, &row.text(1)), of));
            format.function = row.text(3);
            if let Some(function) = self.names.exactly((class::PROC, row.number(2), 0)) {
                format.head.refs.push(Ref::normal(function.clone()));
                functions.push(function.clone());
            }
            self.catalog.insert(Object::from(format));
        }
        Ok(functions)
    }
}
