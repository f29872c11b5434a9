//! The open files of one [`crate::Logs`]: shared by path, counted, and no more than `max_open_files` descriptors.

use super::account::{Account, Accounts, Posting};
use super::chunk::Chunk;
use super::file::{LogFile, Spec};
use super::flusher::{Flusher, Trouble};
use super::moment::Moment;
use super::open::Root;
use super::pool::Pool;
use super::roll::Compressor;
use crate::disk::buffers::Buffers;
use crate::lock::{lock, lock_within};
use crate::process;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::tally::Cause;
use log::{Level, LevelFilter};
use std::borrow::Borrow;
use std::collections::{HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// `logcore.buffer` and `logcore.max_open_files` of the template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// Bytes that a file buffers before it is written; 0 writes each record before its log call returns.
    pub(crate) buffer_size: usize,
    /// How long a record may wait in a buffer.
    pub(crate) flush_every: Duration,
    /// Records at this level and above are written at once.
    pub(crate) flush_level: LevelFilter,
    pub(crate) max_open_files: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            buffer_size: 64 << 10,
            flush_every: Duration::from_millis(200),
            flush_level: LevelFilter::Error,
            max_open_files: 256,
        }
    }
}

/// [`Settings`] as they are read for each record: they may change at any time, each on its own.
#[derive(Debug)]
pub(super) struct Limits {
    buffer_size: AtomicUsize,
    flush_millis: AtomicU64,
    flush_level: AtomicUsize,
    max_open_files: AtomicUsize,
}

impl From<Settings> for Limits {
    fn from(settings: Settings) -> Limits {
        let limits = Limits {
            buffer_size: AtomicUsize::new(0),
            flush_millis: AtomicU64::new(0),
            flush_level: AtomicUsize::new(0),
            max_open_files: AtomicUsize::new(0),
        };
        limits.set(&settings);
        limits
    }
}

impl Limits {
    fn set(&self, settings: &Settings) {
        self.buffer_size.store(settings.buffer_size, Ordering::Relaxed);
        let millis = u64::try_from(settings.flush_every.as_millis()).unwrap_or(u64::MAX);
        self.flush_millis.store(millis, Ordering::Relaxed);
        self.flush_level.store(settings.flush_level as usize, Ordering::Relaxed);
        self.max_open_files.store(settings.max_open_files.max(1), Ordering::Relaxed);
    }

    pub(super) fn buffer_size(&self) -> usize {
        self.buffer_size.load(Ordering::Relaxed)
    }

    pub(super) fn flush_every(&self) -> Duration {
        Duration::from_millis(self.flush_millis.load(Ordering::Relaxed))
    }

    pub(super) fn is_urgent(&self, level: Level) -> bool {
        level as usize <= self.flush_level.load(Ordering::Relaxed)
    }

    fn max_open_files(&self) -> usize {
        self.max_open_files.load(Ordering::Relaxed)
    }
}

/// What the files of one `Logs` share.
pub(crate) struct Shared {
    limits: Limits,
    root: Root,
    /// What relative paths of the template are relative to: where the host ran when it started.
    base: PathBuf,
    by_path: Mutex<HashSet<ByPath>>,
    /// Files with a descriptor, roughly in the order in which they were last used.
    recent: Mutex<VecDeque<Weak<LogFile>>>,
    open: AtomicUsize,
    pub(super) pool: Pool,
    /// The process's number when this was made; a forked child has another.
    pid: u32,
    pub(super) flusher: Flusher,
    pub(super) compressor: Compressor,
}

/// A file that is found by its path.
struct ByPath(Arc<LogFile>);

/// A user's share in a file; the last one to go closes it.
pub(crate) struct Handle {
    file: Arc<LogFile>,
    /// What the user's configuration says of it.
    spec: Arc<Spec>,
    account: Arc<Account>,
    shared: Arc<Shared>,
}

impl Shared {
    /// For files below the log root `root`, an absolute path.
    pub(crate) fn new(root: &Path) -> Arc<Shared> {
        Arc::new(Shared {
            root: Root::new(root),
            base: std::env::current_dir().unwrap_or_default(),
            limits: Limits::from(Settings::default()),
            by_path: Mutex::default(),
            recent: Mutex::default(),
            open: AtomicUsize::new(0),
            pool: Pool::default(),
            pid: process::id(),
            flusher: Flusher::default(),
            compressor: Compressor::default(),
        })
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn set_settings(&self, settings: &Settings) {
        self.limits.set(settings);
        // What waits, waits by the old ones.
        self.flusher.hurry(Duration::ZERO);
    }

    pub(crate) fn flusher(&self) -> &Flusher {
        &self.flusher
    }

    /// A share in the file `path`, for the job of `accounts`. How the file is written is not changed before
    /// [`Handle::apply`].
    pub(crate) fn acquire(
        self: &Arc<Self>,
        path: PathBuf,
        mut spec: Arc<Spec>,
        accounts: &Accounts,
    ) -> Handle {
        let path = if path.is_relative() { self.base.join(path) } else { path };
        if spec.roll.is_some()
            && let Some(roll) = &mut Arc::make_mut(&mut spec).roll
        {
            roll.roller.relative_to(&self.base);
        }
        let mut by_path = lock(&self.by_path);
        let file = match by_path.get(&*path) {
            Some(ByPath(file)) => Arc::clone(file),
            None => {
                let file = LogFile::new(path.into(), &self.root.path, Arc::clone(&spec));
                by_path.insert(ByPath(Arc::clone(&file)));
                file
            }
        };
        file.users.fetch_add(1, Ordering::Relaxed);
        drop(by_path);
        let account = accounts.with(&file.path);
        Handle { file, spec, account, shared: Arc::clone(self) }
    }

    /// The log root.
    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    /// The root has been made anew: no file is to be opened in the old one.
    pub(crate) fn root_is_new(&self) {
        self.root.forget();
    }

    /// The file that was at `path` is there no more; with it, the root may be gone.
    pub(super) fn is_gone(&self, path: &Path) {
        self.root.forget();
        self.flusher.complain(path, Trouble::Gone);
    }

    /// Whether this is the process that made it. A forked child shares the buffers with its parent, who writes what is in
    /// them, and it has none of its threads.
    #[inline]
    pub(super) fn is_ours(&self) -> bool {
        self.pid == process::id()
    }

    /// Has what is buffered outlive the process.
    pub(crate) fn keep_in(&self, buffers: Arc<Buffers>) {
        self.pool.keep_in(buffers);
    }

    /// Takes back a chunk that holds nothing any more.
    pub(super) fn give_chunk(&self, chunk: Box<Chunk>) {
        self.pool.give(chunk, self.limits.buffer_size());
    }

    /// A file has got a descriptor: if there are too many, those not used for longest give theirs back.
    pub(super) fn opened(&self, file: &LogFile) {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        let most = self.limits.max_open_files();
        for candidate in self.least_recently_used(file, most, open.saturating_sub(most)) {
            if !candidate.close_if_idle(self) && !candidate.listed.swap(true, Ordering::Relaxed) {
                lock(&self.recent).push_back(candidate.me.clone());
            }
        }
    }

    /// Notes that `newest` is open and takes up to `count` others off the list: those whose turn it is and that were
    /// not used since their last turn (the second-chance approximation of least recently used).
    fn least_recently_used(&self, newest: &LogFile, most: usize, mut count: usize) -> Vec<Arc<LogFile>> {
        let mut recent = lock(&self.recent);
        if recent.len() > 2 * most + 64 {
            recent.retain(|file| file.strong_count() > 0);
        }
        let mut victims = Vec::new();
        for _ in 0..2 * recent.len() {
            let Some(oldest) = (count > 0).then(|| recent.pop_front()).flatten() else { break };
            let Some(file) = oldest.upgrade().filter(|file| file.is_open.load(Ordering::Relaxed)) else {
                continue;
            };
            if file.used.swap(false, Ordering::Relaxed) {
                recent.push_back(oldest);
            } else {
                file.listed.store(false, Ordering::Relaxed);
                count -= 1;
                victims.push(file);
            }
        }
        if !newest.listed.swap(true, Ordering::Relaxed) {
            recent.push_back(newest.me.clone());
        }
        victims
    }

    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    #[cfg(all(test, shuttle))]
    pub(super) fn open_files(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Flushes all files from a process that ends, with bounded waiting.
    pub(crate) fn flush_at_exit(&self) {
        // The table is locked shortly and often while jobs start and end; a process that ends waits for its turn.
        let files: Vec<_> = match lock_within(&self.by_path, Duration::from_secs(1)) {
            Some(by_path) => by_path.iter().map(|ByPath(file)| Arc::clone(file)).collect(),
            None => return,
        };
        for file in files {
            file.flush_at_exit(self);
        }
    }
}

impl Handle {
    /// The process that the buffers belong to.
    pub(crate) fn pid(&self) -> u32 {
        self.shared.pid
    }

    /// As [`Handle::append`], in a forked child.
    pub(crate) fn append_in_child(&self, line: &[u8]) -> Result<(), Cause> {
        let done = self.file.append_in_child(&self.shared, line, self.spec.encoding);
        if done { Ok(()) } else { Err(Cause::Io) }
    }

    /// Appends one encoded record, the job's number `record`; why not, if it is lost. Not in a forked child.
    #[inline]
    pub(crate) fn append(&self, line: &[u8], level: Level, now: Moment, record: u64) -> Result<(), Cause> {
        let posting = Posting { account: &self.account, record };
        if self.file.append(&self.shared, line, level, now, posting) {
            Ok(())
        } else {
            Err(Cause::BacklogFull)
        }
    }

    /// That the record, which this file has taken, is lost elsewhere has been counted.
    pub(crate) fn disown(&self, record: u64) {
        // In a forked child nothing is buffered, and a lock may be held for ever.
        if self.shared.is_ours() {
            self.file.disown(Posting { account: &self.account, record });
        }
    }

    /// From now on the file is what this handle's configuration says.
    pub(crate) fn apply(&self) {
        self.file.respecify(&self.spec);
    }

    /// Opens, empties and rolls as a job's start asks for.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        self.file.prepare(&self.shared)
    }

    /// Writes what is buffered; returns the numbers of those of the job's records that are left.
    pub(crate) fn flush(&self) -> Vec<u64> {
        // A forked child has nothing buffered, and takes no lock that a thread of its parent may have held.
        if !self.shared.is_ours() || self.file.flush(&self.shared) {
            Vec::new()
        } else {
            self.file.left_of(&self.account)
        }
    }

    /// What the flusher does with a chunk that is handed over.
    #[cfg(all(test, shuttle))]
    pub(super) fn write_full(&self) {
        self.file.write_full(&self.shared);
    }

    /// As [`Handle::flush`], but never waits long for a file that is in use.
    pub(crate) fn flush_bounded(&self) {
        self.file.flush_at_exit(&self.shared);
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file.path
    }

    /// What parts are called that are rolled away from it.
    pub(crate) fn parts(&self) -> Option<PathBuf> {
        self.spec.roll.as_ref()?.roller.parts()
    }

    pub(crate) fn has_descriptor(&self) -> bool {
        self.file.is_open.load(Ordering::Relaxed)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // What a forked child lets go of, its parent has still.
        if !self.shared.is_ours() {
            return;
        }
        if self.file.users.load(Ordering::Relaxed) == 1 {
            // What can be written is written before the table is locked.
            self.file.flush(&self.shared);
        }
        let mut by_path = lock(&self.shared.by_path);
        if self.file.users.fetch_sub(1, Ordering::Relaxed) == 1 {
            // Closed before the table lets anybody open the path again: old and new never write at once.
            self.file.close(&self.shared);
            by_path.remove(&*self.file.path);
        }
    }
}

impl Borrow<Path> for ByPath {
    fn borrow(&self) -> &Path {
        &self.0.path
    }
}

impl Hash for ByPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.path.hash(state);
    }
}

impl PartialEq for ByPath {
    fn eq(&self, other: &ByPath) -> bool {
        self.0.path == other.0.path
    }
}

impl Eq for ByPath {}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({})", self.file.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::UTF_8;

    #[test]
    fn a_file_waits_for_the_flusher_once_however_often_it_is_flushed_by_others() {
        let root = tempfile::tempdir().unwrap();
        let shared = Shared::new(root.path());
        let spec = Arc::new(Spec { append: true, encoding: UTF_8, roll: None });
        let file = shared.acquire(root.path().join("a.log"), spec, &Accounts::default());
        for _ in 0..100 {
            file.append(b"record\n", Level::Info, Moment::now(), 0).unwrap();
            assert!(file.flush().is_empty());
        }
        // Nobody has started the flusher: by the clock, it would come in an hour.
        assert_eq!(shared.flusher.queued(), 1);
    }
}
