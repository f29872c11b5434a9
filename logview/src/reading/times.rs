//! Times as logs write them, and the moments that they are.
//!
//! A time without a zone is meant in the zone of this machine, and one without a year in the newest one in which it is
//! not yet to come.

use super::head::time_len;
use chrono::{Datelike, Local, Offset};
use std::ops::Range;
use std::sync::LazyLock;

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Seconds east of Greenwich, and today as days since the epoch and as a year, all of when the program was started: a log
/// must not be read in two ways.
static HERE: LazyLock<(i64, i64, i64)> = LazyLock::new(|| {
    let now = Local::now();
    let zone = i64::from(now.offset().fix().local_minus_utc());
    (zone, (now.timestamp() + zone).div_euclid(86_400), i64::from(now.year()))
});

/// The length of a time at the start of a text, in any form that is known: ISO-like, a time alone, syslog's
/// `Nov 22 16:20:01`, a web server's `22/Nov/2026:16:20:01 +0000`, `22.11.2026 16:20:01`.
pub fn any_time_len(text: &[u8]) -> Option<usize> {
    let fits = |shape: &[u8]| fits(text, 0, shape);
    let len = if let Some(len) = time_len(text) {
        return Some(len);
    } else if fits(b"Aaa d0 00:00:00") && month(text).is_some() {
        15
    } else if fits(b"00/Aaa/0000:00:00:00 ") {
        20
    } else if fits(b"00.00.0000 00:00:00") || fits(b"00/00/0000 00:00:00") {
        19
    } else {
        return None;
    };
    let fraction = fraction_len(text, len);
    let zone = match text.get(len + fraction..) {
        Some([b' ', b'+' | b'-', rest @ ..]) if rest.iter().take(4).all(u8::is_ascii_digit) => 6,
        _ => 0,
    };
    Some((len + fraction + zone).min(text.len()))
}

fn fraction_len(text: &[u8], at: usize) -> usize {
    match text.get(at..) {
        Some([b'.' | b',', first, rest @ ..]) if first.is_ascii_digit() => {
            2 + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
        }
        _ => 0,
    }
}

/// Whether a text has a shape: `0` a digit, `d` a digit or a blank, `A` and `a` letters, everything else itself.
pub(super) fn fits(text: &[u8], at: usize, shape: &[u8]) -> bool {
    text.get(at..at + shape.len()).is_some_and(|text| {
        text.iter().zip(shape).all(|(byte, want)| match want {
            b'0' => byte.is_ascii_digit(),
            b'd' => byte.is_ascii_digit() || *byte == b' ',
            b'A' => byte.is_ascii_uppercase(),
            b'a' => byte.is_ascii_lowercase(),
            _ => byte == want,
        })
    })
}

fn month(text: &[u8]) -> Option<i64> {
    MONTHS.iter().position(|month| text.starts_with(&month[..])).map(|at| at as i64 + 1)
}

fn number(text: &[u8], range: Range<usize>) -> Option<i64> {
    let digits = text.get(range)?.trim_ascii_start();
    // Nineteen digits may be more than a number holds.
    let add = |sum: i64, byte: &u8| sum.checked_mul(10)?.checked_add(i64::from(byte - b'0'));
    digits.iter().try_fold(0i64, |sum, byte| if byte.is_ascii_digit() { add(sum, byte) } else { None })
}

/// Seconds since the epoch of a full time; `None` for a time without a date.
pub fn seconds(time: &[u8]) -> Option<i64> {
    // Other digits in other places are another format.
    let separated =
        [4, 7, 13, 16].iter().all(|&at| time.get(at).is_some_and(|byte| !byte.is_ascii_alphanumeric()));
    let iso = || {
        let day = days(number(time, 0..4)?, number(time, 5..7)?, number(time, 8..10)?);
        Some(day * 86_400 + clock(time, 11)? - zone(time.get(19..)?))
    };
    separated.then(iso).flatten().or_else(|| other_seconds(time))
}

fn other_seconds(time: &[u8]) -> Option<i64> {
    let rest = |at: usize| zone(time.get(at..).unwrap_or_default());
    if fits(time, 0, b"Aaa d0 00:00:00") {
        return Some(this_year(month(time)?, number(time, 4..6)?) * 86_400 + clock(time, 7)? - rest(15));
    }
    if fits(time, 0, b"00/Aaa/0000:00:00:00") {
        let day = days(number(time, 7..11)?, month(&time[3..])?, number(time, 0..2)?);
        return Some(day * 86_400 + clock(time, 12)? - rest(20));
    }
    if fits(time, 0, b"00.00.0000 00:00:00") || fits(time, 0, b"00/00/0000 00:00:00") {
        let (a, b, year) = (number(time, 0..2)?, number(time, 3..5)?, number(time, 6..10)?);
        // With slashes it is the American order, unless that cannot be.
        let (day, month) = if time[2] == b'.' || a > 12 { (a, b) } else { (b, a) };
        return Some(days(year, month, day) * 86_400 + clock(time, 11)? - rest(19));
    }
    if fits(time, 0, b"0000 00:00:00") {
        let day = this_year(number(time, 0..2)?, number(time, 2..4)?);
        return Some(day * 86_400 + clock(time, 5)? - rest(13));
    }
    epoch(time).map(|(seconds, _)| seconds)
}

/// Seconds, milli-, micro- or nanoseconds since the epoch, as JSON lines often have them.
fn epoch(time: &[u8]) -> Option<(i64, u32)> {
    let digits = time.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, fraction) = (number(time, 0..digits.min(19))?, time.get(digits + 1..).unwrap_or_default());
    if time.get(digits).is_some_and(|byte| *byte != b'.') {
        return None;
    }
    let parts = match digits {
        10 => return Some((whole, nanos(fraction))),
        13 => 1_000,
        16 => 1_000_000,
        19 => 1_000_000_000,
        _ => return None,
    };
    Some((whole / parts, (whole % parts * (1_000_000_000 / parts)) as u32))
}

/// Milliseconds since the epoch of an instant.
pub fn to_millis((seconds, nanos): (i64, u32)) -> i64 {
    seconds * 1000 + i64::from(nanos / 1_000_000)
}

/// The instant of so many milliseconds since the epoch.
pub fn from_millis(millis: i64) -> (i64, u32) {
    (millis.div_euclid(1000), millis.rem_euclid(1000) as u32 * 1_000_000)
}

/// As [`seconds`], with nanoseconds.
pub fn instant(time: &[u8]) -> Option<(i64, u32)> {
    let seconds = seconds(time)?;
    if let Some(clock) = clock_at(time) {
        let fraction = match time.get(clock + 8) {
            Some(b'.' | b',') => &time[clock + 9..],
            _ => &[],
        };
        return Some((seconds, nanos(fraction)));
    }
    epoch(time).or(Some((seconds, 0)))
}

fn nanos(fraction: &[u8]) -> u32 {
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).take(9);
    let (count, sum) =
        digits.fold((0, 0), |(count, sum), byte| (count + 1, sum * 10 + u32::from(byte - b'0')));
    sum * 10u32.pow(9 - count)
}

/// Where `HH:MM:SS` stands in a time, if it has that.
pub fn clock_at(time: &[u8]) -> Option<usize> {
    if fits(time, 11, b"00:00:00") {
        return Some(11);
    }
    // Not the end of a year and what follows it: `2026:16:20:01`.
    (0..time.len()).find(|&at| fits(time, at, b"00:00:00") && time.get(at + 8) != Some(&b':'))
}

fn clock(time: &[u8], at: usize) -> Option<i64> {
    let part = |at: usize| number(time, at..at + 2);
    Some(part(at)? * 3600 + part(at + 3)? * 60 + part(at + 6)?)
}

/// What the zone behind a time adds; without one it is that of this machine.
fn zone(rest: &[u8]) -> i64 {
    let fraction = fraction_len(rest, 0);
    let rest = rest[fraction..].trim_ascii_start();
    let sign = match rest.first() {
        Some(b'Z' | b'z') => return 0,
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return HERE.0,
    };
    let mut digits = rest[1..]
        .iter()
        .filter(|byte| **byte != b':')
        .map_while(|byte| byte.is_ascii_digit().then(|| i64::from(byte - b'0')));
    let mut two = || Some(digits.next()? * 10 + digits.next()?);
    let Some(hours) = two() else { return HERE.0 };
    sign * (hours * 3600 + two().unwrap_or(0) * 60)
}

/// The day of a date without a year.
fn this_year(month: i64, day: i64) -> i64 {
    let (_, today, year) = *HERE;
    let at = days(year, month, day);
    if at > today + 1 { days(year - 1, month, day) } else { at }
}

/// Days since the epoch in the Gregorian calendar, by counting eras of 400 years from March on.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_become_seconds_in_their_zone() {
        assert_eq!(seconds(b"1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds(b"2026-11-22T16:20:01.5+01:00"), Some(1_795_360_801));
        assert_eq!(seconds(b"2026-11-22T16:20:01,5+0100"), Some(1_795_360_801));
        assert_eq!(seconds(b"22/Nov/2026:16:20:01 +0100"), Some(1_795_360_801));
        assert_eq!(seconds(b"16:20:01"), None);
        assert_eq!(seconds(b"2000-02-29 00:00:00,000"), Some(951_782_400 - HERE.0));
        assert_eq!(seconds(b"29.02.2000 00:00:00"), Some(951_782_400 - HERE.0));
        assert_eq!(seconds(b"02/29/2000 00:00:00"), Some(951_782_400 - HERE.0));
        assert_eq!(instant(b"1970-01-01T00:00:00.25Z"), Some((0, 250_000_000)));
        assert_eq!(instant(b"1970-01-01T00:00:01Z"), Some((1, 0)));
        assert_eq!(instant(b"1795360801.25"), Some((1_795_360_801, 250_000_000)));
        assert_eq!(instant(b"1795360801250"), Some((1_795_360_801, 250_000_000)));
        assert_eq!(instant(b"12345"), None);
    }

    #[test]
    fn a_time_without_a_year_is_never_far_ahead() {
        let now = HERE.1 * 86_400;
        for month in MONTHS {
            let time = [month, &b" 15 16:20:01"[..]].concat();
            let at = seconds(&time).unwrap();
            assert!(at < now + 3 * 86_400 && at > now - 368 * 86_400);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..40), near in "[0-9/:. +A-Za-z-]{0,32}",
        ) {
            for time in [&bytes[..], near.as_bytes()] {
                let _ = (any_time_len(time), seconds(time), instant(time), clock_at(time));
            }
        }
    }
}
