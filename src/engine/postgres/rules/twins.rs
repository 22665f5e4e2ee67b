//! What PostgreSQL can't change while columns are made of it gets a twin, to which the columns move.

use super::super::ddl::{ident, path, table};
use crate::engine::how::{Around, Change, How, Scene};
use crate::model::{Id, Kind, Object, Value};

/// Columns of tables that are of this type, or arrays of it, or have this collation.
pub fn columns_of<'a>(scene: &Scene<'a>, id: &Id) -> Vec<&'a Object> {
    let uses = |o: &&Object| {
        o.id().kind == Kind::Column && o.refs().iter().any(|r| r.to == *id) && o.attr("generated") == Value::None
    };
    scene.from.iter().filter(uses).filter(|o| scene.to.contains(o.id())).collect()
}

/// Renames the type, or the collation, away, creates the new one under its name, moves the columns over and drops the old one.
pub fn swap(scene: &Scene, c: &Change, create: String, using: &dyn Fn(&Object) -> String) -> How {
    let id = c.new.id();
    let columns = columns_of(scene, id);
    // One that goes is in nobody's way, unless a column has to leave it for the new one.
    let left = |o: &Object| scene.from.users(o.id()).any(|u| u.id().kind == Kind::Column && scene.to.contains(u.id()));
    let made_of_it = |o: &&Object| matches!(o.id().kind, Kind::Domain | Kind::Attribute);
    let stuck = scene.from.users(id).filter(made_of_it).find(|o| scene.stays(o.id()) || left(o));
    if let Some(user) = stuck {
        return How::Refuse(format!(
            "cannot change {id}: {} is made of it, and PostgreSQL cannot give that another type in place; \
             change {} to another type first, in a plan of its own",
            user.id(),
            user.id()
        ));
    }
    let old = ident(&format!("msr_old_{}", id.name()).chars().take(60).collect::<String>());
    let word = match id.kind {
        Kind::Domain => "DOMAIN",
        Kind::Collation => "COLLATION",
        _ => "TYPE",
    };
    let mut sql = vec![format!("ALTER {word} {} RENAME TO {old}", path(id)), create];
    for column in columns {
        let (name, ty) = (ident(column.id().name()), column.attr("type").to_string());
        sql.push(format!("ALTER TABLE {} ALTER COLUMN {name} SET DATA TYPE {ty}{}", table(column.id()), using(column)));
    }
    sql.push(format!("DROP {word} {}.{old}", ident(id.at(0))));
    How::statements(sql)
}

/// Everything that has the old type inside of it must go before the swap; what only hangs on a column that changes its type
/// must do so as for any other change of type.
pub fn around(scene: &Scene, c: &Change) -> Vec<Around> {
    const ON_TYPE: &[Kind] = &[
        Kind::Default,
        Kind::Check,
        Kind::Index,
        Kind::View,
        Kind::MaterializedView,
        Kind::Function,
        Kind::Trigger,
        Kind::Policy,
        Kind::Rule,
        Kind::Exclusion,
        Kind::Grant,
        Kind::Comment,
        Kind::SecurityLabel,
        Kind::Owner,
    ];
    let id = c.new.id();
    let columns = columns_of(scene, id).into_iter().map(|o| (o.id().clone(), super::columns::ON_COLUMN));
    std::iter::once((id.clone(), ON_TYPE)).chain(columns).collect()
}
