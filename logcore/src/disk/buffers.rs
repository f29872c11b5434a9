//! What a process has buffered, kept so that it outlives the process: nothing that was logged is lost however it dies.
//!
//! Each host keeps the chunks that its log calls fill in a file in the root, mapped into its memory. A record that was
//! copied there is in the kernel's hands, although no system call was made. When the process dies, whoever looks at the
//! root next, a host that starts or a viewer, finds the file without its lock, writes what stands in it to the files it
//! was meant for, once and in order, and removes it: [`recover`].
//!
//! ```text
//! .logcore/<process>.buffers    locked by its host as long as it lives
//!   slot, slot, …               each: header (64 bytes), name of the log file, data from byte 1,024 on
//! ```

mod recover;

pub use self::recover::{Recovered, recover};

use super::make_own_dir;
use crate::engine::open::names;
use crate::sync::Mutex;
use memmap2::{MmapMut, MmapOptions};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{Ordering, compiler_fence};

/// The buffers of this process under one root.
#[derive(Debug)]
pub(crate) struct Buffers {
    file: File,
    path: PathBuf,
    /// The process's number: a forked child has the same memory, and must not take it for its own.
    pid: u32,
    places: Mutex<Places>,
}

/// Where slots are in the file.
#[derive(Debug, Default)]
struct Places {
    end: u64,
    /// Slots that nobody uses: where, and of which size.
    free: Vec<(u64, usize)>,
    /// The number of the next slot that is taken: chunks of one file are written in this order.
    next: u64,
}

/// A stretch of the file, in memory, for what is to be written to one log file.
#[derive(Debug)]
pub(crate) struct Slot {
    map: MmapMut,
    at: u64,
    buffers: Arc<Buffers>,
}

const EXTENSION: &str = "buffers";
const MAGIC: u32 = u32::from_le_bytes(*b"lcb1");
const DATA: usize = 1024;
const HEADER: usize = 64;
const LONGEST_NAME: usize = DATA - HEADER;
const PAGE: usize = 4096;
/// A slot larger than that is nobody's: the template allows buffers of 64 MiB.
const LARGEST: usize = 65 << 20;

/// The fields of a slot's header and where they stand, all little-endian.
mod field {
    /// u32: that it is a slot.
    pub(super) const MAGIC: usize = 0;
    /// u32: all its bytes, header and all.
    pub(super) const SIZE: usize = 4;
    /// u64: bytes of data that are records. Changed last when records come, first when they go.
    pub(super) const COMMITTED: usize = 8;
    /// u64: of these, how many are known to stand in the log file.
    pub(super) const SETTLED: usize = 16;
    /// u64: where in the log file the rest goes, or was perhaps written to; [`super::NOT_YET`] if nobody tried.
    pub(super) const POSITION: usize = 24;
    /// u64: chunks of one log file are written in this order.
    pub(super) const NUMBER: usize = 32;
    /// u32: bytes of the name. One that does not begin with `/` is relative to the root.
    pub(super) const NAME: usize = 40;
    /// u64: bytes of data that were written, perhaps to a log file that had no name any more.
    pub(super) const DONE: usize = 48;
}

const NOT_YET: u64 = u64::MAX;

impl Buffers {
    /// Makes and locks this process's file below `root`.
    ///
    /// # Errors
    /// What the file system says, also if it cannot map files.
    pub(crate) fn create(root: &Path, process: &str) -> io::Result<Arc<Buffers>> {
        let path = make_own_dir(root)?.join(format!("{process}.{EXTENSION}"));
        let file = make(&path)?;
        let buffers = Arc::new(Buffers { file, path, pid: std::process::id(), places: Mutex::default() });
        // A file system that cannot map is found out now.
        drop(buffers.slot(1)?);
        Ok(buffers)
    }

    /// A slot with room for `data` bytes.
    ///
    /// # Errors
    /// What the file system says: a full disk, above all.
    pub(crate) fn slot(self: &Arc<Self>, data: usize) -> io::Result<Slot> {
        let size = (DATA + data).next_multiple_of(PAGE);
        if size > LARGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a buffer above 64 MiB cannot be kept"));
        }
        let at = {
            let mut places = crate::lock::lock(&self.places);
            match places.free.iter().position(|(_, have)| *have == size) {
                Some(free) => places.free.swap_remove(free).0,
                None => {
                    // Written, not left a hole: memory behind which there is no room on the disk kills who touches it.
                    let mut empty = vec![0; size];
                    put_u32(&mut empty, field::MAGIC, MAGIC);
                    put_u32(&mut empty, field::SIZE, size as u32);
                    write_at(&self.file, &empty, places.end)?;
                    places.end += size as u64;
                    places.end - size as u64
                }
            }
        };
        match map(&self.file, at, size) {
            Ok(map) => Ok(Slot { map, at, buffers: Arc::clone(self) }),
            Err(error) => {
                crate::lock::lock(&self.places).free.push((at, size));
                Err(error)
            }
        }
    }

    fn is_ours(&self) -> bool {
        self.pid == crate::process::id()
    }
}

impl Drop for Buffers {
    /// Nothing is left in it.
    fn drop(&mut self) {
        // By that name there may be newer ones, if somebody had removed these.
        if self.is_ours() && names(&self.path, &self.file) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A new file, for this user only, and locked.
fn make(path: &Path) -> io::Result<File> {
    for _ in 0..16 {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        file.lock()?;
        // Between making and locking it, another host may have taken it for a dead one's and removed it.
        if path.exists() {
            return Ok(file);
        }
    }
    Err(io::Error::other("the file with this process's buffers keeps being removed"))
}

#[allow(unsafe_code)]
fn map(file: &File, at: u64, size: usize) -> io::Result<MmapMut> {
    // SAFETY: the file is this process's own: made by it, in a directory of logcore's, readable by its user only, locked,
    // and each stretch of it is mapped once. Who truncates it on purpose ends this process with SIGBUS; nobody can be
    // kept from what he may do to the process itself as well.
    unsafe { MmapOptions::new().offset(at).len(size).map_mut(file) }
}

impl Slot {
    /// Whether it is one of `buffers`.
    pub(crate) fn is_of(&self, buffers: &Arc<Buffers>) -> bool {
        Arc::ptr_eq(&self.buffers, buffers)
    }

    /// Bytes of data that it has room for.
    pub(crate) fn capacity(&self) -> usize {
        self.map.len() - DATA
    }

    /// Says for which log file it is; `false` if the name is too long to be kept.
    pub(crate) fn begin(&mut self, name: &[u8]) -> bool {
        if name.len() > LONGEST_NAME {
            return false;
        }
        let number = {
            let mut places = crate::lock::lock(&self.buffers.places);
            places.next += 1;
            places.next
        };
        put_u64(&mut self.map, field::COMMITTED, 0);
        compiler_fence(Ordering::SeqCst);
        put_u64(&mut self.map, field::SETTLED, 0);
        put_u64(&mut self.map, field::DONE, 0);
        put_u64(&mut self.map, field::POSITION, NOT_YET);
        put_u64(&mut self.map, field::NUMBER, number);
        put_u32(&mut self.map, field::NAME, name.len() as u32);
        self.map[HEADER..HEADER + name.len()].copy_from_slice(name);
        true
    }

    /// Adds a record after the first `len` bytes.
    ///
    /// # Panics
    /// If there is no room for it.
    #[inline]
    pub(crate) fn push(&mut self, len: usize, record: &[u8]) {
        let end = len + record.len();
        self.map[DATA + len..DATA + end].copy_from_slice(record);
        // Whenever the process dies, what counts as a record is whole: its bytes are there before they count.
        compiler_fence(Ordering::Release);
        put_u64(&mut self.map, field::COMMITTED, end as u64);
    }

    pub(crate) fn data(&self) -> &[u8] {
        &self.map[DATA..]
    }

    /// The bytes after the settled ones are about to be written to the log file at `position`.
    pub(crate) fn set_position(&mut self, position: u64) {
        put_u64(&mut self.map, field::POSITION, position);
        compiler_fence(Ordering::Release);
    }

    /// So many bytes were written, for good or not.
    pub(crate) fn set_done(&mut self, bytes: usize) {
        put_u64(&mut self.map, field::DONE, bytes as u64);
        compiler_fence(Ordering::Release);
    }

    /// So many bytes stand in the log file for good.
    pub(crate) fn settle(&mut self, bytes: usize) {
        put_u64(&mut self.map, field::SETTLED, bytes as u64);
        compiler_fence(Ordering::Release);
        put_u64(&mut self.map, field::POSITION, NOT_YET);
    }

    /// It holds nothing any more.
    pub(crate) fn clear(&mut self) {
        put_u64(&mut self.map, field::COMMITTED, 0);
        compiler_fence(Ordering::Release);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.buffers.is_ours() {
            return;
        }
        self.clear();
        crate::lock::lock(&self.buffers.places).free.push((self.at, self.map.len()));
    }
}

fn write_at(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

fn put_u64(to: &mut [u8], at: usize, value: u64) {
    to[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

fn put_u32(to: &mut [u8], at: usize, value: u32) {
    to[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn get_u64(from: &[u8], at: usize) -> u64 {
    from[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn get_u32(from: &[u8], at: usize) -> u32 {
    from[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}
