//! What became of a COMMIT that broke.

use super::batch::{Attempt, Trouble};
use super::journal::Entry;
use super::target::{Target, another_was_faster};
use crate::{Error, SqlError};

/// A broken COMMIT may have been done. The journal knows, once the lock is held again.
pub(super) fn settle(target: &mut Target, error: SqlError, entry: Entry) -> Attempt<()> {
    let seen = target.reconnect().and_then(|()| {
        // Without tables the entry is not there, whoever removed them.
        let there = target.journal().exists()?;
        Ok(if there { target.journal().head()? } else { None })
    });
    let hash = |entry: &Option<Entry>| entry.as_ref().map(|e| e.hash.clone());
    match seen {
        Ok(last) if last.as_ref().is_some_and(|last| last.hash == entry.hash) => {
            target.head = Some(entry);
            Ok(())
        }
        // There is a connection again, and nothing was done: to be tried once more like after a lock not obtained.
        Ok(last) if hash(&last) == hash(&target.head) => Err(Box::new(Trouble::Session(SqlError {
            message: format!("the connection broke at COMMIT, and nothing of it was done: {}", error.message),
            disconnected: false,
            transient: true,
            ..error
        }))),
        // What is known of the database is no longer so: the next run looks anew.
        Ok(last) => {
            let known = std::mem::replace(&mut target.head, last);
            Err(Box::new(Trouble::Told(moved(target.head.as_ref(), known.as_ref(), &error))))
        }
        Err(_) => Err(Box::new(Trouble::Commit(error))),
    }
}

/// A server that crashed without having written what it confirmed (`synchronous_commit = off`), or a standby that took over and was
/// behind, knows less than this run; another run may have come in between.
fn moved(last: Option<&Entry>, head: Option<&Entry>, error: &SqlError) -> Error {
    if last.map(|e| e.number) >= head.map(|e| e.number) {
        return another_was_faster();
    }
    Error::transient("the server has lost what it had confirmed, as after a failover to one that was behind")
        .detail(error.message.clone())
        .hint("run again: it looks at what stands and does the rest")
}
