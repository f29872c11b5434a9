//! Encoded records on their way to one file: what a log call fills, and what is written in one go.

use super::account::{Account, Ledger};
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::sync::Arc;

/// Encoded records, first to last, and whose they are. Their memory comes from a pool and goes back to it.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    ledger: Ledger,
    /// How many of the bytes stand in the file. They are kept until it is made sure that the file has a name: somebody
    /// may have deleted it.
    done: usize,
}

impl Chunk {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Bytes that do not stand in the file.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.done
    }

    #[inline]
    pub(super) fn push(&mut self, record: &[u8], account: &Arc<Account>) {
        self.bytes.extend_from_slice(record);
        self.ledger.add(account, record.len());
    }

    /// What was written stands in a file that has a name: it is on its job's account.
    pub(super) fn confirm(&mut self) {
        self.ledger.written(self.done);
        if self.left() == 0 {
            self.bytes.clear();
        } else {
            self.bytes.drain(..self.done);
        }
        self.done = 0;
    }

    /// What was written went to a file that has no name any more: it is to be written again.
    pub(super) fn revoke(&mut self) {
        self.done = 0;
    }

    /// What is left will not be written.
    pub(super) fn lose(&mut self) {
        self.ledger.lost();
        self.bytes.clear();
        self.done = 0;
    }

    /// Records of one job that it holds.
    pub(super) fn records_of(&self, account: &Arc<Account>) -> u64 {
        self.ledger.left_of(account)
    }

    /// Room for the next records, with no more memory than `most`.
    pub(super) fn emptied(mut self, most: usize) -> Chunk {
        debug_assert!(self.is_empty() && self.ledger.is_empty());
        self.bytes.shrink_to(most);
        self
    }
}

/// Writes what is left of `chunks`; `Err` if that stopped before the end. What came so far is marked as done.
pub(super) fn write(file: &mut File, chunks: &mut [Chunk]) -> (u64, io::Result<()>) {
    /// Chunks that go into one call.
    const AT_ONCE: usize = 8;
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
            *slice = IoSlice::new(&chunk.bytes[chunk.done..]);
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
            chunk.done += part;
            left -= part;
        }
    }
}
