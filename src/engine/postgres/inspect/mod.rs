//! Reads the catalog in two round trips, whatever the schema's size, without a lock on any user table.
//!
//! The session's `search_path` is `pg_catalog` alone, so every name in the server's own texts comes out qualified.

mod ahead;
mod bodies;
mod circles;
mod links;
mod names;
mod parts;
mod plain;
mod relations;
mod roles;
mod row;
mod said;
mod stable;
mod stamp;
mod wishes;

use super::conn::Client;
use crate::SqlError;
use crate::engine::how::Casts;
use crate::model::{Catalog, Comment, Extension, Head, Id, Kind, Object, Ref, Roles, Schema, Strength, Unmodelled};
pub use bodies::refused;
use names::{Names, class};
use row::Row;
pub use stamp::stamp;
use std::collections::HashMap;

/// What the readers fill.
pub(super) struct Reader<'a> {
    client: &'a mut Client,
    version: u32,
    /// Answers to what will be asked.
    ahead: HashMap<String, Vec<Row>>,
    names: Names,
    catalog: Catalog,
    /// Bodies of functions, which the engine knows no dependencies of.
    bodies: Vec<(Id, String)>,
    ties: links::Ties,
}

/// The whole catalog, without what belongs to the system, to extensions and to msr.
pub fn inspect(client: &mut Client, roles: &Roles) -> Result<Catalog, SqlError> {
    let version = client.server_version_num();
    let ahead = ahead::answers(client, version)?;
    let mut r = Reader {
        client,
        version,
        ahead,
        names: Names::default(),
        catalog: Catalog::default(),
        bodies: vec![],
        ties: links::Ties::default(),
    };
    r.roles(roles)?;
    r.namespaces()?;
    r.extensions()?;
    let depends = r.depends()?;
    r.types()?;
    let linked = r.relations()?;
    r.plain()?;
    r.links(linked);
    r.columns()?;
    r.defaults()?;
    r.sequences()?;
    r.constraints()?;
    r.indexes()?;
    r.functions()?;
    r.triggers()?;
    r.policies()?;
    r.rules()?;
    r.unmodelled()?;
    r.withheld()?;
    r.connect(&depends);
    r.circles(&depends)?;
    r.follow();
    r.default_privileges()?;
    r.wishes();
    r.comments()?;
    r.security_labels()?;
    r.grants()?;
    r.owners()?;
    r.lean_on_roles(roles);
    r.catalog.shrink_to_fit();
    Ok(r.catalog)
}

/// What is in every new database: <https://www.postgresql.org/docs/current/manage-ag-templatedbs.html>.
pub fn blank() -> Catalog {
    let public = Id::new(Kind::Schema, ["public"]);
    let mut comment = Comment::new(Head::child(Id::about(Kind::Comment, &public), public.clone()));
    comment.text = "standard public schema".into();
    let mut plpgsql = Extension::new(Head::new(Id::new(Kind::Extension, ["plpgsql"])));
    plpgsql.schema = "pg_catalog".into();
    let objects: [Object; 3] = [Schema::new(Head::new(public)).into(), comment.into(), plpgsql.into()];
    objects.into_iter().collect()
}

/// What the server can turn into what.
pub fn casts(client: &mut Client) -> Result<Casts, SqlError> {
    let mut casts = Casts::NONE;
    for row in client.raw_rows(include_str!("casts.sql"))?.into_iter().map(Row) {
        match row.maybe(1) {
            Some(to) => drop(casts.pairs.insert((row.text(0), to))),
            None => drop(casts.strings.insert(row.text(0))),
        }
    }
    Ok(casts)
}

/// One row of `pg_depend`.
struct Depend {
    from: names::Address,
    to: names::Address,
    kind: char,
}

impl Reader<'_> {
    /// Takes an object in, unless it belongs to an extension.
    fn add(&mut self, class: u32, oid: u32, mut object: Object) {
        if self.names.owned.contains_key(&(class, oid)) {
            return;
        }
        let id = object.id().clone();
        if object.parent().is_none() && id.path.len() > 1 {
            let schema = Id::new(Kind::Schema, [id.at(0)]);
            object.head_mut().refs.push(Ref::normal(schema));
        }
        self.names.add(class, oid, 0, &id);
        self.catalog.insert(object);
    }

    fn namespaces(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("namespaces.sql"))? {
            let (oid, name) = (row.number(0), row.text(1));
            let schema = Schema::new(Head::new(Id::new(Kind::Schema, [name])));
            self.add(class::NAMESPACE, oid, schema.into());
        }
        Ok(())
    }

    fn extensions(&mut self) -> Result<(), SqlError> {
        for row in self.query(include_str!("extensions.sql"))? {
            let (oid, name, schema) = (row.number(0), row.text(1), row.text(2));
            let mut extension = Extension::new(Head::new(Id::new(Kind::Extension, [name])));
            if self.catalog.contains(&Id::new(Kind::Schema, [&schema])) {
                extension.head.refs.push(Ref::normal(Id::new(Kind::Schema, [&schema])));
            }
            extension.schema = schema;
            self.add(class::EXTENSION, oid, extension.into());
        }
        Ok(())
    }

    fn depends(&mut self) -> Result<Vec<Depend>, SqlError> {
        let mut depends = Vec::new();
        for row in self.query(include_str!("depends.sql"))? {
            let from = (row.number(0), row.number(1), row.number(2));
            let to = (row.number(3), row.number(4), row.number(5));
            let kind = row.letter(6);
            match self.names.exactly(to) {
                Some(extension) if kind == 'e' => {
                    let extension = extension.clone();
                    self.names.owned.insert((from.0, from.1), extension);
                }
                _ => depends.push(Depend { from, to, kind }),
            }
        }
        // A schema that an extension made is not msr's either.
        for (class, oid) in self.names.owned.keys().cloned().collect::<Vec<_>>() {
            if let (class::NAMESPACE, Some(id)) = (class, self.names.exactly((class, oid, 0)).cloned()) {
                self.catalog.remove(&id);
            }
        }
        Ok(depends)
    }

    /// Turns the engine's dependencies into refs.
    fn connect(&mut self, depends: &[Depend]) {
        for d in depends {
            let (Some(from), Some(to)) = (self.object_at(d.from), self.object_at(d.to)) else { continue };
            // Between tables it is the link that needs the other one.
            if from == to || (from.kind == Kind::Table && to.kind == Kind::Table) {
                continue;
            }
            let strength = if d.kind == 'n' { Strength::Normal } else { Strength::Auto };
            // A table's own parts are no needs of the table, nor the column's sequence of the column.
            if self.catalog.get(to).and_then(Object::parent) == Some(from) {
                continue;
            }
            let new = Ref { to: to.clone(), strength };
            if let Some(object) = self.catalog.get_mut(&from.clone()) {
                let refs = &mut object.head_mut().refs;
                match refs.iter_mut().find(|r| r.to == new.to) {
                    // Needed twice: it goes silently only if it does so either way.
                    Some(known) if known.strength == Strength::Normal => {}
                    Some(known) => known.strength = known.strength.max(Strength::Auto),
                    None => refs.push(new),
                }
            }
        }
    }

    /// The object at an address: a column of a view is no object of its own.
    fn object_at(&self, address: names::Address) -> Option<&Id> {
        let exact = self.names.get(address)?;
        if self.catalog.contains(exact) { Some(exact) } else { self.names.get((address.0, address.1, 0)) }
    }

    fn unmodelled(&mut self) -> Result<(), SqlError> {
        let mut rows = self.query(include_str!("unmodelled.sql"))?;
        rows.extend(self.query(include_str!("unread_subscriptions.sql"))?);
        for row in rows {
            let (class, oid) = (row.number(3), row.number(4));
            if !self.names.owned.contains_key(&(class, oid)) {
                let (what, name, definition) = (row.text(0), row.text(1), row.text(2));
                self.catalog.unmodelled.insert(Unmodelled { what, name, definition });
            }
        }
        Ok(())
    }
}
