//! When a `rolling_file` rolls: log4rs's triggers, with its meaning and without its panics.

use chrono::{
    DateTime, Datelike, Duration, Local, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Timelike,
};
use std::hash::{BuildHasher, RandomState};

/// When to roll.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Trigger {
    /// Once the file is longer than this, in bytes.
    Size(u64),
    /// At the next full interval.
    Time { interval: Interval, modulate: bool, max_random_delay: u64 },
    /// At the job's start, if the file has at least this many bytes.
    OnStartup { min_size: u64 },
}

/// How long until the next roll, in calendar units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub(crate) count: u32,
    pub(crate) unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// A roll to come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    /// The full interval: a file that was made since then needs no roll any more.
    pub(crate) since: DateTime<Local>,
    /// The same, with the random delay.
    pub(crate) at: DateTime<Local>,
}

impl Trigger {
    /// When a `time` trigger that starts to count at `now` fires.
    pub(crate) fn next_time(&self, now: DateTime<Local>) -> Option<Due> {
        let Trigger::Time { interval, modulate, max_random_delay } = *self else { return None };
        let next = to_local(interval.next(now.naive_local(), modulate)?)?;
        let delay = match max_random_delay {
            0 => 0,
            most => RandomState::new().hash_one(next.timestamp()) % most,
        };
        // Where the clock is set back, the same wall time comes again: never wait for an instant that has passed.
        let since = next.max(now + Duration::seconds(1));
        let at = since.checked_add_signed(Duration::try_seconds(i64::try_from(delay).ok()?)?)?;
        Some(Due { since, at })
    }
}

impl Interval {
    /// The next full interval after `now`, in wall time. With `modulate`, multiples of the interval count from the
    /// start of the next larger unit, as in log4rs.
    fn next(self, now: NaiveDateTime, modulate: bool) -> Option<NaiveDateTime> {
        let n = i64::from(self.count.max(1));
        let step = |position: i64| if modulate { n - position % n } else { n };
        let midnight = now.date().and_hms_opt(0, 0, 0)?;
        let hour = midnight + Duration::hours(i64::from(now.hour()));
        let minute = hour + Duration::minutes(i64::from(now.minute()));
        let second = minute + Duration::seconds(i64::from(now.second()));
        match self.unit {
            Unit::Second => second.checked_add_signed(Duration::try_seconds(step(i64::from(now.second())))?),
            Unit::Minute => minute.checked_add_signed(Duration::try_minutes(step(i64::from(now.minute())))?),
            Unit::Hour => hour.checked_add_signed(Duration::try_hours(step(i64::from(now.hour())))?),
            Unit::Day => midnight.checked_add_signed(Duration::try_days(step(i64::from(now.ordinal0())))?),
            Unit::Week => {
                let monday = midnight - Duration::days(i64::from(now.weekday().num_days_from_monday()));
                monday.checked_add_signed(Duration::try_weeks(step(i64::from(now.iso_week().week0())))?)
            }
            Unit::Month => {
                let months =
                    i64::from(now.year()) * 12 + i64::from(now.month0()) + step(i64::from(now.month0()));
                first_of(months.div_euclid(12), months.rem_euclid(12) + 1)
            }
            Unit::Year => first_of(i64::from(now.year()) + step(i64::from(now.year())), 1),
        }
    }
}

fn first_of(year: i64, month: i64) -> Option<NaiveDateTime> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, u32::try_from(month).ok()?, 1)?.and_hms_opt(0, 0, 0)
}

/// The instant of a wall time: the first of two where the clock is set back, the next that exists where it is set
/// forward.
fn to_local(wall: NaiveDateTime) -> Option<DateTime<Local>> {
    (0..24).find_map(|hours| match Local.from_local_datetime(&(wall + Duration::hours(hours))) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at),
        LocalResult::None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(unit: Unit, count: u32, modulate: bool) -> String {
        let now = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap().and_hms_opt(14, 32, 7).unwrap();
        Interval { count, unit }.next(now, modulate).unwrap().to_string()
    }

    #[test]
    fn rolls_at_the_next_full_interval() {
        assert_eq!(next(Unit::Second, 5, true), "2026-11-22 14:32:10");
        assert_eq!(next(Unit::Minute, 1, false), "2026-11-22 14:33:00");
        assert_eq!(next(Unit::Hour, 6, true), "2026-11-22 18:00:00");
        assert_eq!(next(Unit::Day, 1, false), "2026-11-23 00:00:00");
        assert_eq!(next(Unit::Week, 1, false), "2026-11-23 00:00:00");
        assert_eq!(next(Unit::Month, 2, true), "2027-01-01 00:00:00");
        assert_eq!(next(Unit::Year, 1, false), "2027-01-01 00:00:00");
    }

    #[test]
    fn intervals_that_make_log4rs_panic_do_not() {
        for unit in [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year] {
            for count in [0, 1, u32::MAX] {
                let now = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap().and_hms_opt(23, 59, 59).unwrap();
                let _ = Interval { count, unit }.next(now, true);
            }
        }
    }
}
