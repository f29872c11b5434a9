//! Several files as one, on one clock: the level files of a job that do not hold each other's records, and yet share
//! some of them. Those that share none are [interleaved](super::interleaved).
//!
//! Records are put in the order of their times, those of one file always in their own, and a record that stands in
//! several files comes once. The lines of a record stay together but where some of them come late. What was put in order stays where it is while the files grow: a record that comes late
//! comes below. Kept are only the stretches of the files that follow each other, so that the row is bytes like any other.

use super::Format;
use super::head::{LOOK, instant, seconds};
use super::lines::{Lines, PIECE};
use super::page::REACH;
use crate::source::{Bytes, FileId};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

/// Stretches that are kept at most, of 24 bytes each: files that share records and are more mixed than that end there.
const MOST: usize = 1 << 20;

/// Lines that are remembered in case they come from another file as well.
const REMEMBERED: usize = 1 << 16;

/// See the module.
pub struct Merged {
    files: Vec<Arc<dyn Bytes>>,
    row: RwLock<Row>,
}

#[derive(Default)]
struct Row {
    stretches: Vec<Stretch>,
    len: u64,
}

#[derive(Clone, Copy)]
struct Stretch {
    start: u64,
    at: u64,
    file: u32,
}

/// Puts records in order as the files grow.
pub struct Merger {
    merged: Arc<Merged>,
    inputs: Vec<Input>,
    /// How often a line was in each file, by its record's time and a hash, and how often it was put into the row.
    seen: HashMap<(Moment, u64), Seen>,
    /// The same, before.
    faded: HashMap<(Moment, u64), Seen>,
}

type Moment = (i64, u32);

#[derive(Clone, Default)]
struct Seen {
    /// In each file, of the first few.
    of_file: [u16; 8],
    put: u16,
}

struct Input {
    lines: Lines,
    /// Where the next line begins.
    at: u64,
    /// It, if it has ended: where, when its record was written, and what tells it from others of that moment.
    next: Option<(u64, Moment, u64)>,
    /// When the last record was written, and what tells it and its lines from others.
    last: Moment,
    record: (u64, u32),
}

impl Merger {
    /// Of files, the one with the most records first, each with how its lines are read; of eight of them at most.
    pub fn new(files: Vec<(Arc<dyn Bytes>, Format)>) -> Merger {
        let input = |(bytes, format): &(Arc<dyn Bytes>, Format)| {
            let mut lines = Lines::new(Arc::clone(bytes), 0);
            lines.format = format.clone();
            Input { lines, at: 0, next: None, last: Moment::default(), record: (0, 0) }
        };
        let inputs = files.iter().take(8).map(input).collect();
        let files = files.into_iter().take(8).map(|(bytes, _)| bytes).collect();
        let merged = Arc::new(Merged { files, row: RwLock::default() });
        Merger { merged, inputs, seen: HashMap::new(), faded: HashMap::new() }
    }

    /// The row, which grows.
    pub fn merged(&self) -> &Arc<Merged> {
        &self.merged
    }

    /// How long it is.
    pub fn len(&self) -> u64 {
        self.merged.row.read().unwrap_or_else(PoisonError::into_inner).len
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes in what the files have now, with their lengths, up to about `budget` bytes. Says whether that was all.
    ///
    /// # Errors
    /// What the file system says.
    pub fn go_on(&mut self, lens: &[u64], budget: u64) -> io::Result<bool> {
        for (input, &len) in self.inputs.iter_mut().zip(lens) {
            input.lines.grow(len.max(input.at));
        }
        let mut done = 0;
        while done < budget {
            for input in &mut self.inputs {
                input.look()?;
            }
            let first =
                (0..self.inputs.len()).filter_map(|file| Some((self.inputs[file].next?.1, file))).min();
            let Some((moment, file)) = first else { return Ok(true) };
            let input = &mut self.inputs[file];
            let Some((end, _, hash)) = input.next.take() else { return Ok(true) };
            let at = std::mem::replace(&mut input.at, end);
            done += end - at;
            if self.is_new((moment, hash), file) && !self.put(file as u32, at, end) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a line is not one that has come from another file already.
    fn is_new(&mut self, key: (Moment, u64), file: usize) -> bool {
        if self.seen.len() >= REMEMBERED {
            self.faded = std::mem::take(&mut self.seen);
        }
        let old = self.faded.get(&key).cloned();
        let seen = self.seen.entry(key).or_insert_with(|| old.unwrap_or_default());
        seen.of_file[file] = seen.of_file[file].saturating_add(1);
        let new = seen.of_file[file] > seen.put;
        seen.put = seen.put.max(seen.of_file[file]);
        new
    }

    fn put(&self, file: u32, at: u64, end: u64) -> bool {
        let mut row = self.merged.row.write().unwrap_or_else(PoisonError::into_inner);
        let start = row.len;
        let goes_on = row
            .stretches
            .last()
            .is_some_and(|last| last.file == file && last.at + (start - last.start) == at);
        if !goes_on && row.stretches.len() >= MOST {
            return false;
        }
        if !goes_on {
            row.stretches.push(Stretch { start, at, file });
        }
        row.len += end - at;
        true
    }
}

impl Input {
    /// Finds out about the next line, if it has ended.
    fn look(&mut self) -> io::Result<()> {
        if self.next.is_some() || self.at >= self.lines.len() {
            return Ok(());
        }
        let end = self.lines.end_of(self.at)?.max(self.at + 1);
        if end >= self.lines.len() && !self.lines.ends_at(end)? {
            return Ok(()); // its rest is still to come
        }
        let text = self.lines.text(self.at, end)?;
        let mut hash = DefaultHasher::new();
        match self.lines.format.head(&text[..text.len().min(LOOK)]) {
            Some(head) => {
                let time = head.time.and_then(|time| instant(text.get(time)?));
                // Whoever stands below does so in its own file as well.
                self.last = self.last.max(time.unwrap_or(self.last));
                text.hash(&mut hash);
                self.record = (hash.finish(), 0);
            }
            // A line of a record is told from the same line of another one by the record.
            None => {
                self.record.1 += 1;
                (self.record, &text).hash(&mut hash);
            }
        }
        self.next = Some((end, self.last, hash.finish()));
        Ok(())
    }
}

impl Bytes for Merged {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let row = self.row.read().unwrap_or_else(PoisonError::into_inner);
        let mut next = row.stretches.partition_point(|stretch| stretch.start <= offset).saturating_sub(1);
        let mut done = 0;
        while let Some(stretch) = row.stretches.get(next).filter(|_| done < buffer.len()) {
            let here = offset + done as u64;
            let end = row.stretches.get(next + 1).map_or(row.len, |next| next.start);
            if here >= end {
                break;
            }
            let want = ((end - here) as usize).min(buffer.len() - done);
            let at = stretch.at + (here - stretch.start);
            let got = self.files[stretch.file as usize].read_at(&mut buffer[done..done + want], at)?;
            // Cut under our hands: what comes after it stays where it is.
            buffer[done + got..done + want].fill(b'\n');
            done += want;
            next += 1;
        }
        Ok(done)
    }

    fn stat(&self) -> io::Result<(FileId, u64)> {
        // It is no file, so that nothing is kept of it.
        Ok((FileId::default(), self.row.read().unwrap_or_else(PoisonError::into_inner).len))
    }
}

/// A file that may hold the records of others, and whether records have been rotated away from it.
pub struct Level {
    /// It.
    pub lines: Lines,
    /// What is older than its first record may have been in it.
    pub rolled: bool,
}

/// Whether `whole` holds the last records of `part`, as it does if each file holds the records from its level on. What
/// has no time is not merged, so that it counts as held.
///
/// # Errors
/// What the file system says.
pub fn holds(whole: &mut Level, part: &mut Level) -> io::Result<bool> {
    standing(whole, part).map(|(asked, there)| there == asked)
}

/// Whether one of the last records of `part` stands in `other`, or none of them can be looked for there.
fn shares(other: &mut Level, part: &mut Level) -> io::Result<bool> {
    standing(other, part).map(|(asked, there)| there > 0 || asked == 0)
}

/// How many of the last records of `part` could stand in `whole`, and how many do.
fn standing(whole: &mut Level, part: &mut Level) -> io::Result<(usize, usize)> {
    let first = if whole.rolled {
        super::seek::ends(&mut whole.lines)?.map_or(i64::MAX, |ends| ends.0)
    } else {
        i64::MIN
    };
    let (mut asked, mut there) = (0, 0);
    for (second, text) in last_ones(&mut part.lines)?.into_iter().filter(|(second, _)| *second > first) {
        asked += 1;
        there += usize::from(stands_at(&mut whole.lines, second, &text)?);
    }
    Ok((asked, there))
}

/// The first line of the last record of each level that is not far from the end, and when it was.
fn last_ones(part: &mut Lines) -> io::Result<Vec<(i64, Vec<u8>)>> {
    let (mut last, mut levels) = (Vec::new(), Vec::new());
    let mut end = part.len();
    for _ in 0..=REACH {
        let Some(at) = part.before(end)? else { break };
        let text = part.text(at, end)?;
        let ended = end < part.len() || part.ends_at(end)?;
        let head = part.format.head(&text[..text.len().min(LOOK)]).filter(|_| ended);
        if let Some(head) = head
            && !levels.contains(&head.level)
            && let Some(second) = head.time.and_then(|time| seconds(text.get(time)?))
        {
            levels.push(head.level);
            last.push((second, text));
        }
        end = at;
    }
    Ok(last)
}

/// Of files of which the first does not hold all the others those that together have all records, and whether each
/// record is in one of them only, as far as the last ones tell.
///
/// # Errors
/// What the file system says.
pub fn needed(files: &mut [Level]) -> io::Result<(Vec<usize>, bool)> {
    let mut needed: Vec<usize> = (0..files.len()).collect();
    for part in 1..files.len() {
        for whole in needed.clone() {
            if whole != part && with_two(files, whole, part, holds)? {
                needed.retain(|file| *file != part);
                break;
            }
        }
    }
    for (at, &one) in needed.iter().enumerate() {
        for &other in &needed[at + 1..] {
            if with_two(files, one, other, shares)? || with_two(files, other, one, shares)? {
                return Ok((needed, false));
            }
        }
    }
    Ok((needed, true))
}

fn with_two(
    files: &mut [Level],
    one: usize,
    other: usize,
    ask: fn(&mut Level, &mut Level) -> io::Result<bool>,
) -> io::Result<bool> {
    let [one, other] = files.get_disjoint_mut([one, other]).map_err(io::Error::other)?;
    ask(one, other)
}

/// Whether a line stands among the records of a second.
fn stands_at(lines: &mut Lines, second: i64, line: &[u8]) -> io::Result<bool> {
    let mut at = super::seek::moment(lines, second)?;
    while at < lines.len() {
        let end = lines.end_of(at)?.max(at + 1);
        let text = lines.text(at, end)?;
        if is_same(&text, line) {
            return Ok(true);
        }
        let head = lines.format.head(&text[..text.len().min(LOOK)]);
        if head.and_then(|head| seconds(text.get(head.time?)?)).is_some_and(|now| now > second) {
            return Ok(false);
        }
        at = end;
    }
    Ok(false)
}

/// Whether two lines are the same, as far as both go: where a very long one is cut depends on where it stands.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let long = PIECE as usize;
    one == other || one.len() >= long && other.len() >= long && one[..long] == other[..long]
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::Memory;
    use super::*;
    use proptest::prelude::*;
    use std::sync::Mutex;

    /// A file that grows.
    #[derive(Default)]
    struct Growing(Mutex<Vec<u8>>);

    impl Bytes for Growing {
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            Memory(self.0.lock().unwrap().clone()).read_at(buffer, offset)
        }

        fn stat(&self) -> io::Result<(FileId, u64)> {
            Ok((FileId::default(), self.0.lock().unwrap().len() as u64))
        }
    }

    fn record(level: &str, second: u64, text: &str) -> String {
        format!("[{level}] [2026-11-22T16:{:02}:{:02}.5Z] {text}\n", second / 60, second % 60)
    }

    fn whole(merger: &Merger) -> String {
        let mut data = vec![0; merger.len() as usize];
        let got = merger.merged().read_at(&mut data, 0).unwrap();
        assert_eq!(got, data.len());
        String::from_utf8(data).unwrap()
    }

    fn lens(files: &[Arc<Growing>]) -> Vec<u64> {
        files.iter().map(|file| file.0.lock().unwrap().len() as u64).collect()
    }

    fn merger(files: &[Arc<Growing>]) -> Merger {
        Merger::new(
            files.iter().map(|file| (Arc::clone(file) as Arc<dyn Bytes>, Format::default())).collect(),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn records_stand_once_in_the_order_of_time_however_the_files_were_cut(
            records in proptest::collection::vec((0..3u64, 1..8u8, 0..3usize, 0..4u8), 0..60),
            cuts in proptest::collection::vec(0.0..1.0f64, 0..4), budget in 1..2000u64,
        ) {
            let mut texts = [const { String::new() }; 3];
            let (mut second, mut wanted) = (0, String::new());
            for (at, (step, files, more, name)) in records.into_iter().enumerate() {
                second += step;
                // Records of the same words and time are different ones, but in different files they are the same.
                let text = record("INFO", second, &format!("{name} {at}")) + &"\tmore\n".repeat(more);
                (0..3).filter(|file| files & (1 << file) != 0).for_each(|file| texts[file] += &text);
                wanted += &text;
            }
            let files: Vec<Arc<Growing>> = (0..3).map(|_| Arc::default()).collect();
            // All there at once: exactly the order of time.
            for (file, text) in files.iter().zip(&texts) {
                *file.0.lock().unwrap() = text.clone().into_bytes();
            }
            let mut at_once = merger(&files);
            while !at_once.go_on(&lens(&files), budget).unwrap() {}
            let sorted = |text: &str| { let mut all: Vec<String> = text.lines().map(str::to_owned).collect(); all.sort(); all };
            prop_assert_eq!(sorted(&whole(&at_once)), sorted(&wanted));
            let times = |text: &str| text.lines().filter(|line| line.starts_with('[')).map(|line| line[8..30].to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(times(&whole(&at_once)), times(&wanted));
            // In portions: what was there stays, and in the end every record is there once.
            let mut growing = merger(&files);
            let mut before = String::new();
            let mut cuts = cuts;
            cuts.sort_by(f64::total_cmp);
            for cut in cuts.into_iter().chain([1.0]) {
                let part: Vec<u64> = texts.iter().map(|text| (text.len() as f64 * cut) as u64).collect();
                while !growing.go_on(&part, budget).unwrap() {}
                let now = whole(&growing);
                prop_assert!(now.starts_with(&before));
                before = now;
            }
            prop_assert_eq!(sorted(&before), sorted(&wanted));
        }
    }

    #[test]
    fn a_file_that_holds_the_others_is_told_from_one_that_does_not() {
        let level =
            |text: &str, rolled| Level { lines: super::super::lines::tests::lines(text.as_bytes()), rolled };
        let lines = |text: &str| level(text, false);
        let debug: String = (0..50).map(|n| record("DEBUG", n, "x") + &record("ERROR", n, "y")).collect();
        let errors: String = (0..50).map(|n| record("ERROR", n, "y") + "\tmore\n").collect();
        assert!(holds(&mut lines(&debug), &mut lines(&errors)).unwrap());
        assert!(holds(&mut lines(&debug), &mut lines("")).unwrap());
        assert!(!holds(&mut lines(&debug), &mut lines(&record("ERROR", 7, "z"))).unwrap());
        assert!(holds(&mut lines(&debug), &mut lines("no time\n")).unwrap());
        // What is older than all that stands there was there before it was rotated.
        let late: String = (20..50).map(|n| record("DEBUG", n, "x")).collect();
        let (early, later) = (record("ERROR", 7, "z"), record("ERROR", 30, "z"));
        assert!(holds(&mut level(&late, true), &mut lines(&early)).unwrap());
        assert!(!holds(&mut level(&late, false), &mut lines(&early)).unwrap());
        assert!(!holds(&mut level(&late, true), &mut lines(&(early + &later))).unwrap());
        assert!(holds(&mut level("", true), &mut lines(&later)).unwrap());
    }

    #[test]
    fn files_that_others_hold_are_not_needed_and_the_rest_may_share_nothing() {
        let of = |levels: &[&str]| -> Level {
            let all = (0..40).flat_map(|n| levels.iter().map(move |level| record(level, n, level)));
            let lines = super::super::lines::tests::lines(all.collect::<String>().as_bytes());
            Level { lines, rolled: false }
        };
        let mut files = [of(&["DEBUG"]), of(&["INFO", "ERROR"]), of(&["ERROR"]), of(&[])];
        assert_eq!(needed(&mut files).unwrap(), (vec![0, 1], true));
        let mut files = [of(&["ERROR", "DEBUG"]), of(&["ERROR", "INFO"])];
        assert_eq!(needed(&mut files).unwrap(), (vec![0, 1], false));
        let mut files = [of(&["DEBUG"]), of(&["INFO"]), of(&["INFO"])];
        assert_eq!(needed(&mut files).unwrap(), (vec![0, 2], true));
    }
}
