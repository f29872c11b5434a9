//! What fails is tried again, less and less often.

use std::time::{Duration, Instant};

/// While something fails: when to try it again. Boxed, as it hardly ever does and there are many files.
#[derive(Debug, Default)]
pub(super) struct Retry(Option<Box<(Instant, Duration)>>);

impl Retry {
    pub(super) fn is_due(&self) -> bool {
        self.0.as_ref().is_none_or(|retry| Instant::now() >= retry.0)
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.as_ref().map(|retry| retry.0)
    }

    /// It has failed; `true` if it had not before.
    pub(super) fn failed(&mut self) -> bool {
        const FIRST: Duration = Duration::from_millis(200);
        const LONGEST: Duration = Duration::from_secs(10);
        let wait = self.0.as_ref().map_or(FIRST, |retry| (retry.1 * 2).min(LONGEST));
        self.0.replace(Box::new((Instant::now() + wait, wait))).is_none()
    }

    /// It works; `true` if it had failed before.
    pub(super) fn mended(&mut self) -> bool {
        self.0.take().is_some()
    }
}
