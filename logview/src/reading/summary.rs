//! What the matches of a pattern in a file come to: how many lines, when the first and the last were written, and how they
//! lie in time. Nothing is kept of where they are, so that thousands of files can be asked.

use super::Format;
use super::head::{LOOK, Times};
use super::search::Pattern;
use super::spread::Spread;
use super::sweep::{self, Block, blocks, line_around};
use crate::source::Bytes;
use memchr::memrchr;
use std::io;

/// See the module. Times are seconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Summary {
    pub hits: u64,
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub spread: Spread,
}

impl Summary {
    /// Adds a moment of one of the hits.
    pub fn add_at(&mut self, time: i64) {
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = self.last.max(Some(time));
        self.spread.add(time);
    }

    /// Adds what another file, or another part of this one, has come to.
    pub fn add(&mut self, other: &Summary) {
        self.hits += other.hits;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        self.spread.merge(other.spread);
    }
}

/// Of the first `len` bytes of a file; `None` if `stop` said so. `read` is told how many bytes were looked at, now and then.
///
/// # Errors
/// What the file system says.
pub fn summary(
    (bytes, len): (&dyn Bytes, u64),
    (pattern, format): (&Pattern, &Format),
    read: &(dyn Fn(u64) + Sync),
    stop: &(dyn Fn() -> bool + Sync),
) -> io::Result<Option<Summary>> {
    let mut all = Summary::default();
    let look = |block: Block| (of_block(pattern, format, block), block.raw.len() as u64);
    let mut take = |_, (summary, count): (Summary, u64)| {
        all.add(&summary);
        read(count);
        true
    };
    let complete = sweep::sweep((bytes, len), 0..blocks(len), &look, &mut take, stop)?;
    Ok(complete.then_some(all))
}

fn of_block(pattern: &Pattern, format: &Format, block: Block) -> Summary {
    let data = block.lines;
    let mut summary = Summary::default();
    let mut times: Times = None;
    let finder = pattern.finder(data);
    // Where the lines begin whose times are not known to be that of the record before, and that time.
    let (mut at, mut known, mut time) = (0, 0, None);
    while at < data.len()
        && let Some(found) = finder.find_at(data, at).filter(|&found| found < data.len())
    {
        let line = line_around(data, block.start, found);
        let own = time_above(format, &data[known..], line.start.saturating_sub(known), &mut times);
        time = own.or(time);
        known = line.start;
        summary.hits += 1;
        if let Some(time) = time {
            summary.add_at(time);
        }
        at = line.end;
    }
    summary
}

/// When the record was written that holds the line at `at`, as far as it begins within the data.
fn time_above(format: &Format, data: &[u8], mut at: usize, times: &mut Times) -> Option<i64> {
    loop {
        let line = &data[at..data.len().min(at + LOOK)];
        let line = memchr::memchr(b'\n', line).map_or(line, |end| &line[..end]);
        if let Some((_, time)) = format.level_and_time(line, times) {
            return time;
        }
        at = memrchr(b'\n', &data[..at.checked_sub(1)?]).map_or(0, |newline| newline + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::Memory;
    use super::*;

    fn line(second: u32, text: &str) -> String {
        format!("[INFO] [2026-11-22T16:{:02}:{:02}Z] {text}\n", second / 60, second % 60)
    }

    fn of(text: &str, pattern: &str) -> Summary {
        let bytes = Memory(text.as_bytes().to_vec());
        let pattern = Pattern::new(pattern).unwrap();
        let what = (&pattern, &Format::default());
        summary((&bytes, text.len() as u64), what, &|_| (), &|| false).unwrap().unwrap()
    }

    #[test]
    fn hits_have_the_times_of_their_records() {
        let text = [
            line(30, "it broke\n\tat pool\n\tat main"),
            line(100, "fine"),
            line(250, "again\n\tat pool"),
            line(300, "pool"),
        ];
        let found = of(&text.concat(), "pool");
        let start = 1_795_363_200;
        assert_eq!((found.hits, found.first, found.last), (3, Some(start + 30), Some(start + 300)));
        assert_eq!(found.spread.cells(), [1, 0, 0, 0, 1, 1]);
        assert_eq!(of("no time\nat all\n", "a").hits, 1);
        assert_eq!(of("no time\nat all\n", "z"), Summary::default());
    }

    #[test]
    fn a_file_of_many_blocks_is_counted_once() {
        let text: String =
            (0..120_000).map(|n| line(n % 3600, if n % 7 == 0 { "seventh day" } else { "x" })).collect();
        assert!(text.len() as u64 > 2 * sweep::BLOCK);
        let found = of(&text, "seventh");
        assert_eq!(found.hits, 120_000u64.div_ceil(7));
        assert_eq!(found.spread.cells().iter().map(|&count| u64::from(count)).sum::<u64>(), found.hits);
    }
}
