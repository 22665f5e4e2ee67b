//! One run of msr at a time on a database file of this machine.
//!
//! SQLite has locks for transactions only, and a run may need several. Of runs on other machines that share the file only
//! the journal's compare-and-set keeps order, as it does everywhere.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A lock on a file beside the database, which goes with it.
pub struct Held {
    file: File,
    path: PathBuf,
}

/// Takes the lock or says that another process has it.
pub fn take(database: &Path) -> io::Result<Option<Held>> {
    let mut name = database.as_os_str().to_owned();
    name.push("-msr-lock");
    let path = PathBuf::from(name);
    loop {
        let file = File::options().create(true).append(true).open(&path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(e)) => return Err(e),
            Ok(()) => {}
        }
        // Who had it before may have taken the file away between the two: then this one is nobody's.
        let same = |there: std::fs::Metadata| file.metadata().is_ok_and(|own| own.ino() == there.ino());
        if std::fs::metadata(&path).is_ok_and(same) {
            return Ok(Some(Held { file, path }));
        }
    }
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
        drop(held);
        assert!(take(&database).expect("no trouble").is_some());
        assert_eq!(std::fs::read_dir(folder.path()).expect("read").count(), 0, "the file goes with the lock");
    }
}
