//! Backups by SQLite's online backup, which takes a consistent copy while others write, and writes one over a file that others
//! have open: <https://sqlite.org/backup.html>. diesel does not hand out the handle that it needs, so this module opens its own.

use super::open;
use super::session::failure;
use crate::engine::Backup;
use crate::settings::DatabaseUrl;
use crate::{Error, Result};
use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use libsqlite3_sys as ffi;
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::time::Duration;

/// Each a tenth of a second.
const TRIES: u32 = 100;

pub fn backup(url: &DatabaseUrl, file: &Path) -> Result<Backup> {
    let path = path_of(url)?;
    if !Path::new(&path).exists() {
        return Err(Error::refused(format!("there is no database at `{url}` to back up")));
    }
    copy(Path::new(&path), file).map_err(|e| e.during(format!("cannot back up `{url}`")))?;
    verified(file)
}

pub fn restore(url: &DatabaseUrl, file: &Path) -> Result<()> {
    verified(file)?;
    copy(file, Path::new(&path_of(url)?)).map_err(|e| e.during(format!("cannot restore `{url}`")))
}

fn path_of(url: &DatabaseUrl) -> Result<String> {
    let path = url.sqlite()?.path;
    if path == ":memory:" {
        return Err(Error::usage(
            "a database in memory is gone with the program: there is nothing to back up or restore",
        ));
    }
    Ok(path)
}

/// All of it is read: <https://sqlite.org/pragma.html#pragma_integrity_check>.
fn verified(file: &Path) -> Result<Backup> {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let during = |e: Error| e.during(format!("the backup `{}` can't be read", file.display()));
    let mut connection = open::file(file).map_err(during)?;
    let sql = "SELECT (SELECT group_concat(integrity_check, '; ') FROM pragma_integrity_check) || char(0) || \
               (SELECT count(*) FROM sqlite_schema) AS text";
    let found: Found =
        diesel::sql_query(sql).get_result(&mut connection).map_err(|e| during(Error::from(failure(e))))?;
    let bytes = std::fs::metadata(file).map_or(0, |file| file.len());
    match found.text.split_once('\0') {
        Some(("ok", entries)) => Ok(Backup { bytes, contents: format!("{entries} entries") }),
        _ => Err(during(Error::refused(found.text.replace('\0', "; ")))),
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let from = Handle::open(from, ffi::SQLITE_OPEN_READWRITE)?;
    let to = Handle::open(to, ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE)?;
    // SAFETY: both handles are open and outlive the backup, which is finished on every way out, as
    // https://sqlite.org/c3ref/backup_finish.html asks; nobody else uses them meanwhile.
    let code = unsafe {
        let backup = ffi::sqlite3_backup_init(to.0, c"main".as_ptr(), from.0, c"main".as_ptr());
        if backup.is_null() {
            return Err(to.error());
        }
        for _ in 0..TRIES {
            match ffi::sqlite3_backup_step(backup, -1) {
                ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => std::thread::sleep(Duration::from_millis(100)),
                _ => break,
            }
        }
        let left = ffi::sqlite3_backup_remaining(backup);
        match ffi::sqlite3_backup_finish(backup) {
            ffi::SQLITE_OK if left > 0 => ffi::SQLITE_BUSY,
            code => code,
        }
    };
    match code {
        ffi::SQLITE_OK => Ok(()),
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Err(Error::transient("another connection has the file locked")),
        _ => Err(to.error()),
    }
}

struct Handle(*mut ffi::sqlite3);

impl Handle {
    fn open(path: &Path, flags: i32) -> Result<Handle> {
        let name = CString::new(path.as_os_str().as_bytes())
            .map_err(|_| Error::config("the name of the file has a zero byte in it"))?;
        let mut handle = ptr::null_mut();
        // SAFETY: the name is a C string; the handle is closed by `drop` even if opening failed, as
        // https://sqlite.org/c3ref/open.html asks.
        let code = unsafe { ffi::sqlite3_open_v2(name.as_ptr(), &mut handle, flags, ptr::null()) };
        let handle = Handle(handle);
        if code == ffi::SQLITE_OK { Ok(handle) } else { Err(handle.error().during(format!("`{}`", path.display()))) }
    }

    fn error(&self) -> Error {
        // SAFETY: the message is a C string of SQLite's, valid until the next call on this handle; of null it is one as well.
        let text = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(self.0)) };
        Error::failed(text.to_string_lossy())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle came from `sqlite3_open_v2`, is closed once, and null is allowed.
        unsafe {
            ffi::sqlite3_close(self.0);
        }
    }
}
