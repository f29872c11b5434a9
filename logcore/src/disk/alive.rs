//! Whether the process that wrote a run still lives.
//!
//! A pid does not tell: it is reused, and means nothing in another container. Each host therefore keeps an exclusive
//! `flock` on a file of its own in the root for as long as it lives; the kernel lets go of it however the process
//! dies, and everybody who sees the same files, from whatever container, sees the same lock. One descriptor per
//! process, none per job.

use super::{OWN_DIR, make_own_dir, open_at_once};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// This process's claim to be alive, under one root. Dropping it lets go.
#[derive(Debug)]
pub struct Alive {
    process: String,
    path: PathBuf,
    locked: Mutex<File>,
    /// The process's number: a forked child that drops this is not the one that lives.
    pid: u32,
}

impl Alive {
    /// Makes and locks this process's file below `root`, and removes those that dead processes left there.
    ///
    /// # Errors
    /// What the file system says if the file cannot be made or locked.
    pub fn claim(root: &Path) -> io::Result<Alive> {
        let dir = make_own_dir(root)?;
        sweep(&dir);
        let process = unique_name();
        let path = alive_file(root, &process);
        let locked = Mutex::new(make(&path)?);
        Ok(Alive { process, path, locked, pid: std::process::id() })
    }

    /// Makes and locks the file again if somebody has removed it, perhaps with the whole root: without it, all that
    /// runs would look dead.
    ///
    /// # Errors
    /// As for [`Alive::claim`].
    pub fn renew(&self) -> io::Result<()> {
        self.renewed().map(drop)
    }

    /// As [`Alive::renew`]; whether it was gone.
    pub(crate) fn renewed(&self) -> io::Result<bool> {
        let mut locked = self.locked.lock().unwrap_or_else(PoisonError::into_inner);
        if self.path.exists() {
            return Ok(false);
        }
        self.path.ancestors().nth(2).map_or(Ok(PathBuf::new()), make_own_dir)?;
        *locked = make(&self.path)?;
        Ok(true)
    }

    /// The name that runs of this process carry in `job.json`.
    #[must_use]
    pub fn process(&self) -> &str {
        &self.process
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if self.pid == std::process::id() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether the host that calls itself `process` in `job.json` still lives.
///
/// Costs an open and a lock call. Where the lock cannot be asked for (no permission, no lock support), the answer is
/// `true`: what cannot be known dead is not called dead.
#[must_use]
pub fn is_alive(root: &Path, process: &str) -> bool {
    if process.is_empty() || process.contains(['/', '\\', '\0']) {
        return false;
    }
    match open_at_once(&alive_file(root, process)) {
        Ok(file) => !matches!(file.try_lock_shared(), Ok(())),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// A new file, locked.
fn make(path: &Path) -> io::Result<File> {
    for _ in 0..16 {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.lock()?;
        // Between making and locking it, another host may have taken it for a dead one's and removed it.
        if path.exists() {
            return Ok(file);
        }
    }
    Err(io::Error::other("the file that shows that this process lives keeps being removed"))
}

fn alive_file(root: &Path, process: &str) -> PathBuf {
    root.join(OWN_DIR).join(format!("{process}.alive"))
}

/// Removes the files of processes that no longer hold their lock.
fn sweep(dir: &Path) {
    const YOUNG: Duration = Duration::from_secs(5); // may be made, but not locked yet
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let old = entry
            .metadata()
            .and_then(|m| m.modified())
            .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > YOUNG));
        if !old || path.extension().is_none_or(|e| e != "alive") {
            continue;
        }
        let Ok(file) = open_at_once(&path) else { continue };
        match file.try_lock() {
            Ok(()) => drop(fs::remove_file(&path)),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

fn unique_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u128(now.as_nanos());
    hasher.write_u32(std::process::id());
    format!("{:x}-{:016x}", now.as_secs(), hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_as_long_as_it_holds_its_lock() {
        let root = tempfile::tempdir().unwrap();
        let alive = Alive::claim(root.path()).unwrap();
        let process = alive.process().to_owned();
        assert!(is_alive(root.path(), &process));
        drop(alive);
        assert!(!is_alive(root.path(), &process));
    }

    #[test]
    fn a_file_left_by_a_killed_process_is_known_as_dead() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join(OWN_DIR)).unwrap();
        fs::write(alive_file(root.path(), "killed"), "").unwrap();
        assert!(!is_alive(root.path(), "killed"));
    }

    #[test]
    fn a_name_from_a_forged_job_json_reaches_nothing_outside() {
        let root = tempfile::tempdir().unwrap();
        assert!(!is_alive(root.path(), "../../etc/passwd"));
        assert!(!is_alive(root.path(), ""));
    }
}
