//! Jumps to the next hit, error or warning, to a line by its number and to a moment, and the count of all hits, in the
//! file on screen.

mod listed;
mod passing;

pub(super) use passing::Passing;

use super::{LONG, Over, Shared, TELL, pager::SharedIndex, tell};
use crate::model::{self, Message};
use crate::reading::page::{Levels, page, wants};
use crate::reading::search::{Found, Way};
use crate::reading::{Anchor, Filters, Format, Hits, Lines, Sieve, seek};
use crate::source::Bytes;
use log::Level;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub(super) enum Order {
    Step(Box<Step>),
    /// Lines that match around a place, so many before it and from it on, among those that are shown.
    List(Box<Step>, usize, usize),
    /// Count the hits, outward from a place; or not any more.
    Count {
        tag: u64,
        hits: Option<Hits>,
        near: u64,
    },
    /// Count the lines that are shown, behind that.
    CountPassing {
        tag: u64,
        passing: Option<Box<Passing>>,
    },
    /// Count those of each, behind all else.
    CountEach {
        tag: u64,
        each: Vec<Hits>,
    },
    Grow(u64),
    Stop,
}

pub(super) struct Step {
    pub(super) tag: u64,
    pub(super) number: u64,
    pub(super) step: model::Step,
    pub(super) from: u64,
    pub(super) levels: Levels,
    /// What is searched for, and what is filtered by.
    pub(super) hits: Option<Hits>,
    pub(super) filters: Option<Filters>,
    pub(super) bytes: Arc<dyn Bytes>,
    pub(super) len: u64,
    pub(super) serial: u64,
    pub(super) index: SharedIndex,
    pub(super) format: Format,
}

struct Counting {
    tag: u64,
    hits: Hits,
    near: u64,
    told: Option<Instant>,
    last: Option<(u64, bool)>,
    /// How long it has looked so far, or until all was looked at for the first time.
    took: Duration,
    was_complete: bool,
}

pub(super) fn run(
    shared: Arc<Shared>,
    sent: Arc<AtomicU64>,
    orders: Receiver<Order>,
    out: SyncSender<Message>,
) -> impl FnOnce() + Send {
    move || {
        let _ = serve(&shared, &sent, &orders, &out);
    }
}

fn serve(
    shared: &Shared,
    sent: &AtomicU64,
    orders: &Receiver<Order>,
    out: &SyncSender<Message>,
) -> Result<(), Over> {
    let mut counting: Option<Counting> = None;
    let mut each = Each::default();
    let mut passing: Option<(u64, Box<Passing>)> = None;
    let mut taken = 0;
    let mut behind = false;
    loop {
        let first = if behind { None } else { Some(orders.recv().map_err(|_| Over)?) };
        for order in first.into_iter().chain(orders.try_iter()) {
            taken += 1;
            match order {
                Order::List(step, before, after) => {
                    let _urgent = shared.urgent();
                    let (started, told) = (Instant::now(), Mutex::new(Instant::now()));
                    let stop = || step.is_over(shared, out, started, &told);
                    let lines = step.listed(before, after, &stop).ok();
                    tell(out, Message::HitLines { tag: step.tag, number: step.number, lines })?;
                }
                Order::Step(step) => {
                    let _urgent = shared.urgent();
                    let (started, told) = (Instant::now(), Mutex::new(Instant::now()));
                    let stop = || step.is_over(shared, out, started, &told);
                    let (found, wrapped) = match step.find(&stop) {
                        Ok(found) => found,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => (Found::Stopped, false),
                        Err(_) => (Found::Nothing, false),
                    };
                    if found != Found::Stopped {
                        let nth = step.nth(found, &stop);
                        let (tag, number, step) = (step.tag, step.number, step.step);
                        tell(out, Message::Found { tag, number, step, found, nth, wrapped })?;
                    }
                }
                Order::Count { tag, hits, near } => {
                    counting = hits.map(|hits| Counting {
                        tag,
                        hits,
                        near,
                        told: None,
                        last: None,
                        took: Duration::ZERO,
                        was_complete: false,
                    });
                }
                Order::CountPassing { tag, passing: counts } => passing = counts.map(|counts| (tag, counts)),
                Order::CountEach { tag, each: hits } => each = Each { tag, hits, told: Vec::new() },
                Order::Grow(len) => {
                    counting
                        .iter()
                        .map(|counting| &counting.hits)
                        .chain(&each.hits)
                        .for_each(|hits| hits.grow(len));
                    passing.iter_mut().for_each(|(_, passing)| passing.grow(len));
                }
                Order::Stop => (counting, each, passing) = (None, Each::default(), None),
            }
        }
        let stop = || sent.load(Ordering::Relaxed) != taken || shared.quit.load(Ordering::Relaxed);
        behind = match &mut counting {
            Some(counting) => {
                // What a log that grows adds is not waited for.
                let _urgent = (!counting.was_complete).then(|| shared.urgent());
                counting.go_on(out, &stop)?
            }
            None => false,
        };
        if let Some((tag, passing)) = &mut passing {
            behind |= passing.go_on(*tag, out, &stop)?;
        }
        behind = (each.go_on(out, &stop)? || behind) && !shared.quit.load(Ordering::Relaxed);
    }
}

/// What is counted for each filter.
#[derive(Default)]
struct Each {
    tag: u64,
    hits: Vec<Hits>,
    told: Vec<(u64, bool)>,
}

impl Each {
    /// Counts until all is counted or something else is wanted; says whether there is more to count.
    fn go_on(&mut self, out: &SyncSender<Message>, stop: &(dyn Fn() -> bool + Sync)) -> Result<bool, Over> {
        let counts = || self.hits.iter().map(Hits::count).collect::<Vec<_>>();
        let last = Mutex::new(Instant::now());
        let say = || {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() >= TELL {
                *last = Instant::now();
                drop(out.try_send(Message::FilterCounts { tag: self.tag, counts: counts() }));
            }
        };
        // What cannot be read is not tried for ever.
        let failed = self.hits.iter().any(|hits| hits.find_all(0, &say, stop).is_err());
        let (before, now) = (std::mem::take(&mut self.told), counts());
        if before != now {
            tell(out, Message::FilterCounts { tag: self.tag, counts: now.clone() })?;
        }
        let behind = now.iter().any(|(_, complete)| !complete);
        self.told = now;
        Ok(behind && !failed)
    }
}

impl Counting {
    fn said(&self, (count, complete): (u64, bool), took: Duration) -> Message {
        Message::Hits { tag: self.tag, count, complete, read: self.hits.read(), took }
    }

    fn spotted(&self) -> Message {
        Message::Spotted { tag: self.tag, errors: None, hits: Some(self.hits.spots()) }
    }

    /// Counts until all is counted or something else is wanted; says whether there is more to count.
    fn go_on(&mut self, out: &SyncSender<Message>, stop: &(dyn Fn() -> bool + Sync)) -> Result<bool, Over> {
        let (told, began) = (Mutex::new(self.told), Instant::now());
        let took = || self.took + if self.was_complete { Duration::ZERO } else { began.elapsed() };
        let say = || {
            // What a log that grows adds is found at once, and no number is to flicker for that.
            if self.was_complete && began.elapsed() < LONG {
                return;
            }
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.is_none_or(|at| at.elapsed() >= TELL) {
                *told = Some(Instant::now());
                drop(out.try_send(self.said(self.hits.count(), took())));
                drop(out.try_send(self.spotted()));
            }
        };
        let found = self.hits.find_all(self.near, &say, stop);
        self.told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (count, complete) = self.hits.count();
        self.took = took();
        self.was_complete |= complete;
        if complete && self.last != Some((count, complete)) {
            self.last = Some((count, complete));
            self.told = Some(Instant::now());
            tell(out, self.said((count, complete), self.took))?;
            tell(out, self.spotted())?;
        }
        // What cannot be read is not tried for ever.
        Ok(!complete && found.is_ok())
    }
}

impl Step {
    /// Whether it is not wanted any more; says how far it is, too.
    fn is_over(
        &self,
        shared: &Shared,
        out: &SyncSender<Message>,
        started: Instant,
        told: &Mutex<Instant>,
    ) -> bool {
        self.say(out, started, told);
        shared.steps.load(Ordering::Relaxed) != self.serial
    }

    /// Says how far a long search is, from time to time; it is asked often whether it is to stop.
    fn say(&self, out: &SyncSender<Message>, started: Instant, told: &Mutex<Instant>) {
        let Some(hits) = self.hits.as_ref().filter(|_| started.elapsed() >= LONG) else { return };
        // Whoever finds it locked need not wait: another thread says it.
        let Ok(mut told) = told.try_lock() else { return };
        if told.elapsed() >= TELL {
            *told = Instant::now();
            let (tag, read, all, took) = (self.tag, hits.read(), self.len, started.elapsed());
            drop(out.try_send(Message::Looking { tag, read, all, took }));
        }
    }

    /// From the place on, and then from the other end up to it.
    fn find(&self, stop: &(dyn Fn() -> bool + Sync)) -> io::Result<(Found, bool)> {
        let mut lines = Lines::new(Arc::clone(&self.bytes), self.len);
        lines.format = self.format.clone();
        let way = match self.step {
            model::Step::Hit(way) | model::Step::Level(_, way) => way,
            model::Step::Line(number) => {
                let index = self.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let found = seek::line(&mut lines, &*self.bytes, &index, number, stop)?;
                return Ok((found.map_or(Found::Stopped, Found::At), false));
            }
            model::Step::Instant(instant) => {
                let at = seek::instant(&mut lines, instant, stop)?;
                return Ok((at.map_or(Found::Nothing, Found::At), false));
            }
            model::Step::Moment(moment) => return self.moment(&mut lines, moment),
        };
        let from = self.from.min(self.len);
        let middle = match way {
            Way::Forward if self.from == u64::MAX => 0,
            Way::Forward => {
                let start = lines.start_of(from)?;
                lines.end_of(start)?.min(self.len)
            }
            Way::Backward => from,
        };
        let (first, second) = match way {
            Way::Forward => (middle..self.len, 0..middle),
            Way::Backward => (0..middle, middle..self.len),
        };
        for (range, wrapped) in [(first, false), (second, true)] {
            let found = match (self.step, &self.hits) {
                (model::Step::Level(level, way), _) => self.level(&mut lines, level, way, range, stop)?,
                (_, Some(hits)) => self.hit(&mut lines, hits, way, range, stop)?,
                (_, None) => Found::Nothing,
            };
            if found != Found::Nothing {
                return Ok((found, wrapped));
            }
        }
        Ok((Found::Nothing, false))
    }

    /// Which of all hits was found.
    fn nth(&self, found: Found, stop: &(dyn Fn() -> bool + Sync)) -> Option<u64> {
        let (model::Step::Hit(_), Found::At(at)) = (self.step, found) else { return None };
        let hits = self.hits.as_ref().filter(|_| self.sieve().is_all())?;
        let (before, complete) = hits.count_before(at, stop).ok()?;
        complete.then_some(before + 1)
    }

    fn sieve(&self) -> Sieve<'_> {
        Sieve { levels: self.levels, filters: self.filters.as_ref(), index: None, context: 0 }
    }

    /// The nearest hit among the lines that are shown.
    fn hit(
        &self,
        lines: &mut Lines,
        hits: &Hits,
        way: Way,
        mut range: Range<u64>,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Found> {
        let sieve = self.sieve();
        while let Some(at) = hits.nearest(&range, way, stop)? {
            if sieve.is_all() || wants(lines, at, sieve, stop)? {
                return Ok(Found::At(at));
            }
            match way {
                Way::Forward => range.start = at + 1,
                Way::Backward => range.end = at,
            }
            if stop() {
                return Ok(Found::Stopped);
            }
        }
        Ok(Found::Nothing)
    }

    /// The nearest record of a level, with the index's help.
    fn level(
        &self,
        lines: &mut Lines,
        level: Level,
        way: Way,
        range: Range<u64>,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Found> {
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let filters = self.filters.as_ref();
        let sieve = Sieve { levels: Levels::only(level), filters, index: Some(&index), context: 0 };
        let mut at = if way == Way::Forward { range.start } else { range.end };
        while range.contains(&at) || (way == Way::Backward && at == range.end && at > range.start) {
            let around = if way == Way::Forward { (Anchor::At(at), 0, 1) } else { (Anchor::At(at), 1, 0) };
            let around = if at >= lines.len() { (Anchor::End, 1, 0) } else { around };
            let page = page(lines, around, sieve, stop)?;
            let Some(line) = page.lines.first() else {
                return Ok(if stop() { Found::Stopped } else { Found::Nothing });
            };
            if !range.contains(&line.at) {
                return Ok(Found::Nothing);
            }
            if line.head.is_some() {
                return Ok(Found::At(line.at));
            }
            at = if way == Way::Forward { line.end } else { line.at };
        }
        Ok(Found::Nothing)
    }

    /// The first record of a moment, or the last one of all if it is later than that.
    fn moment(&self, lines: &mut Lines, moment: model::Moment) -> io::Result<(Found, bool)> {
        let Some((first, last)) = seek::ends(lines)? else { return Ok((Found::Nothing, false)) };
        // A clock that goes from a start on begins there, whenever the first record came.
        let first = if lines.clock_at(0)? == (0, 0) { first } else { 0 };
        let ends = (first, last);
        let at = seek::moment(lines, moment.seconds(ends))?;
        let late = at >= lines.len();
        let at = if late { lines.before(at)?.unwrap_or(0) } else { at };
        Ok((Found::At(at), late))
    }
}
