//! The log pane: which file, which lines of it are loaded, which one stands at the top, and what is being looked for.

use super::{Arrival, Folding, HitList, Instant, Model, Request, Ruler, Shown, Step, message, time_of};
use crate::layout::NARROW;
use crate::reading::head::{Form, Head};
use crate::reading::page::{Levels, Only};
use crate::reading::times::{from_millis, to_millis};
use crate::reading::{Anchor, Filter, Line, Page, Pattern, Spots, Totals, index::Volume};
use crate::source::Place;
use crate::text;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

/// Where the screen goes when lines arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// It stays at the line that is at the top.
    Stay,
    /// The last line stands at the bottom.
    Bottom,
    /// This line stands at the top.
    Top(u64),
    /// This line stands in the upper part.
    Upper(u64),
    /// This line stands in the lower part, with what came before it.
    Lower(u64),
}

/// What the time column shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The time of day as the log says it.
    #[default]
    Day,
    /// Since the run's start, or else since the first line that is loaded.
    Start,
    /// Since the record before.
    Gap,
}

/// What is searched for.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Search {
    pub text: String,
    pub pattern: Pattern,
    /// Lines that match, and whether all were looked at.
    pub hits: Option<(u64, bool)>,
    /// How many bytes were read for that, and how long it took.
    pub effort: (u64, Duration),
    /// The one that a jump went to: its line, and which of all it is.
    pub nth: Option<(u64, u64)>,
}

impl Search {
    /// Nothing is known yet.
    pub fn new(text: String, pattern: Pattern) -> Search {
        Search { text, pattern, hits: None, effort: Default::default(), nth: None }
    }
}

/// See the module.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Log {
    pub place: Option<Place>,
    /// Other files of the job whose records belong to it, if it does not hold them itself.
    pub with: Vec<PathBuf>,
    /// The jobs whose logs are shown as one, in the order of their letters; empty while it is the log of one.
    pub together: Vec<PathBuf>,
    /// There are two of them, which stand beside each other.
    pub split: bool,
    /// Which of the two is still written, or was: who follows follows that one.
    pub live: Option<usize>,
    /// When each of them began, in milliseconds since the epoch, where each has a clock of its own.
    pub clocks: Vec<i64>,
    /// Which of the loaded lines stand beside one above, and how many rows above the last one that is.
    pub beside: Vec<Option<usize>>,
    /// Distinguishes answers about this file from late ones about another.
    pub tag: u64,
    /// The file that a person chose among the job's, by name.
    pub chosen: Option<PathBuf>,
    pub page: Page,
    /// What each of its lines is on the screen.
    pub shown: Vec<Shown>,
    pub folding: Folding,
    /// What is told between the lines, and above which of the loaded ones.
    pub rulers: Vec<Ruler>,
    pub ruled: Vec<(usize, Range<usize>)>,
    /// How many times as many lines as usual are asked for, since most of them are folded.
    pub stretch: usize,
    /// Where, in a file of which length, even the most of them were too few.
    pub tried: Option<(u64, u64)>,
    /// Wanted records before the page, where known.
    pub before: Option<u64>,
    /// Whether lines have arrived since the file was opened.
    pub loaded: bool,
    /// The first line on screen, by offset, and how many of its rows are above the screen.
    pub top: u64,
    pub row: usize,
    /// Rows that are still to be moved when more lines arrive.
    pub owed: i64,
    /// How often in a row a page was ended early.
    pub patience: u32,
    /// A page is under way.
    pub asked: bool,
    /// It leads to the line with the cursor.
    pub leads: bool,
    /// It takes the screen to somewhere else.
    pub moves: bool,
    /// Which one: as long as it has not come, another one is not what the screen will stay at.
    pub request: u64,
    pub following: bool,
    /// The file's length when following ended, and its records if all were counted.
    pub held_at: (u64, Option<Totals>),
    pub len: u64,
    pub totals: Totals,
    pub volume: Volume,
    /// Where in the file errors are, and what is searched for.
    pub errors: Spots,
    pub hits: Spots,
    /// Of which the chart shows these seconds alone.
    pub span: Option<(i64, i64)>,
    pub only: Only,
    pub search: Option<Search>,
    /// Lines that match the only filter, where nothing is searched for, and whether all were looked at.
    pub matching: Option<(u64, bool)>,
    /// By which levels and filters the lines are counted that are shown, if that takes counting, and how many those are so far.
    pub passing: Option<(Levels, Vec<Filter>)>,
    pub passed: Option<(u64, bool)>,
    /// While the list of filters is open, what is counted for each, and how many lines match so far.
    pub each: Vec<(Pattern, Option<(u64, bool)>)>,
    /// The list of what it found.
    pub list: HitList,
    /// The line that a jump went to.
    pub cursor: Option<u64>,
    /// A jump is under way.
    pub stepping: bool,
    /// Where to.
    pub step: Option<Step>,
    /// How far it is, if it takes long: bytes read, of all, in this time.
    pub looked: Option<(u64, u64, Duration)>,
    /// Which one it is: what comes of one that was given up means nothing any more.
    pub jump: u64,
    /// Jumps that were asked for meanwhile.
    pub queued: Vec<Step>,
    pub left: usize,
    pub wrap: bool,
    pub clock: Clock,
    /// Whether time and target stand in columns.
    pub columns: bool,
    /// Lines as they stand in the file.
    pub raw: bool,
    /// Whether the first line of the record at the top of the screen stays in sight.
    pub sticky: bool,
    /// Cells that its times need, and which they only grow to.
    pub time: usize,
    /// Cells for the target, which only grows while one file is shown.
    pub target: usize,
    pub gone: bool,
    /// Where the range of lines begins that is being chosen.
    pub range: Option<u64>,
    /// The record that was asked for is to be copied.
    pub copies_record: bool,
    /// To the first hit as soon as the file is open, and again if older ones appear above it.
    pub to_first_hit: bool,
    /// Where to go as soon as the file is open.
    pub arrival: Option<Arrival>,
    /// Files of this name that stand above the one that has it now.
    pub rotated: usize,
    /// How many files are shown as one.
    pub merged: usize,
    /// Others are about to join in: what is found until then was found in what is shown no longer.
    pub joining: bool,
    pub problem: Option<String>,
}

impl Default for Log {
    fn default() -> Log {
        Log {
            place: None,
            together: Vec::new(),
            split: false,
            live: None,
            clocks: Vec::new(),
            beside: Vec::new(),
            with: Vec::new(),
            tag: 0,
            chosen: None,
            page: Page::default(),
            shown: Vec::new(),
            folding: Folding::default(),
            rulers: Vec::new(),
            ruled: Vec::new(),
            stretch: 1,
            tried: None,
            before: None,
            loaded: false,
            top: 0,
            row: 0,
            owed: 0,
            patience: 0,
            asked: false,
            leads: false,
            moves: false,
            request: 0,
            following: true,
            held_at: (0, None),
            len: 0,
            totals: Totals::default(),
            volume: Volume::default(),
            errors: Spots::default(),
            hits: Spots::default(),
            span: None,
            only: Only::ALL,
            search: None,
            matching: None,
            passing: None,
            passed: None,
            each: Vec::new(),
            list: HitList::default(),
            cursor: None,
            stepping: false,
            step: None,
            looked: None,
            jump: 0,
            queued: Vec::new(),
            left: 0,
            wrap: false,
            clock: Clock::Day,
            columns: true,
            raw: false,
            sticky: true,
            time: 0,
            target: 0,
            gone: false,
            range: None,
            copies_record: false,
            to_first_hit: false,
            arrival: None,
            rotated: 0,
            merged: 0,
            joining: false,
            problem: None,
        }
    }
}

impl Log {
    /// Turns to another file; what is searched, filtered and shown how stays.
    pub fn turn_to(&mut self, place: Option<Place>, with: Vec<PathBuf>) {
        let kept = std::mem::take(self);
        *self = Log {
            place,
            with,
            tag: kept.tag + 1,
            chosen: kept.chosen,
            only: kept.only,
            search: kept.search.map(|search| Search { hits: None, nth: None, ..search }),
            wrap: kept.wrap,
            clock: kept.clock,
            columns: kept.columns,
            raw: kept.raw,
            sticky: kept.sticky,
            folding: Folding { on: kept.folding.on, ..Folding::default() },
            ..Log::default()
        };
    }

    /// The line at the top of the screen, as an index into the page.
    pub fn top_index(&self) -> usize {
        self.page
            .lines
            .partition_point(|line| line.at < self.top)
            .min(self.page.lines.len().saturating_sub(1))
    }

    /// Whether the screen is about to be somewhere else, and soon: a jump that takes long says so and is not waited for.
    pub fn is_moving(&self) -> bool {
        let opens = !self.loaded && self.place.is_some() && self.problem.is_none();
        (self.stepping || opens || self.asked && self.moves) && self.looked.is_none()
    }

    /// Whether long lines are wrapped: beside each other they are cut.
    pub fn wraps(&self) -> bool {
        self.wrap && !self.split
    }

    /// The rows that a loaded line takes.
    pub fn rows(&self, at: usize, columns: &Columns, ascii: bool) -> usize {
        self.rows_above(at)
            + match self.shown.get(at) {
                _ if self.beside.get(at).is_some_and(Option::is_some) => 0,
                Some(Shown::Hidden) => 0,
                Some(Shown::Folded(_)) => 1,
                _ => columns.rows(&self.page.lines[at], self.wraps(), ascii),
            }
    }

    /// Rows between a loaded line and the one above it.
    pub fn rows_above(&self, at: usize) -> usize {
        self.rulers_above(at).len() + usize::from(self.is_apart(at))
    }

    /// Whether there is a gap above a loaded line that is to be seen, since there is context on both sides.
    pub fn is_apart(&self, at: usize) -> bool {
        let lines = &self.page.lines;
        self.only.context > 0 && !self.split && at > 0 && lines[at - 1].end < lines[at].at
    }

    /// What is to be counted in the whole log: what is searched for, or else the filter, if it is the only one.
    pub fn counted(&self) -> Option<&Pattern> {
        let mut on = self.only.filters.iter().filter(|filter| filter.on);
        let only = on.next().filter(|only| !only.hides && on.next().is_none()).map(|only| &only.pattern);
        self.search.as_ref().map(|search| &search.pattern).or(only)
    }

    /// What is to be seen in the lines: what is searched for, or else what they are shown for.
    pub fn patterns(&self) -> Vec<&Pattern> {
        match &self.search {
            Some(search) => vec![&search.pattern],
            None => self.shown_for().collect(),
        }
    }

    /// What shown lines match.
    pub fn shown_for(&self) -> impl Iterator<Item = &Pattern> {
        let shows = self.only.filters.iter().filter(|filter| filter.on && !filter.hides);
        shows.map(|filter| &filter.pattern)
    }

    /// Where the lines end that are followed.
    pub fn end(&self) -> Anchor {
        self.live.filter(|_| self.split).map_or(Anchor::End, Anchor::EndOf)
    }

    /// Asks for lines.
    pub fn ask(&mut self, anchor: Anchor, height: usize, focus: Focus) -> Request {
        (self.asked, self.request) = (true, self.request + 1);
        self.leads = matches!(focus, Focus::Upper(_) | Focus::Lower(_));
        // What is followed goes on where it is.
        self.moves = focus != Focus::Stay && !(self.following && focus == Focus::Bottom);
        // Beside each other a line's neighbours are not those of its own log.
        let context = if self.split { 0 } else { self.only.context };
        // Each line brings its context.
        let each = if self.only.hides() { 2 * context + 1 } else { 1 };
        let lines = |count: usize| (count * self.stretch / each).max(height);
        let (up, down) = (lines(3 * height + 4), lines(4 * height + 8));
        let (before, after) = match anchor {
            Anchor::Start => (0, down),
            Anchor::End | Anchor::EndOf(_) => (down, 0),
            Anchor::At(_) => (up, down),
        };
        let only = Only { context, ..self.only.clone() };
        let (tag, number, patience) = (self.tag, self.request, self.patience);
        Request::Page { tag, number, anchor, before, after, only, focus, patience }
    }

    /// When a line was written, on the clock by which the log stands in order.
    pub fn time_at(&self, line: &Line) -> Option<Instant> {
        let time = time_of(line)?;
        let part = line.part.map(usize::from).filter(|_| self.split);
        let clock = part.and_then(|part| self.clocks.get(part)).copied().unwrap_or(0);
        let (seconds, nanos) = from_millis(to_millis(time) - clock);
        Some((seconds, nanos + time.1 % 1_000_000))
    }

    /// The loaded lines from an offset on.
    pub fn lines_from(&self, at: u64) -> impl Iterator<Item = &Line> {
        let from = self.page.lines.partition_point(|line| line.at < at);
        self.page.lines[from..].iter()
    }

    /// How many wanted records there are, as far as known, and whether that is all.
    pub fn count(&self) -> (u64, bool) {
        (self.totals.wanted(self.only.levels), self.totals.complete)
    }

    /// Levels that are shown.
    pub fn levels(&self) -> Levels {
        self.only.levels
    }

    /// Whether any loaded line starts a record: then there are columns.
    pub fn has_columns(&self) -> bool {
        let apart = |head: &Head| head.message > 0 || head.form != Form::Text;
        !self.raw && self.page.lines.iter().any(|line| line.head.as_ref().is_some_and(apart))
    }
}

/// How the columns before the message stand, which depends on the width alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Columns {
    pub any: bool,
    /// Cells of the letter that says which job a line is from.
    pub job: usize,
    pub time: usize,
    pub target: usize,
    pub width: usize,
}

impl Columns {
    /// For the log of `model` on an area of this many cells.
    pub fn of(model: &Model, width: u16) -> Columns {
        let log = &model.log;
        let any = log.has_columns() && width >= 16;
        let time = match model.size.0 {
            _ if width < 30 || !log.columns => 0,
            0..NARROW => log.time.min(8),
            _ if log.time > 0 && log.split => 10,
            _ if log.time > 0 && log.clock != Clock::Day => 12,
            _ => log.time,
        };
        let target = if width < if log.split { 140 } else { 50 } || !log.columns { 0 } else { log.target };
        // One cell is the cursor's and one the scroll bar's; zoomed, there is neither.
        let around = if model.zoom { 0 } else { 2 };
        let job = if log.together.is_empty() || log.split { 0 } else { 2 };
        let whole = usize::from(width).saturating_sub(around);
        // Another one is between the two.
        let width = if log.split { whole.saturating_sub(1) / 2 } else { whole };
        Columns { any, job, time, target, width }
    }

    /// Cells before the message of a line.
    pub fn indent(&self, line: &Line) -> usize {
        let time = if self.time > 0 { self.time + 1 } else { 0 };
        let head = match &line.head {
            _ if !self.any => 0,
            Some(_) => time + 2 + if self.target > 0 { self.target + 1 } else { 0 },
            None => time + 2,
        };
        self.job + head
    }

    /// The rows that a line takes.
    pub fn rows(&self, line: &Line, wrap: bool, ascii: bool) -> usize {
        if !wrap {
            return 1;
        }
        let room = self.width.saturating_sub(self.indent(line)).max(2);
        let message = message(line, self.any);
        if message.len() <= room && message.is_ascii() && !message.contains(&b'\t') {
            return 1;
        }
        let mut clean = String::new();
        text::clean(&message, ascii, &mut 0, usize::MAX, &mut clean);
        text::wrap(&[(clean, ())], room).len()
    }
}
