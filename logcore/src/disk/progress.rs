//! `progress.json`: how far a run has come, where its host says so.
//!
//! ```json
//! { "run": "2026-11-22T16:20:00.000Z", "done": 1204, "total": 1940, "at": "2026-11-22T16:24:10.000Z" }
//! ```
//!
//! It stands beside `job.json` and is replaced a few times a second at most, so that nothing else of the job is written
//! for it. `run` is the start of the run that it is about: that of an earlier one says nothing of a later one.

use super::{create, open_at_once};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

/// The name of the file in a job's directory.
pub const PROGRESS_JSON: &str = "progress.json";

/// The largest one that is read, in bytes. Logcore writes far smaller ones.
const MAX_BYTES: u64 = 4096;

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// When the run started, as `job.json` has it.
    pub run: String,
    /// How much is done, in the host's own unit.
    pub done: u64,
    /// How much there is to do; 0 if that is not known.
    pub total: u64,
    /// When that was so: RFC 3339, UTC, milliseconds.
    pub at: String,
}

impl Progress {
    /// Reads the `progress.json` of the job directory `dir`.
    ///
    /// # Errors
    /// `NotFound` if there is none; `InvalidData` if it is no regular file, too large or not what logcore writes; and
    /// whatever else the file system says.
    pub fn read(dir: &Path) -> io::Result<Progress> {
        let mut text = Vec::new();
        let file = open_at_once(&dir.join(PROGRESS_JSON))?;
        let about = file.metadata()?;
        if !about.is_file() || about.len() > MAX_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "progress.json is not what logcore writes",
            ));
        }
        file.take(MAX_BYTES).read_to_end(&mut text)?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// Replaces the `progress.json` of the job directory `dir`, atomically. `process` keeps the temporary files of
    /// several processes apart.
    ///
    /// # Errors
    /// What the file system says; the old file then stands as it was.
    pub fn write(&self, dir: &Path, process: &str) -> io::Result<()> {
        let temporary = dir.join(format!(".{PROGRESS_JSON}.{process}"));
        let text = serde_json::to_vec(self)?;
        let written = create(&temporary)
            .and_then(|mut file| file.write_all(&text))
            .and_then(|()| fs::rename(&temporary, dir.join(PROGRESS_JSON)));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}
