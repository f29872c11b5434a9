//! What runs behind the kinds `file`, `rolling_file`, `console` and `pattern`: a record is encoded once per encoder,
//! outside any lock, and its bytes are appended to the buffer of each file that wants them.
//!
//! ```text
//! dispatch   one per job and configuration: level, targets, appenders → who gets the record
//! sites      thread-local: what is the same for all records of one call site
//! chunk pool what a log call fills, and where its memory comes from
//! rate       how many records of a job come through
//! file       the open files, shared by path and counted; buffers, rotation
//! thread_end whether the MDC and the time zone of a thread can still be asked for
//! flusher    the one thread that writes what has waited long enough, and runs the timers
//! ```

pub(crate) mod account;
mod chunk;
pub(crate) mod console;
pub(crate) mod dispatch;
pub(crate) mod encoder;
pub(crate) mod file;
pub(crate) mod files;
pub(crate) mod flusher;
pub(crate) mod line;
#[cfg(all(test, shuttle))]
mod model;
pub(crate) mod moment;
pub(crate) mod open;
pub(crate) mod pattern;
mod pool;
pub(crate) mod rate;
pub(crate) mod retry;
pub(crate) mod roll;
pub(crate) mod sites;
pub(crate) mod thread_end;
