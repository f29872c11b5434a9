//! The files that had one name one after the other, as one row of bytes: what was rotated away stays readable above
//! what is written now, at the offsets that it always had.
//!
//! Only the last part grows. A part that does not end with a line's end gets one, so that no line runs over from one
//! file into the next; one that is cut short afterwards is filled with line ends, so that nothing behind it moves.

use crate::source::{Bytes, FileId};
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

/// See the module.
pub(super) struct Joined {
    parts: RwLock<Vec<Part>>,
}

struct Part {
    bytes: Arc<dyn Bytes>,
    start: u64,
    /// What counts of it; the last part has no end yet.
    len: u64,
}

impl Joined {
    /// With one part, which may grow.
    pub(super) fn new(bytes: Arc<dyn Bytes>) -> Joined {
        Joined { parts: RwLock::new(vec![Part { bytes, start: 0, len: u64::MAX }]) }
    }

    /// Goes on with another part after `len` bytes of the last one; returns where it starts.
    pub(super) fn push(&self, len: u64, bytes: Arc<dyn Bytes>) -> io::Result<u64> {
        let mut parts = self.parts.write().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = parts.last_mut() else { return Ok(0) };
        let mut end = [b'\n'];
        if len > 0 {
            last.bytes.read_at(&mut end, len - 1)?;
        }
        last.len = len;
        let start = last.start + len + u64::from(end != [b'\n']);
        parts.push(Part { bytes, start, len: u64::MAX });
        Ok(start)
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.parts.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Bytes for Joined {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner);
        let mut done = 0;
        for (at, part) in parts.iter().enumerate() {
            let here = offset + done as u64;
            let Some(next) = parts.get(at + 1) else {
                return Ok(done + part.bytes.read_at(&mut buffer[done..], here - part.start)?);
            };
            if here >= next.start {
                continue;
            }
            let want = ((next.start - here) as usize).min(buffer.len() - done);
            let there = (part.start + part.len).saturating_sub(here) as usize;
            let (old, _) = buffer[done..done + want].split_at_mut(want.min(there));
            let read = part.bytes.read_at(old, here - part.start)?;
            buffer[done + read..done + want].fill(b'\n');
            done += want;
            if done == buffer.len() {
                break;
            }
        }
        Ok(done)
    }

    fn stat(&self) -> io::Result<(FileId, u64)> {
        let parts = self.parts.read().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = parts.last() else { return Ok((FileId::default(), 0)) };
        let (id, len) = last.bytes.stat()?;
        Ok((id, last.start + len))
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::Memory;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_stretch_of_it_is_that_of_the_parts_in_a_row(
            parts in proptest::collection::vec("[a-z\n]{0,20}", 1..6), from in 0..120usize, count in 0..60usize
        ) {
            let memory = |text: &String| Arc::new(Memory(text.clone().into_bytes()));
            let joined = Joined::new(memory(&parts[0]));
            let mut whole = String::new();
            for (old, new) in parts.iter().zip(&parts[1..]) {
                whole.push_str(old);
                if !old.is_empty() && !old.ends_with('\n') {
                    whole.push('\n');
                }
                prop_assert_eq!(joined.push(old.len() as u64, memory(new)).unwrap(), whole.len() as u64);
            }
            whole.push_str(parts.last().unwrap());
            let from = from.min(whole.len());
            let mut buffer = vec![0; count];
            let read = joined.read_at(&mut buffer, from as u64).unwrap();
            prop_assert_eq!(&buffer[..read], &whole.as_bytes()[from..(from + count).min(whole.len())]);
        }
    }
}
