//! Indices that are kept from one look to the next, in a directory for caches: what took seconds to learn of a large
//! file is there at once, and only what it has grown by is learned.
//!
//! One belongs to a file by device and inode, by where the file begins in its row, by how its lines are read, and by
//! hashes of its first block and of the end of what was learned. One that does not fit, or is damaged, is none. The
//! directory is kept small; nothing depends on it, so that whatever goes wrong with it is nobody's concern.

use super::format::Format;
use super::index::{Entry, Index, Volume};
use super::sweep::BLOCK;
use crate::source::{Bytes, FileId};
use siphasher::sip::SipHasher13;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Of fewer blocks an index is built sooner than anybody sees that it is missing.
const LEAST: usize = 64;

/// Files that are kept, and their bytes.
const MOST_FILES: usize = 256;
const MOST_BYTES: u64 = 64 << 20;

/// What an index starts with; another version is another number.
const MAGIC: u64 = 0x6c6f_6776_6965_7734;

/// Bytes at the start and at the end of what was learned that are hashed.
const CHECKED: usize = 64 << 10;

/// Where they are kept, if anywhere.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Option<PathBuf>);

impl Shelf {
    /// In this directory, which need not exist.
    pub fn new(dir: Option<PathBuf>) -> Shelf {
        Shelf(dir)
    }

    /// Where the system wants caches to be.
    pub fn of_user() -> Shelf {
        let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = var("XDG_CACHE_HOME")
            .or_else(|| var("LOCALAPPDATA"))
            .or_else(|| Some(var("HOME")?.join(".cache")));
        Shelf(cache.filter(|cache| cache.is_absolute()).map(|cache| cache.join("logview")))
    }

    fn path(&self, id: FileId) -> Option<PathBuf> {
        // What is made of several files, or decoded, is no file.
        self.0
            .as_ref()
            .filter(|_| id != FileId::default())
            .map(|dir| dir.join(format!("{:x}-{:x}.index", id.0, id.1)))
    }

    /// What is kept of a file of `len` bytes, if it fits.
    pub fn load(&self, bytes: &dyn Bytes, len: u64, format: &Format) -> Option<Index> {
        let (id, _) = bytes.stat().ok()?;
        let path = self.path(id)?;
        let about = fs::symlink_metadata(&path).ok()?;
        let data = (about.is_file() && about.len() <= MOST_BYTES).then(|| fs::read(path).ok())??;
        let mut read = Read(&data);
        if read.number()? != sum(read.0) {
            return None; // somebody has been at it, or the disk
        }
        let blocks = read.number()?;
        let whole = blocks.checked_mul(BLOCK).filter(|whole| *whole <= len)?;
        if read.number()? != stamp(bytes, whole, format).ok()? {
            return None;
        }
        let mut volume = Volume { width: read.number()? as i64, ..Volume::default() };
        for _ in 0..read.number()? {
            let (at, all, errors) = (read.number()? as i64, read.small()?, read.small()?);
            volume.buckets.insert(at, (all, errors));
        }
        let entries = (0..blocks).map(|_| read.entry()).collect::<Option<Vec<Entry>>>()?;
        (read.0.is_empty() && volume.width > 0).then(|| Index::resume(format.clone(), entries, volume))
    }

    /// Keeps an index of which all whole blocks are known.
    pub fn keep(&self, bytes: &dyn Bytes, index: &Index) -> io::Result<()> {
        let (blocks, volume) = index.kept();
        let (id, _) = bytes.stat()?;
        let entries: Option<Vec<Entry>> = blocks.iter().copied().collect();
        let (Some(path), Some(entries)) = (self.path(id), entries.filter(|all| all.len() >= LEAST)) else {
            return Ok(());
        };
        let mut data = Vec::with_capacity(64 * entries.len() + 1024);
        let mut put = |number: u64| data.extend_from_slice(&number.to_le_bytes());
        put(entries.len() as u64);
        put(stamp(bytes, entries.len() as u64 * BLOCK, &index.format)?);
        put(volume.width as u64);
        put(volume.buckets.len() as u64);
        for (at, (all, errors)) in &volume.buckets {
            data.extend_from_slice(&at.to_le_bytes());
            data.extend_from_slice(&all.to_le_bytes());
            data.extend_from_slice(&errors.to_le_bytes());
        }
        entries.iter().for_each(|entry| write(entry, &mut data));
        let sum = sum(&data).to_le_bytes();
        let dir = path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(&sum)?;
        file.write_all(&data)?;
        file.persist(&path)?;
        clear(dir)
    }
}

/// Removes the oldest files where there are too many.
fn clear(dir: &Path) -> io::Result<()> {
    let mut files: Vec<_> = fs::read_dir(dir)?
        .flatten()
        .filter_map(|entry| {
            let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((about.modified().ok()?, about.len(), entry.path()))
        })
        .collect();
    files.sort_by_key(|(modified, ..)| std::cmp::Reverse(*modified));
    let mut sum = 0;
    for (at, (_, len, path)) in files.into_iter().enumerate() {
        sum += len;
        if at >= MOST_FILES || sum > MOST_BYTES {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn sum(data: &[u8]) -> u64 {
    let mut hash = SipHasher13::new();
    data.hash(&mut hash);
    hash.finish()
}

/// Whether a file is still the one that was learned, as far as it was.
fn stamp(bytes: &dyn Bytes, whole: u64, format: &Format) -> io::Result<u64> {
    let mut hash = SipHasher13::new();
    (MAGIC, whole, bytes.base(), format!("{format:?}")).hash(&mut hash);
    let mut data = vec![0; CHECKED];
    for at in [0, whole.saturating_sub(CHECKED as u64)] {
        let read = bytes.read_at(&mut data, at)?;
        data[..read].hash(&mut hash);
    }
    Ok(hash.finish())
}

fn write(entry: &Entry, data: &mut Vec<u8>) {
    for number in entry.records.into_iter().chain([entry.newlines, entry.headless]) {
        data.extend_from_slice(&number.to_le_bytes());
    }
    let (first, last) = entry.times.unwrap_or_default();
    data.extend_from_slice(&first.to_le_bytes());
    data.extend_from_slice(&last.to_le_bytes());
    data.extend_from_slice(&[u8::from(entry.times.is_some()), entry.last.unwrap_or(u8::MAX)]);
    data.extend_from_slice(&entry.errors.to_le_bytes());
}

/// What has not been read yet.
struct Read<'a>(&'a [u8]);

impl Read<'_> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn small(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn entry(&mut self) -> Option<Entry> {
        let mut entry = Entry::default();
        for records in &mut entry.records {
            *records = self.small()?;
        }
        (entry.newlines, entry.headless) = (self.small()?, self.small()?);
        let times = (self.number()? as i64, self.number()? as i64);
        let [timed, last] = self.bytes()?;
        entry.times = (timed == 1).then_some(times);
        entry.last = (last < 6).then_some(last);
        entry.errors = self.number()?;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::tests::indexed;
    use super::*;
    use std::time::{Duration, SystemTime};

    struct File(Vec<u8>);

    impl Bytes for File {
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            let rest = self.0.get(offset as usize..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }

        fn stat(&self) -> io::Result<(FileId, u64)> {
            Ok((ID, self.0.len() as u64))
        }
    }

    const ID: FileId = FileId(1, 2);

    fn text(blocks: usize) -> Vec<u8> {
        let line = b"[ERROR] [2026-11-22T16:20:01Z] something of a line\n";
        line.iter().copied().cycle().take(blocks * BLOCK as usize + 100_000).collect()
    }

    #[test]
    fn a_kept_index_is_there_again_and_only_for_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(Some(dir.path().join("cache")));
        let text = text(LEAST);
        let (memory, len) = (File(text.clone()), text.len() as u64);
        let index = indexed(&text, 0);
        let format = Format::default();
        assert!(shelf.load(&memory, len, &format).is_none());
        shelf.keep(&memory, &index).unwrap();
        let loaded = shelf.load(&memory, len, &format).unwrap();
        assert_eq!(loaded.kept(), index.kept());
        let mut grown = text.clone();
        grown.extend_from_slice(&text);
        assert!(shelf.load(&File(grown), 2 * len, &format).is_some());
        assert!(shelf.load(&memory, len - 200_000, &format).is_none());
        for at in [3, LEAST * BLOCK as usize - 3] {
            let mut other = text.clone();
            other[at] = b'x';
            assert!(shelf.load(&File(other), len, &format).is_none());
        }
        assert!(shelf.load(&memory, len, &Format::of("{l} {m}{n}", "a")).is_none());
        let path = shelf.path(ID).unwrap();
        let kept = fs::read(&path).unwrap();
        for cut in [0, 7, 8, 40, kept.len() - 1] {
            fs::write(&path, &kept[..cut]).unwrap();
            assert!(shelf.load(&memory, len, &format).is_none(), "cut at {cut}");
        }
        for at in (0..kept.len()).step_by(41) {
            let mut damaged = kept.clone();
            damaged[at] ^= 4;
            fs::write(&path, &damaged).unwrap();
            assert!(shelf.load(&memory, len, &format).is_none(), "damaged at {at}");
        }
        fs::write(&path, &kept).unwrap();
        assert!(shelf.load(&memory, len, &format).is_some());
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(shelf.load(&memory, len, &format).is_none() && shelf.keep(&memory, &index).is_err());
    }

    #[test]
    fn the_oldest_go_where_there_are_too_many() {
        let dir = tempfile::tempdir().unwrap();
        for age in 0..MOST_FILES as u64 + 5 {
            let file = fs::File::create(dir.path().join(format!("{age:x}-0.index"))).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(60 * age)).unwrap();
        }
        clear(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), MOST_FILES);
        assert!(dir.path().join("0-0.index").exists());
        fs::File::create(dir.path().join("large")).unwrap().set_len(MOST_BYTES).unwrap();
        clear(dir.path()).unwrap();
        assert!(fs::read_dir(dir.path()).unwrap().count() <= MOST_FILES && dir.path().join("large").exists());
        fs::File::create(dir.path().join("larger")).unwrap().set_len(MOST_BYTES + 1).unwrap();
        clear(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
