//! One run of msr at a time on a database file of this machine.
//!
//! SQLite has locks for transactions only, and a run may need several. Of runs on other machines that share the file only
//! the journal's compare-and-set keeps order, as it does everywhere.

use crate::engine::upkeep::Holder;
use crate::{Error, Result};
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A lock on a file beside the database, which goes with it.
pub struct Held {
    file: File,
    path: PathBuf,
}

/// Takes the lock or says that another process has it.
pub fn take(database: &Path) -> io::Result<Option<Held>> {
    let path = beside(database);
    loop {
        let mut file = File::options().create(true).append(true).open(&path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(e)) => return Err(e),
            Ok(()) => {}
        }
        // Who had it before may have taken the file away between the two: then this one is nobody's.
        let same = |there: std::fs::Metadata| file.metadata().is_ok_and(|own| own.ino() == there.ino());
        if std::fs::metadata(&path).is_ok_and(same) {
            // For `msr lock status`. The lock is held whether or not this can be written.
            let _ = file.set_len(0).and_then(|()| writeln!(file, "{} {}", std::process::id(), host()));
            return Ok(Some(Held { file, path }));
        }
    }
}

fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-msr-lock");
    PathBuf::from(name)
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_string()
}

/// Who has the lock, if somebody has. It goes with its process, so that who has it is alive.
pub fn holder(database: &Path) -> io::Result<Option<Holder>> {
    let path = beside(database);
    let file = match File::open(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    match file.try_lock_shared() {
        Ok(()) => return Ok(None),
        Err(TryLockError::Error(e)) => return Err(e),
        Err(TryLockError::WouldBlock) => {}
    }
    let said = io::read_to_string(&file)?;
    let (pid, client) = said.trim().split_once(' ').unwrap_or((said.trim(), ""));
    let at = file.metadata()?.modified()?;
    let since = jiff::Timestamp::try_from(at).map_or(String::new(), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let pid: Option<i64> = pid.parse().ok();
    let here = pid.filter(|_| client == host());
    let of = |file: &str| here.and_then(|pid| std::fs::read(format!("/proc/{pid}/{file}")).ok()).unwrap_or_default();
    let words: Vec<String> =
        of("cmdline").split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
    Ok(Some(Holder {
        pid,
        client: client.to_string(),
        since,
        state: if words.len() > 1 { "running".into() } else { "alive".into() },
        application: words
            .first()
            .map_or(String::new(), |program| program.rsplit('/').next().unwrap_or("").to_string()),
        ..Holder::default()
    }))
}

/// Asks the process that has the lock to stop, as SIGTERM does: it ends at a step boundary.
pub fn release(database: &Path, holder: &Holder) -> Result<bool> {
    let told = |e: io::Error| Error::failed(format!("cannot end the process that has the lock: {e}"));
    let Some(pid) = holder.pid.filter(|_| holder.client == host()) else {
        return Err(Error::refused("the process that has the lock is not known, or not on this machine")
            .hint("end it where it runs: the lock goes with it"));
    };
    // A number of a process that has gone may be another's by now.
    if self::holder(database).map_err(told)?.is_none_or(|now| now.pid != Some(pid)) {
        return Ok(false);
    }
    let done = std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).output().map_err(told)?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr).trim().to_string();
        return Err(Error::refused(format!("cannot end the process {pid}: {said}")));
    }
    for _ in 0..100 {
        if self::holder(database).map_err(told)?.is_none() {
            return Ok(true);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err(Error::transient(format!("the process {pid} was told to stop, and has the lock still")))
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p15_one_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("a.db");
        let held = take(&database).expect("no trouble").expect("it is free");
        assert!(take(&database).expect("no trouble").is_none());
        let seen = holder(&database).expect("no trouble").expect("it is held");
        assert_eq!(seen.pid, Some(i64::from(std::process::id())));
        drop(held);
        assert_eq!(holder(&database).expect("no trouble"), None);
        assert!(take(&database).expect("no trouble").is_some());
        assert_eq!(std::fs::read_dir(folder.path()).expect("read").count(), 0, "the file goes with the lock");
    }
}
