//! The sparse index: for each block of a file how many lines and records of each level start in it, and when.
//!
//! Each block is learned by itself and in any order, so that what is near the screen is known first; a file that
//! grows adds blocks, and its tail, which may still change, is learned anew. 72 bytes per block, whatever the lines
//! are like. It reads nothing itself. [`Totals::complete`] says whether numbers taken from it are those of the file.

use super::format::Format;
use super::head::{LOOK, Times};
use super::page::{Levels, slot};
use super::spots::Spots;
pub use super::sweep::BLOCK;
use super::sweep::{Block, outward, whole_blocks};
use log::Level;
use memchr::{memchr, memchr_iter};
use std::collections::BTreeMap;

/// Buckets of the volume before neighbours are put together.
const MAX_BUCKETS: usize = 4096;

/// How far above a block the record is looked for that reaches into it.
const CARRY: usize = 64;

/// Records and lines of a file, as far as it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records by level: error, warn, info, debug, trace, and those without one.
    pub records: [u64; 6],
    /// Lines that have ended.
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
    /// Seconds per bucket: a power of two.
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
    fn add(&mut self, second: i64, (all, errors): (u32, u32)) {
        let bucket = self.buckets.entry(second.div_euclid(self.width)).or_default();
        bucket.0 = bucket.0.saturating_add(all);
        bucket.1 = bucket.1.saturating_add(errors);
        while self.buckets.len() > MAX_BUCKETS {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.width *= 2;
        for (at, (all, errors)) in std::mem::take(&mut self.buckets) {
            let merged = self.buckets.entry(at.div_euclid(2)).or_default();
            merged.0 = merged.0.saturating_add(all);
            merged.1 = merged.1.saturating_add(errors);
        }
    }

    /// Adds what another one holds, in whatever order.
    pub fn merge(&mut self, other: &Volume) {
        while self.width < other.width {
            self.widen();
        }
        for (&at, &counts) in &other.buckets {
            self.add(at * other.width, counts);
        }
    }
}

/// What is known of one block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Records that start in it, by level.
    pub records: [u32; 6],
    /// Newlines among its bytes.
    pub newlines: u32,
    /// Its lines before its first record.
    pub headless: u32,
    /// When its first and its last record with a time were written, in seconds since the epoch.
    pub times: Option<(i64, i64)>,
    /// The level of its last record, if any starts in it.
    pub last: Option<u8>,
    /// In which of its 64 parts errors start, a bit for each.
    pub errors: u64,
}

/// What was learned of one block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    entry: Entry,
    volume: Volume,
}

/// Counts one block.
pub fn learn(format: &Format, block: Block) -> Learned {
    let mut learned = Learned::default();
    let Learned { entry, volume } = &mut learned;
    entry.newlines = memchr_iter(b'\n', block.raw).count() as u32;
    let mut rest = block.lines;
    if block.start == 0 {
        rest = rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(rest);
    }
    if !block.fresh {
        // A piece of a long line starts no record.
        rest = memchr(b'\n', rest).map_or(&[][..], |newline| &rest[newline + 1..]);
    }
    let mut times: Times = None;
    let mut second: Option<(i64, (u32, u32))> = None;
    while !rest.is_empty() {
        let left = rest.len();
        let newline = memchr(b'\n', rest);
        let line = &rest[..newline.unwrap_or(rest.len())];
        rest = newline.map_or(&[][..], |newline| &rest[newline + 1..]);
        let Some((level, time)) = format.level_and_time(&line[..line.len().min(LOOK)], &mut times) else {
            entry.headless += u32::from(entry.last.is_none());
            continue;
        };
        if level == Some(Level::Error) {
            let at = block.start - block.number * BLOCK + (block.lines.len() - left) as u64;
            entry.errors |= 1 << (at / (BLOCK / 64)).min(63);
        }
        entry.records[slot(level)] += 1;
        entry.last = Some(slot(level) as u8);
        let Some(time) = time else { continue };
        entry.times = Some((entry.times.map_or(time, |(first, _)| first), time));
        let one = (1, u32::from(level == Some(Level::Error)));
        second = match second {
            Some((at, (all, errors))) if at == time => Some((at, (all + one.0, errors + one.1))),
            other => {
                other.into_iter().for_each(|(at, counts)| volume.add(at, counts));
                Some((time, one))
            }
        };
    }
    second.into_iter().for_each(|(at, counts)| volume.add(at, counts));
    learned
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    blocks: Vec<Option<Entry>>,
    known: usize,
    /// Everything that is known of whole blocks, and over time.
    sums: [u64; 7],
    volume: Volume,
    /// The rest, as far as `tail_to`.
    tail: Learned,
    tail_to: u64,
    /// Its errors, block by block.
    tail_errors: Vec<u64>,
    len: u64,
    /// How its lines are read.
    pub format: Format,
}

impl Index {
    /// Of a file whose lines are read in this way.
    pub fn new(format: Format) -> Index {
        Index { format, ..Index::default() }
    }

    /// The file has this length now, not less than before.
    pub fn grow(&mut self, len: u64) {
        self.len = len;
        let whole = whole_blocks(len) as usize;
        if whole > self.blocks.len() {
            self.blocks.resize(whole, None);
            (self.tail, self.tail_to) = (Learned::default(), whole as u64 * BLOCK);
            self.tail_errors.clear();
        }
    }

    /// Whole blocks that are not known yet, the nearest to the offset first.
    pub fn unknown(&self, near: u64) -> Vec<u64> {
        let unknown = |block: &u64| self.blocks[*block as usize].is_none();
        outward(near / BLOCK, self.blocks.len() as u64).filter(unknown).collect()
    }

    /// The blocks that are no whole ones, and whether they are behind the file.
    pub fn tail(&self) -> (std::ops::Range<u64>, bool) {
        (self.blocks.len() as u64..super::sweep::blocks(self.len), self.tail_to < self.len)
    }

    /// Takes in what was learned of a whole block.
    pub fn put(&mut self, block: u64, learned: &Learned) {
        let Some(slot) = self.blocks.get_mut(block as usize).filter(|slot| slot.is_none()) else { return };
        *slot = Some(learned.entry);
        self.known += 1;
        for (sum, records) in
            self.sums.iter_mut().zip(learned.entry.records.into_iter().chain([learned.entry.newlines]))
        {
            *sum += u64::from(records);
        }
        self.volume.merge(&learned.volume);
    }

    /// Takes in what was learned of the rest of a file of `len` bytes, from the whole blocks on.
    pub fn put_tail(&mut self, len: u64, parts: &[Learned]) {
        if whole_blocks(len) as usize != self.blocks.len() {
            return;
        }
        let mut tail = Learned::default();
        for part in parts {
            let headless = if tail.entry.last.is_none() { part.entry.headless } else { 0 };
            for (sum, records) in tail.entry.records.iter_mut().zip(part.entry.records) {
                *sum += records;
            }
            tail.entry.newlines += part.entry.newlines;
            tail.entry.headless += headless;
            tail.entry.last = part.entry.last.or(tail.entry.last);
            tail.volume.merge(&part.volume);
        }
        (self.tail, self.tail_to) = (tail, len);
        self.tail_errors = parts.iter().map(|part| part.entry.errors).collect();
    }

    /// What was found; a last line that has not ended counts as what it is so far.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        let tail = &self.tail.entry;
        for (at, records) in totals.records.iter_mut().enumerate() {
            *records = self.sums[at] + u64::from(tail.records[at]);
        }
        totals.lines = self.sums[6] + u64::from(tail.newlines);
        let (headless, ended) = self.headless(self.blocks.len());
        totals.headless = headless + if ended { 0 } else { u64::from(tail.headless) };
        totals.bytes =
            self.known as u64 * BLOCK + self.tail_to.saturating_sub(self.blocks.len() as u64 * BLOCK);
        totals.complete = self.known == self.blocks.len() && self.tail_to >= self.len;
        totals
    }

    /// Lines before the first record, as far as the blocks below `to` say, and whether that is one of theirs.
    fn headless(&self, to: usize) -> (u64, bool) {
        let mut sum = 0;
        for block in &self.blocks[..to] {
            let Some(entry) = block else { return (0, true) };
            sum += u64::from(entry.headless);
            if entry.last.is_some() {
                return (sum, true);
            }
        }
        (sum, false)
    }

    /// Records over time.
    pub fn volume(&self) -> Volume {
        let mut volume = self.volume.clone();
        volume.merge(&self.tail.volume);
        volume
    }

    /// Where errors are, as far as that is known.
    pub fn errors(&self) -> Spots {
        let mut spots = Spots::new(self.len);
        let whole = self.blocks.iter().map(|entry| entry.map_or(0, |entry| entry.errors));
        for (block, bits) in whole.chain(self.tail_errors.iter().copied()).enumerate() {
            for bit in (0..64).filter(|bit| bits >> bit & 1 == 1) {
                let at = block as u64 * BLOCK + bit * (BLOCK / 64);
                spots.add(at, at + 1);
            }
        }
        spots
    }

    /// Newlines of a block, if it is known.
    pub fn newlines(&self, block: u64) -> Option<u32> {
        self.blocks.get(block as usize)?.map(|entry| entry.newlines)
    }

    /// Whether the index knows that no line that starts in this block is wanted.
    pub fn lacks(&self, block: u64, levels: Levels) -> bool {
        let level = |at: usize| Level::iter().nth(at);
        let Some(Some(entry)) = self.blocks.get(block as usize) else { return false };
        !levels.has(None)
            && (0..6).all(|at| entry.records[at] == 0 || !levels.has(level(at)))
            && self.carry(block as usize).is_some_and(|carry| !levels.has(level(carry.into())))
    }

    /// The level of the record that reaches into a block, if that is known.
    fn carry(&self, block: usize) -> Option<u8> {
        let none = slot(None) as u8;
        for entry in self.blocks[..block].iter().rev().take(CARRY) {
            if let Some(level) = entry.as_ref()?.last {
                return Some(level);
            }
        }
        (block <= CARRY).then_some(none)
    }

    /// Wanted records before the block that holds `at`, if all before it is known, where that block starts, and whether
    /// there was no record yet.
    pub fn before_block(&self, at: u64, levels: Levels) -> Option<(u64, u64, bool)> {
        if at > self.len {
            return None;
        }
        let block = (at / BLOCK).min(self.blocks.len() as u64) as usize;
        let mut sum = Totals::default();
        for entry in &self.blocks[..block] {
            for (sum, records) in sum.records.iter_mut().zip(entry.as_ref()?.records) {
                *sum += u64::from(records);
            }
        }
        let (headless, ended) = self.headless(block);
        sum.headless = headless;
        Some((sum.wanted(levels), block as u64 * BLOCK, !ended))
    }

    /// What is known of the whole blocks, to be kept.
    pub fn kept(&self) -> (&[Option<Entry>], &Volume) {
        (&self.blocks, &self.volume)
    }

    /// Begins with what was kept.
    pub fn resume(format: Format, blocks: Vec<Entry>, volume: Volume) -> Index {
        let mut sums = [0; 7];
        for entry in &blocks {
            for (sum, records) in sums.iter_mut().zip(entry.records.into_iter().chain([entry.newlines])) {
                *sum += u64::from(records);
            }
        }
        let (known, tail_to) = (blocks.len(), blocks.len() as u64 * BLOCK);
        let blocks = blocks.into_iter().map(Some).collect();
        Index {
            blocks,
            known,
            sums,
            volume,
            tail: Learned::default(),
            tail_to,
            len: 0,
            format,
            tail_errors: Vec::new(),
        }
    }
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

    /// The first bytes of the line that has not ended yet.
    pub fn pending(&self) -> &[u8] {
        &self.pending
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

#[cfg(test)]
pub(crate) mod tests {
    use super::super::lines::tests::Memory;
    use super::super::sweep::{blocks, read};
    use super::*;
    use proptest::prelude::*;

    /// The index of a text, its blocks learned outward from a place.
    pub(crate) fn indexed(text: &[u8], near: u64) -> Index {
        let mut index = Index::default();
        index.grow(text.len() as u64);
        catch_up(&mut index, text, near);
        index
    }

    fn catch_up(index: &mut Index, text: &[u8], near: u64) {
        let (memory, len) = (Memory(text.to_vec()), text.len() as u64);
        let format = Format::default();
        let one = |block| learn(&format, read(&memory, len, block, &mut Vec::new()).unwrap());
        for block in index.unknown(near) {
            index.put(block, &one(block));
        }
        let tail: Vec<Learned> = (whole_blocks(len)..blocks(len)).map(one).collect();
        index.put_tail(len, &tail);
    }

    #[test]
    fn records_are_counted_by_level_and_their_other_lines_are_not() {
        let index = indexed(
            b"loose\n[INFO] [2026-11-22T16:20:01Z] a\n\tmore\n[ERROR] [2026-11-22T16:20:01Z] b\nunend",
            0,
        );
        let totals = index.totals();
        assert_eq!((totals.records, totals.lines, totals.headless), ([1, 0, 1, 0, 0, 0], 4, 1));
        assert_eq!(index.volume().buckets.values().collect::<Vec<_>>(), [&(2, 1)]);
        assert_eq!(totals.wanted(Levels::ALL), 3);
        assert!(totals.complete);
    }

    #[test]
    fn the_volume_stays_bounded_over_any_span() {
        let mut volume = Volume::default();
        for second in 0..100_000 {
            volume.add(second, (1, u32::from(second % 2 == 0)));
        }
        assert!(volume.buckets.len() <= MAX_BUCKETS);
        let sum = volume.buckets.values().fold((0, 0), |sum, both| (sum.0 + both.0, sum.1 + both.1));
        assert_eq!(sum, (100_000, 50_000));
    }

    #[test]
    fn errors_are_known_by_their_place_in_the_file() {
        let filler = "[INFO] x\n".repeat(300_000);
        let third = filler.len() / 3 / 9 * 9;
        let text = format!("{}[ERROR] a\n{}", &filler[..third], &filler[third..]);
        let errors = indexed(text.as_bytes(), 0).errors();
        let rows: Vec<u16> = (0..30).filter(|&row| errors.in_row(row, 30)).collect();
        assert!(rows == [9] || rows == [10] || rows == [9, 10], "{rows:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn neither_the_order_of_the_blocks_nor_how_the_file_grew_matters(
            parts in proptest::collection::vec(
                ("(\\[INFO\\] |\\[ERROR\\] |\t|x|2026-11-22 10:00:01 )[a-z]{0,60}", 0..90_000usize), 0..60),
            cut in 0.0..1.0f64, near in 0.0..1.0f64,
        ) {
            let text: Vec<u8> = parts.iter()
                .flat_map(|(line, pad)| line.bytes().chain(std::iter::repeat_n(b'-', *pad)).chain([b'\n']))
                .collect();
            let whole = indexed(&text, 0);
            let mut other = indexed(&text[..(text.len() as f64 * cut) as usize], 0);
            other.grow(text.len() as u64);
            catch_up(&mut other, &text, (text.len() as f64 * near) as u64);
            prop_assert_eq!(&whole, &other);
            let totals = whole.totals();
            prop_assert_eq!(totals.lines, parts.len() as u64);
            let heads = parts.iter().filter(|(line, _)| !line.starts_with(['\t', 'x'])).count() as u64;
            prop_assert_eq!(totals.records.iter().sum::<u64>(), heads);
            let headless = parts.iter().take_while(|(line, _)| line.starts_with(['\t', 'x'])).count() as u64;
            prop_assert_eq!(totals.headless, headless);
            let (kept, volume) = whole.kept();
            let mut resumed = Index::resume(Format::default(), kept.iter().copied().flatten().collect(), volume.clone());
            resumed.grow(text.len() as u64);
            catch_up(&mut resumed, &text, 0);
            prop_assert_eq!(whole, resumed);
        }
    }
}
