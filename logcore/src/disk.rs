//! What the two crates agree on about files: where a job's directory is, what `job.json` says, how to tell whether the
//! process behind it still lives, and what it had buffered if it does not.
//!
//! ```text
//! logs/                        the root, `logcore.dir` of the template
//!   .logcore/<process>.alive   locked by each host as long as it lives
//!   .logcore/<process>.buffers what it has buffered, mapped into its memory
//!   .logcore/reloads.log       when a host reloaded its template, and what that changed
//!   .logcore/jobs.lock         locked by a host while it changes a job.json
//!   import-42/                 one directory per job id: segment(id)
//!     job.json                 id, labels, runs
//!     progress.json            how far the run has come, where the host says so
//!     debug.log info.log …     what the template names
//! ```
//!
//! The writer is [`crate::Logs`]; the reader is logview or anybody. This module starts no thread and keeps no state.

mod alive;
pub(crate) mod buffers;
mod job_json;
mod progress;
mod reloads;
mod segment;

pub use alive::{Alive, is_alive};
pub use buffers::{Recovered, recover};
pub(crate) use job_json::Stamp;
pub use job_json::{Balance, Counts, JOB_JSON, JobFile, Losses, MAX_RUNS, Outcome, Run, RunState};
pub use progress::{PROGRESS_JSON, Progress};
pub(crate) use reloads::add_reload;
pub use reloads::{Reload, reloads, reloads_file};
pub use segment::{MAX_ID_BYTES, MAX_SEGMENT_BYTES, id_of, segment};

use crate::engine::open::make_dirs;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The directory in the root that holds logcore's own files. No job can have it: [`segment`] escapes a leading dot.
pub const OWN_DIR: &str = ".logcore";

/// Makes [`OWN_DIR`] below `root` if it is not there. A link in its place is an error, and not followed.
pub(crate) fn make_own_dir(root: &Path) -> io::Result<PathBuf> {
    let dir = root.join(OWN_DIR);
    make_dirs(&dir)?;
    if is_own_dir(&dir) {
        Ok(dir)
    } else {
        let text = format!("{} is no directory", dir.display());
        Err(io::Error::new(io::ErrorKind::NotADirectory, text))
    }
}

/// Opens a file to read, and waits for nobody: somebody may have put a pipe or a link there.
fn open_at_once(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options.open(path)
}

/// A new file for the owner and the group; one that is there is no file of ours, and not written through.
fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, crate::modes::file());
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            options.open(path)
        }
        other => other,
    }
}

/// Whether a directory is there, and no link to one.
pub(crate) fn is_own_dir(dir: &Path) -> bool {
    fs::symlink_metadata(dir).is_ok_and(|about| about.is_dir())
}
