//! Where in a statement an error is.
//!
//! diesel does not expose `sqlite3_error_offset`, nor the handle that it needs. So the statement is prepared once more, on a
//! copy of the database that this module opens by itself.

use libsqlite3_sys as ffi;
use std::ffi::{CString, c_uchar};
use std::ptr;

/// The byte offset of what a prepare of the first statement of `sql` stumbles over; `database` is a serialised copy.
pub fn error_offset(database: &[u8], sql: &str) -> Option<usize> {
    let sql = CString::new(sql).ok()?;
    let connection = Copy::open(database)?;
    let mut statement = ptr::null_mut();
    // SAFETY: the connection is open and `sql` ends with NUL; both outlive the calls. A statement that could be prepared
    // is finalised before the connection is closed.
    let offset = unsafe {
        let code = ffi::sqlite3_prepare_v2(connection.handle, sql.as_ptr(), -1, &mut statement, ptr::null_mut());
        let offset = if code == ffi::SQLITE_OK { -1 } else { ffi::sqlite3_error_offset(connection.handle) };
        ffi::sqlite3_finalize(statement);
        offset
    };
    // -1 where the error is about no place: https://sqlite.org/c3ref/errcode.html.
    usize::try_from(offset).ok()
}

struct Copy {
    handle: *mut ffi::sqlite3,
}

impl Copy {
    fn open(database: &[u8]) -> Option<Copy> {
        let mut handle = ptr::null_mut();
        // SAFETY: the name is a C string, and the handle is closed by `drop` even if opening failed, as
        // https://sqlite.org/c3ref/open.html asks.
        let code = unsafe { ffi::sqlite3_open(c":memory:".as_ptr(), &mut handle) };
        let copy = Copy { handle };
        if code != ffi::SQLITE_OK {
            return None;
        }
        // An empty database has no bytes to read.
        (database.is_empty() || copy.fill(database)).then_some(copy)
    }

    fn fill(&self, database: &[u8]) -> bool {
        let size = database.len();
        // SAFETY: the buffer is SQLite's own, as FREEONCLOSE asks (https://sqlite.org/c3ref/deserialize.html), is as long
        // as what is copied into it, and is SQLite's to free from then on, also when deserialising fails.
        unsafe {
            let buffer = ffi::sqlite3_malloc64(size as u64).cast::<c_uchar>();
            if buffer.is_null() {
                return false;
            }
            ptr::copy_nonoverlapping(database.as_ptr(), buffer, size);
            let flags = ffi::SQLITE_DESERIALIZE_FREEONCLOSE | ffi::SQLITE_DESERIALIZE_RESIZEABLE;
            ffi::sqlite3_deserialize(self.handle, c"main".as_ptr(), buffer, size as i64, size as i64, flags)
                == ffi::SQLITE_OK
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // SAFETY: the handle came from `sqlite3_open`, is closed once, and null is allowed.
        unsafe {
            ffi::sqlite3_close(self.handle);
        }
    }
}
