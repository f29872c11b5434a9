//! How many lines several filters leave, or such as hide: counted in the way in which they are shown, page by page, from the
//! start on.

use super::SharedIndex;
use crate::model::Message;
use crate::reading::page::{Levels, page};
use crate::reading::{Anchor, Filters, Format, Lines, Sieve};
use crate::source::Bytes;
use crate::workers::{Over, TELL, tell};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Lines that are counted at once.
const AT_ONCE: usize = 4096;

/// See the module.
pub(in crate::workers) struct Passing {
    lines: Lines,
    filters: Filters,
    levels: Levels,
    index: SharedIndex,
    /// As far as it has counted, and up to where that stays so: the last record, or one behind it that is not shown, may go on.
    done: Step,
    settled: Step,
    complete: bool,
    told: Option<(u64, bool)>,
}

/// So many lines up to an offset.
#[derive(Clone, Copy, Default)]
struct Step {
    at: u64,
    count: u64,
}

impl Passing {
    pub(in crate::workers) fn new(
        (bytes, len): (Arc<dyn Bytes>, u64),
        filters: Filters,
        levels: Levels,
        index: SharedIndex,
        format: Format,
    ) -> Passing {
        let mut lines = Lines::new(bytes, len);
        lines.format = format;
        let (done, settled) = (Step::default(), Step::default());
        Passing { lines, filters, levels, index, done, settled, complete: false, told: None }
    }

    /// The log has this length now, not less than before.
    pub(super) fn grow(&mut self, len: u64) {
        if len > self.lines.len() {
            self.lines.grow(len);
            (self.done, self.complete) = (self.settled, false);
        }
    }

    /// Counts until all is counted or something else is wanted; says whether there is more to count.
    pub(super) fn go_on(
        &mut self,
        tag: u64,
        out: &SyncSender<Message>,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<bool, Over> {
        if self.complete {
            return Ok(false);
        }
        let mut said = Instant::now();
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (levels, filters) = (self.levels, self.filters.clone());
        let sieve = Sieve { levels, filters: Some(&filters), index: Some(&index), context: 0 };
        while !self.complete && !stop() {
            // What cannot be read is not tried for ever.
            let Ok(page) = page(&mut self.lines, (Anchor::At(self.done.at), 0, AT_ONCE), sieve, stop) else {
                return Ok(false);
            };
            self.complete = page.to_end && !page.stopped;
            let from = self.done.at;
            for line in page.lines.iter().filter(|line| line.at >= from) {
                if line.head.is_some() {
                    self.settled = Step { at: line.at, count: self.done.count };
                }
                self.done = Step { at: line.end, count: self.done.count + 1 };
            }
            if page.stopped && self.done.at == from {
                break;
            }
            if said.elapsed() >= TELL {
                said = Instant::now();
                drop(out.try_send(Message::Passing { tag, count: self.done.count, complete: false }));
            }
        }
        let now = (self.done.count, self.complete);
        if self.complete && self.told != Some(now) {
            self.told = Some(now);
            tell(out, Message::Passing { tag, count: now.0, complete: true })?;
        }
        Ok(!self.complete)
    }
}
