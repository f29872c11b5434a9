//! A page: some lines around a place, with the level of the record each belongs to, and only those wanted.
//!
//! A line that starts no record belongs to the record above it and shows or hides with it: by the record's level, and
//! by whether any line of it matches. How far that reaches is bounded ([`REACH`]), so that a page costs the same
//! wherever it is taken. Whole blocks in which the index knows nothing wanted are passed over unread, and from one match
//! to the next what [`Hits`](super::Hits) knows; what nobody knows is read, and the caller may stop that at any time.

mod around;
mod take;

use self::take::Take;
use super::filters::{Filter, Filters};
use super::head::Head;
use super::index::Index;
use super::lines::Lines;
use log::Level;
use std::io;
use std::ops::Range;

/// How many lines below its first a record can have. What follows after that stands for itself.
pub const REACH: usize = 500;

/// Lines of context around those that are wanted, at the most.
pub const MOST_CONTEXT: usize = 100;

/// A set of levels; lines that belong to no record with a level are a level of their own here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels(u8);

impl Levels {
    /// Everything.
    pub const ALL: Levels = Levels(0b11_1111);

    /// Nothing but what has no level.
    pub const OTHER: Levels = Levels(0b10_0000);

    /// Nothing but `level`.
    pub fn only(level: Level) -> Levels {
        Levels(1 << slot(Some(level)))
    }

    /// Whether `level` is among them.
    pub fn has(self, level: Option<Level>) -> bool {
        self.0 & (1 << slot(level)) != 0
    }

    /// With `level` switched over; everything if that leaves no level, or all. What has none stays as it is.
    #[must_use]
    pub fn toggled(self, level: Level) -> Levels {
        let chosen = self.0 ^ (1 << slot(Some(level)));
        if matches!(chosen & 0b1_1111, 0 | 0b1_1111) { Levels::ALL } else { Levels(chosen) }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Levels) -> Levels {
        Levels(self.0 | other.0)
    }

    /// Whether anything is in both.
    pub fn meets(self, other: Levels) -> bool {
        self.0 & other.0 != 0
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
    /// And of these those that pass the filters that are on.
    pub filters: Vec<Filter>,
    /// Around them so many lines that are not wanted themselves.
    pub context: usize,
}

impl Only {
    /// All lines.
    pub const ALL: Only = Only { levels: Levels::ALL, filters: Vec::new(), context: 0 };

    /// Whether a filter is on.
    pub fn filters(&self) -> bool {
        self.filters.iter().any(|filter| filter.on)
    }

    /// Whether anything is hidden.
    pub fn hides(&self) -> bool {
        !self.levels.is_all() || self.filters()
    }
}

/// What is wanted, and what is known that spares reading.
#[derive(Clone, Copy)]
pub struct Sieve<'a> {
    /// Records of these levels.
    pub levels: Levels,
    /// And of these those that pass.
    pub filters: Option<&'a Filters>,
    /// What is known of the blocks.
    pub index: Option<&'a Index>,
    /// Lines around them that are not wanted themselves.
    pub context: usize,
}

impl Sieve<'_> {
    /// All lines.
    pub const ALL: Sieve<'static> = Sieve { levels: Levels::ALL, filters: None, index: None, context: 0 };

    /// Whether every line is wanted.
    pub fn is_all(&self) -> bool {
        self.levels.is_all() && self.filters.is_none()
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
    /// Where several logs are shown as one: which of them it is from.
    pub part: Option<u16>,
    /// It is not wanted itself; it stands near one that is.
    pub context: bool,
}

impl Line {
    /// Whether it ends with a newline, and is neither a piece of a very long line nor still being written.
    pub fn has_ended(&self) -> bool {
        (self.text.len() as u64) < self.end - self.at
    }
}

/// Where a page is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// From the first line on.
    Start,
    /// Up to the last line.
    End,
    /// Up to the last line of one of several logs that are shown as one.
    EndOf(usize),
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
    /// It was ended early: whoever asks again may get more.
    pub stopped: bool,
}

/// Takes a page of up to `before` wanted lines before the anchor and `after` from it on, and the context of those whose
/// neighbours are known. `stop` is asked now and then and ends it early, with what was found so far.
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
        Anchor::EndOf(part) => (lines.end_of_part(part)?, before + after, 0),
        Anchor::At(at) => (lines.start_of(at)?, before, after),
    };
    let mut take = Take::new(lines, sieve, stop);
    let ((mut found, from_start), (rest, to_end)) = match sieve.filters {
        Some(_) => (take.passing_before(at, before)?, take.passing_from(at, after)?),
        None => (take.backward(at, before)?, take.forward(at, after)?),
    };
    found.extend(rest);
    let stopped = !(from_start && to_end) && stop();
    let mut page = Page { lines: found, from_start, to_end, stopped };
    if sieve.context > 0 && !sieve.is_all() {
        take.put_around(&mut page)?;
    }
    Ok(page)
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
    let mut take = Take::new(lines, sieve, stop);
    let (record, level) = take.record_around(start)?;
    take.wants(&record, level)
}

/// A record as it stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Where it starts and ends, or where it was cut.
    pub range: Range<u64>,
    /// Its bytes, without the last newline.
    pub text: Vec<u8>,
    /// Whether it goes on beyond [`MOST_OF_RECORD`].
    pub cut: bool,
    /// What stands before its message besides time, level and target, by name.
    pub named: Vec<(String, Range<usize>)>,
}

/// Bytes of a record that are handed out at most.
pub const MOST_OF_RECORD: u64 = 1 << 20;

/// Where the record starts and ends that holds the line at `at`.
///
/// # Errors
/// What the file system says.
pub fn record_range(lines: &mut Lines, at: u64) -> io::Result<Range<u64>> {
    Ok(Take::new(lines, Sieve::ALL, &|| false).record_around(at)?.0)
}

/// The record that holds the line at `at`, to be copied or looked at by itself.
///
/// # Errors
/// What the file system says.
pub fn whole_record(lines: &mut Lines, at: u64) -> io::Result<Record> {
    let mut range = record_range(lines, at)?;
    let cut = range.end - range.start > MOST_OF_RECORD;
    range.end = range.end.min(range.start + MOST_OF_RECORD);
    let text = lines.text(range.start, range.end)?;
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let named = lines.format.named(first);
    Ok(Record { range, text, cut, named })
}

#[cfg(test)]
mod tests {
    use super::super::filters::pass;
    use super::super::index::tests::indexed;
    use super::super::lines::tests::{Memory, lines};
    use super::*;
    use crate::reading::{Format, Pattern};
    use proptest::prelude::*;
    use std::sync::Arc;

    const TEXT: &str = "[INFO] a\n[ERROR] b\n\tat x\n\tat y\n[DEBUG] c\n[ERROR] d\n";

    fn texts(page: &Page) -> Vec<String> {
        page.lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect()
    }

    /// Those that hide begin with a `-`.
    fn filter(pattern: &str) -> Filter {
        let hidden = pattern.strip_prefix('-');
        Filter {
            pattern: Pattern::new(hidden.unwrap_or(pattern)).unwrap(),
            hides: hidden.is_some(),
            on: true,
        }
    }

    fn filters(text: &[u8], patterns: &[&str]) -> Option<Filters> {
        let bytes = Arc::new(Memory(text.to_vec()));
        let patterns: Vec<Filter> = patterns.iter().map(|pattern| filter(pattern)).collect();
        Filters::new(&patterns, (None, None), (bytes, text.len() as u64), &Format::default())
    }

    fn take(text: &str, at: (Anchor, usize, usize), levels: Levels, patterns: &[&str]) -> Page {
        around(text, at, levels, patterns, 0)
    }

    fn around(
        text: &str,
        at: (Anchor, usize, usize),
        levels: Levels,
        patterns: &[&str],
        context: usize,
    ) -> Page {
        let (filters, index) = (filters(text.as_bytes(), patterns), indexed(text.as_bytes(), 0));
        let sieve = Sieve { levels, filters: filters.as_ref(), index: Some(&index), context };
        page(&mut lines(text.as_bytes()), at, sieve, &|| false).unwrap()
    }

    #[test]
    fn a_record_shows_and_hides_as_a_whole() {
        let page = take(TEXT, (Anchor::End, 10, 0), Levels::only(Level::Error), &[]);
        assert_eq!(texts(&page), ["[ERROR] b", "\tat x", "\tat y", "[ERROR] d"]);
        assert!(page.from_start && page.to_end);
        for pattern in ["b$", "at y"] {
            let page = take(TEXT, (Anchor::Start, 0, 10), Levels::ALL, &[pattern]);
            assert_eq!(texts(&page), ["[ERROR] b", "\tat x", "\tat y"]);
        }
        let none = take(TEXT, (Anchor::End, 10, 0), Levels::only(Level::Debug), &["at y"]);
        assert!(none.lines.is_empty() && none.from_start && none.to_end);
    }

    #[test]
    fn shown_is_what_passes_all_filters_whichever_of_its_lines_does() {
        let all = |patterns: &[&str]| texts(&take(TEXT, (Anchor::Start, 0, 99), Levels::ALL, patterns));
        let back = |patterns: &[&str]| texts(&take(TEXT, (Anchor::End, 99, 0), Levels::ALL, patterns));
        for (patterns, wanted) in [
            (&["-at y"][..], &["[INFO] a", "[DEBUG] c", "[ERROR] d"][..]),
            (&["ERROR", "at x"], &["[ERROR] b", "\tat x", "\tat y"]),
            (&["ERROR", "-at x"], &["[ERROR] d"]),
            (&["-ERROR", "-INFO"], &["[DEBUG] c"]),
            (&["-."], &[]),
            (&["ERROR", "c$"], &[]),
        ] {
            assert_eq!((all(patterns), back(patterns)), (texts_of(wanted), texts_of(wanted)), "{patterns:?}");
        }
    }

    fn texts_of(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn context_stands_around_what_is_wanted_and_says_that_it_is_context() {
        let marked = |page: &Page| -> Vec<String> {
            let mark = |line: &Line| if line.context { "~" } else { "" };
            page.lines
                .iter()
                .map(|line| format!("{}{}", mark(line), String::from_utf8_lossy(&line.text)))
                .collect()
        };
        let all = (Anchor::Start, 0, 99);
        let page = around(TEXT, all, Levels::ALL, &["c$"], 1);
        assert_eq!(marked(&page), ["~\tat y", "[DEBUG] c", "~[ERROR] d"]);
        assert_eq!(page.lines[0].level, Some(Level::Error), "of its record");
        let page = around(TEXT, all, Levels::only(Level::Error), &[], 1);
        assert_eq!(marked(&page), ["~[INFO] a", "[ERROR] b", "\tat x", "\tat y", "~[DEBUG] c", "[ERROR] d"]);
        // Beyond the ends of a page it is not known whose context that would be.
        let page = around(TEXT, (Anchor::At(32), 0, 1), Levels::ALL, &["-INFO"], 5);
        assert_eq!((marked(&page), page.from_start), (texts_of(&["[DEBUG] c"]), false));
        // What is hidden is no context either.
        let page = around(TEXT, all, Levels::ALL, &["c$", "-at x"], 1);
        assert_eq!(marked(&page), ["~[INFO] a", "[DEBUG] c", "~[ERROR] d"]);
    }

    #[test]
    fn what_all_filters_hide_for_long_is_passed_over() {
        let text =
            format!("[INFO] first\n{}[WARN] last\n", "[DEBUG] again and again\n\tand more\n".repeat(70_000));
        let bytes = Arc::new(Memory(text.clone().into_bytes()));
        let hides = [filter("-again")];
        let len = text.len() as u64;
        let filters = Filters::new(&hides, (None, None), (bytes.clone(), len), &Format::default());
        let sieve = Sieve { filters: filters.as_ref(), ..Sieve::ALL };
        let mut lines = Lines::new(bytes.clone(), len);
        for around in [(Anchor::Start, 0, 5), (Anchor::End, 5, 0), (Anchor::At(len / 2), 5, 5)] {
            let page = page(&mut lines, around, sieve, &|| false).unwrap();
            assert_eq!(texts(&page), ["[INFO] first", "[WARN] last"], "{around:?}");
            assert!(page.from_start && page.to_end);
        }
        let stopped = Filters::new(&hides, (None, None), (bytes, len), &Format::default());
        let sieve = Sieve { filters: stopped.as_ref(), ..sieve };
        let page = page(&mut lines, (Anchor::At(len / 2), 5, 5), sieve, &|| true).unwrap();
        assert!(page.stopped && page.lines.is_empty() && !page.to_end);
    }

    #[test]
    fn what_a_filter_means_is_the_same_whichever_of_them_leads() {
        let text = "[ERROR] commit begun\n[INFO] other one failed\n[INFO] other\n";
        for patterns in [&["commit[^x]*failed"][..], &["commit[^x]*failed", "o"], &["o", "commit[^x]*failed"]]
        {
            let page = take(text, (Anchor::Start, 0, 99), Levels::ALL, patterns);
            assert_eq!(texts(&page), texts_of(&[]), "no match goes over the end of a record: {patterns:?}");
        }
    }

    #[test]
    fn of_a_very_long_line_only_the_pieces_are_hidden_that_match() {
        let mut text = vec![b'x'; 4 << 20];
        for at in [100_000, 1_100_000, 2_200_000, 3_300_000] {
            text[at..at + 4].copy_from_slice(b"hide");
        }
        let filters = filters(&text, &["-hide"]);
        let sieve = Sieve { filters: filters.as_ref(), ..Sieve::ALL };
        let shown = page(&mut lines(&text), (Anchor::Start, 0, 9999), sieve, &|| false).unwrap().lines;
        assert_eq!(shown.len(), 124);
    }

    #[test]
    fn a_page_in_the_middle_of_a_record_knows_its_level() {
        let page = take(TEXT, (Anchor::At(24), 0, 1), Levels::ALL, &[]);
        assert_eq!((texts(&page), page.lines[0].level), (vec!["\tat x".to_owned()], Some(Level::Error)));
        assert!(!page.to_end);
    }

    #[test]
    fn levels_are_switched_and_never_all_off() {
        let errors = Levels::only(Level::Error);
        assert!(errors.has(Some(Level::Error)) && !errors.has(None));
        assert!(errors.toggled(Level::Error).is_all());
        assert!(!Levels::ALL.toggled(Level::Info).has(Some(Level::Info)));
        assert!(Levels::ALL.toggled(Level::Info).has(None) && !errors.toggled(Level::Warn).has(None));
    }

    #[test]
    fn very_long_lines_fill_a_page_before_they_fill_the_memory() {
        let text = "x".repeat(32 << 20);
        for anchor in [Anchor::Start, Anchor::End, Anchor::At(16 << 20)] {
            let page = take(&text, (anchor, 4000, 4000), Levels::ALL, &[]);
            let bytes: usize = page.lines.iter().map(|line| line.text.len()).sum();
            assert!((6 << 20..14 << 20).contains(&bytes), "{anchor:?}: {bytes}");
            assert!(!page.from_start || !page.to_end);
        }
    }

    #[test]
    fn a_record_is_taken_whole_from_any_of_its_lines_and_never_too_much_of_it() {
        let mut lines = lines(TEXT.as_bytes());
        for at in [9, 19, 20, 30] {
            let record = whole_record(&mut lines, at).unwrap();
            assert_eq!(
                (record.range, &record.text[..], record.cut),
                (9..31, &b"[ERROR] b\n\tat x\n\tat y"[..], false)
            );
        }
        let long = format!("[INFO] {}\n", "x\n".repeat(20) + &"y".repeat(3 << 20));
        let record = whole_record(&mut super::super::lines::tests::lines(long.as_bytes()), 0).unwrap();
        assert_eq!((record.text.len() as u64, record.cut), (MOST_OF_RECORD, true));
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
            let all = take(&text, (Anchor::Start, 0, 1_000_000), Levels::ALL, &[]).lines;
            let index = indexed(text.as_bytes(), 0);
            let middle = lines(text.as_bytes()).start_of((text.len() as f64 * middle) as u64).unwrap();
            for levels in [Levels::ALL, Levels::only(Level::Error), Levels::ALL.toggled(Level::Debug)] {
                for patterns in [&[][..], &["more"], &["r\\] x{500}"], &["-x{500}"], &["x{500}", "-more"], &["x", "more", "-O"]] {
                    let on: Vec<Filter> = patterns.iter().map(|pattern| filter(pattern)).collect();
                    let (mut wanted, mut there): (Vec<Line>, Vec<Line>) = (Vec::new(), Vec::new());
                    let hides: Vec<Filter> = on.iter().filter(|filter| filter.hides).cloned().collect();
                    for record in all.chunk_by(|a, b| a.level == b.level && b.head.is_none() && (a.head.is_some() || a.level.is_some())) {
                        let text = record.iter().map(|line| line.text.as_slice()).collect::<Vec<_>>().join(&b'\n');
                        if levels.has(record[0].level) && pass(&on, &text) {
                            wanted.extend_from_slice(record);
                        }
                        // What is hidden is nobody's context.
                        if pass(&hides, &text) {
                            there.extend_from_slice(record);
                        }
                    }
                    let (filters, mut lines) = (filters(text.as_bytes(), patterns), lines(text.as_bytes()));
                    let sieve = Sieve { levels, filters: filters.as_ref(), index: Some(&index), context: 0 };
                    let near = Sieve { context: 2, ..sieve };
                    let whole = page(&mut lines, (Anchor::Start, 0, 1_000_000), near, &|| false).unwrap();
                    prop_assert!(whole.lines.windows(2).all(|pair| pair[0].end <= pair[1].at));
                    let (context, own): (Vec<Line>, Vec<Line>) = whole.lines.into_iter().partition(|line| line.context);
                    prop_assert_eq!(&own, &wanted);
                    let nth = |at: u64| there.partition_point(|line| line.at < at);
                    let near = |line: &Line| wanted.iter().any(|own| nth(own.at).abs_diff(nth(line.at)) <= 2);
                    let expected = there.iter().filter(|line| near(line) && !wanted.contains(line) && !sieve.is_all());
                    prop_assert!(context.iter().map(|line| (line.at, line.level)).eq(expected.map(|line| (line.at, line.level))));
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_the_bytes_are_the_lines_are_those_of_the_file(
            parts in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..80), 0..40_000usize), 0..30),
            at in 0.0..1.0f64, which in 0..5usize,
        ) {
            let bytes: Vec<u8> = parts.into_iter()
                .flat_map(|(bytes, pad)| bytes.into_iter().chain(std::iter::repeat_n(0, pad)).chain(*b"\n[WARN] x\n"))
                .collect();
            let (memory, len) = (Arc::new(Memory(bytes.clone())), bytes.len() as u64);
            let index = indexed(&bytes, (len as f64 * at) as u64);
            let mut lines = lines(&bytes);
            let whole = page(&mut lines, (Anchor::Start, 0, 1 << 20), Sieve::ALL, &|| false).unwrap();
            let ends = std::iter::once(0).chain(whole.lines.iter().map(|line| line.end));
            prop_assert!(whole.lines.iter().map(|line| line.at).zip(ends).all(|(at, end)| at == end));
            prop_assert_eq!(whole.lines.last().map_or(0, |line| line.end), len);
            let pattern = ["a", r"\x00", ".", "[^a]", ""][which];
            for (levels, hides) in [(Levels::ALL, false), (Levels::ALL, true), (Levels::only(Level::Warn), false)] {
                let on = [Filter { pattern: Pattern::new(pattern).unwrap(), hides, on: true }];
                let filters = Filters::new(&on, (None, None), (memory.clone(), len), &Format::default());
                let sieve = Sieve { levels, filters: filters.as_ref(), index: Some(&index), context: usize::from(hides) };
                let some = page(&mut lines, (Anchor::At((len as f64 * at) as u64), 9, 9), sieve, &|| false).unwrap();
                let same = |line: &Line| whole.lines.iter().any(|other| (other.at, &other.text, other.level) == (line.at, &line.text, line.level));
                prop_assert!(some.lines.iter().all(same));
                prop_assert!(some.lines.is_sorted_by_key(|line| line.at));
            }
        }
    }
}
