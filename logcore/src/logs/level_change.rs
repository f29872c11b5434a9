//! A job's level, set from the program for a while.

use super::Inner;
use crate::error::Error;
use crate::job::WeakJob;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A level that has been set, or why it could not be; see [`Logs::set_level`](crate::Logs::set_level).
///
/// The level changes in `set_level` itself. [`for_`](LevelChange::for_) and [`keep`](LevelChange::keep) say for how
/// long, and are where an error comes out: a change that is dropped without either stays until the job ends if it was
/// made, and tells nobody if it was not, because there was no such job.
#[derive(Debug)]
#[must_use = "it is set; `for_` takes it back after a time, `keep` says whether there was such a job"]
pub struct LevelChange {
    pub(super) inner: Arc<Inner>,
    pub(super) job: Option<WeakJob>,
    pub(super) call: u64,
    pub(super) result: Result<(), Error>,
}

impl LevelChange {
    /// Takes the level back after `time`, unless it was set anew by then.
    ///
    /// # Errors
    /// [`Error::NotLive`] if no such job was live; [`Error::Config`] if the template does not render for it.
    pub fn for_(self, time: Duration) -> Result<(), Error> {
        self.result?;
        let Some(job) = self.job else { return Ok(()) };
        let (inner, call) = (Arc::downgrade(&self.inner), self.call);
        let at = Instant::now().checked_add(time);
        // A time that no clock can show never comes.
        if let Some(at) = at {
            self.inner.files.flusher().at(at, move || {
                if let (Some(inner), Some(job)) = (inner.upgrade(), job.upgrade()) {
                    // A template that does not render for the job cannot be in force.
                    let _ = inner.with_plan(&job, |plan| job.core().clear_level(call, plan, &inner));
                }
            });
        }
        Ok(())
    }

    /// Whether the level was set; it stays until the job ends.
    ///
    /// # Errors
    /// As for [`LevelChange::for_`].
    pub fn keep(self) -> Result<(), Error> {
        self.result
    }
}
