//! Whether this thread has come so far in its end that what other crates keep in its thread-locals is gone.
//!
//! The MDC and chrono's time zone panic when they are asked for then, in the destructor of a host's thread-local or in
//! an `atexit` handler. A thread-local of ours that is made after theirs goes before theirs, and tells.

use chrono::{DateTime, FixedOffset, Local, Offset, Utc};
use std::cell::Cell;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicI32, Ordering};

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Unknown,
    Asking,
    Running,
    Ending,
}

struct Canary;

impl Drop for Canary {
    fn drop(&mut self) {
        STAGE.set(Stage::Ending);
    }
}

thread_local! {
    /// Has no destructor, so that it can be asked for at any time.
    static STAGE: Cell<Stage> = const { Cell::new(Stage::Unknown) };
    static CANARY: Canary = const { Canary };
}

/// Seconds east of Greenwich, as this process saw them last.
static OFFSET: AtomicI32 = AtomicI32::new(0);

/// Whether neither the MDC nor the time zone can be asked for any more.
pub(crate) fn reached() -> bool {
    match STAGE.get() {
        Stage::Running => false,
        Stage::Unknown => ask(),
        Stage::Asking | Stage::Ending => true,
    }
}

#[cold]
fn ask() -> bool {
    STAGE.set(Stage::Asking);
    // A thread that comes here for the first time while it ends: there is no way to ask without a panic.
    let lives = catch_unwind(|| {
        log_mdc::get("", |_| ());
        Local::now();
    });
    let lives = lives.is_ok() && CANARY.try_with(|_| ()).is_ok();
    STAGE.set(if lives { Stage::Running } else { Stage::Ending });
    !lives
}

/// Whether a panic on this thread is the answer to a question of ours, and nobody's business.
pub(crate) fn is_asking() -> bool {
    STAGE.get() == Stage::Asking
}

/// Runs `act` for a panic hook, in which a second panic would abort the process: what is not known is not asked for.
pub(crate) fn without_asking<R>(act: impl FnOnce() -> R) -> R {
    let before = STAGE.get();
    if before == Stage::Unknown {
        STAGE.set(Stage::Ending);
    }
    let result = act();
    if before == Stage::Unknown {
        STAGE.set(before);
    }
    result
}

/// `time` in the local time zone; while the thread ends, with the offset that was seen last.
pub(crate) fn local(time: DateTime<Utc>) -> DateTime<Local> {
    if reached() {
        let offset = FixedOffset::east_opt(OFFSET.load(Ordering::Relaxed)).unwrap_or_else(|| Utc.fix());
        return DateTime::from_naive_utc_and_offset(time.naive_utc(), offset);
    }
    let local = time.with_timezone(&Local);
    OFFSET.store(local.offset().local_minus_utc(), Ordering::Relaxed);
    local
}
