//! The instant of a record: asked for once, the same in all its files.
//!
//! What a date format writes changes once a second, but for the fraction: each thread keeps the rest of the last second
//! for each format, and writes only the fraction anew.

use super::line::Line;
use super::thread_end;
use chrono::format::{Fixed, Item, Numeric, StrftimeItems};
use chrono::{DateTime, TimeZone};
use std::cell::RefCell;
use std::fmt::Write;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
#[cfg(not(unix))]
use std::time::{SystemTime, UNIX_EPOCH};

/// When a record was logged.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    pub(super) second: i64,
    nanos: u32,
}

const ZEROS: u64 = u64::from_le_bytes(*b"00000000");

/// A point and nine digits.
pub(super) type Digits = [u8; 10];

/// A date format, parsed.
#[derive(Debug, Clone)]
pub(crate) struct TimeFormat {
    /// What is the same for a whole second, in stretches; a fraction stands between each two.
    stretches: Vec<Vec<Item<'static>>>,
    fractions: Vec<Fraction>,
    utc: bool,
    /// Tells its entries in the caches from those of others.
    id: u64,
}

/// The part of a second, as chrono writes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fraction {
    /// A point and 0, 3, 6 or 9 digits, as many as are needed: `%.f` and within `%+`.
    Needed,
    /// So many digits, with a point or without.
    Digits { point: bool, count: usize },
}

/// The stretches of a format in one second.
#[derive(Debug)]
struct Second {
    format: u64,
    second: i64,
    text: String,
    /// Where each stretch ends.
    ends: Vec<usize>,
}

/// More formats than that in one process are not cached.
const MOST_FORMATS: usize = 8;

thread_local!(static SECONDS: RefCell<Vec<Second>> = const { RefCell::new(Vec::new()) });

impl Moment {
    /// The C library's call as it is: `SystemTime` takes its answer apart and puts it together twice.
    #[cfg(unix)]
    #[allow(unsafe_code)]
    #[inline]
    pub(crate) fn now() -> Moment {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: it writes to `now`, which is ours, and nowhere else. A clock that every system has does not fail;
        // if it did, `now` would stay what it is.
        unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now) };
        Moment { second: now.tv_sec, nanos: now.tv_nsec as u32 }
    }

    #[cfg(not(unix))]
    pub(crate) fn now() -> Moment {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Moment { second: since.as_secs().cast_signed(), nanos: since.subsec_nanos() },
            // A clock before 1970 is wrong; its records have a time all the same.
            Err(_) => Moment { second: 0, nanos: 0 },
        }
    }

    /// How long after `earlier` it is; `None` if it is not: a clock can be set back.
    pub(super) fn since(self, earlier: Moment) -> Option<Duration> {
        let (this, earlier) = (
            Duration::new(self.second as u64, self.nanos),
            Duration::new(earlier.second as u64, earlier.nanos),
        );
        this.checked_sub(earlier)
    }

    /// Nanoseconds since 1970.
    pub(super) fn nanos(self) -> u64 {
        (self.second.cast_unsigned()).wrapping_mul(1_000_000_000).wrapping_add(u64::from(self.nanos))
    }

    #[cfg(test)]
    pub(super) fn at(second: i64, nanos: u32) -> Moment {
        Moment { second, nanos }
    }

    /// The fraction of the second, of which formats write a part.
    #[inline]
    pub(super) fn digits(self) -> Digits {
        const POINT_AND_ZEROS: u16 = u16::from_le_bytes(*b".0");
        // Two halves, four quarters, eight digits: each step divides all parts in one word at once.
        let (first, rest) = (self.nanos / 100_000_000, u64::from(self.nanos % 100_000_000));
        let halves = (rest / 10_000) | ((rest % 10_000) << 32);
        let hundreds = ((halves * 10_486) >> 20) & 0x7f_0000_007f;
        let quarters = hundreds | ((halves - hundreds * 100) << 16);
        let tens = ((quarters * 103) >> 10) & 0x0f_000f_000f_000f;
        let eight = tens | ((quarters - tens * 10) << 8);
        let mut digits = [0; 10];
        digits[..2].copy_from_slice(&(POINT_AND_ZEROS + ((first as u16) << 8)).to_le_bytes());
        digits[2..].copy_from_slice(&(eight + ZEROS).to_le_bytes());
        digits
    }

    /// Writes the moment in `format`.
    pub(crate) fn write(self, format: &TimeFormat, line: &mut Line) {
        // Fails only while the thread ends.
        let cached = SECONDS.try_with(|seconds| {
            let mut seconds = seconds.borrow_mut();
            let at = match seconds.iter().position(|second| second.format == format.id) {
                Some(at) => at,
                None => {
                    if seconds.len() == MOST_FORMATS {
                        seconds.remove(0);
                    }
                    seconds.push(Second {
                        format: format.id,
                        second: i64::MIN,
                        text: String::new(),
                        ends: Vec::new(),
                    });
                    seconds.len() - 1
                }
            };
            let second = &mut seconds[at];
            if second.second != self.second {
                second.fill(self.second, format);
            }
            second.write(self, format, line);
        });
        if cached.is_err() {
            let mut second = Second { format: format.id, second: 0, text: String::new(), ends: Vec::new() };
            second.fill(self.second, format);
            second.write(self, format, line);
        }
    }
}

impl Second {
    fn fill(&mut self, second: i64, format: &TimeFormat) {
        self.second = second;
        self.text.clear();
        self.ends.clear();
        let utc = DateTime::from_timestamp(second, 0).unwrap_or_default();
        if format.utc { self.render(&utc, format) } else { self.render(&thread_end::local(utc), format) }
    }

    fn render<Tz: TimeZone<Offset: std::fmt::Display>>(&mut self, time: &DateTime<Tz>, format: &TimeFormat) {
        for stretch in &format.stretches {
            // The format was tried when the template was loaded, and memory takes what is written.
            let _ = write!(self.text, "{}", time.format_with_items(stretch.iter()));
            self.ends.push(self.text.len());
        }
    }

    fn write(&self, moment: Moment, format: &TimeFormat, line: &mut Line) {
        let mut start = 0;
        for (at, end) in self.ends.iter().enumerate() {
            line.literal(&self.text[start..*end]);
            start = *end;
            if let Some(fraction) = format.fractions.get(at) {
                line.ascii(&moment.digits()[fraction.span(moment)]);
            }
        }
    }
}

impl Fraction {
    /// No digit at all.
    pub(super) const NONE: Fraction = Fraction::Digits { point: true, count: 0 };

    fn of(item: &Item<'_>) -> Option<Fraction> {
        // chrono keeps what `%3f`, `%6f` and `%9f` parse to for itself; they are found by what they write.
        const WITHOUT_POINT: [(&str, usize); 3] = [("%3f", 3), ("%6f", 6), ("%9f", 9)];
        match item {
            Item::Fixed(Fixed::Nanosecond) => Some(Fraction::Needed),
            Item::Fixed(Fixed::Nanosecond3) => Some(Fraction::Digits { point: true, count: 3 }),
            Item::Fixed(Fixed::Nanosecond6) => Some(Fraction::Digits { point: true, count: 6 }),
            Item::Fixed(Fixed::Nanosecond9) => Some(Fraction::Digits { point: true, count: 9 }),
            Item::Numeric(Numeric::Nanosecond, _) => Some(Fraction::Digits { point: false, count: 9 }),
            Item::Fixed(Fixed::Internal(_)) => WITHOUT_POINT
                .iter()
                .find(|(format, _)| StrftimeItems::new(format).next().as_ref() == Some(item))
                .map(|(_, count)| Fraction::Digits { point: false, count: *count }),
            _ => None,
        }
    }

    /// Which of [`Moment::digits`] are written.
    #[inline]
    pub(super) fn span(self, moment: Moment) -> Range<usize> {
        match self {
            Fraction::Needed if !moment.nanos.is_multiple_of(1_000) => 0..10,
            rare => rare.short_span(moment),
        }
    }

    #[inline(never)]
    fn short_span(self, moment: Moment) -> Range<usize> {
        match self {
            Fraction::Digits { count: 0, .. } => 0..0,
            Fraction::Digits { point, count } => usize::from(!point)..count + 1,
            Fraction::Needed if moment.nanos == 0 => 0..0,
            Fraction::Needed if moment.nanos.is_multiple_of(1_000_000) => 0..4,
            Fraction::Needed => 0..7,
        }
    }
}

impl TimeFormat {
    /// The fraction that it writes, if it writes one once at the most.
    pub(super) fn only_fraction(&self) -> Option<Fraction> {
        match self.fractions.as_slice() {
            [] => Some(Fraction::NONE),
            [fraction] => Some(*fraction),
            _ => None,
        }
    }

    /// How far behind its beginning the fraction stands in the current second; asked right after writing it.
    pub(super) fn offset_of_fraction(&self) -> usize {
        let first = |seconds: &RefCell<Vec<Second>>| {
            let seconds = seconds.borrow();
            seconds
                .iter()
                .find(|second| second.format == self.id)
                .and_then(|second| second.ends.first().copied())
        };
        SECONDS.try_with(first).ok().flatten().unwrap_or(0)
    }

    /// Parses `format`; `Err` says what chrono cannot write.
    pub(crate) fn new(format: &str, utc: bool) -> Result<TimeFormat, String> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        crate::template::check_strftime(format)?;
        // `%+` is one item with a fraction in its middle.
        let spelt_out =
            format.replace("%%", "%%\0").replace("%+", "%Y-%m-%dT%H:%M:%S%.f%:z").replace("%%\0", "%%");
        let items = StrftimeItems::new(&spelt_out)
            .parse_to_owned()
            .map_err(|_| format!("`{format}` is no date format that chrono knows"))?;
        let mut stretches = vec![Vec::new()];
        let mut fractions = Vec::new();
        for item in items {
            match Fraction::of(&item) {
                Some(fraction) => {
                    fractions.push(fraction);
                    stretches.push(Vec::new());
                }
                None => stretches.last_mut().into_iter().for_each(|stretch| stretch.push(item.clone())),
            }
        }
        Ok(TimeFormat { stretches, fractions, utc, id: NEXT.fetch_add(1, Ordering::Relaxed) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Local;
    use proptest::prelude::*;

    fn written(moment: Moment, format: &TimeFormat) -> String {
        let mut line = Line::default();
        moment.write(format, &mut line);
        String::from_utf8(line.bytes().to_vec()).unwrap()
    }

    #[test]
    fn percent_plus_after_a_percent_sign_is_text() {
        let format = TimeFormat::new("%%+ %+", true).unwrap();
        assert_eq!(
            written(Moment { second: 0, nanos: 5_000_000 }, &format),
            "%+ 1970-01-01T00:00:00.005+00:00"
        );
    }

    proptest! {
        #[test]
        fn the_digits_are_those_of_the_number(nanos in 0..1_000_000_000_u32) {
            for nanos in [nanos, nanos / 1_000, nanos / 1_000_000, 999_999_999 - nanos / 1_000_000] {
                let digits = Moment { second: 0, nanos }.digits();
                prop_assert_eq!(String::from_utf8_lossy(&digits), format!(".{nanos:09}"));
            }
        }

        #[test]
        fn every_format_is_written_as_chrono_writes_it(
            specs in prop::collection::vec(prop::sample::select(vec![
                "%+", "%Y", "%m", "%d", "%e", "%H", "%I", "%M", "%S", "%f", "%.f", "%.3f", "%.6f", "%.9f", "%3f", "%6f", "%9f",
                "%z", "%:z", "%Z", "%a", "%B", "%s", "%j", "%p", "%T", "%F", "%D", "%c", "%%", " ", "x", "%n", "%-d", "%_H",
            ]), 1..6),
            moments in prop::collection::vec((0..4_000_000_000_i64, prop::sample::select(vec![
                0, 1, 999, 1_000, 120_000, 1_000_000, 999_000_000, 999_999_999, 123_456_789, 10,
            ])), 1..6),
            utc: bool,
        ) {
            let text = specs.concat();
            let format = TimeFormat::new(&text, utc).unwrap();
            for (second, nanos) in moments {
                let moment = Moment { second, nanos };
                let time = DateTime::from_timestamp(second, nanos).unwrap();
                let want = if utc { time.format(&text).to_string() } else { time.with_timezone(&Local).format(&text).to_string() };
                prop_assert_eq!(written(moment, &format), want, "{}", text);
            }
        }
    }
}
