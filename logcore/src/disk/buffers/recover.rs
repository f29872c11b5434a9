//! What processes that died had buffered is written to the files it was meant for.

use super::{
    DATA, EXTENSION, HEADER, LARGEST, LONGEST_NAME, MAGIC, NOT_YET, field, get_u32, get_u64, write_at,
};
use crate::disk::{OWN_DIR, is_own_dir};
use crate::engine::open::open_to_recover;
use crate::engine::roll::Turn;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

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
