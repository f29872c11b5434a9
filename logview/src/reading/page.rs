//! A page: some lines around a place, with the level of the record each belongs to, and only those wanted.
//!
//! A line that starts no record belongs to the record above it and shows or hides with it. How far that reaches is
//! bounded ([`REACH`]), so that a page costs the same wherever it is taken. Whole blocks in which the index knows
//! nothing wanted are passed over unread; without an index they are read, and the caller may stop that at any time.

use super::head::{Head, LOOK};
use super::index::{BLOCK, Index};
use super::lines::Lines;
use super::search::Pattern;
use log::Level;
use std::collections::VecDeque;
use std::io;

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
    /// And, if there is a pattern, lines that match it or continue one that does.
    pub matching: Option<Pattern>,
}

impl Only {
    /// All lines.
    pub const ALL: Only = Only { levels: Levels::ALL, matching: None };

    fn wants(&self, line: &Line, of_match: bool) -> bool {
        self.levels.has(line.level)
            && self.matching.as_ref().is_none_or(|pattern| of_match || pattern.is_match(&line.text))
    }
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
    index: Option<&Index>,
    (anchor, before, after): (Anchor, usize, usize),
    only: &Only,
    stop: &dyn Fn() -> bool,
) -> io::Result<Page> {
    let (at, before, after) = match anchor {
        Anchor::Start => (0, 0, before + after),
        Anchor::End => (lines.len(), before + after, 0),
        Anchor::At(at) => (lines.start_of(at)?, before, after),
    };
    let mut take = Take { lines, index, only, stop };
    let (mut found, from_start) = take.backward(at, before)?;
    let (rest, to_end) = take.forward(at, after)?;
    found.extend(rest);
    Ok(Page { lines: found, from_start, to_end })
}

/// Whether the line that starts at `start` is wanted.
///
/// # Errors
/// What the file system says.
pub fn wants(lines: &mut Lines, start: u64, only: &Only) -> io::Result<bool> {
    let mut take = Take { lines, index: None, only, stop: &|| false };
    let mut above = take.above(start)?;
    let mut line = take.read(start)?;
    take.place(&mut line, &mut above);
    Ok(only.wants(&line, above.matched))
}

struct Take<'a> {
    lines: &'a mut Lines,
    index: Option<&'a Index>,
    only: &'a Only,
    stop: &'a dyn Fn() -> bool,
}

/// The record that a line continues.
#[derive(Clone, Copy, Default)]
struct Above {
    level: Option<Level>,
    matched: bool,
    depth: usize,
}

impl Take<'_> {
    fn forward(&mut self, start: u64, want: usize) -> io::Result<(Vec<Line>, bool)> {
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
            self.place(&mut line, &mut above);
            if self.only.wants(&line, above.matched) {
                found.push(line);
            }
        }
        Ok((found, true))
    }

    fn backward(&mut self, start: u64, want: usize) -> io::Result<(Vec<Line>, bool)> {
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
            let mut wanted = Vec::with_capacity(record.len());
            for mut line in record.into_iter().rev() {
                self.place(&mut line, &mut above);
                if self.only.wants(&line, above.matched) {
                    wanted.push(line);
                }
            }
            for line in wanted.into_iter().rev() {
                found.push_front(line);
            }
        }
        let surplus = found.len().saturating_sub(want);
        found.drain(..surplus);
        Ok((found.into(), at == 0 && surplus == 0))
    }

    fn read(&mut self, at: u64) -> io::Result<Line> {
        let end = self.lines.end_of(at)?.max(at + 1);
        let text = self.lines.text(at, end)?;
        let head = self.lines.format.head(&text);
        Ok(Line { at, end, text, head, level: None })
    }

    /// Gives a line the level of its record and makes it the record above the next.
    fn place(&self, line: &mut Line, above: &mut Above) {
        if let Some(head) = &line.head {
            let matched = self.only.matching.as_ref().is_some_and(|pattern| pattern.is_match(&line.text));
            *above = Above { level: head.level, matched, depth: 0 };
        } else {
            above.depth += 1;
            if above.depth > REACH {
                *above = Above { depth: above.depth, ..Above::default() };
            }
        }
        line.level = above.level;
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
                self.lines.text_into(before, start, &mut text)?;
                let matched = self.only.matching.as_ref().is_some_and(|pattern| pattern.is_match(&text));
                return Ok(Above { level, matched, depth });
            }
            start = before;
        }
        Ok(Above { depth: REACH, ..Above::default() })
    }

    /// Where to go on if the rest of the block at `at` holds nothing wanted.
    fn skip_forward(&mut self, at: u64) -> io::Result<Option<u64>> {
        let Some(index) = self.index.filter(|_| !self.only.levels.is_all()) else { return Ok(None) };
        if !at.is_multiple_of(BLOCK) && at / BLOCK == at.saturating_sub(1) / BLOCK {
            let first = self.lines.start_of(at / BLOCK * BLOCK)?;
            if self.lines.end_of(first)? < at {
                return Ok(None); // asked once per block is enough: at its first line
            }
        }
        if !index.lacks(at / BLOCK, self.only.levels) {
            return Ok(None);
        }
        self.first_from((at / BLOCK + 1) * BLOCK).map(Some)
    }

    /// Where to go on backwards if the block before `at` holds nothing wanted.
    fn skip_backward(&mut self, at: u64) -> io::Result<Option<u64>> {
        let Some(index) = self.index.filter(|_| !self.only.levels.is_all()) else { return Ok(None) };
        let Some(block) = at.checked_sub(1).map(|last| last / BLOCK) else { return Ok(None) };
        if !index.lacks(block, self.only.levels) {
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

#[cfg(test)]
mod tests {
    use super::super::lines::tests::lines;
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "[INFO] a\n[ERROR] b\n\tat x\n\tat y\n[DEBUG] c\n[ERROR] d\n";

    fn texts(page: &Page) -> Vec<String> {
        page.lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect()
    }

    fn take(text: &str, at: (Anchor, usize, usize), only: &Only) -> Page {
        page(&mut lines(text.as_bytes()), None, at, only, &|| false).unwrap()
    }

    #[test]
    fn a_record_shows_and_hides_as_a_whole() {
        let errors = Only { levels: Levels::only(Level::Error), matching: None };
        let page = take(TEXT, (Anchor::End, 10, 0), &errors);
        assert_eq!(texts(&page), ["[ERROR] b", "\tat x", "\tat y", "[ERROR] d"]);
        assert!(page.from_start && page.to_end);
        let matching = Only { levels: Levels::ALL, matching: Pattern::new("b$").ok() };
        assert_eq!(texts(&take(TEXT, (Anchor::Start, 0, 10), &matching)), ["[ERROR] b", "\tat x", "\tat y"]);
    }

    #[test]
    fn a_page_in_the_middle_of_a_record_knows_its_level() {
        let page = take(TEXT, (Anchor::At(24), 0, 1), &Only::ALL);
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
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn pages_in_either_direction_and_with_an_index_agree(records in proptest::collection::vec(record(), 0..80)) {
            let text = records.concat();
            let mut index = Index::default();
            index.feed(text.as_bytes());
            for levels in [Levels::ALL, Levels::only(Level::Error), Levels::ALL.toggled(Level::Debug)] {
                let only = Only { levels, matching: None };
                let whole = take(&text, (Anchor::Start, 0, 1_000_000), &only);
                let mut back = Vec::new();
                let mut at = text.len() as u64;
                loop {
                    let mut lines = lines(text.as_bytes());
                    let page = page(&mut lines, Some(&index), (Anchor::At(at), 7, 0), &only, &|| false).unwrap();
                    let Some(first) = page.lines.first() else { break };
                    at = first.at;
                    back.extend(page.lines.into_iter().rev());
                }
                back.reverse();
                prop_assert_eq!(&back, &whole.lines);
                let mut lines = lines(text.as_bytes());
                let indexed = page(&mut lines, Some(&index), (Anchor::Start, 0, 1_000_000), &only, &|| false).unwrap();
                prop_assert_eq!(&indexed.lines, &whole.lines);
            }
        }
    }
}
