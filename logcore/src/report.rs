//! What can be asked about jobs.

use crate::disk::{Balance, Counts, Outcome};
use crate::retention::RetentionStats;
use std::path::PathBuf;
use std::thread::ThreadId;
use std::time::Duration;

/// How a job went; what [`crate::Job::finish`] returns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobReport {
    /// The job's id.
    pub id: String,
    /// Its directory.
    pub dir: PathBuf,
    /// How it ended: what the first `finish` said.
    pub outcome: Outcome,
    /// From start to finish.
    pub duration: Duration,
    /// Records per level that at least one appender wanted; those that were lost are among them, late ones are not.
    pub counts: Counts,
    /// Bytes written to the files in its directory.
    pub bytes: u64,
    /// Records that were lost, whatever the cause.
    pub lost: u64,
    /// What became of each record that was logged to the job: `emitted = written + filtered + rate_limited + lost`.
    pub balance: Balance,
    /// Records that came after the end; they stand in the server log. Grows after the report is made: a later
    /// `finish` returns the newer count.
    pub late: u64,
}

/// A live job at one moment; see [`crate::Logs::jobs`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobInfo {
    /// The job's id.
    pub id: String,
    /// Its directory.
    pub dir: PathBuf,
    /// Whether it takes records.
    pub state: JobState,
    /// The threads that are in it: those whose records go to it.
    pub threads: Vec<ThreadId>,
    /// How many of its files hold a descriptor.
    pub open_files: usize,
    /// Records per level so far.
    pub counts: Counts,
    /// Records lost so far.
    pub lost: u64,
    /// What became of each record so far; those that are buffered count as written.
    pub balance: Balance,
    /// Since its start.
    pub running: Duration,
}

/// Whether a job takes records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobState {
    /// It does.
    Running,
    /// It has been finished; a clone of it lives on, and what is logged to that goes to the server log.
    Finished(Outcome),
}

/// What logcore has done in the background; see [`crate::Logs::stats`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Job directories that `logcore.retention` removed.
    pub retention: RetentionStats,
}
