//! A page: some lines around a place, with the level of the record each belongs to, and only those wanted.
//!
//! A line that starts no record belongs to the record above it and shows or hides with it: by the record's level, and
//! by whether any line of it matches. How far that reaches is bounded ([`REACH`]), so that a page costs the same
//! wherever it is taken. Whole blocks in which the index knows nothing wanted are passed over unread, and from one match
//! to the next what [`Hits`] knows; what nobody knows is read, and the caller may stop that at any time.

use super::head::{Head, LOOK};
use super::hits::Hits;
use super::index::{BLOCK, Index};
use super::lines::Lines;
use super::search::{Pattern, Way};
use log::Level;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;

/// How many lines below its first a record can have. What follows after that stands for itself.
pub const REACH: usize = 500;

/// A set of levels; lines that belong to no record with a level are a level of their own here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels(u8);

impl Levels {
    /// Everything.
    pub const ALL: Levels = Levels(0b11_1111);

    /// Nothing but `level`.
    pub fn only(level: Level) -> Levels {
        Levels(1 << slot(Some(level)))
    }

    /// Whether `level` is among them.
    pub fn has(self, level: Option<Level>) -> bool {
        self.0 & (1 << slot(level)) != 0
    }

    /// With `level` switched over; everything if that leaves nothing.
    #[must_use]
    pub fn toggled(self, level: Level) -> Levels {
        // Lines without a level come with "everything" only: whoever chooses levels does not mean them.
        let chosen = (self.0 ^ (1 << slot(Some(level)))) & 0b1_1111;
        if chosen == 0 || chosen == 0b1_1111 { Levels::ALL } else { Levels(chosen) }
    }

    /// Whether it is everything.
    pub fn is_all(self) -> bool {
        self == Levels::ALL
    }
}

/// Where a level is counted: error first, "none" last.
pub fn slot(level: Option<Level>) -> usize {
    level.map_or(5, |level| level as usize - 1)
}

/// Which lines are wanted.
#[derive(Clone, Debug)]
pub struct Only {
    /// Records of these levels.
    pub levels: Levels,
    /// And, if there is a pattern, of these those of which a line matches.
    pub matching: Option<Pattern>,
}

impl Only {
    /// All lines.
    pub const ALL: Only = Only { levels: Levels::ALL, matching: None };
}

/// What is wanted, and what is known that spares reading.
#[derive(Clone, Copy)]
pub struct Sieve<'a> {
    /// Records of these levels.
    pub levels: Levels,
    /// And of these those of which a line matches.
    pub hits: Option<&'a Hits>,
    /// What is known of the blocks.
    pub index: Option<&'a Index>,
}

impl Sieve<'_> {
    /// All lines.
    pub const ALL: Sieve<'static> = Sieve { levels: Levels::ALL, hits: None, index: None };
}

/// One line, or one piece of a very long one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it starts.
    pub at: u64,
    /// Where the next one starts.
    pub end: u64,
    /// Its bytes without the newline.
    pub text: Vec<u8>,
    /// What its first bytes say, if it starts a record.
    pub head: Option<Head>,
    /// The level of the record it belongs to.
    pub level: Option<Level>,
}

/// Where a page is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// From the first line on.
    Start,
    /// Up to the last line.
    End,
    /// Around the line that holds this offset.
    At(u64),
}

/// Lines in a row, as far as they are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of the file.
    pub lines: Vec<Line>,
    /// No wanted line comes before them.
    pub from_start: bool,
    /// No wanted line comes after them.
    pub to_end: bool,
}

/// Takes a page of up to `before` wanted lines before the anchor and `after` from it on. `stop` is asked now and
/// then and ends it early, with what was found so far.
///
/// # Errors
/// What the file system says.
pub fn page(
    lines: &mut Lines,
    (anchor, before, after): (Anchor, usize, usize),
    sieve: Sieve,
    stop: &(dyn Fn() -> bool + Sync),
) -> io::Result<Page> {
    let (at, before, after) = match anchor {
        Anchor::Start => (0, 0, before + after),
        Anchor::End => (lines.len(), before + after, 0),
        Anchor::At(at) => (lines.start_of(at)?, before, after),
    };
    let mut take = Take { lines, sieve, stop };
    let ((mut found, from_start), (rest, to_end)) = match sieve.hits {
        Some(hits) => (take.matching_before(hits, at, before)?, take.matching_from(hits, at, after)?),
        None => (take.backward(at, before)?, take.forward(at, after)?),
    };
    found.extend(rest);
    Ok(Page { lines: found, from_start, to_end })
}

/// Whether the line that starts at `start` is wanted.
///
/// # Errors
/// What the file system says; `Interrupted` if `stop` said so.
pub fn wants(
    lines: &mut Lines,
    start: u64,
    sieve: Sieve,
    stop: &(dyn Fn() -> bool + Sync),
) -> io::Result<bool> {
    let mut take = Take { lines, sieve, stop };
    let (record, level) = take.record_around(start)?;
    let matches = match sieve.hits {
        Some(hits) => hits.nearest(&record, Way::Forward, stop)?.is_some(),
        None => true,
    };
    Ok(matches && sieve.levels.has(level))
}

/// The record that holds the line at `at`: where it starts and ends.
///
/// # Errors
/// What the file system says.
pub fn record(lines: &mut Lines, at: u64) -> io::Result<Range<u64>> {
    Ok(Take { lines, sieve: Sieve::ALL, stop: &|| false }.record_around(at)?.0)
}

struct Take<'a> {
    lines: &'a mut Lines,
    sieve: Sieve<'a>,
    stop: &'a (dyn Fn() -> bool + Sync),
}

/// The record that a line continues.
#[derive(Clone, Copy, Default)]
struct Above {
    level: Option<Level>,
    depth: usize,
}

/// What was found, and whether there is nothing more that way.
type Part = (Vec<Line>, bool);

impl Take<'_> {
    fn forward(&mut self, start: u64, want: usize) -> io::Result<Part> {
        let mut found = Vec::with_capacity(want.min(1024));
        let mut at = start;
        let mut above = self.above(at)?;
        let mut steps = 0usize;
        while at < self.lines.len() {
            if found.len() >= want {
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
                found.push(line);
            }
        }
        Ok((found, true))
    }

    fn backward(&mut self, start: u64, want: usize) -> io::Result<Part> {
        let mut found = VecDeque::with_capacity(want.min(1024));
        let mut at = start;
        let mut steps = 0usize;
        while found.len() < want {
            steps += 1;
            if steps.is_multiple_of(256) && (self.stop)() {
                return Ok((found.into(), false));
            }
            if let Some(next) = self.skip_backward(at)? {
                at = next;
                continue;
            }
            // A record from its last line up to its head, then judged from the head down.
            let mut record = Vec::new();
            while record.len() <= want.min(REACH) {
                let Some(before) = self.lines.before(at)? else { break };
                at = before;
                let line = self.read(at)?;
                let done = line.head.is_some();
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
            record.into_iter().for_each(|line| found.push_front(line));
        }
        let surplus = found.len().saturating_sub(want);
        found.drain(..surplus);
        Ok((found.into(), at == 0 && surplus == 0))
    }

    /// As [`Take::forward`], from one match to the next.
    fn matching_from(&mut self, hits: &Hits, start: u64, want: usize) -> io::Result<Part> {
        let mut found = Vec::new();
        let mut at = start;
        // A record that begins above may match there.
        let (record, level) = self.record_around(at)?;
        if record.start < at && at < record.end && self.matches(hits, &record)? == Some(true) {
            self.take(at..record.end, level, &mut found)?;
            at = record.end;
        }
        while found.len() < want {
            match hits.nearest(&(at..self.lines.len()), Way::Forward, self.stop) {
                Ok(Some(hit)) => {
                    let (record, level) = self.record_around(hit)?;
                    self.take(record.start.max(at)..record.end, level, &mut found)?;
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
    fn matching_before(&mut self, hits: &Hits, start: u64, want: usize) -> io::Result<Part> {
        let mut found = VecDeque::new();
        let mut at = start;
        let mut first = self.lines.before(at)?;
        while found.len() < want {
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
            self.take(record.start..record.end.min(at), level, &mut of_record)?;
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

    /// The lines of a record, if its level is wanted.
    fn take(&mut self, lines: Range<u64>, level: Option<Level>, found: &mut Vec<Line>) -> io::Result<()> {
        let mut at = lines.start;
        while at < lines.end && self.sieve.levels.has(level) {
            let mut line = self.read(at)?;
            line.level = level;
            at = line.end;
            found.push(line);
        }
        Ok(())
    }

    /// The record that holds the line at `at`, and its level. A line that belongs to none is one by itself.
    fn record_around(&mut self, at: u64) -> io::Result<(Range<u64>, Option<Level>)> {
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
        Ok(Line { at, end, text, head, level: None })
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

#[cfg(test)]
mod tests {
    use super::super::index::tests::indexed;
    use super::super::lines::tests::{Memory, lines};
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    const TEXT: &str = "[INFO] a\n[ERROR] b\n\tat x\n\tat y\n[DEBUG] c\n[ERROR] d\n";

    fn texts(page: &Page) -> Vec<String> {
        page.lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect()
    }

    fn hits(text: &str, pattern: Option<&str>) -> Option<Hits> {
        let bytes = Arc::new(Memory(text.as_bytes().to_vec()));
        pattern.map(|pattern| Hits::new(Pattern::new(pattern).unwrap(), bytes, text.len() as u64))
    }

    fn take(text: &str, at: (Anchor, usize, usize), levels: Levels, pattern: Option<&str>) -> Page {
        let (hits, index) = (hits(text, pattern), indexed(text.as_bytes(), 0));
        let sieve = Sieve { levels, hits: hits.as_ref(), index: Some(&index) };
        page(&mut lines(text.as_bytes()), at, sieve, &|| false).unwrap()
    }

    #[test]
    fn a_record_shows_and_hides_as_a_whole() {
        let page = take(TEXT, (Anchor::End, 10, 0), Levels::only(Level::Error), None);
        assert_eq!(texts(&page), ["[ERROR] b", "\tat x", "\tat y", "[ERROR] d"]);
        assert!(page.from_start && page.to_end);
        for pattern in ["b$", "at y"] {
            let page = take(TEXT, (Anchor::Start, 0, 10), Levels::ALL, Some(pattern));
            assert_eq!(texts(&page), ["[ERROR] b", "\tat x", "\tat y"]);
        }
        let none = take(TEXT, (Anchor::End, 10, 0), Levels::only(Level::Debug), Some("at y"));
        assert!(none.lines.is_empty() && none.from_start && none.to_end);
    }

    #[test]
    fn a_page_in_the_middle_of_a_record_knows_its_level() {
        let page = take(TEXT, (Anchor::At(24), 0, 1), Levels::ALL, None);
        assert_eq!((texts(&page), page.lines[0].level), (vec!["\tat x".to_owned()], Some(Level::Error)));
        assert!(!page.to_end);
    }

    #[test]
    fn levels_are_switched_and_never_all_off() {
        let errors = Levels::only(Level::Error);
        assert!(errors.has(Some(Level::Error)) && !errors.has(None));
        assert!(errors.toggled(Level::Error).is_all());
        assert!(!Levels::ALL.toggled(Level::Info).has(Some(Level::Info)));
    }

    fn record() -> impl Strategy<Value = String> {
        let level = prop_oneof![Just("[ERROR]"), Just("[INFO]"), Just("[DEBUG]"), Just("plain")];
        (level, 0..4usize, 0..3000usize).prop_map(|(level, lines, pad)| {
            format!("{level} {}\n{}", "x".repeat(pad * pad / 90), "\tmore\n".repeat(lines))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn pages_in_either_direction_agree_with_what_is_wanted(
            records in proptest::collection::vec(record(), 0..60), middle in 0.0..1.0f64,
        ) {
            let text = records.concat();
            let all = take(&text, (Anchor::Start, 0, 1_000_000), Levels::ALL, None).lines;
            let index = indexed(text.as_bytes(), 0);
            let middle = lines(text.as_bytes()).start_of((text.len() as f64 * middle) as u64).unwrap();
            for levels in [Levels::ALL, Levels::only(Level::Error), Levels::ALL.toggled(Level::Debug)] {
                for pattern in [None, Some("more"), Some("r\\] x{500}")] {
                    let regex = Pattern::new(pattern.unwrap_or("")).unwrap();
                    let mut wanted: Vec<Line> = Vec::new();
                    for record in all.chunk_by(|a, b| a.level == b.level && b.head.is_none() && (a.head.is_some() || a.level.is_some())) {
                        if levels.has(record[0].level) && record.iter().any(|line| regex.is_match(&line.text)) {
                            wanted.extend_from_slice(record);
                        }
                    }
                    let (hits, mut lines) = (hits(&text, pattern), lines(text.as_bytes()));
                    let sieve = Sieve { levels, hits: hits.as_ref(), index: Some(&index) };
                    let (mut back, mut at) = (Vec::new(), text.len() as u64);
                    loop {
                        let page = page(&mut lines, (Anchor::At(at), 7, 0), sieve, &|| false).unwrap();
                        let Some(first) = page.lines.first() else { break };
                        at = first.at;
                        back.extend(page.lines.into_iter().rev());
                    }
                    back.reverse();
                    prop_assert_eq!(&back, &wanted);
                    let (before, after): (Vec<Line>, Vec<Line>) = wanted.into_iter().partition(|line| line.at < middle);
                    let here = page(&mut lines, (Anchor::At(middle), 5, 1_000_000), sieve, &|| false).unwrap();
                    let above = here.lines.partition_point(|line| line.at < middle);
                    prop_assert_eq!(&here.lines[..above], &before[before.len().saturating_sub(5)..]);
                    prop_assert_eq!(&here.lines[above..], &after[..]);
                    prop_assert!(here.to_end);
                }
            }
        }
    }
}
