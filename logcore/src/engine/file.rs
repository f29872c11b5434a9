//! One log file: its buffers, its descriptor, its rotation.
//!
//! A log call appends its record, already encoded, to the front: the chunk that is being filled. The back has the
//! descriptor. Whoever holds the back takes what is full from the front and writes it while log calls go on; mostly
//! that is the flusher, which has a full chunk handed over at once, a record at the flush level within milliseconds, and
//! anything else when it has waited long enough. What cannot be written is kept, up to a bound, and tried again; what does
//! not fit any more is counted.

mod back;
mod front;
mod rolling;

use self::back::Back;
use self::front::Front;
use super::account::{Account, Posting};
use super::files::Shared;
use super::flusher::Trouble;
use super::moment::Moment;
use super::open::{Root, open};
use super::retry::Retry;
use super::roll::{Roll, Trigger};
use crate::lock::{lock, lock_within};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Latch, LatchGuard, Mutex, MutexGuard};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use log::Level;
use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How a file is to be written; one for all files that are to be written alike.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spec {
    /// Whether what it holds at the job's start stays.
    pub(crate) append: bool,
    pub(crate) encoding: &'static Encoding,
    pub(crate) roll: Option<Roll>,
}

/// A file that somebody logs to. Whoever locks both halves locks the back first.
#[derive(Debug)]
pub(crate) struct LogFile {
    /// Itself, for the queues that outlive a call.
    pub(super) me: Weak<LogFile>,
    /// Absolute.
    pub(super) path: Arc<Path>,
    /// Where in the path the part below the log root starts; 0 outside it.
    below_root: u32,
    /// Its handles; changed only with the table of files locked.
    pub(super) users: AtomicUsize,
    front: Latch<Front>,
    back: Mutex<Back>,
    /// Since the least-recently-used sweep last looked.
    pub(super) used: AtomicBool,
    pub(super) is_open: AtomicBool,
    /// Whether that sweep knows it.
    pub(super) listed: AtomicBool,
    /// Whether somebody has been writing for so long that log calls do not wait for him any more.
    stalled: AtomicBool,
    /// How often somebody began to write.
    writes: AtomicUsize,
}

/// How much is to be written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Extent {
    /// What is full.
    Full,
    /// All; what is not full stays where it is until the file's name is looked at the next time.
    Urgent,
    /// All, and it is made sure that the file has a name.
    All,
}

/// How long a log call waits for whoever is writing: longer than he waits for other processes.
const PATIENCE: Duration = Duration::from_secs(3);

/// Chunks of one file that may wait for the flusher; with one more, the log call writes them.
const MOST_FULL: usize = 8;

impl LogFile {
    pub(super) fn new(path: Arc<Path>, root: &Path, spec: Arc<Spec>) -> Arc<LogFile> {
        let below = path.strip_prefix(root).ok();
        let below_root = below.map_or(0, |below| offset(&path, below));
        let front = Front {
            chunk: None,
            room: 0,
            full: Vec::new(),
            all_urgent: true,
            urgent_at: None,
            queued: false,
            full_queued: false,
            failing: false,
            is_busy: false,
            encoding: spec.encoding,
            rolls: spec.roll.is_some(),
        };
        let back = Back {
            spec,
            file: None,
            length: 0,
            rolling: None,
            fresh: true,
            checked: Instant::now(),
            write_retry: Retry::default(),
        };
        Arc::new_cyclic(|me| LogFile {
            me: me.clone(),
            path,
            below_root,
            users: AtomicUsize::new(0),
            front: Latch::new(front),
            back: Mutex::new(back),
            used: AtomicBool::new(false),
            is_open: AtomicBool::new(false),
            listed: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
            writes: AtomicUsize::new(0),
        })
    }

    /// Takes over what a newer configuration says about the same path.
    pub(super) fn respecify(&self, spec: &Arc<Spec>) {
        let mut back = lock(&self.back);
        if back.spec != *spec {
            back.rolling().next = None;
            let mut front = self.front.lock();
            front.encoding = spec.encoding;
            front.rolls = spec.roll.is_some();
            front.room = 0;
        }
        // Also if they are equal: the older one need not be kept.
        back.spec = Arc::clone(spec);
    }

    /// Appends one encoded record; `false` if there was no room for it.
    #[inline]
    pub(super) fn append(
        &self,
        shared: &Shared,
        line: &[u8],
        level: Level,
        now: Moment,
        posting: Posting<'_>,
    ) -> bool {
        let urgent = shared.limits().is_urgent(level);
        let mut front = self.front.lock();
        let room = front.room;
        if let Some(chunk) = &mut front.chunk
            && chunk.len() + line.len() <= room
            && !urgent
        {
            chunk.push(line, posting);
            front.all_urgent = false;
            return true;
        }
        let line = encoded(line, front.encoding);
        if front.rolls {
            drop(front);
            self.append_and_roll(shared, &line, urgent, posting)
        } else {
            self.append_slowly(front, shared, &line, urgent.then_some(now), posting)
        }
    }

    /// Appends where a chunk has to be made, is full, or is to be written at once.
    #[cold]
    fn append_slowly<'a>(
        &'a self,
        mut front: LatchGuard<'a, Front>,
        shared: &Shared,
        line: &[u8],
        urgent: Option<Moment>,
        posting: Posting<'_>,
    ) -> bool {
        let size = shared.limits().buffer_size();
        let keeps_up = front.full.len() < MOST_FULL && shared.pool.may_hand_over(size);
        if !keeps_up && front.is_full(size, line.len()) {
            // The flusher does not keep up.
            drop(front);
            if let Some(mut back) = self.back_in_time(shared) {
                back.write_out(self, shared, Extent::Full, false);
            }
            front = self.front.lock();
        }
        if !front.push(self, shared, line, urgent.is_some(), posting) {
            return false;
        }
        let now = match urgent {
            _ if size == 0 || line.len() > size => true,
            Some(now) => front.is_due(now),
            None => false,
        };
        front.tell(self, shared, urgent.is_some() && !now);
        if now {
            drop(front);
            if let Some(mut back) = self.back_in_time(shared) {
                back.write_out(self, shared, Extent::Urgent, false);
            }
        }
        true
    }

    /// The back, for a log call: `None` if whoever has it hangs in a write. The disk may be one that does not answer; what
    /// is logged meanwhile waits, up to the bound for files that cannot be written.
    fn back_in_time(&self, shared: &Shared) -> Option<MutexGuard<'_, Back>> {
        loop {
            let is_known = self.stalled.load(Ordering::Relaxed);
            let writes = self.writes.load(Ordering::Relaxed);
            let back = lock_within(&self.back, if is_known { Duration::ZERO } else { PATIENCE });
            // Where many write, one may wait for long although none of them hangs.
            if back.is_none() && !is_known && self.writes.load(Ordering::Relaxed) != writes {
                continue;
            }
            if back.is_none() && !self.stalled.swap(true, Ordering::Relaxed) {
                self.front.lock().room = 0;
                let text = format!("a write has not come back for {} s", PATIENCE.as_secs());
                shared.flusher.complain(&self.path, Trouble::Write(text));
            }
            return back;
        }
    }

    /// Appends to a file that rolls: when depends on each record, so that nothing is put off.
    fn append_and_roll(&self, shared: &Shared, line: &[u8], urgent: bool, posting: Posting<'_>) -> bool {
        let Some(mut back) = self.back_in_time(shared) else {
            let mut front = self.front.lock();
            let taken = front.push(self, shared, line, urgent, posting);
            front.tell(self, shared, false);
            return taken;
        };
        back.roll_if_time(self, shared);
        let mut front = self.front.lock();
        if !front.push(self, shared, line, urgent, posting) {
            return false;
        }
        front.tell(self, shared, false);
        let full = front.pending() >= shared.limits().buffer_size();
        drop(front);
        if full || urgent {
            back.write_out(self, shared, Extent::All, false);
        }
        back.roll_if_large(self, shared);
        true
    }

    /// Appends in a forked child: at once, and without a lock, which a thread of the parent may have held.
    #[cold]
    pub(super) fn append_in_child(&self, shared: &Shared, line: &[u8], encoding: &'static Encoding) -> bool {
        let root = Root::new(&shared.root().path);
        open(self, &root).and_then(|(mut file, _)| file.write_all(&encoded(line, encoding))).is_ok()
    }

    /// Writes what is buffered, also if that has just failed; `false` if something is left.
    pub(super) fn flush(&self, shared: &Shared) -> bool {
        lock(&self.back).write_out(self, shared, Extent::All, true)
    }

    /// For the flusher, which has taken the file off its queue: `false` if it could not be written.
    pub(super) fn flush_queued(&self, shared: &Shared, now: bool) -> bool {
        // Whoever appends from here on puts it there again.
        self.front.lock().queued = false;
        lock(&self.back).write_out(self, shared, Extent::All, now)
    }

    /// For the flusher, which could not write it: `true` if it is to put it on its queue again, where it is once at most.
    pub(super) fn comes_back(&self) -> bool {
        !std::mem::replace(&mut self.front.lock().queued, true)
    }

    /// For the flusher, to which a full chunk was handed over.
    pub(super) fn write_full(&self, shared: &Shared) {
        lock(&self.back).write_out(self, shared, Extent::Full, false);
    }

    /// Opens, empties and rolls as a job's start asks for, unless somebody else is using the file already.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn prepare(&self, shared: &Shared) -> io::Result<()> {
        let mut back = lock(&self.back);
        let at_start = match back.spec.roll {
            Some(Roll { trigger: Trigger::OnStartup { min_size }, .. }) => Some(min_size),
            _ => None,
        };
        if let Some(window) = back.spec.roll.as_ref().and_then(|roll| roll.roller.packed())
            && window.holds_any()
        {
            // What an earlier process could not pack any more.
            shared.compressor.enqueue(window, &shared.flusher);
        }
        if !back.fresh || (back.spec.append && at_start.is_none()) {
            return Ok(());
        }
        back.begin(self, shared)?;
        let mut emptied = if back.spec.append { Ok(()) } else { back.empty() };
        if let Some(roll) = back.spec.roll.as_ref().filter(|_| !back.spec.append) {
            emptied = emptied.and_then(|()| roll.roller.forget(&self.path));
        }
        back.end();
        if let Some(least) = at_start {
            back.roll(self, shared, |back| back.length >= least);
        }
        emptied
    }

    /// Writes what is buffered and closes; what cannot be written now is lost and counted.
    pub(super) fn close(&self, shared: &Shared) {
        let mut back = lock(&self.back);
        if !back.write_out(self, shared, Extent::All, true) {
            self.front.lock().lose(shared);
        }
        back.drop_file(self, shared);
    }

    /// Closes the descriptor if nobody is using the file at this moment; the next write opens it again.
    pub(super) fn close_if_idle(&self, shared: &Shared) -> bool {
        let Ok(mut back) = self.back.try_lock() else { return false };
        if !back.write_out(self, shared, Extent::All, false) {
            return false;
        }
        back.drop_file(self, shared);
        true
    }

    /// As [`LogFile::flush`], but gives up if the file is in use: for a process that ends.
    pub(crate) fn flush_at_exit(&self, shared: &Shared) {
        for _ in 0..100 {
            // A thread that was interrupted in a log call and ends the process holds the front for ever.
            let front_is_free = self.front.try_lock().is_some();
            if front_is_free && let Ok(mut back) = self.back.try_lock() {
                back.write_out(self, shared, Extent::All, true);
                return;
            }
            crate::sync::thread::sleep(Duration::from_millis(1));
        }
    }

    /// What it is called in the buffers that outlive the process: as seen from the root, if it is in there.
    fn name(&self) -> &[u8] {
        &self.path.as_os_str().as_encoded_bytes()[self.below_root as usize..]
    }

    /// Below the log root no link is followed and nothing but a regular file is opened.
    pub(super) fn is_inside_root(&self) -> bool {
        self.below_root > 0
    }

    /// The numbers of one job's records that are buffered.
    pub(super) fn left_of(&self, account: &Arc<Account>) -> Vec<u64> {
        let mut left = Vec::new();
        self.front.lock().chunks().for_each(|chunk| chunk.left_of(account, &mut left));
        left
    }

    /// Another file has lost the record that was appended to this one, and that is counted: it is not to be counted again.
    pub(super) fn disown(&self, posting: Posting<'_>) {
        if !self.front.lock().disown(posting) {
            // It is being written, or it is written. One that cannot be comes back to the front before the back is free.
            let _back = lock(&self.back);
            self.front.lock().disown(posting);
        }
    }
}

/// Where in `path` its last part `tail` starts. No system opens a path whose length does not fit.
fn offset(path: &Path, tail: &Path) -> u32 {
    u32::try_from(path.as_os_str().len() - tail.as_os_str().len()).unwrap_or(0)
}

/// The line in the file's encoding.
pub(super) fn encoded<'a>(line: &'a [u8], encoding: &'static Encoding) -> Cow<'a, [u8]> {
    if encoding == UTF_8 {
        return Cow::Borrowed(line);
    }
    let text = String::from_utf8_lossy(line);
    if encoding == UTF_16LE {
        Cow::Owned(text.encode_utf16().flat_map(u16::to_le_bytes).collect())
    } else if encoding == UTF_16BE {
        Cow::Owned(text.encode_utf16().flat_map(u16::to_be_bytes).collect())
    } else {
        Cow::Owned(encoding.encode(&text).0.into_owned())
    }
}
