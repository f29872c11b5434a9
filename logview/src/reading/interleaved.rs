//! Several rows as one by time, at any offset, of any size: the logs of several jobs on one clock.
//!
//! No record is left out, so that the row is as long as its parts together, and what comes before a moment takes as
//! much room as the parts have before it. A place is therefore found by halving, and only what is looked at is put
//! in order: the end of rows of 100 GB is there at once. Where the parts were divided is a mark and stays
//! one. Between two neighbouring marks records stand in the order of their times, those of one part always in their
//! own. What comes later than its time stands below a new mark: nothing that was seen moves.

mod marks;
mod weave;

use self::marks::{Marks, Stretch};
use self::weave::{Woven, weave};
use super::Format;
use super::head::{LOOK, instant};
use super::lines::Lines;
use super::seek::since;
use crate::source::{Bytes, FileId};
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

#[cfg(test)]
mod tests;

/// When a record was written: seconds since the epoch, nanoseconds.
type Moment = (i64, u32);

/// Bytes that are put in order at once, at least; more if there would be too many marks.
const STEP: u64 = 1 << 20;

/// Marks that a row is divided by at most, but for those that its growth makes.
const DIVIDED: u64 = 1 << 15;

/// Numbers that all marks together may have before old ones are dropped.
const MOST: usize = 1 << 20;

/// What is put together with what was there before, while it grows.
const TAIL: u64 = 256 << 10;

/// Bytes without any time after which none is expected.
const FAR: u64 = 1 << 20;

/// Stretches that stay in order in memory.
const KEPT: usize = 6;

/// See the module.
pub struct Interleaved {
    parts: Vec<Part>,
    marks: RwLock<Marks>,
    /// The last stretches that were looked at.
    kept: Mutex<VecDeque<(Stretch, Arc<Woven>)>>,
    step: u64,
}

/// One of the rows, and how its lines are read.
struct Part {
    bytes: Arc<dyn Bytes>,
    format: Format,
    /// The moment from which on its clock goes.
    start: Moment,
}

impl Part {
    /// Whether a line starts a record, and its time on the part's clock.
    fn head(&self, text: &[u8]) -> Option<Option<Moment>> {
        self.format.head(text).map(|head| self.time(text.get(head.time?)?))
    }

    fn time(&self, time: &[u8]) -> Option<Moment> {
        instant(time).map(|time| since(time, self.start))
    }
}

impl Interleaved {
    /// Of rows, each with how its lines are read.
    pub fn new(parts: Vec<(Arc<dyn Bytes>, Format)>) -> Interleaved {
        Interleaved::since(parts.into_iter().map(|(bytes, format)| (bytes, format, (0, 0))).collect())
    }

    /// Of rows of which each has a clock of its own that goes from a moment on, in seconds and nanoseconds since the epoch:
    /// what was written as long after it stands together.
    pub fn since(parts: Vec<(Arc<dyn Bytes>, Format, Moment)>) -> Interleaved {
        Interleaved::with_step(parts, STEP)
    }

    fn with_step(parts: Vec<(Arc<dyn Bytes>, Format, Moment)>, step: u64) -> Interleaved {
        let part = |(bytes, format, start)| Part { bytes, format, start };
        let parts: Vec<Part> = parts.into_iter().map(part).collect();
        let marks = Marks::new(parts.len());
        Interleaved { parts, marks: RwLock::new(marks), kept: Mutex::default(), step }
    }

    /// How long it is.
    pub fn len(&self) -> u64 {
        self.marks.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the newest record of a part that has grown to this length came before the newest of all, so that it would stand
    /// below what came later.
    ///
    /// # Errors
    /// What the file system says.
    pub fn is_late(&self, part: usize, len: u64) -> io::Result<bool> {
        let (place, newest) = {
            let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
            (marks.places(marks.count() - 1)[part], marks.newest)
        };
        if len <= place {
            return Ok(false);
        }
        let mut lens = vec![0; self.parts.len()];
        lens[part] = len;
        let own = self.newest_of(&lens)?;
        Ok(own.0.0 > i64::MIN && own < newest)
    }

    /// Takes in what the parts have now, with their lengths; a line that has not ended is still to come.
    ///
    /// # Errors
    /// What the file system says.
    pub fn grow(&self, lens: &[u64]) -> io::Result<u64> {
        let (before, newest) = {
            let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
            (marks.places(marks.count() - 1).to_vec(), marks.newest)
        };
        let mut after = before.clone();
        for (part, (place, &len)) in after.iter_mut().zip(lens).enumerate() {
            if len > *place {
                let mut lines = self.lines(part, len);
                let end = if lines.ends_at(len)? { len } else { lines.start_of(len)? };
                *place = end.max(*place);
            }
        }
        if after == before {
            return Ok(self.len());
        }
        let parts = before.iter().zip(&after).map(|(&from, &to)| from..to).collect();
        let more = Stretch { start: before.iter().sum(), parts };
        let most = TAIL.min(self.step);
        let small = more.len() <= most;
        let (first, last) = if small {
            let woven = weave(&self.parts, &more)?;
            (woven.first, woven.last.unwrap_or(newest))
        } else {
            (None, self.newest_of(&after)?)
        };
        let mut marks = self.marks.write().unwrap_or_else(PoisonError::into_inner);
        let tail = marks.tail.filter(|&start| more.start + more.len() - start <= most);
        if tail.is_some() && first.is_some_and(|first| first >= newest) {
            // It would stand there as well if all had come at once.
            marks.pop();
        } else {
            marks.tail = small.then_some(more.start);
        }
        marks.push(&after);
        marks.newest = newest.max(last);
        if marks.numbers() > MOST {
            let step = marks.len() / DIVIDED;
            marks.thin(step.max(TAIL));
            marks.tail = None;
        }
        Ok(marks.len())
    }

    /// Which of the parts the line is from that starts at `at`.
    ///
    /// # Errors
    /// What the file system says.
    pub fn part_at(&self, at: u64) -> io::Result<Option<usize>> {
        let woven = self.woven(|marks| marks.around(at))?;
        Ok(woven.map(|(stretch, woven)| woven.part_at((at - stretch.start) as usize)))
    }

    /// What is in order in the stretch that is looked for.
    fn woven(
        &self,
        find: impl Fn(&Marks) -> Option<(usize, Stretch)>,
    ) -> io::Result<Option<(Stretch, Arc<Woven>)>> {
        loop {
            let (found, most) = {
                let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
                (find(&marks), self.step.max(marks.len() / DIVIDED))
            };
            let Some((mark, stretch)) = found else { return Ok(None) };
            if let Some(woven) = self.kept(&stretch) {
                return Ok(Some((stretch, woven)));
            }
            if stretch.len() > most
                && let Some(places) = self.divided(&stretch)?
            {
                let mut marks = self.marks.write().unwrap_or_else(PoisonError::into_inner);
                marks.divide(mark, &stretch, &places);
                continue;
            }
            let woven = Arc::new(weave(&self.parts, &stretch)?);
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.truncate(KEPT - 1);
            kept.push_front((stretch.clone(), Arc::clone(&woven)));
            return Ok(Some((stretch, woven)));
        }
    }

    fn kept(&self, stretch: &Stretch) -> Option<Arc<Woven>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(have, _)| have == stretch)?;
        let found = kept.remove(at)?;
        let woven = Arc::clone(&found.1);
        kept.push_front(found);
        Some(woven)
    }

    fn lines(&self, part: usize, len: u64) -> Lines {
        Lines::sparse(Arc::clone(&self.parts[part].bytes), len, self.parts[part].format.clone())
    }

    /// The newest record of parts of these lengths.
    fn newest_of(&self, lens: &[u64]) -> io::Result<(Moment, usize)> {
        let mut newest = ((i64::MIN, 0), 0);
        for (part, &len) in lens.iter().enumerate() {
            let mut lines = self.lines(part, len);
            let mut at = len;
            while at + FAR > len {
                let Some(before) = lines.before(at)? else { break };
                if let Some((_, time)) = self.parts[part].time_from(&mut lines, before, before + 1)? {
                    newest = newest.max((time, part));
                    break;
                }
                at = before;
            }
        }
        Ok(newest)
    }

    /// Where each part is to be divided so that all of what is above is before what is below, about in the middle.
    fn divided(&self, stretch: &Stretch) -> io::Result<Option<Vec<u64>>> {
        let Some((largest, range)) =
            stretch.parts.iter().enumerate().max_by_key(|(_, part)| part.end - part.start)
        else {
            return Ok(None);
        };
        let ends = |of: &dyn Fn(&Range<u64>) -> u64| stretch.parts.iter().map(of).collect::<Vec<u64>>();
        let divides =
            |places: &Vec<u64>| *places != ends(&|part| part.start) && *places != ends(&|part| part.end);
        let middle = |range: &Range<u64>| range.start + (range.end - range.start) / 2;
        let mut lines = self.lines(largest, range.end);
        let start = lines.start_of(middle(range))?.max(range.start);
        if let Some((_, time)) =
            self.parts[largest].time_from(&mut lines, start, range.end.min(start + FAR))?
        {
            // Before it, or else behind all of the same moment.
            for later in [false, true] {
                let mut places = Vec::with_capacity(self.parts.len());
                for (part, range) in stretch.parts.iter().enumerate() {
                    let lines = &mut self.lines(part, range.end);
                    places.push(self.parts[part].first_from(lines, range, (time, later))?);
                }
                if divides(&places) {
                    return Ok(Some(places));
                }
            }
        }
        // Without times, or with one alone, they stand part by part.
        let start = lines.start_of(middle(range))?;
        let cut = if start > range.start { start } else { lines.end_of(range.start)?.min(range.end) };
        let place = |(part, range): (usize, &Range<u64>)| match part.cmp(&largest) {
            Ordering::Less => range.end,
            Ordering::Equal => cut,
            Ordering::Greater => range.start,
        };
        Ok(Some(stretch.parts.iter().enumerate().map(place).collect()).filter(divides))
    }
}

impl Bytes for Interleaved {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            let here = offset + done as u64;
            let Some((stretch, woven)) = self.woven(|marks| marks.around(here))? else { break };
            let there = &woven.data[(here - stretch.start) as usize..];
            let count = there.len().min(buffer.len() - done);
            buffer[done..done + count].copy_from_slice(&there[..count]);
            done += count;
        }
        Ok(done)
    }

    fn stat(&self) -> io::Result<(FileId, u64)> {
        // It is no file, so that nothing is kept of it.
        Ok((FileId::default(), self.len()))
    }

    fn part_at(&self, at: u64) -> io::Result<Option<usize>> {
        Interleaved::part_at(self, at)
    }

    fn end_of(&self, part: usize) -> io::Result<Option<u64>> {
        let woven = self.woven(|marks| marks.last_of(part))?;
        Ok(Some(woven.map_or(0, |(stretch, woven)| stretch.start + woven.end_of(part) as u64)))
    }

    fn clock_at(&self, at: u64) -> io::Result<Moment> {
        Ok(Interleaved::part_at(self, at)?.map_or((0, 0), |part| self.parts[part].start))
    }
}

impl Part {
    /// Where the first record starts in a range that was written at a moment or later, or only later.
    fn first_from(
        &self,
        lines: &mut Lines,
        range: &Range<u64>,
        (wanted, later): (Moment, bool),
    ) -> io::Result<u64> {
        let (mut low, mut high, mut best) = (range.start, range.end, range.end);
        // Whatever starts before `low` is too early; `best` is not, and nothing from `high` up to it has a time.
        while low < high {
            let middle = lines.start_of(low + (high - low) / 2)?.max(low);
            match self.time_from(lines, middle, high.min(middle + FAR))? {
                Some((at, time)) if time < wanted || later && time == wanted => {
                    low = lines.end_of(at)?.max(at + 1);
                }
                Some((at, _)) => (best, high) = (at, middle),
                None => high = middle,
            }
        }
        Ok(best)
    }

    /// The first record with a time that starts in `at..to`, and when it was.
    fn time_from(&self, lines: &mut Lines, mut at: u64, to: u64) -> io::Result<Option<(u64, Moment)>> {
        let mut text = Vec::new();
        while at < to {
            let next = lines.end_of(at)?.max(at + 1);
            lines.text_into(at, next.min(at + LOOK as u64), &mut text)?;
            if let Some(time) = self.head(&text).flatten() {
                return Ok(Some((at, time)));
            }
            at = next;
        }
        Ok(None)
    }
}
