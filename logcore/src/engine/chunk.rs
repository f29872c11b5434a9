//! Encoded records on their way to one file: what a log call fills, and what is written in one go.

use super::account::{Account, Ledger, Posting};
use crate::disk::buffers::{Buffers, Slot};
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::sync::Arc;

/// Encoded records, first to last, and whose they are. Their memory comes from a pool and goes back to it.
#[derive(Debug)]
pub(super) struct Chunk {
    memory: Memory,
    len: usize,
    /// How many of the bytes stand in the file.
    done: usize,
    /// How many of these are known to stand in a file that has a name: somebody may have deleted it.
    settled: usize,
    ledger: Ledger,
}

#[derive(Debug)]
enum Memory {
    /// Outlives the process.
    Kept(Slot),
    /// Ends with it, and grows.
    Heap(Vec<u8>),
}

impl Chunk {
    /// In memory that outlives the process.
    pub(super) fn kept(slot: Slot) -> Box<Chunk> {
        Chunk::new(Memory::Kept(slot))
    }

    pub(super) fn on_the_heap() -> Box<Chunk> {
        Chunk::new(Memory::Heap(Vec::new()))
    }

    fn new(memory: Memory) -> Box<Chunk> {
        Box::new(Chunk { memory, len: 0, done: 0, settled: 0, ledger: Ledger::default() })
    }

    /// Says for which file it is; `false` if it cannot be kept for that.
    pub(super) fn begin(&mut self, name: &[u8]) -> bool {
        debug_assert!(self.is_empty() && self.ledger.is_empty());
        match &mut self.memory {
            Memory::Kept(slot) => slot.begin(name),
            Memory::Heap(_) => true,
        }
    }

    /// Bytes that it has room for; `None` if it grows.
    pub(super) fn capacity(&self) -> Option<usize> {
        match &self.memory {
            Memory::Kept(slot) => Some(slot.capacity()),
            Memory::Heap(_) => None,
        }
    }

    /// Whether its memory is of `buffers`, or from the heap if there are none.
    pub(super) fn is_of(&self, buffers: Option<&Arc<Buffers>>) -> bool {
        match (&self.memory, buffers) {
            (Memory::Kept(slot), Some(buffers)) => slot.is_of(buffers),
            (Memory::Heap(_), None) => true,
            _ => false,
        }
    }

    /// Gives back heap beyond `most`.
    pub(super) fn shrink_to(&mut self, most: usize) {
        self.ledger.shrink();
        if let Memory::Heap(bytes) = &mut self.memory {
            bytes.shrink_to(most);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that do not stand in the file.
    pub(super) fn left(&self) -> usize {
        self.len - self.done
    }

    /// Whether something of it stands in the file without being known to stand there for good.
    pub(super) fn is_unsettled(&self) -> bool {
        self.done > self.settled
    }

    /// Appends a record, for which there has to be room.
    #[inline(always)]
    pub(super) fn push(&mut self, record: &[u8], posting: Posting<'_>) {
        match &mut self.memory {
            Memory::Kept(slot) => slot.push(self.len, record),
            Memory::Heap(bytes) => bytes.extend_from_slice(record),
        }
        self.len += record.len();
        self.ledger.add(posting, record.len());
    }

    /// What was written stands in a file that has a name: it is on its job's account.
    pub(super) fn confirm(&mut self) {
        self.ledger.written(self.done - self.settled);
        self.settled = self.done;
        if self.settled == self.len {
            self.clear();
        } else if let Memory::Kept(slot) = &mut self.memory {
            slot.settle(self.settled);
        }
    }

    /// What was written and not confirmed went to a file that has no name any more: it is to be written again.
    pub(super) fn revoke(&mut self) {
        self.set_done(self.settled);
    }

    /// Of the `written` bytes that were written last, those that are only a part of a record.
    pub(super) fn half_a_record(&self, written: u64) -> u64 {
        (self.ledger.half_a_record(self.done - self.settled) as u64).min(written)
    }

    /// The last `bytes` of what was written have been taken out of the file again.
    pub(super) fn take_back(&mut self, bytes: u64) {
        self.set_done(self.done - bytes as usize);
    }

    fn set_done(&mut self, bytes: usize) {
        self.done = bytes;
        if let Memory::Kept(slot) = &mut self.memory {
            slot.set_done(bytes);
        }
    }

    /// What is left will not be written.
    pub(super) fn lose(&mut self) {
        self.ledger.lost();
        self.clear();
    }

    fn clear(&mut self) {
        match &mut self.memory {
            Memory::Kept(slot) => slot.clear(),
            Memory::Heap(bytes) => bytes.clear(),
        }
        (self.len, self.done, self.settled) = (0, 0, 0);
    }

    /// Adds the numbers of one job's records that it holds.
    pub(super) fn left_of(&self, account: &Arc<Account>, left: &mut Vec<u64>) {
        self.ledger.left_of(account, left);
    }

    /// That the record is lost has been counted; `false` if it is not in here.
    pub(super) fn disown(&mut self, posting: Posting<'_>) -> bool {
        self.ledger.disown(posting)
    }

    fn bytes_left(&self) -> &[u8] {
        match &self.memory {
            Memory::Kept(slot) => &slot.data()[self.done..self.len],
            Memory::Heap(bytes) => &bytes[self.done..],
        }
    }

    /// It is about to be written at `position` of its file.
    fn set_position(&mut self, position: u64) {
        if let Memory::Kept(slot) = &mut self.memory {
            slot.set_position(position);
        }
    }
}

/// Writes what is left of `chunks` to a file that is `length` bytes long; `Err` if that stopped before the end. What
/// came so far is marked as done. Also says how much that is.
pub(super) fn write(file: &mut File, chunks: &mut [Box<Chunk>], length: u64) -> (u64, io::Result<()>) {
    /// Chunks that go into one call.
    const AT_ONCE: usize = 8;
    let mut position = length;
    for chunk in chunks.iter_mut() {
        if chunk.done == chunk.settled {
            chunk.set_position(position);
        }
        position += chunk.left() as u64;
    }
    let mut written = 0;
    let mut first = 0;
    loop {
        while chunks.get(first).is_some_and(|chunk| chunk.left() == 0) {
            first += 1;
        }
        let Some(rest) = chunks.get_mut(first..).filter(|rest| !rest.is_empty()) else {
            return (written, Ok(()));
        };
        let mut slices = [IoSlice::new(&[]); AT_ONCE];
        for (slice, chunk) in slices.iter_mut().zip(&*rest) {
            *slice = IoSlice::new(chunk.bytes_left());
        }
        let count = match file.write_vectored(&slices[..rest.len().min(AT_ONCE)]) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return (written, Err(error)),
        };
        written += count as u64;
        let mut left = count;
        for chunk in rest {
            let part = left.min(chunk.left());
            chunk.set_done(chunk.done + part);
            left -= part;
        }
    }
}
