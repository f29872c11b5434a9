//! A file in another encoding, as UTF-8 at any offset, so that everything else is written for UTF-8 alone.
//!
//! UTF-16 is known by its byte order mark; any other encoding has to be said. The file is decoded once to learn how long
//! it is, with a point to enter it at every `STEP`, which is at a line's end where there is one. What it
//! cannot mean is shown as U+FFFD.

use crate::source::{Bytes, FileId};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::memrchr;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of the file that are decoded together.
const STEP: u64 = 256 << 10;

/// See the module.
pub struct Recoded {
    bytes: Arc<dyn Bytes>,
    encoding: &'static Encoding,
    known: Mutex<Known>,
}

struct Known {
    /// Where a piece begins, decoded and in the file.
    points: Vec<(u64, u64)>,
    /// Both lengths.
    len: u64,
    raw: u64,
    /// The piece that was decoded last.
    piece: Option<(usize, String)>,
}

/// The encoding of a file that begins like this, if it is not UTF-8; `said` is what a person says.
pub fn encoding_of(start: &[u8], said: Option<&'static Encoding>) -> Option<&'static Encoding> {
    match Encoding::for_bom(start) {
        Some((encoding, _)) => Some(encoding),
        None => said,
    }
    .filter(|encoding| *encoding != UTF_8)
}

impl Recoded {
    /// The first `raw` bytes of a file.
    ///
    /// # Errors
    /// What the file system says.
    pub fn new(bytes: Arc<dyn Bytes>, raw: u64, encoding: &'static Encoding) -> io::Result<Recoded> {
        let known = Known { points: vec![(0, 0)], len: 0, raw: 0, piece: None };
        let recoded = Recoded { bytes, encoding, known: Mutex::new(known) };
        recoded.grow(raw)?;
        Ok(recoded)
    }

    /// Sees the file up to `raw` bytes from now on; returns how long it is decoded.
    ///
    /// # Errors
    /// What the file system says.
    pub fn grow(&self, raw: u64) -> io::Result<u64> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(&(mut out, mut at)) = known.points.last() else { return Ok(0) };
        loop {
            let data = self.read(at, raw)?;
            let whole = (data.len() as u64 == STEP).then(|| self.end_of_piece(&data));
            let text = self.decode(at, &data[..whole.unwrap_or(data.len())]);
            out += text.len() as u64;
            let Some(whole) = whole else { break };
            at += whole as u64;
            known.points.push((out, at));
        }
        (known.len, known.raw) = (out, raw);
        let last = known.points.len() - 1;
        known.piece = known.piece.take().filter(|(piece, _)| *piece < last);
        Ok(out)
    }

    /// What it is decoded from.
    pub fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    fn read(&self, at: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut data = vec![0; to.saturating_sub(at).min(STEP) as usize];
        let got = self.bytes.read_at(&mut data, at)?;
        data.truncate(got);
        Ok(data)
    }

    fn is_wide(&self) -> bool {
        self.encoding == UTF_16LE || self.encoding == UTF_16BE
    }

    /// Where a piece may end: after its last line, or at least not within a character.
    fn end_of_piece(&self, data: &[u8]) -> usize {
        if !self.is_wide() {
            return memrchr(b'\n', data).map_or(data.len(), |newline| newline + 1);
        }
        let even = data.len() / 2 * 2;
        let high = data[even - if self.encoding == UTF_16LE { 1 } else { 2 }];
        if (0xd8..0xdc).contains(&high) { even - 2 } else { even }
    }

    fn decode(&self, at: u64, data: &[u8]) -> String {
        // Half a character at the end is one that is still being written.
        let data = if self.is_wide() { &data[..data.len() / 2 * 2] } else { data };
        let marked = at == 0 && Encoding::for_bom(data).is_some();
        let data = if marked && self.is_wide() { &data[2..] } else { data };
        self.encoding.decode_without_bom_handling(data).0.into_owned()
    }
}

impl Bytes for Recoded {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut done = 0;
        while done < buffer.len() && offset + (done as u64) < known.len {
            let here = offset + done as u64;
            let piece = known.points.partition_point(|(out, _)| *out <= here) - 1;
            let (start, at) = known.points[piece];
            let to = known.points.get(piece + 1).map_or(known.raw, |next| next.1);
            let text = match known.piece.take().filter(|(have, _)| *have == piece) {
                Some((_, text)) => text,
                None => self.decode(at, &self.read(at, to)?),
            };
            let there = text.as_bytes().get((here - start) as usize..).unwrap_or_default();
            let count = there.len().min(buffer.len() - done);
            buffer[done..done + count].copy_from_slice(&there[..count]);
            known.piece = Some((piece, text));
            if count == 0 {
                break; // cut under our hands
            }
            done += count;
        }
        Ok(done)
    }

    fn stat(&self) -> io::Result<(FileId, u64)> {
        // Its offsets are none of the file, so that nothing is kept of it.
        Ok((FileId::default(), self.known.lock().unwrap_or_else(PoisonError::into_inner).len))
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::Memory;
    use super::*;
    use encoding_rs::{GBK, WINDOWS_1252};
    use proptest::prelude::*;

    fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
        match encoding {
            wide if wide == UTF_16LE => {
                [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
            }
            wide if wide == UTF_16BE => {
                [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect()
            }
            other => other.encode(text).0.into_owned(),
        }
    }

    #[test]
    fn a_byte_order_mark_says_more_than_a_person() {
        assert_eq!(encoding_of(b"\xff\xfea\0", Some(GBK)), Some(UTF_16LE));
        assert_eq!(encoding_of(b"\xef\xbb\xbfa", Some(GBK)), None);
        assert_eq!((encoding_of(b"abc", Some(GBK)), encoding_of(b"", None)), (Some(GBK), None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn however_it_grows_it_is_the_text(
            lines in proptest::collection::vec(("[a-zé中😀]{0,40}", 0..9000usize), 1..40), cut in 0.0..1.0f64, which in 0..4usize, from in 0.0..1.0f64,
        ) {
            let encoding = [UTF_16LE, UTF_16BE, GBK, WINDOWS_1252][which];
            let text: String = lines.iter().map(|(line, pad)| format!("{line}{}\n", "é".repeat(*pad))).collect();
            let text = if encoding == WINDOWS_1252 { text.replace(['中', '😀'], "x") } else { text };
            let text = if encoding == GBK { text.replace('😀', "x") } else { text };
            let raw = encoded(&text, encoding);
            let recoded = Recoded::new(Arc::new(Memory(raw.clone())), (raw.len() as f64 * cut) as u64, encoding).unwrap();
            prop_assert_eq!(recoded.grow(raw.len() as u64).unwrap(), text.len() as u64);
            let from = (text.len() as f64 * from) as usize;
            let mut data = vec![0; text.len()];
            let got = recoded.read_at(&mut data, from as u64).unwrap();
            prop_assert_eq!(&data[..got], &text.as_bytes()[from..]);
        }

        #[test]
        fn any_bytes_are_decoded_without_panic(raw in proptest::collection::vec(any::<u8>(), 0..2000), cut in 0..2000u64) {
            for encoding in [UTF_16LE, UTF_16BE, GBK] {
                let recoded = Recoded::new(Arc::new(Memory(raw.clone())), cut.min(raw.len() as u64), encoding).unwrap();
                let len = recoded.grow(raw.len() as u64).unwrap();
                let mut data = vec![0; len as usize + 9];
                prop_assert_eq!(recoded.read_at(&mut data, 0).unwrap() as u64, len);
            }
        }
    }
}
