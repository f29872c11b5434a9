//! Who may read what logcore makes: the permissions of new files and directories, less what the process's umask takes away.
//!
//! They are the process's, as its umask is: of several `Logs` with different ones, the template that was read last decides.

use std::sync::atomic::{AtomicU32, Ordering};

/// `logcore.mode` of the template.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Modes {
    pub(crate) file: u32,
    pub(crate) directory: u32,
}

/// For the owner, and for the group to read.
pub(crate) const DEFAULT: Modes = Modes { file: 0o640, directory: 0o750 };

static FILE: AtomicU32 = AtomicU32::new(DEFAULT.file);
static DIRECTORY: AtomicU32 = AtomicU32::new(DEFAULT.directory);

pub(crate) fn set(modes: Modes) {
    FILE.store(modes.file, Ordering::Relaxed);
    DIRECTORY.store(modes.directory, Ordering::Relaxed);
}

#[cfg(unix)]
pub(crate) fn file() -> u32 {
    FILE.load(Ordering::Relaxed)
}

#[cfg(unix)]
pub(crate) fn directory() -> u32 {
    DIRECTORY.load(Ordering::Relaxed)
}
