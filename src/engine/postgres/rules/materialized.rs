//! A materialized view of another definition: the new one is filled beside the old one, which is read until the names change.

use super::super::ddl::{ident, path};
use super::RULES;
use super::ladders::{create_index, with_suffix};
use crate::engine::how::{Change, How, Rung, Scene};
use crate::model::{Id, Index, Kind, MaterializedView, Object, Status};

/// The ladder; `None` where it is not large, or where more hangs on it than goes over.
pub fn ladder(scene: &Scene, c: &Change) -> Option<How> {
    let (Object::MaterializedView(old), Object::MaterializedView(new)) = (c.old, c.new) else { return None };
    let same = ["options", "method", "populated", "settings"].iter().all(|a| c.old.attr(a) == c.new.attr(a));
    if !scene.online(c.new.id()) || !same || !new.populated {
        return None;
    }
    let (mut indexes, mut said) = (Vec::new(), Vec::new());
    for user in scene.from.users(c.old.id()) {
        let stays = scene.to.get(user.id()).is_some_and(|after| after.attrs() == user.attrs());
        match user {
            Object::Index(i) if stays && movable(scene, i) => indexes.push(&**i),
            _ if stays && user.id().kind.is_about_another() => said.extend(again(scene, user)?),
            _ => return None,
        }
    }
    let (fresh, stale) = ("_msr_new", "_msr_old");
    let mut rungs = made(scene, new, &indexes, fresh)?;
    let (was, word) = (beside(c.new.id(), stale), "MATERIALIZED VIEW");
    let (away, home) = (rename(word, c.new.id(), "", stale), rename(word, c.new.id(), fresh, ""));
    // The old one is told nothing of any more, as it is when it is made anew on the way back: a run may end between the two.
    rungs.extend(unsaid(&said));
    rungs.push(away);
    rungs.extend(indexes.iter().map(|i| rename("INDEX", &i.head.id, "", stale)));
    rungs.push(home);
    rungs.extend(indexes.iter().map(|i| rename("INDEX", &i.head.id, fresh, "")));
    rungs.extend(said);
    let anew = made(scene, old, &indexes, stale)?.into_iter().map(|rung| Rung { alone: false, back: None, ..rung });
    rungs.push(Rung::alone(format!("DROP {word} {was}")).back(anew));
    Some(How::Ladder(rungs))
}

fn movable(scene: &Scene, i: &Index) -> bool {
    let plain = i.statistics.is_empty() && !i.clustered && i.head.status == Status::Present;
    plain && scene.from.users(&i.head.id).next().is_none()
}

/// The statements that say of it what was said of the old one, and on the way back no longer say it.
pub fn again(scene: &Scene, said: &Object) -> Option<Vec<Rung>> {
    let rule = RULES.iter().find(|r| r.kind == said.id().kind)?;
    let (How::Ladder(mut say), How::Ladder(unsay)) = ((rule.create)(scene, said, &[]), (rule.drop)(scene, said)) else {
        return None;
    };
    say.iter_mut().for_each(|rung| rung.back = Some(vec![]));
    say.first_mut()?.back = Some(unsay);
    Some(say)
}

/// The other way round.
fn unsaid(said: &[Rung]) -> Vec<Rung> {
    let unsay = said.iter().flat_map(|rung| rung.back.iter().flatten());
    let mut rungs: Vec<Rung> = unsay.map(|rung| Rung { back: Some(vec![]), ..rung.clone() }).collect();
    if let Some(first) = rungs.first_mut() {
        first.back = Some(said.to_vec());
    }
    rungs
}

fn beside(id: &Id, suffix: &str) -> String {
    let name = if suffix.is_empty() { id.name().to_string() } else { with_suffix(id.name(), suffix) };
    format!("{}.{}", ident(id.at(0)), ident(&name))
}

/// A change of name, by what stands after the usual one.
fn rename(word: &str, id: &Id, from: &str, to: &str) -> Rung {
    let plain =
        |suffix: &str| ident(&if suffix.is_empty() { id.name().into() } else { with_suffix(id.name(), suffix) });
    let sql = |from: &str, to: &str| format!("ALTER {word} {} RENAME TO {}", beside(id, from), plain(to));
    Rung::new(sql(from, to)).back([Rung::new(sql(to, from))])
}

/// The view, filled, and its indexes, under other names.
fn made(scene: &Scene, view: &MaterializedView, indexes: &[&Index], suffix: &str) -> Option<Vec<Rung>> {
    let mut own = view.clone();
    own.head.id = Id::new(Kind::MaterializedView, [view.head.id.at(0), &with_suffix(view.head.id.name(), suffix)]);
    let drop = format!("DROP MATERIALIZED VIEW {}", path(&own.head.id));
    let object: Object = own.into();
    let How::Ladder(create) = (super::queries::MATERIALIZED_VIEW.create)(scene, &object, &[]) else { return None };
    let mut rungs: Vec<Rung> = create.into_iter().map(|rung| rung.back([])).collect();
    rungs.first_mut()?.back = Some(vec![Rung::new(drop)]);
    for i in indexes {
        let name = with_suffix(i.head.id.name(), suffix);
        let gone = Rung::new(format!("DROP INDEX {}", beside(&i.head.id, suffix)));
        rungs.push(Rung::alone(create_index(i, &name, "", &path(object.id()))).back([gone]));
    }
    rungs.first_mut()?.alone = true;
    Some(rungs)
}
