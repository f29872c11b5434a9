//! Jumps to the next hit, error or warning, and the count of all hits, in the file on screen.

use super::{Over, Shared, pager::SharedIndex, tell};
use crate::model::{self, Message};
use crate::reading::page::{Only, page};
use crate::reading::search::{Found, Way, count, level_wanted, nearest};
use crate::reading::{Anchor, Format, Lines, Pattern};
use crate::source::Bytes;
use log::Level;
use memchr::memrchr;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

const PORTION: u64 = 1 << 20;
const TELL: Duration = Duration::from_millis(100);

pub(super) enum Order {
    Step(Box<Step>),
    Count { tag: u64, pattern: Pattern, bytes: Arc<dyn Bytes>, len: u64 },
    Grow(u64),
    Stop,
}

pub(super) struct Step {
    pub(super) tag: u64,
    pub(super) step: model::Step,
    pub(super) from: u64,
    pub(super) pattern: Option<Pattern>,
    pub(super) only: Only,
    pub(super) bytes: Arc<dyn Bytes>,
    pub(super) len: u64,
    pub(super) serial: u64,
    pub(super) index: SharedIndex,
    pub(super) format: Format,
}

struct Counting {
    tag: u64,
    pattern: Pattern,
    bytes: Arc<dyn Bytes>,
    len: u64,
    done: u64,
    hits: u64,
    told: Option<(Instant, bool)>,
}

pub(super) fn run(
    shared: Arc<Shared>,
    orders: Receiver<Order>,
    out: SyncSender<Message>,
) -> impl FnOnce() + Send {
    move || {
        let _ = serve(&shared, &orders, &out);
    }
}

fn serve(shared: &Shared, orders: &Receiver<Order>, out: &SyncSender<Message>) -> Result<(), Over> {
    let mut counting: Option<Counting> = None;
    let mut data = Vec::new();
    loop {
        let behind = counting.as_ref().is_some_and(Counting::is_behind);
        let order = match orders.try_recv() {
            Ok(order) => Some(order),
            Err(TryRecvError::Disconnected) => return Ok(()),
            Err(TryRecvError::Empty) if behind => None,
            Err(TryRecvError::Empty) => Some(orders.recv().map_err(|_| Over)?),
        };
        match order {
            Some(Order::Step(step)) => {
                let stop = || shared.steps.load(Ordering::Relaxed) != step.serial;
                let (found, wrapped) = step.find(&stop).unwrap_or((Found::Nothing, false));
                if found != Found::Stopped {
                    tell(out, Message::Found { tag: step.tag, step: step.step, found, wrapped })?;
                }
            }
            Some(Order::Count { tag, pattern, bytes, len }) => {
                counting = Some(Counting { tag, pattern, bytes, len, done: 0, hits: 0, told: None });
            }
            Some(Order::Grow(len)) => {
                if let Some(counting) = &mut counting {
                    counting.len = len;
                }
            }
            Some(Order::Stop) => counting = None,
            None => {}
        }
        if let Some(counting) = &mut counting {
            counting.step(&mut data);
            counting.tell(out)?;
        }
    }
}

impl Counting {
    fn is_behind(&self) -> bool {
        self.done < self.len
    }

    /// Counts the whole lines of the next portion; at the end of the file also the one that has no end yet.
    fn step(&mut self, data: &mut Vec<u8>) {
        let want = (self.len - self.done.min(self.len)).min(PORTION);
        data.resize(want as usize, 0);
        let read = self.bytes.read_at(data, self.done).unwrap_or(0);
        let whole = memrchr(b'\n', &data[..read]).map_or(read, |newline| newline + 1);
        self.hits += count(&self.pattern, &data[..whole]);
        self.done = if read == 0 { self.len } else { self.done + whole as u64 };
    }

    fn tell(&mut self, out: &SyncSender<Message>) -> Result<(), Over> {
        let complete = !self.is_behind();
        if !complete && self.told.is_some_and(|(at, _)| at.elapsed() < TELL) {
            return Ok(());
        }
        self.told = Some((Instant::now(), complete));
        tell(out, Message::Hits { tag: self.tag, count: self.hits, complete })
    }
}

impl Step {
    /// From the place on, and then from the other end up to it.
    fn find(&self, stop: &dyn Fn() -> bool) -> io::Result<(Found, bool)> {
        let mut lines = Lines::new(Arc::clone(&self.bytes), self.len);
        lines.format = self.format.clone();
        let way = match self.step {
            model::Step::Hit(way) | model::Step::Level(_, way) => way,
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
            let found = match (self.step, &self.pattern) {
                (model::Step::Level(level, way), _) => self.level(&mut lines, level, way, range, stop)?,
                (model::Step::Hit(way), Some(pattern)) => {
                    let mut wanted = |lines: &mut Lines, at| level_wanted(lines, at, &self.only);
                    nearest((&*self.bytes, &mut lines), pattern, range, way, &mut wanted, stop)?
                }
                (model::Step::Hit(_), None) => Found::Nothing,
            };
            if found != Found::Nothing {
                return Ok((found, wrapped));
            }
        }
        Ok((Found::Nothing, false))
    }

    /// The nearest record of a level, with the index's help.
    fn level(
        &self,
        lines: &mut Lines,
        level: Level,
        way: Way,
        range: std::ops::Range<u64>,
        stop: &dyn Fn() -> bool,
    ) -> io::Result<Found> {
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let only = Only { levels: crate::reading::Levels::only(level), matching: self.only.matching.clone() };
        let mut at = if way == Way::Forward { range.start } else { range.end };
        while range.contains(&at) || (way == Way::Backward && at == range.end && at > range.start) {
            let around = if way == Way::Forward { (Anchor::At(at), 0, 1) } else { (Anchor::At(at), 1, 0) };
            let around = if at >= lines.len() { (Anchor::End, 1, 0) } else { around };
            let page = page(lines, Some(&index), around, &only, stop)?;
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
}
