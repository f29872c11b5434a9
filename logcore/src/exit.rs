//! The end of the process: what is buffered when `main` returns or `exit` is called is written, and the server's run ends in
//! its `job.json`. Jobs that were not finished look like what they are: cut off.

use crate::logs::Inner;
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

static LIVE: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());
static REGISTERED: Once = Once::new();

/// Has the files of `logs` flushed when the process ends in order.
pub(crate) fn flush_at_exit(logs: &Arc<Inner>) {
    let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
    live.retain(|logs| logs.strong_count() > 0);
    live.push(Arc::downgrade(logs));
    REGISTERED.call_once(register);
}

#[allow(unsafe_code)]
fn register() {
    // SAFETY: `flush_all` is a plain function that takes nothing, unwinds nowhere (it locks with bounded waiting and
    // calls no code of the host) and stays in memory as long as the process. If the C library has no room for one
    // more function, the flusher's interval is all that is lost.
    unsafe { libc::atexit(flush_all) };
}

extern "C" fn flush_all() {
    let live = LIVE.try_lock().map(|live| live.clone()).unwrap_or_default();
    for logs in live.iter().filter_map(Weak::upgrade) {
        logs.end_at_exit();
        // The process ends: dropping the last reference here would close files that other threads still use.
        std::mem::forget(logs);
    }
}
