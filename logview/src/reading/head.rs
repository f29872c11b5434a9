//! What the first line of a record says about it: level, time, target, and where the message begins.
//!
//! Logcore's shipped pattern is read exactly; other logs by detection: a time at the start, then a level word; a
//! level word at the start; or a JSON object with a level. A line that has none of it is no head: it belongs to the
//! record before it. Only the first bytes of a line are looked at, so the cost is bounded.

use log::Level;
use memchr::memmem;
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
}

/// Reads the head of a record, or `None` if the line starts none.
pub fn head(line: &[u8]) -> Option<Head> {
    let line = &line[..line.len().min(LOOK)];
    match *line.first()? {
        b'\t' | b' ' => None,
        b'{' => json(line),
        b'[' => bracketed(line).or_else(|| detected(line)),
        _ => detected(line),
    }
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

fn detected(line: &[u8]) -> Option<Head> {
    let mut head = Head::default();
    let open = usize::from(line[0] == b'[');
    let mut at = 0;
    if let Some(len) = time_len(&line[open..]) {
        head.time = Some(open..open + len);
        at = open + len;
    }
    // After a time the level stands within the next few words; without one, only right at the start.
    let found = if head.time.is_some() { find_level(line, at) } else { first_level(line, open) };
    if let Some((level, end)) = found {
        head.level = Some(level);
        at = end;
    } else if head.time.is_none() {
        return None;
    }
    if head.time.is_none()
        && let Some((start, len)) = late_time(line, at)
    {
        head.time = Some(start..start + len);
        at = start + len;
    }
    let junk = |byte: &u8| matches!(byte, b' ' | b']' | b':' | b'|' | b'-' | b'\t' | b',');
    head.message = at + line[at..].iter().take_while(|byte| junk(byte)).count();
    Some(head)
}

/// A time that follows a level at the start.
fn late_time(line: &[u8], at: usize) -> Option<(usize, usize)> {
    let skip = line[at..].iter().take_while(|byte| matches!(byte, b' ' | b']' | b'[' | b':' | b'|')).count();
    time_len(&line[at + skip..]).map(|len| (at + skip, len))
}

fn json(line: &[u8]) -> Option<Head> {
    let value = |names: &[&str]| {
        names.iter().find_map(|name| {
            let key = memmem::find(line, format!("\"{name}\"").as_bytes())? + name.len() + 2;
            let gap = line[key..].iter().take_while(|byte| matches!(byte, b' ' | b':')).count();
            let start = key + gap;
            (line.get(start) == Some(&b'"')).then_some(())?;
            let end = memchr::memchr(b'"', &line[start + 1..])?;
            Some(start + 1..start + 1 + end)
        })
    };
    let level = value(&["level", "severity", "lvl"]).and_then(|range| word_level(&line[range]));
    let time =
        value(&["time", "timestamp", "ts", "@timestamp"]).filter(|r| time_len(&line[r.clone()]).is_some());
    if level.is_none() && time.is_none() {
        return None;
    }
    Some(Head { level, time, target: value(&["target", "logger"]), message: 0 })
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

/// Where `HH:MM:SS` stands in a time, or its start if it has none.
pub fn clock_at(time: &[u8]) -> usize {
    let is_clock = |text: &[u8]| {
        text.iter()
            .zip(b"00:00:00")
            .all(|(byte, want)| byte.is_ascii_digit() == (*want == b'0') && (*want == b'0' || byte == want))
    };
    time.windows(8).position(is_clock).unwrap_or(0)
}

/// A range of a line without the blanks at its ends.
pub(super) fn trimmed(line: &[u8], range: Range<usize>) -> Range<usize> {
    let text = &line[range.clone()];
    let start = range.start + text.iter().take_while(|byte| **byte == b' ').count();
    start..start + text.trim_ascii().len().min(range.end - start)
}

/// The time of the last line: most lines have the same second as the one before.
pub type Times = Option<([u8; 19], i64)>;

/// Seconds since the epoch of a full time, its zone taken into account; `None` for a time without a date.
pub fn seconds(time: &[u8]) -> Option<i64> {
    let number = |range: Range<usize>| {
        time.get(range)?
            .iter()
            .try_fold(0i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    // Other digits in other places are another format.
    let separated =
        [4, 7, 13, 16].iter().all(|&at| time.get(at).is_some_and(|byte| !byte.is_ascii_alphanumeric()));
    separated.then_some(())?;
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let zone = zone_seconds(time.get(19..)?);
    Some(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - zone)
}

/// The same with nanoseconds.
pub fn instant(time: &[u8]) -> Option<(i64, u32)> {
    let fraction = match time.get(19) {
        Some(b'.' | b',') => &time[20..],
        _ => &[],
    };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).take(9);
    let (count, sum) =
        digits.fold((0, 0), |(count, sum), byte| (count + 1, sum * 10 + u32::from(byte - b'0')));
    Some((seconds(time)?, sum * 10u32.pow(9 - count)))
}

fn zone_seconds(rest: &[u8]) -> i64 {
    let Some(sign) = rest.iter().position(|byte| matches!(byte, b'+' | b'-')) else { return 0 };
    let digits: Vec<i64> =
        rest[sign..].iter().filter(|byte| byte.is_ascii_digit()).map(|byte| i64::from(byte - b'0')).collect();
    let [a, b, c, d] = digits[..] else { return 0 };
    let zone = (a * 10 + b) * 3600 + (c * 10 + d) * 60;
    if rest[sign] == b'-' { -zone } else { zone }
}

/// Days since the epoch in the Gregorian calendar, by counting eras of 400 years from March on.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A level within the next bytes: the first word, a word in capitals, or one in brackets.
fn find_level(line: &[u8], from: usize) -> Option<(Level, usize)> {
    let mut at = from;
    let mut first = true;
    while at < line.len().min(from + 64) {
        if !line[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let end = word_end(line, at);
        let word = &line[at..end];
        let marked = at > 0 && line[at - 1] == b'[' && line.get(end) == Some(&b']');
        let likely = first || marked || word.iter().all(u8::is_ascii_uppercase);
        if let Some(level) = word_level(word).filter(|_| likely) {
            return Some((level, end));
        }
        first = false;
        at = end;
    }
    None
}

/// A level as the very first word, and marked as one: in capitals, in brackets or with a colon.
fn first_level(line: &[u8], at: usize) -> Option<(Level, usize)> {
    let end = word_end(line, at);
    let word = &line[at..end];
    let marked = matches!(line.get(end), Some(b':' | b']')) || word.iter().all(u8::is_ascii_uppercase);
    word_level(word).filter(|_| marked).map(|level| (level, end))
}

fn word_end(line: &[u8], at: usize) -> usize {
    at + line[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

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

    #[test]
    fn other_logs_are_detected() {
        for (line, level, time, message) in [
            (
                "2026-11-22 16:20:01,123 ERROR app: no",
                Some(Level::Error),
                "2026-11-22 16:20:01,123",
                "app: no",
            ),
            ("2026-11-22T16:20:01Z  WARN x: y", Some(Level::Warn), "2026-11-22T16:20:01Z", "x: y"),
            ("[2026-11-22 16:20:01] plain text", None, "2026-11-22 16:20:01", "plain text"),
            ("ERROR: broken", Some(Level::Error), "", "broken"),
            ("WARNING 2026-11-22 16:20:01 hot", Some(Level::Warn), "2026-11-22 16:20:01", "hot"),
            ("16:20:01.5 debug x", Some(Level::Debug), "16:20:01.5", "x"),
            ("[error] bad", Some(Level::Error), "", "bad"),
        ] {
            assert_eq!(parts(line), (level, time, "", message), "{line}");
        }
        let json = r#"{"time":"2026-11-22T16:20:01Z","level":"warn","msg":"x"}"#;
        assert_eq!(parts(json), (Some(Level::Warn), "2026-11-22T16:20:01Z", "", json));
    }

    #[test]
    fn what_starts_no_record_is_no_head() {
        for line in
            ["", "\tat main.rs:3", "  indented", "an error happened", "Informal", "Traceback (most recent):"]
        {
            assert_eq!(head(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn times_become_seconds_in_their_zone() {
        assert_eq!(seconds(b"1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds(b"2026-11-22T16:20:01.5+01:00"), Some(1_795_360_801));
        assert_eq!(seconds(b"16:20:01"), None);
        assert_eq!(seconds(b"2000-02-29 00:00:00,000"), Some(951_782_400));
        assert_eq!(instant(b"1970-01-01T00:00:00.25Z"), Some((0, 250_000_000)));
        assert_eq!(instant(b"1970-01-01T00:00:01Z"), Some((1, 0)));
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
