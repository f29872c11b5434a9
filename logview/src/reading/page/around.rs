//! Context: lines around those that are wanted, which are not wanted themselves.

use super::take::{MOST, Take, place};
use super::{Line, Page};
use std::io;

impl Take<'_> {
    /// Puts the context around the lines of a page. Beyond its ends nobody knows whose context a line would be, unless
    /// nothing wanted comes there.
    pub(super) fn put_around(&mut self, page: &mut Page) -> io::Result<()> {
        let context = self.sieve.context;
        let wanted = std::mem::take(&mut page.lines);
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return Ok(()) };
        let (start, end, whole) = (first.at, last.end, self.lines.len());
        let out = &mut page.lines;
        let mut bytes = 0;
        if page.from_start {
            self.context((0, start), (0, context), &mut bytes, out)?;
        }
        let mut at = start;
        for line in wanted {
            if line.at > at {
                self.context((at, line.at), (context, context), &mut bytes, out)?;
            }
            at = line.end;
            out.push(line);
        }
        if page.to_end {
            self.context((end, whole), (context, 0), &mut bytes, out)?;
        }
        Ok(())
    }

    /// The first and the last so many lines between two places, or all if those are all.
    fn context(
        &mut self,
        (start, end): (u64, u64),
        (first, last): (usize, usize),
        bytes: &mut usize,
        out: &mut Vec<Line>,
    ) -> io::Result<()> {
        let mut at = start;
        for _ in 0..first {
            if at >= end {
                return Ok(());
            }
            at = self.context_until(at, None, bytes, out)?;
        }
        let mut from = end;
        for _ in 0..last {
            match self.lines.before(from)?.filter(|&before| before >= at) {
                Some(before) => from = before,
                None => break,
            }
        }
        if from < end {
            self.context_until(from, Some(end), bytes, out)?;
        }
        Ok(())
    }

    /// The line at a place, or all up to another one; says where the next one starts.
    fn context_until(
        &mut self,
        mut at: u64,
        end: Option<u64>,
        bytes: &mut usize,
        out: &mut Vec<Line>,
    ) -> io::Result<u64> {
        let mut above = self.above(at)?;
        loop {
            let mut line = self.read(at)?;
            place(&mut line, &mut above);
            line.context = true;
            at = line.end;
            *bytes += line.text.len();
            // Very long ones fill any screen.
            if *bytes < MOST {
                out.push(line);
            }
            if end.is_none_or(|end| at >= end) {
                return Ok(at);
            }
        }
    }
}
