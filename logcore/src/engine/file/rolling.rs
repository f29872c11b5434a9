//! When the file is taken away, so that the next write makes a new one.

use super::back::Back;
use super::{Extent, LogFile};
use crate::engine::files::Shared;
use crate::engine::flusher::Trouble;
use crate::engine::open::names;
use crate::engine::retry::Retry;
use crate::engine::roll::{Due, Roll, Trigger, Turn};
use crate::engine::thread_end;
use chrono::{DateTime, Local, Utc};
use std::time::Duration;

/// What only a file that rolls has.
#[derive(Debug, Default)]
pub(super) struct Rolling {
    pub(super) next: Option<Due>,
    /// Whoever else writes to it.
    pub(super) turn: Turn,
    pub(super) retry: Retry,
}

impl Back {
    pub(super) fn rolling(&mut self) -> &mut Rolling {
        self.rolling.get_or_insert_default()
    }

    pub(super) fn roll_if_time(&mut self, owner: &LogFile, shared: &Shared) {
        let Some(Roll { trigger: trigger @ Trigger::Time { .. }, .. }) = &self.spec.roll else { return };
        let (trigger, now) = (*trigger, thread_end::local(Utc::now()));
        let Some(due) = self.rolling().next else {
            self.rolling().next = trigger.next_time(now);
            return;
        };
        if now < due.at || !self.rolling().retry.is_due() {
            return;
        }
        // Another process, or a person, has rolled it already.
        let rolled = self.file.as_ref().is_some_and(|file| !names(&owner.path, file));
        let is_old = |back: &Back| back.length > 0 && !back.made_since(due.since);
        if rolled || (self.write_out(owner, shared, Extent::All, false) && self.roll(owner, shared, is_old)) {
            self.rolling().next = trigger.next_time(now);
        }
    }

    /// Whether the file was made at `then` or later, as far as the file system tells.
    fn made_since(&self, then: DateTime<Local>) -> bool {
        // File systems take the time from a clock that may be a tick behind.
        const TICK: Duration = Duration::from_millis(20);
        let made = self.file.as_ref().and_then(|file| file.metadata().ok()?.created().ok());
        made.is_some_and(|made| DateTime::<Local>::from(made + TICK) >= then)
    }

    pub(super) fn roll_if_large(&mut self, owner: &LogFile, shared: &Shared) {
        let Some(Roll { trigger: Trigger::Size(limit), .. }) = self.spec.roll else { return };
        // The length is known once the file is open, and it has to be open to know that it is full.
        if self.file.is_none() {
            if !self.write_retry.is_due() || self.begin(owner, shared).is_err() {
                return;
            }
            self.end();
        }
        let pending = owner.front.lock().pending() as u64;
        if self.length + pending > limit
            && self.rolling().retry.is_due()
            && self.write_out(owner, shared, Extent::All, false)
        {
            self.roll(owner, shared, |back| back.length > limit);
        }
    }

    /// Has the file taken away if it `is_due` still, now that nobody else changes it; the next write makes a new one.
    /// If that fails, logging goes on in the old one, and it is tried again after a while. `false` if it failed.
    pub(super) fn roll(&mut self, owner: &LogFile, shared: &Shared, is_due: impl Fn(&Back) -> bool) -> bool {
        if self.spec.roll.is_none() || !self.rolling().retry.is_due() {
            return false;
        }
        let result = self.begin(owner, shared).and_then(|()| {
            let Some(roll) = self.spec.roll.as_ref().filter(|_| is_due(self)) else { return Ok(false) };
            roll.roller.roll(&owner.path).map(|()| true)
        });
        self.end();
        match result {
            Ok(rolled) => {
                if rolled {
                    self.drop_file(owner, shared);
                    self.length = 0;
                    if let Some(window) = self.spec.roll.as_ref().and_then(|roll| roll.roller.packed()) {
                        shared.compressor.enqueue(window, &shared.flusher);
                    }
                }
                if self.rolling().retry.mended() {
                    shared.flusher.complain(&owner.path, Trouble::Mended);
                }
                true
            }
            Err(error) => {
                if self.rolling().retry.failed() {
                    shared.flusher.complain(&owner.path, Trouble::Roll(error.to_string()));
                }
                false
            }
        }
    }
}
