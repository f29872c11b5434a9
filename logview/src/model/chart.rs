//! The volume chart: which column is which time, and what a person has chosen in it.

use super::Model;
use super::log::Log;
use crate::layout::Areas;

/// Cells before the bars.
pub const LABEL: usize = 7;

/// Cells that the chart needs at least.
pub const LEAST: usize = 14;

/// What is chosen in the chart: a column, or all from one to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The column.
    pub at: usize,
    /// Where a span began.
    pub from: Option<usize>,
}

impl Choice {
    /// First and last column.
    pub fn columns(self) -> (usize, usize) {
        let from = self.from.unwrap_or(self.at);
        (self.at.min(from), self.at.max(from))
    }
}

/// Records by column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// All records and errors of each column.
    pub columns: Vec<(u64, u64)>,
    /// The first second.
    pub start: i64,
    /// How many seconds each column is: all are of the same, so that a writer of an even pace makes an even row.
    pub seconds: i64,
}

impl Chart {
    /// Of a log on so many cells; `None` if there is nothing to show or no room.
    pub fn of(log: &Log, width: u16) -> Option<Chart> {
        let room = usize::from(width).saturating_sub(LABEL + 2);
        let volume = &log.volume;
        let within = |at: i64| log.span.is_none_or(|(from, to)| (from..=to).contains(&(at * volume.width)));
        let mut shown = volume.buckets.keys().copied().filter(|at| within(*at));
        let first = shown.next()?;
        let last = shown.next_back().unwrap_or(first);
        if room < LEAST {
            return None;
        }
        // At least a bucket per column, so that a short log is a short chart and not one wide bar.
        // Columns begin at multiples of what they hold, so that they stay as they are while the log grows.
        let mut per = (last - first) / room as i64 + 1;
        let mut start = first.div_euclid(per) * per;
        while (last - start) / per >= room as i64 {
            per += 1;
            start = first.div_euclid(per) * per;
        }
        let mut columns = vec![(0, 0); ((last - start) / per + 1) as usize];
        for (&at, &(records, errors)) in volume.buckets.range(first..=last) {
            let column: &mut (u64, u64) = &mut columns[((at - start) / per) as usize];
            column.0 += u64::from(records);
            column.1 += u64::from(errors);
        }
        Some(Chart { columns, start: start * volume.width, seconds: per * volume.width })
    }

    /// The first second of a column; of the one behind the last, that behind all.
    pub fn second(&self, column: usize) -> i64 {
        self.start + column as i64 * self.seconds
    }

    /// Records and errors of what is chosen.
    pub fn counts(&self, choice: Choice) -> (u64, u64) {
        let (from, to) = choice.columns();
        let chosen =
            self.columns.get(from..=to.min(self.columns.len().saturating_sub(1))).unwrap_or_default();
        chosen.iter().fold((0, 0), |(all, errors), column| (all + column.0, errors + column.1))
    }
}

impl Model {
    /// The chart as it is on the screen.
    pub fn chart_shown(&self) -> Option<Chart> {
        let Areas { chart, .. } = self.areas();
        if chart.height < 6 { None } else { Chart::of(&self.log, chart.width) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::index::Volume;
    use proptest::prelude::*;

    fn log(counts: &[(i64, u32)], width: i64) -> Log {
        let buckets = counts.iter().map(|&(at, count)| (at, (count, count / 2))).collect();
        Log { volume: Volume { width, buckets }, ..Log::default() }
    }

    proptest! {
        #[test]
        fn every_record_is_in_the_column_of_its_second(
            counts in proptest::collection::btree_map(-50..5000i64, 1..9u32, 1..60), width in 23..200u16, power in 0..6u32,
        ) {
            let counts: Vec<(i64, u32)> = counts.into_iter().collect();
            let seconds = 1i64 << power;
            let log = log(&counts, seconds);
            let chart = Chart::of(&log, width).unwrap();
            let all = Choice { at: 0, from: Some(chart.columns.len()) };
            prop_assert!(chart.columns.len() <= usize::from(width) - LABEL - 2);
            prop_assert_eq!(chart.counts(all).0, counts.iter().map(|(_, count)| u64::from(*count)).sum::<u64>());
            for (column, &(records, _)) in chart.columns.iter().enumerate() {
                let (from, to) = (chart.second(column), chart.second(column + 1));
                prop_assert!(from < to);
                let inside = counts.iter().filter(|(at, _)| (from..to).contains(&(at * seconds)));
                prop_assert_eq!(inside.map(|(_, count)| u64::from(*count)).sum::<u64>(), records);
            }
        }
    }
}
