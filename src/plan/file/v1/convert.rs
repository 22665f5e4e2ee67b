//! Between what stands on disk and what a plan is.

use super::*;
use crate::diff::Delta;
use crate::model::Value;
use crate::plan::probe::Question as Asked;

fn all<A: Clone + Into<B>, B>(list: &[A]) -> Vec<B> {
    list.iter().cloned().map(Into::into).collect()
}

fn each<A: Into<B>, B>(list: Vec<A>) -> Vec<B> {
    list.into_iter().map(Into::into).collect()
}

impl From<&plan::Plan> for File {
    /// Not sealed yet.
    fn from(p: &plan::Plan) -> Self {
        let h = p.header.clone();
        File {
            format: super::super::FORMAT,
            checksum: String::new(),
            msr: h.msr,
            version: h.version,
            name: h.name,
            engine: h.engine,
            engine_major: h.engine_major,
            created_at: h.created_at,
            parent: h.parent,
            base: h.base,
            goal: h.goal,
            desired: h.desired,
            roles: h.roles,
            notes: p.notes.clone(),
            unmodelled: p.unmodelled.clone(),
            relies: p.relies.clone(),
            shapes: p.shapes.clone(),
            batches: all(&p.batches),
            steps: all(&p.steps),
        }
    }
}

impl From<File> for plan::Plan {
    fn from(f: File) -> Self {
        plan::Plan {
            header: plan::Header {
                msr: f.msr,
                version: f.version,
                name: f.name,
                engine: f.engine,
                engine_major: f.engine_major,
                created_at: f.created_at,
                parent: f.parent,
                base: f.base,
                goal: f.goal,
                desired: f.desired,
                roles: f.roles,
            },
            relies: f.relies,
            shapes: f.shapes,
            steps: each(f.steps),
            batches: each(f.batches),
            unmodelled: f.unmodelled,
            notes: f.notes,
        }
    }
}

impl From<plan::Batch> for Batch {
    fn from(b: plan::Batch) -> Self {
        Batch { first: b.first, last: b.last, transaction: b.transaction, touches: each(b.touches) }
    }
}

impl From<Batch> for plan::Batch {
    fn from(b: Batch) -> Self {
        plan::Batch { first: b.first, last: b.last, transaction: b.transaction, touches: each(b.touches) }
    }
}

impl From<plan::Touch> for Touch {
    fn from(t: plan::Touch) -> Self {
        Touch { id: t.id, before: t.before, after: t.after }
    }
}

impl From<Touch> for plan::Touch {
    fn from(t: Touch) -> Self {
        plan::Touch { id: t.id, before: t.before, after: t.after }
    }
}

/// From one struct to another of the same fields, but for the way back.
macro_rules! mirror {
    (finding $from:ty => $to:ty $(, $more:ident: $is:expr)?) => {
        impl From<$from> for $to {
            fn from(f: $from) -> Self {
                Self {
                    rule: f.rule,
                    level: f.level.into(),
                    what: f.what,
                    why: f.why,
                    advice: f.advice,
                    allowed: f.allowed,
                    $($more: $is,)?
                }
            }
        }
    };
    ($from:ty => $to:ty, $findings:expr, $back:expr) => {
        impl From<$from> for $to {
            fn from(s: $from) -> Self {
                Self {
                    back: $back(s.transaction, s.back),
                    id: s.id,
                    phase: s.phase.into(),
                    action: s.action.into(),
                    subject: s.subject,
                    at: s.at,
                    deltas: each(s.deltas),
                    up: s.up,
                    down: s.down.into(),
                    needs: s.needs,
                    transaction: s.transaction,
                    patient: s.patient,
                    locks: s.locks,
                    rewrites: s.rewrites,
                    scans: s.scans,
                    held: s.held,
                    loses: s.loses,
                    fill: s.fill.map(Into::into),
                    purge: s.purge,
                    findings: $findings(s.findings),
                    questions: each(s.questions),
                }
            }
        }
    };
}

mirror!(finding plan::Finding => Finding);
mirror!(finding Finding => plan::Finding, momentary: false);
mirror!(plan::Step => Step, lasting, |transaction, back: plan::Back| {
    let plan::Back { transaction: own, patient, to } = back;
    (back != plan::Back::like(transaction)).then_some(Back { transaction: own, patient, to })
});
mirror!(Step => plan::Step, each, |transaction, back: Option<Back>| match back {
    Some(Back { transaction, patient, to }) => plan::Back { transaction, patient, to },
    None => plan::Back::like(transaction),
});

/// What was true for the moment would make another file of the same plan.
fn lasting(findings: Vec<plan::Finding>) -> Vec<Finding> {
    each(findings.into_iter().filter(|f| !f.momentary).collect())
}

impl From<plan::Fill> for Fill {
    fn from(f: plan::Fill) -> Self {
        Fill { table: f.table, key: f.key, set: f.set, only: f.only }
    }
}

impl From<Fill> for plan::Fill {
    fn from(f: Fill) -> Self {
        plan::Fill { table: f.table, key: f.key, set: f.set, only: f.only }
    }
}

impl From<Asked> for Question {
    fn from(q: Asked) -> Self {
        Question { table: q.table, wrong: q.wrong, sql: q.sql, show: q.show, early: q.early, tells: q.tells }
    }
}

impl From<Question> for Asked {
    fn from(q: Question) -> Self {
        Asked { table: q.table, wrong: q.wrong, sql: q.sql, show: q.show, early: q.early, tells: q.tells, found: None }
    }
}

impl From<Delta> for Change {
    fn from(d: Delta) -> Self {
        match d {
            Delta::Add(id) => Change::Add(id),
            Delta::Drop(id) => Change::Drop(id),
            Delta::Set { id, attr, from, to } => Change::Set { id, attr, from: from.into(), to: to.into() },
            Delta::Rename { from, to } => Change::Rename { from, to },
        }
    }
}

impl From<Change> for Delta {
    fn from(c: Change) -> Self {
        match c {
            Change::Add(id) => Delta::Add(id),
            Change::Drop(id) => Delta::Drop(id),
            Change::Set { id, attr, from, to } => Delta::Set { id, attr, from: from.into(), to: to.into() },
            Change::Rename { from, to } => Delta::Rename { from, to },
        }
    }
}

impl From<Value> for Scalar {
    fn from(v: Value) -> Self {
        match v {
            Value::None => Scalar::Nothing,
            Value::Bool(b) => Scalar::Bool(b),
            Value::Int(i) => Scalar::Int(i),
            Value::Text(s) => Scalar::Text(s),
            Value::List(l) => Scalar::List(l),
        }
    }
}

impl From<Scalar> for Value {
    fn from(s: Scalar) -> Self {
        match s {
            Scalar::Nothing => Value::None,
            Scalar::Bool(b) => Value::Bool(b),
            Scalar::Int(i) => Value::Int(i),
            Scalar::Text(s) => Value::Text(s),
            Scalar::List(l) => Value::List(l),
        }
    }
}

impl From<plan::Down> for Down {
    fn from(d: plan::Down) -> Self {
        match d {
            plan::Down::Sql(sql) => Down::Sql(sql),
            plan::Down::Lossy { sql, loses } => Down::Lossy { sql, loses },
            plan::Down::Irreversible(why) => Down::Irreversible(why),
        }
    }
}

impl From<Down> for plan::Down {
    fn from(d: Down) -> Self {
        match d {
            Down::Sql(sql) => plan::Down::Sql(sql),
            Down::Lossy { sql, loses } => plan::Down::Lossy { sql, loses },
            Down::Irreversible(why) => plan::Down::Irreversible(why),
        }
    }
}
