//! Counting records without keeping anything of them: for the jobs in the list, and for the number of a line.

use crate::reading::format::SAMPLE;
use crate::reading::head::{LOOK, Times};
use crate::reading::index::LineHeads;
use crate::reading::page::{Levels, slot};
use crate::reading::{Format, Lines};
use crate::source::{Bytes, Place, Source};
use log::Level;
use std::io;
use std::path::PathBuf;

/// Bytes that are read at once.
const PORTION: usize = 1 << 20;

/// Seconds of a sixth of an hour.
const SIXTH: i64 = 600;

/// Records of one file by level, from an offset on, carried on as it grows.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) file: PathBuf,
    /// No other file that is counted has its records.
    pub(super) apart: bool,
    pub(super) records: [u64; 6],
    from: u64,
    /// How much of the file's start was looked at to tell which form the lines have.
    sampled: u64,
    heads: LineHeads,
    format: Format,
    times: Times,
    /// Records in each sixth of an hour, by its number since the epoch.
    sixths: [(i64, u32); 6],
    /// It could not be opened or read.
    pub(super) failed: bool,
}

impl Tally {
    pub(super) fn new(file: PathBuf, from: u64, format: Format) -> Tally {
        Tally {
            file,
            apart: false,
            records: [0; 6],
            from,
            sampled: 0,
            heads: LineHeads::from(from),
            format,
            times: None,
            sixths: [(0, 0); 6],
            failed: false,
        }
    }

    /// Counts anew, from an offset on.
    fn restart(&mut self, from: u64, format: Format, sampled: u64) {
        let new = Tally::new(std::mem::take(&mut self.file), from, format);
        *self = Tally { apart: self.apart, sampled, ..new };
    }

    /// How far it has counted.
    pub(super) fn counted(&self) -> u64 {
        self.heads.fed()
    }

    /// Counts on, up to about `budget` bytes. Says whether it reached the end; a file that became shorter is
    /// counted from its start.
    pub(super) fn go_on(
        &mut self,
        source: &dyn Source,
        job: &std::path::Path,
        budget: u64,
    ) -> io::Result<bool> {
        let bytes = source.open(&Place { job: job.to_owned(), file: self.file.clone() })?;
        let (_, len) = bytes.stat()?;
        if len < self.counted() {
            self.restart(0, self.format.clone(), 0);
        }
        let sample = len.min(SAMPLE);
        if sample > self.sampled {
            let format = self.format.clone().for_bytes(&*bytes, len)?;
            self.sampled = sample;
            if format != self.format {
                self.restart(self.from, format, sample);
            }
        }
        let end = len.min(self.counted() + budget);
        self.read(&*bytes, end)?;
        Ok(self.counted() >= len)
    }

    fn read(&mut self, bytes: &dyn Bytes, end: u64) -> io::Result<()> {
        let mut data = vec![0; PORTION.min((end - self.counted()) as usize)];
        while self.counted() < end {
            let want = data.len().min((end - self.counted()) as usize);
            let read = bytes.read_at(&mut data[..want], self.counted())?;
            if read == 0 {
                break;
            }
            let (records, times, sixths) = (&mut self.records, &mut self.times, &mut self.sixths);
            let format = &self.format;
            self.heads.feed(&data[..read], &mut |_, line| {
                let Some((level, time)) = format.level_and_time(line, times) else { return };
                records[slot(level)] += 1;
                if let Some(number) = time.map(|time| time.div_euclid(SIXTH)) {
                    let sixth = &mut sixths[number.rem_euclid(6) as usize];
                    *sixth = (number, if sixth.0 == number { sixth.1 + 1 } else { 1 });
                }
            });
        }
        Ok(())
    }

    /// Records of a level.
    pub(super) fn of(&self, level: Level) -> u64 {
        self.records[slot(Some(level))]
    }

    /// Records in each sixth of the hour that ends now, the oldest first.
    pub(super) fn hour(&self, now: i64) -> [u32; 6] {
        let last = now.div_euclid(SIXTH);
        std::array::from_fn(|at| {
            let number = last - 5 + at as i64;
            let sixth = self.sixths[number.rem_euclid(6) as usize];
            if sixth.0 == number { sixth.1 } else { 0 }
        })
    }
}

/// Wanted records whose first line starts in a range that begins where an index block does. Lines before the first
/// record of all, which may be here, count for themselves.
pub(super) fn wanted_between(
    lines: &mut Lines,
    range: std::ops::Range<u64>,
    levels: Levels,
    mut headless: bool,
) -> Option<u64> {
    let mut at = lines.start_of(range.start).ok()?;
    if at < range.start {
        at = lines.end_of(at).ok()?;
    }
    let mut count = 0;
    let mut text = Vec::new();
    while at < range.end {
        let end = lines.end_of(at).ok()?.max(at + 1);
        lines.text_into(at, end.min(at + LOOK as u64), &mut text).ok()?;
        let level = lines.format.level_of(&text);
        headless &= level.is_none();
        let wanted = level.map_or(headless && levels.has(None), |level| levels.has(level));
        count += u64::from(wanted);
        at = end;
    }
    Some(count)
}
