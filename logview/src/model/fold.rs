//! Which of the loaded lines stand on the screen: a record's other lines, and records that say the same again, are folded
//! into one row, unless a person wants to see them or something in them is looked for.

use super::log::Log;
use super::ruler::ruled;
use crate::reading::head::Form;
use crate::reading::{Line, Page, Pattern};
use std::collections::BTreeSet;

/// Fewer lines than these are not worth a row that stands for them.
const LEAST: usize = 3;

/// How many rows above the last one a line can stand beside another: what comes later in the page is not to be looked for
/// all over it.
pub const BESIDE: usize = 8;

/// What a loaded line is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Itself.
    Whole,
    /// A row that stands for it and the hidden ones below it.
    Folded(Fold),
    /// Nothing.
    Hidden,
}

/// Lines that are folded into one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// How many.
    pub lines: usize,
    /// What they are.
    pub what: What,
    /// Whether all of them are loaded, so that the number is right.
    pub complete: bool,
}

/// What is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Where an error came from.
    Trace,
    /// Other lines of a record.
    Lines,
    /// Records that say the same as the one above; the last of them is this loaded line.
    Same(usize),
}

/// What a person wants folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folding {
    /// Whether things are folded at all.
    pub on: bool,
    /// Lines, by offset, below which it is the other way round.
    pub except: BTreeSet<u64>,
    /// What reaches over an end of the loaded lines is not folded: there would be too little left on the screen.
    pub inner: bool,
}

impl Default for Folding {
    fn default() -> Folding {
        Folding { on: true, except: BTreeSet::new(), inner: false }
    }
}

impl Log {
    /// Folds the loaded lines anew.
    pub fn refold(&mut self) {
        self.ruled = ruled(&self.page, &self.rulers);
        let breaks = self.breaks();
        let searched = self.search.as_ref().map(|search| &search.pattern);
        let patterns: Vec<&Pattern> = searched.into_iter().chain(self.shown_for()).collect();
        self.shown = shown((&self.page, &breaks), &self.folding, &patterns);
        self.beside = if self.split { self.abreast() } else { Vec::new() };
        let top = self.top_index();
        let seen =
            (0..=top).rev().find(|&at| self.shown.get(at).is_some_and(|shown| *shown != Shown::Hidden));
        if let Some(seen) = seen.filter(|&seen| seen < top) {
            (self.top, self.row) = (self.page.lines[seen].at, 0);
        }
    }

    /// Which lines stand beside one above: what two logs have written in the same second after their starts stands on the same
    /// rows, and how many rows above the last one. `None` for a line with a row of its own.
    fn abreast(&self) -> Vec<Option<usize>> {
        let mut second = None;
        let mut rows = [0; 2];
        let line = |(at, line): (usize, &Line)| {
            let side = usize::from(line.part.unwrap_or(0)).min(1);
            let now = self.time_at(line).map(|(second, _)| second);
            if let Some(now) = now.filter(|now| second != Some(*now)) {
                (second, rows) = (Some(now), [0; 2]);
            }
            if self.shown.get(at) == Some(&Shown::Hidden) {
                return None;
            }
            let (own, other) = (rows[side], rows[1 - side]);
            if own < other && other - own <= BESIDE {
                rows[side] += 1;
                return Some(other - 1 - own);
            }
            rows[side] = own.max(other) + 1;
            None
        };
        self.page.lines.iter().enumerate().map(line).collect()
    }

    /// The loaded lines above which something else stands.
    fn breaks(&self) -> Vec<usize> {
        let mut breaks: Vec<usize> = self.ruled.iter().map(|(at, _)| *at).collect();
        if self.only.context > 0 {
            breaks = (0..self.page.lines.len()).filter(|&at| self.rows_above(at) > 0).collect();
        }
        breaks
    }

    /// The line above a fold that holds this one, whether it is folded or not, by the page's numbers.
    pub fn fold_of(&self, at: usize) -> Option<usize> {
        let all = Folding { on: true, ..Folding::default() };
        let shown = shown((&self.page, &self.breaks()), &all, &[]);
        match shown.get(at)? {
            Shown::Whole => matches!(shown.get(at + 1), Some(Shown::Folded(_))).then_some(at),
            _ => (0..at).rev().find(|&at| shown[at] == Shown::Whole),
        }
    }

    /// The first and the last of the records that stand in one row since they say the same, if the line at this offset is one.
    pub fn run_of(&self, offset: u64) -> Option<(usize, usize)> {
        let at = self.page.lines.partition_point(|line| line.at < offset);
        self.page.lines.get(at).filter(|line| line.at == offset)?;
        let head = (0..=at).rev().find(|&at| self.shown.get(at) == Some(&Shown::Whole))?;
        match self.shown.get(head + 1)? {
            Shown::Folded(Fold { what: What::Same(last), .. }) if at <= *last => Some((head, *last)),
            _ => None,
        }
    }

    /// Shows a line that is folded away.
    pub fn unfold(&mut self, offset: u64) {
        let at = self.page.lines.partition_point(|line| line.at < offset);
        if self.shown.get(at).is_some_and(|shown| *shown != Shown::Whole)
            && let Some(head) = self.fold_of(at)
        {
            self.flip(head);
        }
    }

    /// Folds or unfolds what is below this line.
    pub fn flip(&mut self, at: usize) {
        let offset = self.page.lines[at].at;
        if !self.folding.except.remove(&offset) {
            self.folding.except.insert(offset);
        }
        self.refold();
    }
}

/// What each line of a page is; above the lines `breaks` something else stands, so that they begin anew.
fn shown((page, breaks): (&Page, &[usize]), folding: &Folding, patterns: &[&Pattern]) -> Vec<Shown> {
    let lines = &page.lines;
    let mut shown = vec![Shown::Whole; lines.len()];
    let mut at = 0;
    while at < lines.len() {
        let (end, what) = group(lines, at, breaks);
        let hidden = end - at - 1;
        let same = matches!(what, What::Same(_));
        let complete = (page.to_end || end < lines.len()) && (page.from_start || at > 0 || !same);
        let wanted = folding.on != folding.except.contains(&lines[at].at);
        let looked_for = |line: &Line| patterns.iter().any(|pattern| pattern.is_match(&line.text));
        if hidden + usize::from(same) >= LEAST
            && wanted
            && (complete || !folding.inner)
            && (same || !lines[at + 1..end].iter().any(looked_for))
        {
            shown[at + 1] = Shown::Folded(Fold { lines: hidden, what, complete });
            shown[at + 2..end].fill(Shown::Hidden);
        }
        at = end;
    }
    shown
}

/// Where the lines end that may be folded below this one, and what they are.
fn group(lines: &[Line], at: usize, breaks: &[usize]) -> (usize, What) {
    let first = &lines[at];
    // Pieces of one very long line are no lines of their own.
    let of_record = |pair: &&[Line]| {
        let follows = pair[0].has_ended() && pair[0].end == pair[1].at;
        pair[1].head.is_none() && first.head.is_some() && follows
    };
    let more = lines[at..].windows(2).take_while(of_record).count();
    // What is indented in plain text is a part of it, unless it is a stack trace.
    let is_plain = first.head.as_ref().is_some_and(|head| head.plain);
    if more > 0 && (!is_plain || lines[at + 1..=at + more].iter().any(is_of_a_trace)) {
        let below = &lines[at + 1..=at + more];
        let what = if below.iter().any(is_of_a_trace) { What::Trace } else { What::Lines };
        return (at + 1 + more, what);
    }
    let mut end = at + 1;
    while lines.get(end).is_some_and(|line| says_the_same(first, line))
        && breaks.binary_search(&end).is_err()
        // A record with lines of its own is another one.
        && (first.head.is_none() || lines.get(end + 1).is_none_or(|below| below.head.is_some()))
    {
        end += 1;
    }
    (end, What::Same(end - 1))
}

fn says_the_same(a: &Line, b: &Line) -> bool {
    match (&a.head, &b.head) {
        (None, None) => {
            // Pieces of one very long line are no lines of their own.
            let ended = a.has_ended() && b.has_ended();
            ended && a.level == b.level && a.text == b.text && !a.text.is_empty()
        }
        (Some(x), Some(y)) if x.form == Form::Text && y.form == Form::Text => {
            x.level == y.level && a.text.get(x.message..) == b.text.get(y.message..) && target(a) == target(b)
        }
        (Some(x), Some(y)) => match (&x.time, &y.time) {
            // Fields: all of them but the time.
            (Some(x), Some(y)) => {
                a.text.get(..x.start) == b.text.get(..y.start) && a.text.get(x.end..) == b.text.get(y.end..)
            }
            _ => a.text == b.text,
        },
        _ => false,
    }
}

fn target(line: &Line) -> Option<&[u8]> {
    line.text.get(line.head.as_ref()?.target.clone()?)
}

/// Whether it looks like a place in a program.
fn is_of_a_trace(line: &Line) -> bool {
    let text = line.text.trim_ascii_start();
    let numbered = || {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits > 0 && text[digits..].starts_with(b": ")
    };
    [&b"at "[..], b"File \"", b"Caused by", b"Traceback", b"stack backtrace", b"goroutine ", b"#0 "]
        .iter()
        .any(|start| text.starts_with(start))
        || numbered()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::lines::tests::lines;
    use crate::reading::page::page;
    use crate::reading::{Anchor, Filter, Sieve};
    use proptest::prelude::*;

    fn log(text: &str) -> Log {
        let page =
            page(&mut lines(text.as_bytes()), (Anchor::Start, 0, 1000), Sieve::ALL, &|| false).unwrap();
        let mut log = Log { page, ..Log::default() };
        log.refold();
        log
    }

    /// One letter per line: whole, folded, hidden.
    fn letters(log: &Log) -> String {
        let letter = |shown: &Shown| match shown {
            Shown::Whole => 'w',
            Shown::Folded(_) => 'f',
            Shown::Hidden => '.',
        };
        log.shown.iter().map(letter).collect()
    }

    #[test]
    fn a_run_of_the_same_is_known_by_any_of_its_records() {
        let log = log(TEXT);
        let at = |text: &str, nth: usize| {
            let mut found =
                log.page.lines.iter().enumerate().filter(|(_, line)| line.text == text.as_bytes());
            found.nth(nth).unwrap().0
        };
        let (head, last) = (at("[INFO] d", 0), at("[INFO] d", 3));
        for nth in 0..4 {
            assert_eq!(log.run_of(log.page.lines[at("[INFO] d", nth)].at), Some((head, last)));
        }
        assert_eq!((log.run_of(0), log.run_of(log.page.lines[last].end)), (None, None));
        assert_eq!(log.run_of(log.page.lines[last].at + 1), None);
    }

    const TEXT: &str = "[ERROR] a\n\tat x\n\tat y\n\tat z\n[INFO] b\n\tc\n[INFO] d\n[INFO] d\n[INFO] d\n[INFO] d\n[WARN] d\n";

    #[test]
    fn other_lines_of_a_record_and_equal_records_are_one_row() {
        let log = log(TEXT);
        assert_eq!(letters(&log), "wf..wwwf..w");
        let folds: Vec<Fold> = log
            .shown
            .iter()
            .filter_map(|shown| if let Shown::Folded(fold) = shown { Some(*fold) } else { None })
            .collect();
        assert_eq!(folds[0], Fold { lines: 3, what: What::Trace, complete: true });
        assert_eq!(folds[1], Fold { lines: 3, what: What::Same(9), complete: true });
    }

    #[test]
    fn one_or_all_are_unfolded_and_what_is_looked_for_is_never_folded() {
        let mut log = log(TEXT);
        log.unfold(22);
        assert_eq!(letters(&log), "wwwwwwwf..w");
        log.flip(0);
        assert_eq!(letters(&log), "wf..wwwf..w");
        log.folding.on = false;
        log.refold();
        assert_eq!(letters(&log), "wwwwwwwwwww");
        log.folding.on = true;
        log.only.filters = vec![Filter { pattern: Pattern::new("at y").unwrap(), hides: false, on: true }];
        log.refold();
        assert_eq!(letters(&log), "wwwwwwwf..w");
    }

    #[test]
    fn lines_without_any_head_fold_where_they_are_equal() {
        assert_eq!(letters(&log("a\na\na\nb\n\n\n\n\n")), "wf.wwwww");
    }

    #[test]
    fn records_of_fields_are_equal_whenever_they_were_written() {
        let line = |second, n| {
            format!("{{\"time\":\"2026-11-22T16:20:0{second}Z\",\"level\":\"info\",\"n\":{n}}}\n")
        };
        let text: String = [(1, 1), (2, 1), (3, 1), (4, 2)].map(|(second, n)| line(second, n)).concat();
        assert_eq!(letters(&log(&text)), "wf.w");
    }

    proptest! {
        #[test]
        fn every_line_is_itself_or_counted_in_the_row_above_it(
            text in proptest::collection::vec(proptest::sample::select(vec!["[INFO] a\n", "[INFO] b\n", "\tmore\n", "x\n"]), 0..60),
            except in proptest::collection::btree_set(0..400u64, 0..6), on in any::<bool>(), inner in any::<bool>(),
        ) {
            let mut log = log(&text.concat());
            log.folding = Folding { on, except, inner };
            log.refold();
            prop_assert_eq!(log.shown.len(), log.page.lines.len());
            let mut left = 0;
            for shown in &log.shown {
                match shown {
                    Shown::Hidden => {
                        prop_assert!(left > 0);
                        left -= 1;
                    }
                    Shown::Whole => prop_assert_eq!(left, 0),
                    Shown::Folded(fold) => {
                        prop_assert_eq!(left, 0);
                        left = fold.lines - 1;
                    }
                }
            }
            prop_assert_eq!(left, 0);
        }
    }
}
