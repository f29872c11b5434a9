//! A panic is written to the job of the thread that panics, and then the host's own hook runs.

use crate::engine::thread_end;
use crate::logs::Logs;
use crate::router;
use log::{Level, Log, Record};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::panic::{self, Location, PanicHookInfo};
use std::sync::Once;

static INSTALLED: Once = Once::new();

thread_local!(static REPORTING: Cell<bool> = const { Cell::new(false) });

/// Puts our hook before the one that is there; once per process.
pub(crate) fn install(logs: &Logs) {
    let logs = logs.clone();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread_end::is_asking() {
                return;
            }
            thread_end::without_asking(|| report(&logs, info));
            previous(info);
        }));
    });
}

fn report(logs: &Logs, info: &PanicHookInfo<'_>) {
    // A panic while a panic is reported is the host's hook's alone.
    if REPORTING.try_with(|reporting| reporting.replace(true)).unwrap_or(true) {
        return;
    }
    let job = router::current().unwrap_or_else(|| logs.server().clone());
    let text = info.payload_as_str().unwrap_or("a value that is no text");
    let location = info.location();
    let backtrace = Backtrace::capture();
    let mut record = Record::builder();
    record.level(Level::Error).target("panic").module_path(Some("panic"));
    record.file(location.map(Location::file)).line(location.map(Location::line));
    let place = location.map_or_else(String::new, |at| format!(" at {at}"));
    if backtrace.status() == BacktraceStatus::Captured {
        job.log(&record.args(format_args!("panicked{place}: {text}\n{backtrace}")).build());
    } else {
        job.log(&record.args(format_args!("panicked{place}: {text}")).build());
    }
    job.core().flush_bounded();
    let _ = REPORTING.try_with(|reporting| reporting.set(false));
}
