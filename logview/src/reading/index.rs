//! The sparse index: for each block of a file how many lines and records of each level start in it.
//!
//! It is fed the file's bytes from its start on, in whatever portions, and is exact for what it was fed: 40 bytes
//! per block, whatever the lines are like. It reads nothing itself. Numbers taken from it are complete as far as
//! [`Index::fed`] reaches; saying so is the caller's part.

use super::format::Format;
use super::head::{LOOK, Times};
use super::page::{Levels, slot};
use log::Level;
use memchr::memchr;
use std::collections::BTreeMap;

/// Bytes per entry.
pub const BLOCK: u64 = 1 << 20;

/// Buckets of the volume before neighbours are put together.
const MAX_BUCKETS: usize = 4096;

/// Records and lines of a file, as far as it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records by level: error, warn, info, debug, trace, and those without one.
    pub records: [u64; 6],
    /// Lines.
    pub lines: u64,
    /// Lines before the first record.
    pub headless: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Whether that was the whole file.
    pub complete: bool,
}

impl Totals {
    /// Records of the wanted levels, where lines before any record count as records of their own.
    pub fn wanted(&self, levels: Levels) -> u64 {
        let level = |at: usize| Level::iter().nth(at);
        (0..6).filter(|&at| levels.has(level(at))).map(|at| self.records[at]).sum::<u64>()
            + if levels.has(None) { self.headless } else { 0 }
    }
}

/// Records over time, in buckets of equal width that grows with the span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Seconds per bucket.
    pub width: i64,
    /// All records and errors, by bucket number (seconds since the epoch / width).
    pub buckets: BTreeMap<i64, (u32, u32)>,
}

impl Default for Volume {
    fn default() -> Volume {
        Volume { width: 1, buckets: BTreeMap::new() }
    }
}

impl Volume {
    fn add(&mut self, second: i64, error: bool) {
        let bucket = self.buckets.entry(second.div_euclid(self.width)).or_default();
        bucket.0 = bucket.0.saturating_add(1);
        bucket.1 = bucket.1.saturating_add(u32::from(error));
        if self.buckets.len() > MAX_BUCKETS {
            self.width *= 2;
            for (at, (all, errors)) in std::mem::take(&mut self.buckets) {
                let merged = self.buckets.entry(at.div_euclid(2)).or_default();
                merged.0 = merged.0.saturating_add(all);
                merged.1 = merged.1.saturating_add(errors);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry {
    records: [u32; 6],
    lines: u32,
    headless: u32,
    /// The level in force where the block starts.
    carry: u8,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    entries: Vec<Entry>,
    totals: Totals,
    volume: Volume,
    level: Option<Level>,
    any_head: bool,
    heads: LineHeads,
    times: Times,
    format: Format,
}

/// The first bytes of each line that has ended, out of portions of any size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineHeads {
    fed: u64,
    /// Where the line starts that has not ended yet, and its first bytes.
    start: u64,
    pending: Vec<u8>,
}

impl LineHeads {
    /// From an offset on, at which a line starts.
    pub fn from(start: u64) -> LineHeads {
        LineHeads { fed: start, start, pending: Vec::new() }
    }

    /// How far it was fed.
    pub fn fed(&self) -> u64 {
        self.fed
    }

    /// Takes the next bytes and gives out each line that ends in them: where it starts, and its first bytes.
    pub fn feed(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(u64, &[u8])) {
        while let Some(newline) = memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(newline + 1);
            if self.pending.is_empty() {
                each(self.start, &line[..newline]);
            } else {
                let room = LOOK.saturating_sub(self.pending.len()).min(newline);
                self.pending.extend_from_slice(&line[..room]);
                each(self.start, &self.pending);
                self.pending.clear();
            }
            self.fed += line.len() as u64;
            self.start = self.fed;
            bytes = rest;
        }
        let room = LOOK.saturating_sub(self.pending.len()).min(bytes.len());
        self.pending.extend_from_slice(&bytes[..room]);
        self.fed += bytes.len() as u64;
    }
}

impl Index {
    /// Of a file whose lines are read in this way.
    pub fn new(format: Format) -> Index {
        Index { format, ..Index::default() }
    }

    /// How far the file was fed.
    pub fn fed(&self) -> u64 {
        self.totals.bytes
    }

    /// What was found; a line that has not ended is not counted.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Records over time.
    pub fn volume(&self) -> &Volume {
        &self.volume
    }

    /// Takes the next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut heads = std::mem::take(&mut self.heads);
        heads.feed(bytes, &mut |start, line| self.line(start, line));
        self.heads = heads;
        self.totals.bytes = self.heads.fed;
    }

    /// Counts one line.
    fn line(&mut self, start: u64, line: &[u8]) {
        let block = (start / BLOCK) as usize;
        while self.entries.len() <= block {
            self.entries.push(Entry { carry: slot(self.level) as u8, ..Entry::default() });
        }
        let entry = &mut self.entries[block];
        entry.lines += 1;
        self.totals.lines += 1;
        if let Some((level, time)) = self.format.level_and_time(line, &mut self.times) {
            entry.records[slot(level)] += 1;
            self.totals.records[slot(level)] += 1;
            self.level = level;
            self.any_head = true;
            if let Some(time) = time {
                self.volume.add(time, level == Some(Level::Error));
            }
        } else if !self.any_head {
            entry.headless += 1;
            self.totals.headless += 1;
        }
    }

    /// Whether the index knows that no line that starts in this block is wanted.
    pub fn lacks(&self, block: u64, levels: Levels) -> bool {
        let block = block as usize;
        // The last block may still grow.
        let Some(entry) = self.entries.get(block).filter(|_| block + 1 < self.entries.len()) else {
            return false;
        };
        let level = |at: usize| Level::iter().nth(at);
        !levels.has(None)
            && !levels.has(level(entry.carry.into()))
            && (0..6).all(|at| entry.records[at] == 0 || !levels.has(level(at)))
    }

    /// Wanted records before the block that holds `at`, if the index reaches that far, and where that block starts.
    pub fn before_block(&self, at: u64, levels: Levels) -> Option<(u64, u64)> {
        if at > self.totals.bytes {
            return None;
        }
        let block = (at / BLOCK) as usize;
        let mut sum = Totals::default();
        for entry in self.entries.iter().take(block) {
            for (sum, records) in sum.records.iter_mut().zip(entry.records) {
                *sum += u64::from(records);
            }
            sum.headless += u64::from(entry.headless);
        }
        Some((sum.wanted(levels), block as u64 * BLOCK))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn records_are_counted_by_level_and_their_other_lines_are_not() {
        let mut index = Index::default();
        index
            .feed(b"loose\n[INFO] [2026-11-22T16:20:01Z] a\n\tmore\n[ERROR] [2026-11-22T16:20:01Z] b\nunend");
        let totals = index.totals();
        assert_eq!((totals.records, totals.lines, totals.headless), ([1, 0, 1, 0, 0, 0], 4, 1));
        assert_eq!(index.volume().buckets.values().collect::<Vec<_>>(), [&(2, 1)]);
        assert_eq!(totals.wanted(Levels::ALL), 3);
    }

    #[test]
    fn the_volume_stays_bounded_over_any_span() {
        let mut volume = Volume::default();
        for second in 0..100_000 {
            volume.add(second, second % 2 == 0);
        }
        assert!(volume.buckets.len() <= MAX_BUCKETS);
        let sum = volume.buckets.values().fold((0, 0), |sum, both| (sum.0 + both.0, sum.1 + both.1));
        assert_eq!(sum, (100_000, 50_000));
    }

    proptest! {
        #[test]
        fn portions_do_not_matter(
            lines in proptest::collection::vec("(\\[INFO\\] |\\[ERROR\\] |\t|x|2026-11-22 10:00:01 )[a-z]{0,600}", 0..20),
            cuts in proptest::collection::vec(0..2000usize, 0..10),
        ) {
            let text = lines.join("\n").into_bytes();
            let (mut whole, mut parts) = (Index::default(), Index::default());
            whole.feed(&text);
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).chain([0, text.len()]).collect();
            cuts.sort_unstable();
            for pair in cuts.windows(2) {
                parts.feed(&text[pair[0]..pair[1]]);
            }
            prop_assert_eq!(whole, parts);
        }
    }
}
