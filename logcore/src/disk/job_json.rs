//! `job.json`: who a job is and how each of its runs went.
//!
//! ```json
//! {
//!   "id": "import-42",
//!   "labels": { "customer": "acme" },
//!   "patterns": { "debug.log": "[{l}] [{d}] {m}{n}" },
//!   "parts": { "debug.log": "debug.{}.log.gz" },
//!   "runs": [ {
//!     "start": "2026-11-22T16:20:00.000Z", "end": "2026-11-22T16:21:00.000Z", "outcome": "ok",
//!     "host": "vm", "pid": 4711, "process": "6921e6c0-…", "template": "/srv/app/config/log.yaml",
//!     "offsets": { "debug.log": 1024 },
//!     "counts": { "error": 1, "warn": 0, "info": 3, "debug": 96, "trace": 0 }, "bytes": 10240, "lost": 10,
//!     "balance": {
//!       "emitted": 160, "written": 90, "filtered": 55, "rate_limited": 5,
//!       "lost": { "io": 4, "backlog_full": 6, "closed": 0 }
//!     }
//!   } ]
//! }
//! ```
//!
//! `balance` is in files written since it came up, for runs that have ended; see [`Balance`] for what its terms count. Where
//! it is, `lost` is its losses together, and `counts` together are what was written and what was lost. Fields are only ever
//! added.

use super::{create, is_alive, open_at_once};
use log::Level;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::ops::{Index, IndexMut};
use std::path::Path;
use std::time::SystemTime;

/// The name of the file in a job's directory.
pub const JOB_JSON: &str = "job.json";

/// How many runs a `job.json` keeps; the oldest go first.
pub const MAX_RUNS: usize = 100;

/// The largest `job.json` that is read, in bytes. Logcore writes far smaller ones.
const MAX_BYTES: u64 = 4 << 20;

/// What `job.json` holds. Unknown fields are passed over, so that older viewers read newer files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JobFile {
    /// The job's id, as the host gave it.
    pub id: String,
    /// Whether this is a host's server log, which may be quiet for long and is never finished by a person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub server: bool,
    /// Labels of the newest run, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The encoder's pattern of each level file, by file name, where it has one: what a reader needs to parse a line.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub patterns: BTreeMap<String, String>,
    /// What parts are called that are rolled away from a level file, by file name: a path below the job's directory with
    /// `{}` for the index, of which the higher is the older.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, String>,
    /// Oldest first, at most [`MAX_RUNS`].
    #[serde(default)]
    pub runs: Vec<Run>,
}

/// One run of a job: from its start to its finish.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// When it started: RFC 3339, UTC, milliseconds.
    pub start: String,
    /// When it ended; absent while it runs, and for ever if it was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// The host's name.
    #[serde(default)]
    pub host: String,
    /// The process id, in the host's own numbering.
    #[serde(default)]
    pub pid: u32,
    /// The process, unmistakably: see [`is_alive`].
    #[serde(default)]
    pub process: String,
    /// The template that the host ran with, an absolute path where the host runs; absent in older files.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub template: String,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Records per level that at least one appender wanted, lost ones included; written at the end.
    #[serde(default)]
    pub counts: Counts,
    /// Bytes written to the job's files; written at the end.
    #[serde(default)]
    pub bytes: u64,
    /// Records that were lost; written at the end.
    #[serde(default)]
    pub lost: u64,
    /// What became of each record; written at the end, absent in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Balance>,
    /// Where the run starts in each file, by file name, in bytes; a file that is absent did not exist.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub offsets: BTreeMap<String, u64>,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// It did what it was to do.
    Ok,
    /// It did not.
    Failed,
    /// A thread panicked and took the last clone of the job with it.
    Panicked,
    /// The last clone of the job was dropped and nobody had said how it went.
    Dropped,
}

/// What is known about a run from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunState {
    /// Its process lives and has not finished it.
    Running,
    /// It was finished.
    Finished(Outcome),
    /// Its process is gone and never finished it: killed, aborted, or ended under way.
    Died,
}

/// What became of the records that were logged to a job: `emitted = written + filtered + rate_limited + lost`.
///
/// It counts records: one that three files want is one. A record is logged to a job if the `log` macro lets it through
/// (`log::max_level`, the most verbose level of all that is live) and if the job has not ended; one that comes later is
/// the server log's, and late. Those whose log call had not returned a second after `finish` began are in no report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Balance {
    /// All of them.
    pub emitted: u64,
    /// Taken by every file and console that wanted them, and of a job that has ended: handed to the file system. What a
    /// roller or a person has removed since then was written.
    pub written: u64,
    /// Wanted by none: kept out by the job's level, by that of their target or by the thresholds of all appenders.
    pub filtered: u64,
    /// Kept out by the job's rate limit.
    pub rate_limited: u64,
    /// Missing in at least one file, or on a console, that wanted them; also if others have them.
    pub lost: Losses,
}

/// Records that are lost, each at one cause: the first that was noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Losses {
    /// They were buffered and could not be written before the job, or a reload, closed the file, or the console failed.
    /// Of a file that other jobs use as well they are tried again, and count as lost for the job that has ended.
    pub io: u64,
    /// The file could not be written for so long that its backlog was full.
    pub backlog_full: u64,
    /// They came after the end of the server log, when there was nowhere left to go.
    pub closed: u64,
}

impl Losses {
    /// All causes together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.io + self.backlog_full + self.closed
    }
}

/// Records per level: each record once, at its own level, in however many files it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Records at `error`.
    pub error: u64,
    /// Records at `warn`.
    pub warn: u64,
    /// Records at `info`.
    pub info: u64,
    /// Records at `debug`.
    pub debug: u64,
    /// Records at `trace`.
    pub trace: u64,
}

impl Counts {
    /// All levels together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.error + self.warn + self.info + self.debug + self.trace
    }
}

impl Index<Level> for Counts {
    type Output = u64;
    fn index(&self, level: Level) -> &u64 {
        match level {
            Level::Error => &self.error,
            Level::Warn => &self.warn,
            Level::Info => &self.info,
            Level::Debug => &self.debug,
            Level::Trace => &self.trace,
        }
    }
}

impl IndexMut<Level> for Counts {
    fn index_mut(&mut self, level: Level) -> &mut u64 {
        match level {
            Level::Error => &mut self.error,
            Level::Warn => &mut self.warn,
            Level::Info => &mut self.info,
            Level::Debug => &mut self.debug,
            Level::Trace => &mut self.trace,
        }
    }
}

impl Run {
    /// Whether this run, found below `root`, runs, has finished or has died.
    #[must_use]
    pub fn state(&self, root: &Path) -> RunState {
        match self.outcome {
            Some(outcome) => RunState::Finished(outcome),
            None if is_alive(root, &self.process) => RunState::Running,
            None => RunState::Died,
        }
    }
}

impl JobFile {
    /// Reads the `job.json` of the job directory `dir`.
    ///
    /// # Errors
    /// `NotFound` if there is none; `InvalidData` if it is no regular file, too large or not what logcore writes; and
    /// whatever else the file system says.
    pub fn read(dir: &Path) -> io::Result<JobFile> {
        let path = dir.join(JOB_JSON);
        let no_file =
            || io::Error::new(io::ErrorKind::InvalidData, "job.json is not a regular file of a sane size");
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(no_file());
        }
        // By now it may be a pipe, for which nobody is to wait.
        let file = open_at_once(&path)?;
        let about = file.metadata()?;
        if !about.is_file() || about.len() > MAX_BYTES {
            return Err(no_file());
        }
        let mut text = Vec::with_capacity(about.len() as usize);
        file.take(MAX_BYTES).read_to_end(&mut text)?;
        let mut file: JobFile = serde_json::from_slice(&text)?;
        file.keep_newest();
        Ok(file)
    }

    /// Replaces the `job.json` of the job directory `dir`, atomically: a reader sees the old or the new one, whole.
    ///
    /// # Errors
    /// What the file system says; the old file then stands as it was.
    pub fn write(&mut self, dir: &Path, process: &str) -> io::Result<()> {
        self.put(dir, process, |new, path| fs::rename(new, path)).map(drop)
    }

    /// As [`JobFile::write`], where there is no `job.json` yet: `None` if there is one after all, which then stays. Of
    /// two processes that do this at the same moment one is told so.
    pub(crate) fn write_first(&mut self, dir: &Path, process: &str) -> io::Result<Option<Stamp>> {
        match self.put(dir, process, rename_to_free) {
            Ok(file) => Stamp::of(&file.metadata()?).map(Some),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// As [`JobFile::write`], over a `job.json` that was written a few seconds ago. Without the hurry that file systems
    /// are in when a file is replaced: they bring the new one to the disk at once, so that a power cut leaves the old or
    /// the new one. This old one is not on the disk yet.
    pub(crate) fn write_over_young(&mut self, dir: &Path, process: &str) -> io::Result<()> {
        self.put(dir, process, swap).map(drop)
    }

    /// Writes it under another name and has `place` give it its own.
    fn put(
        &mut self,
        dir: &Path,
        process: &str,
        place: fn(&Path, &Path) -> io::Result<()>,
    ) -> io::Result<File> {
        self.keep_newest();
        let temporary = dir.join(format!(".{JOB_JSON}.{process}"));
        let text = serde_json::to_vec_pretty(self)?;
        let written = create(&temporary).and_then(|mut file| {
            file.write_all(&text)?;
            place(&temporary, &dir.join(JOB_JSON))?;
            Ok(file)
        });
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// The state of the newest run, if there is one.
    #[must_use]
    pub fn state(&self, root: &Path) -> Option<RunState> {
        self.runs.last().map(|run| run.state(root))
    }

    fn keep_newest(&mut self) {
        let surplus = self.runs.len().saturating_sub(MAX_RUNS);
        self.runs.drain(..surplus);
    }
}

/// Renames, but replaces nothing. On a file system that can neither do that nor make hard links, it does replace.
fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::PERM | Errno::NOTSUP) => {}
            done => return Ok(done?),
        }
    }
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => fs::rename(from, to),
    }
}

/// Renames over a file that is there, by exchanging the two where that can be done.
fn swap(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, from, CWD, to, RenameFlags::EXCHANGE).is_ok() {
            // One that stays is in nobody's way.
            let _ = fs::remove_file(from);
            return Ok(());
        }
    }
    fs::rename(from, to)
}

/// Which file it is and when it was written: the same as long as nobody has changed or replaced it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stamp {
    #[cfg(unix)]
    file: (u64, u64),
    length: u64,
    modified: SystemTime,
}

impl Stamp {
    /// Of the `job.json` in `dir`; `None` if there is none, or if `dir` is a link.
    pub(crate) fn read(dir: &Path) -> Option<Stamp> {
        let is_dir = fs::symlink_metadata(dir).is_ok_and(|about| about.is_dir());
        let about = is_dir.then(|| fs::symlink_metadata(dir.join(JOB_JSON)))?;
        Stamp::of(&about.ok()?).ok()
    }

    fn of(about: &Metadata) -> io::Result<Stamp> {
        Ok(Stamp {
            #[cfg(unix)]
            file: {
                use std::os::unix::fs::MetadataExt;
                (about.dev(), about.ino())
            },
            length: about.len(),
            modified: about.modified()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Alive;

    #[test]
    fn running_finished_and_killed_are_told_apart() {
        let root = tempfile::tempdir().unwrap();
        let alive = Alive::claim(root.path()).unwrap();
        let running = Run { process: alive.process().to_owned(), ..Run::default() };
        let killed = Run { process: "0-0".to_owned(), ..Run::default() };
        let finished = Run { outcome: Some(Outcome::Failed), ..killed.clone() };
        assert_eq!(running.state(root.path()), RunState::Running);
        assert_eq!(killed.state(root.path()), RunState::Died);
        assert_eq!(finished.state(root.path()), RunState::Finished(Outcome::Failed));
    }

    #[test]
    fn what_is_written_is_read_and_the_oldest_runs_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let runs = (0..MAX_RUNS as u32 + 5).map(|pid| Run { pid, ..Run::default() }).collect();
        let mut file = JobFile { id: "import-42".into(), runs, ..JobFile::default() };
        file.write(dir.path(), "p").unwrap();
        let read = JobFile::read(dir.path()).unwrap();
        assert_eq!(read, file);
        assert_eq!((read.runs.len(), read.runs[0].pid), (MAX_RUNS, 5));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn the_first_one_replaces_none_and_nobody_misses_a_change() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = JobFile { id: "import-42".into(), ..JobFile::default() };
        let ours = file.write_first(dir.path(), "p").unwrap();
        assert!(ours.is_some() && ours == Stamp::read(dir.path()));
        let mut other = JobFile { id: "another".into(), ..JobFile::default() };
        assert_eq!(other.write_first(dir.path(), "q").unwrap(), None);
        assert_eq!(JobFile::read(dir.path()).unwrap(), file);
        other.write_over_young(dir.path(), "q").unwrap();
        assert_eq!(JobFile::read(dir.path()).unwrap(), other);
        assert_ne!(ours, Stamp::read(dir.path()));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_is_a_link_has_no_stamp() {
        let root = tempfile::tempdir().unwrap();
        let (dir, link) = (root.path().join("dir"), root.path().join("link"));
        fs::create_dir(&dir).unwrap();
        JobFile::default().write_first(&dir, "p").unwrap();
        std::os::unix::fs::symlink(&dir, &link).unwrap();
        assert!(Stamp::read(&dir).is_some());
        assert_eq!(Stamp::read(&link), None);
    }

    #[test]
    fn a_job_json_that_is_no_job_json_is_an_error_and_no_panic() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["", "{", "[]", "{\"id\":1}", "{\"id\":\"a\",\"runs\":{}}"] {
            fs::write(dir.path().join(JOB_JSON), text).unwrap();
            assert!(JobFile::read(dir.path()).is_err(), "{text}");
        }
    }
}
