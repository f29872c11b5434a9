//! Context: lines around those that are wanted, which are not wanted themselves.

use super::take::{Above, MOST, Take, place};
use super::{Line, Page, REACH};
use std::collections::VecDeque;
use std::io;
use std::ops::Range;

/// Bytes of context in a page; where it has more it ends.
const ENOUGH: usize = 4 * MOST;

/// Lines that are looked at for context that is not hidden.
const FAR: usize = 10 * REACH;

impl Take<'_> {
    /// Puts the context around the lines of a page. Beyond its ends nobody knows whose context a line would be, unless
    /// nothing wanted comes there.
    pub(super) fn put_around(&mut self, page: &mut Page) -> io::Result<()> {
        let context = self.sieve.context;
        let wanted = std::mem::take(&mut page.lines);
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return Ok(()) };
        let (start, end, whole) = (first.at, last.end, self.lines.len());
        let mut bytes = 0;
        if page.from_start {
            self.context((0, start), (0, context), &mut bytes, &mut page.lines)?;
        }
        let mut at = start;
        for line in wanted {
            if line.at > at {
                if bytes >= ENOUGH || (self.stop)() {
                    (page.to_end, page.stopped) = (false, bytes < ENOUGH);
                    return Ok(());
                }
                self.context((at, line.at), (context, context), &mut bytes, &mut page.lines)?;
            }
            at = line.end;
            page.lines.push(line);
        }
        if page.to_end {
            self.context((end, whole), (context, 0), &mut bytes, &mut page.lines)?;
        }
        Ok(())
    }

    /// The first and the last so many lines between two places, or all if those are all; but for those that are hidden.
    fn context(
        &mut self,
        (start, end): (u64, u64),
        (first, last): (usize, usize),
        bytes: &mut usize,
        out: &mut Vec<Line>,
    ) -> io::Result<()> {
        let mut starts = VecDeque::new();
        let (mut judged, mut at, mut walked) = (None, start, 0);
        while starts.len() < first && at < end && walked < FAR {
            if !self.is_hidden(at, &mut judged)? {
                starts.push_back(at);
            }
            at = self.lines.end_of(at)?.max(at + 1);
            walked += 1;
        }
        let (mut from, mut walked, ahead) = (end, 0, starts.len());
        while starts.len() < ahead + last && walked < FAR {
            let Some(before) = self.lines.before(from)?.filter(|&before| before >= at) else { break };
            from = before;
            if !self.is_hidden(from, &mut judged)? {
                starts.insert(ahead, from);
            }
            walked += 1;
        }
        // What is wanted is whole records, so that nothing of one comes behind it.
        let (mut above, mut next) = (Above { depth: REACH, ..Above::default() }, start);
        for at in starts {
            if at != next {
                above = self.above(at)?;
            }
            let mut line = self.read(at)?;
            place(&mut line, &mut above);
            line.context = true;
            *bytes += line.text.len();
            next = line.end;
            out.push(line);
        }
        Ok(())
    }

    /// Whether the record that holds a line is hidden by what stands in it.
    fn is_hidden(&mut self, at: u64, judged: &mut Option<(Range<u64>, bool)>) -> io::Result<bool> {
        let Some(filters) = self.sieve.filters.filter(|filters| filters.any_hides()) else {
            return Ok(false);
        };
        if let Some((_, hidden)) = judged.as_ref().filter(|(record, _)| record.contains(&at)) {
            return Ok(*hidden);
        }
        let (record, _) = self.record_around(at)?;
        let text = self.lines.text(record.start, record.end)?;
        let hidden = filters.hide(&text);
        *judged = Some((record, hidden));
        Ok(hidden)
    }
}
