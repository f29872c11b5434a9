//! What the first line of a record says about it: level, time, target, and where the message begins.
//!
//! Logcore's shipped pattern is read exactly; other logs by detection (`detect`). A line that looks like neither is no
//! head: it belongs to the record before it. Only the first bytes of a line are looked at, so the cost is bounded.

use super::detect::detected;
pub use super::times::{clock_at, instant, seconds};
use log::Level;
use std::ops::Range;

/// How much of a line is looked at.
pub const LOOK: usize = 512;

/// The parts of a record's first line, as ranges of its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The level, where one was found.
    pub level: Option<Level>,
    /// The time as it stands there.
    pub time: Option<Range<usize>>,
    /// The target or module.
    pub target: Option<Range<usize>>,
    /// Where the message begins.
    pub message: usize,
    /// What the line is made of.
    pub form: Form,
    /// It is a line of plain text and stands for itself: there are no columns, and what is indented below is not folded.
    pub plain: bool,
}

/// What a record's first line is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Text.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// Names and values: `level=info msg="…"`.
    Logfmt,
}

/// Reads the head of a record, or `None` if the line starts none.
pub fn head(line: &[u8]) -> Option<Head> {
    let line = &line[..line.len().min(LOOK)];
    match memchr::memchr(0x1b, &line[..line.len().min(160)]) {
        Some(_) => through_colours(line),
        None => plain(line),
    }
}

fn plain(line: &[u8]) -> Option<Head> {
    match *line.first()? {
        b'\t' | b' ' => None,
        b'[' => bracketed(line).or_else(|| detected(line)),
        _ => detected(line),
    }
}

/// The head of a line with colours in it, which say nothing about it.
fn through_colours(line: &[u8]) -> Option<Head> {
    let (mut text, mut places) = (Vec::with_capacity(line.len()), Vec::with_capacity(line.len()));
    let mut at = 0;
    while at < line.len() {
        let len = crate::sgr::sequence_len(&line[at..]);
        if len == 0 {
            text.push(line[at]);
            places.push(at);
        }
        at += len.max(1);
    }
    let found = plain(&text)?;
    let back = |range: Range<usize>| places[range.start]..places[range.end - 1] + 1;
    let back = |range: Option<Range<usize>>| range.filter(|range| !range.is_empty()).map(back);
    let message = match found.message {
        0 => 0,
        // A colour that begins with the message belongs to it.
        from => places.get(from - 1).map_or(line.len(), |before| before + 1),
    };
    Some(Head { time: back(found.time), target: back(found.target), message, ..found })
}

/// `[INFO] [2026-11-22T16:20:01.123456789+00:00] [import-42] [4711:139872] - [app::fetch] [line:42]: message`
fn bracketed(line: &[u8]) -> Option<Head> {
    let close = memchr::memchr(b']', &line[..line.len().min(12)])?;
    let level = word_level(&line[1..close])?;
    let mut head = Head { level: Some(level), ..Head::default() };
    let mut at = close + 1;
    while let Some(open) = next_group(line, at) {
        let end = open + memchr::memchr(b']', &line[open..])?;
        let group = open + 1..end;
        let text = &line[group.clone()];
        if head.time.is_none() && time_len(text).is_some() {
            head.time = Some(group);
        } else if line[at..open].contains(&b'-') && head.target.is_none() {
            head.target = Some(group);
        }
        at = end + 1;
    }
    head.message = match line.get(at..) {
        Some([b':', b' ', ..]) => at + 2,
        Some([b':' | b' ', ..]) => at + 1,
        _ => at,
    };
    Some(head)
}

/// The `[` of the next group, if only a space or ` - ` lies before it.
fn next_group(line: &[u8], at: usize) -> Option<usize> {
    match line.get(at..)? {
        [b'[', ..] => Some(at),
        [b' ', b'[', ..] => Some(at + 1),
        [b' ', b'-', b' ', b'[', ..] => Some(at + 3),
        _ => None,
    }
}

/// The length of an ISO-like time at the start: date, `T` or space, time, fraction, zone; or a time alone.
pub fn time_len(text: &[u8]) -> Option<usize> {
    let shape = |at: usize, shape: &[u8]| {
        text.len() >= at + shape.len()
            && text[at..].iter().zip(shape).all(|(byte, want)| match want {
                b'0' => byte.is_ascii_digit(),
                b'-' => matches!(byte, b'-' | b'/' | b'.'),
                b'T' => matches!(byte, b'T' | b' ' | b'_'),
                _ => byte == want,
            })
    };
    let mut at = if shape(0, b"0000-00-00T00:00:00") {
        19
    } else if shape(0, b"00:00:00") {
        8
    } else {
        return None;
    };
    if matches!(text.get(at), Some(b'.' | b',')) && text.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 1 + text[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    }
    if text.get(at) == Some(&b'Z') {
        at += 1;
    } else if matches!(text.get(at), Some(b'+' | b'-')) {
        at += 1 + text[at + 1..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b':').count();
    }
    Some(at)
}

/// A range of a line without the blanks at its ends.
pub(super) fn trimmed(line: &[u8], range: Range<usize>) -> Range<usize> {
    let text = &line[range.clone()];
    let start = range.start + text.iter().take_while(|byte| **byte == b' ').count();
    start..start + text.trim_ascii().len().min(range.end - start)
}

/// The time of the last line: most lines have the same second as the one before.
pub type Times = Option<([u8; 19], i64)>;

/// The level that a word names, in capitals or not.
pub fn word_level(word: &[u8]) -> Option<Level> {
    if !(3..=9).contains(&word.len()) {
        return None;
    }
    let is = |names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
    match word[0].to_ascii_lowercase() {
        b'i' => is(&["info", "information"]).then_some(Level::Info),
        b'd' => is(&["debug", "dbg"]).then_some(Level::Debug),
        b'w' => is(&["warn", "warning"]).then_some(Level::Warn),
        b'e' => is(&["error", "err", "emerg"]).then_some(Level::Error),
        b't' => is(&["trace"]).then_some(Level::Trace),
        b'n' => is(&["notice"]).then_some(Level::Info),
        b'c' => is(&["critical", "crit"]).then_some(Level::Error),
        b'f' => is(&["fatal"]).then_some(Level::Error),
        b'p' => is(&["panic"]).then_some(Level::Error),
        b's' => is(&["severe"]).then_some(Level::Error),
        _ => None,
    }
}

/// The level alone, for counting: as [`head`], but quick for logcore's own lines.
pub fn level_of(line: &[u8]) -> Option<Option<Level>> {
    match line {
        [b'[', b'D', b'E', b'B', b'U', b'G', b']', ..] => Some(Some(Level::Debug)),
        [b'[', b'I', b'N', b'F', b'O', b']', ..] => Some(Some(Level::Info)),
        [b'[', b'W', b'A', b'R', b'N', b']', ..] => Some(Some(Level::Warn)),
        [b'[', b'E', b'R', b'R', b'O', b'R', b']', ..] => Some(Some(Level::Error)),
        [b'[', b'T', b'R', b'A', b'C', b'E', b']', ..] => Some(Some(Level::Trace)),
        [] | [b'\t' | b' ', ..] => None,
        _ => head(line).map(|head| head.level),
    }
}

/// The level and time (seconds since the epoch) of a line that starts a record.
pub fn level_and_time(line: &[u8], last: &mut Times) -> Option<(Option<Level>, Option<i64>)> {
    let (level, time) = match line {
        [b'[', b'D', b'E', b'B', b'U', b'G', b']', b' ', b'[', rest @ ..] => (Some(Level::Debug), rest),
        [b'[', b'T', b'R', b'A', b'C', b'E', b']', b' ', b'[', rest @ ..] => (Some(Level::Trace), rest),
        [b'[', b'E', b'R', b'R', b'O', b'R', b']', b' ', b'[', rest @ ..] => (Some(Level::Error), rest),
        [b'[', b'I', b'N', b'F', b'O', b']', b' ', b'[', rest @ ..] => (Some(Level::Info), rest),
        [b'[', b'W', b'A', b'R', b'N', b']', b' ', b'[', rest @ ..] => (Some(Level::Warn), rest),
        _ => {
            let head = head(line)?;
            return Some((head.level, head.time.and_then(|range| seconds(&line[range]))));
        }
    };
    let Some(key) = time.first_chunk::<19>() else { return Some((level, None)) };
    if let Some((_, seconds)) = last.filter(|(text, _)| text == key) {
        return Some((level, Some(seconds)));
    }
    let end = memchr::memchr(b']', &time[..time.len().min(48)]).unwrap_or(19);
    let second = seconds(&time[..end]);
    *last = second.map(|second| (*key, second));
    Some((level, second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(line: &str) -> (Option<Level>, &str, &str, &str) {
        let head = head(line.as_bytes()).unwrap();
        let text = |range: Option<Range<usize>>| range.map_or("", |range| &line[range]);
        (head.level, text(head.time), text(head.target), &line[head.message..])
    }

    #[test]
    fn the_shipped_pattern_is_read_exactly() {
        let line = "[INFO] [2026-11-22T16:20:01.123456789+00:00] [import-42] [4711:139872] - [app::fetch] [line:42]: got [it]: ok";
        let time = "2026-11-22T16:20:01.123456789+00:00";
        assert_eq!(parts(line), (Some(Level::Info), time, "app::fetch", "got [it]: ok"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(line in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Some(head) = head(&line) {
                prop_assert!(head.message <= line.len());
            }
            let _ = (level_of(&line), time_len(&line), seconds(&line));
        }

        #[test]
        fn near_misses_of_the_pattern_are_read_without_panic(line in "\\[(INFO|ERROR)[\\] \\[:0-9T-]{0,60}") {
            let _ = head(line.as_bytes());
        }
    }
}
