//! Everything the screen shows, everything that can happen, and everything that can be asked for. Plain values: what
//! changes them is `update`, what draws them is `view`, and neither does any input or output.

mod chart;
mod comparison;
mod detail;
mod elsewhere;
mod fold;
mod groups;
mod hit_list;
mod jobs;
mod log;
mod message;
mod moment;
mod remembered;
mod ruler;
mod search;
mod sides;
mod trail;

pub use self::chart::{Chart, Choice, LABEL, LEAST};
pub use self::comparison::{Compared, Comparison, Row};
pub use self::detail::Detail;
pub use self::elsewhere::{Elsewhere, LogHits, Reach, Sought, SoughtLog, logs_of};
pub use self::fold::{Fold, Folding, Shown, What};
pub use self::groups::{Group, Grouping, Line};
pub use self::hit_list::{HitLines, HitList};
pub use self::jobs::{Job, Jobs, RunInfo, RunStart, Sort, State, beside, letter, main_file};
pub use self::log::{Clock, Columns, Focus, Log, Search};
pub use self::message::{Field, fields, message};
pub use self::moment::Moment;
pub use self::ruler::{Ruler, millis, ruled, rulers};
pub use self::search::{Completion, Extent, Scope, SearchBox};
pub use self::sides::{Side, Split};
pub use self::trail::{Aim, Arrival, Instant, Mark, Spot, Trail, time_of};
pub use crate::opener::{Opener, Opening};

use crate::config::{Bell, Config, Refused};
use crate::layout::{Areas, WIDE, Wishes, areas};
use crate::raise::Proposal;
use crate::reading::page::{Only, Record};
use crate::reading::search::{Found, Way};
use crate::reading::{Anchor, Page, Pattern, Spots, Totals, index::Volume};
use crate::session::Session;
use crate::source::Place;
use crate::text;
use crate::theme::palette::Palette;
use ::log::Level;
use chrono::{DateTime, FixedOffset};
use crossterm::event::{KeyEvent, MouseEvent};
use logcore::Removal;
use logcore::disk::{Recovered, Reload};
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How it is to look, from the command line, the environment and `config.yaml`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// No character beyond ASCII.
    pub ascii: bool,
    /// No colours.
    pub plain: bool,
    /// Which colours, if any.
    pub palette: Palette,
}

/// Which pane has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Pane {
    List,
    Log,
}

/// What is being typed, if anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Keys are commands.
    #[default]
    Normal,
    /// The help, narrowed to what was typed, from this row on.
    Help(String, usize),
    /// The commands, narrowed to what was typed, and which of them is chosen.
    Commands(String, usize),
    /// What to search for.
    Search,
    /// The list of what it has found.
    Hits,
    /// A line of text for something.
    Typing(For, String),
    /// A moment or a span is being chosen in the chart.
    Chart(Choice),
    /// One record, taken apart.
    Detail(Box<Detail>),
    /// The list of marks, and which of them is chosen.
    Marks(usize),
    /// The list of filters, and which of them is chosen.
    Filters(usize),
    /// What two logs say that the other does not.
    Compare,
    /// Something is said, until a key.
    Notice(Notice),
}

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

/// What is said in a frame over the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Notice {
    pub title: String,
    pub lines: Vec<String>,
    /// The key that closes it does what it does.
    pub passing: bool,
    /// What is done if the key is `y`.
    pub asks: Option<Box<Change>>,
}

/// What a typed line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Showing only the lines that match, or hiding them: one more filter, or that of this number anew.
    #[allow(missing_docs)]
    Filter { hides: bool, at: Option<usize> },
    /// Showing only the jobs whose name matches; what was typed before gives way to the first letter.
    #[allow(missing_docs)]
    Jobs { old: bool },
    /// Going to a moment.
    Moment,
    /// A note for the line that was just marked.
    Note,
    /// Where to save what is shown.
    Save,
    /// The same, of a file that is there already.
    SaveOver,
}

/// How changes are noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Watching {
    #[default]
    Notified,
    Polling,
}

/// See the module.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Model {
    pub title: String,
    pub look: Look,
    pub size: (u16, u16),
    pub now: SystemTime,
    /// The zone in which times are shown that no log says.
    pub zone: FixedOffset,
    pub jobs: Jobs,
    pub log: Log,
    pub search: SearchBox,
    pub elsewhere: Elsewhere,
    /// Two logs that are shown beside each other.
    pub split: Option<Split>,
    /// Two logs that were compared last.
    pub comparison: Option<Comparison>,
    pub focus: Pane,
    pub mode: Mode,
    pub config: Config,
    pub zoom: bool,
    pub chart: bool,
    pub mouse: bool,
    /// How new errors elsewhere make themselves heard, and when they last did, in seconds.
    pub bell: Bell,
    pub rung: i64,
    /// Where to go on reading in a job, as soon as it is shown.
    pub resume: Option<(PathBuf, Instant)>,
    /// What was last asked to be remembered.
    pub kept: Session,
    pub watching: Watching,
    /// When hosts reloaded their templates.
    pub reloads: Vec<Reload>,
    pub trail: Trail,
    /// Something is being saved.
    pub saving: bool,
    /// What was marked, by file and in the order of time.
    pub marks: Vec<Mark>,
    /// A message in the status line, until the next key or for some seconds, and for how many it has stood there.
    pub note: Option<String>,
    pub note_age: u8,
    pub quit: bool,
    /// Why it had to end.
    pub failure: Option<String>,
}

impl Model {
    /// The first screen, before anything is known.
    pub fn new(title: &str, look: Look, size: (u16, u16), now: DateTime<FixedOffset>) -> Model {
        Model {
            title: text::name(title.as_bytes(), look.ascii),
            look,
            size,
            now: now.into(),
            zone: *now.offset(),
            jobs: Jobs::default(),
            log: Log::default(),
            search: SearchBox::default(),
            elsewhere: Elsewhere::default(),
            split: None,
            comparison: None,
            focus: if size.0 >= WIDE { Pane::List } else { Pane::Log },
            mode: Mode::Normal,
            config: Config::default(),
            zoom: false,
            chart: true,
            mouse: true,
            bell: Bell::Off,
            rung: i64::MIN,
            resume: None,
            kept: Session::default(),
            watching: Watching::Notified,
            reloads: Vec::new(),
            trail: Trail::default(),
            saving: false,
            marks: Vec::new(),
            note: None,
            note_age: 0,
            quit: false,
            failure: None,
        }
    }

    /// Turns to another configuration: what differs from the one before is set, what a person changed since stays.
    pub fn configure(&mut self, config: Config) {
        let old = std::mem::replace(&mut self.config, config);
        let new = &self.config;
        let change = |field: &mut bool, old: bool, new: bool| {
            if old != new {
                *field = new;
            }
        };
        self.look.palette = new.palette;
        change(&mut self.look.ascii, old.ascii, new.ascii);
        change(&mut self.log.wrap, old.wrap, new.wrap);
        change(&mut self.log.columns, old.columns, new.columns);
        change(&mut self.chart, old.chart, new.chart);
        change(&mut self.mouse, old.mouse, new.mouse);
        change(&mut self.jobs.running_only, old.running_only, new.running_only);
        if old.clock != new.clock {
            self.log.clock = new.clock;
        }
        if old.bell != new.bell {
            self.bell = new.bell;
        }
        if old.sort != new.sort {
            self.jobs.sort = new.sort;
        }
        self.jobs.arrange(self.now);
    }

    /// A time as it is shown.
    pub fn local(&self, seconds: i64) -> Option<DateTime<FixedOffset>> {
        DateTime::from_timestamp(seconds, 0).map(|at| at.with_timezone(&self.zone))
    }

    /// Seconds since the epoch.
    pub fn seconds(&self) -> i64 {
        self.now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
    }

    /// Where everything stands now.
    pub fn areas(&self) -> Areas {
        areas(self.size, self.wishes())
    }

    /// What decides about the layout besides the size.
    pub fn wishes(&self) -> Wishes {
        // The log's place must not jump when another job is selected, so the card has one height.
        Wishes {
            zoom: self.zoom,
            chart: self.chart && self.split.is_none(),
            split: self.split.is_some(),
            list: self.focus == Pane::List && !matches!(self.mode, Mode::Search | Mode::Hits),
            search: matches!(self.mode, Mode::Search | Mode::Hits),
            card: if self.size.1 >= 44 { 11 } else { 8 },
        }
    }
}

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
    /// A step came to something; `wrapped` if it went over an end of the file.
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
