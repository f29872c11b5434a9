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

#[derive(Clone)]
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
        last.len = len;
        let start = last.start + len + u64::from(!ends_a_line(&*last.bytes, len)?);
        parts.push(Part { bytes, start, len: u64::MAX });
        Ok(start)
    }

    /// The same with other parts before them, the oldest first, and by how much all has moved. What is in it already is
    /// not put there once more. This row stays as it is, for it may be read at this moment.
    pub(super) fn after(&self, older: &[Arc<dyn Bytes>]) -> io::Result<(Joined, u64)> {
        let mut parts = self.parts.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut there = Vec::new();
        for part in &parts {
            there.push(part.bytes.stat()?.0);
        }
        let mut before = Vec::new();
        let mut by = 0;
        for bytes in older {
            let (id, len) = bytes.stat()?;
            if len > 0 && !there.contains(&id) {
                before.push(Part { bytes: Arc::clone(bytes), start: by, len });
                by += len + u64::from(!ends_a_line(&**bytes, len)?);
            }
        }
        parts.iter_mut().for_each(|part| part.start += by);
        before.extend(parts);
        Ok((Joined { parts: RwLock::new(before) }, by))
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.parts.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Whether the last of so many bytes is a line's end; without any there is no line to end.
fn ends_a_line(bytes: &dyn Bytes, len: u64) -> io::Result<bool> {
    let mut end = [b'\n'];
    if len > 0 {
        bytes.read_at(&mut end, len - 1)?;
    }
    Ok(end == [b'\n'])
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

    fn base(&self) -> u64 {
        self.parts.read().unwrap_or_else(PoisonError::into_inner).last().map_or(0, |last| last.start)
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::Memory;
    use super::*;
    use proptest::prelude::*;

    struct Named(Vec<u8>, u64);

    impl Bytes for Named {
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            Memory(self.0.clone()).read_at(buffer, offset)
        }

        fn stat(&self) -> io::Result<(FileId, u64)> {
            Ok((FileId(1, self.1), self.0.len() as u64))
        }
    }

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
            // The first ones may also be put above the others afterwards.
            let (above, below) = parts.split_at(parts.len() / 2);
            let joined = if above.is_empty() { joined } else {
                let memory = |text: &String, id: u64| Arc::new(Named(text.clone().into_bytes(), id)) as Arc<dyn Bytes>;
                let late = Joined::new(memory(&below[0], 100));
                for (at, (old, new)) in below.iter().zip(&below[1..]).enumerate() {
                    late.push(old.len() as u64, memory(new, 101 + at as u64)).unwrap();
                }
                let above: Vec<_> = above.iter().zip(0..).map(|(text, id)| memory(text, id)).collect();
                let (late, by) = late.after(&above).unwrap();
                prop_assert_eq!(late.after(&above).unwrap().1, 0, "what is there is not put there twice");
                prop_assert!(whole.len() as u64 >= by);
                late
            };
            let from = from.min(whole.len());
            let mut buffer = vec![0; count];
            let read = joined.read_at(&mut buffer, from as u64).unwrap();
            prop_assert_eq!(&buffer[..read], &whole.as_bytes()[from..(from + count).min(whole.len())]);
        }
    }
}
