//! One open log file: its buffer, its descriptor, its rotation.
//!
//! A record is appended to the buffer under the file's own lock, already encoded. The buffer is written when it is
//! full, at once for records at the flush level and above, and by the flusher when it has waited long enough. What
//! cannot be written stays buffered, up to a bound, and is tried again; what does not fit any more is counted.

use super::files::Shared;
use super::roll::{Roll, Trigger};
use chrono::{DateTime, Local};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use log::Level;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How a file is to be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spec {
    pub(crate) path: PathBuf,
    /// Whether what it holds at the job's start stays.
    pub(crate) append: bool,
    pub(crate) encoding: &'static Encoding,
    pub(crate) roll: Option<Roll>,
    /// Below the log root no link is followed and nothing but a regular file is opened.
    pub(crate) inside_root: bool,
}

/// A file that somebody logs to.
#[derive(Debug)]
pub(crate) struct LogFile {
    /// Itself, for the queues that outlive a call.
    pub(super) me: Weak<LogFile>,
    state: Mutex<State>,
    /// Since the least-recently-used sweep last looked.
    pub(super) used: AtomicBool,
    pub(super) is_open: AtomicBool,
}

#[derive(Debug)]
struct State {
    spec: Spec,
    file: Option<File>,
    /// Encoded records that are not written yet, and how many they are.
    buffer: Vec<u8>,
    pending: u64,
    /// Whether the flusher knows.
    queued: bool,
    /// Bytes in the file, as far as we know.
    length: u64,
    next_roll: Option<DateTime<Local>>,
    roll_at_start: bool,
    truncate_at_open: bool,
    /// When it was last made sure that the path still names this file.
    checked: Instant,
    /// While writing fails: when to try again, and how long to wait after that.
    retry: Option<(Instant, Duration)>,
    totals: Totals,
}

/// What has become of the records given to a file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    /// Bytes written.
    pub(crate) bytes: u64,
    /// Records that found no room, or that could not be written before the file was closed.
    pub(crate) lost: u64,
}

const CHECK_EVERY: Duration = Duration::from_secs(1);
const FIRST_RETRY: Duration = Duration::from_millis(200);
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// While writing fails, a file keeps this many times the buffer size, and no less than [`LEAST_BACKLOG`].
const BACKLOG: usize = 4;
const LEAST_BACKLOG: usize = 256 << 10;

impl LogFile {
    pub(super) fn new(spec: Spec) -> Arc<LogFile> {
        let state = State {
            roll_at_start: matches!(spec.roll, Some(Roll { trigger: Trigger::OnStartup { .. }, .. })),
            truncate_at_open: !spec.append,
            spec,
            file: None,
            buffer: Vec::new(),
            pending: 0,
            queued: false,
            length: 0,
            next_roll: None,
            checked: Instant::now(),
            retry: None,
            totals: Totals::default(),
        };
        Arc::new_cyclic(|me| LogFile {
            me: me.clone(),
            state: Mutex::new(state),
            used: AtomicBool::new(false),
            is_open: AtomicBool::new(false),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what a newer configuration says about the same path.
    pub(super) fn respecify(&self, spec: Spec) {
        let mut state = self.lock();
        if state.spec != spec {
            state.next_roll = None;
            state.spec = spec;
        }
    }

    /// Appends one encoded record; `false` if there was no room for it.
    pub(crate) fn append(&self, shared: &Shared, line: &[u8], level: Level) -> bool {
        let limits = shared.limits();
        let mut state = self.lock();
        state.roll_if_time(self, shared);
        if state.retry.is_some() && state.buffer.len() + line.len() > backlog(limits.buffer_size()) {
            state.totals.lost += 1;
            return false;
        }
        if state.buffer.capacity() == 0 {
            state.buffer = shared.take_buffer();
        }
        state.push(line);
        state.pending += 1;
        if state.buffer.len() >= limits.buffer_size() || limits.is_urgent(level) {
            state.write_out(self, shared, false);
        }
        if state.pending > 0 && !state.queued {
            state.queued = true;
            shared.flusher.enqueue(self.me.clone());
        }
        state.roll_if_large(self, shared);
        true
    }

    /// Writes what is buffered; `false` if something is left.
    pub(crate) fn flush(&self, shared: &Shared, now_or_never: bool) -> bool {
        self.lock().write_out(self, shared, now_or_never)
    }

    /// For the flusher, which has taken the file off its queue: `true` if it is to come back.
    pub(super) fn flush_queued(&self, shared: &Shared) -> bool {
        let mut state = self.lock();
        state.queued = !state.write_out(self, shared, false);
        state.queued
    }

    /// Opens, truncates and rolls as a job's start asks for, without waiting for the first record.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn prepare(&self, shared: &Shared) -> io::Result<()> {
        let mut state = self.lock();
        if state.truncate_at_open || state.roll_at_start { state.ensure_open(self, shared) } else { Ok(()) }
    }

    /// Writes what is buffered and closes; what cannot be written now is lost and counted.
    pub(super) fn close(&self, shared: &Shared) {
        let mut state = self.lock();
        if !state.write_out(self, shared, true) {
            state.totals.lost += state.pending;
            state.pending = 0;
            state.buffer = Vec::new();
        }
        state.drop_file(self, shared);
    }

    /// Closes the descriptor if nobody is using the file at this moment; the next write opens it again.
    pub(super) fn close_if_idle(&self, shared: &Shared) -> bool {
        let Ok(mut state) = self.state.try_lock() else { return false };
        if !state.write_out(self, shared, false) {
            return false;
        }
        state.drop_file(self, shared);
        true
    }

    /// As [`LogFile::flush`], but gives up if the file is in use: for a process that ends.
    pub(crate) fn flush_at_exit(&self, shared: &Shared) {
        for _ in 0..100 {
            if let Ok(mut state) = self.state.try_lock() {
                state.write_out(self, shared, true);
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Records that are buffered.
    pub(crate) fn pending(&self) -> u64 {
        self.lock().pending
    }

    pub(crate) fn totals(&self) -> Totals {
        self.lock().totals
    }
}

fn backlog(buffer_size: usize) -> usize {
    buffer_size.saturating_mul(BACKLOG).max(LEAST_BACKLOG)
}

impl State {
    fn push(&mut self, line: &[u8]) {
        let encoding = self.spec.encoding;
        if encoding == UTF_8 {
            self.buffer.extend_from_slice(line);
            return;
        }
        let text = String::from_utf8_lossy(line);
        if encoding == UTF_16LE {
            self.buffer.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        } else if encoding == UTF_16BE {
            self.buffer.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        } else {
            self.buffer.extend_from_slice(&encoding.encode(&text).0);
        }
    }

    /// Writes the buffer; `false` if something is left. Unless `now_or_never`, a failure is not tried again before
    /// its time.
    fn write_out(&mut self, owner: &LogFile, shared: &Shared, now_or_never: bool) -> bool {
        if self.buffer.is_empty() {
            return true;
        }
        if !now_or_never && self.retry.is_some_and(|(at, _)| Instant::now() < at) {
            return false;
        }
        match self.try_write(owner, shared) {
            Ok(()) => {
                shared.give_buffer(std::mem::take(&mut self.buffer));
                self.pending = 0;
                if self.retry.take().is_some() {
                    shared.complain(&self.spec.path, None);
                }
                true
            }
            Err(error) => {
                if self.retry.is_none() {
                    shared.complain(&self.spec.path, Some(&error));
                }
                let wait = self.retry.map_or(FIRST_RETRY, |(_, wait)| (wait * 2).min(LONGEST_RETRY));
                self.retry = Some((Instant::now() + wait, wait));
                // A descriptor that fails may be the fault itself: the next try opens the path anew.
                self.drop_file(owner, shared);
                false
            }
        }
    }

    fn try_write(&mut self, owner: &LogFile, shared: &Shared) -> io::Result<()> {
        self.ensure_open(owner, shared)?;
        owner.used.store(true, Ordering::Relaxed);
        let Some(file) = &mut self.file else { return Err(io::Error::other("the file is closed")) };
        let mut done = 0;
        let result = loop {
            match file.write(&self.buffer[done..]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
            if done == self.buffer.len() {
                break Ok(());
            }
        };
        self.length += done as u64;
        self.totals.bytes += done as u64;
        if result.is_err() {
            // What stands in the file is not written again; the rest follows where it ends.
            self.buffer.drain(..done);
        }
        result
    }

    /// Opens the path if it is not open, or if it names another file by now (logrotate, a person with `rm`).
    fn ensure_open(&mut self, owner: &LogFile, shared: &Shared) -> io::Result<()> {
        if self.file.is_some() && self.checked.elapsed() >= CHECK_EVERY {
            self.checked = Instant::now();
            if !self.is_current() {
                self.drop_file(owner, shared);
            }
        }
        if self.file.is_none() {
            self.open(owner, shared)?;
        }
        if std::mem::take(&mut self.roll_at_start)
            && let Some(Roll { trigger: Trigger::OnStartup { min_size }, .. }) = self.spec.roll
            && self.length >= min_size
        {
            self.roll(owner, shared);
            self.open(owner, shared)?;
        }
        Ok(())
    }

    fn open(&mut self, owner: &LogFile, shared: &Shared) -> io::Result<()> {
        if self.file.is_some() {
            return Ok(());
        }
        let file = open(&self.spec)?;
        if std::mem::take(&mut self.truncate_at_open) {
            file.set_len(0)?;
        }
        self.length = file.metadata()?.len();
        self.file = Some(file);
        self.checked = Instant::now();
        owner.is_open.store(true, Ordering::Relaxed);
        shared.opened(owner);
        Ok(())
    }

    fn drop_file(&mut self, owner: &LogFile, shared: &Shared) {
        if self.file.take().is_some() {
            owner.is_open.store(false, Ordering::Relaxed);
            shared.closed();
        }
    }

    fn is_current(&self) -> bool {
        let Some(file) = &self.file else { return false };
        match (file.metadata(), fs::metadata(&self.spec.path)) {
            (Ok(have), Ok(named)) => same_file(&have, &named),
            _ => false,
        }
    }

    fn roll_if_time(&mut self, owner: &LogFile, shared: &Shared) {
        let Some(Roll { trigger: trigger @ Trigger::Time { .. }, .. }) = &self.spec.roll else { return };
        let (trigger, now) = (*trigger, Local::now());
        match self.next_roll {
            None => self.next_roll = trigger.next_time(now),
            Some(at) if now >= at => {
                self.write_out(owner, shared, false);
                self.roll(owner, shared);
                self.next_roll = trigger.next_time(now);
            }
            Some(_) => {}
        }
    }

    fn roll_if_large(&mut self, owner: &LogFile, shared: &Shared) {
        let Some(Roll { trigger: Trigger::Size(limit), .. }) = self.spec.roll else { return };
        // The length is known once the file is open, and it has to be open to know that it is full.
        if self.file.is_none() && self.ensure_open(owner, shared).is_err() {
            return;
        }
        if self.length + self.buffer.len() as u64 > limit && self.write_out(owner, shared, false) {
            self.roll(owner, shared);
        }
    }

    /// Closes the file and has it taken away; the next write makes a new one. If that fails, logging goes on in the
    /// old one.
    fn roll(&mut self, owner: &LogFile, shared: &Shared) {
        self.drop_file(owner, shared);
        let Some(roll) = &self.spec.roll else { return };
        if let Err(error) = roll.roller.roll(&self.spec.path) {
            shared.complain(&self.spec.path, Some(&error));
        }
        self.length = 0;
    }
}

/// Opens for appending, making file and directory if need be.
fn open(spec: &Spec) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    private(&mut options, spec.inside_root);
    let file = match options.open(&spec.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(parent) = spec.path.parent() {
                make_dirs(parent)?;
            }
            options.open(&spec.path)?
        }
        other => other?,
    };
    if spec.inside_root && !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok(file)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions, inside_root: bool) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o640);
    if inside_root {
        // O_NONBLOCK: a FIFO planted in the root must not hold us.
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions, _: bool) {}

/// Makes a directory and those above it, for the owner and the group only.
pub(crate) fn make_dirs(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.create(dir)
}

#[cfg(unix)]
fn same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    a.created().ok() == b.created().ok()
}
