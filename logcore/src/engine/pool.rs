//! The memory of chunks. It outlives the process where the log root can be mapped, and comes from the heap elsewhere.

use super::chunk::Chunk;
use crate::disk::buffers::Buffers;
use crate::lock::lock;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;

/// Chunks that nobody fills, and how many wait to be written.
#[derive(Debug, Default)]
pub(super) struct Pool {
    small: Mutex<Spare>,
    large: Mutex<Spare>,
    handed_over: AtomicUsize,
    kept: Mutex<Option<Arc<Buffers>>>,
    /// Whether a chunk that outlives the process could not be had, and whether that was told.
    missed: AtomicBool,
    told: AtomicBool,
}

#[allow(clippy::vec_box)] // they are moved about more than they are looked at
type Spare = Vec<Box<Chunk>>;

/// How many chunks of each kind are kept without records. Together with one for each file that has something to write,
/// with [`MOST_HANDED_OVER`] and with the backlog of files that cannot be written, this bounds the engine's memory.
const MOST_SPARE: usize = 32;

/// Bytes in full chunks of all files that may wait for the flusher; with more, log calls write themselves.
const MOST_HANDED_OVER: usize = 8 << 20;

/// What a file has that does not log much: with its header, a page.
pub(super) const SMALL: usize = 3 << 10;

impl Pool {
    /// From now on chunks are made in `buffers`.
    pub(super) fn keep_in(&self, buffers: Arc<Buffers>) {
        *lock(&self.kept) = Some(buffers);
    }

    /// A chunk for the file `name`, with room for a record of `least` bytes: a small one, or one of `size` bytes.
    pub(super) fn take(&self, name: &[u8], least: usize, size: usize, is_busy: bool) -> Box<Chunk> {
        let (spare, size) = if is_busy || least > SMALL { (&self.large, size) } else { (&self.small, SMALL) };
        if least <= size {
            let kept = lock(&self.kept).clone();
            let fits = |chunk: &Chunk| {
                let has_room =
                    chunk.capacity().is_none_or(|capacity| (size..2 * size + SMALL).contains(&capacity));
                has_room && chunk.is_of(kept.as_ref())
            };
            // Those of another buffer size go, and those of buffers that somebody has removed.
            while let Some(mut chunk) = lock(spare).pop() {
                if fits(&chunk) && chunk.begin(name) {
                    return chunk;
                }
            }
            if let Some(buffers) = &kept {
                if let Ok(mut chunk) = buffers.slot(size).map(Chunk::kept)
                    && chunk.begin(name)
                {
                    return chunk;
                }
                self.missed.store(true, Ordering::Relaxed);
            }
        }
        Chunk::on_the_heap()
    }

    /// Whether records went to memory that does not outlive the process although it should; said once.
    pub(super) fn is_to_tell(&self) -> bool {
        self.missed.load(Ordering::Relaxed) && !self.told.swap(true, Ordering::Relaxed)
    }

    /// One more chunk takes no more records and is not written yet.
    pub(super) fn hand_over(&self) {
        self.handed_over.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes back a chunk that had been handed over and holds nothing any more; buffers are `size` bytes long.
    pub(super) fn give(&self, mut chunk: Box<Chunk>, size: usize) {
        const SLACK: usize = 8 << 10;
        self.handed_over.fetch_sub(1, Ordering::Relaxed);
        chunk.shrink_to(size + SLACK);
        let is_small = chunk.capacity().is_some_and(|capacity| capacity < 2 * SMALL);
        let mut spare = lock(if is_small { &self.small } else { &self.large });
        if spare.len() < MOST_SPARE {
            spare.push(chunk);
        }
    }

    /// Whether one more chunk of `size` bytes may wait for the flusher.
    pub(super) fn may_hand_over(&self, size: usize) -> bool {
        self.handed_over.load(Ordering::Relaxed).saturating_mul(size) < MOST_HANDED_OVER
    }
}
