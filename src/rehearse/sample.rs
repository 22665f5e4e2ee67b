//! Rows of the target for a rehearsal: some of each table, and every row that they refer to.

use crate::engine::Session;
use crate::engine::upkeep::{Filled, Row, Shape};
use crate::model::Catalog;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Keys that are asked for at once.
const AT_ONCE: usize = 500;

/// Takes about so many rows of each table of `catalog` out of one database, which is only read, and puts them into the other.
pub fn sampled(from: &mut dyn Session, to: &mut dyn Session, catalog: &Catalog, rows: u64) -> Result<Vec<Filled>> {
    let shapes: Vec<Shape> = to.upkeep().shapes()?.into_iter().filter(|s| catalog.contains(&s.table)).collect();
    from.upkeep().hold_still()?;
    let found = taken(from, &shapes, rows)?;
    Ok(put(to, &shapes, &found))
}

/// The rows of each shape: a sample, and what that leads to.
fn taken(from: &mut dyn Session, shapes: &[Shape], rows: u64) -> Result<Vec<BTreeSet<Row>>> {
    let place: BTreeMap<_, usize> = shapes.iter().enumerate().map(|(i, s)| (&s.table, i)).collect();
    let (mut found, mut asked) = (vec![BTreeSet::new(); shapes.len()], BTreeSet::new());
    let mut fresh: Vec<(usize, Vec<Row>)> = vec![];
    for (i, shape) in shapes.iter().enumerate() {
        let some = from.upkeep().some(shape, rows).map_err(|e| unreadable(shape, e.into()))?;
        found[i].extend(some.iter().cloned());
        fresh.push((i, some));
    }
    // Ends, as each key is asked for once.
    while let Some((i, rows)) = fresh.pop() {
        for link in &shapes[i].links {
            let Some(&to) = place.get(&link.to) else { continue };
            let mut keys: Vec<Row> = rows.iter().filter_map(|row| shapes[i].key(row, &link.columns)).collect();
            keys.retain(|key| asked.insert((to, link.to_columns.clone(), key.clone())));
            for keys in keys.chunks(AT_ONCE) {
                let these = from.upkeep().these(&shapes[to], &link.to_columns, keys);
                let mut these = these.map_err(|e| unreadable(&shapes[to], e.into()))?;
                these.retain(|row| found[to].insert(row.clone()));
                fresh.push((to, these));
            }
        }
    }
    Ok(found)
}

fn unreadable(shape: &Shape, error: Error) -> Error {
    error.during(format!("cannot read rows of {}", shape.table)).hint("`--rows NUMBER` makes rows instead")
}

/// A table whose rows need those of another is tried again after it.
fn put(to: &mut dyn Session, shapes: &[Shape], found: &[BTreeSet<Row>]) -> Vec<Filled> {
    let mut open: Vec<usize> = (0..shapes.len()).collect();
    let mut filled = vec![];
    loop {
        let before = open.len();
        let mut failed = vec![];
        for i in std::mem::take(&mut open) {
            let rows: Vec<&Row> = found[i].iter().collect();
            let done = if rows.is_empty() { Ok(()) } else { to.upkeep().put(&shapes[i], &rows) };
            match done {
                Ok(()) => filled.push(Filled { table: shapes[i].table.clone(), rows: Ok(rows.len() as u64) }),
                Err(e) => failed.push((i, e.to_string())),
            }
        }
        if failed.is_empty() || failed.len() == before {
            filled.extend(failed.into_iter().map(|(i, why)| Filled { table: shapes[i].table.clone(), rows: Err(why) }));
            filled.sort_by(|a, b| a.table.cmp(&b.table));
            return filled;
        }
        open = failed.into_iter().map(|(i, _)| i).collect();
    }
}
