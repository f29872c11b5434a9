//! Ends in order where the system asks the process to end: for hosts without signal handlers of their own.

use crate::error::Error;
use crate::logs::Inner;
use log::Level;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, signal_name};
use std::io;
use std::sync::{Arc, Weak};
use std::thread;

const NAME: &str = "logcore-signals";

/// Starts the thread that waits for SIGTERM and SIGINT, flushes, and then has the process end as it would have.
pub(crate) fn flush_on_signals(logs: &Arc<Inner>) -> Result<(), Error> {
    let failed = |source: io::Error| Error::Thread { name: NAME.into(), source };
    let handled: Vec<i32> =
        [SIGTERM, SIGINT].into_iter().filter(|signal| is_left_to_the_system(*signal)).collect();
    let mut signals = Signals::new(handled).map_err(failed)?;
    let logs: Weak<Inner> = Arc::downgrade(logs);
    let wait = move || {
        for signal in signals.forever() {
            if let Some(logs) = logs.upgrade() {
                let name = signal_name(signal).unwrap_or("a signal");
                logs.note(
                    Level::Warn,
                    format_args!("{name}: what is buffered is written, and the process ends"),
                );
                logs.end_at_exit();
                // Other threads may use it to the last moment.
                std::mem::forget(logs);
            }
            // It does not come back from the signals that are waited for.
            let _ = emulate_default_handler(signal);
        }
    };
    thread::Builder::new().name(NAME.into()).spawn(wait).map(drop).map_err(failed)
}

/// Whether the host has neither a handler for it nor ignores it.
#[allow(unsafe_code)]
fn is_left_to_the_system(signal: i32) -> bool {
    let mut now = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: with no new action it only writes the present one to `now`, which is large enough and all zeros before: a
    // valid value of a struct of integers and an optional pointer.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), now.as_mut_ptr()) == 0
            && now.assume_init().sa_sigaction == libc::SIG_DFL
    }
}
