//! How far a job has come, as its host says: kept in memory, brought to `progress.json` by the flusher.

use crate::disk;
use crate::lock::lock;
use crate::logs::Inner;
use crate::sync::Mutex;
use crate::template::Vars;
use chrono::{SecondsFormat, Utc};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The least time between two writes.
pub(crate) const PACE: Duration = Duration::from_millis(250);

/// What the host said last, and whether that is to be written.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    said: Mutex<Option<(u64, u64)>>,
    waiting: AtomicBool,
    writing: Mutex<()>,
}

impl Progress {
    /// Takes a value; `true` if somebody has to be asked to write it.
    pub(crate) fn set(&self, done: u64, total: u64) -> bool {
        *lock(&self.said) = Some((done, total));
        !self.waiting.swap(true, Ordering::AcqRel)
    }

    /// Writes what was said last, if that has not been done. It tells how far the job is, not what became of a record:
    /// where it cannot be written, the next value is tried.
    pub(crate) fn write(&self, vars: &Vars, logs: &Inner) {
        let _one = lock(&self.writing);
        if !self.waiting.swap(false, Ordering::AcqRel) {
            return;
        }
        let Some((done, total)) = *lock(&self.said) else { return };
        let run = vars.started.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Millis, true);
        let at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let _ = disk::Progress { run, done, total, at }.write(&vars.dir, logs.alive.process());
    }
}
