//! One log file: its buffers, its descriptor, its rotation.
//!
//! A log call appends its record, already encoded, to the front: the chunk that is being filled. The back has the
//! descriptor. Whoever holds the back takes what is full from the front and writes it while log calls go on; mostly
//! that is the flusher, which has a full chunk handed over at once, a record at the flush level within milliseconds, and
//! anything else when it has waited long enough. What cannot be written is kept, up to a bound, and tried again; what does
//! not fit any more is counted.

use super::account::{Account, Posting};
use super::chunk::{self, Chunk};
use super::files::Shared;
use super::flusher::Trouble;
use super::moment::Moment;
use super::open::{Root, ends_in_half_a_line, is_deleted, names, open};
use super::roll::{Due, Roll, Trigger, Turn};
use super::thread_end;
use crate::lock::{lock, lock_within};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{Latch, LatchGuard, Mutex, MutexGuard};
use chrono::{DateTime, Local, Utc};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use log::Level;
use std::borrow::Cow;
use std::fs::File;
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

/// What log calls append to.
#[derive(Debug)]
struct Front {
    /// What is filled, while something waits.
    chunk: Option<Box<Chunk>>,
    /// How long `chunk` may get; 0 if the next record is to take the long way.
    room: usize,
    /// Chunks that wait to be written, oldest first.
    #[allow(clippy::vec_box)] // they are moved about more than they are looked at
    full: Vec<Box<Chunk>>,
    /// Whether `chunk` holds nothing but records at the flush level.
    all_urgent: bool,
    /// When such a record was last written at once although others stood before it. Boxed, as hardly any file has one and
    /// there are many.
    urgent_at: Option<Box<Moment>>,
    /// Whether the flusher knows that something waits, and that something is full.
    queued: bool,
    full_queued: bool,
    /// While writing fails.
    failing: bool,
    /// Whether a chunk got full since all was written last.
    is_busy: bool,
    encoding: &'static Encoding,
    rolls: bool,
}

/// What the records are written to.
#[derive(Debug)]
struct Back {
    spec: Arc<Spec>,
    file: Option<File>,
    /// Bytes in the file, as far as we know.
    length: u64,
    /// Boxed, as most files do not roll and there are many.
    rolling: Option<Box<Rolling>>,
    /// Not opened yet since somebody began to use it.
    fresh: bool,
    /// When it was last made sure that the path still names this file.
    checked: Instant,
    write_retry: Retry,
}

/// What only a file that rolls has.
#[derive(Debug, Default)]
struct Rolling {
    next: Option<Due>,
    /// Whoever else writes to it.
    turn: Turn,
    retry: Retry,
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

/// While something fails: when to try it again. Boxed, as it hardly ever does and there are many files.
#[derive(Debug, Default)]
pub(super) struct Retry(Option<Box<(Instant, Duration)>>);

impl Retry {
    pub(super) fn is_due(&self) -> bool {
        self.0.as_ref().is_none_or(|retry| Instant::now() >= retry.0)
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.as_ref().map(|retry| retry.0)
    }

    /// It has failed; `true` if it had not before.
    pub(super) fn failed(&mut self) -> bool {
        const FIRST: Duration = Duration::from_millis(200);
        const LONGEST: Duration = Duration::from_secs(10);
        let wait = self.0.as_ref().map_or(FIRST, |retry| (retry.1 * 2).min(LONGEST));
        self.0.replace(Box::new((Instant::now() + wait, wait))).is_none()
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

/// How long a log call waits for whoever is writing: longer than he waits for other processes.
const PATIENCE: Duration = Duration::from_secs(3);

/// Chunks of one file that may wait for the flusher; with one more, the log call writes them.
const MOST_FULL: usize = 8;

/// Where records at the flush level follow each other faster than this, the flusher writes them, with this delay.
const URGENT_EVERY: Duration = Duration::from_millis(5);

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

impl Front {
    fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.full.iter().chain(&self.chunk).map(|chunk| &**chunk)
    }

    fn disown(&mut self, posting: Posting<'_>) -> bool {
        let mut found = false;
        for chunk in self.full.iter_mut().chain(&mut self.chunk) {
            found |= chunk.disown(posting);
        }
        found
    }

    /// Whether a record of `more` bytes has to go into another chunk than the one that is being filled.
    fn is_full(&self, size: usize, more: usize) -> bool {
        // Without a buffer, what is written already is kept all the same until it is confirmed.
        const UNCONFIRMED: usize = 16 << 10;
        let size = if size == 0 { UNCONFIRMED } else { size };
        self.chunk.as_ref().is_some_and(|chunk| {
            let room = chunk.capacity().map_or(size, |capacity| capacity.min(size));
            !chunk.is_empty() && chunk.len() + more > room
        })
    }

    /// Appends a record in the file's encoding; `false` if what waits for a file that cannot be written is too much already.
    fn push(
        &mut self,
        owner: &LogFile,
        shared: &Shared,
        line: &[u8],
        urgent: bool,
        posting: Posting<'_>,
    ) -> bool {
        let size = shared.limits().buffer_size();
        let backlog = size.saturating_mul(BACKLOG).max(LEAST_BACKLOG);
        let stuck = self.failing || owner.stalled.load(Ordering::Relaxed);
        if stuck && self.pending() + line.len() > backlog {
            return false;
        }
        if self.is_full(size, line.len()) {
            self.is_busy = true;
            let full = self.take_chunk(shared);
            self.full.extend(full);
        }
        let fits = |chunk: &Chunk| chunk.capacity().is_none_or(|capacity| line.len() <= capacity);
        let chunk = match self.chunk.take().filter(|chunk| fits(chunk)) {
            Some(chunk) => chunk,
            None => shared.pool.take(owner.name(), line.len(), size, self.is_busy),
        };
        self.all_urgent = urgent && (chunk.is_empty() || self.all_urgent);
        let room = chunk.capacity().map_or(size, |capacity| capacity.min(size));
        self.room = if self.encoding == UTF_8 && !self.rolls && !stuck { room } else { 0 };
        self.chunk.insert(chunk).push(line, posting);
        true
    }

    /// Takes what is being filled, to be written.
    fn take_chunk(&mut self, shared: &Shared) -> Option<Box<Chunk>> {
        self.room = 0;
        let chunk = self.chunk.take()?;
        shared.pool.hand_over();
        Some(chunk)
    }

    /// Whether a record at the flush level that came `now` is to be written by its log call: if that is little, or if it was not
    /// done just now.
    fn is_due(&mut self, now: Moment) -> bool {
        if self.all_urgent && self.full.is_empty() {
            return true;
        }
        let before = self.urgent_at.as_ref().and_then(|before| now.since(**before));
        let due = before.is_none_or(|since| since >= URGENT_EVERY);
        if due {
            **self.urgent_at.get_or_insert_default() = now;
        }
        due
    }

    /// Has the flusher know what it does not know yet.
    fn tell(&mut self, owner: &LogFile, shared: &Shared, soon: bool) {
        if !self.queued {
            self.queued = true;
            shared.flusher.enqueue(owner.me.clone());
        }
        if soon {
            shared.flusher.hurry(URGENT_EVERY);
        }
        if !self.full.is_empty() && !self.full_queued && !self.failing {
            self.full_queued = true;
            shared.flusher.hand_over(owner.me.clone());
        }
    }

    /// Bytes that are not written.
    fn pending(&self) -> usize {
        self.chunks().map(Chunk::left).sum()
    }

    fn holds_any(&self, extent: Extent) -> bool {
        !self.full.is_empty() || (extent == Extent::All && self.chunk.is_some())
    }

    /// Takes what is to be written.
    #[allow(clippy::vec_box)] // they are moved about more than they are looked at
    fn take(&mut self, shared: &Shared, extent: Extent) -> Vec<Box<Chunk>> {
        let mut taken = std::mem::take(&mut self.full);
        if extent == Extent::All {
            taken.extend(self.take_chunk(shared));
            self.is_busy &= taken.len() > 1;
        }
        taken
    }

    /// Whether something stands in the file and nobody has made sure yet that the file has a name.
    fn is_unsettled(&self) -> bool {
        self.chunks().any(Chunk::is_unsettled)
    }

    /// The descriptor is let go of: what stands in its file is done with, unless the file is deleted.
    fn settle(&mut self, shared: &Shared, deleted: bool) {
        for chunk in self.full.iter_mut().chain(&mut self.chunk) {
            if deleted {
                chunk.revoke();
            } else {
                chunk.confirm();
            }
        }
        for written in self.full.extract_if(.., |chunk| chunk.is_empty()) {
            shared.give_chunk(written);
        }
    }

    fn fails(&mut self) {
        self.failing = true;
        self.room = 0;
    }

    fn lose(&mut self, shared: &Shared) {
        let chunk = self.take_chunk(shared);
        for mut chunk in self.full.drain(..).chain(chunk) {
            chunk.lose();
            shared.give_chunk(chunk);
        }
    }
}

impl Back {
    fn rolling(&mut self) -> &mut Rolling {
        self.rolling.get_or_insert_default()
    }

    /// Writes what is buffered; `false` if something could not be. Unless `now`, a failure is not tried again before its
    /// time.
    fn write_out(&mut self, owner: &LogFile, shared: &Shared, extent: Extent, now: bool) -> bool {
        if !shared.is_ours() {
            return true;
        }
        if !now && !self.write_retry.is_due() {
            return false;
        }
        owner.writes.fetch_add(1, Ordering::Relaxed);
        let (result, any) = self.try_write(owner, shared, extent);
        let stalled = owner.stalled.load(Ordering::Relaxed) && owner.stalled.swap(false, Ordering::Relaxed);
        match result {
            Ok(()) => {
                let mended = any && self.write_retry.mended();
                if mended {
                    owner.front.lock().failing = false;
                }
                if mended || stalled {
                    shared.flusher.complain(&owner.path, Trouble::Mended);
                }
                true
            }
            Err(error) => {
                if self.write_retry.failed() && !stalled {
                    shared.flusher.complain(&owner.path, Trouble::Write(error.to_string()));
                }
                // A descriptor that fails may be the fault itself: the next try opens the path anew.
                self.drop_file(owner, shared);
                false
            }
        }
    }

    /// Writes; also says whether there was anything to write.
    fn try_write(&mut self, owner: &LogFile, shared: &Shared, extent: Extent) -> (io::Result<()>, bool) {
        if extent == Extent::Urgent {
            match self.write_in_place(owner, shared) {
                Ok(true) => return (Ok(()), true),
                // Older chunks go before it, and while they are written, more may get full: it goes with them.
                Ok(false) => return self.try_write(owner, shared, Extent::All),
                Err(error) => {
                    owner.front.lock().fails();
                    return (Err(error), true);
                }
            }
        }
        {
            let mut front = owner.front.lock();
            front.full_queued = false;
            if !front.holds_any(extent) {
                return (Ok(()), false);
            }
        }
        // Before anything is taken: if the descriptor is let go of in here, the front knows what stands in its file.
        let result = self.begin(owner, shared).and_then(|()| {
            let mut taken = owner.front.lock().take(shared, extent);
            let result = self.write_taken(&mut taken, owner, shared);
            for written in taken.extract_if(.., |chunk| chunk.is_empty()) {
                shared.give_chunk(written);
            }
            if !taken.is_empty() {
                owner.front.lock().full.splice(0..0, taken);
            }
            result
        });
        if result.is_err() {
            owner.front.lock().fails();
        }
        (result, true)
    }

    /// Writes the chunks that were taken and makes sure that they stand in a file that has a name. The path is open.
    fn write_taken(&mut self, taken: &mut [Box<Chunk>], owner: &LogFile, shared: &Shared) -> io::Result<()> {
        const TRIES: usize = 3;
        for _ in 0..TRIES {
            owner.used.store(true, Ordering::Relaxed);
            let Some(file) = &mut self.file else { break };
            let (written, result) = chunk::write(file, taken, self.length);
            let deleted = is_deleted(file);
            let written = if result.is_err() { self.cut_half_a_record(taken, written) } else { written };
            // A turn ends when it is known where its bytes stand: after it, others may roll, pack and remove the file.
            self.end();
            if deleted {
                // Nobody can read what was written: once more, into a file that has the name.
                taken.iter_mut().for_each(|chunk| chunk.revoke());
                shared.is_gone(&owner.path);
                self.drop_file(owner, shared);
                self.begin(owner, shared)?;
                continue;
            }
            self.length += written;
            taken.iter_mut().for_each(|chunk| chunk.confirm());
            return result;
        }
        self.end();
        Err(io::Error::other("the file is deleted as soon as it is made"))
    }

    /// Writes what the front holds, which stays there until somebody has made sure that the file has a name; `false` if
    /// something is to be written before it.
    fn write_in_place(&mut self, owner: &LogFile, shared: &Shared) -> io::Result<bool> {
        if self.spec.roll.is_some() {
            return Ok(false);
        }
        self.begin(owner, shared)?;
        owner.used.store(true, Ordering::Relaxed);
        let Some(file) = &mut self.file else { return Ok(false) };
        let mut front = owner.front.lock();
        if !front.full.is_empty() {
            return Ok(false);
        }
        let Some(chunk) = &mut front.chunk else { return Ok(true) };
        let chunks = std::slice::from_mut(chunk);
        let (written, result) = chunk::write(file, chunks, self.length);
        let written = if result.is_err() { self.cut_half_a_record(chunks, written) } else { written };
        self.length += written;
        result.map(|()| true)
    }

    /// Opens the path, and waits for the turn on it if others may roll it, until [`Back::end`].
    fn begin(&mut self, owner: &LogFile, shared: &Shared) -> io::Result<()> {
        const TRIES: usize = 1000;
        let known = self.length;
        for _ in 0..TRIES {
            self.ensure_open(owner, shared)?;
            if self.spec.roll.is_some() {
                let Some(file) = &self.file else { break };
                let turn = &mut self.rolling.get_or_insert_default().turn;
                let Some(length) = turn.take(file, &owner.path) else {
                    // Another process has rolled it.
                    self.drop_file(owner, shared);
                    continue;
                };
                self.length = length;
            }
            // Nobody is in the middle of a line while it is our turn.
            let others_wrote = self.spec.roll.is_some() && self.length != known;
            if std::mem::take(&mut self.fresh) || others_wrote {
                self.mend_half_a_line(&owner.path).inspect_err(|_| self.end())?;
            }
            return Ok(());
        }
        Err(io::Error::other("the file is rolled as soon as it is made"))
    }

    fn end(&mut self) {
        if self.spec.roll.is_some()
            && let Some(file) = &self.file
        {
            self.rolling.get_or_insert_default().turn.end(file);
        }
    }

    /// After a write that broke off: half a record must not stay where somebody may write on, take the file away, or never
    /// write the rest. Returns how much of what was `written` stands there still.
    fn cut_half_a_record(&self, chunks: &mut [Box<Chunk>], written: u64) -> u64 {
        let Some(file) = self.file.as_ref().filter(|_| {
            self.spec.roll.is_none() || self.rolling.as_ref().is_some_and(|rolling| rolling.turn.is_held())
        }) else {
            return written;
        };
        let Some(chunk) = chunks.iter_mut().find(|chunk| chunk.left() > 0) else { return written };
        let (half, end) = (chunk.half_a_record(written), self.length + written);
        let ours_is_last = || file.metadata().is_ok_and(|about| about.is_file() && about.len() == end);
        if half == 0 || !ours_is_last() || file.set_len(end - half).is_err() {
            return written;
        }
        chunk.take_back(half);
        written - half
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
    fn mend_half_a_line(&mut self, path: &Path) -> io::Result<()> {
        if self.length > 0
            && self.spec.encoding.is_ascii_compatible()
            && ends_in_half_a_line(path)
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
            if !names(&owner.path, file) {
                shared.is_gone(&owner.path);
                self.drop_file(owner, shared);
            }
        }
        if self.file.is_some() {
            return Ok(());
        }
        let (file, length) = open(owner, shared.root())?;
        self.length = length;
        self.file = Some(file);
        self.checked = Instant::now();
        owner.is_open.store(true, Ordering::Relaxed);
        shared.opened(owner);
        Ok(())
    }

    fn drop_file(&mut self, owner: &LogFile, shared: &Shared) {
        if let Some(file) = self.file.take() {
            let mut front = owner.front.lock();
            if front.is_unsettled() {
                front.settle(shared, is_deleted(&file));
            }
            drop(front);
            owner.is_open.store(false, Ordering::Relaxed);
            shared.closed();
        }
    }

    fn roll_if_time(&mut self, owner: &LogFile, shared: &Shared) {
        let Some(Roll { trigger: trigger @ Trigger::Time { .. }, .. }) = &self.spec.roll else { return };
        let (trigger, now) = (*trigger, thread_end::local(Utc::now()));
        let Some(due) = self.rolling().next else {
            self.rolling().next = trigger.next_time(now);
            return;
        };
        if now < due.at || !self.rolling().retry.is_due() {
            return;
        }
        // Another process, or a person, has rolled it already.
        let rolled = self.file.as_ref().is_some_and(|file| !names(&owner.path, file));
        let is_old = |back: &Back| back.length > 0 && !back.made_since(due.since);
        if rolled || (self.write_out(owner, shared, Extent::All, false) && self.roll(owner, shared, is_old)) {
            self.rolling().next = trigger.next_time(now);
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
        let pending = owner.front.lock().pending() as u64;
        if self.length + pending > limit
            && self.rolling().retry.is_due()
            && self.write_out(owner, shared, Extent::All, false)
        {
            self.roll(owner, shared, |back| back.length > limit);
        }
    }

    /// Has the file taken away if it `is_due` still, now that nobody else changes it; the next write makes a new one.
    /// If that fails, logging goes on in the old one, and it is tried again after a while. `false` if it failed.
    fn roll(&mut self, owner: &LogFile, shared: &Shared, is_due: impl Fn(&Back) -> bool) -> bool {
        if self.spec.roll.is_none() || !self.rolling().retry.is_due() {
            return false;
        }
        let result = self.begin(owner, shared).and_then(|()| {
            let Some(roll) = self.spec.roll.as_ref().filter(|_| is_due(self)) else { return Ok(false) };
            roll.roller.roll(&owner.path).map(|()| true)
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
                if self.rolling().retry.mended() {
                    shared.flusher.complain(&owner.path, Trouble::Mended);
                }
                true
            }
            Err(error) => {
                if self.rolling().retry.failed() {
                    shared.flusher.complain(&owner.path, Trouble::Roll(error.to_string()));
                }
                false
            }
        }
    }
}
