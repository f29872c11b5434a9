//! Where jobs and bytes come from: one small interface, and the local directories behind it.
//!
//! A source lists jobs, tells what stands in one, and opens a level file for reading at any offset. It draws nothing,
//! starts no thread and keeps no descriptor of its own; whoever opens a file decides how long it stays open. What it
//! refuses: following a link out of the root, and opening anything that is no regular file (a FIFO would block).

mod local;
pub mod rotation;

pub use local::{Local, LocalFile};
pub use rotation::Packing;

use crate::reading::Format;
use logcore::disk::{JobFile, Progress, Recovered, Reload, Run, RunState};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What distinguishes a file from another one that later has its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileId(pub u64, pub u64);

/// A file of a job: the job's directory name and the file's name in it, both as the file system has them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The job's key, see [`Source::jobs`].
    pub job: PathBuf,
    /// The file's name; of a part that was rotated away it may be a path.
    pub file: PathBuf,
}

/// What a directory says about one file, without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLook {
    /// Its name in the job's directory.
    pub name: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Files that were rotated away from it.
    pub parts: usize,
    /// Bytes of those.
    pub rotated: u64,
    /// When it was last written.
    pub modified: Option<SystemTime>,
    /// Why it cannot be shown, if it cannot.
    pub unreadable: Option<&'static str>,
}

impl FileLook {
    /// Its bytes with those of what was rotated away from it.
    pub fn bytes(&self) -> u64 {
        self.size + self.rotated
    }
}

/// What is known about one job from its directory.
#[derive(Clone, Debug, Default)]
pub struct JobLook {
    /// `job.json`, where logcore wrote one.
    pub about: Option<JobFile>,
    /// Level files, sorted by name.
    pub files: Vec<FileLook>,
    /// How far the run is, where its host says so.
    pub progress: Option<Progress>,
    /// Why the directory could not be read, if it could not.
    pub unreadable: Option<String>,
}

impl JobLook {
    /// How the lines of one of its files are read.
    pub fn format(&self, file: &Path) -> Format {
        let about = self.about.as_ref();
        let pattern = about.and_then(|about| about.patterns.get(file.to_str()?));
        pattern.zip(about).map_or_else(Format::default, |(pattern, about)| Format::of(pattern, &about.id))
    }
}

/// The bytes of one open file. Reading never moves a shared position.
pub trait Bytes: Send + Sync {
    /// Fills `buffer` from `offset` on, as far as there are bytes; a short count means the end.
    ///
    /// # Errors
    /// What the file system says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// How many bytes there are now, and whose they are.
    ///
    /// # Errors
    /// What the file system says.
    fn stat(&self) -> io::Result<(FileId, u64)>;

    /// Where the file begins whose identity this is, if others come before it.
    fn base(&self) -> u64 {
        0
    }

    /// Which of several logs that are shown as one the line is from that starts at `at`.
    ///
    /// # Errors
    /// What the file system says.
    fn part_at(&self, at: u64) -> io::Result<Option<usize>> {
        let _ = at;
        Ok(None)
    }

    /// Where the last line ends of one of several logs that are shown as one.
    ///
    /// # Errors
    /// What the file system says.
    fn end_of(&self, part: usize) -> io::Result<Option<u64>> {
        let _ = part;
        Ok(None)
    }

    /// The moment that the clock of the line that starts at `at` begins with, in seconds and nanoseconds since the epoch: that
    /// at which its run started, where several are laid beside each other from there on; else 0.
    ///
    /// # Errors
    /// What the file system says.
    fn clock_at(&self, at: u64) -> io::Result<(i64, u32)> {
        let _ = at;
        Ok((0, 0))
    }
}

/// Jobs and their bytes. Calls may block; they belong into workers.
pub trait Source: Send + Sync {
    /// The keys of all jobs, in no order: the names of the directories.
    ///
    /// # Errors
    /// `NotFound` while there is no root; whatever else the file system says.
    fn jobs(&self) -> io::Result<Vec<PathBuf>>;

    /// A stamp that changes when a file of the job is made, removed or renamed (not when one grows).
    fn stamp(&self, job: &Path) -> Option<SystemTime>;

    /// What stands in one job now.
    fn look(&self, job: &Path) -> JobLook;

    /// Whether a run goes on.
    fn state(&self, run: &Run) -> RunState;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// `InvalidInput` if it is no regular file; whatever else the file system says.
    fn open(&self, place: &Place) -> io::Result<Box<dyn Bytes>>;

    /// What was rotated away from a file, the oldest first: names in the same directory, which may have moved on by the
    /// time that they are opened.
    ///
    /// # Errors
    /// What the file system says.
    fn parts(&self, place: &Place) -> io::Result<Vec<Place>>;

    /// When a place was last written, by name.
    fn modified(&self, place: &Place) -> Option<SystemTime>;

    /// The identity and size that a place has now, by name.
    ///
    /// # Errors
    /// `NotFound` if it is gone; whatever else the file system says.
    fn stat(&self, place: &Place) -> io::Result<(FileId, u64)>;

    /// How the lines of a file are read.
    fn format(&self, place: &Place) -> Format;

    /// Where notifications about a job (`None`: about the list of jobs) are to be had, if anywhere.
    fn watch_path(&self, job: Option<&Path>) -> Option<PathBuf>;

    /// Writes what processes that died had buffered to the files that it was meant for.
    fn recover(&self) -> Vec<Recovered> {
        Vec::new()
    }

    /// When hosts reloaded their templates, the oldest first.
    fn reloads(&self) -> Vec<Reload> {
        Vec::new()
    }

    /// A stamp that changes when there are more of them.
    fn reloads_stamp(&self) -> Option<SystemTime> {
        None
    }

    /// The root, for people.
    fn title(&self) -> String;
}
