//! Counting records without keeping anything of them: for the jobs in the list, and for the number of a line.

use super::older::MOST;
use crate::reading::format::SAMPLE;
use crate::reading::head::{LOOK, Times};
use crate::reading::index::LineHeads;
use crate::reading::page::{self, Levels};
use crate::reading::recoded::{Recoded, encoding_of};
use crate::reading::{Format, Lines, unpacked};
use crate::source::rotation::packing;
use crate::source::{Bytes, FileId, Place, Source};
use log::Level;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// Bytes that are read at once.
const PORTION: usize = 1 << 20;

/// Seconds of a sixth of an hour.
const SIXTH: i64 = 600;

/// What has more bytes is not unpacked or decoded as a whole only to be counted.
const MOST_WHOLE: u64 = 16 << 20;

/// Records of a log by level: of a file, and of what was rotated away from it. Carried on as it grows and rolls.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) file: PathBuf,
    /// No other file that is counted has its records.
    pub(super) apart: bool,
    format: Format,
    /// Where its records begin, and when: what was rotated away before is not counted.
    from: u64,
    since: Option<SystemTime>,
    /// The file that has the name now, and those that had it before, as far as they are counted.
    live: Count,
    older: Vec<Count>,
    /// Whether it is known what was rotated away, and where that is.
    listed: bool,
    ever_listed: bool,
    parts: usize,
    /// How much of the file's start was looked at to tell which form the lines have.
    sampled: u64,
    /// Records in each sixth of an hour, by its number since the epoch.
    sixths: [(i64, u32); 6],
    /// It could not be opened or read.
    pub(super) failed: bool,
}

/// What was counted of one file.
#[derive(Debug)]
struct Count {
    id: Option<FileId>,
    place: PathBuf,
    records: [u64; 6],
    heads: LineHeads,
    times: Times,
    /// Its bytes, of which all were counted if it is `whole`.
    seen: u64,
    whole: bool,
}

impl Count {
    fn new(id: Option<FileId>, place: &Path, from: u64) -> Count {
        let heads = LineHeads::from(from);
        Count { id, place: place.to_owned(), records: [0; 6], heads, times: None, seen: from, whole: false }
    }

    /// Records of a level; a last line that has not ended counts as what it is so far.
    fn of(&self, slot: usize, format: &Format) -> u64 {
        let rest = format.level_and_time(self.heads.pending(), &mut None).map(|(level, _)| page::slot(level));
        self.records[slot] + u64::from(rest == Some(slot) && !self.heads.pending().is_empty())
    }
}

impl Tally {
    /// Of a file from an offset on, and of what was rotated away from it since a moment.
    pub(super) fn new(file: PathBuf, from: u64, since: Option<SystemTime>, format: Format) -> Tally {
        let live = Count::new(None, &file, from);
        Tally {
            file,
            apart: false,
            format,
            from,
            since,
            live,
            older: Vec::new(),
            listed: false,
            ever_listed: false,
            parts: 0,
            sampled: 0,
            sixths: [(0, 0); 6],
            failed: false,
        }
    }

    /// How far it has counted in the file that has the name now.
    pub(super) fn counted(&self) -> u64 {
        self.live.seen
    }

    /// Whether something that was rotated away is still to be counted, where there are so many such files by now.
    pub(super) fn is_behind(&self, parts: usize) -> bool {
        self.parts != parts || self.older.iter().any(|count| !count.whole)
    }

    /// Counts on, up to about `budget` bytes; `parts` is how many files were rotated away when that was last looked at.
    /// Says whether it reached the end; a file that became shorter is counted from its start.
    pub(super) fn go_on(
        &mut self,
        source: &dyn Source,
        job: &Path,
        parts: usize,
        mut budget: u64,
    ) -> io::Result<bool> {
        if self.parts != parts {
            (self.listed, self.parts) = (false, parts);
        }
        let place = Place { job: job.to_owned(), file: self.file.clone() };
        let bytes: Arc<dyn Bytes> = match source.open(&place) {
            Ok(bytes) => bytes.into(),
            Err(error) if error.kind() == io::ErrorKind::NotFound && parts > 0 => {
                return self.without_live(source, &place, budget);
            }
            Err(error) => return Err(error),
        };
        let (id, len) = bytes.stat()?;
        match self.live.id {
            None => self.live.id = Some(id),
            Some(known) if known != id => {
                let live = Count::new(Some(id), &self.file, 0);
                self.older.push(std::mem::replace(&mut self.live, live));
                self.listed = false;
            }
            Some(_) if len < self.counted() => {
                self.live = Count::new(Some(id), &self.file, 0);
                (self.listed, self.sampled) = (false, 0);
            }
            Some(_) => {}
        }
        let sample = len.min(SAMPLE);
        if sample > self.sampled {
            let format = self.format.clone().for_bytes(&*bytes, len)?;
            self.sampled = sample;
            if format != self.format {
                let new = Tally::new(self.file.clone(), self.from, self.since, format);
                *self = Tally { apart: self.apart, sampled: sample, ..new };
                self.live.id = Some(id);
            }
        }
        budget = self.count_all_older(source, &place, budget)?;
        if budget == 0 {
            return Ok(false);
        }
        let mut start = [0; 4];
        let got = bytes.read_at(&mut start, 0)?;
        if let Some(encoding) = encoding_of(&start[..got], None) {
            // It is decoded from its start each time, which is rare enough.
            if self.live.seen != len && len <= MOST_WHOLE {
                self.live = Count::new(Some(id), &self.file, 0);
                let decoded = Recoded::new(bytes, len, encoding)?;
                let end = decoded.grow(len)?;
                read(&mut self.live, &mut self.sixths, &self.format, (&decoded, end))?;
            }
            self.live.seen = len;
            return Ok(true);
        }
        let end = len.min(self.counted() + budget);
        read(&mut self.live, &mut self.sixths, &self.format, (&*bytes, end))?;
        self.live.seen = self.live.heads.fed();
        Ok(self.counted() >= len)
    }

    /// Nothing has the name now, or for a moment: what had it is one of those that were rotated away.
    fn without_live(&mut self, source: &dyn Source, live: &Place, budget: u64) -> io::Result<bool> {
        if self.live.id.is_some() {
            let none = Count::new(None, &self.file, 0);
            self.older.push(std::mem::replace(&mut self.live, none));
            self.listed = false;
        }
        self.live.seen = 0;
        Ok(self.count_all_older(source, live, budget)? > 0)
    }

    /// Counts what was rotated away; says how much may be counted yet.
    fn count_all_older(&mut self, source: &dyn Source, live: &Place, mut budget: u64) -> io::Result<u64> {
        if !self.listed && (self.parts > 0 || !self.older.is_empty()) {
            self.list(source, live);
        }
        for at in 0..self.older.len() {
            if !self.older[at].whole {
                budget = self.count_older(at, source, &live.job, budget)?;
            }
        }
        Ok(budget)
    }

    /// Finds what was rotated away and is not counted yet.
    fn list(&mut self, source: &dyn Source, live: &Place) {
        let Ok(parts) = source.parts(live) else { return };
        let first = !self.ever_listed;
        (self.listed, self.ever_listed) = (true, true);
        let (mut there, mut new) = (Vec::new(), Vec::new());
        let of_before =
            |part: &Place| self.since.is_some_and(|since| source.modified(part).is_some_and(|at| at < since));
        let parts: Vec<Place> = parts.into_iter().filter(|part| !of_before(part)).collect();
        for part in parts {
            let Ok((id, size)) = source.stat(&part) else { continue };
            there.push(id);
            if let Some(known) = self.older.iter_mut().find(|count| count.id == Some(id)) {
                known.place.clone_from(&part.file);
            } else if self.live.id != Some(id) {
                new.push((id, size, part.file));
            }
        }
        let is_packed = |file: &Path| packing(file.as_os_str()).1.is_some();
        let packs = new.iter().any(|(.., file)| is_packed(file));
        // What was removed and made anew is no roll; what was packed at once was one.
        self.older.retain(|count| count.whole || packs || count.id.is_some_and(|id| there.contains(&id)));
        let gone = |count: &&mut Count| count.id.is_none_or(|id| !there.contains(&id));
        self.older.iter_mut().filter(gone).for_each(|count| count.whole = true);
        for (id, size, file) in new {
            let place = Place { job: live.job.clone(), file };
            // What is packed later was there plain, or is a part of what this has counted.
            if !first && is_packed(&place.file) {
                continue;
            }
            // The oldest one of a run is the one in which it began.
            let oldest = first && self.older.is_empty() && self.since.is_some();
            let from = if oldest { self.from.min(size) } else { 0 };
            self.older.push(Count::new(Some(id), &place.file, from));
            if oldest {
                self.live = Count::new(self.live.id, &self.file, 0);
            }
        }
        // What was removed for good is not there to be read; but what a run has written it has.
        let kept = if self.since.is_some() { self.older.len() } else { there.len() };
        self.older.drain(..self.older.len().saturating_sub(kept));
    }

    /// Counts a file that was rotated away; says how much may be counted yet.
    fn count_older(&mut self, at: usize, source: &dyn Source, job: &Path, budget: u64) -> io::Result<u64> {
        let count = &mut self.older[at];
        let place = Place { job: job.to_owned(), file: count.place.clone() };
        let opened = source.open(&place).and_then(|bytes| bytes.stat().map(|stat| (bytes, stat)));
        let (bytes, (_, len)) = match opened {
            Ok((bytes, stat)) if Some(stat.0) == count.id => (bytes, stat),
            // It cannot be read, and is not tried for ever.
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                count.whole = true;
                return Ok(budget);
            }
            // It has another name by now, or is gone.
            _ => {
                self.listed = false;
                return Ok(budget);
            }
        };
        if let Some(packing) = packing(place.file.as_os_str()).1 {
            count.whole = true;
            if len <= MOST_WHOLE
                && let Ok(unpacked) = unpacked::open(bytes.into(), packing, MOST, &Arc::default())
            {
                let (_, end) = unpacked.stat()?;
                read(count, &mut self.sixths, &self.format, (&*unpacked, end))?;
            }
            return Ok(budget.saturating_sub(len));
        }
        let end = len.min(count.heads.fed() + budget);
        let before = count.heads.fed();
        read(count, &mut self.sixths, &self.format, (&*bytes, end))?;
        count.whole = count.heads.fed() >= len;
        Ok(budget.saturating_sub(count.heads.fed() - before))
    }

    /// Records of a level.
    pub(super) fn of(&self, level: Level) -> u64 {
        self.counts().map(|count| count.of(page::slot(Some(level)), &self.format)).sum()
    }

    /// All records.
    pub(super) fn all(&self) -> u64 {
        self.counts().map(|count| count.records.iter().sum::<u64>()).sum()
    }

    fn counts(&self) -> impl Iterator<Item = &Count> {
        self.older.iter().chain([&self.live])
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

/// Counts bytes up to an offset.
fn read(
    count: &mut Count,
    sixths: &mut [(i64, u32); 6],
    format: &Format,
    (bytes, end): (&dyn Bytes, u64),
) -> io::Result<()> {
    let mut data = vec![0; PORTION.min(end.saturating_sub(count.heads.fed()) as usize)];
    while count.heads.fed() < end {
        let want = data.len().min((end - count.heads.fed()) as usize);
        let read = bytes.read_at(&mut data[..want], count.heads.fed())?;
        if read == 0 {
            break;
        }
        let (records, times) = (&mut count.records, &mut count.times);
        count.heads.feed(&data[..read], &mut |_, line| {
            let Some((level, time)) = format.level_and_time(line, times) else { return };
            records[page::slot(level)] += 1;
            if let Some(number) = time.map(|time| time.div_euclid(SIXTH)) {
                let sixth = &mut sixths[number.rem_euclid(6) as usize];
                // What was rotated away is older than what was counted before it.
                if number >= sixth.0 {
                    *sixth = (number, if sixth.0 == number { sixth.1 + 1 } else { 1 });
                }
            }
        });
    }
    Ok(())
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
