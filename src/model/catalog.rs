//! All objects of one schema state.

use super::{Fingerprint, Id, Kind, Object};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something that the engine's catalog holds and msr does not model: reported by name, never touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unmodelled {
    /// The engine's word for it, as in `policy`.
    pub what: String,
    pub name: String,
    /// The text that tells whether two of them are the same, where one can be had.
    pub definition: String,
}

/// The objects of a database or of a desired schema, and what was seen and is not modelled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    objects: BTreeMap<Id, Object>,
    pub unmodelled: BTreeSet<Unmodelled>,
}

impl Catalog {
    pub fn insert(&mut self, object: Object) {
        self.objects.insert(object.id().clone(), object);
    }

    pub fn remove(&mut self, id: &Id) -> Option<Object> {
        self.objects.remove(id)
    }

    pub fn get(&self, id: &Id) -> Option<&Object> {
        self.objects.get(id)
    }

    pub fn get_mut(&mut self, id: &Id) -> Option<&mut Object> {
        self.objects.get_mut(id)
    }

    pub fn contains(&self, id: &Id) -> bool {
        self.objects.contains_key(id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    pub fn ids(&self) -> impl Iterator<Item = &Id> {
        self.objects.keys()
    }

    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&Object) -> bool) {
        self.objects.retain(|_, object| keep(object));
    }

    pub fn children<'a>(&'a self, parent: &'a Id) -> impl Iterator<Item = &'a Object> {
        self.iter().filter(move |o| o.parent() == Some(parent))
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        let first = Id::new::<&str>(kind, []);
        self.objects.range(first..).take_while(move |(id, _)| id.kind == kind).map(|(_, o)| o)
    }

    /// The object that this one is a part of at last: a default's table.
    pub fn root<'a>(&'a self, id: &'a Id) -> &'a Id {
        let mut root = id;
        while let Some(parent) = self.get(root).and_then(Object::parent) {
            root = parent;
        }
        root
    }

    /// Who needs whom, backwards: for each object those that have it in their refs. Built once, asked often.
    pub fn dependents(&self) -> BTreeMap<&Id, Vec<&Object>> {
        let mut map: BTreeMap<&Id, Vec<&Object>> = BTreeMap::new();
        for object in self.iter() {
            for to in object.refs() {
                map.entry(&to.to).or_default().push(object);
            }
        }
        map
    }

    /// The hash of everything modelled.
    pub fn fingerprint(&self) -> Fingerprint {
        let all: Vec<String> = self.iter().map(|o| Fingerprint::of(o).to_string()).collect();
        Fingerprint::of_parts(all.iter().map(|s| s.as_bytes()))
    }

    /// Only the objects that `keep` names.
    pub fn limited_to(&self, keep: &BTreeSet<Id>) -> Catalog {
        let objects = self.objects.iter().filter(|(id, _)| keep.contains(id)).map(|(id, o)| (id.clone(), o.clone())).collect();
        Catalog { objects, unmodelled: BTreeSet::new() }
    }
}

impl FromIterator<Object> for Catalog {
    fn from_iter<T: IntoIterator<Item = Object>>(objects: T) -> Self {
        let mut catalog = Catalog::default();
        objects.into_iter().for_each(|o| catalog.insert(o));
        catalog
    }
}
