//! Where a person was, and what they marked: places in logs that are found again, also when the file was closed meanwhile
//! and its offsets mean something else, by the instant of the record.

use super::{Model, Side, main_file};
use crate::reading::Line;
use crate::reading::head::instant;
use crate::reading::page::Only;
use crate::source::Place;
use log::Level;
use std::path::PathBuf;

/// Places that are remembered, and marks.
const MOST: usize = 100;
const MOST_MARKS: usize = 1000;

/// Of no file that is open: such a mark is found again by its text.
pub(super) const NO_TAG: u64 = u64::MAX;

/// Bytes of a marked line that are kept.
const LONG: usize = 512;

/// Seconds and nanoseconds since the epoch.
pub type Instant = (i64, u32);

/// A place in a log, and how it was looked at.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Spot {
    pub job: PathBuf,
    pub chosen: Option<PathBuf>,
    /// The opened file for which the offsets hold.
    pub tag: u64,
    pub top: u64,
    pub cursor: Option<u64>,
    pub following: bool,
    pub only: Only,
    /// When its line was written, on the clock by which the log stands in order.
    pub time: Option<Instant>,
    /// The two that stood beside each other, and the jobs that were ticked.
    pub sides: Option<[Side; 2]>,
    pub ticked: Vec<PathBuf>,
}

/// Where a person was before, and from where they came back.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Trail {
    pub back: Vec<Spot>,
    pub forward: Vec<Spot>,
}

/// A line that a person marked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Mark {
    pub place: Place,
    /// The opened file for which the offset holds.
    pub tag: u64,
    pub at: u64,
    pub time: Option<Instant>,
    pub level: Option<Level>,
    /// The first bytes of the line.
    pub text: Vec<u8>,
    pub note: String,
}

/// What marking a line came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marking {
    /// It is marked now.
    Marked,
    /// It was marked, and is not any more.
    TakenAway,
    /// There are as many marks as there may be.
    TooMany,
}

/// Where to go in a file that is being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// To the first record of this instant.
    pub time: Instant,
    /// What for.
    pub aim: Aim,
}

/// What somebody who goes to a record wants there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// To read on from it: it stands at the top.
    Read,
    /// To see it.
    See,
    /// To see what came before it too.
    Before,
    /// The first hit from it on.
    Hit,
}

impl Model {
    /// Remembers where one is before a jump.
    pub fn remember(&mut self) {
        if let Some(spot) = self.spot() {
            self.remember_spot(spot);
        }
    }

    /// Remembers where one was before.
    pub fn remember_spot(&mut self, spot: Spot) {
        let same = |last: &Spot| (last.tag, last.top, last.cursor) == (spot.tag, spot.top, spot.cursor);
        if !self.trail.back.last().is_some_and(same) {
            self.trail.back.push(spot);
        }
        if self.trail.back.len() > MOST {
            self.trail.back.remove(0);
        }
        self.trail.forward.clear();
    }

    /// Where one is.
    pub fn spot(&self) -> Option<Spot> {
        let log = &self.log;
        let job = log.place.as_ref()?.job.clone();
        Some(Spot {
            job,
            chosen: log.chosen.clone(),
            tag: log.tag,
            top: log.top,
            cursor: log.cursor,
            following: log.following,
            only: log.only.clone(),
            time: log.lines_from(log.cursor.unwrap_or(log.top)).find_map(|line| log.time_at(line)),
            sides: self.split.as_ref().map(|split| split.sides.clone()),
            ticked: self.jobs.ticked.clone(),
        })
    }

    /// Everything that is known by its offset has moved by so much.
    pub fn shift(&mut self, by: u64) {
        let tag = self.log.tag;
        self.log.list.chosen = self.log.list.chosen.saturating_add(by);
        let spots = self.trail.back.iter_mut().chain(&mut self.trail.forward).chain(&mut self.log.list.from);
        for spot in spots.filter(|spot| spot.tag == tag) {
            spot.top += by;
            spot.cursor = spot.cursor.map(|at| at + by);
        }
        for mark in self.marks.iter_mut().filter(|mark| mark.tag == tag) {
            mark.at += by;
        }
    }

    /// The file that a line is of; where several jobs are one log, the one that stands for its job.
    fn place_of(&self, line: &Line) -> Option<Place> {
        let of = |part: u16| {
            let job = self.jobs.get(self.log.together.get(usize::from(part))?)?;
            Some(Place { job: job.key.clone(), file: main_file(&job.files)?.name.clone() })
        };
        line.part.and_then(of).or_else(|| self.log.place.clone())
    }

    /// Marks a line or takes its mark away.
    pub fn mark(&mut self, at: usize) -> Marking {
        let (tag, line) = (self.log.tag, &self.log.page.lines[at]);
        if let Some(marked) = self.marks.iter().position(|mark| (mark.tag, mark.at) == (tag, line.at)) {
            self.marks.remove(marked);
            return Marking::TakenAway;
        }
        let Some(place) = self.place_of(line).filter(|_| self.marks.len() < MOST_MARKS) else {
            return Marking::TooMany;
        };
        self.marks.push(Mark {
            place,
            tag,
            at: line.at,
            time: time_of(line),
            level: line.level,
            text: line.text[..line.text.len().min(LONG)].to_vec(),
            note: String::new(),
        });
        self.marks.sort_by(|a, b| (&a.place, a.time, a.at).cmp(&(&b.place, b.time, b.at)));
        Marking::Marked
    }

    /// The marks of lines of this log.
    pub fn marks_here(&self) -> impl Iterator<Item = usize> {
        let one = self.log.place.as_ref().filter(|_| self.log.together.is_empty());
        let here = move |mark: &Mark| mark.tag == self.log.tag || Some(&mark.place) == one;
        (0..self.marks.len()).filter(move |&at| here(&self.marks[at]))
    }

    /// The mark of a loaded line.
    pub fn mark_at(&self, at: u64) -> Option<&Mark> {
        self.marks.iter().find(|mark| (mark.tag, mark.at) == (self.log.tag, at))
    }

    /// Finds marks again among the lines of a file that was opened anew.
    pub fn find_marks(&mut self) {
        let mut marks = std::mem::take(&mut self.marks);
        for mark in marks.iter_mut().filter(|mark| mark.tag != self.log.tag) {
            let same = |line: &&Line| {
                line.text[..line.text.len().min(LONG)] == mark.text
                    && self.place_of(line).as_ref() == Some(&mark.place)
            };
            if let Some(line) = self.log.page.lines.iter().find(same) {
                (mark.tag, mark.at) = (self.log.tag, line.at);
            }
        }
        self.marks = marks;
    }

    /// What stands where in the log is another thing now: its marks are to be found again.
    pub fn lose_marks(&mut self) {
        let tag = self.log.tag;
        self.marks.iter_mut().filter(|mark| mark.tag == tag).for_each(|mark| mark.tag = NO_TAG);
    }
}

/// When a record was written.
pub fn time_of(line: &Line) -> Option<Instant> {
    instant(line.text.get(line.head.as_ref()?.time.clone()?)?)
}
