//! How many records have reached a job and what became of each: what [`Balance`] is made of.
//!
//! Each log call adds to exactly one counter. A record that is refused costs no locked instruction on a thread that is in
//! the job: such a thread counts on its own, and whoever asks adds up.

use crate::disk::{Balance, Counts, Losses};
use crate::engine::rate::Bucket;
use crate::lock::lock;
use crate::sync::Mutex;
use log::Level;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One job's counters.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Records that an appender was to take, by level.
    taken: [AtomicU64; 5],
    filtered: AtomicU64,
    rate_limited: AtomicU64,
    /// Records that are known to be lost since their log call, by cause. What is lost later is on the accounts with the
    /// files.
    lost: [AtomicU64; 3],
    seats: Mutex<Vec<Arc<AtomicU64>>>,
    /// For the job's rate limit.
    pub(crate) bucket: Bucket,
}

/// Why a record is lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cause {
    Io,
    BacklogFull,
    Closed,
}

/// What a thread that is in a job counts on its own: nobody else writes to it.
#[derive(Debug)]
pub(crate) struct Seat(Arc<AtomicU64>);

impl Seat {
    /// One more record is filtered.
    #[inline]
    pub(crate) fn filter(&self) {
        self.0.store(self.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

impl Tally {
    /// One more record is handed to appenders; returns its number, which no other record of the job has.
    #[inline]
    pub(crate) fn take(&self, level: Level) -> u64 {
        let number = self.taken[level as usize - 1].fetch_add(1, Ordering::Relaxed);
        // Never 0, as no level is.
        (number << 3) | level as u64
    }

    pub(crate) fn filter(&self) {
        self.filtered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn limit(&self) {
        self.rate_limited.fetch_add(1, Ordering::Relaxed);
    }

    /// A record that was taken is lost.
    pub(crate) fn lose(&self, cause: Cause) {
        self.lost[cause as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// A thread enters the job.
    pub(crate) fn sit_down(&self) -> Seat {
        let seat = Arc::default();
        lock(&self.seats).push(Arc::clone(&seat));
        Seat(seat)
    }

    /// It has left.
    pub(crate) fn stand_up(&self, seat: &Seat) {
        let mut seats = lock(&self.seats);
        if let Some(at) = seats.iter().position(|other| Arc::ptr_eq(other, &seat.0)) {
            self.filtered.fetch_add(seats.swap_remove(at).load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    /// Records per level that an appender was to take.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for level in Level::iter() {
            counts[level] = self.taken[level as usize - 1].load(Ordering::Relaxed);
        }
        counts
    }

    /// The balance over `counts`; `unwritten` records were taken by a file and are lost all the same.
    pub(crate) fn balance(&self, counts: &Counts, unwritten: u64) -> Balance {
        let lost = |cause| self.lost[cause as usize].load(Ordering::Relaxed);
        let lost = Losses {
            io: lost(Cause::Io) + unwritten,
            backlog_full: lost(Cause::BacklogFull),
            closed: lost(Cause::Closed),
        };
        let filtered = {
            let seats = lock(&self.seats);
            let seated: u64 = seats.iter().map(|seat| seat.load(Ordering::Relaxed)).sum();
            self.filtered.load(Ordering::Relaxed) + seated
        };
        let rate_limited = self.rate_limited.load(Ordering::Relaxed);
        // A record may have got lost since the counts were read.
        let written = counts.total().saturating_sub(lost.total());
        Balance {
            emitted: written + filtered + rate_limited + lost.total(),
            written,
            filtered,
            rate_limited,
            lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn what_a_thread_has_counted_on_its_own_is_seen_at_once_and_stays_when_it_leaves() {
        let tally = Tally::default();
        let filtered = || tally.balance(&tally.counts(), 0).filtered;
        let seats: Vec<_> = (0..4).map(|_| tally.sit_down()).collect();
        thread::scope(|scope| {
            for seat in &seats {
                scope.spawn(|| (0..1000).for_each(|_| seat.filter()));
            }
            (0..1000).for_each(|_| tally.filter());
        });
        assert_eq!(filtered(), 5000);
        seats.iter().for_each(|seat| tally.stand_up(seat));
        assert_eq!(filtered(), 5000);
    }

    #[test]
    fn no_two_records_have_one_number() {
        let tally = Tally::default();
        let mut numbers: Vec<u64> =
            Level::iter().flat_map(|level| [level, level]).map(|level| tally.take(level)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 10);
    }
}
