//! Search: a pattern, the nearest match from a place in either direction, and how many there are.
//!
//! What is found are lines, by where they start. Blocks are searched whole, cut at line ends; a match never reaches
//! over the end of its block. Every search can be stopped; it keeps no state between two calls.

use super::lines::Lines;
use super::page::Only;
use crate::source::Bytes;
use memchr::{memchr, memrchr};
use regex::bytes::{Regex, RegexBuilder};
use std::io;
use std::ops::Range;

const BLOCK: u64 = 1 << 20;

/// A regular expression over bytes; lower case alone means either case.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Why it is none, in one line.
    pub fn new(text: &str) -> Result<Pattern, String> {
        let literal_upper = !text.contains('\\') && text.chars().any(char::is_uppercase);
        let escaped_upper = text.contains('\\') && has_literal_upper(text);
        let regex = RegexBuilder::new(text)
            .case_insensitive(!literal_upper && !escaped_upper)
            .multi_line(true)
            .size_limit(1 << 22)
            .build();
        regex.map(|regex| Pattern { regex }).map_err(|error| {
            let text = error.to_string();
            text.lines().last().unwrap_or("not a regular expression").trim_start_matches("error: ").to_owned()
        })
    }

    /// Whether a line matches.
    pub fn is_match(&self, line: &[u8]) -> bool {
        self.regex.is_match(line)
    }

    /// Where it matches within a line: not empty, in order, at most `most`.
    pub fn ranges(&self, line: &[u8], most: usize) -> Vec<Range<usize>> {
        self.regex.find_iter(line).map(|hit| hit.range()).filter(|hit| !hit.is_empty()).take(most).collect()
    }
}

/// Capitals that are not part of an escape such as `\W`.
fn has_literal_upper(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|c| {
        let upper = c.is_uppercase() && !escaped;
        escaped = c == '\\' && !escaped;
        upper
    })
}

/// Which way to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Towards the end.
    Forward,
    /// Towards the start.
    Backward,
}

/// What a search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The line that starts there.
    At(u64),
    /// None that way.
    Nothing,
    /// Stopped before it was known.
    Stopped,
}

/// The nearest line that starts in `range` and holds a match, from the end of the range that `way` leaves from.
///
/// # Errors
/// What the file system says.
pub fn nearest(
    (bytes, lines): (&dyn Bytes, &mut Lines),
    pattern: &Pattern,
    range: Range<u64>,
    way: Way,
    wanted: &mut dyn FnMut(&mut Lines, u64) -> io::Result<bool>,
    stop: &dyn Fn() -> bool,
) -> io::Result<Found> {
    let mut range = range;
    let mut data = Vec::new();
    while range.start < range.end {
        if stop() {
            return Ok(Found::Stopped);
        }
        let block = match way {
            Way::Forward => block_after(bytes, &range, &mut data)?,
            Way::Backward => block_before(bytes, lines, &range, &mut data)?,
        };
        let mut starts = starts(pattern, &data, block.start);
        if way == Way::Backward {
            starts.reverse();
        }
        for start in starts {
            let line = lines.start_of(start)?;
            if range.contains(&line) && wanted(lines, line)? {
                return Ok(Found::At(line));
            }
        }
        match way {
            Way::Forward => range.start = block.end.max(range.start + 1),
            Way::Backward => range.end = block.start.min(range.end - 1),
        }
    }
    Ok(Found::Nothing)
}

/// Counts the lines with a match that start in `data`, the file's bytes from a line's start on.
pub fn count(pattern: &Pattern, data: &[u8]) -> u64 {
    starts(pattern, data, 0).len() as u64
}

/// Where lines with a match start, each once. (For a line that was cut, some place in the piece.)
fn starts(pattern: &Pattern, data: &[u8], base: u64) -> Vec<u64> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(hit) = pattern.regex.find_at(data, at) {
        if hit.start() >= data.len() {
            break; // an empty match after the last newline
        }
        let start = memrchr(b'\n', &data[..hit.start()]).map_or(0, |newline| newline + 1);
        let long = hit.start() - start > super::lines::PIECE as usize;
        found.push(base + if long { hit.start() } else { start } as u64);
        match memchr(b'\n', &data[hit.start()..]) {
            Some(newline) => at = hit.start() + newline + 1,
            None => break,
        }
    }
    found
}

fn block_after(bytes: &dyn Bytes, range: &Range<u64>, data: &mut Vec<u8>) -> io::Result<Range<u64>> {
    let want = (range.end - range.start).min(BLOCK);
    fill(bytes, range.start, want, data)?;
    if want == BLOCK
        && let Some(newline) = memrchr(b'\n', data)
    {
        data.truncate(newline + 1);
    }
    Ok(range.start..range.start + data.len().max(1) as u64)
}

fn block_before(
    bytes: &dyn Bytes,
    lines: &mut Lines,
    range: &Range<u64>,
    data: &mut Vec<u8>,
) -> io::Result<Range<u64>> {
    let start = lines.start_of(range.end.saturating_sub(BLOCK).max(range.start))?.max(range.start);
    fill(bytes, start, range.end - start, data)?;
    Ok(start..range.end)
}

fn fill(bytes: &dyn Bytes, at: u64, want: u64, data: &mut Vec<u8>) -> io::Result<()> {
    data.resize(want as usize, 0);
    let read = bytes.read_at(data, at)?;
    data.truncate(read);
    Ok(())
}

/// Whether the record of the line at `start` is among the wanted levels.
///
/// # Errors
/// What the file system says.
pub fn level_wanted(lines: &mut Lines, start: u64, only: &Only) -> io::Result<bool> {
    if only.levels.is_all() && only.matching.is_none() {
        return Ok(true);
    }
    super::page::wants(lines, start, only)
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::{Memory, lines};
    use super::*;
    use proptest::prelude::*;

    fn find(text: &[u8], pattern: &str, from: u64, way: Way) -> Found {
        let pattern = Pattern::new(pattern).unwrap();
        let memory = Memory(text.to_vec());
        let range = if way == Way::Forward { from..text.len() as u64 } else { 0..from };
        nearest((&memory, &mut lines(text)), &pattern, range, way, &mut |_, _| Ok(true), &|| false).unwrap()
    }

    #[test]
    fn the_nearest_line_is_found_in_either_direction() {
        let text = b"one\ntwo\nthree two\nfour\n";
        assert_eq!(find(text, "two", 5, Way::Forward), Found::At(8));
        assert_eq!(find(text, "two", 8, Way::Backward), Found::At(4));
        assert_eq!(find(text, "five", 0, Way::Forward), Found::Nothing);
        assert_eq!(find(text, "^four$", 0, Way::Forward), Found::At(18));
    }

    #[test]
    fn lower_case_means_either_and_a_capital_means_itself() {
        assert!(Pattern::new("reset").unwrap().is_match(b"RESET"));
        assert!(!Pattern::new("Reset").unwrap().is_match(b"reset"));
        assert!(Pattern::new(r"\Wreset").unwrap().is_match(b" RESET"));
        assert!(Pattern::new("(").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn steps_forwards_and_backwards_meet_every_match(
            parts in proptest::collection::vec(("[ab]{0,3}", 0..60_000usize), 0..40)
        ) {
            let text: Vec<u8> = parts.iter()
                .flat_map(|(word, pad)| word.bytes().chain(std::iter::repeat_n(b'-', *pad)).chain([b'\n']))
                .collect();
            let mut forward = Vec::new();
            let mut at = 0;
            while let Found::At(hit) = find(&text, "aa", at, Way::Forward) {
                forward.push(hit);
                at = hit + 1;
            }
            let mut backward = Vec::new();
            at = text.len() as u64;
            while let Found::At(hit) = find(&text, "aa", at, Way::Backward) {
                backward.push(hit);
                at = hit;
            }
            backward.reverse();
            prop_assert_eq!(&forward, &backward);
            let lines = parts.iter().filter(|(word, _)| word.contains("aa")).count();
            prop_assert_eq!(forward.len(), lines);
        }
    }
}
