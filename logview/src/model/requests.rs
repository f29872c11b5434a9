//! Everything that can be asked for.

use super::{Focus, Instant, Moment, Opener, Opening, Side, Sought};
use crate::config::Bell;
use crate::raise::Proposal;
use crate::reading::page::Only;
use crate::reading::search::Way;
use crate::reading::{Anchor, Pattern};
use crate::session::Session;
use crate::source::Place;
use ::log::Level;
use logcore::Removal;
use std::ops::Range;
use std::path::PathBuf;

/// A change outside the viewer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Change {
    /// Prepare an entry that raises a job's level until a moment.
    ProposeRaise { template: PathBuf, job: String, level: &'static str, until: String },
    /// Write it.
    Raise(Proposal),
    /// Find out what would go by a template's retention.
    ProposePrune { template: Option<PathBuf> },
    /// Remove it.
    Prune(Prunable),
}

/// What would go by a template's retention.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Prunable {
    pub template: PathBuf,
    pub has_limits: bool,
    pub removals: Vec<Removal>,
}

/// Where a jump goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To a line that matches the search.
    Hit(Way),
    /// To a record of a level.
    Level(Level, Way),
    /// To the line of this number in the file.
    Line(u64),
    /// To the first record of a moment.
    Moment(Moment),
    /// To the first record of an instant.
    Instant(Instant),
}

/// Everything that the model can ask the workers for.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Request {
    /// Give the terminal back to the shell until it says to go on.
    Suspend,
    /// These jobs are on the screen, whether or not they have anything to show yet.
    Watch(Vec<PathBuf>),
    /// Follow another file, or none, and others with it if it does not hold their records.
    Show {
        tag: u64,
        place: Option<Place>,
        with: Vec<PathBuf>,
    },
    /// Follow the files of several jobs on one clock, or each from its start on; lines say by number which of them they
    /// are from.
    ShowJobs {
        tag: u64,
        jobs: Vec<Side>,
        since_start: bool,
    },
    /// There are others that may have to be shown with it.
    With {
        tag: u64,
        with: Vec<PathBuf>,
    },
    /// Lines around a place.
    Page {
        tag: u64,
        number: u64,
        anchor: Anchor,
        before: usize,
        after: usize,
        only: Only,
        focus: Focus,
        /// How often in a row such a page was ended early: with each time it may take twice as long.
        patience: u32,
    },
    /// The whole record that holds the line at an offset.
    Record {
        tag: u64,
        at: u64,
    },
    /// The next place of a kind from the line at an offset on (not itself).
    Step {
        tag: u64,
        number: u64,
        step: Step,
        from: u64,
        pattern: Option<Pattern>,
        only: Only,
    },
    /// The jump that is under way is not wanted any more.
    StopStep,
    /// Count the lines that match, outward from a place, and go on as the file grows; or stop.
    Count {
        tag: u64,
        pattern: Option<Pattern>,
        near: u64,
    },
    /// Count the lines that are shown by several filters, or by such as hide, and go on as the file grows; or stop.
    CountPassing {
        tag: u64,
        only: Option<Only>,
    },
    /// Count for each of these the lines that match, and go on as the file grows; or stop, if there are none.
    CountFilters {
        tag: u64,
        patterns: Vec<Pattern>,
    },
    /// Lines that match around an offset, among those that are shown and as far as they were found by now.
    HitLines {
        tag: u64,
        number: u64,
        at: u64,
        before: usize,
        after: usize,
        pattern: Pattern,
        only: Only,
    },
    /// A job that has written nothing for so many seconds has gone quiet from now on.
    QuietAfter(u64),
    /// Search in what is not on the screen, and in nothing else any more; or stop that.
    SearchElsewhere(Box<Sought>),
    StopElsewhere,
    /// Compare two logs, in place of a search elsewhere.
    Compare {
        serial: u64,
        sides: Box<[Side; 2]>,
    },
    /// Take the mouse or leave it to the terminal.
    Mouse(bool),
    /// Change something outside, or prepare it.
    Change(Change),
    /// Remember this.
    Keep(Box<Session>),
    /// Ring, or have the terminal notify of a text.
    Ring(Bell, String),
    /// Give a text to the clipboard.
    Copy(String),
    /// The lines within a range that are shown, as text.
    Take {
        tag: u64,
        range: Range<u64>,
        only: Only,
    },
    /// The same into a file; `over` what is there already.
    Save {
        tag: u64,
        range: Range<u64>,
        only: Only,
        path: PathBuf,
        over: bool,
    },
    /// What is being saved is not wanted any more.
    StopSave,
    /// Where the line at an offset is in its file.
    Open {
        tag: u64,
        at: u64,
        opener: Opener,
    },
    /// Have another program show a file, and wait for it.
    Run(Opening),
}
