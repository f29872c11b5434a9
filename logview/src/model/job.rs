//! One job as its directory shows it.

use crate::source::FileLook;
use logcore::disk::{Balance, Progress};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its host lives and has not finished it.
    Running,
    /// It runs and has not written for a while.
    Quiet,
    /// It said that it failed.
    Failed,
    /// It panicked.
    Panicked,
    /// Its host is gone and never finished it.
    Died,
    /// It did what it was to do.
    Done,
    /// It ended and nobody said how.
    Dropped,
    /// Logcore did not write it.
    Unknown,
    /// Its directory was removed or renamed while it was on the screen.
    Gone,
}

impl State {
    /// The state in a word or two.
    pub fn word(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Quiet => "gone quiet",
            State::Failed => "failed",
            State::Panicked => "panicked",
            State::Died => "died",
            State::Done => "done",
            State::Dropped => "ended, nobody said how",
            State::Unknown => "plain log files",
            State::Gone => "directory gone",
        }
    }

    /// Whether its host lives.
    pub fn is_live(self) -> bool {
        matches!(self, State::Running | State::Quiet)
    }

    /// Whether it ended badly.
    pub fn is_bad(self) -> bool {
        matches!(self, State::Failed | State::Panicked | State::Died)
    }
}

/// What `job.json` says about the newest run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RunInfo {
    pub start: String,
    pub end: Option<String>,
    pub host: String,
    pub pid: u32,
    pub lost: u64,
    /// How many runs there are in all.
    pub number: usize,
    /// The newest of them, the oldest first.
    pub runs: Vec<RunStart>,
    pub labels: Vec<(String, String)>,
    /// What became of its records, once it has ended.
    pub balance: Option<Balance>,
    /// The job's id as the host gave it, and the template that the host runs with.
    pub id: String,
    pub template: String,
    /// How far it is, if its host says so.
    pub progress: Option<Progress>,
}

/// One of a job's runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RunStart {
    /// When it started, in milliseconds since the epoch, and in which process.
    pub at: i64,
    pub process: String,
    pub state: State,
    /// When it ended, if it has.
    pub end: Option<i64>,
}

/// One job as its directory shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Job {
    pub key: PathBuf,
    /// The id, made printable.
    pub name: String,
    pub state: State,
    /// It is a host's own log and no job that anybody started.
    pub server: bool,
    pub run: Option<RunInfo>,
    /// Records of the newest run.
    pub errors: u64,
    pub warnings: u64,
    /// Whether these counts are complete.
    pub counted: bool,
    /// Whether a file that should be counted cannot be opened.
    pub unread: bool,
    pub files: Vec<FileLook>,
    /// When it last wrote.
    pub written: Option<SystemTime>,
    /// Records in each sixth of the last hour, the oldest first.
    pub hour: [u32; 6],
    /// Why its directory cannot be read.
    pub problem: Option<String>,
}

impl Job {
    /// Bytes of its files, with what was rotated away from them.
    pub fn size(&self) -> u64 {
        self.files.iter().map(FileLook::bytes).sum()
    }
}

/// The file that holds all records of a job: of logcore's threshold files the most verbose, else the largest.
pub fn main_file(files: &[FileLook]) -> Option<&FileLook> {
    const VERBOSE: [&str; 5] = ["trace.log", "debug.log", "info.log", "warn.log", "error.log"];
    let readable = || files.iter().filter(|file| file.unreadable.is_none());
    let known = VERBOSE.iter().find_map(|name| readable().find(|file| file.name == Path::new(name)));
    let largest = readable().max_by_key(|file| file.bytes());
    // A larger file of another name means that the level files are not the whole story.
    match (known, largest) {
        (Some(known), Some(largest)) if known.bytes() > 0 || largest.bytes() == 0 => Some(known),
        (_, largest) => largest,
    }
}

/// The other level files of a job: their records belong to those of its main one.
pub fn beside(files: &[FileLook], main: &Path) -> Vec<PathBuf> {
    let level = |file: &&FileLook| {
        let stem = file.name.file_stem().unwrap_or_default().as_encoded_bytes();
        crate::reading::head::word_level(stem).is_some()
    };
    let others = files
        .iter()
        .filter(level)
        .filter(|file| file.name != main && file.unreadable.is_none() && file.size > 0);
    if files.iter().filter(level).any(|file| file.name == main) {
        others.map(|file| file.name.clone()).collect()
    } else {
        Vec::new()
    }
}
