//! The open files of one [`crate::Logs`]: shared by path, counted, and no more than `max_open_files` descriptors.

use super::account::{Account, Accounts};
use super::file::{LogFile, Spec};
use super::flusher::Flusher;
use super::roll::Compressor;
use crate::lock::lock;
use log::{Level, LevelFilter};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError, Weak};
use std::time::{Duration, Instant};

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
    root: PathBuf,
    /// What relative paths of the template are relative to: where the host ran when it started.
    base: PathBuf,
    by_path: Mutex<HashMap<PathBuf, (Arc<LogFile>, usize)>>,
    /// Files with a descriptor, roughly in the order in which they were last used.
    recent: Mutex<VecDeque<Weak<LogFile>>>,
    open: AtomicUsize,
    buffers: Mutex<Vec<Vec<u8>>>,
    pub(super) flusher: Flusher,
    pub(super) compressor: Compressor,
}

/// A user's share in a file; the last one to go closes it.
pub(crate) struct Handle {
    file: Arc<LogFile>,
    spec: Spec,
    account: Arc<Account>,
    shared: Arc<Shared>,
}

/// How many spare buffers are kept; together with those in use this bounds the engine's memory.
const SPARE_BUFFERS: usize = 32;

impl Shared {
    /// For files below the log root `root`, an absolute path.
    pub(crate) fn new(root: &Path) -> Arc<Shared> {
        Arc::new(Shared {
            root: root.to_owned(),
            base: std::env::current_dir().unwrap_or_default(),
            limits: Limits::from(Settings::default()),
            by_path: Mutex::default(),
            recent: Mutex::default(),
            open: AtomicUsize::new(0),
            buffers: Mutex::default(),
            flusher: Flusher::default(),
            compressor: Compressor::default(),
        })
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn set_settings(&self, settings: &Settings) {
        self.limits.set(settings);
    }

    pub(crate) fn flusher(&self) -> &Flusher {
        &self.flusher
    }

    /// A share in the file that `spec` names, for the job of `account`. What the file is is not changed before
    /// [`Handle::apply`].
    pub(crate) fn acquire(self: &Arc<Self>, mut spec: Spec, accounts: &Accounts) -> Handle {
        if spec.path.is_relative() {
            spec.path = self.base.join(&spec.path);
        }
        if let Some(roll) = &mut spec.roll {
            roll.roller.relative_to(&self.base);
        }
        spec.inside_root = spec.path.starts_with(&self.root);
        let account = accounts.with(&spec.path);
        let mut by_path = lock(&self.by_path);
        let file = match by_path.get_mut(&spec.path) {
            Some((file, users)) => {
                *users += 1;
                Arc::clone(file)
            }
            None => {
                let file = LogFile::new(spec.clone());
                by_path.insert(spec.path.clone(), (Arc::clone(&file), 1));
                file
            }
        };
        Handle { file, spec, account, shared: Arc::clone(self) }
    }

    /// The log root.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn take_buffer(&self) -> Vec<u8> {
        lock(&self.buffers).pop().unwrap_or_default()
    }

    pub(super) fn give_buffer(&self, mut buffer: Vec<u8>) {
        let keep = self.limits.buffer_size() + (8 << 10);
        let mut buffers = lock(&self.buffers);
        if buffers.len() < SPARE_BUFFERS && buffer.capacity() > 0 {
            buffer.clear();
            buffer.shrink_to(keep);
            buffers.push(buffer);
        }
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

    /// Flushes all files from a process that ends, with bounded waiting.
    pub(crate) fn flush_at_exit(&self) {
        // The table is locked shortly and often while jobs start and end; a process that ends waits for its turn.
        let files: Vec<_> = match lock_within(&self.by_path, Duration::from_secs(1)) {
            Some(by_path) => by_path.values().map(|(file, _)| Arc::clone(file)).collect(),
            None => return,
        };
        for file in files {
            file.flush_at_exit(self);
        }
    }
}

impl Handle {
    /// Appends one encoded record; `false` if there was no room for it.
    pub(crate) fn append(&self, line: &[u8], level: Level) -> bool {
        self.file.append(&self.shared, line, level, &self.account)
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

    /// Writes what is buffered; returns how many of the job's records are left.
    pub(crate) fn flush(&self) -> u64 {
        if self.file.flush(&self.shared) { 0 } else { self.file.left_of(&self.account) }
    }

    /// As [`Handle::flush`], but never waits long for a file that is in use.
    pub(crate) fn flush_bounded(&self) {
        self.file.flush_at_exit(&self.shared);
    }

    pub(crate) fn path(&self) -> &Path {
        &self.spec.path
    }

    pub(crate) fn has_descriptor(&self) -> bool {
        self.file.is_open.load(Ordering::Relaxed)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let last = lock(&self.shared.by_path).get(&self.spec.path).is_some_and(|(_, users)| *users == 1);
        if last {
            // What can be written is written before the table is locked.
            self.file.flush(&self.shared);
        }
        let mut by_path = lock(&self.shared.by_path);
        let Some((_, users)) = by_path.get_mut(&self.spec.path) else { return };
        *users -= 1;
        if *users == 0 {
            // Closed before the table lets anybody open the path again: old and new never write at once.
            self.file.close(&self.shared);
            by_path.remove(&self.spec.path);
        }
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({})", self.spec.path.display())
    }
}

/// The lock, unless it is held for all of `wait`.
fn lock_within<T>(mutex: &Mutex<T>, wait: Duration) -> Option<MutexGuard<'_, T>> {
    let deadline = Instant::now() + wait;
    loop {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::yield_now(),
            Err(TryLockError::WouldBlock) => return None,
        }
    }
}
