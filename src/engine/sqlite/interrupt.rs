//! Stopping the running statement from another thread.
//!
//! diesel does not expose `sqlite3_interrupt`, nor the handle that it needs. SQLite itself hands that out: what is registered with
//! <https://sqlite.org/c3ref/auto_extension.html> is called with each connection that is opened, by the thread that opens it.

use diesel::{Connection, ConnectionError, SqliteConnection};
use libsqlite3_sys as ffi;
use std::cell::Cell;
use std::ffi::{c_char, c_int};
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, MutexGuard};

thread_local! {
    static OPENED: Cell<*mut ffi::sqlite3> = const { Cell::new(ptr::null_mut()) };
}

extern "C" fn opened(handle: *mut ffi::sqlite3, _: *mut *mut c_char, _: *const ffi::sqlite3_api_routines) -> c_int {
    // A thread that ends has nobody left who asks.
    let _ = OPENED.try_with(|opened| opened.set(handle));
    ffi::SQLITE_OK
}

/// A connection, and what interrupts it: to be dropped first.
pub struct Opened {
    pub handle: Handle,
    pub connection: SqliteConnection,
}

pub fn establish(url: &str) -> Result<Opened, ConnectionError> {
    // SAFETY: the function lives as long as the process, and registering it again is harmless.
    unsafe { ffi::sqlite3_auto_extension(Some(opened)) };
    OPENED.set(ptr::null_mut());
    let connection = SqliteConnection::establish(url)?;
    let handle = NonNull::new(OPENED.replace(ptr::null_mut())).map(Raw);
    Ok(Opened { handle: Handle(Arc::new(Mutex::new(handle))), connection })
}

struct Raw(NonNull<ffi::sqlite3>);

// SAFETY: it is passed to `sqlite3_interrupt` alone, which any thread may call: https://sqlite.org/c3ref/interrupt.html.
unsafe impl Send for Raw {}

/// Nobody can interrupt any more once it is dropped.
pub struct Handle(Arc<Mutex<Option<Raw>>>);

impl Handle {
    pub fn canceller(&self) -> Box<dyn Fn() + Send> {
        let raw = self.0.clone();
        Box::new(move || {
            if let Some(Raw(handle)) = &*locked(&raw) {
                // SAFETY: the connection is open, for it is closed after `Handle` was dropped, which waits for this lock.
                unsafe { ffi::sqlite3_interrupt(handle.as_ptr()) };
            }
        })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        *locked(&self.0) = None;
    }
}

fn locked(raw: &Mutex<Option<Raw>>) -> MutexGuard<'_, Option<Raw>> {
    raw.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::connection::SimpleConnection;

    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    #[test]
    fn p22_a_statement_ends_when_it_is_told_to_and_no_other_does() {
        let open = || establish(":memory:").unwrap_or_else(|e| panic!("{e}"));
        let (Opened { handle, mut connection }, mut other) = (open(), open());
        let cancel = handle.canceller();
        let told = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(100));
            cancel();
            cancel
        });
        let ended = connection.batch_execute(ENDLESS).err().map(|e| e.to_string());
        assert_eq!(ended.as_deref(), Some("interrupted"));
        let cancel = told.join().unwrap_or_else(|_| panic!("the thread"));
        // With nothing running it does nothing, and with no connection neither.
        cancel();
        assert_eq!(connection.batch_execute("SELECT 1"), Ok(()));
        assert_eq!(other.connection.batch_execute("SELECT 1"), Ok(()));
        drop(handle);
        drop(connection);
        cancel();
    }
}
