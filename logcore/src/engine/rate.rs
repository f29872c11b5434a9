//! A job's rate limit: a bucket that fills as time goes by, one token for each record.
//!
//! The bucket is one number, the moment at which it will be full (as in the generic cell rate algorithm), so that it needs
//! no lock. Jobs without a limit pay a comparison.

use super::moment::Moment;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// So many records in so long; so many come through at once after a pause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    /// Not 0.
    pub(crate) records: u64,
    pub(crate) per: Duration,
}

/// What a job has left of its rate.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// When it is full, in nanoseconds of [`Moment`].
    full_at: AtomicU64,
    /// Records that found it empty and of which nobody was told.
    untold: AtomicU64,
    /// When the last of them came.
    last_refused: AtomicU64,
}

/// Whether a record may pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Answer {
    Pass,
    /// It may not; whether it is the first since somebody was told of such.
    Refused {
        first: bool,
    },
}

impl Bucket {
    pub(crate) fn ask(&self, rate: Rate, now: Moment) -> Answer {
        let now = now.nanos();
        let per = u64::try_from(rate.per.as_nanos()).unwrap_or(u64::MAX);
        let each = per / rate.records;
        let take = |full_at: u64| {
            // Later than a whole filling from now it never is, unless the clock was set back.
            let full_at = if full_at > now.saturating_add(per) { now } else { full_at.max(now) };
            let after = full_at.saturating_add(each);
            (after <= now.saturating_add(per)).then_some(after)
        };
        match self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Answer::Pass,
            Err(_) => {
                self.last_refused.store(now, Ordering::Relaxed);
                Answer::Refused { first: self.untold.fetch_add(1, Ordering::Relaxed) == 0 }
            }
        }
    }

    /// Whether a record was refused within `span` before `now`.
    pub(crate) fn has_refused(&self, span: Duration, now: Moment) -> bool {
        let since = now.nanos().abs_diff(self.last_refused.load(Ordering::Relaxed));
        u128::from(since) < span.as_nanos()
    }

    /// How many were refused since this was asked last.
    pub(crate) fn take_untold(&self) -> u64 {
        self.untold.swap(0, Ordering::Relaxed)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.per.as_secs() {
            1 => "s",
            60 => "min",
            _ => "h",
        };
        write!(f, "{}/{unit}", self.records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn passes(bucket: &Bucket, rate: Rate, now: Moment) -> bool {
        bucket.ask(rate, now) == Answer::Pass
    }

    #[test]
    fn a_full_bucket_lets_a_second_of_records_through_and_then_one_at_a_time() {
        let (bucket, rate) = (Bucket::default(), Rate { records: 10, per: Duration::from_secs(1) });
        let at = |millis: u32| Moment::at(1000, millis * 1_000_000);
        assert_eq!((0..30).filter(|_| passes(&bucket, rate, at(0))).count(), 10);
        assert_eq!((0..30).filter(|_| passes(&bucket, rate, at(100))).count(), 1);
        assert_eq!((0..30).filter(|_| passes(&bucket, rate, at(550))).count(), 4);
        assert_eq!(bucket.take_untold(), 20 + 29 + 26);
    }

    #[test]
    fn a_clock_that_is_set_back_shuts_nobody_out() {
        let (bucket, rate) = (Bucket::default(), Rate { records: 10, per: Duration::from_secs(1) });
        assert!((0..10).all(|_| passes(&bucket, rate, Moment::at(5000, 0))));
        assert!((0..10).all(|_| passes(&bucket, rate, Moment::at(1000, 0))));
        assert!(!passes(&bucket, rate, Moment::at(1000, 0)));
    }

    proptest! {
        #[test]
        fn in_no_time_more_come_through_than_the_rate_and_a_full_bucket(
            records in 1..50_u64,
            gaps in prop::collection::vec(0..300_000_000_u64, 1..200),
        ) {
            let (bucket, rate) = (Bucket::default(), Rate { records, per: Duration::from_secs(1) });
            let (mut now, mut passed) = (0, 0);
            for gap in &gaps {
                now += gap;
                let moment = Moment::at((1000 + now / 1_000_000_000) as i64, (now % 1_000_000_000) as u32);
                passed += u64::from(passes(&bucket, rate, moment));
            }
            let each = 1_000_000_000 / records;
            prop_assert!(passed <= records + now / each + 1);
        }
    }
}
