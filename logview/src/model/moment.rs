//! A moment as a person types it: `14:30`, `14:30:05`, `2026-11-22 14:30`, `-5m` (before the end), `T+10m` (since the
//! start). What it means depends on the log that it is looked for in.

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A time of day on the last day of the log, or on this one; in the log's own zone.
    At(Option<NaiveDate>, NaiveTime, FixedOffset),
    /// So many seconds before the last record.
    BeforeEnd(i64),
    /// So many seconds after the first one.
    SinceStart(i64),
}

impl Moment {
    /// Reads one; a time of day is meant in `zone`.
    pub fn parse(text: &str, zone: FixedOffset) -> Option<Moment> {
        let text = text.trim();
        if let Some(span) = text.strip_prefix("T+").or_else(|| text.strip_prefix("t+")) {
            return span_of(span).map(Moment::SinceStart);
        }
        if let Some(span) = text.strip_prefix('-') {
            return span_of(span).map(Moment::BeforeEnd);
        }
        let (date, time) = match text.split_once([' ', 'T', 't']) {
            Some((date, time)) => (Some(date.parse().ok()?), time.trim_start()),
            None => (text.parse().ok(), text),
        };
        let parsed =
            ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(time, form).ok());
        let time = match (parsed, date) {
            (Some(time), _) => time,
            (None, Some(_)) if !text.contains([' ', 'T', 't']) => NaiveTime::MIN,
            _ => return None,
        };
        Some(Moment::At(date, time, zone))
    }

    /// In seconds since the epoch, for a log whose first and last records were written at these.
    pub fn seconds(self, (first, last): (i64, i64)) -> i64 {
        match self {
            Moment::BeforeEnd(span) => last.saturating_sub(span),
            Moment::SinceStart(span) => first.saturating_add(span),
            Moment::At(date, time, zone) => {
                let seconds = |date: NaiveDate| {
                    let there = NaiveDateTime::new(date, time).and_local_timezone(zone).single();
                    there.map_or(last, |at| at.timestamp())
                };
                match date {
                    Some(date) => seconds(date),
                    None => {
                        let Some(end) = DateTime::from_timestamp(last, 0) else { return last };
                        // The newest such time that the log reaches.
                        let today = end.with_timezone(&zone).date_naive();
                        let at = seconds(today);
                        if at > last && at - 86_400 >= first {
                            seconds(today - Duration::days(1))
                        } else {
                            at
                        }
                    }
                }
            }
        }
    }
}

/// `90`, `90s`, `5m`, `2h`, `1d`, `1h30m`.
fn span_of(text: &str) -> Option<i64> {
    let (mut sum, mut number) = (0i64, None);
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                number =
                    Some(number.unwrap_or(0i64).checked_mul(10)?.checked_add(i64::from(c as u8 - b'0'))?);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        sum = sum.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    (!text.is_empty()).then(|| sum.checked_add(number.unwrap_or(0)))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(text: &str, ends: (i64, i64)) -> Option<i64> {
        Moment::parse(text, FixedOffset::east_opt(3600).unwrap()).map(|moment| moment.seconds(ends))
    }

    #[test]
    fn moments_are_read_as_they_are_typed() {
        // From 1970-01-02 10:00 to 1970-01-03 09:00 an hour east of Greenwich.
        let ends = (86_400 + 9 * 3600, 2 * 86_400 + 8 * 3600);
        assert_eq!(seconds("08:30", ends), Some(2 * 86_400 + 7 * 3600 + 1800));
        assert_eq!(seconds("14:30:05", ends), Some(86_400 + 13 * 3600 + 1805));
        assert_eq!(seconds("1970-01-02 14:30", ends), Some(86_400 + 13 * 3600 + 1800));
        assert_eq!(seconds("1970-01-02", ends), Some(86_400 - 3600));
        assert_eq!(seconds("-5m", ends), Some(ends.1 - 300));
        assert_eq!(seconds("T+1h30m", ends), Some(ends.0 + 5400));
        for wrong in ["", "-", "T+", "14", "25:00", "-5x", "yesterday"] {
            assert_eq!(seconds(wrong, ends), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_typed(text in "[-T+0-9:hms ]{0,40}", first in any::<i64>(), last in any::<i64>()) {
            let _ = seconds(&text, (first, last));
        }
    }
}
