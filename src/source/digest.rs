//! The digest of a source: whether two texts say the same, without asking an engine.
//!
//! It must never call two schemas the same that are not, for then a change would be missed; it may call the same schema
//! different, which costs one load. So white space and comments fold, case does not; and where the order of statements
//! has a meaning (ALTER and DROP of one object, the session's settings, statements that act) it counts.

use super::head::Verb;
use super::lexer::{Kind, Lexer};
use super::{Dialect, Name, Source};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;

impl Source {
    /// SHA-256, hex, over the set of statements. Hints do not count: they say how to get there, not where.
    pub fn digest(&self) -> String {
        let barriers = self.barrier_files();
        let mut session = [0u8; 32];
        let mut file = usize::MAX;
        let mut acts = 0usize;
        let mut users: HashMap<&str, usize> = HashMap::new();
        let mut changes: HashMap<&Name, usize> = HashMap::new();
        let mut all = Vec::with_capacity(self.statements.len());
        for statement in &self.statements {
            if statement.file != file {
                (session, file) = ([0; 32], statement.file);
                users.clear();
            }
            let facts = &statement.facts;
            let mut hash = Sha256::new();
            if barriers[file].is_some() {
                hash.update(session);
            }
            let rank = match (facts.verb, &facts.target) {
                (Verb::Act, _) | (Verb::Alter | Verb::Drop, None) => bump(&mut acts),
                (Verb::Alter | Verb::Drop, Some(name)) => bump(changes.entry(name).or_default()),
                (Verb::Create, Some(name)) if facts.replaces && facts.own => bump(changes.entry(name).or_default()),
                _ => 0,
            };
            hash.update(rank.to_le_bytes());
            // A thing made after it was dropped is not a thing dropped after it was made, and a view of `*` not the
            // same before and after a column is added.
            let made = |n: &Name| users.get(n.name.as_str()).copied().unwrap_or_default();
            if let (Verb::Alter | Verb::Drop, Some(target)) = (facts.verb, &facts.target) {
                hash.update(made(target).to_le_bytes());
            }
            if facts.verb == Verb::Create {
                for name in statement.defines.iter().chain(&statement.needs) {
                    *users.entry(&name.name).or_default() += 1;
                }
            }
            fold(&statement.text, self.dialect, &mut hash);
            let one: [u8; 32] = hash.finalize().into();
            if facts.verb == Verb::Session {
                session = one;
            }
            all.push(one);
        }
        if !self.as_written {
            all.sort_unstable();
        }
        let mut hash = Sha256::new();
        hash.update(format!("msr source 1 {:?}\n", self.dialect));
        all.iter().for_each(|one| hash.update(one));
        hex(&hash.finalize())
    }
}

fn bump(count: &mut usize) -> usize {
    *count += 1;
    *count
}

/// The tokens, one by one; lengths keep them apart.
fn fold(text: &str, dialect: Dialect, hash: &mut Sha256) {
    let mut lexer = Lexer::new(text, dialect);
    let mut line = Vec::with_capacity(text.len() + text.len() / 2);
    // The text was read once without a flaw; it has none now.
    while let Ok(Some(token)) = lexer.next() {
        if !matches!(token.kind, Kind::LineComment | Kind::BlockComment) {
            line.extend(((token.end - token.start) as u32).to_le_bytes());
            line.extend(&text.as_bytes()[token.start..token.end]);
        }
    }
    hash.update(&line);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::postgres;

    #[test]
    fn same_meaning_same_digest() {
        let digest = |texts: &[&str]| postgres(texts).digest();
        let one =
            digest(&["create table a (x int); create table b (y text default 'é');", "create view v as select 1"]);
        assert_eq!(one.len(), 64);
        for same in [
            &["create view v as select 1;", "create table b (y text default 'é'); create table a (x int)"][..],
            &[
                "-- hi\ncreate /* x */ table\ta\n(x int)\n;",
                "create table b (y text default 'é'); create view v as select 1",
            ],
            &[
                "-- msr:renamed from old\ncreate table a (x int);create table b(y text default 'é');;create view v as select 1",
            ],
            &["begin; create table a (x int); create table b (y text default 'é'); create view v as select 1; commit"],
        ] {
            assert_eq!(digest(same), one, "{same:?}");
        }
    }

    #[test]
    fn other_meaning_other_digest() {
        let digest = |text: &str| postgres(&[text]).digest();
        for (a, b) in [
            ("select 'a  b'", "select 'a b'"),
            ("select $$a -- b$$", "select $$a$$"),
            ("select \"a b\"", "select \"a  b\""),
            ("select 1 <-1", "select 1 < -1"),
            ("select a b", "select ab"),
            ("alter table t add a int; alter table t add b int", "alter table t add b int; alter table t add a int"),
            ("create table t(); drop table t", "drop table t; create table t()"),
            (
                "create table t(); create view v as select * from t; alter table t add a int",
                "create table t(); alter table t add a int; create view v as select * from t",
            ),
            (
                "set search_path = a; create table t(); set search_path = b",
                "set search_path = a; set search_path = b; create table t()",
            ),
            ("insert into t values (1); delete from t", "delete from t; insert into t values (1)"),
            (
                "create or replace view v as select 1; create or replace view v as select 2",
                "create or replace view v as select 2; create or replace view v as select 1",
            ),
        ] {
            assert_ne!(digest(a), digest(b), "{a}");
        }
    }
}
