//! One run at a time per database.
//!
//! The lock keeps runs from wasting work; that a step happens once does not hang on it (see [`super::journal`]). It is
//! polled and never waited for inside the server: a waiter's snapshot would block `CREATE INDEX CONCURRENTLY`.

use super::Event;
use super::journal::Tables;
use super::target::Target;
use crate::{Error, Result};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Does the work while the lock is held.
pub fn held<T>(target: &mut Target, work: impl FnOnce(&mut Target) -> Result<T>) -> Result<T> {
    let pooled = target.session().is_pooled();
    if pooled && !target.options.allow_pooler {
        return Err(Error::refused("a pooler stands between msr and the server").hint(
            "connect msr to the server itself; `--allow-pooler` works through a pooler in session mode, and in transaction mode lets what msr sets for its session reach others",
        ));
    }
    take(target)?;
    let done = work(target);
    // Where this fails the connection is gone, and the lock with it.
    let _ = target.keeper().and_then(|session| Ok(session.unlock()?));
    done
}

pub fn take(target: &mut Target) -> Result<()> {
    let (start, limit) = (Instant::now(), target.options.lock_wait);
    let mut pause = Duration::from_millis(50);
    loop {
        if target.keeper()?.try_lock()? {
            return Ok(());
        }
        let waited = start.elapsed();
        if let Some(failure) = target.stopped() {
            return Err(Error::new(failure, "stopped while waiting for another run of msr; nothing was changed"));
        }
        if waited >= limit {
            return Err(not_obtained(target, waited));
        }
        target.tell(Event::Waiting { waited });
        std::thread::sleep(jitter(pause).min(limit.saturating_sub(waited)));
        pause = (pause * 3 / 2).min(Duration::from_secs(1));
    }
}

/// From half to one and a half times as long, so that those who wait don't come all at once.
pub fn jitter(pause: Duration) -> Duration {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.subsec_nanos());
    let mixed = (nanos ^ std::process::id().rotate_left(16)).wrapping_mul(0x9E37_79B1) >> 22;
    pause / 2 + pause * mixed / 1024
}

fn not_obtained(target: &mut Target, waited: Duration) -> Error {
    let error = Error::transient(format!(
        "another run of msr has the lock of this database: gave up after {} s",
        waited.as_secs()
    ))
    .code(crate::error::code::LOCKED)
    .hint("`msr lock status` says who has it; `--lock-wait` sets how long to wait");
    // Who has it is known if it has begun to work.
    let journal = target.journal();
    match journal.tables().and_then(|t| if t == Tables::Absent { Ok(None) } else { journal.head() }) {
        Ok(Some(last)) => {
            error.detail(format!("the last that is known is `{}` by {} at {}", last.name, last.who, last.at))
        }
        _ => error,
    }
}
