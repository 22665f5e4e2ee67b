//! From the catalog's numbers to ids.

use crate::model::{Id, Kind};
use std::collections::HashMap;

/// A row of a system catalog: the catalog's own number, the row's, and a column's where it is about one.
pub type Address = (u32, u32, i32);

/// The numbers of the system catalogs that msr reads; the same in every PostgreSQL since they are fixed in its source
/// (<https://www.postgresql.org/docs/current/system-catalog-declarations.html>).
pub mod class {
    pub const TYPE: u32 = 1247;
    pub const PROC: u32 = 1255;
    pub const CLASS: u32 = 1259;
    pub const CONSTRAINT: u32 = 2606;
    pub const ATTRDEF: u32 = 2604;
    pub const NAMESPACE: u32 = 2615;
    pub const REWRITE: u32 = 2618;
    pub const TRIGGER: u32 = 2620;
    pub const EXTENSION: u32 = 3079;
    pub const POLICY: u32 = 3256;
}

/// What each address is.
#[derive(Default)]
pub struct Names {
    ids: HashMap<Address, Id>,
    /// Rows that belong to an extension, and to which.
    pub owned: HashMap<(u32, u32), Id>,
    /// Array and row types, by what they stand for.
    pub stands_for: HashMap<u32, Address>,
}

impl Names {
    pub fn add(&mut self, class: u32, oid: u32, sub: i32, id: &Id) {
        self.ids.insert((class, oid, sub), id.clone());
    }

    /// The object at the address; a column of a view or index is the view or index.
    pub fn get(&self, (class, oid, sub): Address) -> Option<&Id> {
        let found = self.ids.get(&(class, oid, sub)).or_else(|| self.ids.get(&(class, oid, 0)));
        found.or_else(|| self.owned.get(&(class, oid))).or_else(|| {
            let other = self.stands_for.get(&oid).filter(|_| class == class::TYPE)?;
            (*other != (class, oid, sub)).then(|| self.get(*other))?
        })
    }

    /// The object exactly at the address, columns of views included. A composite type is spoken of by its row type.
    pub fn exactly(&self, address: Address) -> Option<&Id> {
        self.ids.get(&address).or_else(|| {
            let relation = self.stands_for.get(&address.1).filter(|_| address.0 == class::TYPE)?;
            self.ids.get(relation).filter(|id| id.kind == Kind::Composite)
        })
    }

    pub fn table(&self, oid: u32) -> Option<&Id> {
        self.ids.get(&(class::CLASS, oid, 0)).filter(|id| id.kind == Kind::Table)
    }
}
