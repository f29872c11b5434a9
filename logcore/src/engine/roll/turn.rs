//! Processes that share a file write and roll it one at a time.
//!
//! Whoever writes to a file with a policy, or rolls it, holds an exclusive `flock` on it meanwhile and makes sure that
//! the path still names it. So nobody writes on into a part that another process has just rolled, and nobody rolls
//! twice. Nothing is held while a file waits for its next write. The kernel lets go of the lock however its holder
//! dies; one that is alive and stalled, or a file system without locks, costs a wait that is bounded.
//!
//! Elsewhere than on unix there is no such lock, and a file with a policy is for one process alone.

use crate::engine::open::named_length;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long another process may keep a lock before this one goes on without it.
const PATIENCE: Duration = Duration::from_secs(1);
/// For how long nobody waits again after that.
const DISTRUST: Duration = Duration::from_secs(10);

/// Turns on one file.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// Until when others are not waited for.
    distrust: Option<Instant>,
    held: bool,
}

impl Turn {
    /// Waits for the turn on `file`; its length, or `None` if `path` names another file by now.
    pub(crate) fn take(&mut self, file: &File, path: &Path) -> Option<u64> {
        let now = Instant::now();
        let latest = if self.distrust.is_some_and(|until| now < until) { now } else { now + PATIENCE };
        // A part that is being packed is locked for long: who finds its name gone does not wait for that.
        match lock(file, latest, || named_length(path, file).is_some()) {
            Wait::Over => (self.distrust, self.held) = (None, true),
            Wait::NoLocks => {}
            Wait::TooLong => self.distrust = Some(self.distrust.unwrap_or(now).max(now + DISTRUST)),
            Wait::InVain => return None,
        }
        let length = named_length(path, file);
        if length.is_none() {
            self.end(file);
        }
        length
    }

    /// Ends it.
    pub(crate) fn end(&mut self, file: &File) {
        if std::mem::take(&mut self.held) {
            // Closing the file lets go as well.
            let _ = file.unlock();
        }
    }

    /// Whether really nobody else writes now, and nobody was only waited for in vain.
    pub(crate) fn is_held(&self) -> bool {
        self.held
    }
}

/// How waiting for a lock went.
#[derive(Debug, PartialEq)]
pub(super) enum Wait {
    /// It is held.
    Over,
    /// There are none here.
    NoLocks,
    /// Somebody else keeps it.
    TooLong,
    /// It is not wanted any more.
    InVain,
}

/// Waits for an exclusive lock until `latest`, as long as it is `wanted`.
pub(super) fn lock(file: &File, latest: Instant, wanted: impl Fn() -> bool) -> Wait {
    let mut pause = Duration::from_micros(50);
    while cfg!(unix) {
        match file.try_lock() {
            Ok(()) => return Wait::Over,
            Err(TryLockError::Error(_)) => return Wait::NoLocks,
            Err(TryLockError::WouldBlock) if !wanted() => return Wait::InVain,
            Err(TryLockError::WouldBlock) if Instant::now() >= latest => return Wait::TooLong,
            Err(TryLockError::WouldBlock) => thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(5));
    }
    Wait::NoLocks
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_was_renamed_has_no_turns_any_more_also_while_somebody_packs_it() {
        let dir = tempfile::tempdir().unwrap();
        let (path, part) = (dir.path().join("a.log"), dir.path().join("a.1.log"));
        fs::write(&path, "one\n").unwrap();
        let (ours, packer) = (File::open(&path).unwrap(), File::open(&path).unwrap());
        let mut turn = Turn::default();
        assert_eq!(turn.take(&ours, &path), Some(4));
        assert!(matches!(packer.try_lock(), Err(TryLockError::WouldBlock)), "it is ours");
        turn.end(&ours);
        packer.try_lock().unwrap();
        fs::rename(&path, &part).unwrap();
        let began = Instant::now();
        assert_eq!(turn.take(&ours, &path), None);
        assert!(began.elapsed() < PATIENCE, "it does not wait for the packer");
    }

    #[test]
    fn one_that_stalls_is_waited_for_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        fs::write(&path, "").unwrap();
        let (ours, stalled) = (File::open(&path).unwrap(), File::open(&path).unwrap());
        stalled.lock().unwrap();
        let mut turn = Turn::default();
        let began = Instant::now();
        assert_eq!(turn.take(&ours, &path), Some(0));
        assert!(began.elapsed() >= PATIENCE);
        let began = Instant::now();
        assert_eq!(turn.take(&ours, &path), Some(0));
        assert!(began.elapsed() < PATIENCE / 2, "the second time nobody waits");
    }
}
