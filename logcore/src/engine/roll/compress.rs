//! Packs rolled parts, on one thread per [`crate::Logs`] that lives only while there is something to pack.
//!
//! The queue holds windows, not parts: a window is scanned for plain parts, newest first, each time its turn comes. So
//! the queue stays as short as there are windows, however fast they roll, and whatever a killed process left is found.
//! Each archive is brought to the disk before its part goes, which takes some milliseconds: many small parts are packed
//! slowly, and the queue is bounded.
//!
//! An archive is written under a hidden name, read back, compared with its part, and renamed into the slot where the
//! part stands by then. Only then the part is removed. Nobody waits for that: parts that roll on meanwhile, or out of
//! the window, just move. The part is locked while it is packed, so that two processes do not both do it.

use super::window::{Form, Window, hidden_beside};
use crate::engine::flusher::{Flusher, Trouble};
use crate::engine::open::{is_deleted, names};
use crate::engine::retry::Retry;
use crate::lock::lock;
use crate::sync::{Condvar, Mutex};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Instant;

/// The way to the thread. It packs what was asked for also after this is dropped, but tries nothing again.
#[derive(Default)]
pub(crate) struct Compressor(Arc<Queue>);

#[derive(Default)]
struct Queue {
    work: Mutex<Work>,
    wake: Condvar,
}

#[derive(Default)]
struct Work {
    windows: Vec<Waiting>,
    running: bool,
    closing: bool,
}

/// A window that may have plain parts, and how the last try went.
struct Waiting {
    window: Window,
    retry: Retry,
    told: bool,
}

/// More windows than that do not wait: their parts stay plain until they roll again, or their job starts again.
const MOST_WAITING: usize = 1_000;

impl Compressor {
    /// Has the plain parts of `window` packed.
    pub(in crate::engine) fn enqueue(&self, window: &Window, flusher: &Flusher) {
        let mut work = lock(&self.0.work);
        let is_new = || work.windows.iter().all(|waiting| waiting.window != *window);
        if work.windows.len() < MOST_WAITING && is_new() {
            work.windows.push(Waiting { window: window.clone(), retry: Retry::default(), told: false });
        }
        self.0.wake.notify_one();
        if !work.running {
            let (queue, flusher) = (Arc::clone(&self.0), flusher.clone());
            let thread = thread::Builder::new().name("logcore-compress".into());
            // Without a thread the parts stay plain, and the next roll tries again.
            work.running = thread.spawn(move || queue.run(&flusher)).is_ok();
        }
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        lock(&self.0.work).closing = true;
        self.0.wake.notify_one();
    }
}

impl Queue {
    fn run(&self, flusher: &Flusher) {
        while let Some(mut waiting) = self.next() {
            let pattern = waiting.window.pattern();
            // A thread that is gone could never be started again.
            let packed = catch_unwind(AssertUnwindSafe(|| pack_all(&waiting.window)));
            match packed.unwrap_or_else(|_| Err(io::Error::other("it panicked"))) {
                Ok(()) if waiting.told => flusher.complain(&pattern, Trouble::Mended),
                Ok(()) => {}
                Err(error) => {
                    waiting.retry.failed();
                    // A part that is in use just now is no trouble.
                    if !waiting.told && error.kind() != io::ErrorKind::WouldBlock {
                        waiting.told = true;
                        flusher.complain(&pattern, Trouble::Compress(error.to_string()));
                    }
                    lock(&self.work).put_back(waiting);
                }
            }
        }
    }

    /// Waits for a window whose time has come; `None` ends the thread.
    fn next(&self) -> Option<Waiting> {
        let mut work = lock(&self.work);
        loop {
            let now = Instant::now();
            if let Some(at) = work.windows.iter().position(|waiting| waiting.retry.is_due()) {
                return Some(work.windows.remove(at));
            }
            let next = work.windows.iter().filter_map(|waiting| waiting.retry.next()).min();
            let Some(next) = next.filter(|_| !work.closing) else {
                work.running = false;
                return None;
            };
            let wait = next.saturating_duration_since(now);
            work = self.wake.wait_timeout(work, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Work {
    /// To be tried again; what a roll has asked for meanwhile is the same.
    fn put_back(&mut self, waiting: Waiting) {
        self.windows.retain(|known| known.window != waiting.window);
        self.windows.push(waiting);
    }
}

/// Packs the plain parts of a window, as far as they stand close together.
fn pack_all(window: &Window) -> io::Result<()> {
    let mut result = Ok(());
    for slot in window.slots() {
        match window.holds(slot) {
            Ok(true) => result = result.and(pack(window, slot)),
            Ok(false) => break,
            Err(error) => return Err(error),
        }
    }
    result
}

/// Packs the part of one slot, if it is a plain one.
fn pack(window: &Window, slot: u32) -> io::Result<()> {
    let plain = window.name(slot, Form::Plain);
    let Some(part) = open_part(&plain)? else { return Ok(()) };
    if cfg!(unix) && matches!(part.try_lock(), Err(TryLockError::WouldBlock)) {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    if is_deleted(&part) || !names(&plain, &part) {
        return Ok(()); // a roll has moved it meanwhile, and asks again
    }
    for form in [Form::Gzip, Form::Zstd] {
        let archive = window.name(slot, form);
        if archive.symlink_metadata().is_ok() {
            // A process ended between the two. An archive of anything else stays, and so does the part.
            return match holds_the_same(&archive, form, &part) {
                Ok(Some(length)) => replace(window, slot, &part, length, None),
                Ok(None) | Err(_) => Ok(()),
            };
        }
    }
    let half = half_name(&plain, &part)?;
    let done = pack_into(&half, window.form, &part)
        .and_then(|length| replace(window, slot, &part, length, Some(&half)));
    // Gone if it was renamed.
    let _ = fs::remove_file(&half);
    done
}

/// Puts the archive `half` into the slot of its part, wherever that stands by now, and removes the part. Without `half`
/// the archive stands there already.
fn replace(window: &Window, slot: u32, part: &File, length: u64, half: Option<&Path>) -> io::Result<()> {
    let _locked = window.lock()?;
    let is_here = |slot: &u32| names(&window.name(*slot, Form::Plain), part);
    // Parts only move up. Where it is none of them, it was rolled out of the window.
    let Some(slot) = (slot..=*window.slots().end()).find(is_here) else { return Ok(()) };
    if part.metadata()?.len() != length {
        // Somebody who takes no turns has written on: the next try packs that, too.
        return Err(io::ErrorKind::WouldBlock.into());
    }
    let archived = |form| window.name(slot, form).symlink_metadata().is_ok();
    if (archived(Form::Gzip) || archived(Form::Zstd)) != half.is_none() {
        return Ok(()); // somebody has put one there, or taken it away
    }
    if let Some(half) = half {
        fs::rename(half, window.name(slot, window.form))?;
    }
    fs::remove_file(window.name(slot, Form::Plain))
}

/// The part, unless there is none or something else has its name.
fn open_part(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    match path.symlink_metadata() {
        Ok(about) if about.is_file() => options.open(path).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name of an archive in the making: the same in each process and at each try for one part, so that what a killed
/// process left is made anew and does not pile up.
fn half_name(plain: &Path, part: &File) -> io::Result<PathBuf> {
    #[cfg(unix)]
    let id = std::os::unix::fs::MetadataExt::ino(&part.metadata()?);
    #[cfg(not(unix))]
    let id = part.metadata()?.len();
    Ok(hidden_beside(&plain.with_file_name(format!("{id:x}")), "part"))
}

/// Writes the archive of `part` to `half` and makes sure that it can be read again; the part's length.
fn pack_into(half: &Path, form: Form, part: &File) -> io::Result<u64> {
    let mut result = Err(io::ErrorKind::InvalidData.into());
    // An encoder that fails on a text, which none should, must not keep it from being packed for ever.
    for plainly in [false, true] {
        super::ignore_missing(fs::remove_file(half))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, crate::modes::file());
        let archive = options.open(half)?;
        match catch_unwind(AssertUnwindSafe(|| encode(part, &archive, form, plainly))) {
            Err(_) => continue,
            Ok(done) => done?,
        }
        let about = part.metadata()?;
        // Its age counts, not when it was packed; that it is on the disk before the part is gone counts, too.
        let _ = about.modified().and_then(|at| archive.set_modified(at));
        archive.sync_all()?;
        match holds_the_same(half, form, part) {
            Ok(Some(length)) => return Ok(length),
            Ok(None) => result = Err(io::Error::new(io::ErrorKind::InvalidData, "the archive differs")),
            Err(error) => result = Err(error),
        }
    }
    result
}

fn encode(mut part: &File, archive: &File, form: Form, plainly: bool) -> io::Result<()> {
    part.rewind()?;
    let mut archive = BufWriter::new(archive);
    match form {
        Form::Plain => io::copy(&mut part, &mut archive).map(drop)?,
        Form::Gzip => {
            let level = if plainly { Compression::none() } else { Compression::default() };
            let mut encoder = GzEncoder::new(&mut archive, level);
            io::copy(&mut part, &mut encoder)?;
            encoder.finish()?;
        }
        Form::Zstd => {
            let level = if plainly { CompressionLevel::Uncompressed } else { CompressionLevel::Fastest };
            // This encoder panics where reading or writing fails: here neither does, and the error comes afterwards.
            let (mut from, mut to) = (Tried::new(part), Tried::new(&mut archive));
            compress(&mut from, &mut to, level);
            from.error.into_iter().chain(to.error).try_for_each(Err)?;
        }
    }
    archive.flush()
}

/// Reads or writes until that fails, and keeps the error.
struct Tried<T> {
    inner: T,
    error: Option<io::Error>,
}

impl<T> Tried<T> {
    fn new(inner: T) -> Tried<T> {
        Tried { inner, error: None }
    }
}

impl<T: Read> Read for Tried<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.inner.read(buffer).unwrap_or_else(|error| {
            self.error = Some(error);
            0
        }))
    }
}

impl<T: Write> Write for Tried<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.error.is_none() {
            self.error = self.inner.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The length of `part`, if `archive` unpacks to the very same.
fn holds_the_same(archive: &Path, form: Form, mut part: &File) -> io::Result<Option<u64>> {
    part.rewind()?;
    let archive = BufReader::new(File::open(archive)?);
    match form {
        Form::Plain => same(archive, part),
        Form::Gzip => same(GzDecoder::new(archive), part),
        Form::Zstd => match StreamingDecoder::new(archive) {
            Ok(decoder) => same(decoder, part),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
        },
    }
}

/// How long both are, if they are the same.
fn same(one: impl Read, other: impl Read) -> io::Result<Option<u64>> {
    const BLOCK: u64 = 64 << 10;
    let (mut one, mut other) = (BufReader::new(one), BufReader::new(other));
    let (mut left, mut right, mut length) = (Vec::new(), Vec::new(), 0);
    loop {
        left.clear();
        right.clear();
        (&mut one).take(BLOCK).read_to_end(&mut left)?;
        (&mut other).take(BLOCK).read_to_end(&mut right)?;
        if left != right {
            return Ok(None);
        }
        if left.is_empty() {
            return Ok(Some(length));
        }
        length += left.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sandbox(tempfile::TempDir);

    impl Sandbox {
        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn window(&self, form: Form) -> Window {
            let pieces = vec![self.at("a.").to_string_lossy().into_owned(), ".log".into()];
            Window { pieces, base: 0, count: 3, form }
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(self.0.path()).unwrap().flatten();
            let mut names: Vec<_> =
                entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        }
    }

    fn text(length: usize) -> Vec<u8> {
        (0..)
            .flat_map(|i: u32| format!("record {}\n", i.wrapping_mul(2_654_435_761)).into_bytes())
            .take(length)
            .collect()
    }

    #[test]
    fn parts_of_all_lengths_are_packed_both_ways() {
        for form in [Form::Gzip, Form::Zstd] {
            for length in [0, 1, 100, 128 << 10, (128 << 10) + 1, 1 << 20] {
                let sandbox = Sandbox(tempfile::tempdir().unwrap());
                let (window, text) = (sandbox.window(form), text(length));
                fs::write(sandbox.at("a.0.log"), &text).unwrap();
                let part = File::open(sandbox.at("a.0.log")).unwrap();
                pack_all(&window).unwrap();
                assert_eq!(sandbox.names(), [format!("a.0.log{}", form.suffix())]);
                assert_eq!(holds_the_same(&window.name(0, form), form, &part).unwrap(), Some(length as u64));
                let half = sandbox.at("half");
                encode(&part, &File::create(&half).unwrap(), form, true).unwrap();
                assert_eq!(
                    holds_the_same(&half, form, &part).unwrap(),
                    Some(length as u64),
                    "not packed at all"
                );
            }
        }
    }

    #[test]
    fn an_archive_that_is_cut_or_another_is_not_the_same() {
        for form in [Form::Gzip, Form::Zstd] {
            let sandbox = Sandbox(tempfile::tempdir().unwrap());
            fs::write(sandbox.at("a"), text(1000)).unwrap();
            let (part, half) = (File::open(sandbox.at("a")).unwrap(), sandbox.at("half"));
            pack_into(&half, form, &part).unwrap();
            let whole = fs::read(&half).unwrap();
            for end in 0..whole.len() - 1 {
                fs::write(&half, &whole[..end]).unwrap();
                assert!(
                    !matches!(holds_the_same(&half, form, &part), Ok(Some(_))),
                    "{end} of {}",
                    whole.len()
                );
            }
            fs::write(&half, &whole).unwrap();
            fs::write(sandbox.at("a"), text(1001)).unwrap();
            assert!(!matches!(holds_the_same(&half, form, &part), Ok(Some(_))));
        }
    }

    #[test]
    fn where_a_process_ended_between_archive_and_removal_the_part_goes_only_if_it_is_the_same() {
        let sandbox = Sandbox(tempfile::tempdir().unwrap());
        for name in ["a.0.log", "a.1.log"] {
            fs::write(sandbox.at(name), text(5000)).unwrap();
        }
        let part = File::open(sandbox.at("a.0.log")).unwrap();
        pack_into(&sandbox.at("a.0.log.gz"), Form::Gzip, &part).unwrap();
        fs::write(sandbox.at("a.1.log.gz"), "somebody's").unwrap();
        pack_all(&sandbox.window(Form::Zstd)).unwrap();
        assert_eq!(sandbox.names(), ["a.0.log.gz", "a.1.log", "a.1.log.gz"]);
    }

    #[test]
    fn a_part_that_moves_while_it_is_packed_is_replaced_where_it_stands() {
        let sandbox = Sandbox(tempfile::tempdir().unwrap());
        let window = sandbox.window(Form::Gzip);
        let roll = |text: &[u8]| {
            fs::write(sandbox.at("a.log"), text).unwrap();
            window.push(&sandbox.at("a.log")).unwrap();
        };
        roll(b"first\n");
        let part = File::open(sandbox.at("a.0.log")).unwrap();
        let half = sandbox.at("half");
        let length = pack_into(&half, Form::Gzip, &part).unwrap();
        roll(b"second\n");
        replace(&window, 0, &part, length, Some(&half)).unwrap();
        assert_eq!(sandbox.names(), ["a.0.log", "a.1.log.gz"]);
        assert_eq!(fs::read(sandbox.at("a.0.log")).unwrap(), b"second\n");

        // One that has left the window meanwhile is not brought back.
        let part = File::open(sandbox.at("a.0.log")).unwrap();
        let length = pack_into(&half, Form::Gzip, &part).unwrap();
        (0..3).for_each(|_| roll(b"later\n"));
        replace(&window, 0, &part, length, Some(&half)).unwrap();
        assert_eq!(sandbox.names(), ["a.0.log", "a.1.log", "a.2.log", "half"]);

        // Nor does one go that has grown.
        let part = File::open(sandbox.at("a.2.log")).unwrap();
        assert!(replace(&window, 2, &part, 3, Some(&half)).is_err());
        assert!(sandbox.at("a.2.log").exists());
    }
}
