//! A part of a log by time: one run of a job that has had several.

use super::format::Format;
use super::lines::Lines;
use super::seek;
use super::times::from_millis;
use crate::source::{Bytes, FileId};
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// From when until when, in milliseconds since the epoch; what is not said has no end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Window {
    pub from: Option<i64>,
    pub until: Option<i64>,
    /// The moment from which on its clock goes; else it is its first record's.
    pub clock: Option<i64>,
}

impl Window {
    /// Where its records stand in the first `len` bytes of a row.
    ///
    /// # Errors
    /// What the file system says.
    pub fn range(self, bytes: &Arc<dyn Bytes>, len: u64, format: &Format) -> io::Result<Range<u64>> {
        let lines = || Lines::sparse(Arc::clone(bytes), len, format.clone());
        let asks = self.from.or(self.until).is_some();
        if asks && len > 0 && seek::ends(&mut lines())?.is_none() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "its lines have no times that tell its runs apart",
            ));
        }
        let place = |at: Option<i64>, none: u64| {
            let Some(millis) = at else { return Ok(none) };
            seek::first(&mut lines(), from_millis(millis), &|| false)
        };
        let start = place(self.from, 0)?;
        Ok(start..place(self.until, len)?.max(start))
    }
}

/// A row of bytes from a place on.
pub struct From {
    /// The whole row.
    pub bytes: Arc<dyn Bytes>,
    /// Where it begins.
    pub start: u64,
}

impl Bytes for From {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.bytes.read_at(buffer, self.start + offset)
    }

    fn stat(&self) -> io::Result<(FileId, u64)> {
        let (id, len) = self.bytes.stat()?;
        Ok((id, len.saturating_sub(self.start)))
    }
}

/// No bytes: of what there is nothing yet, or nothing any more.
pub struct Nothing;

impl Bytes for Nothing {
    fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
        Ok(0)
    }

    fn stat(&self) -> io::Result<(FileId, u64)> {
        Ok((FileId::default(), 0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::Memory;
    use super::*;

    #[test]
    fn a_run_is_what_was_written_from_its_start_to_the_next_ones() {
        let line = |second: u32| format!("[INFO] [2026-11-22T16:20:{second:02}.500Z] {second}\n\tmore\n");
        let text: String = [1, 2, 3, 4].map(line).concat();
        let bytes: Arc<dyn Bytes> = Arc::new(Memory(text.clone().into_bytes()));
        let start = crate::model::millis(b"2026-11-22T16:20:00Z").unwrap();
        let of = |from: Option<i64>, until: Option<i64>| {
            let at = |seconds: i64| start + seconds * 1000;
            let window = Window { from: from.map(at), until: until.map(at), clock: None };
            let range = window.range(&bytes, text.len() as u64, &Format::default()).unwrap();
            text[range.start as usize..range.end as usize].to_owned()
        };
        assert_eq!(of(None, None), text);
        assert_eq!(of(Some(2), Some(4)), line(2) + &line(3));
        assert_eq!(of(Some(3), None), line(3) + &line(4));
        assert_eq!((of(Some(9), None), of(Some(9), Some(2))), (String::new(), String::new()));
        let window = Window { from: Some(start + 3000), ..Window::default() };
        let from = From {
            bytes: Arc::clone(&bytes),
            start: window.range(&bytes, text.len() as u64, &Format::default()).unwrap().start,
        };
        let mut data = [0; 4096];
        let count = from.read_at(&mut data, 0).unwrap();
        assert_eq!((&data[..count], from.stat().unwrap().1), ((line(3) + &line(4)).as_bytes(), count as u64));
    }
}
