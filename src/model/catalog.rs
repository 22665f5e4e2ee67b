//! All objects of one schema state.

use super::{Fingerprint, Id, Kind, Object};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

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
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    objects: BTreeMap<Id, Object>,
    /// What is there and not managed.
    outside: BTreeMap<Id, Object>,
    pub unmodelled: BTreeSet<Unmodelled>,
    /// Whether a right that is not in it is one that nobody is to have; else nothing is said of it.
    pub says_all_rights: bool,
    /// Secrets that are there and were not read: what of what.
    pub withheld: BTreeSet<String>,
    /// Made when first asked for, kept up to date from then on: every step of a plan has a catalog that differs from the last
    /// one by an object or two.
    links: OnceLock<Links>,
}

impl PartialEq for Catalog {
    fn eq(&self, other: &Catalog) -> bool {
        self.objects == other.objects && self.unmodelled == other.unmodelled && self.withheld == other.withheld
    }
}

impl Eq for Catalog {}

/// Parents and refs, backwards.
#[derive(Debug, Clone, Default)]
struct Links {
    children: Lists,
    users: Lists,
    /// Who wants another one whole.
    ties: BTreeSet<Id>,
}

/// Those that belong to one, sorted. Most are one or two, for which a set of its own is empty for the most part.
type Lists = BTreeMap<Id, Vec<Id>>;

fn put(lists: &mut Lists, to: &Id, id: &Id) {
    match lists.get_mut(to) {
        None => drop(lists.insert(to.clone(), vec![id.clone()])),
        Some(list) => {
            if let Err(at) = list.binary_search(id) {
                list.insert(at, id.clone());
            }
        }
    }
}

fn take(lists: &mut Lists, from: &Id, id: &Id) {
    if let Some(list) = lists.get_mut(from)
        && let Ok(at) = list.binary_search(id)
    {
        list.remove(at);
    }
}

impl Links {
    fn of(objects: &BTreeMap<Id, Object>) -> Links {
        let mut links = Links::default();
        objects.values().for_each(|o| links.add(o));
        links
    }

    fn add(&mut self, object: &Object) {
        if let Some(parent) = object.parent() {
            put(&mut self.children, parent, object.id());
        }
        for to in object.refs() {
            put(&mut self.users, &to.to, object.id());
        }
        if object.wholes().next().is_some() {
            self.ties.insert(object.id().clone());
        }
    }

    fn take(&mut self, object: &Object) {
        if let Some(parent) = object.parent() {
            take(&mut self.children, parent, object.id());
        }
        for to in object.refs() {
            take(&mut self.users, &to.to, object.id());
        }
        self.ties.remove(object.id());
    }
}

impl Catalog {
    pub fn insert(&mut self, object: Object) {
        if let Some(links) = self.links.get_mut() {
            self.objects.get(object.id()).into_iter().for_each(|before| links.take(before));
            links.add(&object);
        }
        self.objects.insert(object.id().clone(), object);
    }

    pub fn remove(&mut self, id: &Id) -> Option<Object> {
        let object = self.objects.remove(id)?;
        if let Some(links) = self.links.get_mut() {
            links.take(&object);
        }
        Some(object)
    }

    pub fn get(&self, id: &Id) -> Option<&Object> {
        self.objects.get(id)
    }

    pub fn get_mut(&mut self, id: &Id) -> Option<&mut Object> {
        self.links.take();
        self.objects.get_mut(id)
    }

    /// Gives back what was set aside for refs that did not come.
    pub fn shrink_to_fit(&mut self) {
        self.objects.values_mut().for_each(|object| object.head_mut().refs.shrink_to_fit());
    }

    /// Holds what is the same in the other catalog in common with it.
    pub fn share_with(&mut self, other: &Catalog) {
        for (id, object) in &mut self.objects {
            if let Some(same) = other.get(id).filter(|same| *same == object) {
                *object = same.clone();
            }
        }
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
        self.links.take();
        self.objects.retain(|_, object| keep(object));
    }

    /// Leaves out these objects; they stay known.
    pub fn set_aside(&mut self, ids: &BTreeSet<Id>) {
        self.links.take();
        let taken = ids.iter().filter_map(|id| self.objects.remove_entry(id));
        self.outside.extend(taken);
    }

    /// What is there and was left out, since it is not managed.
    pub fn outside(&self) -> impl Iterator<Item = &Object> {
        self.outside.values()
    }

    /// The managed objects and the others.
    pub fn whole(&self) -> Cow<'_, Catalog> {
        if self.outside.is_empty() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(self.objects.values().chain(self.outside.values()).cloned().collect())
    }

    fn links(&self) -> &Links {
        self.links.get_or_init(|| Links::of(&self.objects))
    }

    /// Whether all that was seen is an object: nothing is unmodelled, and nothing was withheld.
    pub fn is_complete(&self) -> bool {
        self.unmodelled.is_empty() && self.withheld.is_empty()
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.below(kind, &[])
    }

    /// The objects of a kind whose path begins like this.
    pub fn below<'a>(&'a self, kind: Kind, path: &'a [Box<str>]) -> impl Iterator<Item = &'a Object> {
        let from = self.objects.range(Id { kind, path: path.into() }..);
        from.take_while(move |(id, _)| id.kind == kind && id.path.starts_with(path)).map(|(_, o)| o)
    }

    pub fn children<'a>(&'a self, parent: &Id) -> impl Iterator<Item = &'a Object> + use<'a> {
        self.links().children.get(parent).into_iter().flatten().filter_map(|id| self.get(id))
    }

    /// The objects that have `id` in their refs.
    pub fn users<'a>(&'a self, id: &Id) -> impl Iterator<Item = &'a Object> + use<'a> {
        self.links().users.get(id).into_iter().flatten().filter_map(|id| self.get(id))
    }

    /// What the object is a part of, from its parent upwards.
    pub fn ancestors<'a>(&'a self, id: &Id) -> impl Iterator<Item = &'a Id> + use<'a> {
        std::iter::successors(self.get(id).and_then(Object::parent), |at| self.get(at).and_then(Object::parent))
    }

    /// The object that this one is a part of at last: a default's table.
    pub fn root<'a>(&'a self, id: &'a Id) -> &'a Id {
        self.ancestors(id).last().unwrap_or(id)
    }

    /// The object and all that is a part of it, to any depth.
    pub fn family<'a>(&'a self, id: &Id) -> Vec<&'a Id> {
        let mut all: Vec<&Id> = self.get(id).map(Object::id).into_iter().collect();
        let mut at = 0;
        while let Some(id) = all.get(at).copied() {
            all.extend(self.children(id).map(Object::id));
            at += 1;
        }
        all
    }

    /// The objects that tie others together: those that want another one whole.
    pub fn ties(&self) -> impl Iterator<Item = &Object> {
        self.links().ties.iter().filter_map(|id| self.get(id))
    }

    /// The hash of everything modelled.
    pub fn fingerprint(&self) -> Fingerprint {
        let all: Vec<String> = self.iter().map(|o| Fingerprint::of(o).to_string()).collect();
        Fingerprint::of_parts(all.iter().map(|s| s.as_bytes()))
    }

    /// Only the objects that `keep` names.
    pub fn limited_to(&self, keep: &BTreeSet<Id>) -> Catalog {
        let objects =
            self.objects.iter().filter(|(id, _)| keep.contains(id)).map(|(id, o)| (id.clone(), o.clone())).collect();
        Catalog { objects, ..Catalog::default() }
    }
}

impl FromIterator<Object> for Catalog {
    fn from_iter<T: IntoIterator<Item = Object>>(objects: T) -> Self {
        let mut catalog = Catalog::default();
        objects.into_iter().for_each(|o| catalog.insert(o));
        catalog
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Column, Head, Ref, Table};

    #[test]
    fn links_follow_every_change() {
        let table = |name: &str| Id::new(Kind::Table, ["s", name]);
        let column = |of: &str, needs: &str| {
            let mut head = Head::child(table(of).below(Kind::Column, "c"), table(of));
            head.refs.push(Ref::normal(table(needs)));
            Column::new(head).into()
        };
        let mut catalog = Catalog::default();
        for name in ["t", "u", "tt"] {
            catalog.insert(Table::new(Head::new(table(name))).into());
        }
        let names = |found: Vec<&Object>| found.iter().map(|o| o.id().to_string()).collect::<Vec<_>>();
        assert_eq!(catalog.users(&table("u")).count(), 0);
        catalog.insert(column("t", "u"));
        assert_eq!(names(catalog.users(&table("u")).collect()), ["column s.t.c"]);
        assert_eq!(names(catalog.children(&table("t")).collect()), ["column s.t.c"]);
        catalog.insert(column("t", "tt"));
        assert_eq!((catalog.users(&table("u")).count(), catalog.users(&table("tt")).count()), (0, 1));
        let id = table("t").below(Kind::Column, "c");
        assert_eq!(catalog.ancestors(&id).collect::<Vec<_>>(), [&table("t")]);
        assert_eq!(names(catalog.below(Kind::Column, &table("t").path).collect()), ["column s.t.c"]);
        catalog.remove(&id);
        assert_eq!((catalog.children(&table("t")).count(), catalog.users(&table("tt")).count()), (0, 0));
        assert_eq!(catalog.of_kind(Kind::Table).count(), 3);
    }
}
