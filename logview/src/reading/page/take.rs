//! How a page is taken: line by line past blocks that the index rules out, or record by record from match to match.

use super::{Line, REACH, Sieve};
use crate::reading::filters::Filters;
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
    /// Matches that lead from record to record; without them, each record is asked about.
    lead: Option<&'a Hits>,
    /// Records that were asked about.
    asked: usize,
    /// Where lines in a row start that are known to start no record.
    bare: VecDeque<u64>,
    /// What was read of a line.
    text: Vec<u8>,
}

/// The record that a line continues.
#[derive(Clone, Copy, Default)]
pub(super) struct Above {
    pub(super) level: Option<Level>,
    pub(super) depth: usize,
}

/// What was found, and whether there is nothing more that way.
type Part = (Vec<Line>, bool);

/// Bytes of lines that are taken in one direction, about: very long ones fill any screen.
pub(super) const MOST: usize = 6 << 20;

impl<'a> Take<'a> {
    pub(super) fn new(
        lines: &'a mut Lines,
        sieve: Sieve<'a>,
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Take<'a> {
        let lead = sieve.filters.and_then(Filters::lead);
        Take { lines, sieve, stop, lead, asked: 0, bare: VecDeque::new(), text: Vec::new() }
    }
}

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

    /// As [`Take::forward`], record by record, past those that do not pass the filters.
    pub(super) fn passing_from(&mut self, start: u64, want: usize) -> io::Result<Part> {
        let mut found = Vec::new();
        match self.pass_from(start, want, &mut found) {
            Ok(at) => {
                let surplus = found.len() > want;
                found.truncate(want);
                Ok((found, at >= self.lines.len() && !surplus))
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok((found, false)),
            Err(error) => Err(error),
        }
    }

    /// Collects what passes, and says how far it looked.
    fn pass_from(&mut self, start: u64, want: usize, found: &mut Vec<Line>) -> io::Result<u64> {
        let (mut at, mut bytes) = (start, 0);
        // A record that begins above may pass.
        let (record, level) = self.record_around(at)?;
        if record.start < at && at < record.end {
            if self.wants(&record, level)? {
                bytes += self.take(at..record.end, level, found)?;
            }
            at = record.end;
        }
        while found.len() < want && bytes < MOST {
            let Some(next) = self.next_from(at)? else { return Ok(self.lines.len()) };
            // What comes right behind a record belongs to none above.
            let (record, level) = if next == at { self.record_from(at)? } else { self.record_around(next)? };
            if self.judge(&record, level)? {
                bytes += self.take(record.start.max(at)..record.end, level, found)?;
            }
            at = record.end.max(next + 1);
        }
        Ok(at)
    }

    /// As [`Take::backward`], record by record, past those that do not pass the filters.
    pub(super) fn passing_before(&mut self, start: u64, want: usize) -> io::Result<Part> {
        let mut found = VecDeque::new();
        match self.pass_before(start, want, &mut found) {
            Ok(at) => {
                let surplus = found.len().saturating_sub(want);
                found.drain(..surplus);
                Ok((found.into(), at == 0 && surplus == 0))
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok((found.into(), false)),
            Err(error) => Err(error),
        }
    }

    fn pass_before(&mut self, start: u64, want: usize, found: &mut VecDeque<Line>) -> io::Result<u64> {
        let (mut at, mut bytes) = (start, 0);
        // A record that goes on below may pass by what stands there.
        if let Some(before) = self.lines.before(at)? {
            let (record, level) = self.record_around(before)?;
            if record.end > at {
                if self.wants(&record, level)? {
                    bytes += self.take_above(record.start..at, level, found)?;
                }
                at = record.start;
            }
        }
        while found.len() < want && bytes < MOST {
            let Some(next) = self.next_before(at)? else { return Ok(0) };
            let (record, level) = self.record_around(next)?;
            if self.judge(&record, level)? {
                bytes += self.take_above(record.start..record.end.min(at), level, found)?;
            }
            at = record.start;
        }
        Ok(at)
    }

    /// Where the next line starts whose record may pass.
    fn next_from(&mut self, mut at: u64) -> io::Result<Option<u64>> {
        if let Some(lead) = self.lead {
            return lead.nearest(&(at..self.lines.len()), Way::Forward, self.stop);
        }
        while at < self.lines.len() {
            if let Some(next) = self.skip_forward(at)? {
                at = next;
                continue;
            }
            match self.may_pass(at / BLOCK, Way::Forward)? {
                Some(block) if block == at / BLOCK => return Ok(Some(at)),
                Some(block) => at = self.first_from(block * BLOCK)?.max(at),
                None => break,
            }
        }
        Ok(None)
    }

    fn next_before(&mut self, mut at: u64) -> io::Result<Option<u64>> {
        if let Some(lead) = self.lead {
            return lead.nearest(&(0..at), Way::Backward, self.stop);
        }
        while at > 0 {
            if let Some(next) = self.skip_backward(at)? {
                at = next;
                continue;
            }
            let Some(before) = self.lines.before(at)? else { break };
            match self.may_pass(before / BLOCK, Way::Backward)? {
                Some(block) if block == before / BLOCK => return Ok(Some(before)),
                Some(block) => at = self.first_from((block + 1) * BLOCK)?.min(before),
                None => break,
            }
        }
        Ok(None)
    }

    /// The nearest block in which a record begins that may pass.
    fn may_pass(&self, block: u64, way: Way) -> io::Result<Option<u64>> {
        match self.sieve.filters {
            Some(filters) => filters.next_block(block, way, self.stop),
            None => Ok(Some(block)),
        }
    }

    /// Whether a record is wanted.
    pub(super) fn wants(&mut self, record: &Range<u64>, level: Option<Level>) -> io::Result<bool> {
        let leads = match self.lead {
            Some(lead) => lead.nearest(record, Way::Forward, self.stop)?.is_some(),
            None => true,
        };
        Ok(leads && self.judge(record, level)?)
    }

    /// The same of one that has the match that leads.
    fn judge(&mut self, record: &Range<u64>, level: Option<Level>) -> io::Result<bool> {
        self.asked += 1;
        if self.asked.is_multiple_of(256) && (self.stop)() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let passes = |filters: &Filters| filters.pass(self.lead, self.lines, record);
        Ok(self.sieve.levels.has(level) && self.sieve.filters.map_or(Ok(true), passes)?)
    }

    /// Takes the lines of a record; says how many bytes they have.
    fn take(&mut self, lines: Range<u64>, level: Option<Level>, found: &mut Vec<Line>) -> io::Result<usize> {
        let (mut at, mut bytes) = (lines.start, 0);
        while at < lines.end {
            let mut line = self.read(at)?;
            line.level = level;
            at = line.end;
            bytes += line.text.len();
            found.push(line);
        }
        Ok(bytes)
    }

    fn take_above(
        &mut self,
        lines: Range<u64>,
        level: Option<Level>,
        found: &mut VecDeque<Line>,
    ) -> io::Result<usize> {
        let mut record = Vec::new();
        let bytes = self.take(lines, level, &mut record)?;
        record.into_iter().rev().for_each(|line| found.push_front(line));
        Ok(bytes)
    }

    /// The record that holds the line at `at`, and its level. A line that belongs to none is one by itself.
    pub(super) fn record_around(&mut self, at: u64) -> io::Result<(Range<u64>, Option<Level>)> {
        let line = self.lines.start_of(at)?;
        let alone = line..self.lines.end_of(line)?;
        // In text without any records the lines above need not be read again for each line.
        let known = self.bare.binary_search(&line).map_or(0, |found| found + 1);
        self.bare.truncate(known);
        let mut start = self.bare.front().copied().unwrap_or(alone.end);
        for depth in known..=REACH {
            match self.lines.before(start)? {
                Some(before) => start = before,
                None => break,
            }
            if let Some(level) = self.starts(start)? {
                return Ok((start..self.end_of_record(alone.end, depth)?, level));
            }
            self.bare.push_front(start);
        }
        Ok((alone, None))
    }

    /// The record that begins at `at`, where another one or a line of none ends; a line that starts none is one by itself.
    fn record_from(&mut self, at: u64) -> io::Result<(Range<u64>, Option<Level>)> {
        let end = self.lines.end_of(at)?.max(at + 1);
        match self.starts(at)? {
            Some(level) => Ok((at..self.end_of_record(end, 0)?, level)),
            None => Ok((at..end, None)),
        }
    }

    /// The level of the record that a line starts, if it starts one.
    fn starts(&mut self, at: u64) -> io::Result<Option<Option<Level>>> {
        let end = self.lines.end_of(at)?;
        self.lines.text_into(at, end.min(at + LOOK as u64), &mut self.text)?;
        Ok(self.lines.format.level_of(&self.text))
    }

    /// Where a record ends of which a line so far below its first ends at `end`.
    fn end_of_record(&mut self, mut end: u64, depth: usize) -> io::Result<u64> {
        for _ in depth..REACH {
            if end >= self.lines.len() || self.starts(end)?.is_some() {
                break;
            }
            end = self.lines.end_of(end)?;
        }
        Ok(end)
    }

    pub(super) fn read(&mut self, at: u64) -> io::Result<Line> {
        let end = self.lines.end_of(at)?.max(at + 1);
        let text = self.lines.text(at, end)?;
        let head = self.lines.format.head(&text);
        let part = self.lines.part_at(at)?.and_then(|part| part.try_into().ok());
        Ok(Line { at, end, text, head, level: None, part, context: false })
    }

    /// The record that reaches over the start of the line at `at`.
    pub(super) fn above(&mut self, at: u64) -> io::Result<Above> {
        let known = match self.lines.before(at)? {
            Some(line) => self.bare.binary_search(&line).map_or(0, |found| found + 1),
            None => 0,
        };
        self.bare.truncate(known);
        let mut start = self.bare.front().copied().unwrap_or(at);
        for depth in known..REACH {
            let Some(before) = self.lines.before(start)? else { break };
            if let Some(level) = self.starts(before)? {
                return Ok(Above { level, depth });
            }
            self.bare.push_front(before);
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
pub(super) fn place(line: &mut Line, above: &mut Above) {
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
