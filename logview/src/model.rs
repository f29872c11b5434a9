//! Everything the screen shows, everything that can happen, and everything that can be asked for. Plain values: what
//! changes them is `update`, what draws them is `view`, and neither does any input or output.

mod chart;
mod comparison;
mod detail;
mod elsewhere;
mod events;
mod fold;
mod groups;
mod hit_list;
mod job;
mod jobs;
mod log;
mod message;
mod moment;
mod remembered;
mod requests;
mod ruler;
mod search;
mod sides;
mod trail;

pub use self::chart::{Chart, Choice, LABEL, LEAST};
pub use self::comparison::{Compared, Comparison, Row};
pub use self::detail::Detail;
pub use self::elsewhere::{Elsewhere, LogHits, Reach, Sought, SoughtLog, logs_of};
pub use self::events::{FileEvent, Listing, Message, Missing, Saved};
pub use self::fold::{BESIDE, Fold, Folding, Shown, What};
pub use self::groups::{Group, Grouping, Line};
pub use self::hit_list::{HitLines, HitList};
pub use self::job::{Job, RunInfo, RunStart, State, beside, main_file};
pub use self::jobs::{Jobs, Sort, letter};
pub use self::log::{Clock, Columns, Focus, Log, Search};
pub use self::message::{Field, fields, message};
pub use self::moment::Moment;
pub use self::requests::{Change, Prunable, Request, Step};
pub use self::ruler::{Ruler, millis, ruled, rulers};
pub use self::search::{Completion, Extent, Scope, SearchBox};
pub use self::sides::{Side, Split};
pub use self::trail::{Aim, Arrival, Instant, Mark, Marking, Spot, Trail, time_of};
pub use crate::opener::{Opener, Opening};

use crate::config::{Bell, Config};
use crate::layout::{Areas, WIDE, Wishes, areas};
use crate::session::Session;
use crate::text;
use crate::theme::palette::Palette;
use chrono::{DateTime, FixedOffset};
use crossterm::event::KeyEvent;
use logcore::disk::Reload;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::SystemTime;

/// How it is to look, from the command line, the environment and `config.yaml`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// No character beyond ASCII.
    pub ascii: bool,
    /// No colours.
    pub plain: bool,
    /// The terminal's background is known to be light.
    pub light: bool,
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

impl Mode {
    /// Whether letters are text.
    pub fn takes_text(&self) -> bool {
        matches!(self, Mode::Help(..) | Mode::Commands(..) | Mode::Search | Mode::Typing(..))
    }
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
    /// What was there before and is there again afterwards.
    pub back: Box<Mode>,
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
    pub resume: Option<(PathBuf, Arrival)>,
    /// What was last asked to be remembered.
    pub kept: Session,
    pub watching: Watching,
    /// When hosts reloaded their templates.
    pub reloads: Vec<Reload>,
    /// The scroll bar is held.
    pub holds_bar: bool,
    /// Nobody here has used the viewer before, and nothing was said to them yet.
    pub is_new: bool,
    /// Keys that were pressed while a jump was under way, whose end they are meant for.
    pub ahead: VecDeque<KeyEvent>,
    /// The jobs of which every change is told at once.
    pub watched: Vec<PathBuf>,
    /// Filters that were taken away, the last one last, and where they stood.
    pub removed_filters: Vec<(usize, crate::reading::Filter)>,
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
            holds_bar: false,
            is_new: false,
            ahead: VecDeque::new(),
            watched: Vec::new(),
            removed_filters: Vec::new(),
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
        self.look.palette = new.palette.on(self.look.light);
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
