//! Links between tables: partitions, heirs, typed tables. As long as two tables are linked, parts of one follow parts of the
//! other: a column of a partition comes, changes and goes with the partitioned table's.

use crate::engine::how::Scene;
use crate::model::{Catalog, Id, Object, Strength};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// Tables that follow, tables that are followed, and the object that links the two.
type Ends<'a> = BTreeMap<(&'a Id, &'a Id), &'a Id>;

/// The links of both sides of a scene, looked for when first asked: most plans have no use for them.
pub struct Links<'a> {
    scene: Scene<'a>,
    from: OnceCell<Ends<'a>>,
    to: OnceCell<Ends<'a>>,
}

fn ends(catalog: &Catalog) -> Ends<'_> {
    let mut ends = Ends::new();
    for link in catalog.ties() {
        for whole in link.wholes() {
            ends.insert((catalog.root(link.id()), whole), link.id());
        }
    }
    ends
}

pub fn root<'a>(scene: &Scene<'a>, id: &'a Id) -> &'a Id {
    let catalog = if scene.to.contains(id) { scene.to } else { scene.from };
    catalog.root(id)
}

impl<'a> Links<'a> {
    pub fn of(scene: Scene<'a>) -> Links<'a> {
        Links { scene, from: OnceCell::new(), to: OnceCell::new() }
    }

    fn from(&self) -> &Ends<'a> {
        self.from.get_or_init(|| ends(self.scene.from))
    }

    fn to(&self) -> &Ends<'a> {
        self.to.get_or_init(|| ends(self.scene.to))
    }

    fn ends_of(&self, follower: &'a Id, leader: &'a Id) -> (&'a Id, &'a Id) {
        (root(&self.scene, follower), root(&self.scene, leader))
    }

    /// Whether the two are linked all the time, as far as it is known what is `gone` for a while.
    pub fn together(&self, gone: &BTreeSet<Id>, follower: &'a Id, leader: &'a Id) -> bool {
        let ends = self.ends_of(follower, leader);
        let link = self.to().get(&ends).filter(|link| self.from().get(&ends) == Some(link));
        link.is_some_and(|link| !gone.contains(*link))
    }

    /// The link that comes or goes between the tables of the two.
    pub fn between(&self, follower: &'a Id, leader: &'a Id) -> Option<&'a Id> {
        let ends = self.ends_of(follower, leader);
        self.to().get(&ends).or_else(|| self.from().get(&ends)).copied()
    }

    /// Whether the engine drops the follower with the leader: not if it follows another one that stays.
    pub fn goes_along(&self, gone: &BTreeSet<Id>, follower: &'a Object, leader: &'a Id) -> bool {
        let bound = |leader| follower.has_ref(leader, Strength::Auto) && self.together(gone, follower.id(), leader);
        let mut others = follower.leaders().filter(|other| *other != leader);
        bound(leader) && !others.any(|other| bound(other) && self.scene.to.contains(other) && !gone.contains(other))
    }
}
