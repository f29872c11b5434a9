//! What concerns the process as a whole: its end, and its number.
//!
//! When `main` returns or `exit` is called, what is buffered is written, and the server's run ends in its `job.json`. Jobs
//! that were not finished look like what they are: cut off.

use crate::logs::Inner;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

static LIVE: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());
static REGISTERED: Once = Once::new();

/// The process id, or 0 if it has to be asked for: `getpid` is a system call, and a record is written in less time.
static PID: AtomicU32 = AtomicU32::new(0);

/// Has the files of `logs` flushed when the process ends in order.
pub(crate) fn flush_at_exit(logs: &Arc<Inner>) {
    let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
    live.retain(|logs| logs.strong_count() > 0);
    live.push(Arc::downgrade(logs));
    REGISTERED.call_once(register);
}

/// This process's id.
pub(crate) fn id() -> u32 {
    match PID.load(Ordering::Relaxed) {
        0 => {
            let id = std::process::id();
            // Without the handler below a forked child could not be told from its parent.
            if REGISTERED.is_completed() && cfg!(unix) {
                PID.store(id, Ordering::Relaxed);
            }
            id
        }
        id => id,
    }
}

#[allow(unsafe_code)]
fn register() {
    // SAFETY: `flush_all` is a plain function that takes nothing, unwinds nowhere (it locks with bounded waiting and
    // calls no code of the host) and stays in memory as long as the process. If the C library has no room for one
    // more function, the flusher's interval is all that is lost.
    unsafe { libc::atexit(flush_all) };
    // SAFETY: `forget_id` stores to an atomic and does nothing else, which is allowed in a child after `fork`.
    #[cfg(unix)]
    unsafe {
        libc::pthread_atfork(None, None, Some(forget_id));
    }
}

#[cfg(unix)]
extern "C" fn forget_id() {
    PID.store(0, Ordering::Relaxed);
}

extern "C" fn flush_all() {
    let live = LIVE.try_lock().map(|live| live.clone()).unwrap_or_default();
    for logs in live.iter().filter_map(Weak::upgrade) {
        logs.end_at_exit();
        // The process ends: dropping the last reference here would close files that other threads still use.
        std::mem::forget(logs);
    }
}

/// From now on a write beyond `RLIMIT_FSIZE` is an error, unless the host handles the signal that comes with it: by default
/// that ends the process.
#[allow(unsafe_code)]
pub(crate) fn survive_file_limit() {
    #[cfg(unix)]
    // SAFETY: `SIG_DFL` and `SIG_IGN` are no handlers that could be called, and what the host had is put back.
    unsafe {
        let before = libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        if before != libc::SIG_DFL && before != libc::SIG_ERR {
            libc::signal(libc::SIGXFSZ, before);
        }
    }
}
