//! Where lines start and end, from any offset, reading no more than two blocks to find out.
//!
//! A line ends after a newline. Where a whole block of [`PIECE`] bytes, at a multiple of it, has no newline at all,
//! the line is cut at that block's end, so that a file that is one line of 50 MB, or has no newline at all, is a
//! row of pieces and costs no more than any other. The rule looks at the bytes before an offset only: a line that
//! starts somewhere starts there for ever, however the file grows and from wherever it is looked at.

use super::format::Format;
use crate::source::Bytes;
use memchr::{memchr, memrchr};
use std::io;
use std::sync::Arc;

/// Bytes of a block without newline after which a line is cut. No line is as long as two of them.
pub const PIECE: u64 = 32 << 10;

const CHUNK: u64 = 8 * PIECE;
const CHUNKS: usize = 8;

/// Lines of one file, through a small cache of blocks. It sees the file up to [`Lines::len`] and no further.
pub struct Lines {
    bytes: Arc<dyn Bytes>,
    len: u64,
    /// Bytes that are read at once.
    chunk: u64,
    chunks: Vec<Chunk>,
    turn: usize,
    /// How each of them is read.
    pub format: Format,
}

struct Chunk {
    at: u64,
    data: Vec<u8>,
}

impl Lines {
    /// The first `len` bytes of a file.
    pub fn new(bytes: Arc<dyn Bytes>, len: u64) -> Lines {
        Lines { bytes, len, chunk: CHUNK, chunks: Vec::new(), turn: 0, format: Format::default() }
    }

    /// For a look here and there, with less around it.
    pub fn sparse(bytes: Arc<dyn Bytes>, len: u64, format: Format) -> Lines {
        Lines { chunk: PIECE, format, ..Lines::new(bytes, len) }
    }

    /// How far it sees.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sees the file up to `len` from now on.
    pub fn grow(&mut self, len: u64) {
        if len < self.len {
            self.chunks.clear();
        }
        self.len = len;
    }

    /// Where the line starts that holds the byte at `at` (or, at the end of the file, would hold it).
    ///
    /// # Errors
    /// What the file system says.
    pub fn start_of(&mut self, at: u64) -> io::Result<u64> {
        let at = at.min(self.len);
        let block = at / PIECE * PIECE;
        if let Some(newline) = memrchr(b'\n', self.piece(block, at - block)?) {
            return Ok(block + newline as u64 + 1);
        }
        if block == 0 {
            return Ok(0);
        }
        let before = block - PIECE;
        Ok(memrchr(b'\n', self.piece(before, PIECE)?).map_or(block, |newline| before + newline as u64 + 1))
    }

    /// Where the line that starts at `start` ends: after its newline, at a cut, or at the end of the file.
    ///
    /// # Errors
    /// What the file system says.
    pub fn end_of(&mut self, start: u64) -> io::Result<u64> {
        let block = start / PIECE * PIECE;
        let next = block + PIECE;
        if let Some(newline) = memchr(b'\n', self.piece(start, next - start)?) {
            return Ok(start + newline as u64 + 1);
        }
        if start == block || next >= self.len {
            return Ok(next.min(self.len));
        }
        // The part of the first block that lies before `start` decides whether the line is cut at its end.
        if memchr(b'\n', self.piece(block, start - block)?).is_none() {
            return Ok(next);
        }
        let newline = memchr(b'\n', self.piece(next, PIECE)?);
        Ok(newline.map_or((next + PIECE).min(self.len), |newline| next + newline as u64 + 1))
    }

    /// Where the line before the one that starts at `start` starts.
    ///
    /// # Errors
    /// What the file system says.
    pub fn before(&mut self, start: u64) -> io::Result<Option<u64>> {
        if start == 0 { Ok(None) } else { self.start_of(start - 1).map(Some) }
    }

    /// Whether the byte before `at` ends a line.
    ///
    /// # Errors
    /// What the file system says.
    pub fn ends_at(&mut self, at: u64) -> io::Result<bool> {
        Ok(at > 0 && self.piece(at - 1, 1)? == b"\n")
    }

    /// Which of several logs the line at `at` is from, where they are shown as one.
    ///
    /// # Errors
    /// What the file system says.
    pub fn part_at(&self, at: u64) -> io::Result<Option<usize>> {
        self.bytes.part_at(at)
    }

    /// The moment that the clock of the line at `at` begins with.
    ///
    /// # Errors
    /// What the file system says.
    pub fn clock_at(&self, at: u64) -> io::Result<(i64, u32)> {
        self.bytes.clock_at(at)
    }

    /// Where the last line ends of one of several logs that are shown as one, as far as it sees.
    ///
    /// # Errors
    /// What the file system says.
    pub fn end_of_part(&self, part: usize) -> io::Result<u64> {
        Ok(self.bytes.end_of(part)?.map_or(self.len, |end| end.min(self.len)))
    }

    /// The bytes of the line `start..end`, without its newline.
    ///
    /// # Errors
    /// What the file system says.
    pub fn text(&mut self, start: u64, end: u64) -> io::Result<Vec<u8>> {
        let mut text = Vec::with_capacity((end - start) as usize);
        self.text_into(start, end, &mut text)?;
        Ok(text)
    }

    /// As [`Lines::text`], into a buffer that is cleared first.
    ///
    /// # Errors
    /// What the file system says.
    pub fn text_into(&mut self, start: u64, end: u64, text: &mut Vec<u8>) -> io::Result<()> {
        text.clear();
        // A byte order mark is none of the first line's text.
        let mut at = if start == 0 && end >= 3 && self.piece(0, 3)? == b"\xef\xbb\xbf" { 3 } else { start };
        while at < end {
            let step = (at / PIECE * PIECE + PIECE).min(end) - at;
            let piece = self.piece(at, step)?;
            if piece.is_empty() {
                break; // cut short under our hands
            }
            text.extend_from_slice(piece);
            at += step;
        }
        if text.last() == Some(&b'\n') {
            text.pop();
            if text.last() == Some(&b'\r') {
                text.pop();
            }
        }
        Ok(())
    }

    /// Up to `want` bytes at `at`, all of one block; fewer at the end.
    fn piece(&mut self, at: u64, want: u64) -> io::Result<&[u8]> {
        let base = at / self.chunk * self.chunk;
        let need = (at + want).min(self.len).saturating_sub(base) as usize;
        let from = (at - base) as usize;
        let slot = self.chunk(base, need)?;
        let data = &self.chunks[slot].data;
        let to = need.min(data.len());
        Ok(data.get(from.min(to)..to).unwrap_or_default())
    }

    /// The slot of the chunk at `base`, holding at least `need` bytes if the file still has them.
    fn chunk(&mut self, base: u64, need: usize) -> io::Result<usize> {
        let cached = self.chunks.iter().position(|chunk| chunk.at == base);
        if let Some(slot) = cached.filter(|&slot| self.chunks[slot].data.len() >= need) {
            return Ok(slot);
        }
        let slot = cached.unwrap_or_else(|| {
            if self.chunks.len() < CHUNKS {
                self.chunks.push(Chunk { at: base, data: Vec::new() });
                return self.chunks.len() - 1;
            }
            self.turn = (self.turn + 1) % CHUNKS;
            self.turn
        });
        let chunk = &mut self.chunks[slot];
        chunk.at = u64::MAX; // not the chunk's bytes until the read has succeeded
        chunk.data.resize((self.len.saturating_sub(base)).min(self.chunk) as usize, 0);
        let read = self.bytes.read_at(&mut chunk.data, base)?;
        chunk.data.truncate(read);
        chunk.at = base;
        Ok(slot)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::source::FileId;
    use proptest::prelude::*;

    pub(crate) struct Memory(pub(crate) Vec<u8>);

    impl Bytes for Memory {
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            let rest = self.0.get(offset as usize..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }

        fn stat(&self) -> io::Result<(FileId, u64)> {
            Ok((FileId::default(), self.0.len() as u64))
        }
    }

    pub(crate) fn lines(text: &[u8]) -> Lines {
        Lines::new(Arc::new(Memory(text.to_vec())), text.len() as u64)
    }

    fn forward(lines: &mut Lines) -> Vec<u64> {
        let mut starts = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            starts.push(at);
            at = lines.end_of(at).unwrap();
        }
        starts
    }

    fn backward(lines: &mut Lines) -> Vec<u64> {
        let mut starts = Vec::new();
        let mut at = lines.len();
        while let Some(before) = lines.before(at).unwrap() {
            starts.push(before);
            at = before;
        }
        starts.reverse();
        starts
    }

    /// Files of short lines, long lines around the cut, and gaps without any newline.
    pub(crate) fn file() -> impl Strategy<Value = Vec<u8>> {
        let p = PIECE as usize;
        let length = prop_oneof![0..200usize, p - 2..p + 2, 2 * p - 2..2 * p + 2, 3 * p..4 * p];
        proptest::collection::vec(length, 0..12).prop_map(|lengths| {
            lengths.iter().flat_map(|&n| std::iter::repeat_n(b'x', n).chain([b'\n'])).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn forwards_and_backwards_find_the_same_lines(mut text in file(), cut in 0..3usize) {
            text.truncate(text.len().saturating_sub(cut));
            let starts = forward(&mut lines(&text));
            prop_assert_eq!(&backward(&mut lines(&text)), &starts);
            for pair in starts.windows(2) {
                prop_assert!(pair[1] - pair[0] <= 2 * PIECE);
            }
        }

        #[test]
        fn the_lines_of_a_growing_file_are_those_of_the_whole(text in file(), part in 0.0..1.0f64) {
            let mut growing = lines(&text);
            growing.grow((text.len() as f64 * part) as u64);
            let early = forward(&mut growing);
            growing.grow(text.len() as u64);
            let whole = forward(&mut growing);
            prop_assert_eq!(&early[..], &whole[..early.len()]);
            prop_assert_eq!(whole, forward(&mut lines(&text)));
        }

        #[test]
        fn every_offset_belongs_to_the_line_that_holds_it(text in file(), part in 0.0..1.0f64) {
            let at = (text.len() as f64 * part) as u64;
            let mut lines = lines(&text);
            let start = lines.start_of(at).unwrap();
            prop_assert!(start <= at);
            prop_assert!(at >= lines.len() || lines.end_of(start).unwrap() > at);
        }

        #[test]
        fn together_the_lines_are_the_file(text in file()) {
            let mut lines = lines(&text);
            let mut whole = Vec::new();
            for start in forward(&mut lines) {
                let end = lines.end_of(start).unwrap();
                whole.extend(lines.text(start, end).unwrap());
                if text[end as usize - 1] == b'\n' { whole.push(b'\n'); }
            }
            prop_assert_eq!(whole, text);
        }
    }
}
