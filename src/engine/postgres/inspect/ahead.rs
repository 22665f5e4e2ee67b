//! What is asked of the catalog does not depend on the answers, but for what few databases have: first it is asked what of that
//! there is, then all else at once, without waiting for one answer before the next question. Two round trips read a catalog.

use super::row::Row;
use super::{Reader, plain, relations, said};
use crate::SqlError;
use crate::engine::postgres::conn::Client;
use std::borrow::Cow;
use std::collections::HashMap;

/// A query, and the rows without which there is nothing to ask; empty where it is always asked.
pub(super) struct Question {
    pub sql: Cow<'static, str>,
    pub of: &'static str,
}

impl Question {
    pub(super) fn new(sql: impl Into<Cow<'static, str>>, of: &'static str) -> Question {
        Question { sql: sql.into(), of }
    }
}

const SECURITY_LABELS: &str = "(SELECT FROM pg_seclabel UNION ALL SELECT FROM pg_shseclabel) l";

fn questions(version: u32) -> Vec<Question> {
    let always = [
        include_str!("namespaces.sql"),
        include_str!("extensions.sql"),
        include_str!("depends.sql"),
        include_str!("defaults.sql"),
        include_str!("sequences.sql"),
        include_str!("constraints.sql"),
        include_str!("indexes.sql"),
        include_str!("functions.sql"),
        include_str!("triggers.sql"),
        include_str!("rules.sql"),
        include_str!("unmodelled.sql"),
        include_str!("comments.sql"),
        include_str!("owners.sql"),
    ];
    let rare = [
        (include_str!("policies.sql"), "pg_policy"),
        (include_str!("security_labels.sql"), SECURITY_LABELS),
        (include_str!("default_privileges.sql"), "pg_default_acl"),
        (include_str!("binary_formats.sql"), plain::BASE_TYPES),
        (include_str!("owners_of_subscriptions.sql"), plain::SUBSCRIPTIONS),
        (include_str!("unread_subscriptions.sql"), plain::UNREAD_SUBSCRIPTIONS),
    ];
    let versions =
        [relations::types(version), relations::classes(version), relations::columns(version), said::grants(version)];
    let mut all: Vec<Question> = always.into_iter().map(|sql| Question::new(sql, "")).collect();
    all.extend(versions.into_iter().map(|sql| Question::new(sql, "")));
    all.extend(rare.into_iter().map(|(sql, of)| Question::new(sql, of)));
    all.extend(plain::questions(version));
    all
}

/// In bytes, of the catalogs that grow with a schema.
const SIZE: &str = "(SELECT sum(pg_relation_size(c)) FROM unnest('{pg_class,pg_attribute,pg_depend,pg_constraint,pg_index,pg_type,pg_proc}'::regclass[]) c)";

/// Which of the rare things there are.
fn there(client: &mut Client, of: &[&'static str]) -> Result<Vec<bool>, SqlError> {
    let exists: String = of.iter().map(|rows| format!("EXISTS (SELECT FROM {rows}), ")).collect();
    let rows = client.planned(&[&format!("SELECT {exists}{SIZE}")])?;
    let row = rows.into_iter().flatten().next().map(Row);
    client.plan_for(row.as_ref().map_or(0, |row| row.number(of.len())))?;
    Ok((0..of.len()).map(|i| row.as_ref().is_some_and(|row| row.flag(i))).collect())
}

/// The answers to all that is always asked, by question.
pub(super) fn answers(client: &mut Client, version: u32) -> Result<HashMap<String, Vec<Row>>, SqlError> {
    let questions = questions(version);
    let mut of: Vec<&'static str> = questions.iter().map(|q| q.of).filter(|of| !of.is_empty()).collect();
    of.sort_unstable();
    of.dedup();
    let there = there(client, &of)?;
    let is_there = |q: &&Question| q.of.is_empty() || of.binary_search(&q.of).is_ok_and(|i| there[i]);
    let (asked, empty): (Vec<&Question>, Vec<&Question>) = questions.iter().partition(is_there);
    let sql: Vec<&str> = asked.iter().map(|q| &*q.sql).collect();
    let answers = client.planned(&sql)?.into_iter().map(|rows| rows.into_iter().map(Row).collect());
    let none = empty.into_iter().map(|q| (q.sql.to_string(), vec![]));
    Ok(asked.into_iter().map(|q| q.sql.to_string()).zip(answers).chain(none).collect())
}

impl Reader<'_> {
    /// The answer that is there already, or that is asked for now.
    pub(super) fn query(&mut self, sql: &str) -> Result<Vec<Row>, SqlError> {
        match self.ahead.remove(sql) {
            Some(rows) => Ok(rows),
            None => Ok(self.client.raw_rows(sql)?.into_iter().map(Row).collect()),
        }
    }
}
