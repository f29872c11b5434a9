//! What log calls append to: the chunk that is being filled, and those that are full and wait.

use super::{Extent, LogFile};
use crate::engine::account::Posting;
use crate::engine::chunk::Chunk;
use crate::engine::files::Shared;
use crate::engine::moment::Moment;
use crate::sync::atomic::Ordering;
use encoding_rs::{Encoding, UTF_8};
use std::time::Duration;

/// While writing fails, a file keeps this many times the buffer size, and no less than [`LEAST_BACKLOG`].
const BACKLOG: usize = 4;
const LEAST_BACKLOG: usize = 256 << 10;

/// Where records at the flush level follow each other faster than this, the flusher writes them, with this delay.
const URGENT_EVERY: Duration = Duration::from_millis(5);

/// What log calls append to.
#[derive(Debug)]
pub(super) struct Front {
    /// What is filled, while something waits.
    pub(super) chunk: Option<Box<Chunk>>,
    /// How long `chunk` may get; 0 if the next record is to take the long way.
    pub(super) room: usize,
    /// Chunks that wait to be written, oldest first.
    #[allow(clippy::vec_box)] // they are moved about more than they are looked at
    pub(super) full: Vec<Box<Chunk>>,
    /// Whether `chunk` holds nothing but records at the flush level.
    pub(super) all_urgent: bool,
    /// When such a record was last written at once although others stood before it. Boxed, as hardly any file has one and
    /// there are many.
    pub(super) urgent_at: Option<Box<Moment>>,
    /// Whether the flusher knows that something waits, and that something is full.
    pub(super) queued: bool,
    pub(super) full_queued: bool,
    /// While writing fails.
    pub(super) failing: bool,
    /// Whether a chunk got full since all was written last.
    pub(super) is_busy: bool,
    pub(super) encoding: &'static Encoding,
    pub(super) rolls: bool,
}

impl Front {
    pub(super) fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.full.iter().chain(&self.chunk).map(|chunk| &**chunk)
    }

    pub(super) fn disown(&mut self, posting: Posting<'_>) -> bool {
        let mut found = false;
        for chunk in self.full.iter_mut().chain(&mut self.chunk) {
            found |= chunk.disown(posting);
        }
        found
    }

    /// Whether a record of `more` bytes has to go into another chunk than the one that is being filled.
    pub(super) fn is_full(&self, size: usize, more: usize) -> bool {
        // Without a buffer, what is written already is kept all the same until it is confirmed.
        const UNCONFIRMED: usize = 16 << 10;
        let size = if size == 0 { UNCONFIRMED } else { size };
        self.chunk.as_ref().is_some_and(|chunk| {
            let room = chunk.capacity().map_or(size, |capacity| capacity.min(size));
            !chunk.is_empty() && chunk.len() + more > room
        })
    }

    /// Appends a record in the file's encoding; `false` if what waits for a file that cannot be written is too much already.
    pub(super) fn push(
        &mut self,
        owner: &LogFile,
        shared: &Shared,
        line: &[u8],
        urgent: bool,
        posting: Posting<'_>,
    ) -> bool {
        let size = shared.limits().buffer_size();
        let backlog = size.saturating_mul(BACKLOG).max(LEAST_BACKLOG);
        let stuck = self.failing || owner.stalled.load(Ordering::Relaxed);
        if stuck && self.pending() + line.len() > backlog {
            return false;
        }
        if self.is_full(size, line.len()) {
            self.is_busy = true;
            let full = self.take_chunk(shared);
            self.full.extend(full);
        }
        let fits = |chunk: &Chunk| chunk.capacity().is_none_or(|capacity| line.len() <= capacity);
        let chunk = match self.chunk.take().filter(|chunk| fits(chunk)) {
            Some(chunk) => chunk,
            None => shared.pool.take(owner.name(), line.len(), size, self.is_busy),
        };
        self.all_urgent = urgent && (chunk.is_empty() || self.all_urgent);
        let room = chunk.capacity().map_or(size, |capacity| capacity.min(size));
        self.room = if self.encoding == UTF_8 && !self.rolls && !stuck { room } else { 0 };
        self.chunk.insert(chunk).push(line, posting);
        true
    }

    /// Takes what is being filled, to be written.
    fn take_chunk(&mut self, shared: &Shared) -> Option<Box<Chunk>> {
        self.room = 0;
        let chunk = self.chunk.take()?;
        shared.pool.hand_over();
        Some(chunk)
    }

    /// Whether a record at the flush level that came `now` is to be written by its log call: if that is little, or if it was not
    /// done just now.
    pub(super) fn is_due(&mut self, now: Moment) -> bool {
        if self.all_urgent && self.full.is_empty() {
            return true;
        }
        let before = self.urgent_at.as_ref().and_then(|before| now.since(**before));
        let due = before.is_none_or(|since| since >= URGENT_EVERY);
        if due {
            **self.urgent_at.get_or_insert_default() = now;
        }
        due
    }

    /// Has the flusher know what it does not know yet.
    pub(super) fn tell(&mut self, owner: &LogFile, shared: &Shared, soon: bool) {
        if !self.queued {
            self.queued = true;
            shared.flusher.enqueue(owner.me.clone());
        }
        if soon {
            shared.flusher.hurry(URGENT_EVERY);
        }
        if !self.full.is_empty() && !self.full_queued && !self.failing {
            self.full_queued = true;
            shared.flusher.hand_over(owner.me.clone());
        }
    }

    /// Bytes that are not written.
    pub(super) fn pending(&self) -> usize {
        self.chunks().map(Chunk::left).sum()
    }

    pub(super) fn holds_any(&self, extent: Extent) -> bool {
        !self.full.is_empty() || (extent == Extent::All && self.chunk.is_some())
    }

    /// Takes what is to be written.
    #[allow(clippy::vec_box)] // they are moved about more than they are looked at
    pub(super) fn take(&mut self, shared: &Shared, extent: Extent) -> Vec<Box<Chunk>> {
        let mut taken = std::mem::take(&mut self.full);
        if extent == Extent::All {
            taken.extend(self.take_chunk(shared));
            self.is_busy &= taken.len() > 1;
        }
        taken
    }

    /// Whether something stands in the file and nobody has made sure yet that the file has a name.
    pub(super) fn is_unsettled(&self) -> bool {
        self.chunks().any(Chunk::is_unsettled)
    }

    /// The descriptor is let go of: what stands in its file is done with, unless the file is deleted.
    pub(super) fn settle(&mut self, shared: &Shared, deleted: bool) {
        for chunk in self.full.iter_mut().chain(&mut self.chunk) {
            if deleted {
                chunk.revoke();
            } else {
                chunk.confirm();
            }
        }
        for written in self.full.extract_if(.., |chunk| chunk.is_empty()) {
            shared.give_chunk(written);
        }
    }

    pub(super) fn fails(&mut self) {
        self.failing = true;
        self.room = 0;
    }

    pub(super) fn lose(&mut self, shared: &Shared) {
        let chunk = self.take_chunk(shared);
        for mut chunk in self.full.drain(..).chain(chunk) {
            chunk.lose();
            shared.give_chunk(chunk);
        }
    }
}
