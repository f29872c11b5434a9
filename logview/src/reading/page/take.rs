//! How a page is taken: line by line past blocks that the index rules out, or record by record from match to match.

use super::{Line, REACH, Sieve};
use crate::reading::head::LOOK;
use crate::reading::hits::Hits;
use crate::reading::index::BLOCK;
use crate::reading::lines::Lines;
use crate::reading::search::Way;
use log::Level;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;

pub(super) struct Take<'a> {
    pub(super) lines: &'a mut Lines,
    pub(super) sieve: Sieve<'a>,
    pub(super) stop: &'a (dyn Fn() -> bool + Sync),
}

/// The record that a line continues.
#[derive(Clone, Copy, Default)]
struct Above {
    level: Option<Level>,
    depth: usize,
}

/// What was found, and whether there is nothing more that way.
type Part = (Vec<Line>, bool);

/// Bytes of lines that are taken in one direction, about: very long ones fill any screen.
const MOST: usize = 6 << 20;

impl Take<'_> {
    pub(super) fn forward(&mut self, start: u64, want: usize) -> io::Result<Part> {
        let mut found = Vec::with_capacity(want.min(1024));
        let mut at = start;
        let mut above = self.above(at)?;
        let (mut steps, mut bytes) = (0usize, 0);
        while at < self.lines.len() {
            if found.len() >= want || bytes >= MOST {
                return Ok((found, false));
            }
            steps += 1;
            if steps.is_multiple_of(1024) && (self.stop)() {
                return Ok((found, false));
            }
            if let Some(next) = self.skip_forward(at)? {
                at = next;
                above = self.above(at)?;
                continue;
            }
            let mut line = self.read(at)?;
            at = line.end;
            place(&mut line, &mut above);
            if self.sieve.levels.has(line.level) {
                bytes += line.text.len();
                found.push(line);
            }
        }
        Ok((found, true))
    }

    pub(super) fn backward(&mut self, start: u64, want: usize) -> io::Result<Part> {
        let mut found = VecDeque::with_capacity(want.min(1024));
        let mut at = start;
        let (mut steps, mut bytes) = (0usize, 0);
        while found.len() < want && bytes < MOST {
            steps += 1;
            if steps.is_multiple_of(256) && (self.stop)() {
                return Ok((found.into(), false));
            }
            if let Some(next) = self.skip_backward(at)? {
                at = next;
                continue;
            }
            // A record from its last line up to its head, then judged from the head down.
            let (mut record, mut read) = (Vec::new(), 0);
            while record.len() <= want.min(REACH) && read < MOST {
                let Some(before) = self.lines.before(at)? else { break };
                at = before;
                let line = self.read(at)?;
                let done = line.head.is_some();
                read += line.text.len();
                record.push(line);
                if done {
                    break;
                }
            }
            if record.is_empty() {
                return Ok((found.into(), true));
            }
            let mut above = if record.last().is_some_and(|line| line.head.is_some()) {
                Above::default()
            } else {
                self.above(at)?
            };
            for line in record.iter_mut().rev() {
                place(line, &mut above);
            }
            record.retain(|line| self.sieve.levels.has(line.level));
            bytes += record.iter().map(|line| line.text.len()).sum::<usize>();
            record.into_iter().for_each(|line| found.push_front(line));
        }
        let surplus = found.len().saturating_sub(want);
        found.drain(..surplus);
        Ok((found.into(), at == 0 && surplus == 0))
    }

    /// As [`Take::forward`], from one match to the next.
    pub(super) fn matching_from(&mut self, hits: &Hits, start: u64, want: usize) -> io::Result<Part> {
        let (mut found, mut bytes) = (Vec::new(), 0);
        let mut at = start;
        // A record that begins above may match there.
        let (record, level) = self.record_around(at)?;
        if record.start < at && at < record.end && self.matches(hits, &record)? == Some(true) {
            bytes += self.take(at..record.end, level, &mut found)?;
            at = record.end;
        }
        while found.len() < want && bytes < MOST {
            match hits.nearest(&(at..self.lines.len()), Way::Forward, self.stop) {
                Ok(Some(hit)) => {
                    let (record, level) = self.record_around(hit)?;
                    bytes += self.take(record.start.max(at)..record.end, level, &mut found)?;
                    at = record.end.max(hit + 1);
                }
                Ok(None) => return Ok((found, true)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok((found, false)),
                Err(error) => return Err(error),
            }
        }
        let surplus = found.len() > want;
        found.truncate(want);
        Ok((found, at >= self.lines.len() && !surplus))
    }

    /// As [`Take::backward`], from one match to the one before.
    pub(super) fn matching_before(&mut self, hits: &Hits, start: u64, want: usize) -> io::Result<Part> {
        let (mut found, mut bytes) = (VecDeque::new(), 0);
        let mut at = start;
        let mut first = self.lines.before(at)?;
        while found.len() < want && bytes < MOST {
            // A record that goes on below may match there.
            let around = match first.take() {
                Some(before) => {
                    let (record, level) = self.record_around(before)?;
                    (record.end > at && self.matches(hits, &record)? == Some(true)).then_some((record, level))
                }
                None => None,
            };
            let (record, level) = match around {
                Some(around) => around,
                None => match hits.nearest(&(0..at), Way::Backward, self.stop) {
                    Ok(Some(hit)) => self.record_around(hit)?,
                    Ok(None) => return Ok((found.into(), true)),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                        return Ok((found.into(), false));
                    }
                    Err(error) => return Err(error),
                },
            };
            let mut of_record = Vec::new();
            bytes += self.take(record.start..record.end.min(at), level, &mut of_record)?;
            of_record.into_iter().rev().for_each(|line| found.push_front(line));
            at = record.start;
        }
        let surplus = found.len().saturating_sub(want);
        found.drain(..surplus);
        Ok((found.into(), at == 0 && surplus == 0))
    }

    /// Whether a line of a record matches; `None` if there was no time to find out.
    fn matches(&self, hits: &Hits, record: &Range<u64>) -> io::Result<Option<bool>> {
        match hits.nearest(record, Way::Forward, self.stop) {
            Ok(hit) => Ok(Some(hit.is_some())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes the lines of a record, if its level is wanted; says how many bytes they have.
    fn take(&mut self, lines: Range<u64>, level: Option<Level>, found: &mut Vec<Line>) -> io::Result<usize> {
        let (mut at, mut bytes) = (lines.start, 0);
        while at < lines.end && self.sieve.levels.has(level) {
            let mut line = self.read(at)?;
            line.level = level;
            at = line.end;
            bytes += line.text.len();
            found.push(line);
        }
        Ok(bytes)
    }

    /// The record that holds the line at `at`, and its level. A line that belongs to none is one by itself.
    pub(super) fn record_around(&mut self, at: u64) -> io::Result<(Range<u64>, Option<Level>)> {
        let mut start = self.lines.start_of(at)?;
        let alone = start..self.lines.end_of(start)?;
        let mut text = Vec::new();
        for depth in 0..=REACH {
            let end = self.lines.end_of(start)?;
            self.lines.text_into(start, end.min(start + LOOK as u64), &mut text)?;
            if let Some(level) = self.lines.format.level_of(&text) {
                let mut last = alone.end;
                for _ in depth..REACH {
                    if last >= self.lines.len() {
                        break;
                    }
                    let end = self.lines.end_of(last)?;
                    self.lines.text_into(last, end.min(last + LOOK as u64), &mut text)?;
                    if self.lines.format.level_of(&text).is_some() {
                        break;
                    }
                    last = end;
                }
                return Ok((start..last, level));
            }
            let Some(before) = self.lines.before(start)? else { break };
            start = before;
        }
        Ok((alone, None))
    }

    fn read(&mut self, at: u64) -> io::Result<Line> {
        let end = self.lines.end_of(at)?.max(at + 1);
        let text = self.lines.text(at, end)?;
        let head = self.lines.format.head(&text);
        let part = self.lines.part_at(at)?.and_then(|part| part.try_into().ok());
        Ok(Line { at, end, text, head, level: None, part })
    }

    /// The record that reaches over the start of the line at `at`.
    fn above(&mut self, at: u64) -> io::Result<Above> {
        let mut start = at;
        let mut text = Vec::new();
        for depth in 0..REACH {
            let Some(before) = self.lines.before(start)? else { break };
            let end = start.min(before + LOOK as u64);
            self.lines.text_into(before, end, &mut text)?;
            if let Some(level) = self.lines.format.level_of(&text) {
                return Ok(Above { level, depth });
            }
            start = before;
        }
        Ok(Above { depth: REACH, ..Above::default() })
    }

    /// Where to go on if the rest of the block at `at` holds nothing wanted.
    fn skip_forward(&mut self, at: u64) -> io::Result<Option<u64>> {
        let Some(index) = self.sieve.index.filter(|_| !self.sieve.levels.is_all()) else { return Ok(None) };
        if !at.is_multiple_of(BLOCK) && at / BLOCK == at.saturating_sub(1) / BLOCK {
            let first = self.lines.start_of(at / BLOCK * BLOCK)?;
            if self.lines.end_of(first)? < at {
                return Ok(None); // asked once per block is enough: at its first line
            }
        }
        if !index.lacks(at / BLOCK, self.sieve.levels) {
            return Ok(None);
        }
        self.first_from((at / BLOCK + 1) * BLOCK).map(Some)
    }

    /// Where to go on backwards if the block before `at` holds nothing wanted.
    fn skip_backward(&mut self, at: u64) -> io::Result<Option<u64>> {
        let Some(index) = self.sieve.index.filter(|_| !self.sieve.levels.is_all()) else { return Ok(None) };
        let Some(block) = at.checked_sub(1).map(|last| last / BLOCK) else { return Ok(None) };
        if !index.lacks(block, self.sieve.levels) {
            return Ok(None);
        }
        let first = self.first_from(block * BLOCK)?;
        Ok((first < at).then_some(first))
    }

    /// The first line that starts at or after `at`.
    fn first_from(&mut self, at: u64) -> io::Result<u64> {
        let at = at.min(self.lines.len());
        let start = self.lines.start_of(at)?;
        if start == at { Ok(at) } else { self.lines.end_of(start) }
    }
}

/// Gives a line the level of its record and makes it the record above the next.
fn place(line: &mut Line, above: &mut Above) {
    if let Some(head) = &line.head {
        *above = Above { level: head.level, depth: 0 };
    } else {
        above.depth += 1;
        if above.depth > REACH {
            above.level = None;
        }
    }
    line.level = above.level;
}
