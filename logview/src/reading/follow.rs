//! Following a file by its name, through everything that happens to log files.
//!
//! A check costs two stats and two short reads. It tells growth from a file that was truncated, written anew,
//! rotated, or removed. What was opened is kept open: a file that was renamed or removed is read to its end, also
//! while its writer has not turned to the new one yet, and what the new one holds follows below it (`joined.rs`). So
//! nothing that was written before a rotation is missed, and nobody's place in the log moves.

use super::joined::Joined;
use super::window::Nothing;
use crate::source::rotation::packing;
use crate::source::{Bytes, FileId, Place, Source};
use std::io;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing new.
    Same,
    /// More bytes at the end.
    Grew,
    /// Another file has the name now: its bytes go on at the end.
    Rotated,
    /// Other bytes: what was read before is not valid any more.
    Replaced,
    /// There is no such file now; what was opened stays as it was.
    Gone,
}

const MARK: usize = 64;

/// Files that are kept open at most: that many rotations can be scrolled back through.
const MOST_PARTS: usize = 40;

/// A file that is followed.
pub struct Followed {
    place: Place,
    open: Option<Open>,
    gone: bool,
}

struct Open {
    joined: Arc<Joined>,
    /// Where the file that has the name now begins.
    base: u64,
    bytes: Arc<dyn Bytes>,
    id: FileId,
    len: u64,
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Followed {
    /// Follows a place that need not exist yet.
    pub fn new(place: Place) -> Followed {
        Followed { place, open: None, gone: false }
    }

    /// What is followed.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether nothing has the name now.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// The bytes and how many of them count, if there is or was a file.
    pub fn bytes(&self) -> Option<(Arc<dyn Bytes>, u64)> {
        self.open.as_ref().map(|open| (Arc::clone(&open.joined) as Arc<dyn Bytes>, open.base + open.len))
    }

    /// Puts what was rotated away before it was opened above it, the oldest first. Says by how much that moves what was
    /// there, and how many files now stand above the one that has the name.
    ///
    /// # Errors
    /// What the file system says.
    pub fn put_above(&mut self, older: &[Arc<dyn Bytes>]) -> io::Result<(u64, usize)> {
        let Some(open) = &mut self.open else { return Ok((0, 0)) };
        let (joined, by) = open.joined.after(older)?;
        let above = joined.parts() - 1;
        // Whoever reads the row goes on reading it, and what comes is put into it, unless it is another one.
        if by > 0 {
            (open.joined, open.base) = (Arc::new(joined), open.base + by);
        }
        Ok((by, above))
    }

    /// Looks what has happened.
    ///
    /// # Errors
    /// What the file system says, except that there is no such file.
    pub fn check(&mut self, source: &dyn Source) -> io::Result<Change> {
        let (id, len) = match source.stat(&self.place) {
            Ok(now) => now,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let alone = self.open.is_none() && !source.parts(&self.place).unwrap_or_default().is_empty();
                return if alone { self.open_none() } else { self.missing() };
            }
            Err(error) => return Err(error),
        };
        let Some(open) = &mut self.open else { return self.reopen(source) };
        if open.id != id {
            // A file that was made anew and is empty: the writer may still be at the old one.
            let waits = len == 0 && rolled_between(source, &self.place, open.id)?.is_empty();
            return if waits { self.drain() } else { self.rotate(source) };
        }
        let was_gone = std::mem::take(&mut self.gone);
        if len < open.len || !open.unchanged()? {
            return self.reopen(source);
        }
        match (open.grow(len)?, was_gone) {
            // It has its name again.
            (_, true) | (true, _) => Ok(Change::Grew),
            (false, _) => Ok(Change::Same),
        }
    }

    /// Nothing has the name, but did: what was rotated away comes above nothing.
    fn open_none(&mut self) -> io::Result<Change> {
        let none: Arc<dyn Bytes> = Arc::new(Nothing);
        self.gone = true;
        self.open = Some(Open::new(Arc::new(Joined::new(Arc::clone(&none))), 0, none)?);
        Ok(Change::Replaced)
    }

    fn reopen(&mut self, source: &dyn Source) -> io::Result<Change> {
        let Some(bytes) = open(source, &self.place)? else { return self.missing() };
        self.gone = false;
        self.open = Some(Open::new(Arc::new(Joined::new(Arc::clone(&bytes))), 0, bytes)?);
        Ok(Change::Replaced)
    }

    /// Reads the old file to its end and goes on with the one that has the name now.
    fn rotate(&mut self, source: &dyn Source) -> io::Result<Change> {
        let Some(old) = &mut self.open else { return self.reopen(source) };
        let (_, end) = old.bytes.stat()?;
        if end < old.len || old.joined.parts() >= MOST_PARTS || !old.unchanged()? {
            return self.reopen(source);
        }
        let between = rolled_between(source, &self.place, old.id)?;
        let Some(bytes) = open(source, &self.place)? else { return self.missing() };
        if old.joined.parts() + between.len() >= MOST_PARTS {
            return self.reopen(source);
        }
        let joined = Arc::clone(&old.joined);
        let mut end = end;
        for between in between {
            let (_, len) = between.stat()?;
            joined.push(end, between)?;
            end = len;
        }
        let base = joined.push(end, Arc::clone(&bytes))?;
        self.gone = false;
        self.open = Some(Open::new(joined, base, bytes)?);
        Ok(Change::Rotated)
    }

    /// A writer that has the removed file open may still write to it.
    fn missing(&mut self) -> io::Result<Change> {
        if std::mem::replace(&mut self.gone, true) { self.drain() } else { Ok(Change::Gone) }
    }

    /// What was written to the file that has lost its name.
    fn drain(&mut self) -> io::Result<Change> {
        let Some(open) = &mut self.open else { return Ok(Change::Same) };
        let (_, len) = open.bytes.stat()?;
        Ok(if len > open.len && open.grow(len)? { Change::Grew } else { Change::Same })
    }
}

/// Files that had the name after the one of this identity and have lost it again, the oldest first: between two looks a
/// file may be rotated twice. What has been packed by then is left out.
fn rolled_between(source: &dyn Source, place: &Place, id: FileId) -> io::Result<Vec<Arc<dyn Bytes>>> {
    let mut between = Vec::new();
    for part in source.parts(place)?.iter().rev().take(MOST_PARTS) {
        if packing(part.file.as_os_str()).1.is_some() {
            break;
        }
        let Some(bytes) = open(source, part)? else { break };
        if bytes.stat()?.0 == id {
            between.reverse();
            return Ok(between);
        }
        between.push(bytes);
    }
    // Whatever those are that stand there, they do not go on where the file ended.
    Ok(Vec::new())
}

/// `None` if there is none.
fn open(source: &dyn Source, place: &Place) -> io::Result<Option<Arc<dyn Bytes>>> {
    match source.open(place) {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Open {
    fn new(joined: Arc<Joined>, base: u64, bytes: Arc<dyn Bytes>) -> io::Result<Open> {
        let (id, len) = bytes.stat()?;
        let mut open = Open { joined, base, bytes, id, len, first: Vec::new(), last: Vec::new() };
        open.mark()?;
        Ok(open)
    }

    /// Says whether there is more.
    fn grow(&mut self, len: u64) -> io::Result<bool> {
        let more = len > self.len;
        self.len = len;
        if more {
            self.mark()?;
        }
        Ok(more)
    }

    /// Remembers the first and the last bytes, by which a file that was written anew is told from one that grew.
    fn mark(&mut self) -> io::Result<()> {
        if self.first.len() < MARK {
            self.first = self.read(0, self.len.min(MARK as u64))?;
        }
        let at = self.len.saturating_sub(MARK as u64);
        self.last = self.read(at, self.len - at)?;
        Ok(())
    }

    fn unchanged(&self) -> io::Result<bool> {
        let at = self.len.saturating_sub(MARK as u64);
        Ok(self.read(0, self.first.len() as u64)? == self.first && self.read(at, self.len - at)? == self.last)
    }

    fn read(&self, at: u64, want: u64) -> io::Result<Vec<u8>> {
        let mut data = vec![0; want as usize];
        let read = self.bytes.read_at(&mut data, at)?;
        data.truncate(read);
        Ok(data)
    }
}
