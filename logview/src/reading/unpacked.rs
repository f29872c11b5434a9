//! A compressed file as the bytes that it was made from, at any offset.
//!
//! gzip is unpacked once to learn how long it is; on the way seek points are kept, from each of which it can be
//! unpacked on. What a look needs is a stretch from the nearest point on, and the last stretches are remembered for all
//! files together. Other packings cannot be entered in their middle: they are unpacked once into a file without a name,
//! which is gone when nobody reads it any more. What is damaged ends where the damage is.

use crate::source::{Bytes, FileId, LocalFile, Packing};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress_with_limit, inflate_flags};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that are unpacked and remembered together.
const STRETCH: u64 = 4 << 20;

/// Stretches that are remembered, of all files.
const STRETCHES: usize = 2;

/// Seek points of all files, of 43 KiB each.
const POINTS: usize = 256;

/// The most that is unpacked into a file.
const SPOOL: u64 = 2 << 30;

/// What was unpacked last, of several files.
#[derive(Debug, Default)]
pub struct Stretches(Mutex<Vec<Stretch>>);

#[derive(Debug)]
struct Stretch {
    file: FileId,
    start: u64,
    data: Vec<u8>,
}

/// Opens a packed file, which is one of `files`. Takes as long as unpacking it.
///
/// # Errors
/// What the file system says; `InvalidData` if it is not packed in this way; `FileTooLarge` if it cannot be entered in
/// its middle and is too large to be unpacked aside.
pub fn open(
    bytes: Arc<dyn Bytes>,
    packing: Packing,
    files: usize,
    stretches: &Arc<Stretches>,
) -> io::Result<Arc<dyn Bytes>> {
    match packing {
        Packing::Gzip => {
            Ok(Arc::new(Gzip::open(bytes, (POINTS / files.max(1)).max(4), Arc::clone(stretches))?))
        }
        Packing::Zstd => spool(bytes),
    }
}

struct Gzip {
    bytes: Arc<dyn Bytes>,
    id: FileId,
    len: u64,
    /// By where what they give begins; the first one at the start.
    points: Vec<Point>,
    stretches: Arc<Stretches>,
}

/// A place from which it can be unpacked on.
#[derive(Clone)]
struct Point {
    state: Box<DecompressorOxide>,
    /// The last 32 KiB that were unpacked, as a ring.
    window: Box<[u8]>,
    /// Where it is in what is packed, and in what is not.
    packed: u64,
    at: u64,
    /// Between two members: a head comes next.
    head: bool,
}

const WINDOW: u64 = 32 << 10;

impl Point {
    fn start() -> Point {
        let window = vec![0; WINDOW as usize].into();
        Point { state: Box::default(), window, packed: 0, at: 0, head: true }
    }

    /// Unpacks some more bytes, but none from `to` on; none means that there are no more.
    fn step(&mut self, bytes: &dyn Bytes, input: &mut Vec<u8>, to: u64) -> io::Result<&[u8]> {
        while self.at < to {
            if self.head {
                match body_of(bytes, self.packed)? {
                    Some(body) => self.packed = body,
                    None if self.packed == 0 => return Err(io::ErrorKind::InvalidData.into()),
                    None => break,
                }
                (*self.state, self.head) = (DecompressorOxide::new(), false);
            }
            input.resize(64 << 10, 0);
            let got = bytes.read_at(input, self.packed)?;
            let flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
            let ring = (self.at % WINDOW) as usize;
            let most = (to - self.at).min(WINDOW) as usize;
            let (status, taken, given) =
                decompress_with_limit(&mut self.state, &input[..got], &mut self.window, ring, most, flags);
            self.packed += taken as u64;
            self.at += given as u64;
            if status == TINFLStatus::Done {
                self.packed += 8; // its checksum and length
                self.head = true;
            }
            if given > 0 {
                return Ok(&self.window[ring..ring + given]);
            }
            let stuck = taken == 0 && !self.head;
            if stuck || (status as i8) < 0 {
                break;
            }
        }
        Ok(&[])
    }
}

/// Where the body of the member begins that starts at `at`; `None` if there is none.
fn body_of(bytes: &dyn Bytes, at: u64) -> io::Result<Option<u64>> {
    let mut head = vec![0; 4096];
    let got = bytes.read_at(&mut head, at)?;
    let head = &head[..got];
    let [0x1f, 0x8b, 8, flags, ..] = head else { return Ok(None) };
    let mut end = 10;
    if flags & 4 != 0 {
        let Some(&[low, high]) = head.get(end..end + 2) else { return Ok(None) };
        end += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            let Some(text) = head.get(end..).and_then(|rest| memchr::memchr(0, rest)) else {
                return Ok(None);
            };
            end += text + 1;
        }
    }
    end += if flags & 2 != 0 { 2 } else { 0 };
    Ok((end <= got).then_some(at + end as u64))
}

impl Gzip {
    fn open(bytes: Arc<dyn Bytes>, most: usize, stretches: Arc<Stretches>) -> io::Result<Gzip> {
        let (id, _) = bytes.stat()?;
        let (mut points, mut apart) = (vec![Point::start()], STRETCH);
        let (mut point, mut input) = (Point::start(), Vec::new());
        loop {
            let next = (point.at / apart + 1) * apart;
            if point.step(&*bytes, &mut input, next)?.is_empty() {
                break;
            }
            if point.at == next {
                points.push(point.clone());
            }
            if points.len() > most {
                apart *= 2;
                points.retain(|point| point.at.is_multiple_of(apart));
            }
        }
        Ok(Gzip { bytes, id, len: point.at, points, stretches })
    }

    /// Unpacks the stretch at `start`.
    fn stretch(&self, start: u64) -> io::Result<Vec<u8>> {
        let nearest = self.points.partition_point(|point| point.at <= start) - 1;
        let (mut point, mut input) = (self.points[nearest].clone(), Vec::new());
        let mut data = Vec::new();
        while point.at < start + STRETCH {
            let to = if point.at < start { start } else { start + STRETCH };
            let from = point.at;
            let given = point.step(&*self.bytes, &mut input, to)?;
            if given.is_empty() {
                break;
            }
            if from >= start {
                data.extend_from_slice(given);
            }
        }
        Ok(data)
    }
}

impl Bytes for Gzip {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut stretches = self.stretches.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut done = 0;
        while done < buffer.len() && offset + (done as u64) < self.len {
            let at = offset + done as u64;
            let start = at / STRETCH * STRETCH;
            let known =
                stretches.iter().position(|stretch| stretch.file == self.id && stretch.start == start);
            let stretch = match known {
                Some(known) => stretches.remove(known),
                None => {
                    stretches.truncate(STRETCHES - 1);
                    Stretch { file: self.id, start, data: self.stretch(start)? }
                }
            };
            let there = stretch.data.get((at - start) as usize..).unwrap_or_default();
            let count = there.len().min(buffer.len() - done);
            buffer[done..done + count].copy_from_slice(&there[..count]);
            stretches.insert(0, stretch);
            if count == 0 {
                break; // damaged since it was opened
            }
            done += count;
        }
        Ok(done)
    }

    fn stat(&self) -> io::Result<(FileId, u64)> {
        Ok((self.id, self.len))
    }
}

/// The bytes one after the other.
struct Stream {
    bytes: Arc<dyn Bytes>,
    at: u64,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.bytes.read_at(buffer, self.at)?;
        self.at += got as u64;
        Ok(got)
    }
}

/// Unpacks zstd frames into a file without a name.
fn spool(bytes: Arc<dyn Bytes>) -> io::Result<Arc<dyn Bytes>> {
    let (id, packed) = bytes.stat()?;
    let mut file = tempfile::tempfile()?;
    let mut stream = io::BufReader::new(Stream { bytes, at: 0 });
    let (mut sum, mut data) = (0, vec![0; 128 << 10]);
    while let Ok(mut frame) = ruzstd::decoding::StreamingDecoder::new(&mut stream) {
        loop {
            let got = match frame.read(&mut data) {
                Ok(0) | Err(_) => break,
                Ok(got) => got,
            };
            sum += got as u64;
            if sum > SPOOL {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            file.write_all(&data[..got])?;
        }
    }
    if sum == 0 && packed > 0 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(Arc::new(Spooled { file: LocalFile::new(file), id, len: sum }))
}

struct Spooled {
    file: LocalFile,
    id: FileId,
    len: u64,
}

impl Bytes for Spooled {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn stat(&self) -> io::Result<(FileId, u64)> {
        Ok((self.id, self.len))
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::Memory;
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    fn gzip(parts: &[&[u8]]) -> Vec<u8> {
        let member = |part: &[u8]| {
            let mut out = GzEncoder::new(Vec::new(), Compression::fast());
            out.write_all(part).unwrap();
            out.finish().unwrap()
        };
        parts.iter().flat_map(|part| member(part)).collect()
    }

    fn unpacked(packed: Vec<u8>, packing: Packing) -> io::Result<Arc<dyn Bytes>> {
        open(Arc::new(Memory(packed)), packing, 1, &Arc::default())
    }

    fn read(bytes: &dyn Bytes, at: u64, count: usize) -> Vec<u8> {
        let mut data = vec![0; count];
        let got = bytes.read_at(&mut data, at).unwrap();
        data.truncate(got);
        data
    }

    fn text(len: usize) -> Vec<u8> {
        (0u64..)
            .flat_map(|n| format!("line {n} {}\n", n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40).into_bytes())
            .take(len)
            .collect()
    }

    #[test]
    fn any_stretch_is_that_of_the_whole() {
        let whole = text(3 * STRETCH as usize + 12_345);
        let (first, second) = whole.split_at(5_000_001);
        let zstd = ruzstd::encoding::compress_to_vec(&whole[..], ruzstd::encoding::CompressionLevel::Fastest);
        for bytes in [
            unpacked(gzip(&[first, b"", second]), Packing::Gzip).unwrap(),
            Arc::new(Gzip::open(Arc::new(Memory(gzip(&[&whole]))), 2, Arc::default()).unwrap()),
            unpacked(zstd, Packing::Zstd).unwrap(),
        ] {
            let len = whole.len() as u64;
            assert_eq!(bytes.stat().unwrap().1, len);
            for at in [len - 5, 2 * STRETCH - 3, 0, 4_999_990, STRETCH, len, len + 9] {
                let start = whole.len().min(at as usize);
                let end = whole.len().min(start + 100_000);
                assert_eq!(read(&*bytes, at, 100_000), &whole[start..end], "at {at}");
            }
        }
    }

    #[test]
    fn what_is_damaged_ends_where_the_damage_is() {
        let whole = text(1_000_000);
        let packed = gzip(&[&whole]);
        let cut = unpacked(packed[..packed.len() / 2].to_vec(), Packing::Gzip).unwrap();
        let (_, len) = cut.stat().unwrap();
        assert!(len > 100_000 && len < 1_000_000);
        assert_eq!(read(&*cut, 0, 2_000_000), &whole[..len as usize]);
        for packing in [Packing::Gzip, Packing::Zstd] {
            assert!(unpacked(b"no such thing".to_vec(), packing).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_unpacked_without_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), zstd in any::<bool>()) {
            let head: &[u8] = if zstd { &[0x28, 0xb5, 0x2f, 0xfd] } else { &[0x1f, 0x8b, 8] };
            bytes.splice(0..0, head.iter().copied());
            let packing = if zstd { Packing::Zstd } else { Packing::Gzip };
            if let Ok(bytes) = unpacked(bytes, packing) {
                let (_, len) = bytes.stat().unwrap();
                prop_assert!(read(&*bytes, 0, 1 << 16).len() as u64 <= len);
            }
        }
    }
}
