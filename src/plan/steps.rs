//! Stage 5: nodes become steps, and steps share transactions. A ladder is cut where its rungs must not share one: each stretch
//! is a step and a batch of its own, so that what stands after each of them is known, and a run that was stopped there goes on.

use super::node::Node;
use super::order::{EdgeRule, Ordered};
use super::probe::Question;
use super::stages::WayBack;
use super::{Action, Back, Batch, Down, Phase, Step, Transaction};
use crate::diff::Delta;
use crate::engine::Engine;
use crate::engine::how::{Rung, Server};
use crate::model::{Id, Kind};
use crate::source::Source;
use std::collections::BTreeMap;

/// What will be one step: a node, or a stretch of its ladder.
pub struct Piece {
    node: Node,
    pub rungs: Vec<Rung>,
    pub back: WayBack,
    /// The number of the step before which the schema stands once this one is taken back.
    to: Option<usize>,
    needs: Vec<(usize, &'static str)>,
    /// Whether it is one of several of its node.
    pub of_ladder: bool,
    /// Whether the next one is of the same ladder.
    pub goes_on: bool,
    /// Whether things were dropped to make way for it and come back after it: nobody is to find them missing.
    amid: bool,
}

/// Cuts the nodes. A stretch whose rungs all know their own way back has that; the others have that of the whole ladder, which
/// leads to where the ladder began.
pub fn pieces(ordered: Ordered, backs: Vec<WayBack>) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::new();
    let mut last: Vec<usize> = Vec::new();
    let amid: Vec<bool> = (0..ordered.nodes.len()).map(|at| is_amid(&ordered, at)).collect();
    for (((mut node, needs), whole), amid) in ordered.nodes.into_iter().zip(ordered.needs).zip(backs).zip(amid) {
        let (first, stretches) = (all.len() + 1, cut(std::mem::take(&mut node.rungs)));
        let count = stretches.len();
        let amid = count == 1 && amid;
        for (k, (rungs, node)) in stretches.into_iter().zip(std::iter::repeat_n(node, count)).enumerate() {
            let of_ladder = count > 1 || node.part;
            let own = own_back(&rungs).filter(|_| of_ladder);
            let to = (k > 0 && own.is_none()).then_some(first);
            let needs = match k {
                0 => needs.iter().map(|(at, rule)| (last[*at], rule.reason())).collect(),
                _ => vec![(all.len(), "ladder: each rung stands on the one before")],
            };
            // What the whole way back loses is lost when its last piece goes.
            let own = own.map(|own| if k == 0 { WayBack { loses: whole.loses.clone(), ..own } } else { own });
            let back = own.unwrap_or_else(|| whole.clone());
            all.push(Piece { node, rungs, back, to, needs, of_ladder, goes_on: k + 1 < count, amid });
        }
        last.push(all.len());
    }
    all
}

/// Whether what is made again around a half of a node is away when its turn comes.
fn is_amid(ordered: &Ordered, at: usize) -> bool {
    let node = &ordered.nodes[at];
    let away = |(at, rule): &(usize, EdgeRule)| {
        let before = &ordered.nodes[*at];
        *rule == EdgeRule::Touch && before.action == Action::Replace && before.phase == node.phase
    };
    node.part && ordered.needs[at].iter().any(away)
}

/// Rungs that share a transaction.
pub fn stretches(rungs: &[Rung]) -> Vec<&[Rung]> {
    rungs.chunk_by(|a, b| !a.parts_from(b)).collect()
}

/// The same of rungs that are let go; one without any rungs where there are none.
fn cut(rungs: Vec<Rung>) -> Vec<Vec<Rung>> {
    let lengths: Vec<usize> = stretches(&rungs).iter().map(|stretch| stretch.len()).collect();
    let mut rungs = rungs.into_iter();
    let all: Vec<Vec<Rung>> = lengths.into_iter().map(|n| rungs.by_ref().take(n).collect()).collect();
    if all.is_empty() { vec![vec![]] } else { all }
}

fn own_back(rungs: &[Rung]) -> Option<WayBack> {
    let backs: Option<Vec<&Vec<Rung>>> = rungs.iter().rev().map(|r| r.back.as_ref()).collect();
    let rungs = backs?.into_iter().flatten().cloned().collect();
    Some(WayBack { rungs, loses: None, refused: None })
}

impl Piece {
    fn transaction(&self) -> bool {
        self.rungs.iter().all(|r| r.transactional)
    }

    fn phase(&self) -> Phase {
        self.rungs.iter().map(|r| r.phase).max().unwrap_or(self.node.phase)
    }

    fn back(&self) -> Back {
        let rungs = &self.back.rungs;
        let (transaction, patient) = (rungs.iter().all(|r| r.transactional), rungs.iter().any(|r| r.patient));
        // Where there is nothing to send any way will do.
        let transaction = if rungs.is_empty() { self.transaction() } else { transaction };
        Back { transaction, patient, to: self.to }
    }

    /// Whether it can't share a batch.
    fn alone(&self) -> bool {
        let apart = |rungs: &[Rung]| rungs.iter().any(|r| r.alone);
        self.of_ladder && !self.amid
            || !self.transaction()
            || !self.back().transaction
            || apart(&self.rungs)
            || apart(&self.back.rungs)
    }
}

/// The steps, in order, which take the deltas over. What a node asks is asked for the last of its steps.
pub fn steps(pieces: &mut [Piece], desired: &Source, questions: Vec<Vec<Question>>) -> Vec<Step> {
    let places = places(desired);
    let place = |subject: &Id| place(desired, &places, subject);
    let mut steps: Vec<Step> = pieces.iter_mut().enumerate().map(|(i, piece)| step(i + 1, piece, &place)).collect();
    let ends = pieces.iter().zip(&mut steps).filter(|(piece, _)| !piece.goes_on);
    ends.zip(questions).for_each(|((_, step), asked)| step.questions = asked);
    steps
}

fn step(id: usize, piece: &mut Piece, place: &dyn Fn(&Id) -> Option<String>) -> Step {
    let deltas = std::mem::take(&mut piece.node.deltas);
    let piece = &*piece;
    let (node, back) = (&piece.node, &piece.back);
    let sql: Vec<String> = back.rungs.iter().map(|r| r.sql.clone()).collect();
    let down = match (&back.refused, node.loses.as_ref().or(back.loses.as_ref())) {
        (Some(why), _) => Down::Irreversible(why.clone()),
        (None, Some(lost)) => Down::Lossy { sql, loses: lost.clone() },
        (None, None) => Down::Sql(sql),
    };
    Step {
        id,
        phase: piece.phase(),
        action: node.action,
        subject: node.subject.clone(),
        deltas,
        up: piece.rungs.iter().map(|r| r.sql.clone()).collect(),
        down,
        needs: piece.needs.iter().map(|(step, why)| (*step, why.to_string())).collect(),
        transaction: piece.transaction(),
        patient: piece.rungs.iter().any(|r| r.patient),
        back: piece.back(),
        locks: vec![],
        rewrites: vec![],
        scans: vec![],
        held: None,
        loses: node.loses.clone(),
        fill: piece.rungs.iter().find_map(|r| r.fill.as_deref().cloned()),
        purge: piece.rungs.iter().filter_map(|r| r.purge.clone()).collect(),
        at: place(&node.subject),
        findings: vec![],
        questions: vec![],
    }
}

/// Where in the files a subject is defined: a part of a table at its own line.
fn place(desired: &Source, places: &BTreeMap<Vec<String>, usize>, subject: &Id) -> Option<String> {
    let path: Vec<String> = subject.path.iter().take(2).map(|s| s.to_string()).collect();
    let statement = *places.get(&path).or_else(|| places.get(&path[path.len().saturating_sub(1)..]))?;
    let part = subject.path.get(2).filter(|_| !subject.kind.is_named_second());
    Some(desired.place(statement, part.map_or(0, |name| desired.part(statement, name))))
}

/// The statement that defines a name, with its schema and without.
fn places(desired: &Source) -> BTreeMap<Vec<String>, usize> {
    let mut places = BTreeMap::new();
    for (i, statement) in desired.statements.iter().enumerate() {
        for name in &statement.defines {
            let path: Vec<String> = name.schema.iter().chain([&name.name]).cloned().collect();
            places.entry(path).or_insert(i);
            places.entry(vec![name.name.clone()]).or_insert(i);
        }
    }
    places
}

/// Consecutive steps that share a transaction: until one wants to be alone, makes what only a commit makes usable, or the
/// server's lock table would be full; or each by itself, where that is wanted.
pub fn batches(engine: &dyn Engine, server: &Server, pieces: &[Piece], wanted: Transaction) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let budget = engine.transaction_budget(server);
    let (mut open, mut weight) = (false, 0);
    for (i, piece) in pieces.iter().enumerate() {
        let alone = wanted == Transaction::Step || piece.alone();
        let own = piece.node.deltas.iter().map(locks_held).sum::<usize>();
        let since = batches.last().map_or(i, |last| last.first - 1);
        let first = waited_for(piece, &pieces[since..i]);
        let full = budget.is_some_and(|budget| weight + own > budget && weight > 0);
        match batches.last_mut() {
            Some(last) if open && !alone && !first && !full && piece.phase() == pieces[i - 1].phase() => {
                last.last = i + 1
            }
            _ => {
                batches.push(Batch { first: i + 1, last: i + 1, transaction: piece.transaction(), touches: vec![] });
                weight = 0;
            }
        }
        weight += own;
        open = !alone && !piece.rungs.iter().any(|r| r.commit_after.is_some());
    }
    batches
}

/// Whether the way back of what is done before uses what that of the piece makes, and so has to come after its commit: the
/// piece is then the first of a batch.
fn waited_for(piece: &Piece, before: &[Piece]) -> bool {
    let mut makes = piece.back.rungs.iter().filter_map(|r| r.commit_after.as_ref());
    makes.any(|made| before.iter().flat_map(|p| &p.back.rungs).any(|r| r.sql.contains(made)))
}

/// A rough count of entries in the server's lock table, by the dearer way: a drop locks the row type, each default and
/// each check besides the relations.
pub(super) fn locks_held(delta: &Delta) -> usize {
    match delta.id().kind {
        Kind::Table | Kind::MaterializedView => 6,
        Kind::Column | Kind::Comment => 0,
        Kind::Default | Kind::Check => 1,
        _ => 2,
    }
}
