//! Lets one host at a time read a `job.json` below a root, change it and write it back: several processes may share the
//! root, and even run jobs of one id.
//!
//! The locks are `<root>/.logcore/jobs-<n>.lock`; an id's number is a hash of it, the same in every process. The kernel lets go of it however its holder dies. One that is alive and
//! stalled, or a file system without locks, costs a wait that is bounded, never a host that hangs.

use crate::disk::{OWN_DIR, make_own_dir};
use siphasher::sip::SipHasher24;
use std::fs::{File, OpenOptions, TryLockError};
use std::hash::Hasher;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long another process may keep the lock before this one goes on without it.
const PATIENCE: Duration = Duration::from_secs(1);
/// For how long nobody waits again after that.
const DISTRUST: Duration = Duration::from_secs(10);

/// As many jobs can start or end at the same moment.
const STRIPES: usize = 16;

#[derive(Debug)]
pub(crate) struct JobsLock {
    stripes: [Stripe; STRIPES],
}

#[derive(Debug)]
struct Stripe {
    path: PathBuf,
    /// The threads of this process take turns; the value says until when other processes are not waited for.
    turn: Mutex<Option<Instant>>,
}

/// The right to change a `job.json`; dropping it lets go.
#[derive(Debug)]
pub(crate) struct Locked<'l> {
    // Let go of before the turn is.
    _file: Option<File>,
    is_certain: bool,
    _turn: MutexGuard<'l, Option<Instant>>,
}

impl JobsLock {
    pub(crate) fn new(root: &Path) -> JobsLock {
        let stripe = |number| Stripe {
            path: root.join(OWN_DIR).join(format!("jobs-{number}.lock")),
            turn: Mutex::new(None),
        };
        JobsLock { stripes: std::array::from_fn(stripe) }
    }

    /// Waits until this process may change the `job.json` of the job `id`, for a second at most.
    pub(crate) fn lock(&self, id: &str) -> Locked<'_> {
        let mut hasher = SipHasher24::new();
        hasher.write(id.as_bytes());
        self.stripes[hasher.finish() as usize % STRIPES].lock()
    }

    /// As [`JobsLock::lock`], but `None` if it was only waited for in vain, or if there are no locks.
    pub(crate) fn lock_for_certain(&self, id: &str) -> Option<Locked<'_>> {
        Some(self.lock(id)).filter(|locked| locked.is_certain)
    }
}

impl Stripe {
    fn lock(&self) -> Locked<'_> {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Opened each time: it may have been deleted, and made anew by another host.
        let mut file = self.open().ok();
        let mut is_certain = false;
        if let Some(open) = &file {
            let now = Instant::now();
            let latest = if turn.is_some_and(|until| now < until) { now } else { now + PATIENCE };
            match lock_until(open, latest) {
                Ok(true) => (*turn, is_certain) = (None, true),
                Ok(false) => *turn = Some(turn.unwrap_or(now).max(now + DISTRUST)),
                Err(_) => file = None,
            }
        }
        Locked { _file: file, is_certain, _turn: turn }
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        // A pipe that somebody has put there must not hold us.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
        match options.open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.path.ancestors().nth(2).map_or(Ok(PathBuf::new()), make_own_dir)?;
                options.open(&self.path)
            }
            other => other,
        }
    }
}

/// `false` if somebody else keeps it for longer.
fn lock_until(file: &File, latest: Instant) -> io::Result<bool> {
    let mut pause = Duration::from_micros(50);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if Instant::now() < latest => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_that_stalls_is_waited_for_once_and_not_for_ever() {
        let root = tempfile::tempdir().unwrap();
        let (stalled, other) = (JobsLock::new(root.path()), JobsLock::new(root.path()));
        let held = stalled.lock("j");
        let began = Instant::now();
        drop(other.lock("j"));
        assert!(began.elapsed() >= PATIENCE);
        let began = Instant::now();
        drop(other.lock("j"));
        assert!(began.elapsed() < PATIENCE / 2, "the second time nobody waits");
        drop(held);
        drop(other.lock("j"));
        assert!(other.stripes.iter().all(|stripe| stripe.turn.lock().unwrap().is_none()), "trust is back");
    }
}
