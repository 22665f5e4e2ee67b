//! Partitions, inheritance, typed tables: what ties a table to another or to a type.

use super::super::ddl::{self, path};
use crate::engine::how::{Change, How, KindRule, Scene, replace, set};
use crate::model::{Catalog, Id, Kind, Object, Status, Strength};

/// A partition is made as a table of its own and attached, as pg_dump does it: ATTACH PARTITION lets others read and write the
/// partitioned table meanwhile, CREATE TABLE … PARTITION OF does not
/// (<https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE>).
/// What ties a partition to its table.
pub fn attach(o: &Object) -> String {
    format!("ALTER TABLE {} ATTACH PARTITION {} {}", o.attr("parent"), path(o.id()), o.attr("bound"))
}

pub const ATTACHMENT: KindRule = KindRule {
    kind: Kind::Attachment,
    clause: None,
    create: |scene, o, _| {
        let attach = attach(o);
        super::ladders::attached(scene, o, &attach).unwrap_or_else(|| How::statement(attach))
    },
    drop: |scene, o| {
        let detach = format!("ALTER TABLE {} DETACH PARTITION {}", o.attr("parent"), path(o.id()));
        super::detaching::detached(scene, o, &detach).unwrap_or_else(|| How::statement(detach))
    },
    rename: None,
    set: &[set("parent", replace), set("bound", replace), set("status", replace)],
    // Bounds may not overlap: what leaves a table leaves before anything comes.
    namespace: |o| vec![vec!["bounds".into(), o.attr("parent").to_string()]],
    loses: None,
};

/// Stands in CREATE TABLE where the heir is new: only there are columns made that go with the parent's.
pub const INHERITANCE: KindRule = KindRule {
    kind: Kind::Inheritance,
    clause: Some(|_, o| o.attr("parent").to_string()),
    create: |_, o, _| How::statement(format!("ALTER TABLE {} INHERIT {}", ddl::table(o.id()), o.attr("parent"))),
    drop: |_, o| How::statement(format!("ALTER TABLE {} NO INHERIT {}", ddl::table(o.id()), o.attr("parent"))),
    rename: None,
    set: &[set("parent", replace)],
    namespace: |_| vec![],
    loses: None,
};

/// Stands in CREATE TABLE where the table is new: its columns come with the type's attributes.
pub const TYPED_TABLE: KindRule = KindRule {
    kind: Kind::TypedTable,
    clause: Some(|_, o| format!("OF {}", o.attr("of"))),
    create: |_, o, _| How::statement(format!("ALTER TABLE {} OF {}", path(o.id()), o.attr("of"))),
    drop: |_, o| How::statement(format!("ALTER TABLE {} NOT OF", path(o.id()))),
    rename: None,
    set: &[set("of", replace)],
    namespace: |_| vec![],
    loses: None,
};

fn table_of(id: &Id) -> Id {
    Id::new(Kind::Table, id.path.iter().take(2))
}

/// The table whose part the object is.
pub fn home(o: &Object) -> Id {
    o.parent()
        .filter(|p| matches!(p.kind, Kind::Table | Kind::ForeignTable))
        .cloned()
        .unwrap_or_else(|| table_of(o.id()))
}

/// Whether the tables of a follower and of its leader are linked all the time.
fn linked(scene: &Scene, follower: &Object, leader: &Object) -> bool {
    let child = home(follower);
    // A link by name goes by the other end: there is one of it.
    let by_name = |link: Kind, whole: &Id| {
        let link = child.of_kind(link);
        let ties = |c: &Catalog| c.get(&link).is_some_and(|o| o.has_ref(whole, Strength::Whole));
        scene.stays(&link) && ties(scene.from) && ties(scene.to)
    };
    if leader.id().kind == Kind::Attribute {
        return leader.parent().is_some_and(|composite| by_name(Kind::TypedTable, composite));
    }
    let parent = home(leader);
    by_name(Kind::Attachment, &parent) || scene.stays(&child.below(Kind::Inheritance, &path(&parent)))
}

/// What the object follows in `catalog`, by links that stay.
fn leaders<'a>(scene: &Scene<'a>, catalog: &'a Catalog, o: &'a Object) -> impl Iterator<Item = &'a Object> {
    let scene = *scene;
    o.leaders().filter_map(|id| catalog.get(id)).filter(move |leader| linked(&scene, o, leader))
}

/// The new leader that the object is made with: what is added to a partitioned table is added to its partitions.
pub fn comes_with<'a>(scene: &Scene<'a>, o: &'a Object) -> Option<&'a Object> {
    let goes_along = |leader: &&Object| o.has_ref(leader.id(), Strength::Auto);
    let mut all = leaders(scene, scene.to, o).chain(after_heirs(scene, o)).filter(goes_along);
    all.find(|leader| !scene.stays(leader.id()))
}

/// What is pending in the parent is made when its heir is there: it would be in force in one made later.
fn after_heirs<'a>(scene: &Scene<'a>, o: &'a Object) -> impl Iterator<Item = &'a Object> {
    let to = scene.to;
    let pending = |o: &Object| o.status() == Status::Pending && o.id().kind == Kind::Check;
    let heir = home(o);
    let inherits = move |leader: &Object| to.contains(&heir.below(Kind::Inheritance, &path(&home(leader))));
    o.leaders().filter_map(|id| to.get(id)).filter(move |l| pending(l) && inherits(l))
}

/// Whether the change is made by the statement that makes the same one to what the object follows.
pub fn changes_with(scene: &Scene, c: &Change) -> bool {
    let same = |leader: &Object| {
        scene.from.get(leader.id()).is_some_and(|old| old.attr(c.attr) == *c.from) && leader.attr(c.attr) == *c.to
    };
    leaders(scene, scene.to, c.new).any(|leader| scene.stays(leader.id()) && same(leader))
}

/// Whether the index is attached to its leader while the tables are linked already: otherwise linking the tables does it. An
/// invalid leader is made after the link, since that would find its missing parts.
pub fn attaches(scene: &Scene, o: &Object) -> bool {
    leaders(scene, scene.to, o).next().is_some() || o.leaders().any(|leader| late(scene, leader))
}

/// Whether it is pending, or follows what is: made when the tables are linked.
fn late(scene: &Scene, id: &Id) -> bool {
    scene.to.get(id).is_some_and(|o| o.status() == Status::Pending || o.leaders().any(|leader| late(scene, leader)))
}

/// Whether the object can't go without its leader: the tables stay linked.
pub fn held(scene: &Scene, o: &Object) -> bool {
    leaders(scene, scene.from, o).any(|leader| o.has_ref(leader.id(), Strength::Auto))
}

/// `ONLY` and a space where an action that would reach other tables as well is meant for this one alone.
pub fn only(catalog: &Catalog, table: &Id) -> &'static str {
    let partitioned = matches!(catalog.get(table), Some(Object::Table(t)) if t.partition_by.is_some());
    if partitioned { "ONLY " } else { alone(catalog, table) }
}

/// The same where only rows are meant, of which a partitioned table has none of its own.
pub fn alone(catalog: &Catalog, table: &Id) -> &'static str {
    let heir = |o: &Object| o.id().kind == Kind::Inheritance && o.has_ref(table, Strength::Whole);
    let inherited = catalog.users(table).any(|o| heir(o) && o.parent() != Some(table));
    if inherited { "ONLY " } else { "" }
}

/// What comes of a change that a follower may not make by itself.
pub fn with_leader(scene: &Scene, c: &Change, own: fn(&Scene, &Change) -> How) -> How {
    if changes_with(scene, c) { How::Nothing } else { own(scene, c) }
}
