//! Everything that can happen.

use super::{Compared, Focus, HitLines, Job, LogHits, Opening, Prunable, Reach, Step, Watching};
use crate::config::{Config, Refused};
use crate::raise::Proposal;
use crate::reading::page::Record;
use crate::reading::search::Found;
use crate::reading::{Page, Spots, Totals, index::Volume};
use crossterm::event::{KeyEvent, MouseEvent};
use logcore::disk::{Recovered, Reload};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Everything that can happen.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Message {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Resize(u16, u16),
    /// The clock.
    Tick(SystemTime),
    /// A signal asks to end.
    Terminate,
    /// A worker has panicked: what is shown would stay as it is for ever.
    Broken(&'static str),
    /// Jobs that are new or have changed.
    Jobs(Vec<Job>),
    /// Jobs that are gone.
    Gone(Vec<PathBuf>),
    /// How far the listing is.
    Listed(Listing),
    /// Something happened to the file on screen.
    File {
        tag: u64,
        event: FileEvent,
    },
    /// The lines that were asked for, and how many wanted records come before them, where that is known.
    Page {
        tag: u64,
        number: u64,
        page: Page,
        before: Option<u64>,
        focus: Focus,
    },
    /// The record that was asked for.
    Record {
        tag: u64,
        record: Record,
    },
    /// A long search is so far: bytes read, of all, in this time.
    Looking {
        tag: u64,
        read: u64,
        all: u64,
        took: Duration,
    },
    /// The index went on.
    Indexed {
        tag: u64,
        totals: Totals,
        volume: Option<Volume>,
    },
    /// A step came to something; `wrapped` if it went over an end of the file, or would have to.
    Found {
        tag: u64,
        number: u64,
        step: Step,
        found: Found,
        /// Which of all hits it is, from 1 on, if all are known.
        nth: Option<u64>,
        wrapped: bool,
    },
    /// So many lines match so far, as far as was read, which took so long.
    Hits {
        tag: u64,
        count: u64,
        complete: bool,
        read: u64,
        took: Duration,
    },
    /// So many lines pass all that is in force so far, and whether that is all.
    Passing {
        tag: u64,
        count: u64,
        complete: bool,
    },
    /// So many lines match each of the filters so far, and whether that is all.
    FilterCounts {
        tag: u64,
        counts: Vec<(u64, bool)>,
    },
    /// Lines that match, around the place that was asked for; `None` if that was stopped or cannot be read.
    HitLines {
        tag: u64,
        number: u64,
        lines: Option<HitLines>,
    },
    /// So much was found in what is not on the screen since the last time.
    Elsewhere {
        serial: u64,
        found: Vec<LogHits>,
        reach: Reach,
    },
    /// The comparison is so far, or came to this, or to nothing.
    Compared {
        serial: u64,
        reach: Reach,
        found: Option<Result<Box<Compared>, String>>,
    },
    /// The configuration was saved; one that cannot be understood changes nothing.
    Configured(Box<Result<Config, Refused>>),
    /// What would be written to raise a job's level, or why nothing can be.
    Proposed(Box<Result<Proposal, String>>),
    /// What would go by the retention.
    Prunable(Result<Prunable, String>),
    /// So many jobs were removed.
    Pruned(Result<usize, String>),
    /// It was written, or not.
    Raised(Box<Result<Proposal, String>>),
    /// How changes are noticed from now on.
    Watching(Watching),
    /// When hosts reloaded their templates, as far as that is kept.
    Reloads(Vec<Reload>),
    /// Where errors are, or what is searched for.
    Spotted {
        tag: u64,
        errors: Option<Spots>,
        hits: Option<Spots>,
    },
    /// The lines that were asked for as text, or the first of them.
    Taken {
        tag: u64,
        text: String,
        cut: bool,
    },
    /// How far what is being saved is.
    Saving {
        done: u64,
        all: u64,
        took: Duration,
    },
    /// What became of what was to be saved.
    Saved {
        path: PathBuf,
        saved: Saved,
    },
    /// Where the line is that another program is to show.
    Located(Opening),
    /// Something is to be said to the person.
    Said(String),
    /// What processes that died had buffered was written to their files.
    Recovered(Vec<Recovered>),
}

/// How far the listing of jobs is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// How many of the jobs were looked at.
    pub seen: usize,
    /// How many there are.
    pub total: usize,
    /// Why there are none, if the root cannot be read.
    pub problem: Option<Missing>,
    /// What all jobs that run write, in bytes per second.
    pub rate: u64,
}

/// Why the root shows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// There is no such directory yet.
    Root,
    /// The file system says so.
    Unreadable(String),
}

/// What happened to the file on screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileEvent {
    /// It has this length now.
    Grew(u64),
    /// Another file has its name now, and goes on below it; both have this length.
    Rotated(u64),
    /// Files that were rotated away from it stand above it now, so many in all, and have moved it by so much.
    Extended { len: u64, by: u64, above: usize },
    /// It does not hold the records of others: it is so many files merged from now on.
    Merged(usize),
    /// It is another one, or was written anew; it has this length.
    Replaced(u64),
    /// Each of the logs that are shown as one has a clock of its own, from these moments on (milliseconds since the epoch).
    Clocks(Vec<i64>),
    /// It is gone; what is shown stays.
    Gone,
    /// It cannot be read.
    Failed(String),
}

/// What became of what was to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// So many lines are there now.
    Lines(u64),
    /// Something is there already, and stays as it is.
    Exists,
    /// A person stopped it; nothing is there.
    Stopped,
    /// It did not work.
    Failed(String),
}
