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

use super::{OWN_DIR, is_own_dir, make_own_dir};
use crate::engine::open::{names, open_to_recover};
use crate::engine::roll::Turn;
use crate::sync::Mutex;
use memmap2::{MmapMut, MmapOptions};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
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

/// What stood in the buffers of a process that died, and was written to a log file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// The process, as runs in `job.json` name it.
    pub process: String,
    /// The log file.
    pub path: PathBuf,
    /// Lines that were written to it.
    pub lines: u64,
    /// Bytes that were written to it; 0 if that failed.
    pub bytes: u64,
    /// Why it could not be written. The buffers then stay for the next one who tries.
    pub error: Option<String>,
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

/// Writes what processes that died under `root` had buffered to the files it was meant for, once and in order, and
/// removes their buffers. Costs a look at one directory if nobody has died.
///
/// Nothing outside the root is written but what the template of the dead process named itself, and no link below the
/// root is followed.
#[must_use]
pub fn recover(root: &Path) -> Vec<Recovered> {
    let mut all = Vec::new();
    // One that stalls is waited for once.
    let mut turn = Turn::default();
    let own = root.join(OWN_DIR);
    let Some(entries) = is_own_dir(&own).then(|| fs::read_dir(own).ok()).flatten() else { return all };
    for entry in entries.flatten() {
        let path = entry.path();
        let process = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        if let Some(process) = process.filter(|_| path.extension().is_some_and(|e| e == EXTENSION)) {
            recover_process(root, &path, &process, &mut turn, &mut all);
        }
    }
    all
}

fn recover_process(root: &Path, path: &Path, process: &str, turn: &mut Turn, all: &mut Vec<Recovered>) {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let Ok(file) = options.open(path) else { return };
    if !file.metadata().is_ok_and(|about| about.is_file()) || file.try_lock().is_err() {
        return;
    }
    // It may have been opened before somebody else recovered and removed it.
    if !path.exists() {
        return;
    }
    let trusted = is_of_this_user_only(&file);
    let mut chunks = chunks(&file);
    chunks.sort_by(|a, b| (&a.name, a.number).cmp(&(&b.name, b.number)));
    let mut failed = false;
    for of_one_file in chunks.chunk_by(|a, b| a.name == b.name) {
        let mut recovered = recover_file(root, of_one_file, &file, trusted, turn);
        recovered.process = process.to_owned();
        failed |= recovered.error.is_some();
        if recovered.bytes > 0 || recovered.error.is_some() {
            all.push(recovered);
        }
    }
    if !failed {
        let _ = fs::remove_file(path);
    }
}

/// A slot that holds records, as it was found. They stay in the file until their turn comes: whoever forged it is not to
/// fill the memory.
struct Chunk {
    number: u64,
    name: Vec<u8>,
    position: u64,
    /// Where its header stands.
    at: u64,
    /// What is not known to be written of what follows the header.
    settled: u64,
    /// What was written once.
    done: u64,
    committed: u64,
}

impl Chunk {
    fn read(&self, buffers: &File) -> io::Result<Vec<u8>> {
        let mut data = vec![0; (self.committed - self.settled) as usize];
        read_at(buffers, &mut data, self.at + DATA as u64 + self.settled)?;
        Ok(data)
    }
}

/// Reads the slots that hold something; what is no slot ends it.
fn chunks(file: &File) -> Vec<Chunk> {
    let mut found = Vec::new();
    let length = file.metadata().map_or(0, |about| about.len());
    let mut at = 0;
    let mut header = [0; DATA];
    while length.saturating_sub(at) >= DATA as u64 && read_at(file, &mut header, at).is_ok() {
        let size = u64::from(get_u32(&header, field::SIZE));
        let is_slot = get_u32(&header, field::MAGIC) == MAGIC
            && size >= DATA as u64
            && size <= LARGEST as u64
            && size <= length - at;
        if !is_slot {
            break;
        }
        let (committed, settled) = (get_u64(&header, field::COMMITTED), get_u64(&header, field::SETTLED));
        let name = get_u32(&header, field::NAME) as usize;
        if settled < committed && committed <= size - DATA as u64 && name <= LONGEST_NAME {
            found.push(Chunk {
                number: get_u64(&header, field::NUMBER),
                name: header[HEADER..HEADER + name].to_vec(),
                position: get_u64(&header, field::POSITION),
                at,
                settled,
                done: get_u64(&header, field::DONE).min(committed),
                committed,
            });
        }
        at += size;
    }
    found
}

/// Adds what is missing in one log file.
fn recover_file(root: &Path, chunks: &[Chunk], buffers: &File, trusted: bool, turn: &mut Turn) -> Recovered {
    let path = root.join(to_path(&chunks[0].name));
    let mut recovered =
        Recovered { process: String::new(), path: path.clone(), lines: 0, bytes: 0, error: None };
    let result = (|| {
        // Whoever removed the job's directory wants none of its records.
        let Some(mut log) = open_in_turn(root, &path, trusted, turn)? else { return Ok(()) };
        for chunk in chunks {
            let data = chunk.read(buffers)?;
            let done = chunk.done.saturating_sub(chunk.settled) as usize;
            let missing = missing(&mut log, chunk.position, &data, done)?;
            let length = log.seek(SeekFrom::End(0))?;
            if missing.len() == data.len() && length > 0 && !ends_a_line(&mut log)? {
                // What was cut off there is not this record's beginning.
                log.write_all(b"\n")?;
            }
            log.write_all(missing)?;
            recovered.bytes += missing.len() as u64;
            recovered.lines += memchr::memchr_iter(b'\n', missing).count() as u64;
            // Should this process die as well, nobody writes it a second time.
            write_at(buffers, &chunk.committed.to_le_bytes(), chunk.at + field::SETTLED as u64)?;
        }
        io::Result::Ok(())
    })();
    recovered.error = result.err().map(|error| error.to_string());
    recovered
}

/// Opens a log file and waits for the turn on it, which ends as it is closed: others may be rolling it.
fn open_in_turn(root: &Path, path: &Path, trusted: bool, turn: &mut Turn) -> io::Result<Option<File>> {
    const TRIES: usize = 100;
    for _ in 0..TRIES {
        let Some(log) = open_to_recover(root, path, trusted)? else { return Ok(None) };
        if turn.take(&log, path).is_some() {
            return Ok(Some(log));
        }
    }
    Err(io::Error::other("it is rolled as soon as it is made"))
}

/// The part of `data` that is not in its file, where it may stand from `position` on: the process may have died while it
/// wrote it. The first `done` bytes are known to have been written, if perhaps to a file that had lost its name.
fn missing<'a>(log: &mut File, position: u64, data: &'a [u8], done: usize) -> io::Result<&'a [u8]> {
    /// Where others write to the file too, it is looked for so far behind its place.
    const FURTHER: u64 = 1 << 20;
    if position == NOT_YET {
        return Ok(data);
    }
    let most = data.len() as u64 + FURTHER;
    let length = log.seek(SeekFrom::End(0))?;
    // A file that ends before was truncated meanwhile, and written on from there.
    let start = if position <= length { position } else { length.saturating_sub(most) };
    log.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    log.take(most).read_to_end(&mut tail)?;
    let (mut rest, mut tail) = (data, &tail[..]);
    // What was written stands there record by record, with what others wrote between.
    let mut known = done;
    while known > 0
        && let Some((written, after)) = found(tail, &rest[..known])
    {
        (rest, tail) = (&rest[written..], after);
        known -= written;
    }
    if known > 0 {
        // It stood in a file that is gone.
        return Ok(rest);
    }
    // Of what may have been written, it is there only if all is, as far as the file goes.
    let first_line = &rest[..memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1)];
    // The end of the file may have cut the first line itself.
    let places = memchr::memmem::find_iter(tail, first_line)
        .chain(tail.len().saturating_sub(first_line.len())..tail.len());
    for place in places {
        let there = &tail[place..];
        let same = there.iter().zip(rest).take_while(|(a, b)| a == b).count();
        if same == rest.len() || same == there.len() {
            return Ok(&rest[same..]);
        }
    }
    Ok(rest)
}

/// How many bytes of `data`, in whole lines, stand together in `tail`, and what comes after them; `None` if not even the
/// first line does.
fn found<'t>(tail: &'t [u8], data: &[u8]) -> Option<(usize, &'t [u8])> {
    let first_line = &data[..memchr::memchr(b'\n', data).map_or(data.len(), |at| at + 1)];
    let place = memchr::memmem::find(tail, first_line)?;
    let there = &tail[place..];
    let same = there.iter().zip(data).take_while(|(a, b)| a == b).count();
    let lines = memchr::memrchr(b'\n', &data[..same]).map_or(same, |at| at + 1).max(first_line.len());
    Some((lines, &there[lines..]))
}

fn ends_a_line(log: &mut File) -> io::Result<bool> {
    log.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    log.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn write_at(mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

fn read_at(mut file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(bytes)
}

#[cfg(unix)]
fn to_path(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(name).into()
}

#[cfg(not(unix))]
fn to_path(name: &[u8]) -> PathBuf {
    String::from_utf8_lossy(name).into_owned().into()
}

/// Whether nobody but this user can have written it, so that the names in it can be trusted.
#[cfg(unix)]
fn is_of_this_user_only(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    const WRITE_FOR_OTHERS: u32 = 0o022;
    let own = |about: &fs::Metadata| {
        about.uid() == rustix::process::geteuid().as_raw() && about.mode() & WRITE_FOR_OTHERS == 0
    };
    file.metadata().is_ok_and(|about| own(&about))
}

#[cfg(not(unix))]
fn is_of_this_user_only(_: &File) -> bool {
    false
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
