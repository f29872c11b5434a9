//! One log file: its buffer, its descriptor, its rotation.
//!
//! A record is appended to the buffer under the file's own lock, already encoded. The buffer is written when it is
//! full, at once for records at the flush level and above, and by the flusher when it has waited long enough. What
//! cannot be written stays buffered, up to a bound, and is tried again; what does not fit any more is counted.

use super::account::{Account, Ledger};
use super::files::Shared;
use super::flusher::Trouble;
use super::open::{ends_in_half_a_line, is_deleted, names, open};
use super::roll::{Due, Roll, Trigger, Turn};
use super::thread_end;
use chrono::{DateTime, Local, Utc};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use log::Level;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
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
    /// Whether that sweep knows it.
    pub(super) listed: AtomicBool,
}

#[derive(Debug)]
struct State {
    spec: Spec,
    file: Option<File>,
    /// Encoded records that are not written yet, and whose they are.
    buffer: Vec<u8>,
    ledger: Ledger,
    /// Whether the flusher knows.
    queued: bool,
    /// Bytes in the file, as far as we know.
    length: u64,
    next_roll: Option<Due>,
    /// Whoever else writes to a file that rolls.
    turn: Turn,
    /// Not opened yet since somebody began to use it.
    fresh: bool,
    /// When it was last made sure that the path still names this file.
    checked: Instant,
    write_retry: Retry,
    roll_retry: Retry,
}

/// While something fails: when to try it again.
#[derive(Debug, Default)]
pub(super) struct Retry(Option<(Instant, Duration)>);

impl Retry {
    pub(super) fn is_due(&self) -> bool {
        self.0.is_none_or(|(at, _)| Instant::now() >= at)
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.map(|(at, _)| at)
    }

    /// It has failed; `true` if it had not before.
    pub(super) fn failed(&mut self) -> bool {
        const FIRST: Duration = Duration::from_millis(200);
        const LONGEST: Duration = Duration::from_secs(10);
        let wait = self.0.map_or(FIRST, |(_, wait)| (wait * 2).min(LONGEST));
        self.0.replace((Instant::now() + wait, wait)).is_none()
    }

    /// It works; `true` if it had failed before.
    fn mended(&mut self) -> bool {
        self.0.take().is_some()
    }
}

const CHECK_EVERY: Duration = Duration::from_secs(1);

/// While writing fails, a file keeps this many times the buffer size, and no less than [`LEAST_BACKLOG`].
const BACKLOG: usize = 4;
const LEAST_BACKLOG: usize = 256 << 10;

impl LogFile {
    pub(super) fn new(spec: Spec) -> Arc<LogFile> {
        let state = State {
            spec,
            file: None,
            buffer: Vec::new(),
            ledger: Ledger::default(),
            queued: false,
            length: 0,
            next_roll: None,
            turn: Turn::default(),
            fresh: true,
            checked: Instant::now(),
            write_retry: Retry::default(),
            roll_retry: Retry::default(),
        };
        Arc::new_cyclic(|me| LogFile {
            me: me.clone(),
            state: Mutex::new(state),
            used: AtomicBool::new(false),
            is_open: AtomicBool::new(false),
            listed: AtomicBool::new(false),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what a newer configuration says about the same path.
    pub(super) fn respecify(&self, spec: &Spec) {
        let mut state = self.lock();
        if state.spec != *spec {
            state.next_roll = None;
            state.spec = spec.clone();
        }
    }

    /// Appends one encoded record; `false` if there was no room for it.
    pub(super) fn append(&self, shared: &Shared, line: &[u8], level: Level, account: &Arc<Account>) -> bool {
        let limits = shared.limits();
        let mut state = self.lock();
        state.roll_if_time(self, shared);
        if state.write_retry.0.is_some() && state.buffer.len() + line.len() > backlog(limits.buffer_size()) {
            return false;
        }
        if state.buffer.capacity() == 0 {
            state.buffer = shared.take_buffer();
        }
        let before = state.buffer.len();
        state.push(line);
        let bytes = state.buffer.len() - before;
        state.ledger.add(account, bytes);
        if state.buffer.len() >= limits.buffer_size() || limits.is_urgent(level) {
            state.write_out(self, shared, false);
        }
        if !state.buffer.is_empty() && !state.queued {
            state.queued = true;
            shared.flusher.enqueue(self.me.clone());
        }
        state.roll_if_large(self, shared);
        true
    }

    /// Writes what is buffered, also if that has just failed; `false` if something is left.
    pub(super) fn flush(&self, shared: &Shared) -> bool {
        self.lock().write_out(self, shared, true)
    }

    /// For the flusher, which has taken the file off its queue: `true` if it is to come back.
    pub(super) fn flush_queued(&self, shared: &Shared, now: bool) -> bool {
        let mut state = self.lock();
        state.queued = !state.write_out(self, shared, now);
        state.queued
    }

    /// Opens, empties and rolls as a job's start asks for, unless somebody else is using the file already.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn prepare(&self, shared: &Shared) -> io::Result<()> {
        let mut state = self.lock();
        let at_start = match state.spec.roll {
            Some(Roll { trigger: Trigger::OnStartup { min_size }, .. }) => Some(min_size),
            _ => None,
        };
        if let Some(window) = state.spec.roll.as_ref().and_then(|roll| roll.roller.packed())
            && window.holds_any()
        {
            // What an earlier process could not pack any more.
            shared.compressor.enqueue(window, &shared.flusher);
        }
        if !state.fresh || (state.spec.append && at_start.is_none()) {
            return Ok(());
        }
        state.begin(self, shared)?;
        let emptied = if state.spec.append { Ok(()) } else { state.empty() };
        state.end();
        if let Some(least) = at_start {
            state.roll(self, shared, |state| state.length >= least);
        }
        emptied
    }

    /// Writes what is buffered and closes; what cannot be written now is lost and counted.
    pub(super) fn close(&self, shared: &Shared) {
        let mut state = self.lock();
        if !state.write_out(self, shared, true) {
            state.ledger.lost();
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

    /// Records of one job that are buffered.
    pub(super) fn left_of(&self, account: &Arc<Account>) -> u64 {
        self.lock().ledger.left_of(account)
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

    /// Writes the buffer; `false` if something is left. Unless `now`, a failure is not tried again before its time.
    fn write_out(&mut self, owner: &LogFile, shared: &Shared, now: bool) -> bool {
        if self.buffer.is_empty() {
            return true;
        }
        if !now && !self.write_retry.is_due() {
            return false;
        }
        match self.try_write(owner, shared) {
            Ok(()) => {
                debug_assert!(self.ledger.is_empty());
                shared.give_buffer(std::mem::take(&mut self.buffer));
                if self.write_retry.mended() {
                    shared.flusher.complain(&self.spec.path, Trouble::Mended);
                }
                true
            }
            Err(error) => {
                if self.write_retry.failed() {
                    shared.flusher.complain(&self.spec.path, Trouble::Write(error.to_string()));
                }
                // A descriptor that fails may be the fault itself: the next try opens the path anew.
                self.drop_file(owner, shared);
                false
            }
        }
    }

    fn try_write(&mut self, owner: &LogFile, shared: &Shared) -> io::Result<()> {
        const TRIES: usize = 3;
        for _ in 0..TRIES {
            self.begin(owner, shared)?;
            owner.used.store(true, Ordering::Relaxed);
            let Some(file) = &mut self.file else { break };
            let (done, result) = write_all(file, &self.buffer);
            let deleted = result.is_ok() && is_deleted(file);
            let done = if result.is_err() { self.take_back(done) } else { done };
            self.end();
            if deleted {
                // Nobody can read what was written just now: once more, into a file that has the name.
                self.drop_file(owner, shared);
                continue;
            }
            self.length += done as u64;
            self.ledger.written(done);
            if result.is_err() {
                // What stands in the file is not written again; the rest follows where it ends.
                self.buffer.drain(..done);
            }
            return result;
        }
        Err(io::Error::other("the file is deleted as soon as it is made"))
    }

    /// Opens the path, and waits for the turn on it if others may roll it, until [`State::end`].
    fn begin(&mut self, owner: &LogFile, shared: &Shared) -> io::Result<()> {
        const TRIES: usize = 1000;
        let known = self.length;
        for _ in 0..TRIES {
            self.ensure_open(owner, shared)?;
            if self.spec.roll.is_some() {
                let Some(file) = &self.file else { break };
                let Some(length) = self.turn.take(file, &self.spec.path) else {
                    // Another process has rolled it.
                    self.drop_file(owner, shared);
                    continue;
                };
                self.length = length;
            }
            // Nobody is in the middle of a line while it is our turn.
            let others_wrote = self.spec.roll.is_some() && self.length != known;
            if std::mem::take(&mut self.fresh) || others_wrote {
                self.mend_half_a_line().inspect_err(|_| self.end())?;
            }
            return Ok(());
        }
        Err(io::Error::other("the file is rolled as soon as it is made"))
    }

    fn end(&mut self) {
        if self.spec.roll.is_some()
            && let Some(file) = &self.file
        {
            self.turn.end(file);
        }
    }

    /// After a write that broke off: half a record must not stay where another process may write on, or roll. Returns
    /// how much of what was `done` stays.
    fn take_back(&self, done: usize) -> usize {
        let Some(file) = self.file.as_ref().filter(|_| self.spec.roll.is_some() && self.turn.is_held())
        else {
            return done;
        };
        let ours_is_last = file.metadata().is_ok_and(|about| about.len() == self.length + done as u64);
        if ours_is_last && file.set_len(self.length).is_ok() { 0 } else { done }
    }

    fn empty(&mut self) -> io::Result<()> {
        if let Some(file) =
            self.file.as_ref().filter(|file| file.metadata().is_ok_and(|about| about.is_file()))
        {
            file.set_len(0)?;
            self.length = 0;
        }
        Ok(())
    }

    /// Another process was cut off: its half a line must not be glued to our next record.
    fn mend_half_a_line(&mut self) -> io::Result<()> {
        if self.length > 0
            && self.spec.encoding.is_ascii_compatible()
            && ends_in_half_a_line(&self.spec.path)
            && let Some(file) = &mut self.file
        {
            self.length += file.write(b"\n")? as u64;
        }
        Ok(())
    }

    /// Opens the path if it is not open, or if it names another file by now (logrotate, a person with `mv`).
    fn ensure_open(&mut self, owner: &LogFile, shared: &Shared) -> io::Result<()> {
        if let Some(file) = &self.file
            && self.checked.elapsed() >= CHECK_EVERY
        {
            self.checked = Instant::now();
            if !names(&self.spec.path, file) {
                self.drop_file(owner, shared);
            }
        }
        if self.file.is_some() {
            return Ok(());
        }
        let file = open(&self.spec, shared.root())?;
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

    fn roll_if_time(&mut self, owner: &LogFile, shared: &Shared) {
        let Some(Roll { trigger: trigger @ Trigger::Time { .. }, .. }) = &self.spec.roll else { return };
        let (trigger, now) = (*trigger, thread_end::local(Utc::now()));
        let Some(due) = self.next_roll else {
            self.next_roll = trigger.next_time(now);
            return;
        };
        if now < due.at || !self.roll_retry.is_due() {
            return;
        }
        // Another process, or a person, has rolled it already.
        let rolled = self.file.as_ref().is_some_and(|file| !names(&self.spec.path, file));
        let is_old = |state: &State| state.length > 0 && !state.made_since(due.since);
        if rolled || (self.write_out(owner, shared, false) && self.roll(owner, shared, is_old)) {
            self.next_roll = trigger.next_time(now);
        }
    }

    /// Whether the file was made at `then` or later, as far as the file system tells.
    fn made_since(&self, then: DateTime<Local>) -> bool {
        // File systems take the time from a clock that may be a tick behind.
        const TICK: Duration = Duration::from_millis(20);
        let made = self.file.as_ref().and_then(|file| file.metadata().ok()?.created().ok());
        made.is_some_and(|made| DateTime::<Local>::from(made + TICK) >= then)
    }

    fn roll_if_large(&mut self, owner: &LogFile, shared: &Shared) {
        let Some(Roll { trigger: Trigger::Size(limit), .. }) = self.spec.roll else { return };
        // The length is known once the file is open, and it has to be open to know that it is full.
        if self.file.is_none() {
            if !self.write_retry.is_due() || self.begin(owner, shared).is_err() {
                return;
            }
            self.end();
        }
        if self.length + self.buffer.len() as u64 > limit
            && self.roll_retry.is_due()
            && self.write_out(owner, shared, false)
        {
            self.roll(owner, shared, |state| state.length > limit);
        }
    }

    /// Has the file taken away if it `is_due` still, now that nobody else changes it; the next write makes a new one.
    /// If that fails, logging goes on in the old one, and it is tried again after a while. `false` if it failed.
    fn roll(&mut self, owner: &LogFile, shared: &Shared, is_due: impl Fn(&State) -> bool) -> bool {
        if self.spec.roll.is_none() || !self.roll_retry.is_due() {
            return false;
        }
        let result = self.begin(owner, shared).and_then(|()| {
            let Some(roll) = self.spec.roll.as_ref().filter(|_| is_due(self)) else { return Ok(false) };
            roll.roller.roll(&self.spec.path).map(|()| true)
        });
        self.end();
        match result {
            Ok(rolled) => {
                if rolled {
                    self.drop_file(owner, shared);
                    self.length = 0;
                    if let Some(window) = self.spec.roll.as_ref().and_then(|roll| roll.roller.packed()) {
                        shared.compressor.enqueue(window, &shared.flusher);
                    }
                }
                if self.roll_retry.mended() {
                    shared.flusher.complain(&self.spec.path, Trouble::Mended);
                }
                true
            }
            Err(error) => {
                if self.roll_retry.failed() {
                    shared.flusher.complain(&self.spec.path, Trouble::Roll(error.to_string()));
                }
                false
            }
        }
    }
}

/// As `Write::write_all`, but says how far it came.
fn write_all(file: &mut File, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut done = 0;
    while done < bytes.len() {
        match file.write(&bytes[done..]) {
            Ok(0) => return (done, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (done, Err(error)),
        }
    }
    (done, Ok(()))
}
