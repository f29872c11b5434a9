//! Who takes part, and what a contestant has to be able to do.
//!
//! A [`Host`] is what a process has once; a [`Channel`] is what it logs one job to. Each contestant opens them the way
//! its manual shows.

#[cfg(feature = "all")]
mod fast_log;
#[cfg(feature = "all")]
mod fern;
#[cfg(feature = "all")]
mod flexi;
mod floor;
#[cfg(feature = "all")]
mod ftlog;
mod line;
mod log4rs;
mod logcore;
#[cfg(feature = "all")]
mod logforth;
#[cfg(feature = "all")]
mod spdlog;
mod through_log;
#[cfg(feature = "all")]
mod tracing;

pub use logcore::Many;

use anyhow::Result;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

/// What the process has once.
pub trait Host: Sync {
    /// Opens the log of one job in `dir`, which does not exist yet.
    fn open(&self, dir: &Path, job: &str) -> Result<Box<dyn Channel>>;

    /// Has everything written that is not yet.
    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }

    /// How long `count` calls of a debug macro take that write nothing: off everywhere, or because only another job is
    /// verbose. `None` if that is not measured here.
    fn disabled(&self, _dir: &Path, _count: u64, _another_is_verbose: bool) -> Result<Option<Duration>> {
        Ok(None)
    }
}

/// The log of one job.
pub trait Channel: Send + Sync {
    /// Logs the records on this thread; with `times`, notes how long each took.
    fn records(&self, range: Range<u64>, times: Option<&mut Vec<u32>>);

    /// Ends the job: flushed and closed.
    fn close(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// Sets a contestant up; the directory is for what it needs besides the jobs' own.
pub type Start = fn(&Path) -> Result<Box<dyn Host>>;

/// A line of the table.
pub struct Contestant {
    pub name: &'static str,
    /// How many of the three files it writes.
    pub files: usize,
    /// Whether it can keep two jobs apart in one process.
    pub many: bool,
    /// Runs fewer records: it is so slow that more would only take time.
    pub slow: bool,
    /// `None`: a program of its own.
    pub start: Option<Start>,
}

const RUST: Contestant = Contestant { name: "", files: 3, many: true, slow: false, start: None };

pub const FLOOR: &str = "floor";
pub const LOG4RS: &str = "log4rs";
pub const LOGCORE: &str = "logcore";
pub const PYTHON: &str = "the original, in Python";

pub static ALL: &[Contestant] = &[
    Contestant { name: FLOOR, start: Some(floor::start), ..RUST },
    Contestant { name: LOGCORE, start: Some(logcore::start), ..RUST },
    Contestant { name: LOG4RS, start: Some(log4rs::start), ..RUST },
    #[cfg(feature = "all")]
    Contestant { name: "flexi_logger, direct", start: Some(flexi::direct), ..RUST },
    #[cfg(feature = "all")]
    Contestant { name: "flexi_logger, buffered", start: Some(flexi::buffered), ..RUST },
    #[cfg(feature = "all")]
    Contestant { name: "flexi_logger, async", start: Some(flexi::queued), ..RUST },
    #[cfg(feature = "all")]
    Contestant { name: "fern", start: Some(fern::start), ..RUST },
    #[cfg(feature = "all")]
    Contestant { name: "ftlog", files: 1, start: Some(ftlog::start), ..RUST },
    #[cfg(feature = "all")]
    Contestant { name: "fast_log", many: false, start: Some(fast_log::start), ..RUST },
    #[cfg(feature = "all")]
    Contestant { name: "spdlog-rs, sync", start: Some(spdlog::sync), ..RUST },
    #[cfg(feature = "all")]
    Contestant { name: "spdlog-rs, async", start: Some(spdlog::queued), ..RUST },
    #[cfg(feature = "all")]
    Contestant { name: "tracing, direct", start: Some(tracing::direct), ..RUST },
    #[cfg(feature = "all")]
    Contestant { name: "tracing, non_blocking", start: Some(tracing::queued), ..RUST },
    #[cfg(feature = "all")]
    Contestant { name: "logforth", start: Some(logforth::start), ..RUST },
    Contestant { name: PYTHON, slow: true, ..RUST },
];

pub fn find(name: &str) -> Option<&'static Contestant> {
    ALL.iter().find(|contestant| contestant.name == name)
}

/// The three files and the least severe level of each.
pub const FILES: [(&str, ::log::LevelFilter); 3] = [
    ("debug", ::log::LevelFilter::Debug),
    ("info", ::log::LevelFilter::Info),
    ("error", ::log::LevelFilter::Error),
];

/// What those that buffer are given, as in the shipped template.
pub const BUFFER: usize = 64 << 10;
